"""Runs the network over a replay of any length, a chunk at a time."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from pyanalyzer.records import Scores
from pyanalyzer.score.comparator import FRAMES_AFTER, FRAMES_BEFORE
from pyanalyzer.score.features import FrameFeatures
from pyanalyzer.score.model import LoadedModel

# Frames that pass through the extractor together. Fixed, and counted from the first frame, so that
# neither threads nor timing change how sums are grouped: the same replay gives the same bits.
BATCH_FRAMES = 64
TEMPORAL_CHUNK_FRAMES = 256


class Scorer:
    """Push every frame in display order, then :meth:`finish`.

    Holds the feature maps of at most one batch and the vectors of one chunk with its context; what
    grows with the replay is the result alone, some 50 bytes a frame. Give it a thread of its own;
    the network's sums depend on torch's number of threads, so the caller sets that to one.
    """

    def __init__(self, model: LoadedModel) -> None:
        self._network = model.network
        self._context = model.network.temporal_comparator.context_frames + 1
        self._pending: list[FrameFeatures] = []
        self._maps: Tensor | None = None  # feature maps, from FRAMES_BEFORE before the next one
        self._index: list[int] = []
        self._pts: list[int] = []
        self._frame_parts: list[tuple[Tensor, Tensor, Tensor]] = []
        self._places: list[Tensor] = []
        self._first_kept = 0  # ordinal (pushed) of the first frame in the kept vectors
        self._scored = 0
        self._results: list[tuple[Tensor, Tensor, Tensor]] = []

    def push(self, features: FrameFeatures, index: int, pts: int) -> None:
        """Adds the next frame; every BATCH_FRAMES-th call runs the network."""
        self._pending.append(features)
        self._index.append(index)
        self._pts.append(pts)
        if len(self._pending) == BATCH_FRAMES:
            with torch.inference_mode():
                self._extract(last=False)
                self._score(last=False)

    def finish(self) -> Scores:
        """Scores of all frames pushed (T may be 0)."""
        with torch.inference_mode():
            if self._index:
                self._extract(last=True)
                self._score(last=True)
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

    def _extract(self, *, last: bool) -> None:
        """Pending frames to feature maps and candidates; maps to vectors as far as they reach."""
        network, pending = self._network, self._pending
        new: list[Tensor] = []
        if pending:
            new.append(network.map_extractor(torch.from_numpy(np.stack([f.maps for f in pending]))))
            proposals = torch.from_numpy(np.stack([f.proposals for f in pending]))
            crops = torch.from_numpy(np.stack([f.crops for f in pending]))
            candidates = network.compare_candidates(crops, proposals)
            frame_globals = torch.from_numpy(np.stack([f.globals for f in pending]))
            self._frame_parts.append((frame_globals, candidates, proposals[..., 0] > 0.5))
            self._pending = []
        if self._maps is None:
            new.insert(0, new[0][:1].expand(FRAMES_BEFORE, *new[0].shape[1:]))
        else:
            new.insert(0, self._maps)
        if last:
            new.append(new[-1][-1:].expand(FRAMES_AFTER, *new[-1].shape[1:]))
        maps = torch.cat(new)
        if maps.shape[0] > FRAMES_BEFORE + FRAMES_AFTER:
            self._places.append(network.side_comparator.compare_inside(maps.unsqueeze(0))[0])
            maps = maps[maps.shape[0] - FRAMES_BEFORE - FRAMES_AFTER :]
        self._maps = maps

    def _score(self, *, last: bool) -> None:
        """Runs the temporal comparator over every chunk whose context is there."""
        if not self._places:
            return
        places = torch.cat(self._places)
        globals_, candidates, present = (
            torch.cat(parts) for parts in zip(*self._frame_parts, strict=True)
        )
        end = self._first_kept + places.shape[0]
        total = len(self._index)
        while self._scored < total:
            stop = min(self._scored + TEMPORAL_CHUNK_FRAMES, total)
            if not last and stop + self._context > end:
                break
            begin = max(self._scored - self._context, 0)
            window = slice(
                begin - self._first_kept, min(stop + self._context, end) - self._first_kept
            )
            heads = self._network.compare(
                places[window].unsqueeze(0),
                globals_[window].unsqueeze(0),
                candidates[window].unsqueeze(0),
                present[window].unsqueeze(0),
            )
            inside = slice(self._scored - begin, stop - begin)
            scored = [head[0, inside].clone() for head in heads]
            self._results.append((scored[0], scored[1], scored[2]))
            self._scored = stop
        keep = max(self._scored - self._context, 0) - self._first_kept
        if keep > 0:
            self._first_kept += keep
            places = places[keep:]
            globals_, candidates, present = globals_[keep:], candidates[keep:], present[keep:]
        self._places = [places]
        self._frame_parts = [(globals_, candidates, present)]
