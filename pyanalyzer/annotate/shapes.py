"""What marks are made of: rounded boxes, arrows and lines of text, as small RGBA pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np

from pyanalyzer.annotate.canvas import F64, Colour
from pyanalyzer.annotate.glyphs import Weight, mask

_OVERSAMPLING = 4  # masks are drawn so much larger and shrunk: smooth edges, whatever OpenCV's are


def blank(width_px: int, height_px: int) -> F64:
    """Nothing: float (h, w, 4), RGB in 0..255 and alpha in 0..1."""
    return np.zeros((height_px, width_px, 4))


def over(ground: F64, coverage: F64, colour: Colour, x_px: int = 0, y_px: int = 0) -> None:
    """Lay a colour over an RGBA picture in place, where ``coverage`` (h, w), 0..1, says.

    The "over" of Porter and Duff, "Compositing Digital Images" (1984); clipped to the picture.
    """
    top, left = max(0, -y_px), max(0, -x_px)
    y0, x0 = max(0, y_px), max(0, x_px)
    target = ground[y0:, x0:]
    coverage = coverage[top:, left:][: target.shape[0], : target.shape[1]]
    target = target[: coverage.shape[0], : coverage.shape[1]]
    below = target[..., 3] * (1 - coverage)
    alpha = coverage + below
    weight = np.divide(coverage, alpha, out=np.zeros_like(alpha), where=alpha > 0)[..., None]
    target[..., :3] = target[..., :3] * (1 - weight) + np.asarray(colour, np.float64) * weight
    target[..., 3] = alpha


def write(
    ground: F64,
    text: str,
    colour: Colour,
    em_px: float,
    at_px: tuple[int, int],
    *,
    weight: Weight = "regular",
) -> None:
    """A line of text, from ``at_px``: x of its begin, y of its baseline."""
    coverage, baseline = mask(text, em_px, weight)
    over(ground, coverage / 255, colour, at_px[0], at_px[1] - baseline)


def rounded(width_px: int, height_px: int, radius_px: float) -> F64:
    """Coverage of a box with round corners, (height_px, width_px), 0..1."""
    y = np.abs(np.arange(height_px) + 0.5 - height_px / 2)[:, None] - (height_px / 2 - radius_px)
    x = np.abs(np.arange(width_px) + 0.5 - width_px / 2)[None] - (width_px / 2 - radius_px)
    distance_px = np.hypot(np.maximum(x, 0), np.maximum(y, 0)) - radius_px
    return cast("F64", np.clip(0.5 - distance_px, 0, 1))


def polygons(width_px: int, height_px: int, shapes: Sequence[Sequence[tuple[float, float]]]) -> F64:
    """Coverage of the union of convex polygons, corners in px of the picture, 0..1."""
    k = _OVERSAMPLING
    large = np.zeros((height_px * k, width_px * k), np.uint8)
    for shape in shapes:
        corners = np.rint(np.asarray(shape) * k * 16 - 8).astype(np.int32)
        cv2.fillConvexPoly(large, corners, 255, cv2.LINE_8, 4)  # 4 bits of the corners: 1/16 px
    small = cv2.resize(large, (width_px, height_px), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float64) / 255


def disc(centre_px: tuple[float, float], radius_px: float) -> list[tuple[float, float]]:
    """The corners of a circle, as a polygon for :func:`polygons`."""
    angles = np.linspace(0, 2 * math.pi, 32, endpoint=False)
    x, y = centre_px
    return [(x + radius_px * math.cos(a), y + radius_px * math.sin(a)) for a in angles]


def arrow(
    start_px: tuple[float, float], end_px: tuple[float, float], width_px: float, grow_px: float = 0
) -> list[list[tuple[float, float]]]:
    """Shaft and head of an arrow as polygons; ``grow_px`` larger on every side, for an outline."""
    (x0, y0), (x1, y1) = start_px, end_px
    length_px = max(math.hypot(x1 - x0, y1 - y0), 1e-6)
    ux, uy = (x1 - x0) / length_px, (y1 - y0) / length_px
    head_px = min(2.6 * width_px, 0.75 * length_px)
    half, wing = width_px / 2 + grow_px, 0.62 * head_px + 1.6 * grow_px

    def place(along: float, aside: float) -> tuple[float, float]:
        return x0 + along * ux - aside * uy, y0 + along * uy + aside * ux

    neck = length_px - head_px - grow_px
    shaft_end = length_px - 0.6 * head_px
    tip = length_px + 1.9 * grow_px
    return [
        [place(-grow_px, -half), place(-grow_px, half), place(shaft_end, half),
         place(shaft_end, -half)],
        [place(neck, -wing), place(neck, wing), place(tip, 0)],
    ]  # fmt: skip
