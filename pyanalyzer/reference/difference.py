"""Residual, block motion and its change on the grid of 8 x 8 px blocks: the definition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import I16, I32, U8, U16, Alignment, BoolGrid, Evidence, Memory
from pyanalyzer.reference.block_motion import BLOCK_PX, block_motion
from pyanalyzer.reference.warp import warp

I64 = npt.NDArray[np.int64]

MIN_PICTURE_PX = 32  # a search window and its displacement must fit in
HALF_PX_Q16 = 1 << 15

# The noise floor, in sums over a block.
BASE = 32  # half a grey level per pixel: the rounding of any codec
TEXTURE_BIAS = 64  # one grey level per pixel: keeps the ratio finite on flat blocks
TEXTURED = 256  # blocks from here on tell the frame's noise per texture
FEW_BLOCKS = 16  # fewer blocks than this tell nothing of the frame
QUARTILE_CAP = 320  # five grey levels per pixel, noise of sigma 4
QUIET_CAP = 480  # what flickers for long must not become invisible
QUIET_STEP = 4  # 1/16, and 1/64 of the level: 100 is learnt in 40 frames
RATIO_CAP = 16  # in 1/64: a motion of 1 px leaves a ratio of about 32


def difference(
    previous: U8,
    current: U8,
    alignment: Alignment,
    memory: Memory,
    *,
    valid: BoolGrid | None = None,
    threads: int = 1,
    isa: str | None = None,
) -> tuple[Evidence, Memory]:
    """See :func:`pyanalyzer.core.difference`."""
    if previous.shape != current.shape:
        raise ValueError("previous and current must have the same size")
    if min(current.shape) < MIN_PICTURE_PX:
        raise ValueError("pictures must be at least 32 px on a side")
    rows, cols = current.shape[0] // BLOCK_PX, current.shape[1] // BLOCK_PX
    aligned, inverse = alignment.aligned, alignment.inverse_q16
    mask = np.ones((rows, cols), bool) if valid is None else valid
    measured = mask & _covered(current.shape, inverse) if aligned else mask
    warped = warp(previous, inverse) if aligned else previous

    now = current.astype(np.int32)
    plain = np.abs(now - previous)
    signed = now - warped
    texture = np.where(mask, _block_sums(_gradients(now)), 0).astype(np.uint16)
    residual = np.where(measured, _block_sums(np.abs(signed)), 0).astype(np.uint16)
    floor = _noise_floor(residual, texture, measured, memory.quiet_q4, aligned)
    match, motion = residual.copy(), np.zeros((rows, cols, 2), np.int16)
    change: I16 = np.zeros((rows, cols, 2), np.int16)
    quiet = memory.quiet_q4.copy()
    if aligned:
        block_motion(
            current,
            warped,
            measured=measured,
            residual=residual,
            floor=floor,
            match=match,
            motion_q4=motion,
        )
        change = _motion_change(motion, memory.motion_q4, measured, inverse)
        quiet = _learnt(quiet, match, measured)
    evidence = Evidence(
        mean=np.where(mask, (_block_sums(now) + 32) >> 6, 0).astype(np.uint8),
        texture=texture,
        difference=np.where(mask, _block_sums(plain), 0).astype(np.uint16),
        residual=residual,
        signed=np.where(measured, _block_sums(signed), 0).astype(np.int16),
        match=match,
        motion_q4=motion,
        motion_change_q4=change,
        noise_floor=floor,
    )
    return evidence, Memory(motion.copy(), quiet)


def _block_sums(values: I32) -> I32:
    rows, cols = values.shape[0] // BLOCK_PX, values.shape[1] // BLOCK_PX
    blocks = values[: rows * BLOCK_PX, : cols * BLOCK_PX].reshape(rows, BLOCK_PX, cols, BLOCK_PX)
    sums: I32 = blocks.sum(axis=(1, 3), dtype=np.int32)
    return sums


def _gradients(picture: I32) -> I32:
    """|right neighbour - pixel| + |lower neighbour - pixel|; none beyond the border."""
    out = np.zeros_like(picture)
    out[:, :-1] += np.abs(np.diff(picture, axis=1))
    out[:-1, :] += np.abs(np.diff(picture, axis=0))
    return out


def _covered(shape: tuple[int, ...], inverse: tuple[int, int, int, int]) -> BoolGrid:
    """Blocks whose four corners come from inside the previous picture, up to half a pixel."""
    height, width = shape
    a, b, tx, ty = inverse
    covered = np.ones((height // BLOCK_PX, width // BLOCK_PX), bool)
    for y in (0, BLOCK_PX - 1):
        for x in (0, BLOCK_PX - 1):
            xs, ys = _corner_grid(covered.shape, x, y)
            x_prev, y_prev = a * xs - b * ys + tx, b * xs + a * ys + ty
            covered &= (x_prev >= -HALF_PX_Q16) & (x_prev <= ((width - 1) << 16) + HALF_PX_Q16)
            covered &= (y_prev >= -HALF_PX_Q16) & (y_prev <= ((height - 1) << 16) + HALF_PX_Q16)
    return covered


def _corner_grid(grid: tuple[int, ...], x: int, y: int) -> tuple[I64, I64]:
    xs = np.arange(grid[1], dtype=np.int64)[np.newaxis, :] * BLOCK_PX + x
    ys = np.arange(grid[0], dtype=np.int64)[:, np.newaxis] * BLOCK_PX + y
    return xs, ys


def _noise_floor(
    residual: U16, texture: U16, measured: BoolGrid, quiet_q4: I32, aligned: bool
) -> U16:
    """What the block's own past and this frame alone explain, the larger one."""
    r, t = residual.astype(np.int32), texture.astype(np.int32)
    frame = _frame_noise(r, t, measured) if aligned else np.zeros_like(r)
    floor = np.where(measured, BASE + np.maximum(frame, (quiet_q4 + 8) >> 4), 0)
    return floor.astype(np.uint16)


