"""Layers of a trained network, from PyTorch's tensors, on the compiled core: channels last."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pyanalyzer.core.convolve import convolve, pack_bias, pack_weights
from pyanalyzer.records import F32

NORM_EPSILON = 1e-5  # PyTorch's, of batch and layer normalisation

Tensors = dict[str, F32]  # a state dictionary of PyTorch's


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A convolution with what follows it at once; ``padding`` is as much as the kernel reaches."""

    weights: F32
    bias: F32
    out_channels: int
    stride: int = 1
    dilation: tuple[int, int] = (1, 1)
    relu: bool = False
    threads: int = 1
    isa: str | None = None

    def __call__(self, x: F32, residual: F32 | None = None) -> F32:
        """(N, R, C, channels) to (N, R', C', out_channels)."""
        _, rows, cols, _, _ = self.weights.shape
        down, across = self.dilation
        return convolve(
            np.ascontiguousarray(x),
            self.weights,
            self.bias,
            out_channels=self.out_channels,
            stride=self.stride,
            dilation=self.dilation,
            padding=(down * (rows // 2), across * (cols // 2)),
            residual=residual,
            relu=self.relu,
            threads=self.threads,
            isa=self.isa,
        )


def layer_of(tensors: Tensors, name: str, norm: str | None = None) -> Layer:
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
    return Layer(pack_weights(weights), pack_bias(bias), len(weights))


def step_of(tensors: Tensors, name: str, *, stride: int = 1, dilation: int = 1) -> Layer:
    """Convolution, batch normalisation, ReLU."""
    layer = layer_of(tensors, f"{name}.0", f"{name}.1")
    return replace(layer, stride=stride, dilation=(dilation, dilation), relu=True)
