"""Where a change is seen, to the pixel: what the Locator says of a block, and what changed there.

The Locator says at which blocks of the grid the change is, but a block is as large as a figure of
an old game, and a figure that turns changes at its edges. So the probability of the blocks weighs
what changed in the picture between the onset's frame and those beside it, the view's own motion
taken out; the peak is where most of that lies close together. The root of the change counts: how
bright a figure is says nothing of whose it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pyanalyzer.core.warp import warp
from pyanalyzer.records import BLOCK_PX, F32, U8, BoolGrid
from pyanalyzer.timeline.traces import FrameTrace

F64 = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]  # x0, y0, x1, y1 in working px

# Chosen by the validation games (docs/experiments.md).
_NOISE_LEVELS = 6  # less is noise of the encoder
_PEAK_PX = 9  # side of the square that is taken for one spot: one block
_AROUND_PX = 14  # what lies further from the peak is another figure
# Standard deviations from the middle to a side of the box: 1.73 if it changed evenly, but there is
# less probability at its edges.
_HALF_WIDTH = 2.0
_LEAST_HALF_PX = 1.0
_SEEN = np.uint8(255)  # of a px that no mask covers; between two of them it stays what it is
# What moves with the view: frames around the onset, and the mean change of a block from which on it
# is seen, in levels a frame.
_VIEW_FRAMES = range(-3, 4)
_MOVED_LEVELS = 1.0
_MOVED_SHARE = 0.1  # of a row or column of blocks, to belong to what moves


class Locates(Protocol):
    """What is asked of a Locator: see :class:`pyanalyzer.score.native_locator.NativeLocator`."""

    before: int
    after: int

    def __call__(self, maps: U8, frame_rate: float) -> F32:
        """Log-probability of each block, float32 (R, C)."""
        ...


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a change is seen: a box whose middle is the peak, in working px."""

    box: Box

    @property
    def peak(self) -> tuple[float, float]:
        """x, y in working px."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


def spot_of(traces: Sequence[FrameTrace], at: int, log_p: F32) -> Spot | None:
    """The spot of the onset at position ``at``; None where the traces hold no pictures.

    ``log_p``: what the Locator says of the blocks, float32 (R, C).
    """
    picture = traces[at].picture
    if picture is None:
        return None
    likely = _by_pixel(np.exp(log_p.astype(np.float64)), *picture.shape)
    weight = likely * np.sqrt(_change(traces, at))
    if not weight.any():
        weight = likely
    return Spot(_box_around(weight, *_peak(weight)))


def _by_pixel(blocks: F64, height: int, width: int) -> F64:
    """(R, C) to (height, width), smoothed over a block; what no whole block covers is zero."""
    fine = np.kron(blocks, np.ones((BLOCK_PX, BLOCK_PX)))[:height, :width]
    padded = np.pad(fine, ((0, height - fine.shape[0]), (0, width - fine.shape[1])))
    return _sums(padded, _PEAK_PX) / _PEAK_PX**2


def _change(traces: Sequence[FrameTrace], at: int) -> F64:
    """What changed in the onset's frame and the ones beside it, in levels; the view's motion is
    taken out, and what may be noise, is masked or came from there is zero."""
    picture, valid = traces[at].picture, traces[at].valid
    assert picture is not None
    total: F64 = np.zeros(picture.shape)
    seen = None if valid is None else _valid_px(valid, *picture.shape)
    for k in range(max(at - 1, 1), min(at + 2, len(traces))):
        now, before = traces[k].picture, traces[k - 1].picture
        if now is None or before is None:
            continue
        if traces[k].aligned:
            before = warp(before, traces[k].inverse_q16)
        apart = np.where(now > before, now - before, before - now)
        apart[apart <= _NOISE_LEVELS] = 0
        if seen is not None:
            was_seen = warp(seen, traces[k].inverse_q16) if traces[k].aligned else seen
            apart[(seen & was_seen) < _SEEN] = 0
        total += apart
    return total


def _valid_px(valid: BoolGrid, height: int, width: int) -> U8:
    """uint8 (height, width): _SEEN where a block is valid, and where none lies."""
    seen: U8 = np.full((height, width), _SEEN, np.uint8)
    rows, cols = valid.shape
    blocks = np.kron(valid, np.ones((BLOCK_PX, BLOCK_PX), bool))
    seen[: rows * BLOCK_PX, : cols * BLOCK_PX][~blocks] = 0
    return seen


def _peak(weight: F64) -> tuple[float, float]:
    """x, y of where most of ``weight`` lies within a square; of equals the upper, then the left."""
    y, x = np.unravel_index(int(np.argmax(_sums(weight, _PEAK_PX))), weight.shape)
    reach = _PEAK_PX // 2
    top, left = max(int(y) - reach, 0), max(int(x) - reach, 0)
    part = weight[top : int(y) + reach + 1, left : int(x) + reach + 1]
    return _mean(part.sum(axis=0), left), _mean(part.sum(axis=1), top)


def _mean(masses: F64, first: int) -> float:
    return float(masses @ (np.arange(masses.size) + first + 0.5)) / float(masses.sum())


def _box_around(weight: F64, x: float, y: float) -> Box:
    """The evenly filled box about the peak with the variance of what lies around it; the middle
    stays the peak at the picture's edge, too."""
    height, width = weight.shape
    top, left = max(int(y) - _AROUND_PX, 0), max(int(x) - _AROUND_PX, 0)
    part = weight[top : int(y) + _AROUND_PX, left : int(x) + _AROUND_PX]

    def half(masses: F64, first: int, middle: float, length: int) -> float:
        off = np.arange(masses.size) + first + 0.5 - middle
        reach = _HALF_WIDTH * math.sqrt(float(masses @ off**2) / float(masses.sum()))
        return min(max(reach, _LEAST_HALF_PX), middle, length - middle)

    half_x = half(part.sum(axis=0), left, x, width)
    half_y = half(part.sum(axis=1), top, y, height)
    return x - half_x, y - half_y, x + half_x, y + half_y


