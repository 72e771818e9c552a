"""The Locator on the compiled core: the same function as PyTorch's, without PyTorch.

See :mod:`pyanalyzer.score.locator`. Arrays have their channels last.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from pyanalyzer.core.block_vectors import block_vectors
from pyanalyzer.core.convolve import pack_bias
from pyanalyzer.records import F32, U8
from pyanalyzer.score.configuration import LocatorConfiguration
from pyanalyzer.score.features import MAP_CHANNELS, SIGNED_CHANNELS
from pyanalyzer.score.layers import NORM_EPSILON, Tensors, layer_of, step_of

_UNSIGNED = len(MAP_CHANNELS) - len(SIGNED_CHANNELS)  # the signed channels come last


class _ResidualBlock:
    """:class:`pyanalyzer.score.locator.ResidualBlock`."""

    def __init__(self, tensors: Tensors, name: str, dilation: int) -> None:
        self._first = step_of(tensors, f"{name}.layers.0", dilation=dilation)
        last = layer_of(tensors, f"{name}.layers.1", f"{name}.layers.2")
        self._last = replace(last, dilation=(dilation, dilation), relu=True)

    def __call__(self, x: F32) -> F32:
        return self._last(self._first(x), residual=x)


class NativeLocator:
    """Where a change is seen, given that there is one."""

    def __init__(self, configuration: LocatorConfiguration, tensors: Tensors) -> None:
        """Raises KeyError where a tensor is missing."""
        c = configuration
        self.before, self.after = c.before, c.after
        self._frame = [
            replace(layer_of(tensors, f"frame.{i}"), relu=True)
            for i in (0, 2)  # a ReLU after each
        ]
        weight = tensors["enter.0.weight"]
        self._enter = step_of(tensors | {"enter.0.weight": weight[:, :-1]}, "enter")
        # The rate is the same everywhere: it belongs to the bias.
        deviation = np.sqrt(tensors["enter.1.running_var"] + np.float32(NORM_EPSILON))
        self._of_rate = weight[:, -1, 0, 0] * tensors["enter.1.weight"] / deviation
        self._blocks = [
            _ResidualBlock(tensors, f"blocks.{i}", dilation)
            for i, dilation in enumerate(c.dilations)
        ]
        self._picture = layer_of(tensors, "picture")
        self._last = _ResidualBlock(tensors, "last", 1)
        self._out = layer_of(tensors, "out")

    def __call__(self, maps: U8, frame_rate: float) -> F32:
        """Log-probability of each block, float32 (R, C), natural logarithm.

        ``maps``: uint8 (before + after, len(MAP_CHANNELS), R, C), the onset's frame the
        ``before``-th. Raises ValueError on another number of frames.
        """
        if len(maps) != self.before + self.after:
            raise ValueError(f"{self.before + self.after} frames are looked at, not {len(maps)}")
        x = block_vectors(np.ascontiguousarray(maps), first_signed=_UNSIGNED)
        for layer in self._frame:
            x = layer(x)
        _, rows, cols, width = x.shape
        side_by_side = np.moveaxis(x, 0, 2).reshape(1, rows, cols, len(maps) * width)
        bias = self._enter.bias + pack_bias(self._of_rate * np.float32(math.log(frame_rate)))
        x = replace(self._enter, bias=bias)(side_by_side)
        for block in self._blocks:
            x = block(x)
        blocks = x.reshape(rows * cols, -1)
        # Summed block after block: in no other order.
        seen = np.concatenate([blocks.sum(axis=0) / np.float32(len(blocks)), blocks.max(axis=0)])
        x = np.maximum(x + self._picture(seen.reshape(1, 1, 1, -1)), np.float32(0))
        log_odds = self._out(self._last(x))[0, :, :, 0].astype(np.float64)
        top = log_odds.max()
        log_p: F32 = (log_odds - top - np.log(np.exp(log_odds - top).sum())).astype(np.float32)
        return log_p
