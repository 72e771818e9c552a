"""Box downscaling of a luma plane."""

from __future__ import annotations

from pyanalyzer import _core
from pyanalyzer.records import U8


def downscale(
    luma: U8,
    factor: int,
    *,
    limited_range: bool = False,
    threads: int = 1,
    isa: str | None = None,
) -> U8:
    """Averages ``factor`` x ``factor`` pixels, rounded to nearest (halves up).

    ``luma``: uint8 (height, width), any row stride. Returns uint8 (height // factor,
    width // factor); pixels left over at the right and the bottom are not looked at.
    ``factor``: 1..16. ``limited_range``: averages what :func:`expand_limited_range` makes of the
    plane, without a copy of that size. Raises TypeError or ValueError on anything else.
    """
    return _core.downscale(luma, factor, limited_range=limited_range, threads=threads, isa=isa)
