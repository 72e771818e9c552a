"""Dense flow: native against its definition, and both against motion that was planted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyanalyzer import core, reference
from pyanalyzer.records import U8, BoolGrid, Flow

F64 = npt.NDArray[np.float64]

HEIGHT_PX, WIDTH_PX = 240, 320
Y, X = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX].astype(np.float64)
PATHS = pytest.mark.parametrize("path", [core, reference], ids=["native", "reference"])


def noise(rng: np.random.Generator, height: int, width: int) -> U8:
    return np.asarray(rng.integers(0, 256, (height, width)), np.uint8)


def scene(x: F64, y: F64, seed: int = 0) -> U8:
    """Luma of a smooth world at any place: 28 waves from 9 to 120 px, the longer the stronger, as
    in real pictures. Known between the pixels, so that nothing has to be interpolated."""
    rng = np.random.default_rng(seed)
    luma = np.full(np.broadcast_shapes(x.shape, y.shape), 128.0)
    for wavelength in np.geomspace(9.0, 120.0, 28):
        turn, phase = rng.uniform(0.0, 2.0 * np.pi, 2)
        along = np.cos(turn) * x + np.sin(turn) * y
        luma += 14 * (wavelength / 40) ** 0.7 * np.sin(2 * np.pi / wavelength * along + phase)
    return np.asarray(np.clip(np.rint(luma), 0, 255), np.uint8)


def motion_px(flow: Flow) -> F64:
    moved: F64 = flow.flow_q8 / 256.0
    return moved


def errors_px(flow: Flow, truth: npt.ArrayLike) -> F64:
    """Length of the difference to the true motion (x, y) of every block."""
    d = motion_px(flow) - np.asarray(truth, np.float64)
    error: F64 = np.hypot(d[..., 0], d[..., 1])
    return error


def assert_same(got: Flow, expected: Flow, where: object) -> None:
    for flow in (got, expected):
        assert flow.flow_q8.dtype == np.int16
        assert flow.match.dtype == np.uint16
    np.testing.assert_array_equal(got.flow_q8, expected.flow_q8, err_msg=str(where))
    np.testing.assert_array_equal(got.match, expected.match, err_msg=str(where))


def assert_equal_everywhere(previous: U8, current: U8, valid: BoolGrid | None = None) -> Flow:
    """Every instruction set on any number of threads gives the bits of the definition."""
    expected = reference.flow(previous, current, valid=valid)
    rows, cols = current.shape[0] // 8, current.shape[1] // 8
    assert expected.flow_q8.shape == (rows, cols, 2)
    assert expected.match.shape == (rows, cols)
    isas = core.supported_isas()
    assert "scalar" in isas
    for isa in isas:
        for threads in (1, 2, 7):
            got = core.flow(previous, current, valid=valid, threads=threads, isa=isa)
            assert_same(got, expected, (isa, threads))
    return expected


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(32, 120),
    width=st.integers(32, 150),
    left=st.integers(0, 5),
    right=st.integers(0, 5),
    flip=st.booleans(),
    dx=st.floats(-40, 40),
    dy=st.floats(-40, 40),
    grain=st.sampled_from((0, 2, 60)),
    masked=st.sampled_from((None, 0.0, 0.2, 0.9, 1.0)),
    seed=st.integers(0, 2**32 - 1),
)
def test_equals_reference(
    *, height: int, width: int, left: int, right: int, flip: bool, dx: float, dy: float,
    grain: int, masked: float | None, seed: int,
) -> None:  # fmt: skip
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0 : left + width + right].astype(np.float64)
    wide = [
        np.clip(p + rng.integers(-grain, grain + 1, p.shape), 0, 255).astype(np.uint8)
        for p in (scene(x, y, seed), scene(x - dx, y - dy, seed))
    ]
    # Views into wider pictures: odd row strides, rows that do not begin where the array does.
    previous, current = (p[:: -1 if flip else 1, left : left + width] for p in wide)
    valid = None if masked is None else rng.random((height // 8, width // 8)) >= masked
    assert_equal_everywhere(previous, current, valid)


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(32, 80),
    width=st.integers(32, 80),
    levels=st.sampled_from((2, 3, 256)),
    cell=st.sampled_from((1, 2, 3, 7)),
    related=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_equals_reference_on_harsh_pictures(
    *, height: int, width: int, levels: int, cell: int, related: bool, seed: int
) -> None:
    """Random black and white cells: the largest gradients and differences there can be."""
    rng = np.random.default_rng(seed)

    def cells() -> U8:
        few = rng.integers(0, levels, (height // cell + 1, width // cell + 1)) * 255
        grown = np.kron((few // (levels - 1)).astype(np.uint8), np.ones((cell, cell), np.uint8))
        return np.ascontiguousarray(grown[:height, :width])

    previous = cells()
    current = np.roll(previous, rng.integers(-9, 10, 2), (0, 1)) if related else cells()
    assert_equal_everywhere(previous, current)


def extremes(height: int, width: int) -> dict[str, tuple[U8, U8]]:
    rng = np.random.default_rng(height * width)
    y, x = np.mgrid[0:height, 0:width]
    black, white = np.zeros((height, width), np.uint8), np.full((height, width), 255, np.uint8)
    # 2 px squares survive the halving at full contrast, 1 px squares become plain grey.
    coarse, fine = (255 * (((x // s) + (y // s)) % 2).astype(np.uint8) for s in (2, 1))
    stripes = (255 * (x // 2 % 2)).astype(np.uint8)
    binary = 255 * rng.integers(0, 2, (height, width), dtype=np.uint8)
    grey = noise(rng, height, width) // 2 + 40
    ramp = (x * 255 // (width - 1)).astype(np.uint8)
    return {
        "constant": (black + 77, black + 77),
        "black, white": (black, white),
        "white, black": (white, black),
        "binary": (binary, noise(rng, height, width) // 128 * 255),
        "binary, negative": (binary, 255 - binary),
        "checkerboard, negative": (coarse, 255 - coarse),
        "checkerboard, white": (coarse, white),
        "fine checkerboard": (fine, 255 - fine),
        "stripes across stripes": (stripes, (255 * (y // 2 % 2)).astype(np.uint8)),
        "stripes, shifted": (stripes, np.roll(stripes, 1, 1)),
        "noise, negative": (grey, 255 - grey),
        "flash": (grey, grey + 60),
        "ramp, backwards": (ramp, ramp[:, ::-1].copy()),
    }


@pytest.mark.parametrize("name", extremes(32, 32))
@pytest.mark.parametrize(("height", "width"), [(32, 32), (32, 97), (97, 32), (47, 48), (63, 129)])
def test_extreme_pictures_equal_reference(name: str, height: int, width: int) -> None:
    previous, current = extremes(height, width)[name]
    assert_equal_everywhere(previous, current)
    valid = np.random.default_rng(1).random((height // 8, width // 8)) < 0.7
    assert_equal_everywhere(previous, current, valid)


def test_any_row_stride() -> None:
    """Views upside down, of every other row and of some columns are as their copies."""
    rng = np.random.default_rng(2)
    tall = noise(rng, 2 * 90, 131) // 8 + scene(X[:180, :131], Y[:180, :131]) // 2
    views = [
        (tall[:90, 7:104], np.roll(tall, (3, 2), (0, 1))[:90, 7:104]),
        (tall[::-1], np.roll(tall, (-4, 1), (0, 1))[::-1]),
        (tall[::-2, 3:], np.roll(tall, (6, -5), (0, 1))[::-2, 3:]),
        (tall[:90], tall[90:].copy()),  # two strides
    ]
    for previous, current in views:
        expected = assert_equal_everywhere(previous, current)
        copied = core.flow(np.ascontiguousarray(previous), np.ascontiguousarray(current))
        assert_same(copied, expected, previous.strides)


@pytest.mark.parametrize(("height", "width"), [(240, 320), (270, 480), (105, 161), (517, 263)])
def test_equals_reference_at_working_sizes(height: int, width: int) -> None:
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    previous, current = scene(x, y, height), scene(0.98 * x - 5, 0.98 * y + 9, height)
    rng = np.random.default_rng(5)
    current[height // 3 : height // 2, : width // 2] = rng.integers(0, 256, dtype=np.uint8)
    assert_equal_everywhere(previous, current)
    assert_equal_everywhere(previous, scene(x, y, height + 1))  # a cut


# Medians measured: 0 to 0.035 px; the largest error in the inside 0.25 px. Bilinear reading blurs
# what lies between the pixels of the halved picture, so that only even shifts are found exactly.
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("dx", "dy"),
    [(0.3, 0.0), (-0.3, 0.3), (0.7, -0.4), (2.6, -1.3), (-2.6, 0.0), (11.0, 5.0), (0.0, -11.0),
     (24.0, 0.0), (-24.0, 10.0), (17.0, -17.0)],
)  # fmt: skip
def test_finds_a_planted_shift(dx: float, dy: float, seed: int) -> None:
    flow = core.flow(scene(X, Y, seed), scene(X - dx, Y - dy, seed))
    errors = errors_px(flow, (dx, dy))
    assert np.median(errors) < 0.05
    # Where the content was already in the picture, with a patch and its surroundings to spare.
    by, bx = np.mgrid[0:HEIGHT_PX:8, 0:WIDTH_PX:8]
    inside = (np.abs(bx + 4 - WIDTH_PX / 2 - dx / 2) < WIDTH_PX / 2 - abs(dx) / 2 - 48) & (
        np.abs(by + 4 - HEIGHT_PX / 2 - dy / 2) < HEIGHT_PX / 2 - abs(dy) / 2 - 48
    )
    assert inside.sum() > 100
    assert errors[inside].max() < 0.4


@pytest.mark.parametrize("dx", [-150, 150])
def test_motions_beyond_the_range_are_cut_off(dx: int) -> None:
    """A wide bright hill that moves by 150 px: no more than 32767/256 px can be said of it."""
    x = np.tile(np.arange(640.0), (256, 1))

    def hill(centre: float) -> U8:
        luma = np.rint(20 + 200 * np.exp(-(((x - centre) / 130) ** 2)))
        return np.asarray(luma, np.uint8)

    flow = assert_equal_everywhere(hill(320 - dx / 2), hill(320 + dx / 2))
    assert flow.flow_q8[..., 0].min() >= -32767
    assert np.abs(flow.flow_q8[..., 0]).max() == 32767
    assert (np.sign(flow.flow_q8[..., 0]) == np.sign(dx)).mean() > 0.7


@PATHS
def test_whole_even_shifts_leave_nothing(path: object) -> None:
    """Even shifts are whole in the halved picture: found exactly, and nothing is left of them."""
    find: Callable[[U8, U8], Flow] = path.flow  # type: ignore[attr-defined]
    flow = find(scene(X, Y), scene(X - 6, Y + 4))
    inner = np.s_[4:-4, 4:-4]
    assert np.median(errors_px(flow, (6, -4))[inner]) == 0
    assert np.median(flow.match[inner]) == 0


@pytest.mark.parametrize("scale", [1.02, 0.97, 1.05])
def test_a_zoom_grows_with_the_distance_from_the_centre(scale: float) -> None:
    cx, cy = (WIDTH_PX - 1) / 2, (HEIGHT_PX - 1) / 2
    flow = core.flow(scene(X, Y), scene(cx + (X - cx) / scale, cy + (Y - cy) / scale))
    by, bx = 8 * np.mgrid[0 : HEIGHT_PX // 8, 0 : WIDTH_PX // 8] + 3.5
    away = np.stack([bx - cx, by - cy], axis=-1)
    errors = errors_px(flow, away * (1 - 1 / scale))
    assert np.median(errors) < 0.12
    # The slope of a line through the centre: what a zoom is.
    slope = (motion_px(flow) * away).sum() / (away * away).sum()
    assert slope == pytest.approx(1 - 1 / scale, rel=0.03)


@pytest.mark.parametrize(("dx", "dy"), [(5, 0), (-6, 4), (0, -9), (12, 3), (2.5, 0.5)])
@pytest.mark.parametrize("view", [(0, 0), (4, -2)])
def test_an_object_has_its_own_motion(dx: float, dy: float, view: tuple[int, int]) -> None:
    """48 x 56 px of another world before a ground that stands still, or moves its own way."""
    top, left = 96, 120
    before, now = scene(X, Y), scene(X - view[0], Y - view[1])
    now[top : top + 48, left : left + 56] = scene(X, Y, 9)[top : top + 48, left : left + 56]
    was_top, was_left = top - round(dy), left - round(dx)
    was = np.s_[was_top : was_top + 48, was_left : was_left + 56]
    before[was] = scene(X + dx, Y + dy, 9)[was]
    flow = core.flow(before, now)
    inner = np.s_[top // 8 + 1 : top // 8 + 5, left // 8 + 1 : left // 8 + 6]
    assert np.median(errors_px(flow, (dx, dy))[inner]) < 0.05
    assert errors_px(flow, (dx, dy))[inner].max() < 0.2
    far = np.ones(flow.match.shape, bool)
    far[top // 8 - 7 : top // 8 + 13, left // 8 - 7 : left // 8 + 14] = False
    if view == (0, 0):
        assert not flow.flow_q8[far].any()
        assert not flow.match[far].any()
    else:
        assert np.median(errors_px(flow, view)[far]) < 0.05


@PATHS
@pytest.mark.parametrize("offset", [-30, 1, 3, 40])
def test_brightness_is_no_motion(path: object, offset: int) -> None:
    find: Callable[[U8, U8], Flow] = path.flow  # type: ignore[attr-defined]
    world = scene(X, Y) // 2 + 40
    flow = find(world, (world.astype(int) + offset).astype(np.uint8))
    assert not flow.flow_q8.any()
    assert not flow.match.any()


def test_a_flash_does_not_hide_a_motion() -> None:
    world, later = scene(X, Y) // 2 + 40, scene(X - 3, Y + 2) // 2 + 40
    flow = core.flow(world, later + 50)
    assert np.median(errors_px(flow, (3, -2))) < 0.05
    assert_same(flow, core.flow(world, later), "flash")


@PATHS
def test_what_tells_nothing_does_not_move(path: object) -> None:
    find: Callable[[U8, U8], Flow] = path.flow  # type: ignore[attr-defined]
    flat = np.full((HEIGHT_PX, WIDTH_PX), 90, np.uint8)
    world = scene(X, Y)
    fine = (255 * ((X + Y) % 2)).astype(np.uint8)  # grey once halved
    for previous, current in ((flat, flat), (flat, flat + 110), (world, world), (fine, 255 - fine)):
        flow = find(previous, current)
        assert not flow.flow_q8.any()
        assert not flow.match.any()


def test_a_plain_place_does_as_its_surroundings() -> None:
    """A blank patch in a moving wall moves along: dense, where block motion has nothing to say."""

    def wall(dx: int) -> U8:
        luma = scene(X - dx, Y)
        luma[(np.hypot(X - 160 - dx, Y - 120) < 24)] = 128
        return luma

    middle = motion_px(core.flow(wall(0), wall(6)))[13:17, 19:22]
    assert np.abs(middle - (6, 0)).max() < 0.8


def test_noise_moves_a_still_picture_by_little() -> None:
    rng = np.random.default_rng(0)
    world = scene(X, Y)
    noisy = np.clip(world + rng.normal(0, 2, world.shape), 0, 255).astype(np.uint8)
    assert np.abs(motion_px(core.flow(world, noisy))).max() < 0.2
    assert np.median(np.abs(motion_px(core.flow(world, noisy)))) < 0.05


@PATHS
def test_what_is_masked_is_zero_and_looked_at_by_nothing(path: object) -> None:
    find: Callable[..., Flow] = path.flow  # type: ignore[attr-defined]
    rng = np.random.default_rng(3)
    height, width = 141, 203  # pixels beyond the last block belong to it
    previous, current = scene(X, Y)[:height, :width], scene(X - 4, Y + 3)[:height, :width]
    valid = rng.random((height // 8, width // 8)) < 0.8
    valid[:, :3] = valid[-1, -1] = valid[5, -1] = False
    flow = find(previous, current, valid=valid)
    assert not flow.flow_q8[~valid].any()
    assert not flow.match[~valid].any()
    assert flow.flow_q8[valid].any()
    hidden = np.zeros((height, width), bool)
    hidden[:] = ~valid[
        np.minimum(np.arange(height) // 8, height // 8 - 1)[:, None],
        np.minimum(np.arange(width) // 8, width // 8 - 1),
    ]
    for _ in range(3):
        other, another = (
            np.where(hidden, noise(rng, height, width), p) for p in (previous, current)
        )
        assert (other != previous).any()
        assert_same(find(other, another, valid=valid), flow, "under the mask")


def test_a_mask_that_hides_nothing_changes_nothing() -> None:
    previous, current = scene(X, Y), scene(X - 4, Y + 3)
    everything = np.ones((HEIGHT_PX // 8, WIDTH_PX // 8), bool)
    assert_same(core.flow(previous, current, valid=everything), core.flow(previous, current), 1)
    nothing = core.flow(previous, current, valid=~everything)
    assert not nothing.flow_q8.any()
    assert not nothing.match.any()


def test_a_masked_interface_does_not_hold_the_view_back() -> None:
    """A strip that stands still while the view moves: masked, its neighbours move with the view."""
    previous, current = scene(X, Y), scene(X - 7, Y)
    strip = scene(X, Y, 5)[-40:]
    previous[-40:] = current[-40:] = strip
    valid = np.ones((HEIGHT_PX // 8, WIDTH_PX // 8), bool)
    valid[-5:] = False
    flow = core.flow(previous, current, valid=valid)
    assert np.median(errors_px(flow, (7, 0))[:-8]) < 0.05
    assert np.median(errors_px(flow, (7, 0))[-6]) < 0.1


def test_inputs_are_left_as_they_are() -> None:
    previous, current = scene(X, Y), scene(X - 4, Y)
    valid = np.ones((HEIGHT_PX // 8, WIDTH_PX // 8), bool)
    valid[3] = False
    for array in (previous, current, valid):
        array.setflags(write=False)
    copies = previous.copy(), current.copy(), valid.copy()
    assert_equal_everywhere(previous, current, valid)
    for array, copy in zip((previous, current, valid), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


PICTURE = np.zeros((40, 48), np.uint8)


@PATHS
@pytest.mark.parametrize(
    ("previous", "current", "message"),
    [
        (PICTURE, PICTURE[:, :40], "the same size"),
        (PICTURE[:32], PICTURE, "the same size"),
        (PICTURE[:31], PICTURE[:31], "at least 32 px"),
        (PICTURE[:, :31], PICTURE[:, :31], "at least 32 px"),
        (PICTURE[:0], PICTURE[:0], "at least|empty|must"),
    ],
)
def test_rejects_sizes(path: object, previous: U8, current: U8, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        path.flow(previous, current)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"previous": PICTURE.astype(np.float32)}, TypeError, "previous must be uint8"),
        ({"current": PICTURE.astype(np.int16)}, TypeError, "current must be uint8"),
        ({"current": PICTURE[0]}, ValueError, "current must"),
        ({"previous": PICTURE[:, ::2]}, ValueError, "contiguous pixels"),
        ({"valid": np.ones((6, 5), bool)}, ValueError, r"valid must have the shape \(5, 6\)"),
        ({"valid": np.ones((40, 48), bool)}, ValueError, r"valid must have the shape \(5, 6\)"),
        ({"valid": np.ones((5, 6), np.uint8)}, TypeError, "valid must be bool"),
        ({"valid": np.ones((5, 12), bool)[:, ::2]}, ValueError, "valid must"),
        ({"threads": 0}, ValueError, "threads must be at least 1"),
        ({"isa": "sse9"}, ValueError, "this machine has: scalar"),
    ],
)
def test_rejects_what_it_cannot_take(
    arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        core.flow(**{"previous": PICTURE, "current": PICTURE, **arguments})  # type: ignore[arg-type]
