"""A fast analysis looks at some frames only; what it says is still of the replay's own frames."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer.decode import thinned
from pyanalyzer.decode.thin import LEAST_INTERVAL_S
from pyanalyzer.errors import ReplayError, TimelineFileError
from pyanalyzer.evaluate.matching import NO_MATCH, match_events
from pyanalyzer.export.saved import check_consistent
from pyanalyzer.pipeline import analyse
from pyanalyzer.records import Frame
from pyanalyzer.report.json_report import json_report, parse_timeline, rounded_timeline
from pyanalyzer.score.load import load_for_analysis
from pyanalyzer.score.model import Network, weights_bytes
from pyanalyzer.settings import AnalysisSettings
from pyanalyzer.timeline import TimelineParameters, fitting
from pyanalyzer.timeline.fitting import LabelledScores
from tests.media import moving, write_video
from tests.small_network import SMALL

NO_LUMA = np.zeros((1, 1), np.uint8)


def frames(*pts: int) -> list[Frame]:
    return [Frame(index, at, NO_LUMA) for index, at in enumerate(pts)]


@pytest.mark.parametrize(
    ("rate_hz", "step"),
    [(24, 1), (30, 1), (35, 1), (45, 1), (50, 2), (60, 2), (90, 2), (120, 3), (144, 4), (240, 6)],
)
def test_fast_recordings_are_thinned_to_24_to_45_frames_a_second(rate_hz: int, step: int) -> None:
    kept = [f.index for f in thinned(frames(*range(30)), Fraction(1, rate_hz))]
    assert kept == list(range(0, 30, step))
    assert 24 <= rate_hz / step <= 45


def test_of_a_damaged_stream_every_frame_that_turns_back_is_given() -> None:
    kept = [f.index for f in thinned(frames(0, 10, 30, 30, 5, 15, 40), Fraction(1, 1000))]
    assert kept == [0, 2, 3, 4, 6]


@given(st.lists(st.integers(1, 60), max_size=40))
def test_a_variable_rate_leaves_no_gap_that_was_not_there(steps_ms: list[int]) -> None:
    pts = np.cumsum([0, *steps_ms]).tolist()
    kept = [f.pts for f in thinned(frames(*pts), Fraction(1, 1000))]
    gaps = np.diff(kept)
    assert kept[0] == 0
    assert (gaps >= float(LEAST_INTERVAL_S) * 1000).all()
    assert all(gap < 22 + max(steps_ms) for gap in gaps)


def test_events_and_intervals_are_of_the_replays_frames(tmp_path: Path) -> None:
    replay = write_video(tmp_path / "replay.mp4", [moving(i // 2) for i in range(81)], rate=60)
    fast = AnalysisSettings(fast=True, min_confidence=0.0, cause="all", threads=1)
    timeline = analyse(str(replay), fast)
    assert timeline.video.frames == 81
    assert timeline.video.duration_s == pytest.approx(81 / 60, abs=1e-3)
    assert timeline.curves is not None
    assert timeline.curves.index.tolist() == list(range(0, 81, 2))
    assert timeline.events
    for event in timeline.events:
        begin, end = event.interval_frames
        assert event.frame % 2 == 0
        assert begin <= event.frame < end
        assert end % 2 == 1
        assert begin == 0 or begin % 2 == 1  # a frame that was left out goes with the next one
    saved = parse_timeline(json_report(timeline), "fast.json")
    assert saved == rounded_timeline(timeline)
    check_consistent(saved, "fast.json")
    cut_short = json_report(timeline).replace(b'"fast": true', b'"fast": false')
    with pytest.raises(TimelineFileError, match=r"curves.index must be 81 numbers.*not 41"):
        parse_timeline(cut_short, "fast.json")
    ahead = analyse(str(replay), replace(fast, threads=4))
    assert ahead.events == timeline.events
    short = write_video(tmp_path / "short.mp4", [moving(0), moving(1)], rate=60)
    with pytest.raises(ReplayError, match="only one frame"):
        analyse(str(short), fast)


def test_learning_counts_in_the_replays_frames() -> None:
    """Scores of every second frame; an onset in a frame between is seen in the one after it."""
    onsets = np.array([21, 60, 99])
    looked_at = np.arange(0, 120, 2)
    p = np.tile([0.998, 0.001, 0.001], (60, 1))
    p[[11, 30, 50]] = [0.05, 0.9, 0.05]
    scores = LabelledScores(
        "toy/a", np.log(p).astype(np.float32), np.arange(60) / 30, onsets, looked_at
    )
    assert scores.onset_positions.tolist() == [11, 30, 50]
    found = fitting.find_onsets(
        scores.cause_onset, scores.times_s, TimelineParameters(bias_player=2.0)
    )
    positions = found.positions[found.causes == 0]
    assert positions.tolist() == [11, 30, 50]
    matched = match_events(scores.frames_of(positions), np.ones(3), onsets, 1)
    assert (matched != NO_MATCH).all()
    compared = fitting._compare(scores, found)
    assert compared.hits.all()
    assert compared.truths == 3
    listed = np.ones(found.positions.size, bool)
    near = fitting._near(found, listed, scores)
    assert [true for _, true in near] == [11, 30, 50]


def test_weights_hold_the_parameters_of_both_kinds_of_analyses(tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = tmp_path / "both.safetensors"
    plain, fast = TimelineParameters(threshold=0.4), TimelineParameters(threshold=0.6)
    network = Network(SMALL)
    path.write_bytes(
        weights_bytes(
            network,
            name="both",
            timeline=plain.to_record(),
            timeline_fast=fast.to_record(),
            training={},
        )
    )
    model = load_for_analysis(path)
    assert TimelineParameters.from_record(model.timeline_of(fast=False)) == plain
    assert TimelineParameters.from_record(model.timeline_of(fast=True)) == fast
    path.write_bytes(weights_bytes(network, name="one", timeline=plain.to_record(), training={}))
    model = load_for_analysis(path)
    assert TimelineParameters.from_record(model.timeline_of(fast=True)) == plain
