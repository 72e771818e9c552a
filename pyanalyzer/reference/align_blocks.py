"""What align measures on 8 x 8 blocks of the current picture and the warped previous one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import U8, BoolGrid
from pyanalyzer.reference.align_model import Model, quantize
from pyanalyzer.reference.warp import warp

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Level = tuple[U8, U8, BoolGrid]  # previous, current, and the blocks that may be looked at

BLOCK_PX = 8
# Energies below are 64-fold sums over 64 px, of gradients of both pictures together (4-fold).
# A texture that only just stands out of compression noise (a gradient of about 1.7 per px).
FLAT_TEXTURE = 200_000.0
# Noise with a standard deviation of about 1.5 has this much texture; less carries no weight.
NOISE_TEXTURE = 100_000.0
# Sources closer than this to the border of the previous picture are not looked at.
MARGIN_PX = 3.0


class BlockSums(NamedTuple):
    """Covariances within each block, (rows, cols), 64-fold: G is the gradient, e the difference."""

    xx: F64
    xy: F64
    yy: F64
    xe: F64
    ye: F64
    ee: F64


def sequential_sum(values: F64) -> float:
    """The sum in row-major order, one addition after the other."""
    return float(np.cumsum(values)[-1]) if values.size else 0.0


def block_sums(current: U8, warped: U8) -> BlockSums:
    """Covariances of gradient and difference within each block; a block's own bias drops out.

    The gradient is the central difference of ``current + warped`` (the mean of both pictures'
    gradients, as in efficient second-order minimisation, Benhimane and Malis 2004), the border
    repeated; the difference is ``current - warped``. The sums are exact integers.
    """
    height, width = current.shape
    rows, cols = height // BLOCK_PX, width // BLOCK_PX
    both = np.pad(current.astype(np.int32) + warped, 1, mode="edge")
    gx = both[1:-1, 2:] - both[1:-1, :-2]
    gy = both[2:, 1:-1] - both[:-2, 1:-1]
    e = current.astype(np.int32) - warped

    def total(values: npt.NDArray[np.int32]) -> I64:
        whole = values[: rows * BLOCK_PX, : cols * BLOCK_PX]
        blocks = whole.reshape(rows, BLOCK_PX, cols, BLOCK_PX)
        sums: I64 = blocks.sum(axis=(1, 3), dtype=np.int64)
        return sums

    x, y, d = total(gx), total(gy), total(e)

    def covariance(first: I64, second: I64, products: npt.NDArray[np.int32]) -> F64:
        return (64 * total(products) - first * second).astype(np.float64)

    return BlockSums(
        covariance(x, x, gx * gx),
        covariance(x, y, gx * gy),
        covariance(y, y, gy * gy),
        covariance(x, d, gx * e),
        covariance(y, d, gy * e),
        covariance(d, d, e * e),
    )


def block_centres(rows: int, cols: int) -> tuple[F64, F64]:
    """(x, y) of the centres, as (1, cols) and (rows, 1)."""
    x = np.arange(cols, dtype=np.float64) * 8.0 + 3.5
    y = np.arange(rows, dtype=np.float64) * 8.0 + 3.5
    return x[np.newaxis, :], y[:, np.newaxis]


def usable_blocks(model: Model, height: int, width: int, valid: BoolGrid) -> BoolGrid:
    """Blocks that may be looked at and whose source lies inside, in a block that may be too."""
    rows, cols = valid.shape
    x, y = block_centres(rows, cols)
    a, b, tx, ty = model
    xs = a * x - b * y + tx
    ys = b * x + a * y + ty
    inside = (
        (xs >= MARGIN_PX)
        & (xs <= width - 1 - MARGIN_PX)
        & (ys >= MARGIN_PX)
        & (ys <= height - 1 - MARGIN_PX)
    )
    source_cols = np.clip(np.where(inside, xs, 0.0) / 8.0, 0, cols - 1).astype(np.int64)
    source_rows = np.clip(np.where(inside, ys, 0.0) / 8.0, 0, rows - 1).astype(np.int64)
    usable: BoolGrid = inside & valid & valid[source_rows, source_cols]
    return usable


class Measured(NamedTuple):
    """One look at a pair of pictures through a model."""

    sums: BlockSums
    usable: BoolGrid
    weight: F64  # 0..1, how much a block's texture stands out of noise; 0 where not valid
    misfit: F64  # residual over texture: about (displacement in px)^2 / 32, plus noise


def measure(level: Level, model: Model) -> Measured:
    """Warps the previous picture and measures every block."""
    previous, current, valid = level
    height, width = current.shape
    sums = block_sums(current, warp(previous, quantize(model)))
    texture = sums.xx + sums.yy
    weight = np.where(
        valid & (texture > NOISE_TEXTURE),
        (texture - NOISE_TEXTURE) / (texture + NOISE_TEXTURE),
        0.0,
    )
    misfit = sums.ee / (FLAT_TEXTURE + texture)
    return Measured(sums, usable_blocks(model, height, width, valid), weight, misfit)
