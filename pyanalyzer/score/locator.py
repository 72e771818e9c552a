"""The Locator: given that the player's action changed, where in the picture that is seen first.

Extractor and Comparator say of every frame whether something changed, from places 32 px apart of
which mean and maximum are kept. Where it was is asked of few frames alone, the events; so it may be
asked block by block, of all that was measured of the frames around, and with every block told what
all others do. The answer is a probability over blocks (excitation of a single output over a map:
Zhou et al., "Learning deep features for discriminative localization", CVPR 2016, but learned from
boxes).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pyanalyzer.score.configuration import LocatorConfiguration
from pyanalyzer.score.extractor import COORDINATES, conv, planes_of
from pyanalyzer.score.features import MAP_CHANNELS

_DROPOUT = 0.15


class ResidualBlock(nn.Module):
    """Two dilated 3 x 3 convolutions beside the identity (He et al., 2016): (N, width, R, C) to the
    same."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        last = nn.BatchNorm2d(width)
        nn.init.zeros_(last.weight)  # at first it hands on what it gets
        self.layers = nn.Sequential(
            conv(width, width, dilation=dilation),
            nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation, bias=False),
            last,
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = torch.relu(x + self.layers(x))
        return out


class Locator(nn.Module):
    """Maps of the frames around an onset to log-odds of the blocks at which it is seen.

    Input uint8 (N, before + after, len(MAP_CHANNELS), R, C), the onset's frame the ``before``-th,
    and float (N,), the natural logarithm of the frames a second; output float (N, R, C), up to a
    constant.
    """

    def __init__(self, configuration: LocatorConfiguration) -> None:
        super().__init__()
        c = self.configuration = configuration
        self.frame = nn.Sequential(
            nn.Conv2d(len(MAP_CHANNELS) + COORDINATES, 2 * c.frame_width, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(2 * c.frame_width, c.frame_width, 1),
            nn.ReLU(inplace=True),
        )
        self.enter = nn.Sequential(
            nn.Conv2d(c.frames * c.frame_width + 1, c.width, 1, bias=False),
            nn.BatchNorm2d(c.width),
            nn.ReLU(inplace=True),
        )
        self.blocks = nn.Sequential(*(ResidualBlock(c.width, d) for d in c.dilations))
        self.dropout = nn.Dropout2d(_DROPOUT)
        self.picture = nn.Linear(2 * c.width, c.width)
        self.last = ResidualBlock(c.width, 1)
        self.out = nn.Conv2d(c.width, 1, 1)

    def forward(self, maps: Tensor, log_rate: Tensor) -> Tensor:
        n, _, _, rows, cols = maps.shape
        frames = self.frame(planes_of(maps.flatten(0, 1))).reshape(n, -1, rows, cols)
        rate = log_rate.to(frames.dtype).view(n, 1, 1, 1).expand(n, 1, rows, cols)
        entered = self.enter(torch.cat([frames, rate], dim=1))
        x = self.dropout(self.blocks(self.dropout(entered)))
        # What all blocks do together: whether the view moves, how much else turns.
        seen = torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1)
        x = self.last(torch.relu(x + self.picture(seen)[:, :, None, None]))
        out: Tensor = self.out(x)[:, 0]
        return out
