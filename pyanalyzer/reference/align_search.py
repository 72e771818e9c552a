"""Exhaustive block search at the coarsest level, and hypotheses of a similarity drawn from it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pyanalyzer.records import I32, U8, U16, BoolGrid
from pyanalyzer.reference.align_blocks import F64, I64
from pyanalyzer.reference.align_model import Model, quantize
from pyanalyzer.reference.align_refine import CELL_COLS, CELL_ROWS

HIGHPASS_RADIUS_PX = 4
MAX_RADIUS_PX = 48
MIN_GAIN = 200  # a block whose best SAD is not that much below its mean SAD is not distinct
MAX_GAIN = 2000  # more contrast than that gives no more weight
SATURATED = 65535
TRANSLATIONS, PAIRS = 48, 200  # hypotheses drawn
MIN_PAIR_DISTANCE_PX = 24.0
MAX_HYPOTHESIS_CHANGE = 0.15  # of scale and rotation
AGREE_PX = 2  # neighbouring blocks whose best shifts differ by no more agree
UNRELATED_AGREE, UNRELATED_SHARE, UNRELATED_MARGIN = 0.35, 0.35, 0.22


class Search(NamedTuple):
    """SADs of all blocks at all shifts, and what follows from them, per block (flat)."""

    radius: int
    volume: U16  # (shifts, blocks): y-major shifts -radius..radius
    best: I64  # index of the best shift, the first of equals
    weight: I64
    reference: I64  # SADs below this speak for a shift
    unit: I64  # weight per SAD below it, in 1/65536
    minimum: I64
    mean: I64
    rows: int
    cols: int


def highpass(luma: U8) -> U8:
    """128 + luma - its mean over 9 x 9 px (border repeated): brightness drops out."""
    size = 2 * HIGHPASS_RADIUS_PX + 1
    padded = np.pad(luma.astype(np.int32), HIGHPASS_RADIUS_PX, mode="edge")
    down = np.cumsum(np.pad(padded, ((1, 0), (0, 0))), axis=0)
    down = down[size:] - down[:-size]
    across = np.cumsum(np.pad(down, ((0, 0), (1, 0))), axis=1)
    sums = across[:, size:] - across[:, :-size]
    area = size * size
    return np.clip(128 + luma.astype(np.int64) - (sums + area // 2) // area, 0, 255).astype(
        np.uint8
    )


def search_radius(height: int, width: int) -> int:
    """A fifth of the longer side: 10 % of translation, and what scale and rotation add."""
    return min(MAX_RADIUS_PX, (max(height, width) + 4) // 5)


def sad_volume(previous: U8, current: U8, valid: BoolGrid, radius: int) -> U16:
    """For every shift and block: twice its SAD plus its four neighbours', saturated at 65535.

    SAD of ``current(x, y)`` and ``previous(x + sx, y + sy)``, the previous picture's border
    repeated; blocks that are not valid have SAD 0.
    """
    rows, cols = valid.shape
    height, width = rows * 8, cols * 8
    now = current[:height, :width].astype(np.int16)
    before = np.pad(previous, radius, mode="edge").astype(np.int16)
    side = 2 * radius + 1
    volume = np.empty((side * side, rows, cols), np.uint16)
    for shift in range(side * side):
        y, x = divmod(shift, side)
        apart = np.abs(now - before[y : y + height, x : x + width])
        sad: I32 = apart.reshape(rows, 8, cols, 8).sum(axis=(1, 3), dtype=np.int32)
        sad[~valid] = 0
        total = 2 * sad
        total[1:] += sad[:-1]
        total[:-1] += sad[1:]
        total[:, 1:] += sad[:, :-1]
        total[:, :-1] += sad[:, 1:]
        volume[shift] = np.minimum(total, SATURATED)
    return volume.reshape(side * side, rows * cols)


def search_blocks(previous: U8, current: U8, valid: BoolGrid) -> Search:
    """The exhaustive search, and each block's weight."""
    rows, cols = valid.shape
    radius = search_radius(*current.shape)
    volume = sad_volume(highpass(previous), highpass(current), valid, radius)
    minimum = volume.min(axis=0).astype(np.int64)
    mean = volume.sum(axis=0, dtype=np.int64) // len(volume)
    gain = mean - minimum
    weight = np.where(valid.ravel() & (gain >= MIN_GAIN), np.minimum(gain, MAX_GAIN), 0)
    reference = (mean + minimum) >> 1
    unit = (weight << 16) // np.maximum(reference - minimum, 1)
    best = volume.argmin(axis=0)
    return Search(radius, volume, best, weight, reference, unit, minimum, mean, rows, cols)


def centres_q16(search: Search) -> tuple[I64, I64]:
    """Centres of the blocks in 1/65536 px, flat."""
    x = (16 * np.arange(search.cols, dtype=np.int64) + 7) << 15
    y = (16 * np.arange(search.rows, dtype=np.int64) + 7) << 15
    return np.tile(x, search.rows), np.repeat(y, search.cols)


