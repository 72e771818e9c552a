"""Runs the network over a replay of any length, a chunk at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from pyanalyzer.chunks import Chunks
from pyanalyzer.records import CAUSES, F32, KINDS, MAX_PROPOSALS, U8, BoolGrid, Scores
from pyanalyzer.score.features import FrameFeatures
from pyanalyzer.score.mirror import (
    Axis,
    mirror_crops,
    mirror_globals,
    mirror_proposals,
)
from pyanalyzer.score.parts import BOTH_VIEWS, NetworkParts, Views

_Array = npt.NDArray[Any]

# Frames that pass through the network together. Fixed, and counted from the first frame, so that
# neither threads nor timing change how sums are grouped: the same replay gives the same bits.
BATCH_FRAMES = 64
# Frames that are compared over time together: large chunks waste less on what surrounds them, small
# ones at first give the first events early. With the shipped weights, which look at 7 frames to
# either side of a frame and at 64 around a chunk, a chunk is complete just when a batch is: the
# third batch has all that the second chunk needs.
TEMPORAL_CHUNK_FRAMES = (57, 64, 128, 256)


class Scorer:
    """Push every frame in display order, take what is scored from time to time, then finish.

    ``views``: how the network sees every frame, which is pushed as it is. Of both views its answer
    is the mean probability (Krizhevsky et al. 2012): it errs less, at twice the price.

    ``batch_frames``: a divisor of ``BATCH_FRAMES``; of smaller batches the first answer comes after
    fewer frames.

    Holds the maps of one batch, what the network still needs of those before, and the vectors of
    one chunk with their context; what grows with the replay is the result alone, 68 bytes a frame,
    and only if nobody takes it. Give it a thread of its own.
    """

    def __init__(
        self, network: NetworkParts, *, views: Views = BOTH_VIEWS, batch_frames: int | None = None
    ) -> None:
        self._network, self._views = network, views
        self._batch_frames = batch_frames or BATCH_FRAMES
        self._following = network.follow_places(views=views, batch_frames=self._batch_frames)
        around = network.temporal_context_frames + 1
        self._score_chunks = Chunks(_chunk_frames(self._batch_frames), around, around)
        self._pushed = 0
        self._frames: list[tuple[int, int]] = []  # index and pts of those not yet scored
        self._pending: list[FrameFeatures] = []  # whose candidates are not yet compared
        self._maps: list[U8] = []
        self._frame_parts: list[tuple[F32, F32, BoolGrid]] = []
        self._places: list[F32] = []
        self._vectors_begin = 0  # ordinal of the first frame of both
        self._placed = 0  # frames whose places are compared
        self._results: list[Scores] = []  # not yet taken

    def push(self, features: FrameFeatures, index: int, pts: int) -> None:
        """Adds the next frame; every ``batch_frames``-th call runs the network."""
        self._pending.append(features)
        self._maps.append(features.maps)
        self._frames.append((index, pts))
        self._pushed += 1
        if len(self._pending) == self._batch_frames:
            self._run(last=False)

    def take(self) -> Scores | None:
        """Scores of the frames that were scored since the last call; None if there are none."""
        taken, self._results = self._results, []
        return Scores.join(taken) if taken else None

    def finish(self) -> Scores:
        """Scores of all frames pushed and not taken (T may be 0)."""
        if self._pushed:
            self._run(last=True)
        return self.take() or _no_scores()

    def _run(self, *, last: bool) -> None:
        self._compare_candidates()
        self._compare_places(last=last)
        self._score(last=last)

    def _compare_candidates(self) -> None:
        if not self._pending:
            return
        proposals, crops, frame_globals = (
            self._seen(np.stack([getattr(f, name) for f in self._pending]), mirror)
            for name, mirror in (
                ("proposals", mirror_proposals),
                ("crops", mirror_crops),
                ("globals", mirror_globals),
            )
        )
        candidates = self._network.compare_candidates(crops, proposals)
        self._frame_parts.append((frame_globals, candidates, proposals[..., 0] > 0.5))
        self._pending = []

    def _seen(self, frames: _Array, mirror: Callable[[_Array, Axis], _Array]) -> _Array:
        """(T, ...) to (V, T, ...), C-contiguous."""
        views = [mirror(frames, "x") if mirrored else frames for mirrored in self._views]
        return np.ascontiguousarray(views[0][np.newaxis]) if len(views) == 1 else np.stack(views)

    def _compare_places(self, *, last: bool) -> None:
        """Maps to compared places, of all frames around which all is known."""
        places = self._following.push(self._maps, last=last)
        self._maps = []
        if places.shape[1]:
            self._places.append(places)
            self._placed += places.shape[1]

    def _score(self, *, last: bool) -> None:
        """Compared places to log-probabilities, for every chunk whose context is there."""
        if not self._places:
            return
        places = np.concatenate(self._places, axis=1)
        parts = [np.concatenate(same, axis=1) for same in zip(*self._frame_parts, strict=True)]
        while chunk := self._score_chunks.take(self._placed, last=last):
            window = slice(chunk.begin - self._vectors_begin, chunk.end - self._vectors_begin)
            globals_, candidates, present = (part[:, window] for part in parts)
            heads = self._network.compare(places[:, window], globals_, candidates, present)
            scored = [_mean_probability(head[:, chunk.inside]) for head in heads]
            frames = np.array(self._frames[: chunk.stop - chunk.start], np.int64)
            del self._frames[: chunk.stop - chunk.start]
            self._results.append(Scores(frames[:, 0], frames[:, 1], *scored))
        begin = self._score_chunks.needed_from
        kept = slice(begin - self._vectors_begin, None)
        self._places = [places[:, kept]]
        self._frame_parts = [(parts[0][:, kept], parts[1][:, kept], parts[2][:, kept])]
        self._vectors_begin = begin


def _chunk_frames(batch_frames: int) -> tuple[int, ...]:
    """``TEMPORAL_CHUNK_FRAMES`` for other batches: the first is complete when a batch is."""
    first, *others = TEMPORAL_CHUNK_FRAMES
    parts = BATCH_FRAMES // batch_frames
    return first % batch_frames or batch_frames, *(frames // parts for frames in others)


def _mean_probability(log_p: F32) -> F32:
    """Log-probabilities of one view or two, (V, T, K), to those of their mean, float32 (T, K)."""
    mean: F32 = log_p[0]
    for other in log_p[1:]:
        mean = np.logaddexp(mean, other) - np.float32(math.log(2))
    return mean


def _no_scores() -> Scores:
    """Of no frame at all."""
    none = np.zeros(0, np.int64)
    widths = (1 + len(CAUSES), len(KINDS), 1 + MAX_PROPOSALS)
    return Scores(none, none, *(np.zeros((0, width), np.float32) for width in widths))
