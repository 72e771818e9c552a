"""As many events of one recording as so many false alarms allow.

A threshold at which one false alarm a minute came through in the mean of some games lets many more
through in a game where much looks like a change, and hardly any in one where nothing does. But a
confidence is the probability that an event is true, so the false ones to expect among any events of
this recording are the sum of what their confidences lack to one: of the surest ones as many are
listed as keep this sum within what was allowed (the plug-in estimate of the number of false
discoveries; Efron, *Large-Scale Inference*, 2010, chapter 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import Event

# Sums of many probabilities differ in their last digits.
_ROUNDING = 1e-9


def allowed_events(events: Sequence[Event], per_min: float, duration_s: float) -> list[Event]:
    """Those of a recording's ``events`` that :func:`within_allowance` lists, in their order."""
    confidences = [event.confidence for event in events]
    return list(compress(events, within_allowance(confidences, per_min, duration_s)))


def within_allowance(
    confidences: npt.ArrayLike, per_min: float, duration_s: float
) -> npt.NDArray[np.bool_]:
    """Which events of a recording are listed for ``per_min`` false alarms a minute, bool (N,).

    ``confidences``: (N,), calibrated, in order of time; of equal ones the first come first.
    ``duration_s``: how long the analysed part is.
    """
    confidence = np.asarray(confidences, dtype=np.float64)
    surest = np.argsort(-confidence, kind="stable")
    expected = np.cumsum(1.0 - confidence[surest])
    count = int(np.searchsorted(expected, per_min * duration_s / 60 + _ROUNDING, side="right"))
    listed = np.zeros(confidence.size, dtype=np.bool_)
    listed[surest[:count]] = True
    return listed
