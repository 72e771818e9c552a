"""Crops around proposals: the definition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import CROP_PX, MAX_PROPOSALS, U8, Proposal, Region

MIN_SIDE_PX = 24  # a smaller square would show the box without its place
MARGIN_PX = 8  # both sides together: what the box moves against


def crops(previous_warped: U8, current: U8, proposals: Sequence[Proposal]) -> U8:
    """See :func:`pyanalyzer.core.crops`."""
    if previous_warped.shape != current.shape:
        raise ValueError("previous_warped and current must have the same shape")
    if len(proposals) > MAX_PROPOSALS:
        raise ValueError(f"at most {MAX_PROPOSALS} proposals have crops, not {len(proposals)}")
    out = np.zeros((MAX_PROPOSALS, 2, CROP_PX, CROP_PX), np.uint8)
    for slot, proposal in enumerate(proposals):
        x, y, side = _square(proposal.region, current.shape[1], current.shape[0])
        for which, picture in enumerate((previous_warped, current)):
            out[slot, which] = _resample(picture[y : y + side, x : x + side])
    return out


def _square(region: Region, width_px: int, height_px: int) -> tuple[int, int, int]:
    side = min(max(region.w_px, region.h_px, MIN_SIDE_PX) + MARGIN_PX, width_px, height_px)
    x = (2 * region.x_px + region.w_px - side) // 2
    y = (2 * region.y_px + region.h_px - side) // 2
    return min(max(x, 0), width_px - side), min(max(y, 0), height_px - side), side


def _resample(square: U8) -> U8:
    """Area averaging: on the scale of 1/32 source px, what source and output pixels share."""
    side = square.shape[0]
    target = np.arange(CROP_PX, dtype=np.int64)[:, np.newaxis] * side
    source = np.arange(side, dtype=np.int64)[np.newaxis, :] * CROP_PX
    shared = np.minimum(target + side, source + CROP_PX) - np.maximum(target, source)
    weights: npt.NDArray[np.int64] = np.maximum(shared, 0)
    sums = weights @ square.astype(np.int64) @ weights.T
    area = side * side
    out: U8 = ((sums + area // 2) // area).astype(np.uint8)
    return out
