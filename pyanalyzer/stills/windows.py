"""Which parts of two aligned pictures the network looks at: those in which something differs."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pyanalyzer.records import U8
from pyanalyzer.stills.planes import Planes

Window = tuple[slice, slice]  # rows and columns, px

MARGIN_PX = 128  # how far the network looks, for all that matters
_CELL_PX = 64
_MARGIN_CELLS = MARGIN_PX // _CELL_PX
# Compression and noise leave pixels outside the range of their neighbours in the other picture,
# but few, and hardly. Changes that are asked for are of 18 levels and more, and 8 px large.
_DIFFERING_LEVELS = 4
_DIFFERING_PIXELS = 4
# Windows overlap by their margins; beyond this share of the picture they are not worth their while.
_WHOLE_SHARE = 0.7


def windows_of(planes: Planes) -> list[Window]:
    """Disjoint windows outside which nothing differs, or one that is the whole picture.

    Each is at least MARGIN_PX from all that lies outside, but for the picture's border, and begins
    at a multiple of 64 px: what the network says of it hangs on nothing farther away than that. No
    window: nothing differs anywhere.
    """
    height, width = planes.luma_residual.shape
    differing = _differing(planes.luma_residual, _CELL_PX, _DIFFERING_PIXELS)
    for plane in planes.chroma_residual:  # half as fine: a quarter of the pixels
        differing |= _differing(plane, _CELL_PX // 2, max(1, _DIFFERING_PIXELS // 4))
    near = np.ones((2 * _MARGIN_CELLS + 1,) * 2, np.uint8)
    grown = np.asarray(cv2.dilate(differing.astype(np.uint8), near), np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(grown, connectivity=8)
    boxes = _merged([(int(x), int(y), int(x + w), int(y + h)) for x, y, w, h, _ in stats[1:count]])
    covered = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in boxes)
    if covered > _WHOLE_SHARE * differing.size:
        return [(slice(0, height), slice(0, width))]
    rows, columns = differing.shape
    return [(_own(y0, y1, rows, height), _own(x0, x1, columns, width)) for x0, y0, x1, y1 in boxes]


def _differing(residual: U8, cell_px: int, pixels: int) -> npt.NDArray[np.bool_]:
    """Whether so many pixels of each cell and the ring of one pixel around it differ: the residual
    hardly sees the outermost pixels of a change, whose neighbours are as before. The last row and
    column of cells may be cut."""
    height, width = residual.shape
    sums = cv2.integral((residual > _DIFFERING_LEVELS).astype(np.uint8))
    upper, lower = _ringed(height, cell_px)
    left, right = _ringed(width, cell_px)
    within = sums[lower][:, right] - sums[upper][:, right] - sums[lower][:, left]
    return within + sums[upper][:, left] >= pixels


def _ringed(length: int, cell_px: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where the cells along a side begin and end, a pixel wider on either end."""
    begin = np.arange(0, length, cell_px)
    return np.maximum(begin - 1, 0), np.minimum(begin + cell_px + 1, length)


_Box = tuple[int, int, int, int]  # x0, y0, x1, y1 in cells, half-open


def _merged(boxes: list[_Box]) -> list[_Box]:
    """Boxes that overlap become the box around them, until none do; from above, then from left."""
    found: list[_Box] = []
    for box in boxes:
        whole = box
        while other := next((o for o in found if _overlap(o, whole)), None):
            found.remove(other)
            low, high = np.minimum(whole, other), np.maximum(whole, other)
            whole = (int(low[0]), int(low[1]), int(high[2]), int(high[3]))
        found.append(whole)
    return sorted(found, key=lambda b: (b[1], b[0]))


def _overlap(a: _Box, b: _Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _own(begin: int, end: int, cells: int, length_px: int) -> slice:
    """The part of a box, along one side, that has the margin around it."""
    first = 0 if begin == 0 else (begin + _MARGIN_CELLS) * _CELL_PX
    last = length_px if end == cells else (end - _MARGIN_CELLS) * _CELL_PX
    return slice(first, last)
