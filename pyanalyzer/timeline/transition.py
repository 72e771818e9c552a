"""The transition model: a duration prior laid over the frames of one stream.

An onset shown first by frame t happened after frame t - 1 was taken and not after frame t was. So
the log-probability that the next onset after that of frame s is that of frame t is the prior's mass
between ``time[t-1] - time[s]`` and ``time[t] - time[s]``. That holds for any frame times, and the
masses of all t add up to one.

Pairs further apart than the histogram reaches lie in the exponential tail, where the
log-probability splits into a term of t and a term of s. Sums and maxima over all such s are then
running ones, and only pairs within the histogram's reach have to be looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from pyanalyzer.timeline.duration import DurationPrior

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

# Damaged streams repeat or turn back their pts. Time goes on by at least this much per frame.
MIN_STEP_S = 1e-4
# Frame time where there is but one frame and none can be measured.
LONE_FRAME_S = 1 / 30
# Pairs looked at in one go: 1 MB per array of float64, which a cache can hold.
PAIRS_PER_CHUNK = 1 << 17
# The logarithm of less than this would be of rounding errors.
SMALLEST_MASS = 1e-300


class FrameTimes:
    """The times of a stream's frames in seconds since its first, strictly rising, as pts come in.

    However many pts are given at a time, each frame has the same time.
    """

    def __init__(self, time_base: Fraction) -> None:
        self._time_base = float(time_base)
        self._first_pts: int | None = None
        self._frames = 0
        self._latest_s = -np.inf  # the greatest time so far, less what MIN_STEP_S adds

    def push(self, pts: npt.ArrayLike) -> F64:
        """Times of the next frames, float64 (n,), from their ``pts`` (n,)."""
        ticks = np.asarray(pts, dtype=np.int64).reshape(-1)
        if ticks.size == 0:
            return np.zeros(0)
        if self._first_pts is None:
            self._first_pts = int(ticks[0])
        times = (ticks - self._first_pts).astype(np.float64) * self._time_base
        steps = np.arange(self._frames, self._frames + times.size) * MIN_STEP_S
        latest = np.maximum(np.maximum.accumulate(times - steps), self._latest_s)
        self._frames += times.size
        self._latest_s = float(latest[-1])
        return np.asarray(latest + steps)


def frame_times(pts: npt.ArrayLike, time_base: Fraction) -> F64:
    """Seconds since the first frame, strictly rising, float64 (T,), from ``pts`` (T,)."""
    return FrameTimes(time_base).push(pts)


def time_before_s(times_s: F64, step_s: float = LONE_FRAME_S) -> float:
    """When the frame before the first of ``times_s`` (T,) would have been taken: a median step
    earlier, or ``step_s`` where there is but one frame."""
    steps = np.diff(times_s)
    return float(times_s[0]) - (float(np.median(steps)) if steps.size else step_s)


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known of the spell that goes on when the frames begin: that it began with an onset
    at ``since_s``, or, not ``by_onset``, that no onset was seen since then."""

    since_s: float
    by_onset: bool


