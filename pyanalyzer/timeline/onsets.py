"""What is said of the onsets of a path: territory, confidence, place and interval.

The territory of an onset is where the posterior is taken to speak of it: up to half-way to the
neighbouring onsets of the path, and at most ``TERRITORY_S`` to either side. Wider would let another
event's evidence count; narrower than the reach of the network's own uncertainty (it sees half a
second to either side) would cut intervals short.

Where in its territory the onset is, given that there is one, is asked with the rest of the path
held fast: each frame's evidence times the prior of the spells to both neighbours. The marginals
will not do for that: among them is the chance of other, weaker events nearby, and a quarter of a
second of faint background would stretch the interval of the clearest onset.

The confidence is the posterior mass within ``CONFIDENCE_REACH_FRAMES`` of the onset, not that of
the whole territory: an entry of the timeline is called true if it is close, so that is the event
whose probability is asked for. A broad posterior then counts as less sure than a sharp one of the
same mass, as it should. The posterior is taken without the biases that make the path find more than
it otherwise would.

Summed over frames, the posterior is the expected number of onsets. So evidence that is spread over
neighbouring frames is told from several onsets in a row by how much there is of it: each onset
takes one onset's worth, and the next one nearby has what is left (``share_out``).
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pyanalyzer.timeline.transition import TransitionModel

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

TERRITORY_S = 0.25
# The network is taught to spread an onset over a frame to either side. Narrower than the tolerance
# at which an event counts as true (2): what lies further out is as often another event's.
CONFIDENCE_REACH_FRAMES = 1
# Claims this close are one and the same at the tolerance at which they count as true, unless there
# is evidence for both.
MERGE_FRAMES = 2
# A claim near a surer one stays if so much of the posterior is left for it. Any event of that
# little confidence is far below all thresholds; this keeps the number of claims down.
LEAST_LEFT = 0.05
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

    def moved(self, frames: int) -> Onsets:
        """The same, the positions counted from so many frames earlier."""
        return replace(
            self, positions=self.positions + frames, territories=self.territories + frames
        )

    @classmethod
    def join(cls, parts: Sequence[Onsets]) -> Onsets:
        """All of them, in the order given; the positions stay."""
        whole = [*parts, NO_ONSETS]
        return cls(
            np.concatenate([part.positions for part in whole]),
            np.concatenate([part.causes for part in whole]),
            np.concatenate([part.raw_confidences for part in whole]),
            np.concatenate([part.territories for part in whole]),
            tuple(marginal for part in whole for marginal in part.marginals),
        )


NO_ONSETS = Onsets(
    np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros((0, 2), np.int64), ()
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


def share_out(
    posterior: F64, positions: I64, causes: I64, settled: int
) -> tuple[npt.NDArray[np.bool_], F64]:
    """Which onsets stay, bool (N,), and how much of the posterior each finds, float64 (N,).

    ``posterior`` (T, 2): of an onset by each cause in each frame. ``positions``, ``causes`` (N,):
    of the onsets, positions rising. The first ``settled`` of them take their share first and stay
    in any case; then always the one with the most left in its frame (of equals, the earliest). It
    finds what is left for its cause within ``CONFIDENCE_REACH_FRAMES``, 1 at most, and takes up to
    one onset's worth: of its own frame, then of those beside it, up to ``MERGE_FRAMES`` away. One
    that finds less than ``LEAST_LEFT`` within ``MERGE_FRAMES`` of another of its cause, which took
    before, does not stay and takes nothing.
    """
    left = posterior.copy()
    kept, found = np.zeros(positions.size, bool), np.zeros(positions.size)
    taken = np.zeros(posterior.shape, bool)
    queue = [(-np.inf, n) for n in range(settled)]
    rest = range(settled, positions.size)
    queue += [(-float(left[positions[n], causes[n]]), n) for n in rest]
    heapq.heapify(queue)
    while queue:
        priority, n = heapq.heappop(queue)
        at, cause = int(positions[n]), int(causes[n])
        now = -float(left[at, cause])
        if n >= settled and now > priority:  # something was taken from it meanwhile
            heapq.heappush(queue, (now, n))
            continue
        column = left[:, cause]
        found[n] = min(1.0, float(column[_around(at, CONFIDENCE_REACH_FRAMES)].sum()))
        crowded = bool(taken[_around(at, MERGE_FRAMES), cause].any())
        if n < settled or not crowded or found[n] >= LEAST_LEFT:
            kept[n] = taken[at, cause] = True
            _take_one(column, at)
    return kept, found


def _around(at: int, reach: int) -> slice:
    return slice(max(0, at - reach), at + reach + 1)


def _take_one(left: F64, at: int) -> None:
    """Takes one, or what there is, from ``left`` (T,): from the nearest frames first."""
    wanted = 1.0
    for distance in range(MERGE_FRAMES + 1):
        frames = [t for t in {at - distance, at + distance} if 0 <= t < left.size]
        there = float(left[frames].sum())
        if there > 0:
            taken = min(wanted, there)
            left[frames] *= 1 - taken / there
            wanted -= taken


def placement(
    odds: F64, from_previous: F64, transition: TransitionModel, following: int | None, begin: int
) -> F64:
    """Where an onset is, given that it is in its territory and the others are where they are.

    ``odds``, ``from_previous`` (n,): of the territory's frames, which begin at ``begin``: evidence
    of the onset's cause, and log-probability of a spell from the previous onset. ``following``: the
    next one's position; None: none follows. Float64 (n,), summing to one.
    """
    frames = np.arange(begin, begin + odds.size)
    log_mass = odds + from_previous
    log_mass += (
        transition.last[frames] if following is None else transition.pairs(frames, following)
    )
    mass = np.exp(log_mass - log_mass.max())
    return np.asarray(mass / mass.sum())


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
