"""Ways to show a game's picture in a video: sizes, sharp or smooth, with or without black bars."""

from __future__ import annotations

import math
from fractions import Fraction

from pyanalyzer.records import Region
from pyanalyzer.simulate.encode import Layout, full

HEIGHTS_PX = (240, 512)  # small pictures are enlarged into this range
WIDE_PX = (854, 480)


def enlarged(width_px: int, height_px: int) -> tuple[Layout, ...]:
    """A small picture with sharp pixels at every fitting multiple, smooth, and in a wide frame."""
    low, high = HEIGHTS_PX
    factors = range(math.ceil(low / height_px), max(high // height_px, 1) + 1)
    sharp = [full(k * width_px, k * height_px) for k in factors]
    smooth = full(sharp[-1].width_px, sharp[-1].height_px, smooth=True)
    return (*sharp, smooth, framed(width_px, height_px, *WIDE_PX))


def shrunk(width_px: int, height_px: int) -> tuple[Layout, ...]:
    """A large picture at its own size, at three quarters and at half, and in a wide frame."""
    sizes = [(_even(width_px * k / 4), _even(height_px * k / 4)) for k in (4, 3, 2)]
    return (
        *(full(w, h, smooth=True) for w, h in sizes),
        framed(width_px, height_px, *WIDE_PX),
    )


def framed(width_px: int, height_px: int, outer_width_px: int, outer_height_px: int) -> Layout:
    """The largest box of the picture's shape in the middle of a larger, black picture."""
    scale = min(Fraction(outer_width_px, width_px), Fraction(outer_height_px, height_px))
    w, h = _even(width_px * scale), _even(height_px * scale)
    x, y = _even((outer_width_px - w) / 2), _even((outer_height_px - h) / 2)
    return Layout(outer_width_px, outer_height_px, Region(x, y, w, h), smooth=True)


def _even(length: Fraction | float) -> int:
    return int(length // 2) * 2
