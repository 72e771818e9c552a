"""Runs the network over a replay of any length, a chunk at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pyanalyzer.records import U8, Scores
from pyanalyzer.score.features import FrameFeatures
from pyanalyzer.score.model import LoadedModel

# Frames that pass through the network together. Fixed, and counted from the first frame, so that
# neither threads nor timing change how sums are grouped: the same replay gives the same bits.
BATCH_FRAMES = 64
TEMPORAL_CHUNK_FRAMES = 256


@dataclass(frozen=True, slots=True)
class Chunk:
    """Frames ``start .. stop`` to work on, given frames ``begin .. end`` (both half-open)."""

    begin: int
    start: int
    stop: int
    end: int

    @property
    def inside(self) -> slice:
        """The frames to work on, counted from the first that is given."""
        return slice(self.start - self.begin, self.stop - self.begin)


class Chunks:
    """Cuts a growing sequence into chunks, each with ``context`` frames to either side of it, or as
    many as there are at the ends of the sequence."""

    def __init__(self, size: int, context: int) -> None:
        self._size = size
        self._context = context
        self._done = 0

    def take(self, available: int, *, last: bool) -> Chunk | None:
        """The next chunk, if it and its context are among the first ``available`` frames.
        ``last``: there will be no more of them."""
        stop = min(self._done + self._size, available)
        ready = last or available >= self._done + self._size + self._context
        if stop == self._done or not ready:
            return None
        chunk = Chunk(self.needed_from, self._done, stop, min(stop + self._context, available))
        self._done = stop
        return chunk

    @property
    def needed_from(self) -> int:
        """The first frame that a later chunk will ask for."""
        return max(self._done - self._context, 0)


class Scorer:
    """Push every frame in display order, then :meth:`finish`.

    Holds the maps of at most one batch and the vectors of one chunk with their context; what grows
    with the replay is the result alone, some 50 bytes a frame. Give it a thread of its own; the
    network's sums depend on torch's number of threads, so the caller sets that to one.
    """

    def __init__(self, model: LoadedModel) -> None:
        self._network = model.network
        place_context = model.network.place_context_frames
        self._place_chunks = Chunks(BATCH_FRAMES, place_context)
        self._score_chunks = Chunks(
            TEMPORAL_CHUNK_FRAMES, model.network.temporal_comparator.context_frames + 1
        )
        self._index: list[int] = []
        self._pts: list[int] = []
        self._pending: list[FrameFeatures] = []  # whose candidates are not yet compared
        self._maps: list[U8] = []
        self._maps_begin = 0  # ordinal of the first of them
        self._frame_parts: list[tuple[Tensor, Tensor, Tensor]] = []
        self._places: list[Tensor] = []
        self._vectors_begin = 0  # ordinal of the first frame of both
        self._placed = 0  # frames whose places are compared
        self._results: list[tuple[Tensor, Tensor, Tensor]] = []

    def push(self, features: FrameFeatures, index: int, pts: int) -> None:
        """Adds the next frame; every BATCH_FRAMES-th call runs the network."""
        self._pending.append(features)
        self._maps.append(features.maps)
        self._index.append(index)
        self._pts.append(pts)
        if len(self._pending) == BATCH_FRAMES:
            with torch.inference_mode():
                self._run(last=False)

    def finish(self) -> Scores:
        """Scores of all frames pushed (T may be 0)."""
        with torch.inference_mode():
            if self._index:
                self._run(last=True)
        parts = [torch.cat(p) for p in zip(*self._results, strict=True)] if self._results else []
        heads = self._network.temporal_comparator
        widths = (heads.cause_onset.out_channels, heads.kind.out_channels, None)
        arrays = [p.numpy().astype(np.float32) for p in parts]
        if not arrays:
            arrays = [np.zeros((0, w or 5), np.float32) for w in widths]
        return Scores(
            index=np.array(self._index, np.int64),
            pts=np.array(self._pts, np.int64),
            cause_onset=arrays[0],
            kind=arrays[1],
            candidate=arrays[2],
        )

    def _run(self, *, last: bool) -> None:
        self._compare_candidates()
        self._compare_places(last=last)
        self._score(last=last)

    def _compare_candidates(self) -> None:
        if not self._pending:
            return
        proposals, crops, frame_globals = (
            torch.from_numpy(np.stack([getattr(f, name) for f in self._pending]))
            for name in ("proposals", "crops", "globals")
        )
        candidates = self._network.compare_candidates(crops, proposals)
        self._frame_parts.append((frame_globals, candidates, proposals[..., 0] > 0.5))
        self._pending = []

    def _compare_places(self, *, last: bool) -> None:
        """Maps to vectors, for every batch whose context is there."""
        while chunk := self._place_chunks.take(len(self._index), last=last):
            window = self._maps[chunk.begin - self._maps_begin : chunk.end - self._maps_begin]
            maps = torch.from_numpy(np.stack(window)).unsqueeze(0)
            self._places.append(self._network.compare_places(maps)[0, chunk.inside])
            self._placed = chunk.stop
        begin = self._place_chunks.needed_from
        self._maps, self._maps_begin = self._maps[begin - self._maps_begin :], begin

    def _score(self, *, last: bool) -> None:
        """Vectors to log-probabilities, for every chunk whose context is there."""
        if not self._places:
            return
        places = torch.cat(self._places)
        parts = [torch.cat(same) for same in zip(*self._frame_parts, strict=True)]
        while chunk := self._score_chunks.take(self._placed, last=last):
            window = slice(chunk.begin - self._vectors_begin, chunk.end - self._vectors_begin)
            globals_, candidates, present = (part[window].unsqueeze(0) for part in parts)
            heads = self._network.compare(
                places[window].unsqueeze(0), globals_, candidates, present
            )
            scored = [head[0, chunk.inside].clone() for head in heads]
            self._results.append((scored[0], scored[1], scored[2]))
        begin = self._score_chunks.needed_from
        kept = slice(begin - self._vectors_begin, None)
        self._places = [places[kept]]
        self._frame_parts = [(parts[0][kept], parts[1][kept], parts[2][kept])]
        self._vectors_begin = begin
