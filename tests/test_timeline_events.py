"""Events from scores and traces: planted changes must come out as they were put in."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from pyanalyzer.records import (
    KINDS,
    MAX_PROPOSALS,
    Alignment,
    Event,
    Evidence,
    Flow,
    FrameEvidence,
    Proposal,
    Region,
    Scores,
    VideoInfo,
)
from pyanalyzer.timeline import FrameTrace, TimelineParameters, build_events, trace_of
from pyanalyzer.timeline.duration import DurationPrior

PRIOR = DurationPrior.fit(np.random.default_rng(0).gamma(1.5, 0.8, 500))
PARAMETERS = TimelineParameters(PRIOR, bias_player=1.0, bias_world=1.0)
BOX = Region(10, 20, 30, 40)


def info(width_px: int = 640, height_px: int = 480, rate: int = 60) -> VideoInfo:
    return VideoInfo(
        path="planted.mp4",
        width_px=width_px,
        height_px=height_px,
        time_base=Fraction(1, rate * 256),
        frame_rate=Fraction(rate),
        codec="h264",
        pixel_format="yuv420p",
        bit_depth=8,
        full_range=False,
        rotation_deg=0,
        frames_estimated=None,
        duration_estimated_s=None,
    )


def blank(frames: int, first_index: int = 0) -> Scores:
    """Nothing happens: no onset anywhere, kind `effect`, the whole picture."""
    cause = np.tile(np.log([0.9998, 1e-4, 1e-4]), (frames, 1))
    kind = np.tile(np.log([0.01, 0.01, 0.96, 0.01, 0.01]), (frames, 1))
    candidate = np.tile(np.log([0.96] + [0.04 / MAX_PROPOSALS] * MAX_PROPOSALS), (frames, 1))
    index = np.arange(first_index, first_index + frames, dtype=np.int64)
    return Scores(
        index=index,
        pts=index * 256,
        cause_onset=cause.astype(np.float32),
        kind=kind.astype(np.float32),
        candidate=candidate.astype(np.float32),
    )


def plant(
    scores: Scores, at: int, *, cause: int = 0, kind: str = "effect", candidate: int = 0
) -> None:
    """A blurred onset: Gaussian over a few frames, with nine tenths of the probability."""
    reach = np.arange(-4, 5)
    bump = np.exp(-(reach**2) / (2 * 0.6**2))
    p = np.exp(scores.cause_onset.astype(np.float64))
    inside = (at + reach >= 0) & (at + reach < p.shape[0])
    p[(at + reach)[inside], 1 + cause] += 0.9 * (bump / bump.sum())[inside]
    p[:, 0] = 1 - p[:, 1] - p[:, 2]
    scores.cause_onset[:] = np.log(p)
    near = slice(max(0, at - 2), at + 3)
    scores.kind[near] = np.log(np.where(np.array(KINDS) == kind, 0.96, 0.01))
    choice = np.full(1 + MAX_PROPOSALS, 0.01)
    choice[candidate] = 1 - 0.01 * MAX_PROPOSALS
    scores.candidate[near] = np.log(choice)


def trace(
    index: int,
    view: tuple[float, float] = (0.0, 0.0),
    proposals: list[tuple[int, ...]] | None = None,
    aligned: bool = True,
    factor: int = 2,
) -> FrameTrace:
    """``proposals``: (x, y, w, h, motion x and y in 1/16 px, track)."""
    rows = np.array(proposals or [], np.int32).reshape(-1, 7)
    return FrameTrace(index, index * 256, *view, factor, aligned, rows)


def test_planted_events_come_out_exactly() -> None:
    scores = blank(600)
    planted = {50: (0, "view"), 86: (1, "effect"), 120: (0, "cut"), 300: (0, "interface")}
    for at, (cause, kind) in planted.items():
        plant(scores, at, cause=cause, kind=kind)
    events = build_events(scores, [trace(k) for k in range(600)], info(), PARAMETERS)
    assert [e.frame for e in events] == list(planted)
    assert [e.kind for e in events] == [kind for _, kind in planted.values()]
    assert [e.cause for e in events] == ["player", "world", "player", "player"]
    assert [e.id for e in events] == [1, 2, 3, 4]
    for e in events:
        assert e.pts == e.frame * 256
        assert e.time_s == pytest.approx(e.frame / 60)
        assert e.confidence > 0.75  # of the blur, this much lies within a frame of the onset
        assert e.interval_frames == (e.frame - 1, e.frame + 2)
        assert e.region_px == Region(0, 0, 640, 480)
    assert build_events(scores, [trace(k) for k in range(600)], info(), PARAMETERS) == events


def test_indices_of_a_part_are_those_of_the_whole() -> None:
    scores = blank(200, first_index=1000)
    plant(scores, 70)
    (event,) = build_events(scores, [trace(1000 + k) for k in range(200)], info(), PARAMETERS)
    assert event.frame == 1070
    assert event.interval_frames == (1069, 1072)
    assert event.time_s == pytest.approx(1070 / 60)


def test_variable_frame_rate() -> None:
    """The prior follows the clock: what is half a second apart is so in 3 frames or in 30."""
    scores = blank(200)
    steps = np.where(np.arange(200) % 100 < 50, 256, 2560)
    pts = np.cumsum(steps) - steps[0]
    scores = replace(scores, pts=pts)
    for at in (20, 60, 90, 130):
        plant(scores, at)
    events = build_events(scores, [trace(k) for k in range(200)], info(), PARAMETERS)
    assert [e.frame for e in events] == [20, 60, 90, 130]
    assert [e.pts for e in events] == pts[[20, 60, 90, 130]].tolist()


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_next_to_nothing(frames: int) -> None:
    scores = blank(frames)
    traces = [trace(k) for k in range(frames)]
    assert build_events(scores, traces, info(), PARAMETERS) == ()
    if frames:
        scores.cause_onset[-1] = np.log([1e-6, 1 - 2e-6, 1e-6])
        (event,) = build_events(scores, traces, info(), PARAMETERS)
        assert event.frame == frames - 1
        assert event.motion_before_px_s == event.motion_after_px_s == (0.0, 0.0)


def test_threshold() -> None:
    scores = blank(200)
    plant(scores, 50)
    traces = [trace(k) for k in range(200)]
    (event,) = build_events(scores, traces, info(), PARAMETERS, threshold=0.0)
    assert build_events(scores, traces, info(), PARAMETERS, threshold=event.confidence)
    assert build_events(scores, traces, info(), PARAMETERS, threshold=0.9999) == ()
    strict = replace(PARAMETERS, threshold=0.9999)
    assert build_events(scores, traces, info(), strict) == ()


def one_event(
    traces: list[FrameTrace], at: int = 50, kind: str = "avatar", candidate: int = 0
) -> Event:
    scores = blank(len(traces))
    plant(scores, at, kind=kind, candidate=candidate)
    (event,) = build_events(scores, traces, info(), PARAMETERS)
    return event


def test_region_of_the_proposal_in_px_of_the_replay() -> None:
    traces = [trace(k, proposals=[(*BOX, 0, 0, 7)]) for k in range(200)]
    scores = blank(200)
    plant(scores, 50, kind="avatar", candidate=1)
    (event,) = build_events(scores, traces, info(), PARAMETERS)
    assert event.region_px == Region(20, 40, 60, 80)
    (event,) = build_events(scores, traces, info(), PARAMETERS, offset_px=(100, 300))
    assert event.region_px == Region(120, 340, 60, 80)
    # Clipped to the analysed part of the picture.
    (event,) = build_events(
        scores, traces, info(), PARAMETERS, offset_px=(100, 300), size_px=(50, 60)
    )
    assert event.region_px == Region(120, 340, 30, 20)
    whole = blank(200)
    plant(whole, 50)
    (event,) = build_events(
        whole, traces, info(), PARAMETERS, offset_px=(100, 300), size_px=(50, 60)
    )
    assert event.region_px == Region(100, 300, 50, 60)


def test_region_follows_the_track_not_the_number() -> None:
    """The candidate changes its place in the list; the probability of its track adds up."""
    other = (0, 0, 8, 8, 0, 0, 1)
    traces = [
        trace(k, proposals=[other, (*BOX, 0, 0, 2)] if k % 2 else [(*BOX, 0, 0, 2), other])
        for k in range(200)
    ]
    scores = blank(200)
    plant(scores, 50)
    for k in range(48, 53):
        scores.candidate[k] = np.log([0.4, *((0.1, 0.45) if k % 2 else (0.45, 0.1)), 0.025, 0.025])
    (event,) = build_events(scores, traces, info(), PARAMETERS)
    assert event.region_px == Region(20, 40, 60, 80)


def test_view_motion_before_and_after() -> None:
    """Stands still, then pans by -1.5 px a frame of the half-size picture: -180 px/s at 60 Hz."""
    traces = [trace(k, view=(-1.5, 0.25) if k >= 50 else (0.0, 0.0)) for k in range(200)]
    event = one_event(traces, kind="view")
    assert event.motion_before_px_s == (0.0, 0.0)
    assert event.motion_after_px_s == pytest.approx((-180.0, 30.0))


def test_avatar_motion_is_that_of_its_content() -> None:
    """The view moves by +1, the avatar first with it, then against it: it stands on the screen."""
    traces = [
        trace(k, view=(1.0, 0.0), proposals=[(*BOX, -16 if k >= 50 else 0, 8 if k >= 50 else 0, 3)])
        for k in range(200)
    ]
    event = one_event(traces, candidate=1)
    assert event.motion_before_px_s == pytest.approx((120.0, 0.0))
    assert event.motion_after_px_s == pytest.approx((0.0, 60.0))
    # Of the view kind, the same event shows the view's motion.
    assert one_event(traces, kind="view", candidate=1).motion_after_px_s == pytest.approx((120, 0))


def test_motion_without_the_track_is_that_of_the_overlap_or_the_view() -> None:
    """Before the onset the region is tracked as 2; earlier still there is no proposal at all."""
    traces = []
    for k in range(200):
        rows = [(*BOX, 32, 0, 3)] if k >= 50 else [(*BOX, 16, 0, 2), (90, 90, 9, 9, 99, 99, 1)]
        traces.append(trace(k, proposals=rows if k >= 47 else []))
    event = one_event(traces, candidate=1)
    assert event.motion_after_px_s == pytest.approx((240.0, 0.0))
    # Three of the six frames before moved by 1 working px, three not.
    assert event.motion_before_px_s == pytest.approx((60.0, 0.0))


def test_duplicated_frames_do_not_change_the_speed() -> None:
    traces = [trace(k, view=(4.0 if k % 2 else 0.0, 0.0)) for k in range(200)]
    event = one_event(traces, kind="view")
    assert event.motion_before_px_s == event.motion_after_px_s == pytest.approx((240.0, 0.0))


def test_motion_stops_at_cuts_and_neighbours() -> None:
    # A cut at 52: only two frames after the onset count.
    traces = [trace(k, view=(1.0 if k < 52 else 9.0, 0.0), aligned=k != 52) for k in range(200)]
    assert one_event(traces, kind="view").motion_after_px_s == pytest.approx((120.0, 0.0))
    # A cut just before the onset: nothing is known of what was before.
    traces = [trace(k, view=(9.0, 0.0), aligned=k != 49) for k in range(200)]
    assert one_event(traces, kind="view").motion_before_px_s == (0.0, 0.0)
    # The onset itself is a cut: what was before it, and what moved since.
    traces = [trace(k, view=(1.0 if k <= 50 else 2.0, 0.0), aligned=k != 50) for k in range(200)]
    event = one_event(traces, kind="cut")
    assert event.motion_before_px_s == pytest.approx((120.0, 0.0))
    assert event.motion_after_px_s == pytest.approx((240.0, 0.0))
    # A neighbour three frames later.
    scores = blank(200)
    plant(scores, 50, kind="view")
    scores.cause_onset[50] = scores.cause_onset[53] = np.log([1e-5, 1 - 2e-5, 1e-5])
    scores.kind[53] = scores.kind[50]
    traces = [trace(k, view=(1.0 if k < 53 else 5.0, 0.0)) for k in range(200)]
    first, second = build_events(scores, traces, info(), PARAMETERS)
    assert (first.frame, second.frame) == (50, 53)
    assert first.motion_after_px_s == second.motion_before_px_s == pytest.approx((120.0, 0.0))
    assert second.motion_after_px_s == pytest.approx((600.0, 0.0))


def test_trace_of_evidence() -> None:
    grid = np.zeros((2, 3), np.uint16)
    motion = np.zeros((2, 3, 2), np.int16)
    evidence = Evidence(
        mean=grid.astype(np.uint8),
        texture=grid,
        difference=grid,
        residual=grid,
        signed=grid.astype(np.int16),
        match=grid,
        motion_q4=motion,
        motion_change_q4=motion,
        noise_floor=grid,
    )
    proposal = Proposal(
        region=BOX, score=3.0, motion_q4=(-24, 8), motion_change_q4=(0, 0), blocks=4, track=9
    )
    frame = FrameEvidence(
        index=7,
        pts=700,
        repeated=False,
        alignment=Alignment(1.5, -2.0, 1.0, 0.0, 0.9, True, (65536, 0, 0, 0)),
        flow=Flow(motion, grid),
        evidence=evidence,
        proposals=(proposal,),
        crops=np.zeros((MAX_PROPOSALS, 2, 32, 32), np.uint8),
        picture=np.full((16, 24), 9, np.uint8),
    )
    maps = np.ones((16, 2, 3), np.uint8)
    trace = trace_of(frame, factor=3, maps=maps)
    assert trace.maps is maps
    assert trace.picture is frame.picture
    assert (trace.index, trace.pts, trace.factor, trace.aligned) == (7, 700, 3, True)
    assert (trace.view_dx_px, trace.view_dy_px) == (1.5, -2.0)
    assert trace.region(0) == BOX
    assert trace.motion_px(0) == (-1.5, 0.5)
    assert trace.track(0) == 9
    assert trace_of(replace(frame, proposals=()), 3).proposals.shape == (0, 7)


def test_rejects() -> None:
    with pytest.raises(ValueError, match="10 frames of scores, but 9 traces"):
        build_events(blank(10), [trace(k) for k in range(9)], info(), PARAMETERS)
    scores = blank(10)
    scores.cause_onset[3] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        build_events(scores, [trace(k) for k in range(10)], info(), PARAMETERS)
