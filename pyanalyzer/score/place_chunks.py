"""Places of a growing replay for a network that knows whole pieces only: chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pyanalyzer.chunks import Chunks
from pyanalyzer.records import F32, U8

# Batches whose places are compared together. Large chunks waste less on what surrounds them; the
# first three are small, so that the first events come early.
PLACE_CHUNK_BATCHES = (1, 1, 1, 2)


class PlacesInChunks:
    """:class:`~pyanalyzer.score.parts.PlacesFollowed`. Holds the maps of at most two batches with
    what surrounds them."""

    def __init__(self, compare: Callable[[U8], F32], around_frames: int, batch_frames: int) -> None:
        """``compare``: uint8 (T, ...) to float32 (V, T, ...); ``around_frames``: so many frames to
        either side change what it gives."""
        self._compare = compare
        # The first is shorter by what must follow it, so that none waits for one batch more.
        first, *others = (batches * batch_frames for batches in PLACE_CHUNK_BATCHES)
        sizes = max(first - around_frames, 1), *others
        self._chunks = Chunks(sizes, around_frames, around_frames)
        self._pushed = 0
        self._maps: list[U8] = []
        self._begin = 0  # ordinal of the first of them

    def push(self, maps: Sequence[U8], *, last: bool) -> F32:
        """See :class:`~pyanalyzer.score.parts.PlacesFollowed`."""
        self._maps += maps
        self._pushed += len(maps)
        found = []
        while chunk := self._chunks.take(self._pushed, last=last):
            window = self._maps[chunk.begin - self._begin : chunk.end - self._begin]
            found.append(self._compare(np.stack(window))[:, chunk.inside])
        begin = self._chunks.needed_from
        self._maps, self._begin = self._maps[begin - self._begin :], begin
        return np.concatenate(found, axis=1) if found else np.empty((1, 0, 1), np.float32)
