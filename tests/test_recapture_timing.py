"""Every kind of time: frames go forward, reach the end, and carry onsets to where they are seen."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyanalyzer.recapture.draw import RATES
from pyanalyzer.recapture.labels import capture_truth
from pyanalyzer.recapture.placement import unchanged
from pyanalyzer.recapture.plan import Interlace, TimeKind, TimePlan
from pyanalyzer.recapture.timing import MAX_JITTER, Timing, make_timing
from pyanalyzer.records import Region
from pyanalyzer.simulate.truth import Truth, WorldEvent
from tests.planted_recapture import CUT_FRAME, TURN_FRAME, TURN_PX, planted_truth

SOURCE_RATES = [Fraction(r) for r in (24, 30, 35, 50, 60, 120)]
VARIABLE = ("gaps", "jitter")

plans = st.builds(
    TimePlan,
    kind=st.sampled_from(get_args(TimeKind)),
    rate=st.sampled_from(sorted(RATES)),
    phase_thousandths=st.integers(0, 999),
    share=st.floats(0.01, 0.2),
    jitter=st.floats(0.05, MAX_JITTER),
    ticks_per_s=st.sampled_from((1000, 15360, 90_000)),
    seed=st.integers(0, 1000),
)
lengths = st.integers(30, 400)
rates = st.sampled_from(SOURCE_RATES)
interlaces = st.sampled_from((None, *get_args(Interlace)))


@settings(max_examples=300, deadline=None)
@given(plan=plans, frames=lengths, rate=rates, interlace=interlaces)
def test_frames_go_forward_and_reach_the_end(
    plan: TimePlan, frames: int, rate: Fraction, interlace: Interlace | None
) -> None:
    timing = make_timing(plan, frames, rate, interlace)
    assert timing.pts[0] == 0
    assert (np.diff(timing.pts) > 0).all()
    assert (np.diff(timing.newest) >= 0).all()
    assert (np.diff(timing.older) >= 0).all()
    assert (timing.older <= timing.newest).all()
    assert timing.newest[0] <= math.ceil(rate / timing.frame_rate) * 2
    assert timing.newest[-1] < frames
    # what is missing at the end is less than two frames of the capture, and what was dropped
    tail = frames - 1 - int(timing.newest[-1])
    assert tail <= 2 * math.ceil(rate / timing.frame_rate) or plan.kind == "dropped"
    assert not timing.held[0]
    assert (timing.newest[1:] == timing.newest[:-1])[timing.held[1:]].all()
    assert len(timing.pts) == len(timing.older) == len(timing.held) == timing.frames


@settings(max_examples=200, deadline=None)
@given(plan=plans, frames=lengths, rate=rates, interlace=interlaces, data=st.data())
def test_an_onset_is_the_first_frame_that_shows_it_or_later(
    plan: TimePlan, frames: int, rate: Fraction, interlace: Interlace | None, data: st.DataObject
) -> None:
    timing = make_timing(plan, frames, rate, interlace)
    source = data.draw(st.integers(0, frames - 1))
    shown = [max(pair) >= source for pair in zip(timing.newest, timing.older, strict=True)]
    assert timing.first_frame(source) == next(iter(np.flatnonzero(shown)), timing.frames)


@settings(max_examples=100, deadline=None)
@given(plan=plans, frames=lengths, rate=rates)
def test_other_rates_show_the_nearest_past_frame(
    plan: TimePlan, frames: int, rate: Fraction
) -> None:
    timing = make_timing(replace(plan, kind="rate"), frames, rate)
    assert timing.frame_rate == plan.rate
    for t, newest in enumerate(timing.newest.tolist()):
        tick = (t + Fraction(plan.phase_thousandths, 1000)) / plan.rate
        assert newest / rate <= tick < (newest + 1) / rate


@settings(max_examples=30, deadline=None)
@given(plan=plans, frames=lengths, rate=rates)
def test_a_count_of_frames_is_a_time_at_a_variable_rate(
    plan: TimePlan, frames: int, rate: Fraction
) -> None:
    jittered = make_timing(replace(plan, kind="jitter"), frames, rate)
    times = jittered.pts * float(jittered.time_base)
    even = np.arange(jittered.frames) / float(jittered.frame_rate)
    rounding = 0.5e-3 * float(rate)  # of pts in thousandths of a second, in frames
    assert np.abs((times - even) * float(rate)).max() <= 0.4 + 2 * rounding
    gaps = make_timing(replace(plan, kind="gaps"), frames, rate)
    times = gaps.pts * float(gaps.time_base)
    for distance in range(1, int(0.1 * rate) + 1):
        spans = times[distance:] - times[:-distance]
        spans = spans[spans <= 0.1]
        late = np.abs(spans * float(gaps.frame_rate) - distance)
        assert (late <= 1 + 2 * rounding).all()
    assert gaps.frames < frames or plan.share < 0.1


def kept(kind: TimeKind, **fields: object) -> Timing:
    plan = TimePlan(kind=kind, share=0.2, jitter=0.3, seed=3)
    return make_timing(replace(plan, **fields), 60, Fraction(60))


def test_each_kind_by_hand() -> None:
    assert kept("same").newest.tolist() == list(range(60))
    assert kept("halved").newest.tolist() == list(range(0, 60, 2))
    assert kept("halved").frame_rate == 30
    doubled = kept("doubled")
    assert doubled.newest[:6].tolist() == [0, 0, 2, 2, 4, 4]
    assert doubled.frame_rate == 60
    slow = make_timing(TimePlan("doubled"), 5, Fraction(30))
    assert slow.newest.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert (slow.frame_rate, slow.held.tolist()[:4]) == (60, [False, True, False, True])
    dropped = kept("dropped")
    assert dropped.frames == 60
    assert set(np.diff(dropped.newest).tolist()) >= {0, 1, 2}
    repeated = kept("repeated")
    assert repeated.frames > 60
    assert sorted(set(repeated.newest.tolist())) == list(range(60))
    gaps = kept("gaps")
    assert gaps.frames < 60
    assert set(np.diff(gaps.pts).tolist()) == {1500, 3000}
    assert gaps.frame_rate < 60
    assert kept("jitter").frame_rate == 60


def test_fields() -> None:
    woven = make_timing(TimePlan(), 61, Fraction(60), "weave")
    assert woven.newest.tolist() == list(range(1, 61, 2))
    assert woven.older.tolist() == list(range(0, 60, 2))
    assert woven.frame_rate == 30
    slow = make_timing(TimePlan(), 5, Fraction(30), "blend")
    assert (slow.newest.tolist(), slow.older.tolist()) == ([0, 1, 2, 3, 4], [0, 0, 1, 2, 3])
    assert make_timing(TimePlan(), 5, Fraction(60), "bob").newest.tolist() == [0, 1, 2, 3, 4]


def test_too_short() -> None:
    with pytest.raises(ValueError, match="too few"):
        make_timing(TimePlan(), 1, Fraction(60), "weave")


def test_nothing_done_keeps_the_truth_as_it_is() -> None:
    truth = planted_truth()
    timing = make_timing(TimePlan(), truth.frames, truth.frame_rate)
    placement = unchanged(truth.width_px, truth.height_px)
    captured = capture_truth(truth, timing, placement, lambda _: (), video=truth.video, settings={})
    assert captured == truth


def test_what_is_never_shown_is_left_out_or_not_observable() -> None:
    truth = planted_truth(frames=49)  # the last jump is seen in the last frame, pressed before
    timing = make_timing(TimePlan("halved"), 48, Fraction(60))  # which the capture does not reach
    placement = unchanged(truth.width_px, truth.height_px)
    captured = capture_truth(truth, timing, placement, lambda _: (), video=truth.video, settings={})
    last = captured.changes[-1]
    assert (last.press_frame, last.onset_frame, last.observable) == (23, None, False)
    assert (last.kind, last.region_px, last.differing_share) == (None, None, 0.0)
    shorter = make_timing(TimePlan("halved"), 46, Fraction(60))
    captured = capture_truth(
        truth, shorter, placement, lambda _: (), video=truth.video, settings={}
    )
    assert len(captured.changes) == len(truth.changes) - 1


def test_world_events_move_with_the_pictures() -> None:
    truth = planted_truth()
    timing = make_timing(TimePlan("halved"), truth.frames, truth.frame_rate)
    placement = unchanged(truth.width_px, truth.height_px)

    def captured(opaque: tuple[Region, ...] = (), **more: bool) -> Truth:
        return capture_truth(
            truth, timing, placement, lambda _: opaque, video="x.mp4", settings={}, **more
        )

    cut = WorldEvent(CUT_FRAME // 2, "cut")
    turn = WorldEvent(TURN_FRAME // 2, "avatar", TURN_PX)
    assert captured().world_events == (turn, cut)
    assert captured().world_known
    x, y, w, h = TURN_PX
    half = replace(turn, region_px=Region(x, y, w, h // 2))
    assert captured((Region(x, y + h // 2, w, h),)).world_events == (half, cut)
    assert captured((TURN_PX,)).world_events == (cut,)
    assert not captured(moves_added=True).world_known
