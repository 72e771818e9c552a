"""Are confidences and intervals what they say?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BINS = 10


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Events of similar confidence: how many, their mean confidence, and the share that is true."""

    events: int
    confidence: float
    precision: float


def reliability(
    confidences: npt.ArrayLike, hits: npt.ArrayLike, bins: int = BINS
) -> tuple[ReliabilityBin, ...]:
    """The filled ones of ``bins`` equally wide bins of confidence 0..1, rising.

    ``confidences``: (N,); ``hits``: bool (N,), whether the event is true.
    """
    confidence = np.asarray(confidences, dtype=np.float64).reshape(-1)
    hit = np.asarray(hits, dtype=bool).reshape(-1)
    number = np.clip((confidence * bins).astype(np.int64), 0, bins - 1)
    return tuple(
        ReliabilityBin(
            events=int(inside.sum()),
            confidence=float(confidence[inside].mean()),
            precision=float(hit[inside].mean()),
        )
        for inside in (number == b for b in range(bins))
        if inside.any()
    )


def expected_calibration_error(
    confidences: npt.ArrayLike, hits: npt.ArrayLike, bins: int = BINS
) -> float:
    """Mean distance of confidence and precision over the bins, weighted by their events.

    Guo et al., *On calibration of modern neural networks*, ICML 2017. 0 without events.
    """
    filled = reliability(confidences, hits, bins)
    events = sum(b.events for b in filled)
    return sum(b.events * abs(b.confidence - b.precision) for b in filled) / max(events, 1)


def covered(intervals: npt.ArrayLike, true_frames: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether each half-open interval, (N, 2), holds its true frame, (N,): bool (N,)."""
    spans = np.asarray(intervals, dtype=np.int64).reshape(-1, 2)
    true = np.asarray(true_frames, dtype=np.int64).reshape(-1)
    return np.asarray((spans[:, 0] <= true) & (true < spans[:, 1]))
