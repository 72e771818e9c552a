"""Dense flow by inverse search from coarse to fine, in integers: the definition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import U8, BoolGrid, Flow
from pyanalyzer.reference.downscale import downscale

I64 = npt.NDArray[np.int64]

BLOCK_PX = 8
MIN_PICTURE_PX = 32
PATCH_PX = 8
STEP_PX = 4  # between patches: a block of the halved picture
PADDING_PX = 16  # how far a patch may look beyond the picture
CLOSE_Q8 = 256  # 1 px: from so near the search arrives at the same vector
COARSEST_PX = 12  # smaller pictures than this on a side say nothing
ITERATIONS = 6  # by then most patches have settled within 1/256 px
STEP_LIMIT_Q8 = 512  # 2 px: farther the gradient is not to be trusted
# Added to both squared gradients: four levels a pixel, what coding leaves of a plain wall. Where
# there is less, the coarser level's answer stays.
DAMPING = 2048


@dataclass(frozen=True, slots=True, eq=False)
class _Field:
    """For every patch of a level, (rows, cols, ...): vector in 1/256 px, difference, weight."""

    vectors: I64
    unlike: I64
    weights: I64


def flow(
    previous: U8,
    current: U8,
    *,
    valid: BoolGrid | None = None,
    threads: int = 1,
    isa: str | None = None,
) -> Flow:
    """See :func:`pyanalyzer.core.flow`."""
    if previous.shape != current.shape:
        raise ValueError("previous and current must have the same size")
    if min(current.shape) < MIN_PICTURE_PX:
        raise ValueError("pictures must be at least 32 px on a side")
    levels = _pyramid(previous, current, valid)
    grid = current.shape[0] // BLOCK_PX, current.shape[1] // BLOCK_PX
    vectors: I64 | None = None
    for i, (before, now) in reversed(list(enumerate(levels))):
        rows, cols = grid if i == 0 else (now.shape[0] // STEP_PX, now.shape[1] // STEP_PX)
        field = _fit(before, now, _starts(vectors, rows, cols))
        vectors = _smoothed(field)
    assert vectors is not None
    seen = np.ones(grid, bool) if valid is None else valid
    # From where it was to where it went, and from the halved picture to the whole.
    moved = np.clip(-2 * vectors, -32767, 32767) * seen[:, :, np.newaxis]
    match = np.minimum(field.unlike >> 8, 65535) * seen
    return Flow(moved.astype(np.int16), match.astype(np.uint16))


def _pyramid(previous: U8, current: U8, valid: BoolGrid | None) -> list[tuple[U8, U8]]:
    levels: list[tuple[U8, U8]] = []
    while not levels or min(current.shape) >= 2 * COARSEST_PX:
        previous, current = downscale(previous, 2), downscale(current, 2)
        if not levels and valid is not None:
            # What is not to be looked at becomes grey. Pixels beyond the last block belong to it.
            row = np.minimum(np.arange(current.shape[0]) // STEP_PX, valid.shape[0] - 1)
            col = np.minimum(np.arange(current.shape[1]) // STEP_PX, valid.shape[1] - 1)
            seen = valid[row][:, col]
            grey = np.uint8(128)
            previous, current = np.where(seen, previous, grey), np.where(seen, current, grey)
        levels.append((previous, current))
    return levels


def _starts(coarser: I64 | None, rows: int, cols: int) -> I64:
    """Where each patch may have been: as the coarser patch that it lies in, or as one of the four
    around that, if it says something else; on the coarsest level only where it is now. (starts,
    rows, cols, 2)."""
    if coarser is None:
        return np.zeros((1, rows, cols, 2), np.int64)
    row = np.minimum(np.arange(rows) // 2, coarser.shape[0] - 1)
    col = np.minimum(np.arange(cols) // 2, coarser.shape[1] - 1)
    starts = [
        coarser[np.clip(row + j, 0, coarser.shape[0] - 1)][
            :, np.clip(col + i, 0, coarser.shape[1] - 1)
        ]
        for j, i in ((0, 0), (-1, 0), (0, -1), (0, 1), (1, 0))
    ]
    vectors = 2 * np.stack(starts)
    close = np.abs(vectors - vectors[0]).max(axis=-1, keepdims=True) < CLOSE_Q8
    return np.where(close, vectors[0], vectors)


def _fit(before: U8, now: U8, starts: I64) -> _Field:
    """Finds where the patches of ``now`` were in ``before``; ``starts``: (n, rows, cols, 2). Begins
    at the one along which the patch looks most alike, the first of equals."""
    rows, cols = starts.shape[1:3]
    height, width = now.shape
    y, x = (
        corner.ravel()
        for corner in np.meshgrid(
            np.clip(np.arange(rows) * STEP_PX - 2, 0, height - PATCH_PX),
            np.clip(np.arange(cols) * STEP_PX - 2, 0, width - PATCH_PX),
            indexing="ij",
        )
    )
    edge = np.pad(now.astype(np.int64), 1, mode="edge")
    here = _patches(edge, x + 1, y + 1)
    gx = _patches(edge, x + 2, y + 1) - _patches(edge, x, y + 1)
    gy = _patches(edge, x + 1, y + 2) - _patches(edge, x + 1, y)
    sum_x, sum_y = gx.sum(axis=1), gy.sum(axis=1)
    xx = (gx * gx).sum(axis=1) - _centred(sum_x, sum_x)
    xy = (gx * gy).sum(axis=1) - _centred(sum_x, sum_y)
    yy = (gy * gy).sum(axis=1) - _centred(sum_y, sum_y)
    a, c = xx + DAMPING, yy + DAMPING
    determinant = a * c - xy * xy
    padded = np.pad(before.astype(np.int64), PADDING_PX, mode="edge")
    # Outside its limits no start is of use.
    begins = np.stack([_limited(start.reshape(-1, 2), x, y, before.shape) for start in starts])
    unlikes = np.stack([_unlike(_interpolated(padded, x, y, v) - 16 * here) for v in begins])
    v: I64 = begins[unlikes.argmin(axis=0), np.arange(len(x))]
    best: I64 = v
    least: I64 = np.full(len(v), np.iinfo(np.int64).max)
    for i in range(ITERATIONS + 1):
        d = _interpolated(padded, x, y, v) - 16 * here
        sum_d = d.sum(axis=1)
        unlike = (d * d).sum(axis=1) - _centred(sum_d, sum_d)
        better = unlike < least
        best, least = np.where(better[:, np.newaxis], v, best), np.where(better, unlike, least)
        if i == ITERATIONS:
            break
        p = (d * gx).sum(axis=1) - _centred(sum_x, sum_d)
        q = (d * gy).sum(axis=1) - _centred(sum_y, sum_d)
        # Twice the gradient and 16 times the difference make it 8 times too large, in px; so
        # 32 times makes 1/256 px.
        steps = np.stack([c * p - xy * q, a * q - xy * p], axis=1)
        steps = _rounded_quotient(32 * steps, determinant[:, np.newaxis])
        v = _limited(v - np.clip(steps, -STEP_LIMIT_Q8, STEP_LIMIT_Q8), x, y, before.shape)
    # 1 to 4097 by likeness, times 1 to 15 by texture.
    texture = xx + yy
    weights = (1 + 65536 // (16 + (least >> 10))) * (1 + texture * 15 // (texture + 4 * DAMPING))
    return _Field(
        best.reshape(rows, cols, 2), least.reshape(rows, cols), weights.reshape(rows, cols)
    )


def _centred(a: I64, b: I64) -> I64:
    return (a * b) >> 6


def _patches(picture: I64, x: I64, y: I64) -> I64:
    """Copies of the patches whose upper left corners are (x, y): (n, 64)."""
    steps = np.arange(PATCH_PX)
    rows = (y[:, np.newaxis] + steps)[:, :, np.newaxis]
    flat: I64 = picture[rows, (x[:, np.newaxis] + steps)[:, np.newaxis, :]].reshape(len(x), -1)
    return flat


def _interpolated(padded: I64, x: I64, y: I64, v: I64) -> I64:
    """Patches at (x, y) + v, bilinear, in 1/16 level: (n, 64)."""
    left, top = x + PADDING_PX + (v[:, 0] >> 8), y + PADDING_PX + (v[:, 1] >> 8)
    fx, fy = (v[:, 0] & 255)[:, np.newaxis], (v[:, 1] & 255)[:, np.newaxis]
    upper = _patches(padded, left, top) * (256 - fx) + _patches(padded, left + 1, top) * fx
    lower = _patches(padded, left, top + 1) * (256 - fx) + _patches(padded, left + 1, top + 1) * fx
    mixed: I64 = (upper * (256 - fy) + lower * fy + 2048) >> 12
    return mixed


def _unlike(d: I64) -> I64:
    """Sum of squared differences, brightness aside; ``d``: (n, pixels)."""
    sum_d = d.sum(axis=1)
    squares: I64 = (d * d).sum(axis=1)
    return squares - _centred(sum_d, sum_d)


def _limited(v: I64, x: I64, y: I64, shape: tuple[int, ...]) -> I64:
    """Not farther beyond the picture than its border is repeated."""
    corner = np.stack([x, y], axis=1)
    farthest = np.array([shape[1], shape[0]]) + PADDING_PX - PATCH_PX - 1
    limited: I64 = np.clip(v, (-PADDING_PX - corner) * 256, (farthest - corner) * 256)
    return limited


def _rounded_quotient(value: I64, divisor: I64) -> I64:
    """To the nearest whole, halves away from zero; divisor > 0."""
    quotient: I64 = np.sign(value) * ((np.abs(value) + divisor // 2) // divisor)
    return quotient


def _smoothed(field: _Field) -> I64:
    """The mean of each vector and its eight neighbours: weights times 4, 2 and 1."""
    rows, cols = field.weights.shape
    weights = np.pad(field.weights, 1)[:, :, np.newaxis]
    vectors = np.pad(field.vectors, ((1, 1), (1, 1), (0, 0)))
    total = np.zeros_like(field.vectors)
    count = np.zeros((rows, cols, 1), np.int64)
    for j, across in enumerate((1, 2, 1)):
        for i, along in enumerate((1, 2, 1)):
            near = slice(j, j + rows), slice(i, i + cols)
            total += across * along * weights[near] * vectors[near]
            count += across * along * weights[near]
    return _rounded_quotient(total, count)
