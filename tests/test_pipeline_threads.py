"""Threads change the time that an analysis takes, and nothing else."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pyanalyzer import pipeline
from pyanalyzer.errors import ReplayError
from pyanalyzer.pipeline import analyse
from pyanalyzer.settings import AnalysisSettings
from tests.media import moving, write_video


def test_measuring_ahead_gives_the_same_timeline(tmp_path: Path) -> None:
    replay = write_video(tmp_path / "replay.mp4", [moving(i // 2) for i in range(40)], rate=30)
    timelines = []
    for threads in (1, 4, 17):  # one more than libav takes, as on a large machine
        settings = AnalysisSettings(threads=threads, min_confidence=0.0, cause="all")
        timelines.append(replace(analyse(str(replay), settings), settings={}))
    assert timelines[0].events
    assert timelines[0].curves is not None
    for other in timelines[1:]:
        assert other.events == timelines[0].events
        assert other.curves == timelines[0].curves


def test_turns_are_short_only_during_an_analysis() -> None:
    before_s = sys.getswitchinterval()
    with pipeline._short_turns():
        assert sys.getswitchinterval() < before_s
    assert sys.getswitchinterval() == before_s
    with pytest.raises(ReplayError):  # an analysis that fails leaves things as they were
        analyse("no such replay.mp4")
    assert sys.getswitchinterval() == before_s
