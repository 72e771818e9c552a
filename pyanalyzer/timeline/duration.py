"""How long it takes from one onset to the next: the learned prior of the timeline.

A histogram over seconds up to ``TAIL_START_S``, and a geometric tail beyond: short spells have a
shape worth learning (nobody changes two things every frame; taps last about a tenth of a second),
long ones only a rate. It is kept in seconds, so that one prior serves every frame rate;
``timeline.transition`` lays it over the frames of a stream.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

TAIL_START_S = 3.0
# Bins grow by a fifth each: as fine as a frame of 30 Hz where spells are short, coarser where fewer
# spells fall into them.
BIN_EDGES_S: tuple[float, ...] = (
    0.0,
    *(float(edge) for edge in np.geomspace(1 / 30, TAIL_START_S, 25)),
)
# As if so many spells had been seen that follow no shape but their mean: no bin stays at zero.
PSEUDO_SPELLS = 16.0
# Mean spell where none were given. Players of the simulated games change about twice a second.
DEFAULT_MEAN_S = 0.5


@dataclass(frozen=True, slots=True)
class DurationPrior:
    """Probability of the time between successive onsets.

    ``edges_s``: rising from 0, (B + 1,); ``mass``: probability of each bin, spread evenly over it,
    all positive, (B,); what is left to 1 lies beyond the last edge and falls off exponentially,
    ``tail_rate_per_s``, in frames a geometric distribution.

    :raises ValueError: if the numbers are not such.
    """

    edges_s: tuple[float, ...]
    mass: tuple[float, ...]
    tail_rate_per_s: float

    def __post_init__(self) -> None:
        edges, mass = np.array(self.edges_s), np.array(self.mass)
        numbers = np.concatenate((edges, mass, [self.tail_rate_per_s]))
        if not np.isfinite(numbers).all():
            raise ValueError("a duration prior must be made of finite numbers")
        if edges.size < 2 or edges[0] != 0 or not (np.diff(edges) > 0).all():
            raise ValueError("edges_s must rise from 0")
        if mass.size != edges.size - 1 or not (mass > 0).all() or not mass.sum() < 1:
            raise ValueError("mass must be positive, one per bin, and leave something for the tail")
        if not self.tail_rate_per_s > 0:
            raise ValueError("tail_rate_per_s must be positive")

    @property
    def tail_start_s(self) -> float:
        """Where the histogram ends and the tail begins."""
        return self.edges_s[-1]

    @property
    def tail_mass(self) -> float:
        """Probability of a spell that is longer than ``tail_start_s``."""
        return 1.0 - math.fsum(self.mass)

    @property
    def mean_s(self) -> float:
        """Mean time between successive onsets."""
        edges = np.array(self.edges_s)
        inside = float(np.dot(self.mass, (edges[1:] + edges[:-1]) / 2))
        return inside + self.tail_mass * (self.tail_start_s + 1 / self.tail_rate_per_s)

    def survival(self, duration_s: npt.ArrayLike) -> F64:
        """Probability of a spell longer than ``duration_s``; any shape, negative counts as 0."""
        x = np.asarray(duration_s, dtype=np.float64)
        inside = np.interp(x, self.edges_s, self._at_edges())
        beyond_s = np.maximum(x - self.tail_start_s, 0.0)
        return np.asarray(inside * np.exp(-self.tail_rate_per_s * beyond_s))

    def log_survival(self, duration_s: npt.ArrayLike) -> F64:
        """Logarithm of :meth:`survival`, exact far out in the tail."""
        x = np.asarray(duration_s, dtype=np.float64)
        beyond_s = np.maximum(x - self.tail_start_s, 0.0)
        return np.asarray(np.log(self.survival(x - beyond_s)) - self.tail_rate_per_s * beyond_s)

    def log_excess(self, wait_s: npt.ArrayLike) -> F64:
        """Log-probability that, from a moment picked at random, no onset comes for ``wait_s``.

        The forward recurrence time of a renewal process in equilibrium (Cox, *Renewal Theory*,
        1962, chapter 5): the integral of ``survival`` from ``wait_s`` on, over the mean. It is what
        is known of a spell that began before the recording did. Any shape, negative counts as 0.
        """
        x = np.maximum(np.asarray(wait_s, dtype=np.float64), 0.0)
        edges, alive = np.array(self.edges_s), self._at_edges()
        trapezia = np.diff(edges) * (alive[1:] + alive[:-1]) / 2
        tail = alive[-1] / self.tail_rate_per_s
        area = np.append(np.cumsum(trapezia[::-1])[::-1], 0.0) + tail
        inside = np.minimum(x, self.tail_start_s)
        left = np.clip(np.searchsorted(edges, inside, side="right") - 1, 0, edges.size - 2)
        passed = (inside - edges[left]) * (alive[left] + self.survival(inside)) / 2
        beyond_s = np.maximum(x - self.tail_start_s, 0.0)
        return np.asarray(np.log((area[left] - passed) / area[0]) - self.tail_rate_per_s * beyond_s)

    def _at_edges(self) -> F64:
        alive = np.concatenate(([1.0], 1.0 - np.cumsum(self.mass)))
        alive[-1] = self.tail_mass
        return alive

    @classmethod
    def fit(cls, durations_s: npt.ArrayLike, resolution_s: npt.ArrayLike = 1 / 60) -> DurationPrior:
        """Learn from spells ``durations_s`` (N,), measured between frames ``resolution_s`` apart.

        ``resolution_s``: one number, or (N,). A spell of k frames is anything from k - 1 to k of
        them, so each is spread evenly over the frame that ends it. The tail's rate is the maximum
        likelihood one. Everything is smoothed with ``PSEUDO_SPELLS`` exponentially distributed ones
        of the same mean (at least ``DEFAULT_MEAN_S``); without any spells those alone are left.

        :raises ValueError: if a duration or resolution is not positive and finite.
        """
        durations = np.asarray(durations_s, dtype=np.float64).reshape(-1)
        resolution = np.broadcast_to(np.asarray(resolution_s, np.float64), durations.shape)
        for values in (durations, resolution):
            if not (np.isfinite(values) & (values > 0)).all():
                raise ValueError("durations and resolutions must be positive and finite")
        edges = np.array(BIN_EDGES_S)
        mean_s = max(DEFAULT_MEAN_S, float(durations.mean()) if durations.size else 0.0)
        smooth = np.diff(-np.exp(-edges / mean_s))
        begin = np.maximum(durations - resolution, 0.0)[:, None]
        end = durations[:, None]
        share = np.minimum(end, edges[1:]) - np.maximum(begin, edges[:-1])
        counts = (np.maximum(share, 0.0) / (end - begin)).sum(axis=0)
        mass = (counts + PSEUDO_SPELLS * smooth) / (durations.size + PSEUDO_SPELLS)
        beyond_s = durations[durations > TAIL_START_S] - TAIL_START_S
        rate = (beyond_s.size + 1) / (float(beyond_s.sum()) + mean_s)
        mass *= min(1.0, (1.0 - 1e-6) / mass.sum())  # the tail never quite vanishes
        return cls(BIN_EDGES_S, tuple(float(m) for m in mass), float(rate))

    def to_json(self) -> dict[str, object]:
        """Plain lists and numbers, for :meth:`from_json`."""
        return {
            "edges_s": list(self.edges_s),
            "mass": list(self.mass),
            "tail_rate_per_s": self.tail_rate_per_s,
        }
