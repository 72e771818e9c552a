"""Onsets of one recording: path, posterior around each, confidence and interval.

The territory of an onset is where the posterior is taken to speak of it: up to half-way to the
neighbouring onsets of the path, and at most ``TERRITORY_S`` to either side. Wider would let another
event's evidence count; narrower than the reach of the network's own uncertainty (it sees half a
second to either side) would cut intervals short.

Where in its territory the onset is, given that there is one, is asked with the rest of the path
held fast: each frame's evidence times the prior of the spells to both neighbours. The marginals
will not do for that: among them is the chance of other, weaker events nearby, and a quarter of a
second of faint background would stretch the interval of the clearest onset.

The confidence is the posterior mass within ``CONFIDENCE_REACH_FRAMES`` of the onset, inside its
territory, not that of the whole territory: an entry of the timeline is called true if it is close,
so that is the event whose probability is asked for. A broad posterior then counts as less sure than
a sharp one of the same mass, as it should. The posterior is taken without the biases that make the
path find more than it otherwise would.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pyanalyzer.timeline.observation import chance_log_odds, onset_log_odds
from pyanalyzer.timeline.parameters import TimelineParameters
from pyanalyzer.timeline.posterior import onset_posterior
from pyanalyzer.timeline.search import Path, find_path
from pyanalyzer.timeline.transition import TransitionModel

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

TERRITORY_S = 0.25
# The network is taught to spread an onset over a frame to either side. Narrower than the tolerance
# at which an event counts as true (2): what lies further out is as often another event's.
CONFIDENCE_REACH_FRAMES = 1
# Evidence spread over a few frames must not become several onsets. Claims this close are one and
# the same at the tolerance at which they count as true.
MERGE_FRAMES = 2
INTERVAL_PROBABILITY = 0.95
# Keeps logarithms finite; far below what an interval can notice.
SMALLEST_MARGINAL = 1e-15


@dataclass(frozen=True, slots=True, eq=False)
class Onsets:
    """N onsets, in order of time. Positions count the frames given, from 0.

    ``positions``, ``causes`` (indices of ``CAUSES``): int64 (N,); ``raw_confidences``: float64
    (N,), not calibrated; ``territories``: int64 (N, 2), half-open; ``marginals``: for each the
    probability of being at each frame of its territory, float64, summing to one.
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
    path = _merge_close(find_path(odds, transition), odds)
    if path.positions.size == 0:
        return Onsets(empty, empty, np.zeros(0), np.zeros((0, 2), np.int64), ())
    # Without the biases: they make the path bold, but nothing more probable.
    biases = np.array([parameters.bias_player, parameters.bias_world])
    posterior = onset_posterior(odds - biases, transition).onset
    spans = territories(path.positions, times_s)
    return Onsets(
        positions=path.positions,
        causes=path.causes,
        raw_confidences=_mass_near(posterior, path, spans),
        territories=spans,
        marginals=_placements(odds, transition, path, spans),
    )


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


def _merge_close(path: Path, odds: F64) -> Path:
    """The path without onsets within ``MERGE_FRAMES`` of one of the same cause with more evidence
    (of equals, the earlier one stays)."""
    at, causes = path.positions, path.causes
    strength = odds[at, causes]
    kept = np.zeros(at.size, bool)
    dropped = np.zeros(at.size, bool)
    for n in np.argsort(-strength, kind="stable"):
        if not dropped[n]:
            kept[n] = True
            near = slice(
                int(np.searchsorted(at, at[n] - MERGE_FRAMES, side="left")),
                int(np.searchsorted(at, at[n] + MERGE_FRAMES, side="right")),
            )
            dropped[near] |= causes[near] == causes[n]
    return Path(at[kept], causes[kept], path.score)


def _mass_near(posterior: F64, path: Path, spans: I64) -> F64:
    """Posterior (T, 2) of an onset of its cause near each onset of the path: float64 (N,)."""
    begin = np.maximum(spans[:, 0], path.positions - CONFIDENCE_REACH_FRAMES)
    end = np.minimum(spans[:, 1], path.positions + CONFIDENCE_REACH_FRAMES + 1)
    rows = zip(begin.tolist(), end.tolist(), path.causes.tolist(), strict=True)
    return np.array([posterior[b:e, cause].sum() for b, e, cause in rows])


def _placements(odds: F64, transition: TransitionModel, path: Path, spans: I64) -> tuple[F64, ...]:
    """Where each onset is, given that it is in its territory and the others are where they are."""
    at = path.positions
    placements: list[F64] = []
    for n, (begin, end) in enumerate(spans.tolist()):
        frames = np.arange(begin, end)
        log_mass = odds[begin:end, path.causes[n]].copy()
        log_mass += transition.first[frames] if n == 0 else transition.pairs(at[n - 1], frames)
        is_last = n + 1 == at.size
        log_mass += transition.last[frames] if is_last else transition.pairs(frames, at[n + 1])
        mass = np.exp(log_mass - log_mass.max())
        placements.append(mass / mass.sum())
    return tuple(placements)


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


def onset_interval(
    onsets: Onsets, n: int, frames: int, temperature: float, margin_frames: int
) -> tuple[int, int]:
    """The interval of onset ``n`` of a recording of ``frames`` frames, half-open positions.

    The credible interval, and ``margin_frames`` to either side, past the territory too: the
    network's own error is not all in its posterior (conformal intervals widen by such a margin;
    Romano, Patterson and Candes, "Conformalized quantile regression", NeurIPS 2019).
    """
    begin = int(onsets.territories[n, 0])
    low, high = credible_interval(
        onsets.marginals[n], int(onsets.positions[n]) - begin, temperature
    )
    return max(begin + low - margin_frames, 0), min(begin + high + margin_frames, frames)
