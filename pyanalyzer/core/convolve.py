"""A layer of a neural network on NumPy arrays."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

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
    return _on_lines(grouped.transpose(0, 3, 4, 2, 1))


def empty_on_lines(*shape: int) -> F32:
    """An array that begins where a line of the cache begins: LANES values are then one line, and
    moved at once."""
    size, line = math.prod(shape), LANES * 4
    room = np.empty(size + LANES, np.float32)
    begin = -room.ctypes.data % line // 4
    return room[begin : begin + size].reshape(shape)


def _on_lines(weights: npt.NDArray[np.floating]) -> F32:
    out = empty_on_lines(*weights.shape)
    out[:] = weights
    return out


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
    out: F32 | None = None,
    threads: int = 1,
    isa: str | None = None,
) -> F32:
    """Convolution, bias, ``residual`` added, and with ``relu`` nothing left below zero.

    ``input``: float32 (images, rows, cols, channels); ``weights``, ``bias``: packed; ``residual``:
    of the result's shape, (images, rows', cols', out_channels). ``padding``: zeros at each side.
    The result is written to ``out``, where there is one: float32 of its shape, C-contiguous or some
    neighbouring channels of what is; it shares no memory with ``input``, but may be ``residual``.

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
        out=out,
        threads=threads,
        isa=isa,
    )


# G of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016), F(4, 3).
_KERNEL_TO_POINTS = np.array(
    [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ]
)


def pack_weights_3x3(weights: F32) -> F32:
    """Weights (out_channels, in_channels, 3, 3) at the 36 points of Winograd's minimal filtering,
    in the order in which :func:`convolve_3x3` reads them: float32 (36, groups, in_channels, LANES).

    Raises ValueError on kernels of another size.
    """
    out, channels, *kernel = weights.shape
    if kernel != [3, 3]:
        raise ValueError(f"weights must have kernels of 3 x 3 cells, not {kernel}")
    groups = -(-out // LANES)
    points = np.zeros((groups * LANES, channels, 6, 6), np.float64)
    points[:out] = _KERNEL_TO_POINTS @ weights.astype(np.float64) @ _KERNEL_TO_POINTS.T
    grouped = points.reshape(groups, LANES, channels, 36).transpose(3, 0, 2, 1)
    return _on_lines(grouped)


def convolve_3x3(
    input: F32,
    weights: F32,
    bias: F32,
    *,
    out_channels: int,
    dilation: tuple[int, int] = (1, 1),
    padding: tuple[int, int] = (0, 0),
    residual: F32 | None = None,
    relu: bool = False,
    shift: int = 0,
    before: F32 | None = None,
    after: F32 | None = None,
    out: F32 | None = None,
    threads: int = 1,
    isa: str | None = None,
) -> F32:
    """:func:`convolve` of 3 x 3 cells and stride 1 with a quarter of the multiplications, by
    Winograd's minimal filtering, F(4 x 4, 3 x 3) of Lavin and Gray (2016).

    ``weights``: from :func:`pack_weights_3x3`; all else as in :func:`convolve`, whose results it
    gives but for rounding (some 1e-6 of the largest). Same bits for every instruction set and
    number of threads. Raises TypeError or ValueError on other dtypes, shapes or layouts.

    ``shift``: images follow one another in time, and the first ``shift`` channels of each are read
    from the next one, as many after them from the one before. ``before``, ``after``: (rows, cols,
    channels), the images around all others; zeros where there is None. Raises ValueError where
    ``shift`` is less than nothing or more than half of the channels.
    """
    return _core.convolve_3x3(
        input,
        weights,
        bias,
        out_channels=out_channels,
        dilation=dilation,
        padding=padding,
        residual=residual,
        relu=relu,
        shift=shift,
        before=before,
        after=after,
        out=out,
        threads=threads,
        isa=isa,
    )
