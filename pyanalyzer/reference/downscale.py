"""Box downscaling: the definition."""

from __future__ import annotations

import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.reference.expand import expand_limited_range


def downscale(
    luma: U8,
    factor: int,
    *,
    limited_range: bool = False,
    threads: int = 1,
    isa: str | None = None,
) -> U8:
    """See :func:`pyanalyzer.core.downscale`."""
    if limited_range:
        luma = expand_limited_range(luma)
    if not 1 <= factor <= 16:
        raise ValueError("factor must be 1..16")
    height, width = luma.shape[0] // factor, luma.shape[1] // factor
    if height < 1 or width < 1:
        raise ValueError("luma is smaller than factor")
    boxes = luma[: height * factor, : width * factor].reshape(height, factor, width, factor)
    sums = boxes.sum(axis=(1, 3), dtype=np.uint32)
    area = factor * factor
    means: U8 = ((sums + area // 2) // area).astype(np.uint8)
    return means
