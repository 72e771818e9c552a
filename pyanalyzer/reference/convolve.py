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
    out: F32 | None = None,
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
    return _finished(sums[..., :out_channels], residual, relu=relu, out=out)


def _finished(sums: F32, residual: F32 | None, *, relu: bool, out: F32 | None) -> F32:
    result = sums if residual is None else sums + residual
    if relu:
        result = np.where(result > 0, result, np.float32(0))
    if out is None:
        return np.ascontiguousarray(result)
    out[:] = result
    return out


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
    """See :func:`pyanalyzer.core.convolve_3x3`; rounded as in :func:`convolve`."""
    if shift:
        input = _shifted(input, shift, before, after)
    images, rows, cols, _ = input.shape
    (down, across), (top, left) = dilation, padding
    out_rows, out_cols = rows + 2 * top - 2 * down, cols + 2 * left - 2 * across
    bottom, right = (-(-n // d) * d + 6 * d for n, d in ((out_rows, down), (out_cols, across)))
    wide = np.pad(input, ((0, 0), (top, top + bottom), (left, left + right), (0, 0)))
    sums = np.empty((images, out_rows, out_cols, weights.shape[1] * weights.shape[3]), np.float32)
    for y in range(down):
        for x in range(across):
            phase = sums[:, y::down, x::across]
            if phase.size:
                phase[:] = _phase_3x3(wide[:, y::down, x::across], weights, *phase.shape[1:3])
    return _finished((sums + bias)[..., :out_channels], residual, relu=relu, out=out)


def _shifted(input: F32, shift: int, before: F32 | None, after: F32 | None) -> F32:
    """The first ``shift`` channels of the next image, as many more of the one before."""
    out: F32 = input.copy()
    for channels, around, step in ((slice(shift), after, 1), (slice(shift, 2 * shift), before, -1)):
        edge = np.zeros_like(input[0]) if around is None else around
        out[..., channels] = np.roll(input, -step, axis=0)[..., channels]
        out[-1 if step == 1 else 0, ..., channels] = edge[..., channels]
    return out


def _phase_3x3(picture: F32, weights: F32, rows: int, cols: int) -> F32:
    """Every ``dilation``-th row and column: four by four outputs from six by six inputs."""
    down, across = -(-rows // 4), -(-cols // 4)
    squares = np.stack(
        [
            [picture[:, y : y + 4 * down : 4, x : x + 4 * across : 4] for x in range(6)]
            for y in range(6)
        ]
    )  # (6, 6, images, down, across, channels)
    points = np.swapaxes(_to_points(np.swapaxes(_to_points(squares), 0, 1)), 0, 1)
    points = points.reshape(36, *points.shape[2:])
    sums = np.zeros((*points.shape[:4], weights.shape[1] * weights.shape[3]), np.float32)
    for c in range(points.shape[4]):
        kernel = weights[:, :, c].reshape(36, 1, 1, 1, -1).astype(np.float64)
        sums = (sums + points[..., c, None].astype(np.float64) * kernel).astype(np.float32)
    sums = sums.reshape(6, 6, *sums.shape[1:])
    values = np.swapaxes(_from_points(np.swapaxes(_from_points(sums), 0, 1)), 0, 1)
    spread = values.transpose(2, 3, 0, 4, 1, 5)  # (images, down, 4, across, 4, channels)
    whole: F32 = spread.reshape(len(picture), 4 * down, 4 * across, -1)
    return whole[:, :rows, :cols]


def _to_points(d: F32) -> F32:
    """B^T d of Lavin and Gray (2016) along the first axis, 6 to 6, in this order of operations."""
    two, four, five = (np.float32(n) for n in (2, 4, 5))
    a, b = d[4] - four * d[2], d[3] - four * d[1]
    c, e = d[4] - d[2], two * (d[3] - d[1])
    first = (four * d[0] - five * d[2]) + d[4]
    last = (four * d[1] - five * d[3]) + d[5]
    return np.stack([first, a + b, a - b, c + e, c - e, last])


def _from_points(m: F32) -> F32:
    """A^T m along the first axis, 6 to 4."""
    two, four, eight = (np.float32(n) for n in (2, 4, 8))
    s, d = m[1] + m[2], m[1] - m[2]
    t, e = m[3] + m[4], m[3] - m[4]
    return np.stack([(m[0] + s) + t, d + two * e, s + four * t, (d + eight * e) + m[5]])
