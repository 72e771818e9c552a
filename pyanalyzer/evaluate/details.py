"""What else is said of events, beyond their onsets: region, kind, confidence, interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pyanalyzer.evaluate.protocol import REFERENCE, CaseScore, Matched
from pyanalyzer.evaluate.reliability import (
    ReliabilityBin,
    expected_calibration_error,
    reliability,
)
from pyanalyzer.records import KINDS


@dataclass(frozen=True, slots=True)
class Details:
    """What else is said of the timeline's true events, and of the confidences of all.
    ``local_pointing``: as ``region_pointing``, of the ``local_events`` alone, whose true region is
    a part of the picture; elsewhere almost any answer points into it.

    ``picture_*``: what the whole picture as the answer would have got; ``commonest_kind_share``:
    what always saying the commonest kind would. ``kind_confusion[i][j]``: events of true kind
    ``KINDS[i]`` that were called ``KINDS[j]``.
    """

    region_pointing: float
    region_iou: float
    local_pointing: float
    local_events: int
    picture_pointing: float
    picture_iou: float
    kind_accuracy: float
    commonest_kind_share: float
    kind_confusion: tuple[tuple[int, ...], ...]
    calibration_error: float
    reliability: tuple[ReliabilityBin, ...]
    interval_coverage: float
    intervals: int
    interval_width_frames: float


def details_of(scores: Sequence[CaseScore]) -> Details:
    """Put together what the replays' events say; at least one replay."""
    matched = [m for score in scores for m in score.matched]
    confusion = np.zeros((len(KINDS), len(KINDS)), dtype=np.int64)
    for m in matched:
        confusion[KINDS.index(m.true_kind), KINDS.index(m.kind)] += 1
    confidences = np.concatenate([score.confidences for score in scores])
    hits = np.concatenate([score.hits[REFERENCE] for score in scores])
    inside = np.concatenate([score.intervals_covered for score in scores])
    widths = np.concatenate([score.interval_widths_frames for score in scores])
    events = max(len(matched), 1)

    local = [m for m in matched if m.is_local]

    def mean(value: Callable[[Matched], float]) -> float:
        return sum(value(m) for m in matched) / events

    return Details(
        region_pointing=mean(lambda m: m.region_pointing),
        region_iou=mean(lambda m: m.region_iou),
        local_pointing=sum(m.region_pointing for m in local) / max(len(local), 1),
        local_events=len(local),
        picture_pointing=mean(lambda m: m.picture_pointing),
        picture_iou=mean(lambda m: m.picture_iou),
        kind_accuracy=float(np.trace(confusion)) / events,
        commonest_kind_share=float(confusion.sum(axis=1).max()) / events,
        kind_confusion=tuple(tuple(int(n) for n in row) for row in confusion),
        calibration_error=expected_calibration_error(confidences, hits),
        reliability=reliability(confidences, hits),
        interval_coverage=float(inside.mean()) if inside.size else 0.0,
        intervals=int(inside.size),
        interval_width_frames=float(widths.mean()) if widths.size else 0.0,
    )
