"""Maps of blocks as vectors: the definition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pyanalyzer.records import F32, U8


def block_vectors(
    maps: U8, *, first_signed: int, mirrored: bool = False, turned: Sequence[int] = ()
) -> F32:
    """See :func:`pyanalyzer.core.block_vectors`."""
    images, channels, rows, cols = maps.shape
    seen = maps.astype(np.int32)
    if mirrored:
        seen = seen[..., ::-1].copy()
        seen[:, list(turned)] = np.minimum(256 - seen[:, list(turned)], 255)
    seen[:, first_signed:] -= 128
    out = np.empty((images, rows, cols, channels + 2), np.float32)
    out[..., :channels] = np.moveaxis(seen.astype(np.float32) / 32, 1, -1)
    out[..., channels] = np.linspace(-1, 1, rows, dtype=np.float32)[:, np.newaxis]
    out[..., channels + 1] = np.linspace(-1, 1, cols, dtype=np.float32)
    return out
