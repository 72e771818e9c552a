"""Layers of a trained network, from PyTorch's tensors, on the compiled core: channels last."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, TypedDict

import numpy as np

from pyanalyzer.core.convolve import (
    convolve,
    convolve_3x3,
    pack_bias,
    pack_weights,
    pack_weights_3x3,
)
from pyanalyzer.records import F32

NORM_EPSILON = 1e-5  # PyTorch's, of batch and layer normalisation

Tensors = dict[str, F32]  # a state dictionary of PyTorch's


class Shift(NamedTuple):
    """So many channels are those of the next image, as many more those of the one before; and the
    images around all others, (R, C, channels), where there are such."""

    channels: int
    before: F32 | None
    after: F32 | None


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A convolution with what follows it at once; around its input are as many zeros as the kernel
    reaches, or, not ``padded``, none.

    ``weights``: packed for :func:`~pyanalyzer.core.convolve.convolve` (five axes), or, of 3 x 3
    cells and stride 1, for :func:`~pyanalyzer.core.convolve.convolve_3x3` (four)."""

    weights: F32
    bias: F32
    out_channels: int
    stride: int = 1
    dilation: tuple[int, int] = (1, 1)
    relu: bool = False
    padded: bool = True
    threads: int = 1

    def __call__(
        self,
        x: F32,
        residual: F32 | None = None,
        *,
        out: F32 | None = None,
        shift: Shift | None = None,
    ) -> F32:
        """(N, R, C, channels) to (N, R', C', out_channels), written to ``out`` where there is one.

        ``shift``: for 3 x 3 cells and stride 1 alone."""
        then: _Then = {
            "out_channels": self.out_channels,
            "dilation": self.dilation,
            "residual": residual,
            "relu": self.relu,
            "out": out,
            "threads": self.threads,
        }
        x = np.ascontiguousarray(x)
        rows, cols = (3, 3) if self.weights.ndim == 4 else self.weights.shape[1:3]
        down, across = self.dilation
        padding = (down * (rows // 2), across * (cols // 2)) if self.padded else (0, 0)
        if self.weights.ndim == 4:
            around = shift or Shift(0, None, None)
            return convolve_3x3(
                x,
                self.weights,
                self.bias,
                padding=padding,
                shift=around.channels,
                before=around.before,
                after=around.after,
                **then,
            )
        assert shift is None
        return convolve(x, self.weights, self.bias, stride=self.stride, padding=padding, **then)


class _Then(TypedDict):
    """What both kinds of layers are given."""

    out_channels: int
    dilation: tuple[int, int]
    residual: F32 | None
    relu: bool
    out: F32 | None
    threads: int


def layer_of(tensors: Tensors, name: str, norm: str | None = None, *, stride: int = 1) -> Layer:
    """Layer ``name``; with the batch normalisation ``norm`` after it folded into it (see
    :mod:`pyanalyzer.score.folding`)."""
    weights = tensors[f"{name}.weight"]
    bias = tensors.get(f"{name}.bias", np.zeros(len(weights), np.float32))
    if norm is not None:
        deviation = np.sqrt(tensors[f"{norm}.running_var"] + np.float32(NORM_EPSILON))
        scale = tensors[f"{norm}.weight"] / deviation
        weights = weights * scale.reshape(-1, *(1,) * (weights.ndim - 1))
        bias = (bias - tensors[f"{norm}.running_mean"]) * scale + tensors[f"{norm}.bias"]
    if weights.ndim == 2:  # a linear layer
        weights = weights[..., np.newaxis]
    if weights.ndim == 3:  # over time, which lies along the columns
        weights = weights[:, :, np.newaxis]
    winograd = stride == 1 and weights.shape[2:] == (3, 3)
    packed = pack_weights_3x3(weights) if winograd else pack_weights(weights)
    return Layer(packed, pack_bias(bias), len(weights), stride)


def step_of(tensors: Tensors, name: str, *, stride: int = 1, dilation: int = 1) -> Layer:
    """Convolution, batch normalisation, ReLU."""
    layer = layer_of(tensors, f"{name}.0", f"{name}.1", stride=stride)
    return replace(layer, dilation=(dilation, dilation), relu=True)
