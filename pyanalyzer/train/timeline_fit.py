"""Fits the timeline's parameters to weights: prior on training replays, the rest on validation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product

import numpy as np
import numpy.typing as npt

from pyanalyzer.evaluate.matching import (
    NO_MATCH,
    REFERENCE_TOLERANCE_FRAMES,
    best_threshold,
    match_events,
)
from pyanalyzer.records import CAUSES, F32
from pyanalyzer.score.model import LoadedModel
from pyanalyzer.timeline.calibration import Calibration
from pyanalyzer.timeline.duration import DurationPrior
from pyanalyzer.timeline.onsets import (
    INTERVAL_PROBABILITY,
    Onsets,
    credible_interval,
    find_onsets,
)
from pyanalyzer.timeline.parameters import TimelineParameters
from pyanalyzer.timeline.transition import frame_times
from pyanalyzer.train.cache import CachedReplay
from pyanalyzer.train.validate import score_cached

_PLAYER = CAUSES.index("player")
# The network's probabilities hold the rate of onsets already, and so does the prior; a bias of
# about the log-odds of that rate (3) undoes the double counting. What suits best is measured.
_BIASES = (0.0, 1.0, 2.0, 3.0)
_PRIOR_WEIGHTS = (0.0, 0.5, 1.0)
_TEMPERATURES = tuple(float(x) for x in np.round(np.geomspace(0.5, 4.0, 25), 4))


@dataclass(frozen=True, slots=True, eq=False)
class ScoredReplay:
    """A validation replay and what the network says of it: ``cause_onset`` float32 (T, 3)."""

    replay: CachedReplay
    cause_onset: F32
    times_s: npt.NDArray[np.float64]


def score_all(model: LoadedModel, replays: Iterable[CachedReplay]) -> list[ScoredReplay]:
    """Runs the network over cached replays."""
    scored = []
    for replay in replays:
        rate = Fraction(replay.frame_rate).limit_denominator(1001)
        times_s = frame_times(np.arange(replay.frames), 1 / rate)
        scored.append(ScoredReplay(replay, score_cached(model, replay).cause_onset, times_s))
    return scored


def fit_timeline(
    model: LoadedModel, training: Sequence[CachedReplay], validation: Sequence[CachedReplay]
) -> TimelineParameters:
    """Prior weight and bias by the mean over engines of the best F1 at two frames; then confidence,
    false alarms and interval widths by what came true."""
    prior = DurationPrior.fit(_durations_s(training))
    scored = score_all(model, validation)
    candidates = [
        TimelineParameters(prior=prior, prior_weight=weight, bias_player=bias, bias_world=bias)
        for weight, bias in product(_PRIOR_WEIGHTS, _BIASES)
    ]
    found = [[find_onsets(s.cause_onset, s.times_s, p) for s in scored] for p in candidates]
    best = max(range(len(candidates)), key=lambda i: _mean_f1(scored, found[i]))
    return _calibrate(candidates[best], scored, found[best])


def _durations_s(replays: Sequence[CachedReplay]) -> npt.NDArray[np.float64]:
    parts = [np.diff(np.array(r.onsets)) / r.frame_rate for r in replays]
    return np.concatenate(parts) if parts else np.zeros(0)


def _players(
    scored: ScoredReplay, onsets: Onsets
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Of the player's onsets: their ordinals, raw confidences, and matched truths."""
    ours = np.flatnonzero(onsets.causes == _PLAYER)
    raw = onsets.raw_confidences[ours]
    matched = match_events(
        onsets.positions[ours], raw, scored.replay.onsets, REFERENCE_TOLERANCE_FRAMES
    )
    return ours, raw, matched


def _mean_f1(scored: Sequence[ScoredReplay], found: Sequence[Onsets]) -> float:
    groups: dict[str, list[int]] = defaultdict(list)
    for i, s in enumerate(scored):
        groups[s.replay.engine].append(i)
    f1 = [_pooled_best([scored[i] for i in g], [found[i] for i in g])[1] for g in groups.values()]
    return float(np.mean(f1))


def _pooled_best(scored: Sequence[ScoredReplay], found: Sequence[Onsets]) -> tuple[float, float]:
    raw, hits, truths = _pooled(scored, found)
    return best_threshold(raw, hits, truths)


def _pooled(
    scored: Sequence[ScoredReplay], found: Sequence[Onsets]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_], int]:
    parts = [_players(s, onsets)[1:] for s, onsets in zip(scored, found, strict=True)]
    raw = np.concatenate([p[0] for p in parts])
    hits = np.concatenate([p[1] != NO_MATCH for p in parts])
    return raw, hits, sum(len(s.replay.onsets) for s in scored)


def _calibrate(
    parameters: TimelineParameters, scored: Sequence[ScoredReplay], found: Sequence[Onsets]
) -> TimelineParameters:
    raw, hits, truths = _pooled(scored, found)
    minutes = sum(s.replay.frames / s.replay.frame_rate for s in scored) / 60
    calibration = Calibration.fit(raw, hits, minutes, _temperature(scored, found))
    threshold, _ = best_threshold(calibration.confidence(raw), hits, truths)
    return replace(parameters, calibration=calibration, threshold=threshold)


def _temperature(scored: Sequence[ScoredReplay], found: Sequence[Onsets]) -> float:
    """The temperature at which the share of true onsets inside their intervals is nearest 95 %.

    Every player's onset with a true one in its territory counts, not only those that were close.
    """
    cases: list[tuple[npt.NDArray[np.float64], int, int]] = []
    for s, onsets in zip(scored, found, strict=True):
        truths = np.array(s.replay.onsets)
        for i in np.flatnonzero(onsets.causes == _PLAYER):
            begin, end = onsets.territories[i]
            inside = truths[(truths >= begin) & (truths < end)]
            if inside.size:
                at = int(onsets.positions[i] - begin)
                nearest = int(inside[np.argmin(np.abs(inside - onsets.positions[i]))] - begin)
                cases.append((onsets.marginals[i], at, nearest))
    if not cases:
        return 1.0

    def miss(temperature: float) -> float:
        covered = 0
        for marginal, at, true in cases:
            begin, end = credible_interval(marginal, at, temperature)
            covered += begin <= true < end
        return abs(covered / len(cases) - INTERVAL_PROBABILITY)

    return min(_TEMPERATURES, key=miss)