def _learnt(quiet_q4: I32, match: U16, measured: BoolGrid) -> I32:
    """One step of each block's running upper quartile of what its own motion leaves over.

    Up by three steps, down by one, so that it settles where one value in four is above it; steps
    grow with the level, and never pass the value.
    """
    left = np.minimum(match.astype(np.int32), QUIET_CAP) * 16
    step = QUIET_STEP + (quiet_q4 >> 6)
    up, down = np.minimum(quiet_q4 + 3 * step, left), np.maximum(quiet_q4 - step, left)
    learnt: I32 = np.where(measured, np.where(left > quiet_q4, up, down), quiet_q4)
    return learnt


def _frame_noise(residual: I32, texture: I32, measured: BoolGrid) -> I32:
    """What noise explains in this frame alone: a new intra picture or a noisy sensor raises it.

    The lower quartile over all blocks, and per texture (in 1/64) the median over the textured ones.
    """
    level = _quartile(np.minimum(residual[measured], QUARTILE_CAP), 1)
    chosen = measured & (texture >= TEXTURED)
    ratios = residual[chosen] * 64 // (texture[chosen] + TEXTURE_BIAS)
    ratio = _quartile(np.minimum(ratios, RATIO_CAP), 2)
    noise: I32 = np.maximum(level, ratio * (texture + TEXTURE_BIAS) // 64)
    return noise


def _quartile(values: I32, share: int) -> int:
    """The smallest value that at least share quarters of the values do not exceed; 0 for a few."""
    count = len(values)
    if count < FEW_BLOCKS:
        return 0
    return int(np.sort(values)[(share * count + 3) // 4 - 1])


def _motion_change(
    motion: I16, before: I16, measured: BoolGrid, inverse: tuple[int, int, int, int]
) -> I16:
    """Motion minus the motion one frame before, at the block where the content came from."""
    rows, cols = measured.shape
    a, b, tx, ty = inverse
    x_q4 = np.arange(cols, dtype=np.int64)[np.newaxis, :] * 128 + 56 - motion[:, :, 0]
    y_q4 = np.arange(rows, dtype=np.int64)[:, np.newaxis] * 128 + 56 - motion[:, :, 1]
    # In 1/2^20 px, plus half a pixel, over eight pixels per block.
    col = (a * x_q4 - b * y_q4 + 16 * tx + (1 << 19)) >> 23
    row = (b * x_q4 + a * y_q4 + 16 * ty + (1 << 19)) >> 23
    inside = measured & (col >= 0) & (col < cols) & (row >= 0) & (row < rows)
    came_from = before[np.clip(row, 0, rows - 1), np.clip(col, 0, cols - 1)]
    change: I16 = np.where(inside[:, :, np.newaxis], motion - came_from, 0).astype(np.int16)
    return change
