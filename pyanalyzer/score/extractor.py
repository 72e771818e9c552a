"""The Extractor: one frame's maps and crops to features, with the same weights for both sides."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pyanalyzer.score.features import MAP_CHANNELS, SIGNED_CHANNELS

COORDINATES = 2  # each block also knows where it lies: the interface stands at the edges
_UNSIGNED = len(MAP_CHANNELS) - len(SIGNED_CHANNELS)
assert set(MAP_CHANNELS[_UNSIGNED:]) == SIGNED_CHANNELS, "the signed channels come last"


def conv(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """3 x 3 convolution, batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=dilation, dilation=dilation, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class ShiftBlock(nn.Module):
    """Residual block that sees the frame before and the frame after at every place.

    Before the first of its two convolutions an eighth of the channels comes from the next frame
    and an eighth from the last one (temporal shift, Lin et al., TSM, 2019): how a place changes is
    seen before places are averaged, at the price of a convolution over single frames. Outside the
    clip there is nothing: zeros. Input and output float (B, T, width, R, C). ``dilation``: of the
    convolutions over places.
    """

    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.shifted_channels = width // 8
        last = nn.BatchNorm2d(width)
        nn.init.zeros_(last.weight)  # at first every block hands on what it gets
        self.layers = nn.Sequential(
            conv(width, width, dilation=dilation),
            nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation, bias=False),
            last,
        )

    def forward(self, maps: Tensor) -> Tensor:
        # Channels last in memory: the shift moves whole runs of channels.
        flat: Tensor = self.layers(self.shift(maps).flatten(0, 1))
        return torch.relu(maps + flat.view_as(maps))

    def shift(self, maps: Tensor) -> Tensor:
        """float (B, T, width, R, C) to the same, an eighth of the channels from either side."""
        n = self.shifted_channels
        later = nn.functional.pad(maps[:, 1:, :n], (0, 0, 0, 0, 0, 0, 0, 1))
        earlier = nn.functional.pad(maps[:, :-1, n : 2 * n], (0, 0, 0, 0, 0, 0, 1, 0))
        return torch.cat([later, earlier, maps[:, :, 2 * n :]], dim=2)


class MapExtractor(nn.Module):
    """Evidence maps to feature maps at a quarter of the grid's resolution.

    Input uint8 (B, T, len(MAP_CHANNELS), R, C), R and C at least 4; output float (B, T, width, R',
    C'). A frame's features know as many frames to either side as there are blocks.
    """

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self.enter = nn.Sequential(
            conv(len(MAP_CHANNELS) + COORDINATES, width // 2, stride=2),
            conv(width // 2, width, stride=2),
        )
        self.blocks = nn.Sequential(*(ShiftBlock(width) for _ in range(blocks)))

    def forward(self, maps: Tensor) -> Tensor:
        entered: Tensor = self.enter(planes_of(maps.flatten(0, 1)))
        features: Tensor = self.blocks(entered.view(*maps.shape[:2], *entered.shape[1:]))
        return features


def planes_of(maps: Tensor) -> Tensor:
    """uint8 (N, len(MAP_CHANNELS), R, C) to float (N, len(MAP_CHANNELS) + 2, R, C): the maps about
    their zero, in 1/32, and each block's row and column from -1 to 1."""
    # Bytes are exact in bfloat16 too, and half the size of what the convolution would copy.
    device = maps.device.type
    dtype = torch.float32
    if torch.is_autocast_enabled(device):
        dtype = torch.get_autocast_dtype(device)
    n, channels, rows, cols = maps.shape
    planes = torch.empty(
        (n, channels + COORDINATES, rows, cols),
        dtype=dtype,
        device=maps.device,
        memory_format=torch.channels_last,
    )
    planes[:, :_UNSIGNED] = maps[:, :_UNSIGNED]
    planes[:, _UNSIGNED:channels] = (maps[:, _UNSIGNED:] ^ 128).view(torch.int8)  # minus 128
    planes[:, channels] = 32 * torch.linspace(-1, 1, rows, device=maps.device).view(-1, 1)
    planes[:, channels + 1] = 32 * torch.linspace(-1, 1, cols, device=maps.device)
    return planes.mul_(1 / 32)


class CropExtractor(nn.Module):
    """Pixels of single crops to a vector: uint8 (N, CROP_PX, CROP_PX) to float (N, width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(conv(1, 8, 2), conv(8, 16, 2), conv(16, width // 2, 2))
        self.flat = nn.Linear(16 * (width // 2), width)

    def forward(self, crops: Tensor) -> Tensor:
        pixels = crops.float().unsqueeze(1)
        # What is in the crop, not how bright it is.
        pixels = (pixels - pixels.mean(dim=(2, 3), keepdim=True)) / 64.0
        features: Tensor = self.flat(self.layers(pixels).flatten(1))
        return features
