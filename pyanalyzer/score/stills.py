"""The network for two stills: an Extractor for both pictures, a Comparator for the pair."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pyanalyzer.score.stills_configuration import (
    BOX_SCALE_PX,
    LUMA_CHANNELS,
    PICTURE_CHANNELS,
    RESIDUAL_CHANNELS,
    StillsConfiguration,
)


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
    pictures = [
        _both(_cells(luma[:, i : i + 1], 4), _cells(chroma[:, c : c + 2], 2)).sub_(128).div_(64)
        for i, c in ((0, 0), (1, 2))
    ]
    before, after = pictures
    strange = _both(_cells(luma_residual[:, None], 4), _cells(chroma_residual, 2))
    b, rows, columns, width = before.shape
    residual = before.new_empty(b, rows, columns, RESIDUAL_CHANNELS)
    residual[..., :width] = (after - before).mul_(2)  # levels / 32
    residual[..., width : 2 * width] = strange.div_(32)
    residual[..., 2 * width] = covered.float().div_(255)
    residual[..., 2 * width + 1 :] = torch.log1p(noise.float())[:, None, None]
    return StillsInputs(*(x.permute(0, 3, 1, 2) for x in (before, after, residual)))


def _cells(plane: Tensor, side: int) -> Tensor:
    """The pixels of each cell of ``side`` x ``side`` px side by side, as ``F.pixel_unshuffle``
    orders them: uint8 (B, C, H, W) to (B, R, C', C * side * side). A cell's row moves as one
    number."""
    row = plane.contiguous().view(torch.int32 if side == 4 else torch.int16)
    b, channels, height, columns = row.shape
    rows = row.view(b, channels, height // side, side, columns).permute(0, 2, 4, 1, 3).contiguous()
    return rows.flatten(3).view(torch.uint8)


def _both(luma: Tensor, chroma: Tensor) -> Tensor:
    """One after the other along the last side, as float32."""
    whole = torch.empty(*luma.shape[:3], luma.shape[3] + chroma.shape[3])
    whole[..., : luma.shape[3]], whole[..., luma.shape[3] :] = luma, chroma
    return whole


class PointConvolution(nn.Conv2d):
    """A convolution of 1 x 1 px of several tensors, (B, c, R, C) in the format channels last, as if
    they were one with all their channels: they need not be copied together."""

    def __init__(self, in_width: int, out_width: int, *, bias: bool = True) -> None:
        super().__init__(in_width, out_width, 1, bias=bias)

    def forward(self, *parts: Tensor) -> Tensor:
        """(B, out_width, R, C)."""
        b, _, rows, columns = parts[0].shape
        weight = self.weight.flatten(1)
        out: Tensor | None = None
        start = 0
        for part in parts:
            flat = part.permute(0, 2, 3, 1).reshape(-1, part.shape[1])
            own = weight[:, start : start + part.shape[1]]
            if out is None:
                out = F.linear(flat, own, self.bias)
            else:  # autocast does not reach what works in place
                out.addmm_(flat.to(out.dtype), own.T.to(out.dtype))
            start += part.shape[1]
        assert out is not None
        return out.view(b, rows, columns, -1).permute(0, 3, 1, 2)


class PointStep(nn.Sequential):
    """A convolution of 1 x 1 px, batch normalisation (folded into it for use), ReLU."""

    def __init__(self, in_width: int, out_width: int) -> None:
        super().__init__(
            PointConvolution(in_width, out_width, bias=False),
            nn.BatchNorm2d(out_width),
            nn.ReLU(inplace=True),
        )

    def forward(self, *parts: Tensor) -> Tensor:
        """Tensors whose channels are in_width together to (B, out_width, R, C)."""
        out: Tensor = self[2](self[1](self[0](*parts)))
        return out


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
        self.cell = PointStep(PICTURE_CHANNELS, c.picture_width)
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
        self.meet = PointStep(RESIDUAL_CHANNELS + 2 * c.picture_width, w0)
        self.fine = _step(w0, w0)
        self.down1 = _step(w0, w1, 3, 2)
        self.join = PointStep(w1 + 2 * c.place_width, w1)
        self.middle = Block(w1)
        self.down2 = nn.Sequential(_step(w1, w2, 3, 2), Block(w2))
        self.down3 = nn.Sequential(_step(w2, w3, 3, 2), Block(w3))
        self.up2, self.out2 = PointStep(w3, w2), _step(w2, w2)
        self.up1, self.out1 = PointStep(w2, w1), _step(w1, w1)
        self.up0, self.out0 = PointStep(w1, w0), _step(w0, w0)
        self.head = PointConvolution(w0, 1 + 4 + LUMA_CHANNELS)

    def forward(
        self, before: tuple[Tensor, Tensor], after: tuple[Tensor, Tensor], residual: Tensor
    ) -> StillsOutputs:
        """Features of the Extractor, and the residual; see StillsOutputs."""
        near = [(before[0] - after[0]).abs(), torch.minimum(before[0], after[0])]
        far = [(before[1] - after[1]).abs(), torch.minimum(before[1], after[1])]
        x0 = self.fine(self.meet(residual, *near))
        x1 = self.middle(self.join(self.down1(x0), *far))
        x2 = self.down2(x1)
        x3 = self.down3(x2)
        y2 = self.out2(_onto(x2, self.up2(x3)))
        y1 = self.out1(_onto(x1, self.up1(y2)))
        y0 = self.out0(_onto(x0, self.up0(y1)))
        heads = self.head(y0)
        sides = F.softplus(heads[:, 1:5].float().contiguous()) * BOX_SCALE_PX
        return StillsOutputs(heads[:, 0], sides, F.pixel_shuffle(heads[:, 5:], 4)[:, 0])


def _onto(fine: Tensor, coarse: Tensor) -> Tensor:
    """The coarse grid, each cell twice as wide and high, added to the fine one."""
    b, channels, rows, columns = coarse.shape
    cells = fine.permute(0, 2, 3, 1).reshape(b, rows, 2, columns, 2, channels)
    added = cells + coarse.permute(0, 2, 3, 1)[:, :, None, :, None]
    return added.view(b, 2 * rows, 2 * columns, channels).permute(0, 3, 1, 2)


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
