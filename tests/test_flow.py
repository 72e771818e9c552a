"""Flow of view and blocks together: planted motions come out, through the native core."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from pyanalyzer import core
from pyanalyzer.core.stream import EvidenceStream
from pyanalyzer.records import STILL_REPEATS, U8, Frame
from pyanalyzer.score.features import GLOBAL_FEATURES, MAP_CHANNELS, FeatureEncoder
from pyanalyzer.score.flow import FlowHistory

WIDTH_PX, HEIGHT_PX = 320, 240


def world(seed: int = 0) -> U8:
    """Smooth texture, 640 x 480 px, bright enough on every scale to be aligned."""
    rng = np.random.default_rng(seed)
    out = np.zeros((480, 640))
    for side in (4, 16, 48):
        coarse = rng.normal(size=(480 // side + 2, 640 // side + 2))
        rows, cols = np.arange(480) / side, np.arange(640) / side
        r, c = rows.astype(int), cols.astype(int)
        fr, fc = (rows - r)[:, None], (cols - c)[None, :]
        a, b = coarse[r][:, c], coarse[r][:, c + 1]
        d, e = coarse[r + 1][:, c], coarse[r + 1][:, c + 1]
        out += (a * (1 - fr) + d * fr) * (1 - fc) + (b * (1 - fr) + e * fr) * fc
    return np.clip(128 + 40 * out, 0, 255).astype(np.uint8)


def views(shifts: list[tuple[int, int]]) -> list[Frame]:
    """Frames of a camera whose picture is displaced by each shift (x, y) against the one before."""
    picture, x, y = world(), 160, 120
    frames = []
    for index, (dx, dy) in enumerate([(0, 0), *shifts]):
        x, y = x - dx, y - dy
        luma = np.ascontiguousarray(picture[y : y + HEIGHT_PX, x : x + WIDTH_PX])
        frames.append(Frame(index, index, luma))
    return frames


def pushed(frames: list[Frame]) -> list[tuple[np.ndarray, np.ndarray, tuple[float, ...]]]:
    """The flow and its change, in px, and the view's change, of each frame."""
    stream, history = EvidenceStream(WIDTH_PX, HEIGHT_PX, kernels=core), FlowHistory()
    found = []
    for frame in frames:
        now, before, view = history.push(stream.push(frame))
        still = np.zeros((HEIGHT_PX // 8, WIDTH_PX // 8, 2))
        flow = still if now is None else now / 256
        found.append((flow, still if before is None else flow - before / 256, view))
    return found


def inside(values: np.ndarray) -> np.ndarray:
    return np.median(values[3:-3, 3:-3].reshape(-1, 2), axis=0)


def test_a_shift_of_the_view_is_the_flow_and_its_start_the_change() -> None:
    results = pushed(views([(0, 1), (3, -2), (3, -2), (9, -2)]))
    for t, (expected, change) in enumerate(
        [
            ((0, 0), (0, 0)),
            ((0, 1), (0, 0)),
            ((3, -2), (3, -3)),
            ((3, -2), (0, 0)),
            ((9, -2), (6, 0)),
        ]
    ):
        np.testing.assert_allclose(inside(results[t][0]), expected, atol=0.1)
        np.testing.assert_allclose(inside(results[t][1]), change, atol=0.2)
    np.testing.assert_allclose(results[4][2][:2], (6, 0), atol=0.1)


def test_own_motion_of_a_block_adds_to_the_view() -> None:
    frames = views([(2, 0), (2, 0), (2, 0)])
    sprite = np.random.default_rng(1).integers(0, 255, (12, 12), dtype=np.uint8)
    sprite = sprite.repeat(4, axis=0).repeat(4, axis=1)
    for t, frame in enumerate(frames):
        frame.luma[96:144, 100 + 7 * t : 148 + 7 * t] = sprite
    stream = EvidenceStream(WIDTH_PX, HEIGHT_PX, kernels=core)
    last = [stream.push(frame) for frame in frames][-1]
    moved = last.flow.flow_q8[13:17, 16:20].reshape(-1, 2) / 256
    np.testing.assert_allclose(np.median(moved, axis=0), (7, 0), atol=0.3)
    np.testing.assert_allclose(inside(last.flow.flow_q8 / 256), (2, 0), atol=0.1)


def test_repeated_frames_do_not_interrupt_the_flow() -> None:
    frames = views([(4, 0), (4, 0), (0, 0), (4, 0)])
    results = pushed(frames)
    assert not np.any(results[3][:2])
    np.testing.assert_allclose(inside(results[4][1]), (0, 0), atol=0.15)


def test_a_picture_that_stands_still_has_stopped() -> None:
    shifts = [(4, 0), (4, 0)] + [(0, 0)] * STILL_REPEATS + [(4, 0)]
    np.testing.assert_allclose(inside(pushed(views(shifts))[-1][1]), (4, 0), atol=0.15)


def test_a_cut_has_no_flow_and_no_change_after_it() -> None:
    frames = views([(4, 0), (4, 0)])
    other = world(9)
    for i in (3, 4):
        frames.append(Frame(i, i, np.ascontiguousarray(other[100:340, 100 + i : 420 + i])))
    results = pushed(frames)
    assert not np.any(results[3][:2])
    np.testing.assert_allclose(inside(results[4][0]), (-1, 0), atol=0.1)
    np.testing.assert_allclose(inside(results[4][1]), (0, 0), atol=0.1)


@pytest.mark.parametrize("axis", ["x", "y"])
def test_features_hold_the_flow(axis: str) -> None:
    step = (5, 0) if axis == "x" else (0, 5)
    stream = EvidenceStream(WIDTH_PX, HEIGHT_PX, kernels=core)
    encoder = FeatureEncoder(Fraction(1, 60))
    encoded = [encoder.encode(stream.push(f)) for f in views([(0, 0), step, step])]
    plane = encoded[2].maps[MAP_CHANNELS.index(f"flow_{axis}")].astype(float) - 128
    change = encoded[2].maps[MAP_CHANNELS.index(f"flow_change_{axis}")].astype(float) - 128
    assert np.median(plane) == pytest.approx(16 * np.sqrt(5), abs=1.5)
    assert np.median(change) == pytest.approx(32 * np.sqrt(5), abs=1.5)
    named = dict(zip(GLOBAL_FEATURES, encoded[2].globals, strict=True))
    assert named[f"flow_change_{axis}"] == pytest.approx(np.sqrt(5), abs=0.1)
    assert named[f"view_change_d{axis}"] == pytest.approx(np.sqrt(5), abs=0.1)
    named = dict(zip(GLOBAL_FEATURES, encoded[3].globals, strict=True))
    assert abs(named[f"view_change_d{axis}"]) < 0.3


def test_expansion_is_the_rate_of_a_zoom() -> None:
    picture = world().astype(np.float64)
    frames = []
    for t, scale in enumerate([1.0, 1.0, 1.02, 1.02 * 1.03]):
        y, x = np.mgrid[:HEIGHT_PX, :WIDTH_PX].astype(np.float64)
        y = (y - 119.5) / scale + 119.5 + 120
        x = (x - 159.5) / scale + 159.5 + 160
        r, c = y.astype(int), x.astype(int)
        fr, fc = y - r, x - c
        top = picture[r, c] * (1 - fc) + picture[r, c + 1] * fc
        bottom = picture[r + 1, c] * (1 - fc) + picture[r + 1, c + 1] * fc
        frames.append(Frame(t, t, np.rint(top * (1 - fr) + bottom * fr).astype(np.uint8)))
    stream = EvidenceStream(WIDTH_PX, HEIGHT_PX, kernels=core)
    encoder = FeatureEncoder(Fraction(1, 60))
    encoded = [encoder.encode(stream.push(frame)).globals for frame in frames]
    rates = [e[GLOBAL_FEATURES.index("flow_expansion")] ** 2 / 100 for e in encoded]
    changes = [e[GLOBAL_FEATURES.index("flow_change_expansion")] ** 2 / 100 for e in encoded]
    # By how much a point is now further out, of where it is now: 1 - 1 / scale.
    np.testing.assert_allclose(rates, [0, 0, 1 - 1 / 1.02, 1 - 1 / 1.03], atol=5e-4)
    np.testing.assert_allclose(changes[2:], [0.0196, 0.0095], atol=7e-4)
