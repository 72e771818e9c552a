"""Predicted against true onsets: one-to-one matching, and the scores counted from it.

The protocol is that of event spotting: a prediction is right if a true onset lies within the
tolerance and no better prediction has taken that onset already. Predictions choose in order of
confidence, each the nearest onset still free. Matching in order of confidence has a useful
property: the matches of the predictions above any threshold are the same whether or not the rest
takes part, so that one matching gives the whole precision-recall curve.

Everything here takes plain arrays, in frames or in seconds, whichever the tolerance is in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

TOLERANCES_FRAMES: tuple[int, ...] = (0, 1, 2, 4)
# 0.033 s is a frame of 30 Hz or two of 60 Hz, written as the fraction that it stands for.
TOLERANCES_S: tuple[float, ...] = (1 / 30, 0.1)
# Matroska and others round pts to 1 ms; without the slack, two frames of 60 Hz would be 34 ms
# apart and miss 1/30 s by the rounding alone.
TIME_SLACK_S = 1e-3
# Coverage is that of events with a true onset this near; beyond, they are about something else.
COVERAGE_TOLERANCE_S = 0.1
# The tolerance of whatever is said at one tolerance only: threshold, kind, region, calibration.
REFERENCE_TOLERANCE_FRAMES = 2

NO_MATCH = -1


@dataclass(frozen=True, slots=True)
class Counts:
    """How many predictions were made, how many onsets there were, and how many of both agree.

    Counts add up over replays. With nothing to find and nothing claimed every ratio is 1; any other
    ratio with an empty denominator is 0.
    """

    hits: int
    predictions: int
    truths: int

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.hits + other.hits,
            self.predictions + other.predictions,
            self.truths + other.truths,
        )

    @property
    def precision(self) -> float:
        """Share of the predictions that are right."""
        return _ratio(self.hits, self.predictions, self.truths)

    @property
    def recall(self) -> float:
        """Share of the true onsets that were found."""
        return _ratio(self.hits, self.truths, self.predictions)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, ``2 hits / (predictions + truths)``."""
        return _ratio(2 * self.hits, self.predictions + self.truths, 0)


def _ratio(numerator: int, denominator: int, other: int) -> float:
    if denominator == 0:
        return 1.0 if other == 0 else 0.0
    return numerator / denominator


def sum_counts(counts: Iterable[Counts]) -> Counts:
    """Sum of ``counts``; of none, three zeros."""
    total = Counts(0, 0, 0)
    for one in counts:
        total += one
    return total


def match_events(
    predicted: npt.ArrayLike,
    confidences: npt.ArrayLike,
    true: npt.ArrayLike,
    tolerance: float,
) -> I64:
    """For each prediction the index of its true onset, or ``NO_MATCH``.

    ``predicted`` and ``confidences``: (N,); ``true``: (M,), in any order; ``tolerance`` in the same
    unit, included. The most confident prediction chooses first (of equals, the earlier in the
    array), the nearest free onset (of two as near, the earlier).

    :raises ValueError: if lengths differ, the tolerance is negative, or a value is not finite.
    """
    at, confidence, truth = _checked(predicted, confidences, true, tolerance)
    by_time = np.argsort(truth, kind="stable")
    times = truth[by_time]
    first = np.searchsorted(times, at - tolerance, side="left")
    last = np.searchsorted(times, at + tolerance, side="right")
    free = np.ones(times.size, dtype=bool)
    matched = np.full(at.size, NO_MATCH, dtype=np.int64)
    for n in np.argsort(-confidence, kind="stable"):
        near = np.flatnonzero(free[first[n] : last[n]]) + first[n]
        if near.size:
            chosen = near[np.argmin(np.abs(times[near] - at[n]))]
            free[chosen] = False
            matched[n] = by_time[chosen]
    return matched


def _checked(
    predicted: npt.ArrayLike, confidences: npt.ArrayLike, true: npt.ArrayLike, tolerance: float
) -> tuple[F64, F64, F64]:
    at = np.asarray(predicted, dtype=np.float64).reshape(-1)
    confidence = np.asarray(confidences, dtype=np.float64).reshape(-1)
    truth = np.asarray(true, dtype=np.float64).reshape(-1)
    if at.size != confidence.size:
        raise ValueError(f"{at.size} predictions, but {confidence.size} confidences")
    if not tolerance >= 0:
        raise ValueError(f"the tolerance must be 0 or more, not {tolerance}")
    for name, values in (("predicted", at), ("confidences", confidence), ("true", truth)):
        if not np.isfinite(values).all():
            raise ValueError(f"{name} must be finite")
    return at, confidence, truth


