"""Clips of like grids brought to one grid, so that different games can be stacked in one batch."""

from __future__ import annotations

import torch

from pyanalyzer.score.features import MAP_CHANNELS, PROPOSAL_FEATURES, SIGNED_CHANNELS
from pyanalyzer.train.vary import Batch

Grid = tuple[int, int]  # rows and columns of blocks

# Made games come in nearly as many sizes as there are games. A margin of at most seven blocks costs
# some work and shows nothing; without it every batch would be of a single game.
GRID_STEP_BLOCKS = 8

_NOTHING = torch.tensor(
    [128 if name in SIGNED_CHANNELS else 0 for name in MAP_CHANNELS], dtype=torch.uint8
)


def padded_grid(grid: Grid) -> Grid:
    """The grid that a clip of ``grid`` is brought to: the next multiples of GRID_STEP_BLOCKS."""
    rows, cols = (-(-size // GRID_STEP_BLOCKS) * GRID_STEP_BLOCKS for size in grid)
    return rows, cols


def pad(clip: Batch, grid: Grid, place_share: tuple[float, float]) -> Batch:
    """The clip's picture within a larger one in which else nothing is; a new dictionary.

    ``place_share``: where in it, rows and columns, 0 at its beginning to 1 at its end. What is told
    of places (proposals, boxes) is told of the larger picture.
    """
    maps = clip["maps"]
    size = tuple(maps.shape[-2:])
    if size == grid:
        return clip
    begin = [
        round(share * (to - of)) for share, to, of in zip(place_share, grid, size, strict=True)
    ]
    wide = _NOTHING.to(maps.device).view(1, -1, 1, 1).expand(*maps.shape[:2], *grid).contiguous()
    wide[:, :, begin[0] : begin[0] + size[0], begin[1] : begin[1] + size[1]] = maps
    scale = [of / to for of, to in zip(size, grid, strict=True)]
    offset = [first / to for first, to in zip(begin, grid, strict=True)]
    proposals = clip["proposals"].clone()
    for axis, (centre, extent) in enumerate((("centre_y", "height"), ("centre_x", "width"))):
        at = PROPOSAL_FEATURES.index(centre)  # -1 to 1
        proposals[..., at] = ((proposals[..., at] + 1) * scale[axis] / 2 + offset[axis]) * 2 - 1
        proposals[..., PROPOSAL_FEATURES.index(extent)] *= scale[axis]
    box = clip["box"]
    xy_scale = torch.tensor([scale[1], scale[0]] * 2, device=box.device)
    xy_offset = torch.tensor([offset[1], offset[0]] * 2, device=box.device)
    there = box[:, 2:3] > box[:, :1]
    return clip | {
        "maps": wide,
        "proposals": proposals * (proposals[..., :1] > 0),
        "box": (box * xy_scale + xy_offset) * there,
    }
