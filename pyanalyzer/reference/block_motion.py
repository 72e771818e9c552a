"""Block motion by fine search, coarse search where that fails, and 1/16 px: the definition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import I16, U8, U16, BoolGrid
from pyanalyzer.reference.downscale import downscale

I64 = npt.NDArray[np.int64]

BLOCK_PX = 8
WINDOW_PX = 16  # side of the window that is matched around a block
FINE_SEARCH_PX = 3  # largest displacement of the fine search
COARSE_SEARCH_PX = 7  # and of the coarse one, in px of the halved picture
PADDING_PX = 2 * COARSE_SEARCH_PX + 2  # farthest displacement, and one more for the sub-pixel step
PENALTY_PER_PX = 8  # of |dx| + |dy|, in SAD of the window: 1/32 level per pixel
MARGIN_FLOORS = 3  # noise floors by which a motion must beat standing still
WINDOW_TEXTURE = 512  # below this a window looks the same wherever it came from
WINDOW_FLOORS = 4  # noise floors in a window: it is four blocks large


def block_motion(
    current: U8,
    warped: U8,
    *,
    measured: BoolGrid,
    residual: U16,
    floor: U16,
    match: U16,
    motion_q4: I16,
) -> None:
    """Writes ``match`` and ``motion_q4`` of the active blocks; the others keep what they hold."""
    rows, cols = np.nonzero(_active(residual > floor) & measured)
    if len(rows) == 0:
        return
    height, width = current.shape
    inset = (WINDOW_PX - BLOCK_PX) // 2
    x = np.clip(cols * BLOCK_PX - inset, 0, width - WINDOW_PX).astype(np.int64)
    y = np.clip(rows * BLOCK_PX - inset, 0, height - WINDOW_PX).astype(np.int64)
    keep = _texture(current, x, y) >= WINDOW_TEXTURE
    rows, cols, x, y = rows[keep], cols[keep], x[keep], y[keep]
    if len(rows) == 0:
        return
    noise = floor[rows, cols].astype(np.int64)
    padded = np.pad(warped, PADDING_PX, mode="edge")
    search = _Search(_windows(current, x, y, WINDOW_PX), padded, x, y)
    dx, dy, unexplained = _fine(search, noise)
    if unexplained.any():
        halves = downscale(current, 2), np.pad(downscale(warped, 2), COARSE_SEARCH_PX, mode="edge")
        _coarse(
            search.only(unexplained), halves, noise[unexplained], dx=dx, dy=dy, chosen=unexplained
        )

    here = search.sad(dx, dy)
    # What moves by whole pixels may move by parts of one, too; what stands must show it.
    least = np.where((dx == 0) & (dy == 0), MARGIN_FLOORS * noise, 0)
    sub_x = _offset_q4(search.sad(dx - 1, dy), here, search.sad(dx + 1, dy), least)
    sub_y = _offset_q4(search.sad(dx, dy - 1), here, search.sad(dx, dy + 1), least)
    motion_q4[rows, cols, 0] = 16 * dx + sub_x
    motion_q4[rows, cols, 1] = 16 * dy + sub_y
    blocks = _windows(current, cols * BLOCK_PX, rows * BLOCK_PX, BLOCK_PX)
    came_from = _windows(
        padded,
        cols * BLOCK_PX - dx + PADDING_PX,
        rows * BLOCK_PX - dy + PADDING_PX,
        BLOCK_PX,
    )
    match[rows, cols] = _sad(blocks, came_from)


class _Search:
    """Windows of the current picture, and the padded picture that they are looked for in."""

    def __init__(self, windows: U8, padded: U8, x: I64, y: I64) -> None:
        self.windows, self.padded, self.x, self.y = windows, padded, x, y

    def only(self, chosen: npt.NDArray[np.bool_]) -> _Search:
        return _Search(self.windows[chosen], self.padded, self.x[chosen], self.y[chosen])

    def sad(self, dx: I64 | int, dy: I64 | int) -> I64:
        x, y = self.x - dx + PADDING_PX, self.y - dy + PADDING_PX
        return _sad(self.windows, _windows(self.padded, x, y, WINDOW_PX))


def _active(above: BoolGrid) -> BoolGrid:
    """Blocks above the floor, and their eight neighbours."""
    padded = np.pad(above, 1)
    rows, cols = above.shape
    active = np.zeros_like(above)
    for j in range(3):
        for i in range(3):
            active |= padded[j : j + rows, i : i + cols]
    return active


def _windows(picture: U8, x: I64, y: I64, side: int) -> U8:
    """Copies of the squares whose upper left corners are (x, y): (n, side * side)."""
    steps = np.arange(side)
    squares = picture[
        (y[:, np.newaxis] + steps)[:, :, np.newaxis], (x[:, np.newaxis] + steps)[:, np.newaxis, :]
    ]
    flat: U8 = squares.reshape(len(x), side * side)
    return flat


def _sad(a: U8, b: U8) -> I64:
    sums: I64 = (np.maximum(a, b) - np.minimum(a, b)).sum(axis=1, dtype=np.int64)
    return sums


def _texture(current: U8, x: I64, y: I64) -> I64:
    """Sum of |gradient| over each window; at the far border it looks back."""
    height, width = current.shape
    step_x = np.where(x + WINDOW_PX < width, 1, -1)
    step_y = np.where(y + WINDOW_PX < height, 1, -1)
    here = _windows(current, x, y, WINDOW_PX)
    return _sad(here, _windows(current, x + step_x, y, WINDOW_PX)) + _sad(
        here, _windows(current, x, y + step_y, WINDOW_PX)
    )


def _rank(sad: I64, dx: I64 | int, dy: I64 | int, penalty_per_px: int) -> I64:
    """Smaller is better: cost, then the shorter displacement, then the upper, then the left one."""
    cost = sad + penalty_per_px * (np.abs(dx) + np.abs(dy))
    length = dx * dx + dy * dy
    rank: I64 = (cost << 32) | (length << 16) | ((dy + 64) << 8) | (dx + 64)
    return rank


def _full_search(
    windows: U8, padded: U8, x: I64, y: I64, *, side: int, reach: int, penalty: int
) -> I64:
    """The best rank over displacements up to ``reach``; (x, y) counts in the padded picture."""
    wide = side + 2 * reach
    region = _windows(padded, x - reach, y - reach, wide).reshape(len(x), wide, wide)
    best = np.full(len(x), np.iinfo(np.int64).max)
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            top, left = reach - dy, reach - dx
            there = region[:, top : top + side, left : left + side].reshape(len(x), -1)
            best = np.minimum(best, _rank(_sad(windows, there), dx, dy, penalty))
    return best


def _displacement(rank: I64) -> tuple[I64, I64]:
    return (rank & 255) - 64, ((rank >> 8) & 255) - 64


def _beats(cost: I64, still: I64, noise: I64) -> npt.NDArray[np.bool_]:
    """Whether a motion is worth believing: better than standing still by a quarter and by noise."""
    return (cost + MARGIN_FLOORS * noise < still) & (4 * cost < 3 * still)


def _fine(search: _Search, noise: I64) -> tuple[I64, I64, npt.NDArray[np.bool_]]:
    """The displacement of each window, and whether it stays unexplained."""
    x, y = search.x + PADDING_PX, search.y + PADDING_PX
    best = _full_search(
        search.windows,
        search.padded,
        x,
        y,
        side=WINDOW_PX,
        reach=FINE_SEARCH_PX,
        penalty=PENALTY_PER_PX,
    )
    dx, dy = _displacement(best)
    still = search.sad(0, 0)
    believed = _beats(best >> 32, still, noise)
    sad = search.sad(dx, dy)
    unexplained = sad > WINDOW_FLOORS * noise
    return np.where(believed, dx, 0), np.where(believed, dy, 0), unexplained


def _coarse(
    search: _Search,
    halves: tuple[U8, U8],
    noise: I64,
    *,
    dx: I64,
    dy: I64,
    chosen: npt.NDArray[np.bool_],
) -> None:
    """Searches halved pictures, then the nine displacements around the best; updates dx, dy."""
    half_current, half_padded = halves
    x, y = search.x // 2, search.y // 2
    windows = _windows(half_current, x, y, BLOCK_PX)
    # A pixel of the halved window stands for four: a quarter of the penalty, for two pixels.
    far = _full_search(
        windows,
        half_padded,
        x + COARSE_SEARCH_PX,
        y + COARSE_SEARCH_PX,
        side=BLOCK_PX,
        reach=COARSE_SEARCH_PX,
        penalty=PENALTY_PER_PX // 2,
    )
    far_x, far_y = _displacement(far)
    near_x, near_y = dx[chosen], dy[chosen]
    best = _rank(search.sad(near_x, near_y), near_x, near_y, PENALTY_PER_PX)
    for j in (-1, 0, 1):
        for i in (-1, 0, 1):
            x_, y_ = 2 * far_x + i, 2 * far_y + j
            best = np.minimum(best, _rank(search.sad(x_, y_), x_, y_, PENALTY_PER_PX))
    believed = _beats(best >> 32, search.sad(0, 0), noise)
    best_x, best_y = _displacement(best)
    dx[chosen] = np.where(believed, best_x, near_x)
    dy[chosen] = np.where(believed, best_y, near_y)


def _offset_q4(before: I64, here: I64, after: I64, worthwhile: I64) -> I64:
    """Where between the whole pixels the costs at -1, 0, +1 put the minimum, in 1/16 px.

    A SAD falls and rises in straight lines, so lines of equal slope are fitted (Shimizu & Okutomi,
    ICCV 2001), within half a pixel, and within what the cost left at 0 allows. An offset that saves
    no more than ``worthwhile`` is taken for noise.
    """
    higher, lower = np.maximum(before, after), np.minimum(before, after)
    slope = np.maximum(higher - here, 1)
    rise = np.minimum(8 * (higher - lower), 16 * here)
    offset = np.minimum((2 * rise + slope) // (2 * slope), 8)
    believed = (higher > here) & (rise > 16 * worthwhile)
    return np.where(believed, np.where(before > after, offset, -offset), 0)
