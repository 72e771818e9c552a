"""Evidence per block: native against reference, and against motion that was planted."""

from __future__ import annotations

import itertools
from dataclasses import fields

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyanalyzer import core, reference
from pyanalyzer.records import Alignment, Evidence, Memory

U8 = npt.NDArray[np.uint8]

IDENTITY = Alignment(0.0, 0.0, 1.0, 0.0, 1.0, True, (65536, 0, 0, 0))
CUT = Alignment(0.0, 0.0, 1.0, 0.0, 0.0, False, (65536, 0, 0, 0))


def shifted(inverse_q16: tuple[int, int, int, int]) -> Alignment:
    return Alignment(0.0, 0.0, 1.0, 0.0, 1.0, True, inverse_q16)


def assert_equal(got: object, expected: object) -> None:
    assert type(got) is type(expected)
    for field in fields(expected):  # type: ignore[arg-type]
        a, b = getattr(got, field.name), getattr(expected, field.name)
        assert a.dtype == b.dtype, field.name
        np.testing.assert_array_equal(a, b, err_msg=field.name)


def texture(rng: np.random.Generator, height: int, width: int) -> U8:
    """Random but smooth enough to be followed: noise averaged over 3 x 3."""
    noise = rng.integers(0, 256, (height + 2, width + 2)).astype(np.int32)
    sums = sum(noise[j : j + height, i : i + width] for j in range(3) for i in range(3))
    return np.asarray(sums // 9, np.uint8)


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(32, 90),
    width=st.integers(32, 110),
    pad=st.integers(0, 5),
    dx=st.integers(-16, 16),
    dy=st.integers(-16, 16),
    noise=st.sampled_from([0, 1, 6]),
    view=st.sampled_from(
        [
            (65536, 0, 0, 0),
            (65536, 0, 3 * 65536, -65536),
            (65536, 0, 30000, 9000),
            (64536, 900, -40000, 123456),
        ]
    ),
    aligned=st.booleans(),
    masked=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_equals_reference(  # noqa: PLR0917
    height: int,
    width: int,
    pad: int,
    dx: int,
    dy: int,
    noise: int,
    view: tuple[int, int, int, int],
    aligned: bool,
    masked: bool,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    wide = texture(rng, height, width + pad)
    previous = wide[:, :width]
    current = previous.copy()
    h, w = rng.integers(8, 33, 2)
    y, x = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
    moved = np.roll(previous, (dy, dx), (0, 1))
    current[y : y + h, x : x + w] = moved[y : y + h, x : x + w]
    current = (current.astype(int) + rng.integers(-noise, noise + 1, current.shape)).clip(0, 255)
    current = current.astype(np.uint8)
    rows, cols = height // 8, width // 8
    memory = Memory(
        rng.integers(-100, 101, (rows, cols, 2)).astype(np.int16),
        rng.integers(0, 3000, (rows, cols)).astype(np.int32),
    )
    alignment = shifted(view) if aligned else CUT
    valid = rng.random((rows, cols)) < 0.8 if masked else None
    expected = reference.difference(previous, current, alignment, memory, valid=valid)
    for isa in core.supported_isas():
        for threads in (1, 2, 7):
            got = core.difference(
                previous, current, alignment, memory, valid=valid, threads=threads, isa=isa
            )
            assert_equal(got[0], expected[0])
            assert_equal(got[1], expected[1])


def test_any_row_stride() -> None:
    """Views upside down and of every other row are measured as their copies are."""
    rng = np.random.default_rng(4)
    tall = texture(rng, 2 * 80, 72)
    previous, current = tall[::-2], np.roll(tall, (3, 2), (0, 1))[::-2]
    memory = Memory.initial(10, 9)
    expected = core.difference(previous.copy(), current.copy(), IDENTITY, memory)[0]
    for isa in core.supported_isas():
        assert_equal(core.difference(previous, current, IDENTITY, memory, isa=isa)[0], expected)


def planted(dx: int, dy: int, size: int = 24, seed: int = 0) -> Evidence:
    """A textured square on a textured ground, moved by (dx, dy) whole px; block (7, 7) is in it."""
    rng = np.random.default_rng(seed)
    ground, sprite = texture(rng, 128, 128), texture(rng, size, size)
    previous, current = ground.copy(), ground.copy()
    x = y = 60 - size // 2
    current[y : y + size, x : x + size] = sprite
    previous[y - dy : y - dy + size, x - dx : x - dx + size] = sprite
    evidence, _ = core.difference(previous, current, IDENTITY, Memory.initial(16, 16))
    return evidence


@pytest.mark.parametrize("dx", [-13, -7, -3, 0, 1, 7, 8, 12])
@pytest.mark.parametrize("dy", [-9, -1, 0, 5, 13])
def test_finds_planted_motion(dx: int, dy: int) -> None:
    evidence = planted(dx, dy)
    got = evidence.motion_q4[7, 7] / 16
    assert np.abs(got - (dx, dy)).max() <= 0.125
    assert evidence.match[7, 7] == 0
    far = np.ones((16, 16), bool)
    far[3:12, 3:12] = False
    assert not evidence.motion_q4[far].any()
    assert not evidence.residual[far].any()


@pytest.mark.parametrize("shift_q4", [-12, -8, -5, 3, 8, 11, 20])
def test_sub_pixel_motion(shift_q4: int) -> None:
    """A smooth patch moved by parts of a pixel along x: within 1/8 px (3/8 px across)."""
    y, x = np.mgrid[0:160, 0:160]

    def pattern(offset: float) -> U8:
        waves = np.sin((x - offset) / 5) + np.sin((x - offset + 2 * y) / 11) + np.sin(y / 6)
        return np.rint(128 + 40 * waves).astype(np.uint8)

    previous = pattern(0)
    current = previous.copy()
    current[48:112, 48:112] = pattern(shift_q4 / 16)[48:112, 48:112]
    evidence, _ = core.difference(previous, current, IDENTITY, Memory.initial(20, 20))
    inner = evidence.motion_q4[7:13, 7:13]
    assert np.abs(inner[..., 0] - shift_q4).mean() <= 2
    assert np.abs(inner[..., 1]).mean() <= 6


def test_motion_is_relative_to_the_view() -> None:
    """The whole picture moves by (4, -2), a sprite by another (3, 1): only that is left."""
    rng = np.random.default_rng(3)
    ground, sprite = texture(rng, 160, 160), texture(rng, 24, 24)
    previous, current = ground[16:144, 16:144].copy(), ground[18:146, 12:140].copy()
    previous[60:84, 60:84] = sprite
    current[59:83, 67:91] = sprite
    evidence, _ = core.difference(
        previous, current, shifted((65536, 0, -4 * 65536, 2 * 65536)), Memory.initial(16, 16)
    )
    np.testing.assert_array_equal(evidence.motion_q4[8, 9], (48, 16))
    assert evidence.residual[2:5, 2:5].max() == 0
    assert evidence.difference[2:5, 2:5].min() > 200
    assert evidence.residual[:, 0].max() == 0  # uncovered by the view: not measured


def test_change_of_motion_is_taken_where_the_content_came_from() -> None:
    memory = Memory.initial(16, 16)
    motion = np.zeros((16, 16, 2), np.int16)
    motion[7, 6] = (128, 0)
    evidence_before = Memory(motion, memory.quiet_q4)
    rng = np.random.default_rng(0)
    ground, sprite = texture(rng, 128, 128), texture(rng, 24, 24)
    previous, current = ground.copy(), ground.copy()
    previous[48:72, 40:64] = sprite
    current[48:72, 48:72] = sprite
    evidence, after = core.difference(previous, current, IDENTITY, evidence_before)
    np.testing.assert_array_equal(evidence.motion_q4[7, 7], (128, 0))
    np.testing.assert_array_equal(evidence.motion_change_q4[7, 7], (0, 0))
    np.testing.assert_array_equal(evidence.motion_change_q4[7, 6], (128, 0))
    np.testing.assert_array_equal(after.motion_q4, evidence.motion_q4)
    stopped, _ = core.difference(current, current, IDENTITY, after)
    np.testing.assert_array_equal(stopped.motion_change_q4[7, 7], (-128, 0))


def test_a_cut_measures_the_plain_difference_and_learns_nothing() -> None:
    rng = np.random.default_rng(5)
    a, b = texture(rng, 64, 64), texture(rng, 64, 64)
    memory = Memory(np.ones((8, 8, 2), np.int16), np.full((8, 8), 77, np.int32))
    evidence, after = core.difference(a, b, CUT, memory)
    np.testing.assert_array_equal(evidence.residual, evidence.difference)
    assert not evidence.motion_q4.any()
    assert not evidence.motion_change_q4.any()
    np.testing.assert_array_equal(after.quiet_q4, memory.quiet_q4)


def test_the_floor_learns_noise_and_forgets_it() -> None:
    """Noise of one level in half of a flat picture: neither texture nor the frame explains it."""
    rng = np.random.default_rng(6)
    memory = Memory.initial(8, 8)
    floors = []
    noise = [rng.integers(-1, 2, (64, 64)) * (np.arange(64) < 32) for _ in range(400)]
    noisy = [(128 + n).astype(np.uint8) for n in noise]
    for previous, current in itertools.pairwise(noisy + [noisy[-1]] * 400):
        evidence, memory = core.difference(previous, current, IDENTITY, memory)
        floors.append(int(np.median(evidence.noise_floor[:, :4])))
    assert floors[395] > 2.5 * floors[0]
    assert floors[-1] == floors[0]


def test_rejects_what_it_cannot_take() -> None:
    a, memory = np.zeros((64, 48), np.uint8), Memory.initial(8, 6)
    for kernels in (core, reference):
        with pytest.raises(ValueError, match="the same size"):
            kernels.difference(a, a[:, :40], IDENTITY, Memory.initial(8, 5))
        with pytest.raises(ValueError, match="at least 32 px"):
            kernels.difference(a[:31], a[:31], IDENTITY, Memory.initial(3, 6))
    with pytest.raises(TypeError, match="current must be uint8"):
        core.difference(a, a.astype(np.float32), IDENTITY, memory)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"memory.motion_q4 must have the shape \(8, 6, 2\)"):
        core.difference(a, a, IDENTITY, Memory.initial(8, 7))
    with pytest.raises(ValueError, match=r"valid must have the shape \(8, 6\)"):
        core.difference(a, a, IDENTITY, memory, valid=np.ones((6, 8), bool))
    with pytest.raises(ValueError, match="threads must be at least 1"):
        core.difference(a, a, IDENTITY, memory, threads=0)
