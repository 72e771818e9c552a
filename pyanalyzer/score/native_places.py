"""What changed at each place of a replay that is still growing, on the compiled core.

Layers that look at neighbouring frames keep the few that they will need again, so that no frame
passes through any layer twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from pyanalyzer.core.block_vectors import block_vectors
from pyanalyzer.core.convolve import empty_on_lines
from pyanalyzer.records import F32, U8
from pyanalyzer.score.configuration import COARSE_PLACE_STEP, SIDE_FRAMES, NetworkConfiguration
from pyanalyzer.score.features import MAP_CHANNELS, SIGNED_CHANNELS
from pyanalyzer.score.layers import Layer, Shift, Tensors, layer_of, step_of
from pyanalyzer.score.mirror import turned_channels
from pyanalyzer.score.parts import Views

_UNSIGNED = len(MAP_CHANNELS) - len(SIGNED_CHANNELS)  # the signed channels come last
_TURNED = turned_channels("x")
# So many frames pass through all layers at a time: what a layer gives is in the cache for the next.
_AT_ONCE_FRAMES = 16
_ENTER_FRAMES = 4  # before the grid gets coarser: four times as much each

_AROUND_FRAMES = 2 * SIDE_FRAMES - 1  # that are looked at besides each frame

_Grid = tuple[int, ...]  # rows and columns
_Room = Callable[[int, _Grid], F32]  # for so many frames of such a grid, where they are wanted


class PlaceLayers:
    """The layers of a network up to what it compares over time."""

    def __init__(self, c: NetworkConfiguration, tensors: Tensors) -> None:
        """Raises KeyError where a tensor is missing."""
        extractor, side = "map_extractor", "side_comparator"
        self.enter = [step_of(tensors, f"{extractor}.enter.{i}", stride=2) for i in (0, 1)]
        self.blocks = [ShiftBlock(tensors, f"{extractor}.blocks.{i}") for i in range(c.map_blocks)]
        self.sides = _side_layers(tensors, f"{side}.side.0", c.map_width)
        self.compare = step_of(tensors, f"{side}.compare", stride=c.place_step)
        self.place_step, self.map_width = c.place_step, c.map_width
        dilation = COARSE_PLACE_STEP // c.place_step
        self.place_blocks = [
            ShiftBlock(tensors, f"{side}.blocks.{i}", dilation) for i in range(c.compared_blocks)
        ]


class ShiftBlock:
    """:class:`pyanalyzer.score.extractor.ShiftBlock`, on (T, R, C, width)."""

    def __init__(self, tensors: Tensors, name: str, dilation: int = 1) -> None:
        self._first = step_of(tensors, f"{name}.layers.0", dilation=dilation)
        last = layer_of(tensors, f"{name}.layers.1", f"{name}.layers.2")
        self._last = replace(last, dilation=(dilation, dilation), relu=True)
        self.width = last.out_channels

    def __call__(self, maps: F32, frames: range, room: F32, out: F32) -> None:
        """``frames`` of ``maps`` through ``room`` to ``out``: an eighth of the channels of what is
        seen is that of the next frame, another one that of the frame before; zero where there is
        none."""
        begin, end = frames.start, frames.stop
        now = maps[begin:end]
        before = maps[begin - 1] if begin else None
        after = maps[end] if end < len(maps) else None
        seen = self._first(now, shift=Shift(maps.shape[-1] // 8, before, after), out=room)
        self._last(seen, residual=now, out=out)


class _Frames:
    """The frames that a layer still needs, and room for those that come."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._room = empty_on_lines(0, 0, 0, width)
        self._count = 0

    @property
    def seen(self) -> F32:
        """All that are here."""
        return self._room[: self._count]

    def grow(self, frames: int, grid: _Grid) -> F32:
        """Where so many more belong."""
        begin = self._count
        self._count += frames
        if self._count > len(self._room):
            room = empty_on_lines(self._count, *grid, self._width)
            if begin:
                room[:begin] = self._room[:begin]
            self._room = room
        return self._room[begin : self._count]

    def afresh(self, frames: int, grid: _Grid) -> F32:
        """Room for so many instead of all others."""
        self._count = 0
        return self.grow(frames, grid)

    def keep(self, frames: int) -> None:
        """The last ones alone."""
        self._room[:frames] = self.seen[self._count - frames :]
        self._count = frames


class _Shifting:
    """A ShiftBlock over frames that come piece by piece."""

    def __init__(self, block: ShiftBlock) -> None:
        self._block = block
        self._frames, self._between = _Frames(block.width), _Frames(block.width)
        self._done = 0  # frames here that are there for those after them alone

    def room(self, frames: int, grid: _Grid) -> F32:
        """Where so many frames more are to be written."""
        return self._frames.grow(frames, grid)

    def run(self, room: _Room, *, last: bool) -> None:
        """Passes on all frames whose next one is here, too; all of them if it is the ``last``
        time."""
        seen = self._frames.seen
        ready = range(self._done, len(seen) - (not last))
        if ready:
            grid = seen.shape[1:3]
            self._block(seen, ready, self._between.afresh(len(ready), grid), room(len(ready), grid))
            self._done = 1
            self._frames.keep(len(seen) - ready.stop + 1)


