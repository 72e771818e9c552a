"""Where a change is seen: planted squares must be found to the pixel, whatever else changes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer.records import BLOCK_PX, F32, U8, Kind
from pyanalyzer.timeline import FrameTrace, TimelineParameters, build_events
from pyanalyzer.timeline.pointing import _sums, moved_part, spot_of
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
        maps = np.full((16, ROWS, COLS), k, np.uint8)
        traces.append(replace(trace(k, factor=1), picture=picture, maps=maps))
    return traces


def times(frames: int = 60) -> np.ndarray:
    return np.arange(frames) / 50


@given(st.integers(20, 130), st.integers(20, 90), st.integers(2, 8), st.integers(2, 8))
def test_the_peak_lies_in_what_changed(x: int, y: int, w: int, h: int) -> None:
    row, col = (y + h // 2) // BLOCK_PX, (x + w // 2) // BLOCK_PX
    spot = spot_of(pictures((x, y, w, h), (2, 2, 8, 8)), times(), AT, Points(row, col))
    assert spot is not None
    peak_x, peak_y = spot.peak
    # The Locator's probability falls off within the box: that draws the middle by a px at most.
    assert x <= peak_x <= x + w
    assert y <= peak_y <= y + h
    assert spot.box == pytest.approx((x, y, x + w, y + h), abs=3)


def test_the_locator_says_which_of_two() -> None:
    traces = pictures((24, 24, 8, 8), (104, 72, 8, 8))
    assert spot_of(traces, times(), AT, Points(3, 3)).peak == pytest.approx((28, 28), abs=0.6)
    assert spot_of(traces, times(), AT, Points(9, 13)).peak == pytest.approx((108, 76), abs=0.6)


def test_it_is_asked_about_the_frames_around() -> None:
    locates = Points(3, 3)
    spot_of(pictures((24, 24, 8, 8)), times(), AT, locates)
    assert locates.seen is not None
    maps, rate = locates.seen
    assert maps[:, 0, 0, 0].tolist() == list(range(AT - 5, AT + 7))
    assert rate == pytest.approx(50)
    spot_of(pictures(), times(), 2, locates)
    assert locates.seen[0][:, 0, 0, 0].tolist() == [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
    spot_of(pictures(), times(), 58, locates)
    assert locates.seen[0][:, 0, 0, 0].tolist() == [*range(53, 60), *[59] * 5]


def test_where_nothing_changes_the_locator_alone_counts() -> None:
    spot = spot_of(pictures(), times(), AT, Points(4, 6))
    assert spot is not None
    assert spot.peak == pytest.approx((6.5 * BLOCK_PX, 4.5 * BLOCK_PX), abs=0.5)
    noise = [replace(t, picture=t.picture + np.uint8(k % 2 * 5)) for k, t in enumerate(pictures())]
    assert spot_of(noise, times(), AT, Points(4, 6)) == spot


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
    even = Points(7, 10)
    spot = spot_of(traces, times(), AT, even)
    assert spot is not None
    assert spot.peak == pytest.approx((84, 60), abs=2)


@pytest.mark.parametrize("corner", [(0, 0), (WIDTH - 4, HEIGHT - 4)])
def test_at_the_edge_the_middle_stays_the_peak(corner: tuple[int, int]) -> None:
    x, y = corner
    row, col = min(y // BLOCK_PX, ROWS - 1), min(x // BLOCK_PX, COLS - 1)
    spot = spot_of(pictures((x, y, 4, 4)), times(), AT, Points(row, col))
    assert spot is not None
    x0, y0, x1, y1 = spot.box
    assert 0 <= x0 < x1 <= WIDTH
    assert 0 <= y0 < y1 <= HEIGHT
    assert spot.peak == pytest.approx((x + 2, y + 2), abs=0.5)


@pytest.mark.parametrize("step_px", [0, 3])
def test_what_is_masked_changes_nothing(step_px: int) -> None:
    """Whatever a masked part shows, also where the view moves what it showed out of it."""
    rng = np.random.default_rng(5)
    valid = np.ones((ROWS, COLS), bool)
    valid[2:6, 4:9] = False
    there = np.kron(valid, np.ones((BLOCK_PX, BLOCK_PX), bool))
    plain, noisy = [], []
    for old in pictures((104, 72, 8, 8)):
        step = (65536, 0, step_px << 16, 0)
        one = replace(old, valid=valid, inverse_q16=step)
        plain.append(one)
        noise = rng.integers(0, 256, (HEIGHT, WIDTH), np.uint8)
        noisy.append(replace(one, picture=np.where(there, old.picture, noise)))
    # The Locator looks just beside the mask.
    for locates in (Points(6, 6), Points(4, 9), Points(9, 13)):
        assert spot_of(noisy, times(), AT, locates) == spot_of(plain, times(), AT, locates)
    assert moved_part(noisy, AT) == moved_part(plain, AT)
    unmasked = [replace(t, valid=None) for t in noisy]
    assert moved_part(unmasked, AT) != moved_part(plain, AT)


def test_without_maps_or_pictures_nothing_is_known() -> None:
    traces = pictures((24, 24, 8, 8))
    without = [replace(t, maps=None) for t in traces]
    assert spot_of(without, times(), AT, Points(3, 3)) is None
    without = [replace(t, picture=None) for t in traces]
    assert spot_of(without, times(), AT, Points(3, 3)) is None
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
