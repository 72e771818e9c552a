"""The network on the compiled core: the same function as PyTorch's, without PyTorch.

Loading PyTorch takes two seconds. The network that is trained is defined in
:mod:`pyanalyzer.score.model`; results differ from it by rounding. Arrays have their channels last.
What comes before the comparison over time is in :mod:`pyanalyzer.score.native_places`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pyanalyzer.records import CAUSES, F32, KINDS, U8, BoolGrid
from pyanalyzer.score.configuration import NetworkConfiguration
from pyanalyzer.score.layers import NORM_EPSILON, Tensors, layer_of, step_of
from pyanalyzer.score.native_places import NativePlaces, PlaceLayers
from pyanalyzer.score.parts import Views

_CROPS_AT_ONCE = 128  # what a layer gives is in the cache for the next one
_ABSENT = np.float32(-1e4)  # log-odds of a candidate that does not exist


class _Norm:
    """Layer normalisation over the channels of (V, T, width)."""

    def __init__(self, tensors: Tensors, name: str) -> None:
        self._weight, self._bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]

    def __call__(self, x: F32) -> F32:
        # Summed channel by channel: along the last axis NumPy's order hangs on the processor.
        by_channel = np.ascontiguousarray(np.moveaxis(x, -1, 0))
        count = np.float32(len(by_channel))
        by_channel = by_channel - by_channel.sum(axis=0) / count
        variance = np.square(by_channel).sum(axis=0) / count
        by_channel = by_channel / np.sqrt(variance + np.float32(NORM_EPSILON))
        normal: F32 = np.moveaxis(by_channel, 0, -1) * self._weight + self._bias
        return normal


class _TemporalBlock:
    """:class:`pyanalyzer.score.course.TemporalBlock`, on (V, T, width)."""

    def __init__(self, tensors: Tensors, name: str, dilation: int) -> None:
        self._norm = _Norm(tensors, f"{name}.norm")
        self._dilated = replace(
            layer_of(tensors, f"{name}.dilated"), dilation=(1, dilation), relu=True
        )
        self._mix = layer_of(tensors, f"{name}.mix")

    def __call__(self, x: F32) -> F32:
        seen = self._dilated(self._norm(x)[:, np.newaxis])
        return self._mix(seen, residual=x[:, np.newaxis])[:, 0]


class NativeNetwork:
    """:class:`~pyanalyzer.score.parts.NetworkParts` from the tensors of a trained network."""

    def __init__(self, configuration: NetworkConfiguration, tensors: Tensors) -> None:
        """Raises KeyError where a tensor is missing, ValueError where
        :func:`supports` says no."""
        if not supports(configuration):
            raise ValueError("a grown network runs on PyTorch only")
        c = self.configuration = configuration
        course = "temporal_comparator"
        self.place_layers = PlaceLayers(c, tensors)
        self._crop_steps = [
            step_of(tensors, f"crop_extractor.layers.{i}", stride=2) for i in range(3)
        ]
        self._crop_flat = layer_of(_channels_last(tensors, c.crop_width), "crop_extractor.flat")
        self._candidate = [
            replace(layer_of(tensors, f"candidate_comparator.layers.{i}"), relu=True)
            for i in (0, 2)
        ]
        self._course_enter = replace(layer_of(tensors, f"{course}.enter.0"), relu=True)
        self._course = [
            _TemporalBlock(tensors, f"{course}.blocks.{i}", d) for i, d in enumerate(c.dilations)
        ]
        self._last_norm = _Norm(tensors, f"{course}.blocks.{len(c.dilations)}")
        heads = ("cause_onset", "kind", "whole", "query")
        self._heads = layer_of(_together(tensors, course, heads), "heads")

    @property
    def temporal_context_frames(self) -> int:
        """See :class:`~pyanalyzer.score.parts.NetworkParts`."""
        return self.configuration.temporal_context_frames

    def follow_places(self, *, views: Views, batch_frames: int) -> NativePlaces:
        """See :class:`~pyanalyzer.score.parts.NetworkParts`."""
        return NativePlaces(self.place_layers, views)

    def compare_candidates(self, crops: U8, proposals: F32) -> F32:
        """See :class:`~pyanalyzer.score.parts.NetworkParts`."""
        present = proposals[..., 0] > 0.5
        out = np.zeros((*present.shape, self.configuration.candidate_width), np.float32)
        if not present.any():
            return out
        pairs = crops[present]  # (N, 2, P, P)
        flat = pairs.reshape(-1, *pairs.shape[2:])
        features = np.concatenate(
            [
                self._crop_features(flat[begin : begin + _CROPS_AT_ONCE])
                for begin in range(0, len(flat), _CROPS_AT_ONCE)
            ]
        ).reshape(len(pairs), 2, -1)
        before, after = features[:, 0], features[:, 1]
        x = np.concatenate([before, after, np.abs(after - before), proposals[present]], axis=1)
        x = x[np.newaxis, np.newaxis]
        for layer in self._candidate:
            x = layer(x)
        out[present] = x[0, 0] * proposals[present][:, :1]
        return out

    def _crop_features(self, crops: U8) -> F32:
        """uint8 (N, P, P) to (N, features)."""
        # Whole numbers, so that their sum is exact, whatever its order.
        total = crops.reshape(len(crops), -1).sum(axis=1, dtype=np.uint32)
        mean = (total / (crops.shape[1] * crops.shape[2])).astype(np.float32)
        pixels = crops.astype(np.float32)
        pixels -= mean[:, np.newaxis, np.newaxis]
        pixels *= np.float32(1 / 64)
        x = pixels[..., np.newaxis]
        for step in self._crop_steps:
            x = step(x)
        features: F32 = self._crop_flat(x.reshape(1, 1, len(x), -1))[0, 0]
        return features

    def compare(
        self, places: F32, frame_globals: F32, candidates: F32, present: BoolGrid
    ) -> tuple[F32, F32, F32]:
        """See :class:`~pyanalyzer.score.parts.NetworkParts`."""
        change = np.diff(frame_globals, axis=1, prepend=frame_globals[:, :1])
        vectors = (
            places[:, :, 0],
            places[:, :, 1],
            candidates.mean(axis=2),
            candidates.max(axis=2),
            frame_globals,
            change,
        )
        x = self._course_enter(np.concatenate(vectors, axis=2)[:, np.newaxis])[:, 0]
        for block in self._course:
            x = block(x)
        heads = self._heads(self._last_norm(x)[:, np.newaxis])[:, 0]
        cause_onset, kind, whole, query = np.split(
            heads, np.cumsum([1 + len(CAUSES), len(KINDS), 1]), axis=2
        )
        scale = np.float32(1 / math.sqrt(candidates.shape[3]))
        products = np.moveaxis(candidates * query[:, :, np.newaxis], 3, 0)
        pointed = np.where(present, products.sum(axis=0) * scale, _ABSENT)
        candidate = np.concatenate([whole, pointed], axis=2)
        return _log_softmax(cause_onset), _log_softmax(kind), _log_softmax(candidate)


def supports(configuration: NetworkConfiguration) -> bool:
    """Whether :class:`NativeNetwork` can run it: what can be grown is PyTorch's alone."""
    c = configuration
    return not (c.place_dilations or c.heads or c.last_dilations)


def _channels_last(tensors: Tensors, crop_width: int) -> Tensors:
    """The layer that flattens crops reads channel by channel in PyTorch, pixel by pixel here."""
    weight = tensors["crop_extractor.flat.weight"]
    channels = crop_width // 2
    side = math.isqrt(weight.shape[1] // channels)
    flat = weight.reshape(len(weight), channels, side, side).transpose(0, 2, 3, 1)
    return tensors | {"crop_extractor.flat.weight": flat.reshape(len(weight), -1)}


def _together(tensors: Tensors, owner: str, heads: Sequence[str]) -> Tensors:
    """Layers that read the same, as one."""
    return {
        f"heads.{part}": np.concatenate([tensors[f"{owner}.{head}.{part}"] for head in heads])
        for part in ("weight", "bias")
    }


def _log_softmax(x: F32) -> F32:
    above = x - x.max(axis=-1, keepdims=True)
    total = np.moveaxis(np.exp(above.astype(np.float64)), -1, 0).sum(axis=0)
    out: F32 = (above - np.log(total)[..., np.newaxis]).astype(np.float32)
    return out