def score(search: Search, model: Model) -> float:
    """What the SADs at the shifts that the model predicts say for it, spread over 3 x 4 cells."""
    a, b, tx, ty = quantize(model)
    x, y = centres_q16(search)
    side, radius = 2 * search.radius + 1, search.radius
    sx = ((((a - 65536) * x - b * y) >> 16) + tx + 32768) >> 16
    sy = (((b * x + (a - 65536) * y) >> 16) + ty + 32768) >> 16
    inside = (np.abs(sx) <= radius) & (np.abs(sy) <= radius)
    shift = np.where(inside, (sy + radius) * side + sx + radius, 0)
    sad = search.volume[shift, np.arange(shift.size)].astype(np.int64)
    gained = np.where(inside, np.maximum(0, search.reference - sad), 0) * search.unit >> 16
    cells = gained.reshape(search.rows, search.cols)
    total = 0.0
    for i in range(CELL_ROWS):
        top, bottom = i * search.rows // CELL_ROWS, (i + 1) * search.rows // CELL_ROWS
        for j in range(CELL_COLS):
            left, right = j * search.cols // CELL_COLS, (j + 1) * search.cols // CELL_COLS
            total = total + math.sqrt(float(cells[top:bottom, left:right].sum()))
    return total


def subpixel_shifts(search: Search) -> tuple[F64, F64]:
    """Best shifts (x, y) of the blocks, with the vertex of the parabola through three SADs."""
    side = 2 * search.radius + 1
    blocks = np.arange(search.best.size)
    by, bx = search.best // side, search.best % side

    def vertex(step: int, position: I64) -> F64:
        within = (position > 0) & (position < side - 1)
        middle = np.where(within, search.best, step)
        before = search.volume[middle - step, blocks].astype(np.float64)
        here = search.volume[middle, blocks].astype(np.float64)
        after = search.volume[middle + step, blocks].astype(np.float64)
        bend = before - 2.0 * here + after
        found = within & (bend > 0.0)
        # here <= before, after, so the vertex lies within half a pixel.
        offset: F64 = np.where(found, (before - after) / (2.0 * np.where(found, bend, 1.0)), 0.0)
        return offset

    radius = float(search.radius)
    return bx - radius + vertex(1, bx), by - radius + vertex(side, by)


def hypotheses(search: Search) -> list[Model]:
    """Translations of single blocks and similarities of pairs, drawn in proportion to weight."""
    total = int(search.weight.sum())
    if total == 0:
        return []
    upto = np.cumsum(search.weight)
    x, y = (centre / 65536.0 for centre in centres_q16(search))
    fx, fy = subpixel_shifts(search)
    state = 12345

    def draw() -> int:
        nonlocal state
        state = (state * 1664525 + 1013904223) % 2**32  # Numerical Recipes' generator
        return int(np.searchsorted(upto, (state * total) >> 32, side="right"))

    found: list[Model] = []
    for _ in range(TRANSLATIONS):
        i = draw()
        found.append((1.0, 0.0, float(fx[i]), float(fy[i])))
    for _ in range(PAIRS):
        i, j = draw(), draw()
        dx, dy = float(x[j] - x[i]), float(y[j] - y[i])
        square = dx * dx + dy * dy
        if square < MIN_PAIR_DISTANCE_PX * MIN_PAIR_DISTANCE_PX:
            continue
        ex, ey = dx + float(fx[j] - fx[i]), dy + float(fy[j] - fy[i])
        a = (ex * dx + ey * dy) / square
        b = (ey * dx - ex * dy) / square
        if abs(a - 1.0) > MAX_HYPOTHESIS_CHANGE or abs(b) > MAX_HYPOTHESIS_CHANGE:
            continue
        xi, yi = float(x[i]), float(y[i])
        tx = xi + float(fx[i]) - (a * xi - b * yi)
        ty = yi + float(fy[i]) - (b * xi + a * yi)
        found.append((a, b, tx, ty))
    return found


def looks_unrelated(search: Search, share: float) -> bool:
    """Whether the best shifts are those of two pictures that have nothing to do with each other.

    ``share``: of the texture that follows the best similarity. Neighbouring blocks of unrelated
    pictures disagree about their motion (a real motion field is smooth), their best SADs are not
    far below the mean ones, and no similarity explains them. docs/alignment.md has the figures that
    the limits come from.
    """
    side = 2 * search.radius + 1
    by = (search.best // side).reshape(search.rows, search.cols)
    bx = (search.best % side).reshape(search.rows, search.cols)
    weight = search.weight.reshape(search.rows, search.cols)
    shared = agreeing = 0
    for here, there in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        both = np.minimum(weight[here], weight[there])
        alike = np.abs(by[here] - by[there]) <= AGREE_PX
        alike &= np.abs(bx[here] - bx[there]) <= AGREE_PX
        shared += int(both.sum())
        agreeing += int(both[alike].sum())
    total = int(search.weight.sum())
    remaining = int((search.weight * ((search.minimum << 8) // (search.mean + 1))).sum())
    agree = agreeing / shared if shared else 0.0
    left = remaining / (256 * total) if total else 1.0
    if agree < UNRELATED_AGREE and share < UNRELATED_SHARE:
        return True
    return agree + share < left + UNRELATED_MARGIN
