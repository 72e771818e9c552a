"""How sure: forward-backward over the same model, and what it says of each onset of the path."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pyanalyzer.timeline.transition import TransitionModel

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """``onset`` float64 (T, 2): probability that frame t is the onset of a change by the player,
    by the world. ``log_evidence``: logarithm of the sum over all sequences of e^score.
    """

    onset: F64
    log_evidence: float


def onset_posterior(log_odds: F64, transition: TransitionModel) -> Posterior:
    """Marginal probability of an onset at each frame, exactly.

    ``log_odds``: (T, 2), of the frames that ``transition`` was made for. The forward-backward
    algorithm over onsets in the logarithmic domain (Yu 2010, as in ``timeline.search``), in time
    O(T * reach) and memory O(T).
    """
    onset = np.logaddexp(log_odds[:, 0], log_odds[:, 1])
    forward = _forward(onset, transition)
    backward = _backward(onset, transition)
    total = _log_sum(forward + transition.last, transition.none)
    marginal = np.exp(forward + backward - total)
    return Posterior(np.exp(log_odds - onset[:, None]) * marginal[:, None], total)


def _forward(onset: F64, transition: TransitionModel) -> F64:
    """Log-sum over all sequences up to an onset at t, that onset included: (T,)."""
    forward = np.empty(onset.size)
    tail, entered = -np.inf, 0
    for t, s0, between in transition.into():
        while entered < s0:
            tail = _log_add(tail, forward[entered] + transition.tail_from[entered])
            entered += 1
        before = _log_add(transition.first[t], tail + transition.tail_to[t])
        forward[t] = onset[t] + _log_sum(forward[s0:t] + between, before)
    return forward


def _backward(onset: F64, transition: TransitionModel) -> F64:
    """Log-sum over all that can follow an onset at s, that onset not included: (T,)."""
    backward = np.empty(onset.size)
    following = np.empty(onset.size)  # backward + onset
    tail, entered = -np.inf, onset.size
    for s, t1, between in transition.out_of():
        while entered > t1:
            entered -= 1
            tail = _log_add(tail, following[entered] + transition.tail_to[entered])
        after = _log_add(transition.last[s], tail + transition.tail_from[s])
        backward[s] = _log_sum(following[s + 1 : t1] + between, after)
        following[s] = backward[s] + onset[s]
    return backward


def _log_sum(values: F64, one_more: float) -> float:
    """Logarithm of the sum of e^values and e^one_more."""
    top = max(float(values.max()), one_more) if values.size else one_more
    return top + math.log(float(np.exp(values - top).sum()) + math.exp(one_more - top))


def _log_add(a: float, b: float) -> float:
    top, low = (a, b) if a >= b else (b, a)
    return top if low == -math.inf else top + math.log1p(math.exp(low - top))
