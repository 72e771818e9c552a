"""The network for two stills: an Extractor for both pictures, a Comparator for the pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LUMA_CHANNELS = 16  # a cell's 4 x 4 px
CHROMA_CHANNELS = 8  # a cell's 2 x 2 px of Cr and Cb
PICTURE_CHANNELS = LUMA_CHANNELS + CHROMA_CHANNELS
# Signed difference of luma and chroma, their residuals, covered, two quartiles of the noise.
RESIDUAL_CHANNELS = 2 * PICTURE_CHANNELS + 3
BOX_SCALE_PX = 16.0  # a distance of this size is softplus(x) = 1
INPUTS = ("luma 4x4", "chroma 2x2", "difference", "residual 3x3", "covered", "noise 50 75")


@dataclass(frozen=True, slots=True)
class StillsConfiguration:
    """Widths of the network, and the names of its inputs so that old weights are refused."""

    picture_width: int = 24
    place_width: int = 40
    widths: tuple[int, int, int, int] = (32, 48, 64, 96)
    inputs: tuple[str, ...] = INPUTS


class StillsInputs(NamedTuple):
    """A batch, in the memory format that the processor likes best: float32 (B, C, R, C')."""

    before: Tensor
    after: Tensor
    residual: Tensor


class StillsOutputs(NamedTuple):
    """Per cell: ``changed``, log-odds (B, R, C); ``sides_px``, distances (B, 4, R, C) from the
    cell's centre to the left, upper, right and lower side of its change's box; and per pixel
    ``mask``, log-odds (B, 4R, 4C)."""

    changed: Tensor
    sides_px: Tensor
    mask: Tensor


def inputs_of(  # noqa: PLR0917 - the fields of Planes, in their order
    luma: Tensor,
    chroma: Tensor,
    luma_residual: Tensor,
    chroma_residual: Tensor,
    covered: Tensor,
    noise: Tensor,
) -> StillsInputs:
    """Planes as :class:`pyanalyzer.stills.planes.Planes` has them, stacked to a batch, scaled."""
    cells = [
        torch.cat(
            [F.pixel_unshuffle(luma[:, i : i + 1], 4), F.pixel_unshuffle(chroma[:, c : c + 2], 2)],
            dim=1,
        )
        .float()
        .contiguous(memory_format=torch.channels_last)
        for i, c in ((0, 0), (1, 2))
    ]
    strange = torch.cat(
        [F.pixel_unshuffle(luma_residual[:, None], 4), F.pixel_unshuffle(chroma_residual, 2)], 1
    ).float()
    b, _, rows, columns = strange.shape
    floor = torch.log1p(noise.float())[:, :, None, None].expand(b, 2, rows, columns)
    residual = torch.cat(
        [
            (cells[1] - cells[0]) / 32,
            strange / 32,
            covered[:, None].float() / 255,
            floor,
        ],
        dim=1,
    ).contiguous(memory_format=torch.channels_last)
    before, after = ((c - 128) / 64 for c in cells)
    return StillsInputs(before, after, residual)


def _step(in_width: int, out_width: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation (folded into it for use), ReLU."""
    return nn.Sequential(
        nn.Conv2d(in_width, out_width, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(out_width),
        nn.ReLU(inplace=True),
    )


class Extractor(nn.Module):
    """Features of one picture, the same weights for both: at a cell, and at 2 x 2 cells."""

    def __init__(self, c: StillsConfiguration) -> None:
        super().__init__()
        self.cell = _step(PICTURE_CHANNELS, c.picture_width, 1)
        self.place = nn.Sequential(
            _step(c.picture_width, c.place_width, 3, 2), _step(c.place_width, c.place_width)
        )

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """(B, PICTURE_CHANNELS, R, C) to (B, picture_width, R, C), (B, place_width, R/2, C/2)."""
        cells = self.cell(picture)
        return cells, self.place(cells)


class Block(nn.Module):
    """Two convolutions around which the input passes (He et al. 2016)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.steps = nn.Sequential(_step(width, width), _step(width, width))

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, R, C) to the same."""
        out: Tensor = x + self.steps(x)
        return out


class Comparator(nn.Module):
    """Both pictures' features and their residual to what changed: a U-Net (Ronneberger et al.
    2015) over four grids, as changes are 8 px or half the picture."""

    def __init__(self, c: StillsConfiguration) -> None:
        super().__init__()
        w0, w1, w2, w3 = c.widths
        self.meet = _step(RESIDUAL_CHANNELS + 2 * c.picture_width, w0, 1)
        self.fine = _step(w0, w0)
        self.down1 = _step(w0, w1, 3, 2)
        self.join = _step(w1 + 2 * c.place_width, w1, 1)
        self.middle = Block(w1)
        self.down2 = nn.Sequential(_step(w1, w2, 3, 2), Block(w2))
        self.down3 = nn.Sequential(_step(w2, w3, 3, 2), Block(w3))
        self.up2, self.out2 = _step(w3, w2, 1), _step(w2, w2)
        self.up1, self.out1 = _step(w2, w1, 1), _step(w1, w1)
        self.up0, self.out0 = _step(w1, w0, 1), _step(w0, w0)
        self.head = nn.Conv2d(w0, 1 + 4 + LUMA_CHANNELS, 1)

    def forward(
        self, before: tuple[Tensor, Tensor], after: tuple[Tensor, Tensor], residual: Tensor
    ) -> StillsOutputs:
        """Features of the Extractor, and the residual; see StillsOutputs."""
        near = [(before[0] - after[0]).abs(), torch.minimum(before[0], after[0])]
        far = [(before[1] - after[1]).abs(), torch.minimum(before[1], after[1])]
        x0 = self.fine(self.meet(torch.cat([residual, *near], 1)))
        x1 = self.middle(self.join(torch.cat([self.down1(x0), *far], 1)))
        x2 = self.down2(x1)
        x3 = self.down3(x2)
        y2 = self.out2(x2 + _twice(self.up2(x3)))
        y1 = self.out1(x1 + _twice(self.up1(y2)))
        y0 = self.out0(x0 + _twice(self.up0(y1)))
        heads = self.head(y0)
        sides = F.softplus(heads[:, 1:5].float()) * BOX_SCALE_PX
        return StillsOutputs(heads[:, 0], sides, F.pixel_shuffle(heads[:, 5:], 4)[:, 0])


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


class StillsNetwork(nn.Module):
    """Extractor and Comparator."""

    def __init__(self, configuration: StillsConfiguration) -> None:
        super().__init__()
        self.configuration = configuration
        self.extractor = Extractor(configuration)
        self.comparator = Comparator(configuration)
        nn.init.constant_(self.comparator.head.bias[:1], -3.0)  # type: ignore[index]
        nn.init.constant_(self.comparator.head.bias[5:], -3.0)  # type: ignore[index]

    def forward(self, inputs: StillsInputs) -> StillsOutputs:
        """See StillsInputs and StillsOutputs."""
        out: StillsOutputs = self.comparator(
            self.extractor(inputs.before), self.extractor(inputs.after), inputs.residual
        )
        return out
