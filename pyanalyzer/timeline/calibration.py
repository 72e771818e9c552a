"""From what the model believes to what is true: confidences, false alarms, interval widths.

All three are learned on replays of games that the network was not trained on. The confidence is an
isotonic function of the raw one (Zadrozny and Elkan, *Transforming classifier scores into accurate
multiclass probability estimates*, KDD 2002) by pooling adjacent violators, here between the middles
of the pools, so that it never falls and hardly ever ties.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

# Raw confidences are compared as log-odds; beyond a millionth they say no more.
SMALLEST_RAW = 1e-6
# Fewer events than this together say little about a share.
EVENTS_PER_POOL = 20
# Past the outermost pools the confidence goes on towards 0 and 1, but only this part of the way:
# enough to keep the order of events, too little to claim what nothing has shown.
OUTER_SHARE = 0.1
MAX_CURVE_POINTS = 200


@dataclass(frozen=True, slots=True)
class Calibration:
    """What validation replays taught.

    ``raw_log_odds``, ``probability``: (K,), knots of the confidence, both rising (the second not
    strictly); between them linear, outside constant. ``thresholds`` rising and
    ``false_alarms_per_min`` falling, (J,): how many events per minute at or above a confidence were
    false.
    ``interval_temperature``: the posterior of an onset is flattened to the power of 1 over this
    before its interval is taken; ``interval_margin_frames``: by so much it is then widened to
    either side.

    :raises ValueError: if the numbers are not such.
    """

    raw_log_odds: tuple[float, ...]
    probability: tuple[float, ...]
    thresholds: tuple[float, ...]
    false_alarms_per_min: tuple[float, ...]
    interval_temperature: float = 1.0
    interval_margin_frames: int = 0

    def __post_init__(self) -> None:
        raw, probability = np.array(self.raw_log_odds), np.array(self.probability)
        thresholds, alarms = np.array(self.thresholds), np.array(self.false_alarms_per_min)
        for name, values in (("raw_log_odds", raw), ("thresholds", thresholds)):
            if not np.isfinite(values).all() or not (np.diff(values) > 0).all():
                raise ValueError(f"{name} must rise")
        if raw.size == 0 or raw.size != probability.size:
            raise ValueError("probability must hold one number per knot, at least one")
        if not ((probability >= 0) & (probability <= 1)).all() or (np.diff(probability) < 0).any():
            raise ValueError("probability must rise within 0..1")
        if thresholds.size != alarms.size or not (alarms >= 0).all() or (np.diff(alarms) > 0).any():
            raise ValueError("false_alarms_per_min must fall, one number per threshold")
        if not (np.isfinite(alarms).all() and 0 < self.interval_temperature < np.inf):
            raise ValueError("false_alarms_per_min and interval_temperature must be finite")
        if self.interval_margin_frames < 0:
            raise ValueError("interval_margin_frames must be 0 or more")

    def confidence(self, raw: npt.ArrayLike) -> F64:
        """Probability that events of raw confidence ``raw`` (any shape, 0..) are true."""
        return np.asarray(np.interp(log_odds(raw), self.raw_log_odds, self.probability))

    def false_alarms(self, threshold: float) -> float:
        """Expected false alarms per minute among events of at least this confidence."""
        if not self.thresholds or threshold > self.thresholds[-1]:
            return 0.0
        at = int(np.searchsorted(self.thresholds, threshold, side="left"))
        return self.false_alarms_per_min[at]

    def threshold_for_false_alarms(self, per_min: float) -> float:
        """The lowest confidence at which at most ``per_min`` false alarms per minute came through.

        1 where none was strict enough.
        """
        for threshold, alarms in zip(self.thresholds, self.false_alarms_per_min, strict=True):
            if alarms <= per_min:
                return threshold
        return 1.0

    @classmethod
    def identity(cls) -> Calibration:
        """Believes the model: confidence is raw confidence, false alarms are not known."""
        probability = np.linspace(0.001, 0.999, 201)
        return cls(
            tuple(float(x) for x in log_odds(probability)),
            tuple(float(p) for p in probability),
            (),
            (),
        )

    @classmethod
    def fit(
        cls,
        raw: npt.ArrayLike,
        hits: npt.ArrayLike,
        minutes: float,
    ) -> Calibration:
        """Learn from events of raw confidences ``raw`` (N,), bool ``hits`` (N,) whether true.

        ``minutes``: the length of all replays together. Without events it is :meth:`identity`.

        :raises ValueError: if lengths differ or ``minutes`` is not positive.
        """
        x = log_odds(raw).reshape(-1)
        hit = np.asarray(hits, dtype=bool).reshape(-1)
        if x.size != hit.size:
            raise ValueError(f"{x.size} confidences, but {hit.size} hits")
        if not 0 < minutes < np.inf:
            raise ValueError(f"minutes must be positive, not {minutes}")
        if x.size == 0:
            return cls.identity()
        knots, shares = _with_ends(*isotonic(x, hit))
        curve = _false_alarm_curve(np.interp(x, knots, shares)[~hit], minutes)
        return cls(
            tuple(float(k) for k in knots),
            tuple(float(s) for s in shares),
            *curve,
        )

    def to_json(self) -> dict[str, object]:
        """Plain lists and numbers."""
        return {
            "raw_log_odds": list(self.raw_log_odds),
            "probability": list(self.probability),
            "thresholds": list(self.thresholds),
            "false_alarms_per_min": list(self.false_alarms_per_min),
            "interval_temperature": self.interval_temperature,
            "interval_margin_frames": self.interval_margin_frames,
        }


def log_odds(raw: npt.ArrayLike) -> F64:
    """Natural log-odds of probabilities, those clipped to ``SMALLEST_RAW`` from 0 and 1."""
    p = np.clip(np.asarray(raw, dtype=np.float64), SMALLEST_RAW, 1 - SMALLEST_RAW)
    return np.asarray(np.log(p) - np.log1p(-p))


def isotonic(x: F64, hit: npt.NDArray[np.bool_]) -> tuple[F64, F64]:
    """Non-decreasing share of hits along ``x``: middles (P,) of the pools and their shares (P,).

    Neighbours are first put together to ``EVENTS_PER_POOL`` events (never splitting equals), then
    adjacent violators are pooled. A share is (hits + 1/2) / (events + 1), which is never 0 or 1.
    """
    order = np.argsort(x, kind="stable")
    pools: list[tuple[float, float, float]] = []  # events, sum of x, hits
    begin = 0
    while begin < x.size:
        end = min(begin + EVENTS_PER_POOL, x.size)
        if x.size - end < EVENTS_PER_POOL:
            end = x.size
        while end < x.size and x[order[end]] == x[order[end - 1]]:
            end += 1
        inside = order[begin:end]
        pools.append((float(inside.size), float(x[inside].sum()), float(hit[inside].sum())))
        while len(pools) > 1 and _share(pools[-2]) >= _share(pools[-1]):
            last = pools.pop()
            before = pools.pop()
            pools.append((before[0] + last[0], before[1] + last[1], before[2] + last[2]))
        begin = end
    return np.array([p[1] / p[0] for p in pools]), np.array([_share(p) for p in pools])


def _share(pool: tuple[float, float, float]) -> float:
    return (pool[2] + 0.5) / (pool[0] + 1.0)


def _with_ends(knots: F64, shares: F64) -> tuple[F64, F64]:
    low, high = (float(log_odds(raw)) for raw in (0.0, 1.0))
    if knots[0] > low:
        knots = np.insert(knots, 0, low)
        shares = np.insert(shares, 0, shares[0] * (1 - OUTER_SHARE))
    if knots[-1] < high:
        knots = np.append(knots, high)
        shares = np.append(shares, shares[-1] + (1 - shares[-1]) * OUTER_SHARE)
    return knots, shares


def _false_alarm_curve(false: F64, minutes: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Thresholds from 0 up to just above the surest false event, and alarms per minute there."""
    if false.size == 0:
        return (0.0,), (0.0,)
    rising = np.sort(false)
    # Every one of the surest, of the others ever fewer: what is asked for are one or a few alarms a
    # minute, out of the hundreds that all confidences together hold.
    from_surest = np.geomspace(1, rising.size, MAX_CURVE_POINTS).astype(np.int64)
    inner = np.unique(rising[rising.size - from_surest])
    # One step above an event's confidence leaves that event out.
    thresholds = np.unique(np.concatenate(([0.0], np.nextafter(inner, 2.0))))
    alarms = (rising.size - np.searchsorted(rising, thresholds, side="left")) / minutes
    return tuple(float(t) for t in thresholds), tuple(float(a) for a in alarms)
