"""Sub-pixel refinement of a similarity: Gauss-Newton on block sums, robust against outliers."""

from __future__ import annotations

import math

import numpy as np

from pyanalyzer.reference.align_blocks import (
    F64,
    FLAT_TEXTURE,
    Level,
    Measured,
    block_centres,
    measure,
    sequential_sum,
)
from pyanalyzer.reference.align_model import MAX_LINEAR_CHANGE, Model, plausible

# The scale of the robust weights is this many times the misfit that 35 of 100 blocks stay below:
# with 30 % of the picture moving and a HUD, that is still a block of the background.
SCALE_PERCENT = 35
SCALE_FACTOR = 2.0
MIN_SCALE = 0.0005  # misfit of an eighth of a pixel
MIN_BLOCKS = 4
DAMPING = 1e-4  # of the mean translation term: keeps scale and rotation where nothing shows them
# Following a motion, softly: misfits of 0.1 (1.8 px) and of 0.03 (1 px) count a quarter, a half.
FOLLOW_MISFIT = 0.1
CONFIDENCE_MISFIT = 0.03
CELL_ROWS, CELL_COLS = 3, 4
BORDER_WEIGHT = 2.0
PLAIN_SHARE = 0.1  # a cell with less texture than this share of it has less of a say


def solve_symmetric(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Solves a positive definite system of 4 equations by elimination in a fixed order."""
    a = [row[:] for row in matrix]
    r = right[:]
    for k in range(4):
        for i in range(k + 1, 4):
            factor = a[i][k] / a[k][k]
            for j in range(k, 4):
                a[i][j] = a[i][j] - factor * a[k][j]
            r[i] = r[i] - factor * r[k]
    solution = [0.0] * 4
    for k in (3, 2, 1, 0):
        value = r[k]
        for j in range(k + 1, 4):
            value = value - a[k][j] * solution[j]
        solution[k] = value / a[k][k]
    return solution


def robust_weights(measured: Measured) -> F64 | None:
    """Weights of the blocks in the least squares; None where too few blocks have texture."""
    texture = measured.sums.xx + measured.sums.yy
    chosen = measured.usable & (texture > FLAT_TEXTURE)
    misfits = np.sort(measured.misfit[chosen])
    if misfits.size < MIN_BLOCKS:
        return None
    scale = max(MIN_SCALE, SCALE_FACTOR * float(misfits[misfits.size * SCALE_PERCENT // 100]))
    ratio = 1.0 + measured.misfit / scale
    # Divided by the texture, each block has one say, however strong its contrast.
    weights: F64 = np.where(measured.usable, 1.0 / (ratio * ratio * (FLAT_TEXTURE + texture)), 0.0)
    return weights


def normal_equations(
    measured: Measured, weights: F64, height: int, width: int
) -> tuple[list[list[float]], list[float]]:
    """Normal equations of the update u = (p0 + p2*X - p3*Y, p1 + p3*X + p2*Y).

    X, Y are the block's centre from the picture's, over half the longer side.
    """
    x, y = block_centres(*weights.shape)
    half = max(height, width) / 2.0
    x = (x - (width - 1) / 2.0) / half + np.zeros_like(weights)
    y = (y - (height - 1) / 2.0) / half + np.zeros_like(weights)
    xx, xy, yy = (term * weights for term in measured.sums[:3])
    xe, ye = (term * weights for term in measured.sums[3:5])
    m = [[0.0] * 4 for _ in range(4)]
    m[0][0] = sequential_sum(xx)
    m[0][1] = sequential_sum(xy)
    m[0][2] = sequential_sum(xx * x + xy * y)
    m[0][3] = sequential_sum(xy * x - xx * y)
    m[1][1] = sequential_sum(yy)
    m[1][2] = sequential_sum(xy * x + yy * y)
    m[1][3] = sequential_sum(yy * x - xy * y)
    m[2][2] = sequential_sum((xx * x + xy * y) * x + (xy * x + yy * y) * y)
    m[2][3] = sequential_sum((xy * x - xx * y) * x + (yy * x - xy * y) * y)
    m[3][3] = sequential_sum((yy * x - xy * y) * x - (xy * x - xx * y) * y)
    for i in range(4):
        for j in range(i):
            m[i][j] = m[j][i]
    damping = DAMPING * (m[0][0] + m[1][1])
    m[0][0] += 0.1 * damping
    m[1][1] += 0.1 * damping
    m[2][2] += damping
    m[3][3] += damping
    # The gradient is 4-fold, so the difference is too.
    right = [
        4.0 * sequential_sum(xe),
        4.0 * sequential_sum(ye),
        4.0 * sequential_sum(xe * x + ye * y),
        4.0 * sequential_sum(ye * x - xe * y),
    ]
    return m, right


def refine(
    level: Level, model: Model, *, iterations: int, stop_px: float
) -> tuple[Model, Measured]:
    """Improves the model; stops when no corner moves by ``stop_px`` or after ``iterations``.

    Returns the model and what was measured just before the last update.
    """
    height, width = level[1].shape
    half = max(height, width) / 2.0
    measured = measure(level, model)
    for iteration in range(iterations):
        if iteration > 0:
            measured = measure(level, model)
        weights = robust_weights(measured)
        if weights is None:
            break
        p = solve_symmetric(*normal_equations(measured, weights, height, width))
        scale, turn = p[2] / half, p[3] / half
        reach_x = abs(scale) * width / 2.0 + abs(turn) * height / 2.0
        reach_y = abs(turn) * width / 2.0 + abs(scale) * height / 2.0
        step_px = max(abs(p[0]) + reach_x, abs(p[1]) + reach_y)
        if not step_px <= MAX_LINEAR_CHANGE * half:
            break
        x_centre, y_centre = (width - 1) / 2.0, (height - 1) / 2.0
        ux = p[0] - (scale * x_centre - turn * y_centre)
        uy = p[1] - (turn * x_centre + scale * y_centre)
        a, b, tx, ty = model
        updated = (
            a * (1.0 + scale) - b * turn,
            a * turn + b * (1.0 + scale),
            a * ux - b * uy + tx,
            b * ux + a * uy + ty,
        )
        if not plausible(updated, height, width):
            break
        model = updated
        if step_px < stop_px:
            break
    return model, measured


def objective(measured: Measured) -> tuple[float, float]:
    """How well a model explains the pair: (spread score, share of the textured area).

    The score sums over 3 x 4 cells the square root of the share of the cell's texture that follows
    (times the cell's size): a background shows up all over the picture, an object in one place.
    Blocks at the picture's border count up to three times: objects are rather in the middle.
    """
    rows, cols = measured.weight.shape
    ratio = 1.0 + measured.misfit / FOLLOW_MISFIT
    follows = np.where(measured.usable, measured.weight / (ratio * ratio), 0.0)
    x = np.abs((np.arange(cols) * 2.0 + 1.0) / cols - 1.0)[np.newaxis, :]
    y = np.abs((np.arange(rows) * 2.0 + 1.0) / rows - 1.0)[:, np.newaxis]
    outwards = np.maximum(x, y)
    place = 1.0 + BORDER_WEIGHT * outwards * outwards
    spread = 0.0
    for i in range(CELL_ROWS):
        down = slice(i * rows // CELL_ROWS, (i + 1) * rows // CELL_ROWS)
        for j in range(CELL_COLS):
            cell = (down, slice(j * cols // CELL_COLS, (j + 1) * cols // CELL_COLS))
            size = sequential_sum(place[cell])
            textured = sequential_sum((measured.weight * place)[cell])
            following = sequential_sum((follows * place)[cell])
            if size > 0.0:
                spread = spread + math.sqrt(following * size / (textured + PLAIN_SHARE * size))
    total = sequential_sum(measured.weight)
    share = sequential_sum(follows) / total if total > 0.0 else 1.0
    return spread, share


def confidence_of(measured: Measured) -> float:
    """Share of the textured, visible area that follows the motion; 1 where there is none."""
    ratio = measured.misfit / CONFIDENCE_MISFIT
    seen = np.where(measured.usable, measured.weight, 0.0)
    total = sequential_sum(seen)
    return sequential_sum(seen / (1.0 + ratio * ratio)) / total if total > 0.0 else 1.0
