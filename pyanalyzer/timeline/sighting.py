"""Whether the Locator sees anything where a change is claimed.

Asked where a change is, the Locator answers with a probability for each block. Where there is one,
it lies close together; where there is none, it is spread over whatever moves. So how much of it
lies close together says something of whether there is a change at all, of which the network that
claims it knew nothing when it was taught. It is added to the log-odds of the player's claims.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import CAUSES, F32
from pyanalyzer.timeline.calibration import log_odds
from pyanalyzer.timeline.onsets import Onsets
from pyanalyzer.timeline.pointing import Locates
from pyanalyzer.timeline.traces import FrameTrace

F64 = npt.NDArray[np.float64]

# Chosen by the validation games (docs/experiments.md), as are those below.
WEIGHT = 0.5  # of the logarithm of the share that lies close together
FLOOR = 0.05  # added to the share: below it less says no more
# Claims below are far from being listed, and there are many.
LEAST_RAW = 0.1
_PLAYER = CAUSES.index("player")

# How much of the Locator's probability lies close together at a position; None: not known.
Concentration = Callable[[int], float | None]


def concentration(log_p: F32) -> float:
    """The probability of the likeliest block and of those around it. ``log_p``: (R, C), natural
    logarithm."""
    row, col = np.unravel_index(int(np.argmax(log_p)), log_p.shape)
    near = log_p[max(int(row) - 1, 0) : int(row) + 2, max(int(col) - 1, 0) : int(col) + 2]
    return float(np.exp(near.astype(np.float64)).sum())


def sightings_of(onsets: Onsets, seen: Concentration) -> dict[int, float]:
    """The logarithm of what lies close together (plus ``FLOOR``) at each of the player's onsets
    of ``LEAST_RAW`` confidence or more, by its number; without those of which it is not known."""
    asked = (onsets.causes == _PLAYER) & (onsets.raw_confidences >= LEAST_RAW)
    shares = {n: seen(int(onsets.positions[n])) for n in np.flatnonzero(asked).tolist()}
    return {n: math.log(share + FLOOR) for n, share in shares.items() if share is not None}


def weighed(onsets: Onsets, seen: Concentration, typical: float) -> Onsets:
    """The same onsets, weighed by what the Locator sees at their positions.

    ``typical``: the :func:`sightings_of` most claims, that leaves the log-odds as they are.
    """
    raw = onsets.raw_confidences.copy()
    for n, sighting in sightings_of(onsets, seen).items():
        shifted = log_odds(raw[n : n + 1]) + WEIGHT * (sighting - typical)
        raw[n] = 1 / (1 + math.exp(-float(shifted[0])))
    return replace(onsets, raw_confidences=raw)


class Sightings:
    """What a Locator sees around the frames of ``traces``, each asked for once.

    ``times_s``: float64, of these frames, at least two.
    """

    def __init__(self, traces: Sequence[FrameTrace], times_s: F64, locates: Locates) -> None:
        self._traces, self._locates = traces, locates
        self._rate = 1 / float(np.median(np.diff(times_s)))
        self._seen: dict[int, F32 | None] = {}

    def log_p(self, at: int) -> F32 | None:
        """Log-probability of each block, float32 (R, C), if the change is in the frame at position
        ``at``; None where the traces hold no maps. Outside them the nearest frame stands in."""
        if at not in self._seen:
            last = len(self._traces) - 1
            around = range(at - self._locates.before, at + self._locates.after)
            maps = [self._traces[min(max(k, 0), last)].maps for k in around]
            there = [found for found in maps if found is not None]
            self._seen[at] = (
                self._locates(np.stack(there), self._rate) if len(there) == len(maps) else None
            )
        return self._seen[at]

    def concentration(self, at: int) -> float | None:
        """See :func:`concentration`."""
        log_p = self.log_p(at)
        return None if log_p is None else concentration(log_p)
