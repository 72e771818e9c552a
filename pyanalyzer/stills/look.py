"""The network's answer on pictures of any size: where something differs, tile by tile."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np

from pyanalyzer.stills.planes import CELL_PX, STRIDE_PX, Planes
from pyanalyzer.stills.records import ChangeMaps, StillsAnswer
from pyanalyzer.stills.windows import MARGIN_PX, windows_of

_TILE_PX = 2048  # a side: what passes through the network at once, about 200 MB
# Log-odds of what was not looked at, as nothing differs there: surer than the network ever is.
_UNCHANGED_NATS = -20.0


def change_maps(
    look: Callable[[Planes], StillsAnswer], planes: Planes, size_px: tuple[int, int]
) -> ChangeMaps:
    """What the network says, for pictures of ``size_px`` (width, height).

    It looks only where something differs (:func:`~pyanalyzer.stills.windows.windows_of`), and in
    overlapping tiles where that is large, so that memory does not grow with the pictures.
    """
    height, width = planes.luma_residual.shape
    rows, columns = height // CELL_PX, width // CELL_PX
    changed = np.full((rows, columns), _UNCHANGED_NATS, np.float32)
    sides = np.zeros((4, rows, columns), np.float32)
    mask = np.full((height, width), _UNCHANGED_NATS, np.float32)
    tiles = [
        (y, x)
        for window in windows_of(planes)
        for y, x in itertools.product(*(_tiles(part) for part in window))
    ]
    for y, x in tiles:
        outer = _outer(y, height), _outer(x, width)
        answer = look(_part(planes, *outer))
        own = _within(y, outer[0]), _within(x, outer[1])
        (i, j), (row, column) = ((_cells(a), _cells(b)) for a, b in (own, (y, x)))
        changed[row, column] = answer.changed[i, j]
        sides[:, row, column] = answer.sides_px[:, i, j]
        mask[y, x] = answer.mask[own]
    width_px, height_px = size_px
    shown = -(-height_px // CELL_PX), -(-width_px // CELL_PX)
    return ChangeMaps(
        np.ascontiguousarray(changed[: shown[0], : shown[1]]),
        np.ascontiguousarray(sides[:, : shown[0], : shown[1]]),
        np.ascontiguousarray(mask[:height_px, :width_px]),
    )


def _tiles(part: slice) -> Iterator[slice]:
    """Equal parts of at most _TILE_PX, whole strides each but the last."""
    length_px = part.stop - part.start
    parts = -(-length_px // _TILE_PX)
    side = -(-length_px // parts // STRIDE_PX) * STRIDE_PX
    for start in range(part.start, part.stop, side):
        yield slice(start, min(part.stop, start + side))


def _outer(part: slice, length_px: int) -> slice:
    """The part with a margin, inside the picture."""
    return slice(max(0, part.start - MARGIN_PX), min(length_px, part.stop + MARGIN_PX))


def _within(part: slice, outer: slice) -> slice:
    """The part, counted from the start of the larger one."""
    return slice(part.start - outer.start, part.stop - outer.start)


def _cells(part: slice) -> slice:
    return slice(part.start // CELL_PX, part.stop // CELL_PX)


def _part(planes: Planes, y: slice, x: slice) -> Planes:
    """A window of the planes; the noise is that of the whole pictures."""
    half = tuple(slice(s.start // 2, s.stop // 2) for s in (y, x))
    return Planes(
        luma=planes.luma[:, y, x],
        chroma=planes.chroma[:, half[0], half[1]],
        luma_residual=planes.luma_residual[y, x],
        chroma_residual=planes.chroma_residual[:, half[0], half[1]],
        covered=planes.covered[_cells(y), _cells(x)],
        noise=planes.noise,
    )
