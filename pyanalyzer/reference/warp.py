"""Fixed-point bilinear warp: the definition."""

from __future__ import annotations

import numpy as np

from pyanalyzer.records import U8

MAX_LINEAR_Q16 = 1 << 24  # 256-fold scale
MAX_SHIFT_Q16 = 1 << 40  # 2**24 px


def warp(
    previous: U8,
    inverse_q16: tuple[int, int, int, int],
    *,
    threads: int = 1,
    isa: str | None = None,
) -> U8:
    """See :func:`pyanalyzer.core.warp`."""
    a, b, tx, ty = (int(value) for value in inverse_q16)
    if max(abs(a), abs(b)) > MAX_LINEAR_Q16 or max(abs(tx), abs(ty)) > MAX_SHIFT_Q16:
        raise ValueError("inverse_q16 is beyond 256-fold scale or 2^24 px of shift")
    height, width = previous.shape
    x = np.arange(width, dtype=np.int64)[np.newaxis, :]
    y = np.arange(height, dtype=np.int64)[:, np.newaxis]
    xs = np.clip(a * x - b * y + tx, 0, (width - 1) << 16)
    ys = np.clip(b * x + a * y + ty, 0, (height - 1) << 16)
    x0, y0 = xs >> 16, ys >> 16
    fx, fy = (xs >> 8) & 255, (ys >> 8) & 255
    x1, y1 = np.minimum(x0 + 1, width - 1), np.minimum(y0 + 1, height - 1)
    pixels = previous.astype(np.int64)
    upper = pixels[y0, x0] * (256 - fx) + pixels[y0, x1] * fx
    lower = pixels[y1, x0] * (256 - fx) + pixels[y1, x1] * fx
    out: U8 = ((upper * (256 - fy) + lower * fy + 32768) >> 16).astype(np.uint8)
    return out
