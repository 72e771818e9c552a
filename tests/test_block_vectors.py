"""Maps of blocks as vectors, against their definition and the mirror of the maps themselves."""

from __future__ import annotations

import numpy as np
import pytest

from pyanalyzer import core, reference
from pyanalyzer.score.features import MAP_CHANNELS, SIGNED_CHANNELS
from pyanalyzer.score.mirror import mirror_maps, turned_channels

FIRST_SIGNED = len(MAP_CHANNELS) - len(SIGNED_CHANNELS)


@pytest.mark.parametrize("size", [(1, 1, 1), (2, 1, 5), (3, 4, 1), (2, 7, 9), (1, 33, 60)])
@pytest.mark.parametrize("mirrored", [False, True])
def test_equals_the_definition(size: tuple[int, int, int], mirrored: bool) -> None:
    images, *grid = size
    maps = np.random.default_rng(1).integers(0, 256, (images, 6, *grid), dtype=np.uint8)
    maps.ravel()[: maps.size // 3] = 0
    arguments = {"first_signed": 2, "mirrored": mirrored, "turned": (3, 5)}
    got = core.block_vectors(maps, **arguments)  # type: ignore[arg-type]
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, reference.block_vectors(maps, **arguments))  # type: ignore[arg-type]


def test_a_mirror_is_that_of_the_maps() -> None:
    maps = np.random.default_rng(2).integers(0, 256, (2, len(MAP_CHANNELS), 5, 8), dtype=np.uint8)
    maps[0, :, 1] = 0
    mirrored = core.block_vectors(
        maps, first_signed=FIRST_SIGNED, mirrored=True, turned=turned_channels("x")
    )
    turned = np.ascontiguousarray(mirror_maps(maps, "x"))
    as_they_are = core.block_vectors(turned, first_signed=FIRST_SIGNED)
    np.testing.assert_array_equal(mirrored, as_they_are)


def test_a_worked_example() -> None:
    """Two blocks side by side: an amount and a motion to the right."""
    maps = np.array([[0, 64], [128, 160]], np.uint8).reshape(1, 2, 1, 2)
    found = core.block_vectors(maps, first_signed=1)
    assert found.tolist() == [[[[0, 0, -1, -1], [2, 1, -1, 1]]]]
    found = core.block_vectors(maps, first_signed=1, mirrored=True, turned=[1])
    assert found.tolist() == [[[[2, -1, -1, -1], [0, 0, -1, 1]]]]


MAPS = np.zeros((1, 2, 3, 4), np.uint8)


@pytest.mark.parametrize(
    ("maps", "turned", "error", "message"),
    [
        (MAPS[0], (), ValueError, "maps must have the shape"),
        (MAPS[:0], (), ValueError, "maps is empty"),
        (MAPS.astype(np.int8), (), TypeError, "maps must be uint8"),
        (MAPS[..., ::2], (), ValueError, "C-contiguous"),
        (MAPS, (0,), ValueError, "turned must name signed channels"),
        (MAPS, (2,), ValueError, "turned must name signed channels"),
    ],
)
def test_what_does_not_fit_is_refused(
    maps: np.ndarray, turned: tuple[int, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        core.block_vectors(maps, first_signed=1, mirrored=True, turned=turned)
