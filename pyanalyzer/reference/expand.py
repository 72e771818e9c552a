"""Limited-range luma to full range: the definition."""

from __future__ import annotations

import numpy as np

from pyanalyzer.records import U8

_STEPS = np.clip(np.arange(256) - 16, 0, 219)
# 255 * x / 219 is never halfway between two whole numbers.
_FULL_OF_LIMITED: U8 = ((2 * 255 * _STEPS + 219) // (2 * 219)).astype(np.uint8)


def expand_limited_range(luma: U8, *, isa: str | None = None) -> U8:
    """See :func:`pyanalyzer.core.expand_limited_range`."""
    return _FULL_OF_LIMITED[luma]