def _sums(values: F64, side: int) -> F64:
    """Of the square of ``side`` (odd) around each value; zero lies around all of them."""
    sums = values
    for axis in (0, 1):
        sums = np.moveaxis(sums, axis, 0)
        reach = side // 2
        edge = np.zeros((reach, sums.shape[1]))
        run = np.cumsum(np.concatenate([edge[:1], edge, sums, edge]), axis=0)
        sums = np.moveaxis(run[side:] - run[:-side], 0, axis)
    # A difference of running sums may miss zero by a rounding.
    return np.maximum(sums, 0.0)


def moved_part(traces: Sequence[FrameTrace], at: int) -> Box | None:
    """The part of the picture that moves around the onset at position ``at``: the rows and columns
    of blocks in which some change from frame to frame. None where nothing does, or it is not known.

    A change of the view moves all but what is drawn over it, and shows where there is texture.
    """
    change: F64 | None = None
    frames = 0
    for k in _VIEW_FRAMES:
        if 1 <= at + k < len(traces):
            now, before = traces[at + k].picture, traces[at + k - 1].picture
            if now is None or before is None:
                return None
            apart = (np.maximum(now, before) - np.minimum(now, before)).astype(np.float64)
            change = apart if change is None else change + apart
            frames += 1
    if change is None:
        return None
    rows, cols = (length // BLOCK_PX for length in change.shape)
    whole = change[: rows * BLOCK_PX, : cols * BLOCK_PX]
    blocks = whole.reshape(rows, BLOCK_PX, cols, BLOCK_PX).mean(axis=(1, 3)) / frames
    moved = blocks > _MOVED_LEVELS
    valid = traces[at].valid
    if valid is not None:
        moved &= valid
    y, x = (np.flatnonzero(moved.mean(axis=axis) >= _MOVED_SHARE) for axis in (1, 0))
    if not y.size or not x.size:
        return None
    bottom = change.shape[0] if y[-1] == rows - 1 else (y[-1] + 1) * BLOCK_PX
    right = change.shape[1] if x[-1] == cols - 1 else (x[-1] + 1) * BLOCK_PX
    return float(x[0] * BLOCK_PX), float(y[0] * BLOCK_PX), float(right), float(bottom)
