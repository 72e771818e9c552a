"""Blocks are decided for good: early, alike however frames arrive, and in bounded memory."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyanalyzer.chunks import Chunks
from pyanalyzer.records import KINDS, MAX_PROPOSALS, Event, Scores, VideoInfo
from pyanalyzer.timeline import EventStream, FrameTrace, TimelineParameters, build_events, decisions
from pyanalyzer.timeline.decisions import BLOCK_FRAMES, LOOK_AHEAD_FRAMES, find_onsets
from pyanalyzer.timeline.duration import DurationPrior
from pyanalyzer.timeline.transition import FrameTimes, frame_times

PRIOR = DurationPrior.fit(np.random.default_rng(0).gamma(1.5, 0.4, 500))
PARAMETERS = TimelineParameters(PRIOR, bias_player=1.0, bias_world=1.0, threshold=0.0)
INFO = VideoInfo(
    path="planted.mp4",
    width_px=640,
    height_px=480,
    time_base=Fraction(1, 60),
    frame_rate=Fraction(60),
    codec="h264",
    pixel_format="yuv420p",
    bit_depth=8,
    full_range=False,
    rotation_deg=0,
    frames_estimated=None,
    duration_estimated_s=None,
)


def log_softmax(values: np.ndarray) -> np.ndarray:
    """Log-probabilities over the last axis, float32."""
    return (values - np.log(np.exp(values).sum(axis=-1, keepdims=True))).astype(np.float32)


def recording(
    frames: int, seed: int, onsets: list[int] | None = None
) -> tuple[Scores, list[FrameTrace]]:
    """Noisy scores with planted onsets (default: about twice a second), proposals that wander."""
    rng = np.random.default_rng(seed)
    if onsets is None:
        onsets = np.flatnonzero(rng.random(frames) < 1 / 30).tolist()
    cause = rng.normal([4.5, 0.0, -1.0], 1.0, (frames, 3))
    for at in onsets:
        cause[at, 1 + int(rng.integers(2))] += rng.uniform(4, 9)
    index = np.arange(frames, dtype=np.int64)
    scores = Scores(
        index=index + 7,
        pts=index + rng.integers(0, 2, frames),  # now and then two frames at one time
        cause_onset=log_softmax(cause),
        kind=log_softmax(rng.normal(size=(frames, len(KINDS)))),
        candidate=log_softmax(rng.normal(size=(frames, 1 + MAX_PROPOSALS))),
    )
    return scores, [trace(int(k), rng) for k in index]


def trace(index: int, rng: np.random.Generator) -> FrameTrace:
    """Two proposals at most, of tracks that last a second."""
    rows = np.array(
        [
            (*rng.integers(0, 200, 2), 20, 30, *rng.integers(-30, 30, 2), 1 + index // 60 + n)
            for n in range(int(rng.integers(3)))
        ],
        np.int32,
    ).reshape(-1, 7)
    dx_px, dy_px = rng.normal(size=2)
    return FrameTrace(index, index, dx_px, dy_px, 2, bool(rng.random() < 0.98), rows)


def streamed(
    scores: Scores, traces: list[FrameTrace], cuts: list[int]
) -> tuple[list[Event], list[tuple[int, int]]]:
    """The events, given the frames in pieces; after each piece frames given and events found."""
    stream = EventStream(INFO, PARAMETERS)
    events: list[Event] = []
    known = []
    for begin, end in zip([0, *cuts], [*cuts, len(traces)], strict=True):
        events += stream.push(scores.part(begin, end), traces[begin:end])
        known.append((end, len(events)))
    events += stream.finish()
    return events, known


@given(data=st.data(), frames=st.sampled_from([1, 2, 64, 129, 500]))
@settings(max_examples=12)
def test_events_do_not_depend_on_how_frames_arrive(data: st.DataObject, frames: int) -> None:
    scores, traces = recording(frames, data.draw(st.integers(0, 99)))
    cuts = sorted(data.draw(st.lists(st.integers(0, frames), max_size=12)))
    whole = build_events(scores, traces, INFO, PARAMETERS)
    assert frames < 100 or len(whole) > 1
    events, _ = streamed(scores, traces, cuts)
    assert tuple(events) == whole
    assert [event.id for event in whole] == list(range(1, len(whole) + 1))
    assert [event.pts for event in whole] == sorted(event.pts for event in whole)


def test_events_come_early_and_one_by_one() -> None:
    scores, traces = recording(2000, 1)
    early = BLOCK_FRAMES[0] + LOOK_AHEAD_FRAMES
    events, known = streamed(scores, traces, sorted({*range(0, 2000, 8), early - 1, early}))
    late = max(BLOCK_FRAMES) + LOOK_AHEAD_FRAMES
    for given_frames, found in known:
        due = [event for event in events if event.frame - 7 < given_frames - late]
        assert found >= len(due)
        assert all(event.frame - 7 < given_frames for event in events[:found])
    first_block = [event for event in events if event.frame - 7 < BLOCK_FRAMES[0]]
    assert first_block
    assert dict(known)[early] == len(first_block)
    assert dict(known)[early - 1] == 0


@pytest.mark.parametrize("edge", list(accumulate((*BLOCK_FRAMES, BLOCK_FRAMES[-1]))))
@pytest.mark.parametrize("offset", [-2, -1, 0, 1, 2])
def test_an_onset_at_the_edge_of_a_block_is_found_once(edge: int, offset: int) -> None:
    cause = np.tile([9.0, 0.0, 0.0], (900, 1))
    cause[edge + offset, 1] = 11.0
    cause[[edge + offset - 1, edge + offset + 1], 1] = 8.0  # the network blurs onsets
    odds = log_softmax(cause)
    found = find_onsets(odds, frame_times(np.arange(900), Fraction(1, 60)), PARAMETERS)
    assert found.positions.tolist() == [edge + offset]
    assert found.raw_confidences[0] > 0.9
    begin, end = found.territories[0]
    assert begin <= edge + offset - 14  # across the edge
    assert end >= edge + offset + 15
    assert found.marginals[0].sum() == pytest.approx(1)
    assert found.marginals[0].argmax() == edge + offset - begin


def test_blocks_decide_what_the_whole_recording_would(monkeypatch: pytest.MonkeyPatch) -> None:
    compared, differing, off = 0, 0, []
    for seed in range(4):
        scores, _ = recording(1500, 10 + seed)
        times_s = frame_times(scores.pts, INFO.time_base)
        blocks = find_onsets(scores.cause_onset, times_s, PARAMETERS)
        with monkeypatch.context() as patch:
            patch.setattr(decisions, "BLOCK_FRAMES", (1500,))
            whole = find_onsets(scores.cause_onset, times_s, PARAMETERS)
        sides = [
            dict(zip(zip(o.positions, o.causes, strict=True), o.raw_confidences, strict=True))
            for o in (blocks, whole)
        ]
        both = sides[0].keys() & sides[1].keys()
        compared += len(both)
        differing += len(sides[0].keys() ^ sides[1].keys())
        off += [abs(sides[0][key] - sides[1][key]) for key in both]
    assert compared > 100
    assert differing <= compared // 100
    assert np.median(off) < 1e-9
    assert np.max(off) < 0.05


def test_times_do_not_depend_on_how_frames_arrive() -> None:
    pts = np.array([5, 6, 6, 4, 9, 9, 9, 12, 200, 100])
    whole = frame_times(pts, Fraction(1, 60))
    assert (np.diff(whole) > 0).all()
    for cut in range(len(pts) + 1):
        times = FrameTimes(Fraction(1, 60))
        parts = [times.push(pts[:cut]), times.push(pts[cut:])]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


@given(
    frames=st.integers(1, 60),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    around=st.tuples(st.integers(0, 7), st.integers(0, 7)),
)
def test_chunks_cover_everything_once(
    frames: int, sizes: list[int], around: tuple[int, int]
) -> None:
    growing, known = Chunks(tuple(sizes), *around), Chunks(tuple(sizes), *around)
    taken = []
    for available in range(frames + 1):
        while chunk := growing.take(available, last=False):
            assert chunk.stop + around[1] <= available
            taken.append(chunk)
    while chunk := growing.take(frames, last=True):
        taken.append(chunk)
    assert [n for chunk in taken for n in range(chunk.start, chunk.stop)] == list(range(frames))
    for chunk in taken:
        assert chunk == known.take(frames, last=True)
        assert chunk.begin == max(0, chunk.start - around[0])
        assert chunk.end == min(frames, chunk.stop + around[1])


def test_what_is_kept_does_not_grow_with_the_recording() -> None:
    scores, _ = recording(4096, 3)
    rows = np.ones((2, 7), np.int32)
    stream = EventStream(INFO, PARAMETERS, threshold=2.0)  # no event: what is kept is of frames
    kept = []
    tracemalloc.start()
    try:
        for begin in range(0, 4096, 128):
            # Copies, so that what the stream holds on to is counted.
            part = Scores.join((scores.part(begin, begin + 128),))
            frames = range(begin, begin + 128)
            stream.push(part, [FrameTrace(k, k, 0, 0, 2, True, rows.copy()) for k in frames])
            del part
            kept.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    early, late = max(kept[8:12]), max(kept[-4:])
    assert (late - early) / (20 * 128) < 16.0  # bytes per frame: a pts alone, in a list, takes 40
