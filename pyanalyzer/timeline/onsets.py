"""Onsets of one recording: path, posterior around each, confidence and interval.

The territory of an onset is where the posterior is taken to speak of it: up to half-way to the
neighbouring onsets of the path, and at most ``TERRITORY_S`` to either side. Wider would let another
event's evidence count; narrower than the reach of the network's own uncertainty (it sees half a
second to either side) would cut intervals short.

The confidence is the posterior mass within ``CONFIDENCE_REACH_FRAMES`` of the onset, inside its
territory, not that of the whole territory: an entry of the timeline is called true if it is that
close, so that is the event whose probability is asked for. A broad posterior then counts as less
sure than a sharp one of the same mass, as it should.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pyanalyzer.timeline.observation import chance_log_odds, onset_log_odds
from pyanalyzer.timeline.parameters import TimelineParameters
from pyanalyzer.timeline.posterior import onset_posterior
from pyanalyzer.timeline.search import find_path
from pyanalyzer.timeline.transition import TransitionModel

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

TERRITORY_S = 0.25
CONFIDENCE_REACH_FRAMES = 2  # the tolerance at which an event counts as true
INTERVAL_PROBABILITY = 0.95
# Marginals below this are rounding errors of the forward-backward sums.
SMALLEST_MARGINAL = 1e-15


@dataclass(frozen=True, slots=True, eq=False)
class Onsets:
    """N onsets, in order of time. Positions count the frames given, from 0.

    ``positions``, ``causes`` (indices of ``CAUSES``): int64 (N,); ``raw_confidences``: float64
    (N,), not calibrated; ``territories``: int64 (N, 2), half-open; ``marginals``: for each its
    posterior over its territory, float64, for onsets of its own cause.
    """

    positions: I64
    causes: I64
    raw_confidences: F64
    territories: I64
    marginals: tuple[F64, ...]


def find_onsets(cause_onset: npt.ArrayLike, times_s: F64, parameters: TimelineParameters) -> Onsets:
    """Path and posterior of one recording.

    ``cause_onset``: (T, 3) log-probabilities, as in :class:`~pyanalyzer.records.Scores`;
    ``times_s``: float64 (T,), strictly rising, as ``timeline.transition.frame_times`` makes them.
    Of the parameters, prior and biases are used. T may be 0.

    :raises ValueError: if the shapes do not fit or a log-probability is NaN.
    """
    odds = onset_log_odds(cause_onset, parameters.bias_player, parameters.bias_world)
    if odds.shape[0] != times_s.size:
        raise ValueError(f"{odds.shape[0]} frames of scores, but {times_s.size} times")
    empty = np.zeros(0, np.int64)
    if times_s.size == 0:
        return Onsets(empty, empty, np.zeros(0), np.zeros((0, 2), np.int64), ())
    chance = chance_log_odds(times_s, parameters.prior.mean_s)
    odds -= parameters.prior_weight * chance[:, None]
    transition = TransitionModel(parameters.prior, times_s, parameters.prior_weight)
    path = find_path(odds, transition)
    if path.positions.size == 0:
        return Onsets(empty, empty, np.zeros(0), np.zeros((0, 2), np.int64), ())
    posterior = onset_posterior(odds, transition).onset
    spans = territories(path.positions, times_s)
    marginals = tuple(
        np.ascontiguousarray(posterior[begin:end, cause])
        for (begin, end), cause in zip(spans.tolist(), path.causes.tolist(), strict=True)
    )
    raw = [
        _mass_near(marginal, int(at - begin))
        for marginal, at, begin in zip(marginals, path.positions, spans[:, 0], strict=True)
    ]
    return Onsets(path.positions, path.causes, np.array(raw), spans, marginals)


def territories(positions: I64, times_s: F64) -> I64:
    """Half-open territories int64 (N, 2) of onsets at ``positions`` (N,), rising.

    The frame half-way between two onsets belongs to the later one.
    """
    middles = (positions[1:] + positions[:-1] + 1) // 2
    at_s = times_s[positions]
    near_begin = np.searchsorted(times_s, at_s - TERRITORY_S, side="left")
    near_end = np.searchsorted(times_s, at_s + TERRITORY_S, side="right")
    begin = np.maximum(near_begin, np.concatenate(([0], middles)))
    end = np.minimum(near_end, np.concatenate((middles, [times_s.size])))
    return np.stack((begin, end), axis=1).astype(np.int64)


def _mass_near(marginal: F64, at: int) -> float:
    begin = max(0, at - CONFIDENCE_REACH_FRAMES)
    return float(marginal[begin : at + CONFIDENCE_REACH_FRAMES + 1].sum())


def credible_interval(
    marginal: F64, at: int, temperature: float = 1.0, probability: float = INTERVAL_PROBABILITY
) -> tuple[int, int]:
    """The shortest half-open interval around position ``at`` with this share of ``marginal`` (n,).

    The marginal is flattened to the power of ``1 / temperature`` and made to sum to one: given that
    there is an onset here, where is it. Of equally short intervals the one with the most mass, of
    those the earliest.
    """
    log_mass = np.log(np.maximum(marginal, SMALLEST_MARGINAL)) / temperature
    mass = np.exp(log_mass - log_mass.max())
    reached = np.concatenate(([0.0], np.cumsum(mass) / mass.sum()))
    for length in range(1, marginal.size):
        begin = np.arange(max(0, at - length + 1), min(at, marginal.size - length) + 1)
        inside = reached[begin + length] - reached[begin]
        best = int(np.argmax(inside))
        if inside[best] >= probability:
            return int(begin[best]), int(begin[best]) + length
    return 0, int(marginal.size)
