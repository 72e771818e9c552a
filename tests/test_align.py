"""View motion: the native path against its definition, and both against planted motions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyanalyzer import core, reference
from pyanalyzer.records import U8, Alignment

IDENTITY = (65536, 0, 0, 0)


def texture(height: int, width: int, seed: int) -> U8:
    """A picture with detail at several scales, smooth enough to be interpolated."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width))
    for cell in (4, 9, 20, 45):
        rows, cols = height // cell + 3, width // cell + 3
        coarse = rng.normal(0, 22, (rows, cols))
        y, x = np.arange(height) / cell, np.arange(width) / cell
        y0, x0 = y.astype(int), x.astype(int)
        fy, fx = (y - y0)[:, None], (x - x0)[None, :]
        total += (coarse[y0][:, x0] * (1 - fx) + coarse[y0][:, x0 + 1] * fx) * (1 - fy)
        total += (coarse[y0 + 1][:, x0] * (1 - fx) + coarse[y0 + 1][:, x0 + 1] * fx) * fy
    return np.clip(np.rint(128 + total), 0, 255).astype(np.uint8)


def inverse_of(
    shape: tuple[int, int], dx: float, dy: float, scale: float = 1.0, rotation_deg: float = 0.0
) -> tuple[int, int, int, int]:
    """The exact inverse of a motion about the centre, as in Alignment."""
    height, width = shape
    turn = math.radians(rotation_deg)
    a, b = math.cos(turn) / scale, -math.sin(turn) / scale
    cx, cy = (width - 1) / 2, (height - 1) / 2
    tx = cx - (a * (cx + dx) - b * (cy + dy))
    ty = cy - (b * (cx + dx) + a * (cy + dy))
    a_q, b_q, tx_q, ty_q = (round(value * 65536) for value in (a, b, tx, ty))
    return a_q, b_q, tx_q, ty_q


def moved(world: U8, inverse: tuple[int, int, int, int]) -> U8:
    return reference.warp(world, inverse)


