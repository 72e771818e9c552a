"""The Comparator, first half: what is before each frame against what is after it, place by place.

The second half, which sees this in its course over time, is :mod:`pyanalyzer.score.course`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pyanalyzer.score.configuration import COARSE_PLACE_STEP, SIDE_FRAMES
from pyanalyzer.score.extractor import ShiftBlock, conv
from pyanalyzer.score.features import PROPOSAL_FEATURES


class SideComparator(nn.Module):
    """Compares feature maps of the frames before with those of the frames after, at every place.

    Both sides pass through the same weights, each told from its own side of the change outwards:
    before = frames t-1, t-2, t-3; after = frames t, t+1, t+2. Input float (B, T, width, R, C),
    output float (B, T, places, out_width), places row by row. ``place_step``: 2, and they lie on a
    grid of half the resolution, or 1, and there is one for every cell, each of which sees as much
    around it as one of the coarse grid ("a trous": Chen et al., DeepLab, 2015): so the same weights
    do for both.
    """

    def __init__(self, width: int, out_width: int, blocks: int, place_step: int = 2) -> None:
        super().__init__()
        self.side = nn.Sequential(nn.Conv2d(SIDE_FRAMES * width, width, 1), nn.ReLU(inplace=True))
        self.place_step = place_step
        self.compare = conv(3 * width, out_width, stride=place_step)
        dilation = COARSE_PLACE_STEP // place_step
        self.blocks = nn.Sequential(*(ShiftBlock(out_width, dilation) for _ in range(blocks)))

    def forward(self, maps: Tensor) -> Tensor:
        b, t, width, rows, cols = maps.shape
        # Outside the clip the nearest frame stands in: nothing changes there.
        first = maps[:, :1].expand(b, SIDE_FRAMES, width, rows, cols)
        last = maps[:, -1:].expand(b, SIDE_FRAMES - 1, width, rows, cols)
        padded = torch.cat([first, maps, last], dim=1)

        def side(offsets: range) -> Tensor:
            frames = [padded[:, SIDE_FRAMES + o : SIDE_FRAMES + o + t] for o in offsets]
            stacked = torch.cat(frames, dim=2).flatten(0, 1)
            out: Tensor = self.side(stacked.contiguous(memory_format=torch.channels_last))
            return out

        before, after = side(range(-1, -1 - SIDE_FRAMES, -1)), side(range(SIDE_FRAMES))
        compared = self.compare(torch.cat([before, after, (after - before).abs()], dim=1))
        compared = self.blocks(compared.view(b, t, *compared.shape[1:]))
        places: Tensor = compared.flatten(3).transpose(2, 3)
        return places


class CandidateComparator(nn.Module):
    """Compares each candidate's crop before and after. Output float (N, MAX_PROPOSALS, width)."""

    def __init__(self, crop_width: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(3 * crop_width + len(PROPOSAL_FEATURES), width),
            nn.ReLU(inplace=True),
            nn.Linear(width, width),
            nn.ReLU(inplace=True),
        )

    def forward(self, before: Tensor, after: Tensor, proposals: Tensor) -> Tensor:
        inputs = [before, after, (after - before).abs(), proposals]
        present = proposals[..., :1]
        out: Tensor = self.layers(torch.cat(inputs, dim=-1)) * present
        return out
