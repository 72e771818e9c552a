"""A layer of a neural network: the definition of :func:`pyanalyzer.core.convolve`."""

from __future__ import annotations

import numpy as np

from pyanalyzer.records import F32


def convolve(
    input: F32,
    weights: F32,
    bias: F32,
    *,
    out_channels: int,
    stride: int = 1,
    dilation: tuple[int, int] = (1, 1),
    padding: tuple[int, int] = (0, 0),
    residual: F32 | None = None,
    relu: bool = False,
    threads: int = 1,
    isa: str | None = None,
) -> F32:
    """See :func:`pyanalyzer.core.convolve`.

    A product of two float32 is exact in float64; with the sum so far added and rounded to float32
    it is what a fused multiply-add gives, but for one case in 2 ** 29 that is rounded twice.
    """
    _, rows, cols, channels = input.shape
    groups, kernel_rows, kernel_cols, _, lanes = weights.shape
    (down, across), (top, left) = dilation, padding
    wide = np.pad(input, ((0, 0), (top, top), (left, left), (0, 0)))
    out_rows = (rows + 2 * top - down * (kernel_rows - 1) - 1) // stride + 1
    out_cols = (cols + 2 * left - across * (kernel_cols - 1) - 1) // stride + 1
    size = len(input), out_rows, out_cols, groups * lanes
    sums = np.broadcast_to(bias, size).astype(np.float32)
    for y in range(kernel_rows):
        for x in range(kernel_cols):
            seen = wide[
                :,
                y * down : y * down + stride * (out_rows - 1) + 1 : stride,
                x * across : x * across + stride * (out_cols - 1) + 1 : stride,
            ].astype(np.float64)
            for c in range(channels):
                product = seen[..., c, None] * weights[:, y, x, c].reshape(-1).astype(np.float64)
                sums = (sums + product).astype(np.float32)
    out = sums[..., :out_channels]
    if residual is not None:
        out = out + residual
    result: F32 = np.where(out > 0, out, np.float32(0)) if relu else np.ascontiguousarray(out)
    return result
