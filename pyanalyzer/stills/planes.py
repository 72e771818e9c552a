"""What the network sees of two aligned pictures: planes at full resolution, in integers."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pyanalyzer.records import F32, U8, BoolGrid

CELL_PX = 4  # side of a cell of the grid
STRIDE_PX = 32  # the network halves the grid three times: sides are padded to whole strides


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """Both pictures in the frame of the second, sides padded to multiples of STRIDE_PX.

    ``luma``: uint8 (2, h, w). ``chroma``: uint8 (4, h/2, w/2), Cr and Cb before, Cr and Cb after.
    ``luma_residual``: uint8 (h, w), by how much a pixel leaves the range of its 3 x 3 neighbours in
    the other picture, the larger of both directions: 0 under misalignments below a pixel.
    ``chroma_residual``: uint8 (2, h/2, w/2). ``covered``: uint8 (h/4, w/4), 255 where both pictures
    cover the cell. ``noise``: float32 (2,), quartiles of the difference, in levels.
    """

    luma: U8
    chroma: U8
    luma_residual: U8
    chroma_residual: U8
    covered: U8
    noise: F32


def planes_of(before: U8, after: U8, valid: BoolGrid) -> Planes:
    """The planes of two aligned pictures in the same light, uint8 RGB (h, w, 3).

    ``valid``: bool (h, w), where the first covers the second; elsewhere the first is replaced by
    the second, so that nothing there differs.
    """
    if not valid.all():
        before = np.asarray(cv2.copyTo(before, valid.view(np.uint8), after.copy()), np.uint8)
    bottom, right = (-side % STRIDE_PX for side in valid.shape)
    padded = [
        cv2.copyMakeBorder(p, 0, bottom, 0, right, cv2.BORDER_REPLICATE) for p in (before, after)
    ]
    colours = [cv2.cvtColor(p, cv2.COLOR_RGB2YCrCb) for p in padded]
    height, width = colours[0].shape[:2]
    half = width // 2, height // 2
    luma: list[U8] = []
    chroma: list[U8] = []
    for picture in colours:
        y, *colour = cv2.split(picture)
        small = [cv2.resize(c, half, interpolation=cv2.INTER_AREA) for c in colour]
        luma.append(np.asarray(y, np.uint8))
        chroma.append(np.asarray(small, np.uint8))
    inside = cv2.copyMakeBorder(
        valid.astype(np.uint8) * 255, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=0
    )
    grid = (width // CELL_PX, height // CELL_PX)
    return Planes(
        luma=np.stack(luma),
        chroma=np.concatenate(chroma),
        luma_residual=_residual(luma[0], luma[1]),
        chroma_residual=np.stack([_residual(chroma[0][i], chroma[1][i]) for i in (0, 1)]),
        covered=np.asarray(cv2.resize(inside, grid, interpolation=cv2.INTER_AREA), np.uint8),
        noise=_noise(luma[0], luma[1]),
    )


_NEIGHBOURS = np.ones((3, 3), np.uint8)


def _residual(a: U8, b: U8) -> U8:
    """How far each pixel lies outside the range of the other picture's 3 x 3 neighbours."""
    outside = np.zeros_like(a)
    for one, other in ((a, b), (b, a)):
        above = cv2.subtract(one, cv2.dilate(other, _NEIGHBOURS))  # saturates at 0
        below = cv2.subtract(cv2.erode(other, _NEIGHBOURS), one)
        outside = np.asarray(cv2.max(outside, cv2.max(above, below)), np.uint8)
    return outside


def _noise(a: U8, b: U8) -> F32:
    """Median and upper quartile of the absolute difference, of every 16th pixel."""
    difference = cv2.absdiff(np.ascontiguousarray(a[::4, ::4]), np.ascontiguousarray(b[::4, ::4]))
    return np.asarray(np.percentile(difference, (50, 75)), np.float32)
