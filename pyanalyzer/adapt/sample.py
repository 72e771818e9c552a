"""What is kept of a first look to learn from: stretches of a replay, spread evenly over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import F32, U8, Scores
from pyanalyzer.score.features import FrameFeatures

STRETCH_FRAMES = 256
# Eight to sixteen stretches are kept of a long replay, all of a short one: at most 4,096 frames, of
# up to 40 kB each.
MOST_STRETCHES = 16


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Successive frames of a first look, T of them.

    ``maps``, ``globals``, ``proposals``, ``crops``: as of
    :class:`~pyanalyzer.score.features.FrameFeatures`, T of each. ``cause_onset``: float32 (T, 3)
    log-probabilities, as of :class:`~pyanalyzer.records.Scores`; ``pts``: int64 (T,).
    """

    maps: U8
    globals: F32
    proposals: F32
    crops: U8
    cause_onset: F32
    pts: npt.NDArray[np.int64]


class ReplaySample:
    """Push every frame and all scores, in order; then take the runs that were kept.

    Of every so many stretches one is kept; whenever there are too many, every second one goes. So
    the stretches lie evenly over the replay, however long it is found to be.
    """

    def __init__(self) -> None:
        self._every = 1
        self._frames = 0
        self._features: dict[int, list[FrameFeatures]] = {}  # by stretch
        self._scores: list[Scores] = []

    def push(self, features: FrameFeatures) -> None:
        """The next frame's input of the network."""
        stretch = self._frames // STRETCH_FRAMES
        self._frames += 1
        if stretch % self._every == 0:
            self._features.setdefault(stretch, []).append(features)
        while len(self._features) > MOST_STRETCHES:
            self._every *= 2
            self._features = {k: v for k, v in self._features.items() if k % self._every == 0}

    def scored(self, scores: Scores) -> None:
        """What the network said of the next frames; it lags behind :meth:`push`."""
        self._scores.append(scores)

    def runs(self) -> tuple[Run, ...]:
        """The stretches, those that follow each other in one. Asked for once, when all frames are
        scored: what was kept is handed over."""
        cause_onset = np.concatenate([scores.cause_onset for scores in self._scores])
        pts = np.concatenate([scores.pts for scores in self._scores])
        runs: list[Run] = []
        kept = sorted(self._features)
        while kept:
            length = next(
                (i for i in range(1, len(kept)) if kept[i] != kept[0] + i),
                len(kept),
            )
            features = [f for stretch in kept[:length] for f in self._features.pop(stretch)]
            begin = kept[0] * STRETCH_FRAMES
            window = slice(begin, begin + len(features))
            runs.append(_run(features, cause_onset[window], pts[window]))
            kept = kept[length:]
        return tuple(runs)


def _run(features: Sequence[FrameFeatures], cause_onset: F32, pts: npt.NDArray[np.int64]) -> Run:
    return Run(
        maps=np.stack([f.maps for f in features]),
        globals=np.stack([f.globals for f in features]),
        proposals=np.stack([f.proposals for f in features]),
        crops=np.stack([f.crops for f in features]),
        cause_onset=cause_onset,
        pts=pts,
    )
