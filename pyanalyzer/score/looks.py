"""The network's answers about one look at a replay or three, as one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np

from pyanalyzer.core.looks import Looked
from pyanalyzer.records import F32, Scores
from pyanalyzer.score.features import FeatureEncoder, FrameFeatures
from pyanalyzer.score.mirror import mirror_features
from pyanalyzer.score.parts import NetworkParts
from pyanalyzer.score.scorer import BATCH_FRAMES, Scorer

LooksFeatures = tuple[FrameFeatures, ...]

# How much each look counts: the first, the one in a smaller picture, the one further back. Chosen
# by the validation games (docs/experiments.md).
LOOK_WEIGHTS = (0.4, 0.2, 0.4)


class LooksEncoder:
    """A :class:`~pyanalyzer.score.features.FeatureEncoder` for each replay that
    :class:`~pyanalyzer.core.looks.Looks` makes of one. ``back``: as there."""

    def __init__(self, time_base: Fraction, back: int = 1) -> None:
        self._near, self._coarse = FeatureEncoder(time_base), FeatureEncoder(time_base)
        self._far = [FeatureEncoder(time_base) for _ in range(back)]
        self._encoded = 0

    def encode(self, looked: Looked) -> LooksFeatures:
        """Call once for every frame, in display order."""
        encoders = (self._near, self._coarse, self._far[self._encoded % len(self._far)])
        self._encoded += 1
        return tuple(e.encode(evidence) for e, evidence in zip(encoders, looked, strict=False))


class LooksScorer:
    """A :class:`~pyanalyzer.score.scorer.Scorer` of frames that are looked at once or three times.

    Once (``back`` 1): as there. Three times: the first look and the one in a smaller picture see
    the frames as they are, the one further back sees them in a mirror, and each ``back``-th frame
    of it is a replay of its own. An onset shows in the latter in every frame that is less than
    ``back`` frames after it: there its log-probability is that of the mean probability over these.
    The answer is the normalised geometric mean of the looks' probabilities, weighted by
    ``LOOK_WEIGHTS`` (the logarithmic opinion pool: Heskes, "Selecting weighting factors in
    logarithmic opinion pools", NIPS 1997); kinds and candidates are the first look's.
    """

    def __init__(self, network: NetworkParts, *, mirrored: bool = True, back: int = 1) -> None:
        self._near = Scorer(network, mirrored=mirrored and back == 1)
        self._coarse = Scorer(network, mirrored=False) if back > 1 else None
        # Of each replay of the last look fewer frames make a batch, as fewer come in the same time.
        batch_frames = max(1, BATCH_FRAMES >> (back - 1).bit_length())
        self._far = [
            Scorer(network, mirrored=False, batch_frames=batch_frames)
            for _ in range(back if back > 1 else 0)
        ]
        self._pushed = 0
        # Of the first two looks; the last is not yet known.
        self._waiting: list[Scores] = []
        self._waiting_coarse: list[F32] = []
        self._answers: dict[int, F32] = {}  # of the last look, by the frame's ordinal
        self._answered = [0 for _ in self._far]  # frames of each of its replays
        self._done = 0  # frames that were given back

    def push(self, looks: LooksFeatures, index: int, pts: int) -> None:
        """Adds the next frame."""
        self._near.push(looks[0], index, pts)
        if self._coarse is not None:
            self._coarse.push(looks[1], index, pts)
            far = self._far[self._pushed % len(self._far)]
            far.push(mirror_features(looks[2]), index, pts)
        self._pushed += 1

    def take(self) -> Scores | None:
        """Scores of the frames that were scored since the last call; None if there are none."""
        if self._coarse is None:
            return self._near.take()
        self._gather(Scorer.take, self._coarse)
        back = len(self._far)
        known = min(replay + back * count for replay, count in enumerate(self._answered))
        return self._pooled(known - (back - 1))

    def finish(self) -> Scores:
        """Scores of all frames pushed and not taken (T may be 0)."""
        if self._coarse is None:
            return self._near.finish()
        self._gather(Scorer.finish, self._coarse)
        return self._pooled(self._pushed) or self._near.finish()

    def _gather(self, scored: Callable[[Scorer], Scores | None], coarse: Scorer) -> None:
        """Takes what each look has ``scored`` since the last time."""
        first, second = scored(self._near), scored(coarse)
        # Both are scored in the same batches, so that they come together.
        assert (first is None) == (second is None)
        if first is not None and second is not None:
            self._waiting.append(first)
            self._waiting_coarse.append(second.cause_onset)
        for replay, scorer in enumerate(self._far):
            self._keep(replay, scored(scorer))

    def _keep(self, replay: int, found: Scores | None) -> None:
        if found is not None:
            for row in found.cause_onset:
                self._answers[replay + self._answered[replay] * len(self._far)] = row
                self._answered[replay] += 1

    def _pooled(self, until: int) -> Scores | None:
        """Of the frames before ``until``, as far as the first look knows them; lets them go."""
        near = Scores.join(self._waiting) if self._waiting else None
        count = 0 if near is None else min(until - self._done, near.pts.size)
        if near is None or count <= 0:
            return None
        begin, end = self._done, min(self._done + count + len(self._far) - 1, self._pushed)
        far = np.stack([self._answers[t] for t in range(begin, end)])
        for t in range(begin, begin + count):
            del self._answers[t]
        self._done += count
        coarse = np.concatenate(self._waiting_coarse)
        self._waiting = [near.part(count, near.pts.size)]
        self._waiting_coarse = [coarse[count:]]
        first = near.part(0, count)
        pooled = pool(first.cause_onset, coarse[:count], far, len(self._far))
        return replace(first, cause_onset=pooled)


def pool(near: F32, coarse: F32, far: F32, back: int) -> F32:
    """Log-probabilities of three looks as one, float32 (T, K).

    ``near``, ``coarse`` (T, K): of the first two. ``far`` (T + back - 1, K), or fewer rows at the
    end of a replay: of the last, beginning with the same frame; see :class:`LooksScorer`.
    """
    count = len(near)
    windows = np.full((back, *near.shape), -np.inf)
    for k in range(back):
        window = far[k : k + count]
        windows[k, : len(window)] = window
    there = np.isfinite(windows[:, :, :1]).sum(axis=0)
    spread = np.logaddexp.reduce(windows, axis=0) - np.log(there)
    looks = zip(LOOK_WEIGHTS, (near, coarse, spread), strict=True)
    mean = sum(weight * look.astype(np.float64) for weight, look in looks)
    pooled: F32 = (mean - np.logaddexp.reduce(mean, axis=1, keepdims=True)).astype(np.float32)
    return pooled
