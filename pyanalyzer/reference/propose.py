"""Candidate regions: the definition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import (
    I32,
    MAX_PROPOSALS,
    RESIDUAL_OFFSET,
    RESIDUAL_SLOPE,
    U8,
    Evidence,
    Proposal,
    Region,
)
from pyanalyzer.reference.mincut import label_grid

I64 = npt.NDArray[np.int64]

BLOCK_PX = 8
POTTS = 8  # 1/16 nat: price of two neighbours that differ
RESIDUAL_MAX = 64  # four nats: beyond, a larger residual is not surer evidence
MOTION_MAX = 16  # motion against the view: a hint, one nat from 2 px on
MIN_SCORE = 3.0  # nats: a lone block less sure than that is noise
CHANGE_MAX = 48  # change of motion: what the detector is for, from 1.5 px on


def block_unaries(evidence: Evidence) -> I32:
    """See :func:`pyanalyzer.core.block_unaries`."""
    floor = np.maximum(evidence.noise_floor.astype(np.int32), 1)
    residual = RESIDUAL_SLOPE * evidence.residual.astype(np.int32) // floor + RESIDUAL_OFFSET
    motion = np.abs(evidence.motion_q4.astype(np.int32)).max(axis=2)
    change = np.abs(evidence.motion_change_q4.astype(np.int32)).max(axis=2)
    unary: I32 = (
        np.minimum(residual, RESIDUAL_MAX)
        + np.minimum(motion // 2, MOTION_MAX)
        + np.minimum(2 * change, CHANGE_MAX)
    )
    return unary


def propose(
    evidence: Evidence,
    *,
    limit: int = MAX_PROPOSALS,
    threads: int = 1,
    isa: str | None = None,
) -> tuple[Proposal, ...]:
    """See :func:`pyanalyzer.core.propose`."""
    unary = block_unaries(evidence)
    found = [
        _proposal(component, unary, evidence) for component in _components(label_grid(unary, POTTS))
    ]
    found = sorted((p for p in found if p.score >= MIN_SCORE), key=_by_score)
    if len(found) > limit:
        # A score grows with the size, and large movers would hide a small avatar.
        best = (limit + 1) // 2
        smallest = sorted(found[best:], key=lambda p: (p.blocks, _by_score(p)))
        found = sorted(found[:best] + smallest[: limit - best], key=_by_score)
    return tuple(found)


def _by_score(p: Proposal) -> tuple[float, int, int, int, int]:
    return -p.score, p.region.y_px, p.region.x_px, p.region.w_px, p.region.h_px


def _components(labels: U8) -> list[list[tuple[int, int]]]:
    """The 8-connected components of the blocks labelled 1, as lists of (row, col)."""
    left = {(int(row), int(col)) for row, col in np.argwhere(labels)}
    components = []
    while left:
        start = min(left)
        left.remove(start)
        component, stack = [], [start]
        while stack:
            row, col = stack.pop()
            component.append((row, col))
            around = {(row + j, col + i) for j in (-1, 0, 1) for i in (-1, 0, 1)} & left
            left -= around
            stack.extend(around)
        components.append(component)
    return components


def _proposal(component: list[tuple[int, int]], unary: I32, evidence: Evidence) -> Proposal:
    rows, cols = (np.array(axis) for axis in zip(*component, strict=True))
    top, left = int(rows.min()), int(cols.min())
    region = Region(
        left * BLOCK_PX,
        top * BLOCK_PX,
        (int(cols.max()) - left + 1) * BLOCK_PX,
        (int(rows.max()) - top + 1) * BLOCK_PX,
    )
    return Proposal(
        region,
        int(unary[rows, cols].sum()) / 16,
        _moving_median(evidence.motion_q4[rows, cols].astype(np.int64)),
        _moving_median(evidence.motion_change_q4[rows, cols].astype(np.int64)),
        len(component),
        0,
    )


def _moving_median(motion: I64) -> tuple[int, int]:
    """Lower median over the blocks that move at all: the others are what the mover uncovered."""
    moving = motion[(motion != 0).any(axis=1)]
    if len(moving) == 0:
        return 0, 0
    x, y = np.sort(moving, axis=0)[(len(moving) - 1) // 2].tolist()
    return x, y