def displacement_error_px(
    found: Alignment, truth: tuple[int, int, int, int], shape: tuple[int, int]
) -> float:
    """Mean distance between the two sources over the picture."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    a, b, tx, ty = ((f - t) / 65536 for f, t in zip(found.inverse_q16, truth, strict=True))
    return float(np.hypot(a * x - b * y + tx, b * x + a * y + ty).mean())


def assert_equal_everywhere(previous: U8, current: U8, **options: object) -> Alignment:
    expected = reference.align(previous, current, **options)  # type: ignore[arg-type]
    for isa in core.supported_isas():
        for threads in (1, 2, 7):
            got = core.align(previous, current, threads=threads, isa=isa, **options)  # type: ignore[arg-type]
            assert got == expected, (isa, threads)
    return expected


@settings(max_examples=15, deadline=None)
@given(
    height=st.integers(32, 150),
    width=st.integers(32, 190),
    pad=st.integers(0, 5),
    flip=st.booleans(),
    dx=st.floats(-12, 12),
    dy=st.floats(-12, 12),
    scale=st.floats(0.92, 1.08),
    rotation=st.floats(-5, 5),
    noise=st.sampled_from((0, 2, 40)),
    masked=st.sampled_from((0.0, 0.2, 1.0)),
    hint=st.sampled_from(
        (None, IDENTITY, (65000, 500, 80000, -70000), (1 << 60, 0, 0, -(1 << 60)))
    ),
    enough=st.sampled_from((0.0, 0.4, 1.0)),
    seed=st.integers(0, 2**16),
)
def test_equals_reference(
    *, height: int, width: int, pad: int, flip: bool, dx: float, dy: float, scale: float,
    rotation: float, noise: int, masked: float, hint: tuple[int, int, int, int] | None,
    enough: float, seed: int,
) -> None:  # fmt: skip
    rng = np.random.default_rng(seed)
    world = texture(height, width + pad, seed)
    current = moved(world, inverse_of((height, width), dx, dy, scale, rotation))
    if noise:
        jitter = rng.integers(-noise, noise + 1, current.shape)
        current = np.clip(current + jitter, 0, 255).astype(np.uint8)
    previous, current = world[:, :width], current[:, :width]  # odd row strides
    if flip:
        previous, current = previous[::-1], current[::-1]
    valid = rng.random((height // 8, width // 8)) >= masked
    assert_equal_everywhere(previous, current, valid=valid, hint=hint, enough=enough)


@pytest.mark.parametrize(
    ("height", "width"), [(240, 321), (270, 480), (105, 161), (33, 200), (517, 263)]
)
def test_equals_reference_at_working_sizes(height: int, width: int) -> None:
    world = texture(height, width, height)
    for dx, scale, rotation in ((0.05, 1.0, 0.0), (0.04 * width, 1.03, -2.0)):
        current = moved(world, inverse_of((height, width), dx, 0.3 * dx, scale, rotation))
        rng = np.random.default_rng(5)
        current[height // 3 : height // 2, : width // 2] = rng.integers(0, 255, dtype=np.uint8)
        assert_equal_everywhere(world, current)
    unrelated = texture(height, width, height + 1)
    assert_equal_everywhere(world, unrelated)


@pytest.mark.parametrize("path", [core, reference])
@pytest.mark.parametrize(
    ("dx", "dy", "scale", "rotation_deg"),
    [
        (0.4, -0.3, 1.0, 0.0),
        (24.0, -17.0, 1.0, 0.0),
        (-30.0, 20.0, 1.1, 5.0),
        (15.0, 24.0, 0.9, -5.0),
        (3.0, 0.0, 0.97, 1.5),
    ],
)
def test_finds_a_planted_motion(
    path: object, dx: float, dy: float, scale: float, rotation_deg: float
) -> None:
    height, width = 240, 320
    world = texture(height, width, 3)
    truth = inverse_of((height, width), dx, dy, scale, rotation_deg)
    found = path.align(world, moved(world, truth))  # type: ignore[attr-defined]
    assert found.aligned
    assert displacement_error_px(found, truth, (height, width)) < 0.05
    assert found.confidence > 0.7
    assert found.dx_px == pytest.approx(dx, abs=0.05)
    assert found.dy_px == pytest.approx(dy, abs=0.05)
    assert found.scale == pytest.approx(scale, abs=0.0005)
    assert math.degrees(found.rotation_rad) == pytest.approx(rotation_deg, abs=0.03)


def test_sees_the_background_behind_objects_overlays_and_flashes() -> None:
    height, width = 270, 480
    world, other = texture(height, width, 8), texture(height, width, 9)
    truth = inverse_of((height, width), 20.0, -9.0, 1.02, 1.0)
    current = moved(world, truth)
    previous = world.copy()
    # An object that covers 27 % of the picture and moves its own way, and a status bar.
    previous[40:190, 120:350] = other[40:190, 120:350]
    current[60:210, 90:320] = other[40:190, 120:350]
    previous[-32:] = current[-32:] = other[-32:]
    found = core.align(previous, current)
    assert found.aligned
    assert displacement_error_px(found, truth, (height, width)) < 0.1
    flash = np.clip(current.astype(int) + 40, 0, 255).astype(np.uint8)
    found = core.align(previous, flash)
    assert found.aligned
    assert displacement_error_px(found, truth, (height, width)) < 0.3


def half_moving_otherwise(step: int) -> tuple[U8, tuple[int, int, int, int]]:
    """A pan of 5 px a step, a third of the picture moving the other way; the pan's inverse."""
    height, width = 240, 320
    world, other = texture(height + 40, width + 200, 4), texture(height, width + 200, 5)
    picture = world[:height, 100 - 5 * step : 100 - 5 * step + width].copy()
    object_ = other[:, 40 + 3 * step : 40 + 3 * step + width]
    picture[60:200, 60:240] = object_[60:200, 60:240]
    return picture, inverse_of((height, width), 5.0, 0.0)


def test_what_is_known_to_go_on_is_not_looked_for() -> None:
    (previous, truth), (current, _) = (half_moving_otherwise(step) for step in (0, 1))
    found = assert_equal_everywhere(previous, current)
    assert displacement_error_px(found, truth, (240, 320)) < 0.1
    assert found.explained is not None
    assert 0.3 < found.explained < 0.8
    following, _ = half_moving_otherwise(2)
    hint = found.inverse_q16
    known = assert_equal_everywhere(current, following, hint=hint, enough=found.explained - 0.05)
    assert known.explained is None
    assert displacement_error_px(known, truth, (240, 320)) < 0.1
    # Where that is not enough, where there is no hint, or one that says that nothing moves, all is
    # looked at.
    for options in (
        {"hint": hint, "enough": found.explained + 0.2},
        {"hint": hint, "enough": 1.0},
        {"enough": 0.01},
        {"hint": IDENTITY, "enough": 0.01},
    ):
        anew = core.align(current, following, **options)  # type: ignore[arg-type]
        assert anew.explained == pytest.approx(found.explained, abs=0.1)
        assert displacement_error_px(anew, truth, (240, 320)) < 0.1


