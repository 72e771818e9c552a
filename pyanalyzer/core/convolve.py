"""A layer of a neural network on NumPy arrays."""

from __future__ import annotations

import numpy as np

from pyanalyzer import _core
from pyanalyzer.records import F32

LANES = 16  # output channels that are worked on together: weights are padded to whole groups


def pack_weights(weights: F32) -> F32:
    """Weights (out_channels, in_channels, rows, cols), as PyTorch has them, in the order in which
    :func:`convolve` reads them: float32 (groups, rows, cols, in_channels, LANES)."""
    out, channels, rows, cols = weights.shape
    groups = -(-out // LANES)
    padded = np.zeros((groups * LANES, channels, rows, cols), np.float32)
    padded[:out] = weights
    grouped = padded.reshape(groups, LANES, channels, rows, cols)
    return np.ascontiguousarray(grouped.transpose(0, 3, 4, 2, 1))


def pack_bias(bias: F32) -> F32:
    """A bias (out_channels,), padded with zeros to whole groups."""
    padded = np.zeros(-(-bias.size // LANES) * LANES, np.float32)
    padded[: bias.size] = bias
    return padded


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
    """Convolution, bias, ``residual`` added, and with ``relu`` nothing left below zero.

    ``input``: float32 (images, rows, cols, channels); ``weights``, ``bias``: packed; ``residual``:
    of the result's shape, (images, rows', cols', out_channels). ``padding``: zeros at each side.
    Products are added to the bias one by one with a single rounding each (fused multiply-add), by
    kernel row, kernel column and channel: the same bits for every instruction set and number of
    threads. Raises TypeError or ValueError on other dtypes, shapes or layouts.
    """
    return _core.convolve(
        input,
        weights,
        bias,
        out_channels=out_channels,
        stride=stride,
        dilation=dilation,
        padding=padding,
        residual=residual,
        relu=relu,
        threads=threads,
        isa=isa,
    )
