"""Threads change the time that an analysis takes, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

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
