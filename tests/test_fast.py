"""A fast analysis looks at some frames only; what it says is still of the replay's own frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer.decode.thin import LEAST_INTERVAL_S, Fate, Thinning
from pyanalyzer.errors import ReplayError, TimelineFileError
from pyanalyzer.evaluate.matching import NO_MATCH, match_events
from pyanalyzer.export.saved import check_consistent
from pyanalyzer.pipeline import analyse
from pyanalyzer.report.json_report import json_report, parse_timeline, rounded_timeline
from pyanalyzer.score.load import load_for_analysis
from pyanalyzer.score.model import Network, weights_bytes
from pyanalyzer.settings import AnalysisSettings
from pyanalyzer.timeline import TimelineParameters, fitting
from pyanalyzer.timeline.fitting import LabelledScores
from tests.media import moving, write_video
from tests.small_network import SMALL

MS = Fraction(1, 1000)


class Packet(NamedTuple):
    """A packet of a stream, as far as thinning looks at it."""

    pts: int | None
    dts: int | None
    droppable: bool = False
    is_discard: bool = False


def coded(pts: Sequence[int], droppable: Sequence[bool]) -> list[Packet]:
    """A stream in coding order: frames that may be dropped follow the next one that may not."""
    order: list[int] = []
    waiting: list[int] = []
    for number, drop in enumerate(droppable):
        if drop:
            waiting.append(number)
        else:
            order += [number, *waiting]
            waiting = []
    order += waiting
    dts = sorted(pts)
    delay = 3 * (max(np.diff(dts), default=0))  # no picture is shown before it is decoded
    return [
        Packet(pts[number], at - delay, droppable[number])
        for number, at in zip(order, dts, strict=True)
    ]


def fates(packets: Iterable[Packet], time_base: Fraction, from_pts: int = 0) -> dict[int, Fate]:
    """Of each pts, in display order; what is given must be what came, in the same order."""
    packets = list(packets)
    thinning = Thinning[Packet](time_base, from_pts, lambda packet: packet.droppable)
    through = list(thinning.through(packets))
    assert [packet for packet, _ in through] == packets
    out = {packet.pts: fate for packet, fate in through if packet.pts is not None}
    left_out = [pts for pts, fate in sorted(out.items()) if fate is Fate.LEFT_OUT]
    assert list(thinning.left_out_before(np.inf)) == left_out
    return dict(sorted(out.items()))


def looked_at(found: dict[int, Fate]) -> list[int]:
    return [pts for pts, fate in found.items() if fate is Fate.LOOKED_AT]


@pytest.mark.parametrize(
    ("rate_hz", "step"),
    [(24, 1), (30, 1), (35, 1), (45, 1), (50, 2), (60, 2), (90, 2), (120, 3), (144, 4), (240, 6)],
)
def test_fast_recordings_are_thinned_to_24_to_45_frames_a_second(rate_hz: int, step: int) -> None:
    time_base = Fraction(1, rate_hz)
    assert 24 <= rate_hz / step <= 45
    for droppable in (False, True):  # with no choice, the first that is far enough away
        found = fates(coded(range(30), [droppable] * 30), time_base)
        assert looked_at(found) == list(range(0, 30, step))
        others = {fate for fate in found.values() if fate is not Fate.LOOKED_AT}
        assert others <= {Fate.LEFT_OUT if droppable else Fate.DECODED}
    by_times = Thinning[Packet](time_base, 0, None)
    assert [n for n in range(30) if by_times.takes(n, Fate.UNDECIDED)] == list(range(0, 30, step))


def test_frames_that_others_are_built_on_are_preferred_at_60_a_second() -> None:
    #          0  1  2  3  4  5  6  7  8  9  10
    pattern = "R  d  R  d  R  d  R  R  d  R  d"  # the rhythm shifts by one at 7
    found = fates(coded(range(11), [c == "d" for c in pattern.split()]), Fraction(1, 60))
    assert looked_at(found) == [0, 2, 4, 6, 9]  # 8 would have to be decoded for itself
    assert [pts for pts, fate in found.items() if fate is Fate.LEFT_OUT] == [1, 3, 5, 8, 10]
    every_third = fates(coded(range(31), [n % 3 > 0 for n in range(31)]), Fraction(1, 60))
    gaps = np.diff(looked_at(every_third))
    assert set(gaps) <= {2, 3}
    assert (gaps[1:] + gaps[:-1] <= 5).all()  # 24 a second in the mean of any two


def test_what_lies_before_the_start_is_not_looked_at() -> None:
    found = fates(coded(range(20), [n % 2 == 1 for n in range(20)]), Fraction(1, 60), from_pts=7)
    assert looked_at(found) == [7, 10, 12, 14, 16, 18]
    assert found[5] is Fate.LEFT_OUT
    assert found[6] is Fate.DECODED


def test_a_stream_whose_packets_do_not_tell_is_thinned_by_its_pictures_times() -> None:
    packets = [Packet(pts, pts, droppable=True) for pts in (0, 10, 30, 40)]
    for broken in (Packet(None, 50), Packet(20, 50)):
        thinning = Thinning[Packet](MS, 0, lambda packet: packet.droppable)
        through = list(thinning.through([*packets, Packet(70, 70), broken, Packet(100, 100)]))
        got = [fate for _, fate in through]
        assert got[:3] == [Fate.LOOKED_AT, Fate.LEFT_OUT, Fate.LOOKED_AT]
        assert got[3:] == [Fate.UNDECIDED] * 4  # those that follow, and one that waited
    by_times = Thinning[Packet](MS, 0, None)
    shown = (0, 10, 30, 30, 5, 15, 40)
    taken = [n for n, pts in enumerate(shown) if by_times.takes(pts, Fate.UNDECIDED)]
    assert taken == [0, 2, 3, 4, 6]  # of a damaged stream every frame that turns back


def test_a_hidden_packet_is_decoded() -> None:
    packets = [Packet(0, 0), Packet(5, 5, droppable=True, is_discard=True), Packet(33, 33)]
    assert [f for _, f in Thinning[Packet](MS, 0, lambda p: p.droppable).through(packets)] == [
        Fate.LOOKED_AT,
        Fate.DECODED,
        Fate.LOOKED_AT,
    ]


@given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), max_size=40))
def test_a_variable_rate_leaves_no_gap_that_was_not_there(steps: list[tuple[int, bool]]) -> None:
    pts = np.cumsum([0, *(step for step, _ in steps)]).tolist()
    found = fates(coded(pts, [False, *(droppable for _, droppable in steps)]), MS)
    kept = looked_at(found)
    gaps = np.diff(kept)
    assert kept[0] == 0
    assert (gaps >= float(LEAST_INTERVAL_S) * 1000).all()
    for before, after in pairwise(kept):
        first = next(at for at in pts if at >= before + 22)
        assert after == first or after - before <= 51
    for step, at in zip([60, *(step for step, _ in steps)], pts, strict=True):
        if step >= 22 and at - step in kept:
            assert at in kept  # nothing is left out where frames are that far apart


def test_events_and_intervals_are_of_the_replays_frames(tmp_path: Path) -> None:
    replay = write_video(tmp_path / "replay.mp4", [moving(i // 2) for i in range(81)], rate=60)
    fast = AnalysisSettings(fast=True, min_confidence=0.0, cause="all", threads=1)
    timeline = analyse(str(replay), fast)
    assert timeline.video.frames == 81
    assert timeline.video.duration_s == pytest.approx(81 / 60, abs=1e-3)
    assert timeline.curves is not None
    looked_at = timeline.curves.index.tolist()
    assert looked_at[0] == 0
    assert set(np.diff(looked_at)) == {2, 3}
    assert timeline.events
    for event in timeline.events:
        begin, end = event.interval_frames
        assert event.frame in looked_at
        assert begin <= event.frame < end
        assert end - 1 in looked_at
        assert begin == 0 or begin - 1 in looked_at  # one that was left out goes with the next one
    saved = parse_timeline(json_report(timeline), "fast.json")
    assert saved == rounded_timeline(timeline)
    check_consistent(saved, "fast.json")
    cut_short = json_report(timeline).replace(b'"fast": true', b'"fast": false')
    with pytest.raises(TimelineFileError, match=r"curves.index must be 81 numbers.*not \d\d"):
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
