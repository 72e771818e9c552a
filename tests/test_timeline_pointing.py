"""Where a change is seen: planted squares must be found to the pixel, whatever else changes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer.errors import ModelError
from pyanalyzer.records import BLOCK_PX, F32, U8, Kind
from pyanalyzer.timeline import FrameTrace, TimelineParameters, build_events
from pyanalyzer.timeline.decisions import find_onsets
from pyanalyzer.timeline.fitting import LabelledScores, calibrate
from pyanalyzer.timeline.onsets import Onsets
from pyanalyzer.timeline.pointing import Locates, Spot, _sums, moved_part, spot_of
from pyanalyzer.timeline.sighting import (
    FLOOR,
    LEAST_RAW,
    WEIGHT,
    Sightings,
    concentration,
    sightings_of,
    weighed,
)
from pyanalyzer.timeline.transition import frame_times
from tests.test_timeline_clutter import PARAMETERS, noisy
from tests.test_timeline_events import blank, info, plant, trace

HEIGHT, WIDTH = 120, 160
ROWS, COLS = HEIGHT // BLOCK_PX, WIDTH // BLOCK_PX
AT = 30


@dataclass
class Points:
    """A Locator that is sure of one block, and remembers what it was asked."""

    row: int
    col: int
    before: int = 5
    after: int = 7
    seen: tuple[U8, float] | None = None

    def __call__(self, maps: U8, frame_rate: float) -> F32:
        self.seen = maps, frame_rate
        odds = np.full((ROWS, COLS), -9.0)
        odds[self.row, self.col] = 0.0
        p = np.exp(odds)
        log_p: F32 = np.log(p / p.sum()).astype(np.float32)
        return log_p


def pictures(*boxes: tuple[int, int, int, int], frames: int = 60) -> list[FrameTrace]:
    """Grey, and from frame AT on with a bright box (x, y, w, h) each."""
    traces = []
    for k in range(frames):
        picture = np.full((HEIGHT, WIDTH), 90, np.uint8)
        for x, y, w, h in boxes if k >= AT else ():
            picture[y : y + h, x : x + w] = 200
        maps = np.full((16, ROWS, COLS), k % 256, np.uint8)
        traces.append(replace(trace(k, factor=1), picture=picture, maps=maps))
    return traces


def sightings(traces: list[FrameTrace], locates: Locates) -> Sightings:
    return Sightings(traces, np.arange(len(traces)) / 50, locates)


def spot(traces: list[FrameTrace], locates: Locates) -> Spot | None:
    """Where the change of frame AT is."""
    log_p = sightings(traces, locates).log_p(AT)
    return None if log_p is None else spot_of(traces, AT, log_p)


@given(st.integers(20, 130), st.integers(20, 90), st.integers(2, 8), st.integers(2, 8))
def test_an_evenly_changed_box_comes_out_exactly(x: int, y: int, w: int, h: int) -> None:
    row, col = (y + h // 2) // BLOCK_PX, (x + w // 2) // BLOCK_PX
    found = spot(pictures((x, y, w, h), (2, 2, 8, 8)), Points(row, col))
    assert found is not None
    peak_x, peak_y = found.peak
    # The Locator's probability falls off within the box: that draws the middle by a px at most.
    assert x <= peak_x <= x + w
    assert y <= peak_y <= y + h
    assert found.box == pytest.approx((x, y, x + w, y + h), abs=3)


def test_the_locator_says_which_of_two() -> None:
    traces = pictures((24, 24, 8, 8), (104, 72, 8, 8))
    for row, col, peak in ((3, 3, (28, 28)), (9, 13, (108, 76))):
        found = spot(traces, Points(row, col))
        assert found is not None
        assert found.peak == pytest.approx(peak, abs=0.6)


def test_it_is_asked_about_the_frames_around() -> None:
    locates = Points(3, 3)
    seen = sightings(pictures((24, 24, 8, 8)), locates)
    for at, frames in (
        (AT, range(AT - 5, AT + 7)),
        (2, [0, 0, 0, *range(9)]),
        (58, [*range(53, 60), *[59] * 5]),
    ):
        seen.log_p(at)
        assert locates.seen is not None
        maps, rate = locates.seen
        assert maps[:, 0, 0, 0].tolist() == list(frames)
        assert rate == pytest.approx(50)
    locates.seen = None
    seen.log_p(58)
    assert locates.seen is None  # once is enough


def test_where_nothing_changes_the_locator_alone_counts() -> None:
    still = spot(pictures(), Points(4, 6))
    assert still is not None
    assert still.peak == pytest.approx((6.5 * BLOCK_PX, 4.5 * BLOCK_PX), abs=0.5)
    noise = [replace(t, picture=t.picture + np.uint8(k % 2 * 5)) for k, t in enumerate(pictures())]
    assert spot(noise, Points(4, 6)) == still


def test_a_moving_view_is_no_change() -> None:
    """A texture that moves by three px a frame, and is aligned: only the box is seen to change."""
    ground = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH + 200), dtype=np.uint8)
    traces = []
    for k, old in enumerate(pictures((80, 56, 8, 8))):
        picture = ground[:, 3 * k : 3 * k + WIDTH].copy()
        if k >= AT:
            picture[56:64, 80:88] = 255 - picture[56:64, 80:88] // 4
        step = (65536, 0, 3 << 16, 0)
        traces.append(replace(old, picture=picture, inverse_q16=step))
    found = spot(traces, Points(7, 10))
    assert found is not None
    assert found.peak == pytest.approx((84, 60), abs=2)


@pytest.mark.parametrize("corner", [(0, 0), (WIDTH - 4, HEIGHT - 4)])
def test_at_the_edge_the_middle_stays_the_peak(corner: tuple[int, int]) -> None:
    x, y = corner
    row, col = min(y // BLOCK_PX, ROWS - 1), min(x // BLOCK_PX, COLS - 1)
    found = spot(pictures((x, y, 4, 4)), Points(row, col))
    assert found is not None
    x0, y0, x1, y1 = found.box
    assert 0 <= x0 < x1 <= WIDTH
    assert 0 <= y0 < y1 <= HEIGHT
    assert found.peak == pytest.approx((x + 2, y + 2), abs=0.5)


def test_without_maps_or_pictures_nothing_is_known() -> None:
    traces = pictures((24, 24, 8, 8))
    without = [replace(t, maps=None) for t in traces]
    assert spot(without, Points(3, 3)) is None
    without = [replace(t, picture=None) for t in traces]
    assert spot(without, Points(3, 3)) is None
    assert moved_part(without, AT) is None


def test_what_moves_with_the_view() -> None:
    ground = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH + 200), dtype=np.uint8)
    traces = []
    for k, old in enumerate(pictures()):
        picture = np.full((HEIGHT, WIDTH), 40, np.uint8)
        picture[16:96] = ground[16:96, 2 * k : 2 * k + WIDTH]
        picture[100:104, 8:12] = k % 2 * 200  # a lamp of the status bar
        traces.append(replace(old, picture=picture))
    assert moved_part(traces, AT) == (0, 16, WIDTH, 96)
    assert moved_part(pictures(), AT) is None


@given(st.integers(0, 2**32 - 1))
def test_sums_of_squares(seed: int) -> None:
    values = np.random.default_rng(seed).random((11, 14))
    padded = np.pad(values, 4)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (9, 9))
    np.testing.assert_allclose(_sums(values, 9), windows.sum(axis=(2, 3)), rtol=1e-12)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("avatar", (104, 72, 8, 8)),
        ("effect", (104, 72, 8, 8)),
        ("view", (0, 0, WIDTH, HEIGHT)),  # a single figure is not what moves with a view
        ("cut", (0, 0, WIDTH, HEIGHT)),
    ],
)
def test_events_are_where_the_locator_says(kind: Kind, expected: tuple[int, ...]) -> None:
    traces = pictures((104, 72, 8, 8), frames=200)
    scores = blank(200)
    plant(scores, AT, kind=kind)
    size = replace(info(), width_px=WIDTH, height_px=HEIGHT)
    (event,) = build_events(scores, traces, size, TimelineParameters(), locates=Points(9, 13))
    assert event.kind == kind
    assert tuple(event.region_px) == pytest.approx(expected, abs=3)
    assert math.isfinite(sum(event.motion_before_px_s))


def claims(*raw: float, causes: tuple[int, ...] | None = None) -> Onsets:
    count = len(raw)
    positions = np.arange(count, dtype=np.int64) * 10
    spans = np.stack((positions, positions + 1), axis=1)
    who = np.array(causes or (0,) * count, np.int64)
    return Onsets(positions, who, np.array(raw), spans, (np.ones(1),) * count)


def test_what_lies_close_together() -> None:
    p = np.full((6, 8), 0.002)
    p[0, 7] = 0.5
    p[1, 6] = 0.3
    log_p = np.log(p / p.sum()).astype(np.float32)
    assert concentration(log_p) == pytest.approx((0.8 + 2 * 0.002) / p.sum(), rel=1e-5)


def test_claims_are_weighed_by_what_is_seen() -> None:
    typical = math.log(0.6)
    shares = {0: 1.0, 10: 0.1, 20: 0.6 - FLOOR, 30: None, 40: 1.0, 50: 1.0}
    raw = (0.5, 0.5, 0.5, 0.5, LEAST_RAW / 2, 0.5)
    before = claims(*raw, causes=(0, 0, 0, 0, 0, 1))

    def seen(at: int) -> float | None:
        return shares[at]

    expected = {n: math.log(share + FLOOR) for n, share in ((0, 1.0), (1, 0.1), (2, 0.6 - FLOOR))}
    assert sightings_of(before, seen) == pytest.approx(expected)
    after = weighed(before, seen, typical).raw_confidences
    for n, share in ((0, 1.0), (1, 0.1)):
        shift = WEIGHT * (math.log(share + FLOOR) - typical)
        assert math.log(after[n] / (1 - after[n])) == pytest.approx(shift)
    assert after[0] > 0.5 > after[1]
    assert after[2:] == pytest.approx(raw[2:])
    assert before.raw_confidences.tolist() == list(raw)


def test_an_analysis_weighs_claims_as_the_fit_does() -> None:
    """What is learned of confidences is learned of what an analysis says."""
    traces = pictures((24, 24, 8, 8), (104, 72, 8, 8), frames=600)
    scores = blank(600)
    for at in (AT, 90, 300, 420):
        plant(scores, at)
    size = replace(info(), width_px=WIDTH, height_px=HEIGHT)
    parameters = TimelineParameters(threshold=0.0, typical_clutter=0.0, typical_sighting=-0.5)
    times_s = scores.pts * float(size.time_base)
    seen = Sightings(traces, times_s, Points(3, 3)).concentration
    onsets = find_onsets(scores.cause_onset, times_s, parameters, seen)
    events = build_events(scores, traces, size, parameters, locates=Points(3, 3))
    expected = parameters.calibration.confidence(onsets.raw_confidences)
    assert [e.confidence for e in events] == pytest.approx(expected.tolist())
    plain = find_onsets(scores.cause_onset, times_s, parameters)
    assert (onsets.raw_confidences != plain.raw_confidences).any()
    without = replace(parameters, typical_sighting=None)
    same = find_onsets(scores.cause_onset, times_s, without, seen)
    assert same.raw_confidences.tolist() == plain.raw_confidences.tolist()
    unweighed = build_events(scores, traces, size, without, locates=Points(3, 3))
    expected = parameters.calibration.confidence(plain.raw_confidences)
    assert [e.confidence for e in unweighed] == pytest.approx(expected.tolist())


def test_what_is_typical_is_learned_and_kept() -> None:
    scores, _ = noisy(1500)
    times_s = frame_times(scores.pts, info().time_base)
    truth = np.arange(40, 1490, 90)
    plain = LabelledScores("toy/noise", scores.cause_onset, times_s, truth)
    told = replace(plain, seen=lambda at: 0.9 if at in set(truth.tolist()) else 0.2)
    fitted, without = calibrate([told], PARAMETERS), calibrate([plain], PARAMETERS)
    assert without.typical_sighting is None
    assert fitted.typical_sighting is not None
    assert math.log(0.2 + FLOOR) < fitted.typical_sighting < math.log(0.9 + FLOOR)
    record = fitted.to_record()
    assert record["schema"] == "pyanalyzer/timeline-parameters/4"
    assert TimelineParameters.from_record(record) == fitted
    assert without.to_record()["schema"] == "pyanalyzer/timeline-parameters/3"
    assert TimelineParameters.from_record(without.to_record()) == without
    with pytest.raises(ModelError, match="damaged"):
        TimelineParameters.from_record(record | {"typical_sighting": float("inf")})
    with pytest.raises(ValueError, match="typical_sighting needs"):
        replace(fitted, typical_clutter=None)