class TransitionModel:
    """Log-probabilities of spells between frames at ``times_s``, times ``weight``.

    ``times_s``: float64 (T,), strictly rising, T at least 1. Attributes, all float64 and already
    weighted:

    - ``first`` (T,): the first onset of the frames is that of frame t. See :meth:`after`;
    - ``last`` (T,): no onset follows that of frame t;
    - ``none``: no onset at all;
    - ``tail_to`` (T,), ``tail_from`` (T,): for ``s < window_start[t]``, beyond the histogram's
      reach, the log-probability from s to t is ``tail_to[t] + tail_from[s]``;
    - ``window_start`` int64 (T,): the first s whose log-probability to t must be taken by itself,
      given row by row by :meth:`into` (for one t) and :meth:`out_of` (for one s).

    ``before_s``: the time of the frame before the first; None: a median step before it.
    ``opening``: of the spell that the frames begin in; None: no onset was seen since ``before_s``,
    as at the beginning of a recording.
    """

    def __init__(
        self,
        prior: DurationPrior,
        times_s: F64,
        weight: float = 1.0,
        *,
        before_s: float | None = None,
        opening: Opening | None = None,
    ) -> None:
        if times_s.size == 0:
            raise ValueError("a transition model needs at least one frame")
        self.prior, self.times_s, self.weight = prior, times_s, weight
        if before_s is None:
            before_s = time_before_s(times_s)
        self._before_s = np.concatenate(([before_s], times_s[:-1]))
        end_s, rate = float(times_s[-1]), prior.tail_rate_per_s
        opening = opening or Opening(before_s, by_onset=False)
        self.first = self.after(opening, np.arange(times_s.size))
        self.none = weight * float(_log_wait(prior, opening, np.asarray(end_s)))
        self.last = weight * prior.log_survival(end_s - times_s)
        tail = np.log(prior.tail_mass) + rate * (prior.tail_start_s - self._before_s)
        tail += np.log(-np.expm1(-rate * (times_s - self._before_s)))
        self.tail_to = weight * tail
        self.tail_from = weight * rate * times_s
        reach = self._before_s - prior.tail_start_s
        frames = np.arange(times_s.size, dtype=np.int64)
        self.window_start: I64 = np.minimum(np.searchsorted(times_s, reach, side="right"), frames)

    def after(self, opening: Opening, target: I64) -> F64:
        """Weighted log-probability that ``target`` (n,) is the first onset after ``opening``.

        Where that is no onset, the spell before began unseen: this is then the prior's
        :meth:`~DurationPrior.log_excess`.
        """
        waited = _log_wait(self.prior, opening, self._before_s[target])
        step = _log_wait(self.prior, opening, self.times_s[target]) - waited
        happens = np.log(np.maximum(-np.expm1(step), SMALLEST_MASS))
        return np.asarray(self.weight * (waited + happens))

    def between(self, source: I64, target: I64) -> F64:
        """Weighted log-probability that ``target`` follows ``source``; any shapes that broadcast.

        Only for pairs within a window, ``window_start[target] <= source < target``; of others the
        value has no meaning.
        """
        since_s = self.times_s[source]
        before = self.prior.survival(self._before_s[target] - since_s)
        after = self.prior.survival(self.times_s[target] - since_s)
        return np.asarray(self.weight * np.log(np.maximum(before - after, SMALLEST_MASS)))

    def pairs(self, source: npt.ArrayLike, target: npt.ArrayLike) -> F64:
        """Weighted log-probability that ``target`` follows ``source``, near or far.

        int arrays that broadcast, ``source < target``.
        """
        s, t = np.broadcast_arrays(np.asarray(source, np.int64), np.asarray(target, np.int64))
        far = self.tail_to[t] + self.tail_from[s]
        return np.where(s < self.window_start[t], far, self.between(s, t))

    def into(self) -> Iterator[tuple[int, int, F64]]:
        """For each t, rising: ``(t, s0, log-probabilities of s0 .. t - 1 to t)``."""
        start, frames = self.window_start, self.times_s.size
        lengths = np.arange(frames) - start
        for t0, t1 in _chunks(lengths):
            width = int(lengths[t0:t1].max())
            target = np.arange(t0, t1)[:, None]
            source = np.minimum(start[t0:t1, None] + np.arange(width), target)
            rows = self.between(source, target)
            for t in range(t0, t1):
                yield t, int(start[t]), rows[t - t0, : lengths[t]]

    def out_of(self) -> Iterator[tuple[int, int, F64]]:
        """For each s, falling: ``(s, t1, log-probabilities of s to s + 1 .. t1 - 1)``."""
        frames = self.times_s.size
        # The first t whose window no longer reaches back to s.
        stop = np.searchsorted(self.window_start, np.arange(frames), side="right")
        lengths = stop - np.arange(frames) - 1
        for s0, s1 in reversed(list(_chunks(lengths))):
            width = int(lengths[s0:s1].max())
            source = np.arange(s0, s1)[:, None]
            target = np.minimum(source + 1 + np.arange(width), frames - 1)
            rows = self.between(source, target)
            for s in range(s1 - 1, s0 - 1, -1):
                yield s, int(stop[s]), rows[s - s0, : lengths[s]]


def _log_wait(prior: DurationPrior, opening: Opening, until_s: F64) -> F64:
    """Log-probability that no onset comes from ``opening`` until ``until_s``, any shape."""
    wait_s = until_s - opening.since_s
    return prior.log_survival(wait_s) if opening.by_onset else prior.log_excess(wait_s)


def _chunks(lengths: I64) -> Iterator[tuple[int, int]]:
    """Cut rows of these lengths into runs of about ``PAIRS_PER_CHUNK`` pairs."""
    widest = max(1, int(lengths.max()))
    rows = max(1, PAIRS_PER_CHUNK // widest)
    for begin in range(0, lengths.size, rows):
        yield begin, min(begin + rows, lengths.size)