class _Comparing:
    """What is before each frame and what is after it, compared: over frames that come piece by
    piece, the first and the last of which are there once more before and after all others."""

    def __init__(self, layers: PlaceLayers) -> None:
        self._layers = layers
        self._frames = _Frames(layers.map_width)
        self._both = _Frames(3 * layers.map_width)
        self._started = False

    def room(self, frames: int, grid: _Grid) -> F32:
        """Where so many frames more are to be written."""
        if not self._started and not len(self._frames.seen):
            self._frames.grow(SIDE_FRAMES, grid)
        return self._frames.grow(frames, grid)

    def run(self, room: _Room, *, last: bool) -> None:
        """Passes on all frames around which all are here."""
        seen = self._frames.seen
        if not len(seen):
            return
        if not self._started:
            self._started = True
            seen[:SIDE_FRAMES] = seen[SIDE_FRAMES]
        if last:
            after = self._frames.grow(SIDE_FRAMES - 1, seen.shape[1:3])
            seen = self._frames.seen
            after[:] = seen[-SIDE_FRAMES]
        count = len(seen) - _AROUND_FRAMES
        if count > 0:
            grid = tuple(-(-n // self._layers.place_step) for n in seen.shape[1:3])
            self._compare(seen, room(count, grid))
            self._frames.keep(_AROUND_FRAMES)

    def _compare(self, maps: F32, out: F32) -> None:
        sides = self._both.afresh(len(out), maps.shape[1:3])
        # Time lies along the rows, all cells of the grid along the columns.
        rows, flat = (x.reshape(len(x), -1, x.shape[-1]) for x in (maps, sides))
        self._see_sides(rows, flat)
        self._layers.compare(sides, out=out)

    def _see_sides(self, rows: F32, out: F32) -> None:
        """(T + _AROUND_FRAMES, R C, width), time along the rows: before, after and how they differ,
        to ``out``, (T, R C, 3 width)."""
        width = rows.shape[-1]
        before, after, change = (out[..., i * width : (i + 1) * width] for i in range(3))
        for layer, start, side in zip(
            self._layers.sides, (0, SIDE_FRAMES), (before, after), strict=True
        ):
            seen = rows[start : start + len(out) + SIDE_FRAMES - 1]
            layer(seen[np.newaxis], out=side[np.newaxis])
        np.subtract(after, before, out=change)
        np.abs(change, out=change)


class PlaceView:
    """One view of a replay: all layers, over maps that come piece by piece."""

    def __init__(self, layers: PlaceLayers, *, mirrored: bool) -> None:
        self._enter, self._mirrored = layers.enter, mirrored
        self._stages: list[_Shifting | _Comparing] = [
            *(_Shifting(block) for block in layers.blocks),
            _Comparing(layers),
            *(_Shifting(block) for block in layers.place_blocks),
        ]
        self._out = _Frames(layers.compare.out_channels)

    def push(self, maps: U8, *, last: bool) -> F32:
        """uint8 (T, len(MAP_CHANNELS), R, C), T may be 0, to float32 (T', R', C', compared width)
        of all frames of which enough is known, all that are left if these are the ``last`` ones.
        What is given is overwritten by the next call."""
        for begin in range(0, len(maps), _ENTER_FRAMES):
            now = maps[begin : begin + _ENTER_FRAMES]
            turned = _TURNED if self._mirrored else ()
            x = block_vectors(now, first_signed=_UNSIGNED, mirrored=self._mirrored, turned=turned)
            x = self._enter[0](x)
            grid = tuple(-(-n // 2) for n in x.shape[1:3])
            self._enter[1](x, out=self._stages[0].room(len(now), grid))
        self._out.keep(0)
        after = [stage.room for stage in self._stages[1:]]
        for stage, room in zip(self._stages, [*after, self._out.grow], strict=True):
            stage.run(room, last=last)
        return self._out.seen


class NativePlaces:
    """:class:`~pyanalyzer.score.parts.PlacesFollowed`: of all places mean and largest, (V, T, 2,
    compared width)."""

    def __init__(self, layers: PlaceLayers, views: Views) -> None:
        self._views = [PlaceView(layers, mirrored=mirrored) for mirrored in views]

    def push(self, maps: Sequence[U8], *, last: bool) -> F32:
        """See :class:`~pyanalyzer.score.parts.PlacesFollowed`."""
        whole = np.stack(maps) if maps else np.empty((0, len(MAP_CHANNELS), 1, 1), np.uint8)
        pieces = []
        for begin in range(0, max(len(whole), 1), _AT_ONCE_FRAMES):
            end = begin + _AT_ONCE_FRAMES
            piece = whole[begin:end]
            ends = last and end >= len(whole)
            pieces.append([_pooled(view.push(piece, last=ends)) for view in self._views])
        return np.stack([np.concatenate(view) for view in zip(*pieces, strict=True)])


def _pooled(places: F32) -> F32:
    """(T, R, C, width) to (T, 2, width)."""
    out = np.empty((len(places), 2, places.shape[-1]), np.float32)
    if len(places):
        flat = places.reshape(len(places), -1, places.shape[-1])
        flat.mean(axis=1, out=out[:, 0])
        flat.max(axis=1, out=out[:, 1])
    return out


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
