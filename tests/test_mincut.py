"""The exact labelling: against all labellings of tiny grids, and native against reference."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyanalyzer import core, reference

Grid = npt.NDArray[np.int32]


def energy(unary: Grid, potts: int, labels: npt.NDArray[np.uint8]) -> int:
    x = labels.astype(np.int64)
    unequal = np.abs(np.diff(x, axis=0)).sum() + np.abs(np.diff(x, axis=1)).sum()
    return int(potts * unequal - (unary * x).sum())


@st.composite
def grids(draw: st.DrawFn, most: int) -> Grid:
    rows = draw(st.integers(1, most))
    cols = draw(st.integers(1, most // rows))
    values = st.lists(st.integers(-9, 9), min_size=rows * cols, max_size=rows * cols)
    return np.array(draw(values), np.int32).reshape(rows, cols)


@settings(deadline=None, max_examples=50)
@given(unary=grids(12), potts=st.integers(0, 6))
def test_is_the_smallest_of_all_minimisers(unary: Grid, potts: int) -> None:
    every = [
        np.array(bits, np.uint8).reshape(unary.shape)
        for bits in itertools.product((0, 1), repeat=unary.size)
    ]
    energies = [energy(unary, potts, labels) for labels in every]
    minimisers = [x for x, e in zip(every, energies, strict=True) if e == min(energies)]
    smallest = min(minimisers, key=lambda labels: int(labels.sum()))
    np.testing.assert_array_equal(smallest, np.min(minimisers, axis=0))  # hence it is unique
    np.testing.assert_array_equal(core.label_grid(unary, potts), smallest)
    np.testing.assert_array_equal(reference.label_grid(unary, potts), smallest)


@settings(deadline=None)
@given(
    rows=st.integers(1, 40),
    cols=st.integers(1, 40),
    potts=st.integers(0, 12),
    mean=st.integers(-30, 5),
    seed=st.integers(0, 2**32 - 1),
)
def test_native_equals_reference(rows: int, cols: int, potts: int, mean: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    unary = rng.normal(mean, 20, (rows, cols)).astype(np.int32)
    np.testing.assert_array_equal(core.label_grid(unary, potts), reference.label_grid(unary, potts))


def test_a_large_grid_agrees_with_its_own_energy() -> None:
    """512 x 512: no single flip, and no flip of a planted region, is better than the answer."""
    rng = np.random.default_rng(1)
    truth = np.zeros((512, 512), np.uint8)
    truth[100:300, 50:400] = 1
    unary = (np.where(truth, 6, -6) + rng.normal(0, 12, truth.shape)).astype(np.int32)
    labels = core.label_grid(unary, 8)
    assert energy(unary, 8, labels) <= energy(unary, 8, truth)
    assert (labels == truth).mean() > 0.99
    x = np.pad(labels.astype(np.int64), 1, mode="edge")
    flipped = 1 - labels.astype(np.int64)
    around = [x[:-2, 1:-1], x[2:, 1:-1], x[1:-1, :-2], x[1:-1, 2:]]
    edge = np.pad(np.zeros((510, 510), bool), 1, constant_values=True)
    saved = sum((n == flipped).astype(int) - (n != flipped).astype(int) for n in around)
    gain = 8 * saved + unary * (flipped - labels.astype(np.int64))
    assert gain[~edge].max() <= 0


def test_nothing_positive_gives_nothing() -> None:
    unary = np.full((5, 7), -1, np.int32)
    assert not core.label_grid(unary, 8).any()
    assert not reference.label_grid(unary, 8).any()


def test_rejects_what_it_cannot_take() -> None:
    unary = np.zeros((4, 4), np.int32)
    for kernels in (core, reference):
        with pytest.raises(ValueError, match="potts must be 0"):
            kernels.label_grid(unary, -1)
        with pytest.raises(ValueError, match="unaries must lie within"):
            kernels.label_grid(np.full((2, 2), 1 << 30, np.int32), 1)
    with pytest.raises(TypeError, match="unary must be int32"):
        core.label_grid(unary.astype(np.int64), 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="rows, cols"):
        core.label_grid(unary[0], 1)