def evaluate_events(
    predicted: npt.ArrayLike,
    confidences: npt.ArrayLike,
    true: npt.ArrayLike,
    tolerances: Sequence[float] = TOLERANCES_FRAMES,
) -> tuple[Counts, ...]:
    """Counts of one replay, one entry per tolerance. Arguments as of :func:`match_events`."""
    predictions, truths = np.size(predicted), np.size(true)
    return tuple(
        Counts(
            int(np.sum(match_events(predicted, confidences, true, tolerance) != NO_MATCH)),
            predictions,
            truths,
        )
        for tolerance in tolerances
    )


def precision_recall(
    confidences: npt.ArrayLike, hits: npt.ArrayLike, truths: int
) -> tuple[F64, F64, F64]:
    """Thresholds, falling, with precision and recall of what is at or above each: three (K,).

    ``confidences``: (N,); ``hits``: bool (N,), whether the prediction was matched; of any number of
    replays together, with ``truths`` onsets in all. Equal confidences make one threshold, so that
    the order of the predictions has no influence. Recall is 0 where there are no onsets.
    """
    confidence = np.asarray(confidences, dtype=np.float64).reshape(-1)
    hit = np.asarray(hits, dtype=bool).reshape(-1)
    order = np.argsort(-confidence, kind="stable")
    falling = confidence[order]
    found = np.cumsum(hit[order])
    last_of_equals = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))[: falling.size]
    found = found[last_of_equals]
    precision = found / (last_of_equals + 1)
    recall = found / truths if truths else np.zeros(found.size)
    return falling[last_of_equals], precision, recall


def average_precision(confidences: npt.ArrayLike, hits: npt.ArrayLike, truths: int) -> float:
    """Area under the precision-recall curve, precision made non-increasing ("all points").

    Arguments as of :func:`precision_recall`. Definition: Everingham et al., *The PASCAL Visual
    Object Classes Challenge* (2010 on). 0 where there are onsets but no predictions; 1 where there
    are neither.
    """
    if truths == 0:
        return 1.0 if np.size(confidences) == 0 else 0.0
    _, precision, recall = precision_recall(confidences, hits, truths)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * envelope))


def kind_average_precisions(
    kinds: npt.ArrayLike, confidences: npt.ArrayLike, hits: npt.ArrayLike, truths: npt.ArrayLike
) -> dict[int, float]:
    """:func:`average_precision` of each kind that has an onset, by the kind's number, rising.

    ``kinds``: int (N,), what each prediction was called; ``hits``: bool (N,), whether it matched an
    onset *of that kind*; ``truths``: int (K,), onsets of each kind. Of any number of replays
    together. Predictions of a kind without onsets count nowhere.
    """
    kind = np.asarray(kinds, dtype=np.int64).reshape(-1)
    confidence = np.asarray(confidences, dtype=np.float64).reshape(-1)
    hit = np.asarray(hits, dtype=bool).reshape(-1)
    onsets = np.asarray(truths, dtype=np.int64).reshape(-1)
    return {
        int(k): average_precision(confidence[kind == k], hit[kind == k], int(onsets[k]))
        for k in np.flatnonzero(onsets)
    }


def mean_average_precision(
    kinds: npt.ArrayLike, confidences: npt.ArrayLike, hits: npt.ArrayLike, truths: npt.ArrayLike
) -> float:
    """mAP: the mean of :func:`kind_average_precisions`; arguments as there.

    Definition: as at one tolerance of Giancola et al., *SoccerNet: a scalable dataset for action
    spotting in soccer videos*, CVPR workshops 2018. Without any onset 1 where there are no
    predictions, else 0.
    """
    of_kinds = kind_average_precisions(kinds, confidences, hits, truths)
    if not of_kinds:
        return 1.0 if np.size(confidences) == 0 else 0.0
    return sum(of_kinds.values()) / len(of_kinds)


def best_threshold(
    confidences: npt.ArrayLike, hits: npt.ArrayLike, truths: int
) -> tuple[float, float]:
    """The threshold with the highest F1, and that F1; (1, 0) where there are no predictions."""
    thresholds, precision, recall = precision_recall(confidences, hits, truths)
    if thresholds.size == 0:
        return 1.0, 0.0
    f1 = 2 * precision * recall / np.maximum(precision + recall, np.finfo(np.float64).tiny)
    best = int(np.argmax(f1))
    return float(thresholds[best]), float(f1[best])


def skill(f1: float, trivial_f1: float) -> float:
    """What is left of the way from the best trivial rule to perfection: 1 perfect, 0 no better.

    ``(f1 - trivial_f1) / (1 - trivial_f1)``; 0 where the trivial rule is perfect already.
    """
    return (f1 - trivial_f1) / (1 - trivial_f1) if trivial_f1 < 1 else 0.0
