"""Path search: the most probable sequence of onsets, exactly.

The model is an explicit-duration (semi-)Markov chain, see Yu, *Hidden semi-Markov models*,
Artificial Intelligence 174 (2010), whose states are spells between onsets. A sequence of onsets
``t1 < t2 < ... < tn`` with causes ``c1 .. cn`` scores::

    first[t1] + sum_i log_odds[ti, ci] + sum_i between(t(i-1), ti) + last[tn]

and no onset at all scores ``none``: the frames' log-probabilities, less those of "no onset
anywhere", which are the same for all sequences. Player and world onsets are labels of one chain:
they compete for a frame, and for the time around it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pyanalyzer.timeline.transition import TransitionModel

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

NONE_BEFORE = -1


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """Onsets at ``positions`` int64 (N,), rising, of ``causes`` int64 (N,), indices of ``CAUSES``.

    Positions count the frames given, from 0. ``score`` is the sum above.
    """

    positions: I64
    causes: I64
    score: float


def find_path(log_odds: F64, transition: TransitionModel) -> Path:
    """The sequence with the highest score; of equals, one and always the same.

    ``log_odds``: (T, 2), of the frames that ``transition`` was made for. Viterbi's recursion over
    onsets; within the histogram's reach each pair of frames is looked at once, beyond it a running
    maximum serves, so that time is O(T * reach) and memory O(T).
    """
    causes = np.argmax(log_odds, axis=1)
    onset = np.max(log_odds, axis=1)
    best = np.empty(onset.size)
    previous = np.full(onset.size, NONE_BEFORE, dtype=np.int64)
    tail, tail_at, entered = -np.inf, NONE_BEFORE, 0
    for t, s0, between in transition.into():
        while entered < s0:
            reached = best[entered] + transition.tail_from[entered]
            if reached > tail:
                tail, tail_at = reached, entered
            entered += 1
        top, at = transition.first[t], NONE_BEFORE
        if tail + transition.tail_to[t] > top:
            top, at = tail + transition.tail_to[t], tail_at
        if s0 < t:
            ways = best[s0:t] + between
            s = int(ways.argmax())
            if ways[s] > top:
                top, at = ways[s], s0 + s
        best[t] = onset[t] + top
        previous[t] = at
    return _trace_back(best + transition.last, transition.none, previous, causes)


def _trace_back(final: F64, none: float, previous: I64, causes: I64) -> Path:
    at = int(np.argmax(final))
    if none >= final[at]:
        return Path(np.zeros(0, np.int64), np.zeros(0, np.int64), none)
    score = float(final[at])
    positions: list[int] = []
    while at != NONE_BEFORE:
        positions.append(at)
        at = int(previous[at])
    found = np.array(positions[::-1], dtype=np.int64)
    return Path(found, causes[found].astype(np.int64), score)
