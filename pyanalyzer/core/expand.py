"""Limited-range luma to full range."""

from __future__ import annotations

from pyanalyzer import _core
from pyanalyzer.records import U8


def expand_limited_range(luma: U8, *, isa: str | None = None) -> U8:
    """``round(255 * (v - 16) / 219)``, clipped to 0..255, of every pixel; on one thread.

    ``luma``: uint8 (height, width), any row stride; black is 16 and white 235 (ITU-R BT.601-7
    table 3, BT.709-6 table 3.3). Returns uint8 of the same shape. Raises TypeError or ValueError
    on anything else.
    """
    return _core.expand_limited_range(luma, isa=isa)
