"""What a network sees of a frame: native against its definition."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer import core, reference
from pyanalyzer.records import I16, U16, BlockSummary, Evidence
from pyanalyzer.reference.block_maps import root_table, signed_table
from pyanalyzer.score.features import MAP_CHANNELS, SIGNED_CHANNELS

NUMBERS = {"mean": np.uint8, "signed": np.int16}
VECTORS = ("motion_q4", "motion_change_q4")


def drawn(rng: np.random.Generator, rows: int, cols: int, high: int = 65535) -> Evidence:
    """Any evidence of the grid, amounts up to ``high``."""
    arrays = {}
    for field in fields(Evidence):
        dtype = np.int16 if field.name in VECTORS else NUMBERS.get(field.name, np.uint16)
        shape = (rows, cols, 2) if field.name in VECTORS else (rows, cols)
        info = np.iinfo(dtype)
        low, top = max(info.min, -high - 1), min(info.max, high)
        arrays[field.name] = rng.integers(low, top, shape, dtype, endpoint=True)
    return Evidence(**arrays)


def flow_of(rng: np.random.Generator, rows: int, cols: int) -> I16:
    return rng.integers(-32768, 32767, (rows, cols, 2), np.int16, endpoint=True)


def blank(rows: int, cols: int, texture: int = 1000) -> Evidence:
    zero = drawn(np.random.default_rng(0), rows, cols)
    nothing = {f.name: np.zeros_like(getattr(zero, f.name)) for f in fields(Evidence)}
    return replace(Evidence(**nothing), texture=np.full((rows, cols), texture, np.uint16))


@given(
    st.integers(1, 21),
    st.integers(1, 23),
    st.sampled_from([3, 300, 65535]),
    st.sampled_from(["both", "first", "none"]),
    st.integers(0, 2**32 - 1),
)
def test_native_is_the_definition(rows: int, cols: int, high: int, flows: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    evidence, match = drawn(rng, rows, cols, high), drawn(rng, rows, cols, high).match
    now = None if flows == "none" else flow_of(rng, rows, cols)
    before = flow_of(rng, rows, cols) if flows == "both" else None
    maps, summary = core.block_maps(evidence, match, now, before)
    expected, expected_summary = reference.block_maps(evidence, match, now, before)
    assert maps.dtype == np.uint8
    np.testing.assert_array_equal(maps, expected)
    assert summary == expected_summary
    assert str(summary) == str(expected_summary)  # the signs of zeros, too


def test_every_value_of_every_map() -> None:
    """All 65,536 values of each measure, on one grid of 256 x 256 blocks."""
    every = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    signed = every.view(np.int16)
    vectors = np.stack([signed, signed[::-1]], axis=2)
    evidence = Evidence(
        mean=every.astype(np.uint8),
        texture=every,
        difference=every,
        residual=every,
        signed=signed,
        match=every,
        motion_q4=vectors,
        motion_change_q4=vectors,
        noise_floor=np.zeros_like(every),
    )
    maps, summary = core.block_maps(evidence, every, vectors, np.zeros_like(vectors))
    expected, expected_summary = reference.block_maps(
        evidence, every, vectors, np.zeros_like(vectors)
    )
    np.testing.assert_array_equal(maps, expected)
    assert summary == expected_summary
    by_name = dict(zip(MAP_CHANNELS, maps, strict=True))
    assert by_name["texture"].ravel()[[0, 1, 4, 16320, 65535]].tolist() == [0, 2, 4, 255, 255]
    # 1/16 px is 8 steps of motion, 1 px 32 and of its change as many; of the flow 16, and 32.
    at = {name: by_name[f"{name}_x"].astype(int).ravel() for name in ("motion", "flow")}
    assert at["motion"][[1, 16, 65536 - 16]].tolist() == [136, 160, 96]
    assert at["flow"][[1, 256, 65536 - 256]].tolist() == [129, 144, 112]
    assert by_name["flow_change_x"].ravel()[256] == 160


def test_what_stands_for_zero() -> None:
    maps, _ = core.block_maps(blank(2, 3, texture=0), np.zeros((2, 3), np.uint16), None, None)
    assert [set(plane.ravel().tolist()) for plane in maps] == [
        {128} if name in SIGNED_CHANNELS else {0} for name in MAP_CHANNELS
    ]


def test_tables_hold_roots_to_the_last_step() -> None:
    """The tables against the formula, over all values that the core can hand over."""
    u16 = np.arange(65536, dtype=np.uint16)
    i16 = u16.view(np.int16).astype(np.float64)
    root = np.minimum(2 * np.sqrt(u16) + 0.5, 255).astype(np.uint8)
    assert np.array_equal(root_table(), root)
    for gain, parts in ((1, 1), (8, 1), (16, 256), (32, 256)):
        expected = 128 + np.sign(i16) * gain * np.sqrt(np.abs(i16) / parts)
        table = signed_table(gain, parts)
        assert np.abs(table - np.clip(expected, 0, 255)).max() <= 0.5 + 1e-4


@pytest.mark.parametrize(("rate", "sideways"), [(0.02, 0.0), (-0.01, 0.0), (0.02, 3.0)])
def test_a_picture_that_grows(rate: float, sideways: float) -> None:
    """A planted expansion about the centre is found, whatever the whole picture does besides."""
    rows, cols = 18, 32
    y, x = np.mgrid[0:rows, 0:cols]
    x, y = (x - (cols - 1) / 2) * 8, (y - (rows - 1) / 2) * 8
    flow = np.rint(np.stack([rate * x + sideways, rate * y], axis=2) * 256).astype(np.int16)
    before = np.rint(np.stack([rate * x / 2, rate * y / 2], axis=2) * 256).astype(np.int16)
    still = np.zeros((rows, cols), np.uint16)
    _, summary = core.block_maps(blank(rows, cols), still, flow, before)
    assert summary.expansion == pytest.approx(rate, rel=0.15)
    assert summary.expansion_change == pytest.approx(rate / 2, rel=0.3)
    assert summary.change_x_px == pytest.approx(sideways, abs=0.05)
    assert summary.change_y_px == pytest.approx(0.0, abs=0.05)
    _, summary = core.block_maps(blank(rows, cols, texture=255), still, flow, before)
    assert summary == BlockSummary(0, 0, 0, 0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"texture": np.zeros((4, 4), np.uint16)}, r"texture must have the shape \(3, 4\)"),
        ({"signed": np.zeros((3, 4), np.uint16)}, "signed must be int16"),
        ({"mean": np.zeros((0, 4), np.uint8)}, "mean must have the shape"),
        ({"motion_q4": np.zeros((3, 4), np.int16)}, "motion_q4 must have the shape"),
        ({"match": np.zeros((4, 3), np.uint16).T}, "match must be C-contiguous"),
    ],
)
def test_arrays_that_do_not_fit(change: dict[str, U16], message: str) -> None:
    evidence = replace(blank(3, 4), **change)
    with pytest.raises((TypeError, ValueError), match=message):
        core.block_maps(evidence, np.zeros((3, 4), np.uint16), None, None)
