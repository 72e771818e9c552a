"""The network's answers about one look at a replay or two, as one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np

from pyanalyzer.core.looks import Looked
from pyanalyzer.records import F32, Scores
from pyanalyzer.score.features import FeatureEncoder, FrameFeatures
from pyanalyzer.score.parts import AS_IT_IS, BOTH_VIEWS, IN_A_MIRROR, NetworkParts
from pyanalyzer.score.scorer import BATCH_FRAMES, Scorer

LooksFeatures = tuple[FrameFeatures, ...]

# How much each look counts: the one at the frame before, the one further back. Chosen by the
# validation games (docs/experiments.md).
LOOK_WEIGHTS = (0.5, 0.5)


class LooksEncoder:
    """A :class:`~pyanalyzer.score.features.FeatureEncoder` for each replay that
    :class:`~pyanalyzer.core.looks.Looks` makes of one. ``back``: as there."""

    def __init__(self, time_base: Fraction, back: int = 1) -> None:
        self._near = FeatureEncoder(time_base)
        self._far = [FeatureEncoder(time_base) for _ in range(back)]
        self._encoded = 0

    def encode(self, looked: Looked) -> LooksFeatures:
        """Call once for every frame, in display order."""
        encoders = (self._near, self._far[self._encoded % len(self._far)])
        self._encoded += 1
        return tuple(e.encode(evidence) for e, evidence in zip(encoders, looked, strict=False))


class LooksScorer:
    """A :class:`~pyanalyzer.score.scorer.Scorer` of frames that are looked at once or twice.

    Once (``back`` 1): as there. Twice: the first look sees the frames as they are, the one further
    back sees them in a mirror, and each ``back``-th frame of it is a replay of its own. An onset
    shows in the latter in every frame that is less than ``back`` frames after it: there its
    log-probability is that of the mean probability over these. The answer is the normalised
    geometric mean of the looks' probabilities, weighted by ``LOOK_WEIGHTS`` (the logarithmic
    opinion pool: Heskes, "Selecting weighting factors in logarithmic opinion pools", NIPS 1997);
    so are kinds pooled. Candidates are the first look's.
    """

    def __init__(self, network: NetworkParts, *, mirrored: bool = True, back: int = 1) -> None:
        self._near = Scorer(network, views=BOTH_VIEWS if mirrored and back == 1 else AS_IT_IS)
        # Of each replay of the second look fewer frames make a batch, as fewer come in that time.
        batch_frames = max(1, BATCH_FRAMES >> (back - 1).bit_length())
        self._far = [
            Scorer(network, views=IN_A_MIRROR, batch_frames=batch_frames)
            for _ in range(back if back > 1 else 0)
        ]
        self._pushed = 0
        self._waiting: list[Scores] = []  # of the first look; the second is not yet known
        # Of the second look, by the frame's ordinal: causes and kinds.
        self._answers: dict[int, tuple[F32, F32]] = {}
        self._answered = [0 for _ in self._far]  # frames of each of its replays
        self._done = 0  # frames that were given back

    def push(self, looks: LooksFeatures, index: int, pts: int) -> None:
        """Adds the next frame."""
        self._near.push(looks[0], index, pts)
        if self._far:
            far = self._far[self._pushed % len(self._far)]
            far.push(looks[1], index, pts)
        self._pushed += 1

    def take(self) -> Scores | None:
        """Scores of the frames that were scored since the last call; None if there are none."""
        if not self._far:
            return self._near.take()
        self._gather(Scorer.take)
        back = len(self._far)
        known = min(replay + back * count for replay, count in enumerate(self._answered))
        return self._pooled(known - (back - 1))

    def finish(self) -> Scores:
        """Scores of all frames pushed and not taken (T may be 0)."""
        if not self._far:
            return self._near.finish()
        self._gather(Scorer.finish)
        return self._pooled(self._pushed) or self._near.finish()

    def _gather(self, scored: Callable[[Scorer], Scores | None]) -> None:
        """Takes what each look has ``scored`` since the last time."""
        first = scored(self._near)
        if first is not None:
            self._waiting.append(first)
        for replay, scorer in enumerate(self._far):
            self._keep(replay, scored(scorer))

    def _keep(self, replay: int, found: Scores | None) -> None:
        if found is not None:
            for rows in zip(found.cause_onset, found.kind, strict=True):
                self._answers[replay + self._answered[replay] * len(self._far)] = rows
                self._answered[replay] += 1

    def _pooled(self, until: int) -> Scores | None:
        """Of the frames before ``until``, as far as the first look knows them; lets them go."""
        near = Scores.join(self._waiting) if self._waiting else None
        count = 0 if near is None else min(until - self._done, near.pts.size)
        if near is None or count <= 0:
            return None
        begin, end = self._done, min(self._done + count + len(self._far) - 1, self._pushed)
        causes, kinds = zip(*(self._answers[t] for t in range(begin, end)), strict=True)
        for t in range(begin, begin + count):
            del self._answers[t]
        self._done += count
        self._waiting = [near.part(count, near.pts.size)]
        first = near.part(0, count)
        return replace(
            first,
            cause_onset=pool(first.cause_onset, np.stack(causes), len(self._far)),
            kind=pool(first.kind, np.stack(kinds), len(self._far)),
        )


def pool(near: F32, far: F32, back: int) -> F32:
    """Log-probabilities of two looks as one, float32 (T, K).

    ``near`` (T, K): of the first. ``far`` (T + back - 1, K), or fewer rows at the end of a replay:
    of the second, beginning with the same frame; see :class:`LooksScorer`.
    """
    count = len(near)
    windows = np.full((back, *near.shape), -np.inf)
    for k in range(back):
        window = far[k : k + count]
        windows[k, : len(window)] = window
    there = np.isfinite(windows[:, :, :1]).sum(axis=0)
    spread = np.logaddexp.reduce(windows, axis=0) - np.log(there)
    looks = zip(LOOK_WEIGHTS, (near, spread), strict=True)
    mean = sum(weight * look.astype(np.float64) for weight, look in looks)
    pooled: F32 = (mean - np.logaddexp.reduce(mean, axis=1, keepdims=True)).astype(np.float32)
    return pooled
