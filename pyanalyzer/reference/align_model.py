"""Similarities as align computes them: from the current picture to the previous one, in doubles.

A model is ``(a, b, tx, ty)``: ``x_prev = a*x - b*y + tx``, ``y_prev = b*x + a*y + ty`` in px of one
pyramid level. Every function is a fixed sequence of + - * /, so that C++ gives the same bits.
"""

from __future__ import annotations

import math

Model = tuple[float, float, float, float]
Q16 = tuple[int, int, int, int]

IDENTITY: Model = (1.0, 0.0, 0.0, 0.0)
IDENTITY_Q16: Q16 = (65536, 0, 0, 0)
# A model beyond these is not believed: consecutive frames do not zoom or turn that much.
MAX_LINEAR_CHANGE = 0.3


def quantize(model: Model) -> Q16:
    """The model in 1/65536, rounded to nearest (halves up)."""
    a, b, tx, ty = (math.floor(value * 65536.0 + 0.5) for value in model)
    return a, b, tx, ty


def to_coarser(model: Model) -> Model:
    """The same motion at half the size; the centre of a coarse pixel lies at (2x + 0.5)."""
    a, b, tx, ty = model
    return a, b, (tx - 0.5 + 0.5 * (a - b)) / 2.0, (ty - 0.5 + 0.5 * (a + b)) / 2.0


def to_finer(model: Model) -> Model:
    """The inverse of :func:`to_coarser`."""
    a, b, tx, ty = model
    return a, b, 2.0 * tx + 0.5 - 0.5 * (a - b), 2.0 * ty + 0.5 - 0.5 * (a + b)


def plausible(model: Model, height: int, width: int) -> bool:
    """Near the identity, and not shifted by more than the picture (nor NaN)."""
    a, b, tx, ty = model
    return (
        abs(a - 1.0) <= MAX_LINEAR_CHANGE
        and abs(b) <= MAX_LINEAR_CHANGE
        and abs(tx) <= width + height
        and abs(ty) <= width + height
    )


def corner_distance_px(first: Model, second: Model, height: int, width: int) -> float:
    """The largest difference along one axis between two models over the picture's corners."""
    a, b, tx, ty = (f - s for f, s in zip(first, second, strict=True))
    distance = 0.0
    for x, y in (
        (0.0, 0.0),
        (float(width), 0.0),
        (0.0, float(height)),
        (float(width), float(height)),
    ):
        distance = max(distance, abs(a * x - b * y + tx), abs(b * x + a * y + ty))
    return distance
