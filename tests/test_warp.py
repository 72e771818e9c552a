"""The fixed-point warp against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyanalyzer import core, reference
from pyanalyzer.records import U8

IDENTITY = (65536, 0, 0, 0)


def noise(height: int, width: int, seed: int, pad: int = 0) -> U8:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height, width + pad), dtype=np.uint8)[:, :width]


@given(
    height=st.integers(1, 50),
    width=st.integers(1, 200),
    pad=st.integers(0, 5),
    a=st.one_of(st.integers(50000, 80000), st.integers(-300000, 300000), st.just(65536)),
    b=st.one_of(*(st.integers(-most, most) for most in (2114, 9362, 300000)), st.just(0)),
    tx=st.one_of(st.integers(-(2**22), 2**22), st.integers(-(2**40), 2**40)),
    ty=st.one_of(st.integers(-(2**22), 2**22), st.integers(-(2**40), 2**40)),
    seed=st.integers(0, 2**32 - 1),
)
@example(height=40, width=64, pad=0, a=65536, b=0, tx=5 << 16, ty=-(3 << 16), seed=1)
@example(height=40, width=64, pad=0, a=131072, b=9362, tx=0, ty=0, seed=1)
@example(height=40, width=64, pad=1, a=1, b=-9362, tx=0, ty=0, seed=1)
def test_equals_reference(
    *, height: int, width: int, pad: int, a: int, b: int, tx: int, ty: int, seed: int
) -> None:
    previous = noise(height, width, seed, pad)
    expected = reference.warp(previous, (a, b, tx, ty))
    for isa in core.supported_isas():
        for threads in (1, 2, 7):
            got = core.warp(previous, (a, b, tx, ty), threads=threads, isa=isa)
            np.testing.assert_array_equal(got, expected)


@given(
    dx=st.integers(-70, 70), dy=st.integers(-70, 70), rest=st.integers(0, 255), seed=st.integers(0)
)
def test_whole_pixels_equal_reference(dx: int, dy: int, rest: int, seed: int) -> None:
    previous = noise(33, 57, seed % 2**32)[::-1]  # a negative row stride
    inverse = (65536, 0, (dx << 16) + rest, (dy << 16) + rest)
    expected = reference.warp(previous, inverse)
    for isa in core.supported_isas():
        np.testing.assert_array_equal(core.warp(previous, inverse, isa=isa), expected)


def test_identity_copies_and_a_shift_shifts() -> None:
    previous = noise(24, 40, 7)
    np.testing.assert_array_equal(core.warp(previous, IDENTITY), previous)
    shifted = core.warp(previous, (65536, 0, 3 << 16, -2 << 16))
    np.testing.assert_array_equal(shifted[2:, :-3], previous[:-2, 3:])
    np.testing.assert_array_equal(shifted[2:, -3:], np.repeat(previous[:-2, -1:], 3, axis=1))


def test_half_a_pixel_averages() -> None:
    previous = np.zeros((16, 32), np.uint8)
    previous[:, 16:] = 200
    row = core.warp(previous, (65536, 0, 32768, 0))[5]
    assert row[14] == 0
    assert row[15] == 100
    assert row[16] == 200


def test_large_pictures_equal_reference() -> None:
    previous = noise(70, 4096, 3)
    inverse = (66000, 2000, -(700 << 16), 12345)
    expected = reference.warp(previous, inverse)
    for isa in core.supported_isas():
        np.testing.assert_array_equal(core.warp(previous, inverse, isa=isa), expected)


def test_rejects_what_it_cannot_take() -> None:
    previous = np.zeros((8, 8), np.uint8)
    with pytest.raises(TypeError, match="previous must be uint8"):
        core.warp(previous.astype(np.int16), IDENTITY)  # type: ignore[arg-type]
    for bad in ((2**24 + 1, 0, 0, 0), (65536, 0, 0, 2**40 + 1)):
        for path in (core, reference):
            with pytest.raises(ValueError, match="256-fold scale"):
                path.warp(previous, bad)
    with pytest.raises(ValueError, match="threads must be at least 1"):
        core.warp(previous, IDENTITY, threads=0)
