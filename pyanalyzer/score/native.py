"""The network on the compiled core: the same function as PyTorch's, without PyTorch.

Loading PyTorch takes two seconds. The network that is trained is defined in
:mod:`pyanalyzer.score.model`; results differ from it by rounding. Arrays have their channels last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pyanalyzer.core.block_vectors import block_vectors
from pyanalyzer.records import CAUSES, F32, KINDS, U8, BoolGrid
from pyanalyzer.score.configuration import (
    COARSE_PLACE_STEP,
    SIDE_FRAMES,
    NetworkConfiguration,
)
from pyanalyzer.score.features import MAP_CHANNELS, SIGNED_CHANNELS
from pyanalyzer.score.layers import NORM_EPSILON, Layer, Shift, Tensors, layer_of, step_of
from pyanalyzer.score.mirror import turned_channels

_UNSIGNED = len(MAP_CHANNELS) - len(SIGNED_CHANNELS)  # the signed channels come last
_TURNED = turned_channels("x")
# So many frames are worked on at a time: what a layer gives is in the cache for the next one.
_AT_ONCE_FRAMES = 16
_ENTER_FRAMES = 4  # before the grid gets coarser: four times as much each
_ABSENT = np.float32(-1e4)  # log-odds of a candidate that does not exist


class _ShiftBlock:
    """:class:`pyanalyzer.score.extractor.ShiftBlock`, on (T, R, C, width)."""

    def __init__(self, tensors: Tensors, name: str, dilation: int = 1) -> None:
        self._first = step_of(tensors, f"{name}.layers.0", dilation=dilation)
        last = layer_of(tensors, f"{name}.layers.1", f"{name}.layers.2")
        self._last = replace(last, dilation=(dilation, dilation), relu=True)

    def __call__(self, maps: F32, out: F32) -> F32:
        """To ``out``: an eighth of the channels of what is seen is that of the next frame, another
        one that of the frame before; zero where there is none."""
        room = np.empty((min(_AT_ONCE_FRAMES, len(maps)), *maps.shape[1:]), np.float32)
        for begin in range(0, len(maps), _AT_ONCE_FRAMES):
            now = maps[begin : begin + _AT_ONCE_FRAMES]
            end = begin + len(now)
            before = maps[begin - 1] if begin else None
            after = maps[end] if end < len(maps) else None
            shift = Shift(maps.shape[-1] // 8, before, after)
            seen = self._first(now, shift=shift, out=room[: len(now)])
            self._last(seen, residual=now, out=out[begin:end])
        return out


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
        extractor, side, course = "map_extractor", "side_comparator", "temporal_comparator"
        self._enter = [step_of(tensors, f"{extractor}.enter.{i}", stride=2) for i in (0, 1)]
        self._blocks = [
            _ShiftBlock(tensors, f"{extractor}.blocks.{i}") for i in range(c.map_blocks)
        ]
        self._sides_of = _side_layers(tensors, f"{side}.side.0", c.map_width)
        self._compare = step_of(tensors, f"{side}.compare", stride=c.place_step)
        dilation = COARSE_PLACE_STEP // c.place_step
        self._place_blocks = [
            _ShiftBlock(tensors, f"{side}.blocks.{i}", dilation) for i in range(c.compared_blocks)
        ]
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
    def place_context_frames(self) -> int:
        """See :class:`~pyanalyzer.score.parts.NetworkParts`."""
        return self.configuration.place_context_frames

    @property
    def temporal_context_frames(self) -> int:
        """See :class:`~pyanalyzer.score.parts.NetworkParts`."""
        return self.configuration.temporal_context_frames

    def compare_places(self, maps: U8, *, mirrored: bool) -> F32:
        """See :class:`~pyanalyzer.score.parts.NetworkParts`: mean and largest of all places, (V, T,
        2, compared width)."""
        views = [self.places(maps, mirrored=view) for view in (False, True)[: 1 + mirrored]]
        return np.stack([np.stack([x.mean(axis=1), x.max(axis=1)], axis=1) for x in views])

    def places(self, maps: U8, *, mirrored: bool) -> F32:
        """uint8 (T, len(MAP_CHANNELS), R, C) to float32 (T, places, compared width): one view."""
        x = self._extracted(maps, mirrored=mirrored)
        x = self._compared(x)
        room = np.empty_like(x)
        for block in self._place_blocks:
            x, room = block(x, room), x
        return x.reshape(len(x), -1, x.shape[-1])

    def _extracted(self, maps: U8, *, mirrored: bool) -> F32:
        """(T, channels, R, C) to (T + 2 SIDE_FRAMES - 1, R', C', width): around all frames the
        first and the last one are repeated."""
        frames, first = len(maps), SIDE_FRAMES
        rooms: list[F32] = []
        for begin in range(0, frames, _ENTER_FRAMES):
            now = maps[begin : begin + _ENTER_FRAMES]
            x = block_vectors(
                now, first_signed=_UNSIGNED, mirrored=mirrored, turned=_TURNED if mirrored else ()
            )
            x = self._enter[0](x)
            if not rooms:
                grid = (-(-n // 2) for n in x.shape[1:3])
                size = frames + 2 * SIDE_FRAMES - 1, *grid, self.configuration.map_width
                rooms = [np.empty(size, np.float32) for _ in range(2)]
            self._enter[1](x, out=rooms[0][first + begin : first + begin + len(now)])
        x, room = rooms
        inside = slice(first, first + frames)
        for block in self._blocks:
            block(x[inside], room[inside])
            x, room = room, x
        x[:first], x[first + frames :] = x[first], x[first + frames - 1]
        return x

    def _compared(self, maps: F32) -> F32:
        """(T + 2 SIDE_FRAMES - 1, R, C, width) to (T, R', C', compared width)."""
        frames = len(maps) - 2 * SIDE_FRAMES + 1
        grid = maps.shape[1:3]
        # Time lies along the rows, all cells of the grid along the columns.
        rows = maps.reshape(len(maps), -1, maps.shape[-1])
        both = np.empty((_AT_ONCE_FRAMES, rows.shape[1], 3 * rows.shape[2]), np.float32)
        out: F32 | None = None
        for begin in range(0, frames, _AT_ONCE_FRAMES):
            count = min(_AT_ONCE_FRAMES, frames - begin)
            seen = both[:count]
            self._see_sides(rows[begin : begin + count + 2 * SIDE_FRAMES - 1], seen)
            seen = seen.reshape(count, *grid, -1)
            if out is None:
                step = self.configuration.place_step
                size = frames, *(-(-n // step) for n in grid), self.configuration.compared_width
                out = np.empty(size, np.float32)
            self._compare(seen, out=out[begin : begin + count])
        assert out is not None
        return out

    def _see_sides(self, rows: F32, out: F32) -> None:
        """(T + 2 SIDE_FRAMES - 1, R C, width), time along the rows: before, after and how they
        differ, to ``out``, (T, R C, 3 width)."""
        width = rows.shape[-1]
        before, after, change = (out[..., i * width : (i + 1) * width] for i in range(3))
        for layer, start, side in zip(
            self._sides_of, (0, SIDE_FRAMES), (before, after), strict=True
        ):
            seen = rows[start : start + len(out) + SIDE_FRAMES - 1]
            layer(seen[np.newaxis], out=side[np.newaxis])
        np.subtract(after, before, out=change)
        np.abs(change, out=change)

    def compare_candidates(self, crops: U8, proposals: F32) -> F32:
        """See :class:`~pyanalyzer.score.parts.NetworkParts`."""
        present = proposals[..., 0] > 0.5
        out = np.zeros((*present.shape, self.configuration.candidate_width), np.float32)
        if not present.any():
            return out
        pairs = crops[present]  # (N, 2, P, P)
        pixels = pairs.reshape(-1, *pairs.shape[2:], 1).astype(np.float32)
        # Whole numbers, so that their sum is exact, whatever its order.
        pixels -= pixels.mean(axis=(1, 2), keepdims=True, dtype=np.float64).astype(np.float32)
        pixels /= 64
        for step in self._crop_steps:
            pixels = step(pixels)
        features = self._crop_flat(pixels.reshape(1, 1, len(pixels), -1)).reshape(len(pairs), 2, -1)
        before, after = features[:, 0], features[:, 1]
        x = np.concatenate([before, after, np.abs(after - before), proposals[present]], axis=1)
        x = x[np.newaxis, np.newaxis]
        for layer in self._candidate:
            x = layer(x)
        out[present] = x[0, 0] * proposals[present][:, :1]
        return out

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


def _side_layers(tensors: Tensors, name: str, width: int) -> tuple[Layer, Layer]:
    """What is seen before a frame and after it: one layer of SIDE_FRAMES frames, whose nearest
    comes first, as a convolution over time. Before, time runs backwards."""
    weight = tensors[f"{name}.weight"].reshape(-1, SIDE_FRAMES, width).swapaxes(1, 2)[..., None]
    both = (
        layer_of({f"{name}.weight": w, f"{name}.bias": tensors[f"{name}.bias"]}, name)
        for w in (weight[:, :, ::-1], weight)
    )
    before, after = (replace(layer, relu=True, padded=False) for layer in both)
    return before, after


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
