"""The network for two stills on the compiled core; see :mod:`pyanalyzer.score.stills`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pyanalyzer.records import F32, U8
from pyanalyzer.score.layers import Layer, Tensors, layer_of, step_of
from pyanalyzer.score.stills_configuration import BOX_SCALE_PX, LUMA_CHANNELS
from pyanalyzer.stills.planes import Planes
from pyanalyzer.stills.records import StillsAnswer


class _Points:
    """A convolution of 1 x 1 px of several pictures, (1, R, C, channels), as if they were one with
    all their channels; normalisation and ReLU after it."""

    def __init__(self, whole: Layer, widths: Sequence[int]) -> None:
        """``whole``: of all channels; ``widths``: channels of each picture."""
        self._layers: list[Layer] = []
        start = 0
        for width in widths:
            part = np.ascontiguousarray(whole.weights[:, :, :, start : start + width])
            bias = np.zeros_like(whole.bias) if self._layers else whole.bias
            self._layers.append(replace(whole, weights=part, bias=bias))
            start += width
        self._layers[-1] = replace(self._layers[-1], relu=True)

    def __call__(self, *pictures: F32) -> F32:
        out: F32 | None = None
        for layer, picture in zip(self._layers, pictures, strict=True):
            out = layer(picture, residual=out)
        assert out is not None
        return out


class NativeLook:
    """What the network says of a window of two pictures."""

    def __init__(self, tensors: Tensors, *, threads: int) -> None:
        """``threads`` change nothing but the time. Raises KeyError where a tensor is missing."""

        def run(layer: Layer) -> Layer:
            return replace(layer, threads=threads)

        def step(name: str, stride: int = 1) -> Layer:
            return run(step_of(tensors, name, stride=stride))

        def points(name: str, *widths: int) -> _Points:
            return _Points(run(layer_of(tensors, f"{name}.0", f"{name}.1")), widths)

        cell = tensors["extractor.cell.0.weight"]
        width, near = cell.shape[:2]
        place = len(tensors["extractor.place.0.0.weight"])
        meet = tensors["comparator.meet.0.weight"].shape[1] - 2 * width
        w1, w2, w3 = (
            len(tensors[f"comparator.{name}.weight"])
            for name in ("down1.0", "down2.0.0", "down3.0.0")
        )
        self._cell = points("extractor.cell", near)
        self._place = [step("extractor.place.0", 2), step("extractor.place.1")]
        self._meet = points("comparator.meet", meet, width, width)
        self._fine = step("comparator.fine")
        self._down1 = step("comparator.down1", 2)
        self._join = points("comparator.join", w1, place, place)
        self._down2, self._down3 = (step(f"comparator.down{i}.0", 2) for i in (2, 3))
        self._blocks = [
            [step(f"comparator.{name}.steps.{i}") for i in (0, 1)]
            for name in ("middle", "down2.1", "down3.1")
        ]
        self._up = [points(f"comparator.up{i}", w) for i, w in ((2, w3), (1, w2), (0, w1))]
        self._out = [step(f"comparator.out{i}") for i in (2, 1, 0)]
        self._head = run(layer_of(tensors, "comparator.head"))

    def __call__(self, planes: Planes) -> StillsAnswer:
        """Sides of whole STRIDE_PX."""
        pictures = [
            (_cells(planes.luma[i : i + 1], 4), _cells(planes.chroma[c : c + 2], 2))
            for i, c in ((0, 0), (1, 2))
        ]
        before, after = ((np.concatenate(p, axis=2) - 128) / np.float32(64) for p in pictures)
        residual = _residual(planes, after - before)
        cells = [self._cell(picture[np.newaxis]) for picture in (before, after)]
        places = [self._place[1](self._place[0](picture)) for picture in cells]
        return self._compared(residual[np.newaxis], cells, places)

    def _compared(self, residual: F32, cells: Sequence[F32], places: Sequence[F32]) -> StillsAnswer:
        """The Comparator: a U-Net over four grids."""
        x0 = self._fine(self._meet(residual, *_two_ways(*cells)))
        x1 = self._block(0, self._join(self._down1(x0), *_two_ways(*places)))
        x2 = self._block(1, self._down2(x1))
        y = self._block(2, self._down3(x2))
        for up, out, fine in zip(self._up, self._out, (x2, x1, x0), strict=True):
            y = out(_onto(fine, up(y)))
        heads = self._head(y)[0]
        sides = np.moveaxis(_softplus(heads[..., 1:5]) * np.float32(BOX_SCALE_PX), 2, 0)
        rows, columns = heads.shape[:2]
        pixels = heads[..., 5 : 5 + LUMA_CHANNELS].reshape(rows, columns, 4, 4)
        mask: F32 = pixels.transpose(0, 2, 1, 3).reshape(4 * rows, 4 * columns)
        return StillsAnswer(heads[..., 0], sides, mask)

    def _block(self, number: int, x: F32) -> F32:
        first, second = self._blocks[number]
        out: F32 = x + second(first(x))
        return out


def _two_ways(before: F32, after: F32) -> tuple[F32, F32]:
    """How features of both pictures differ, and what they have in common."""
    return np.abs(before - after), np.minimum(before, after)


def _cells(planes: U8, side: int) -> F32:
    """The pixels of each cell of ``side`` x ``side`` px (2 or 4) side by side: uint8 (C, H, W) to
    float32 (R, C', C * side * side)."""
    channels, height, width = planes.shape
    rows, columns = height // side, width // side
    # A row of a cell is moved as one number.
    words = np.ascontiguousarray(planes).view(f"u{side}").reshape(channels, rows, side, columns)
    cells = np.ascontiguousarray(words.transpose(1, 3, 0, 2)).view(np.uint8)
    return cells.reshape(rows, columns, -1).astype(np.float32)


def _residual(planes: Planes, difference: F32) -> F32:
    """Difference, residuals, where both pictures are, and the noise: (R, C, channels)."""
    strange = (_cells(planes.luma_residual[np.newaxis], 4), _cells(planes.chroma_residual, 2))
    rows, columns, width = difference.shape
    out = np.empty((rows, columns, 2 * width + 3), np.float32)
    np.multiply(difference, 2, out=out[..., :width])  # levels / 32
    np.divide(np.concatenate(strange, axis=2), 32, out=out[..., width : 2 * width])
    out[..., 2 * width] = planes.covered / np.float32(255)
    out[..., 2 * width + 1 :] = np.log1p(planes.noise)
    return out


def _onto(fine: F32, coarse: F32) -> F32:
    """The coarse grid, each cell twice as wide and high, added to the fine one."""
    _, rows, columns, channels = coarse.shape
    cells = fine.reshape(rows, 2, columns, 2, channels) + coarse[0][:, np.newaxis, :, np.newaxis]
    out: F32 = cells.reshape(1, 2 * rows, 2 * columns, channels)
    return out


def _softplus(x: F32) -> F32:
    out: F32 = np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)
    return out