def test_letterbox_bars_hold_nothing_back() -> None:
    height, width = 240, 320
    world = texture(height, width, 4)
    truth = inverse_of((height, width), 7.0, -5.0)
    previous, current = world.copy(), moved(world, truth)
    for picture in (previous, current):
        picture[:30] = picture[-30:] = 16
    found = core.align(previous, current)
    assert found.aligned
    assert displacement_error_px(found, truth, (height, width)) < 0.1


def test_blocks_that_may_not_be_looked_at_are_not() -> None:
    height, width = 240, 320
    world, other = texture(height, width, 4), texture(height, width, 5)
    truth, wrong = inverse_of((height, width), 8.0, 3.0), inverse_of((height, width), -11.0, 6.0)
    previous, current = world.copy(), moved(world, truth)
    previous[:, 80:] = other[:, 80:]
    current[:, 80:] = moved(other, wrong)[:, 80:]
    valid = np.zeros((30, 40), np.bool_)
    assert core.align(previous, current, valid=valid).inverse_q16 == IDENTITY
    valid[:, :10] = True
    found = core.align(previous, current, valid=valid)
    assert abs(found.dx_px - 8.0) < 0.2
    assert abs(found.dy_px - 3.0) < 0.2


@pytest.mark.parametrize("path", [core, reference])
def test_still_flat_and_brighter_pictures_do_not_move(path: object) -> None:
    align = path.align  # type: ignore[attr-defined]
    world = texture(120, 160, 1)
    black, white = np.zeros((120, 160), np.uint8), np.full((120, 160), 255, np.uint8)
    rng = np.random.default_rng(0)
    noisy = np.clip(world + rng.normal(0, 2, world.shape), 0, 255).astype(np.uint8)
    brighter = np.clip(world.astype(int) + 12, 0, 255).astype(np.uint8)
    for previous, current in (
        (world, world), (black, black), (black, white), (world, noisy), (world, brighter),
    ):  # fmt: skip
        found = align(previous, current)
        assert found.aligned
        assert found.inverse_q16 == IDENTITY
        assert found.confidence > 0.9
        assert (found.dx_px, found.dy_px, found.scale, found.rotation_rad) == (0, 0, 1, 0)


@pytest.mark.parametrize("path", [core, reference])
def test_says_where_there_is_no_alignment(path: object) -> None:
    align = path.align  # type: ignore[attr-defined]
    black = np.zeros((240, 320), np.uint8)
    for seed in range(8):
        previous, current = texture(240, 320, 2 * seed), texture(240, 320, 2 * seed + 1)
        for pair in ((previous, current), (previous, black), (black, current)):
            found = align(*pair)
            assert not found.aligned
            assert found.confidence == 0.0
            assert found.inverse_q16 == IDENTITY


def test_record_speaks_of_the_exact_inverse() -> None:
    inverse = inverse_of((270, 480), 12.5, -7.25, 1.05, 3.0)
    record = Alignment.of(inverse, 0.5, True, 270, 480)
    assert record.dx_px == pytest.approx(12.5, abs=1e-2)
    assert record.dy_px == pytest.approx(-7.25, abs=1e-2)
    assert record.scale == pytest.approx(1.05, abs=1e-4)
    assert math.degrees(record.rotation_rad) == pytest.approx(3.0, abs=1e-2)


@pytest.mark.parametrize("path", [core, reference])
def test_rejects_what_it_cannot_take(path: object) -> None:
    align = path.align  # type: ignore[attr-defined]
    picture = np.zeros((40, 48), np.uint8)
    with pytest.raises(ValueError, match="same shape"):
        align(picture, picture[:, :40])
    with pytest.raises(ValueError, match="32 to 4096 px"):
        align(picture[:31], picture[:31])
    with pytest.raises(ValueError, match=r"valid must have the shape \(5, 6\)"):
        align(picture, picture, valid=np.ones((6, 6), np.bool_))
