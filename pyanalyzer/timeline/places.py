"""Where a local change is: which of the tracks around the onset, and how much of its box changed.

The network says of each candidate of a frame how likely the change is there. A track is in several
frames, and what the player moves goes on moving, while a blast or a counter does not; so the tracks
around an onset are compared by a few figures, whose weights are learned from games with a known
truth (a conditional logit: McFadden, *Conditional logit analysis of qualitative choice behavior*,
1974).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import BLOCK_PX, F32, Region
from pyanalyzer.timeline.traces import FrameTrace

F64 = npt.NDArray[np.float64]

BEFORE_FRAMES, AFTER_FRAMES = 4, 8  # that are looked at around the onset
# A track that is in none of these, from the onset on, is not where the change is.
_NEAR = range(-1, 4)
_JUST_AFTER, _LATER = range(1, 4), range(4, AFTER_FRAMES + 1)
_UNLIKELY = 0.02  # added to probabilities: below it they say no more
# A box that is filled evenly reaches this many standard deviations from its middle.
_HALF_WIDTH = math.sqrt(3.0)
FEATURES = ("at_onset", "just_after", "later", "before", "evidence", "area")


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A track around an onset.

    ``features``: float64 (len(FEATURES),): the logarithms of the track's probability at the onset,
    and summed over the frames just after it, later and before; of its share of what changed in the
    picture; of its box's share of the picture. ``box``: the track's in the frame closest to the
    onset; ``changed``: the part of it that changed, as x0, y0, x1, y1. Both in working px.
    """

    track: int
    features: F64
    box: Region
    changed: tuple[float, float, float, float]


def places_around(traces: Sequence[FrameTrace], candidate: F32, at: int) -> list[Place]:
    """The tracks close to the onset at position ``at``, by their number.

    ``candidate``: float32 (T, 1 + MAX_PROPOSALS), log-probabilities, one row for each trace.
    """
    found: dict[int, dict[int, tuple[float, Region]]] = {}
    for k in range(max(at - BEFORE_FRAMES, 0), min(at + AFTER_FRAMES + 1, len(traces))):
        for n in range(traces[k].proposals.shape[0]):
            seen = math.exp(float(candidate[k, 1 + n])), traces[k].region(n)
            found.setdefault(traces[k].track(n), {})[k - at] = seen
    excess = _excess_around(traces, at)
    places = []
    for track in sorted(found):
        seen_at = found[track]
        near = [k for k in seen_at if k in _NEAR]
        if near:
            box = seen_at[min(near, key=lambda k: (abs(k), k))][1]
            share, changed = _changed_part(excess, box)
            places.append(Place(track, _features(seen_at, share, box, excess.shape), box, changed))
    return places


def _features(
    seen_at: dict[int, tuple[float, Region]], share: float, box: Region, grid: tuple[int, ...]
) -> F64:
    def over(frames: range) -> float:
        return math.log(sum(seen_at[k][0] for k in frames if k in seen_at) + _UNLIKELY)

    picture_px = max(grid[0] * grid[1], 1) * BLOCK_PX**2
    return np.array(
        [
            over(range(1)),
            over(_JUST_AFTER),
            over(_LATER),
            over(range(-BEFORE_FRAMES, 0)),
            math.log(share + _UNLIKELY),
            math.log(box.w_px * box.h_px / picture_px),
        ]
    )


def _excess_around(traces: Sequence[FrameTrace], at: int) -> F64:
    """What changed in the onset's frame and the ones beside it, by block of the working picture."""
    maps = [trace.excess for trace in traces[max(at - 1, 0) : at + 2] if trace.excess is not None]
    if not maps:
        return np.zeros((0, 0))
    total: F64 = np.sum(maps, axis=0, dtype=np.float64)
    return total


def _changed_part(excess: F64, box: Region) -> tuple[float, tuple[float, float, float, float]]:
    """The box's share of what changed, and the evenly filled box with the same mean and variance
    over the blocks whose middles lie in it; the box itself where nothing changed."""
    whole = float(box.x_px), float(box.y_px), float(box.x_px + box.w_px), float(box.y_px + box.h_px)
    half = BLOCK_PX // 2
    rows, cols = (
        slice(-(-(start - half) // BLOCK_PX), -(-(start + length - half) // BLOCK_PX))
        for start, length in ((box.y_px, box.h_px), (box.x_px, box.w_px))
    )
    part = excess[max(rows.start, 0) : max(rows.stop, 0), max(cols.start, 0) : max(cols.stop, 0)]
    mass = float(part.sum())
    if mass <= 0.0:
        return 0.0, whole
    y0, y1 = _extent(part.sum(axis=1), mass, max(rows.start, 0))
    x0, x1 = _extent(part.sum(axis=0), mass, max(cols.start, 0))
    return mass / float(excess.sum()), (x0, y0, x1, y1)


def _extent(masses: F64, mass: float, first: int) -> tuple[float, float]:
    """From where to where, in working px, blocks with these masses reach along one axis."""
    middles = (np.arange(masses.size) + (first + 0.5)) * BLOCK_PX
    mean = float(masses @ middles) / mass
    variance = float(masses @ (middles - mean) ** 2) / mass + BLOCK_PX**2 / 12
    reach = _HALF_WIDTH * math.sqrt(variance)
    return mean - reach, mean + reach


@dataclass(frozen=True, slots=True)
class PlaceWeights:
    """What each of ``FEATURES`` counts for; by default what the network says at the onset alone."""

    weights: tuple[float, ...] = (1.0,) + (0.0,) * (len(FEATURES) - 1)

    def __post_init__(self) -> None:
        if (
            not isinstance(self.weights, tuple)
            or len(self.weights) != len(FEATURES)
            or not all(map(math.isfinite, self.weights))
        ):
            raise ValueError(f"place_weights must be {len(FEATURES)} finite numbers")

    def best(self, places: Sequence[Place]) -> Place | None:
        """The likeliest place, the lower track of equals; None of none."""
        weights = np.array(self.weights)
        return max(
            places, key=lambda place: (float(weights @ place.features), -place.track), default=None
        )


@dataclass(frozen=True, slots=True, eq=False)
class KnownPlaces:
    """The places around an onset, ``features`` float64 (N, len(FEATURES)), and which of them are
    true, ``hits`` bool (N,). ``game``: engine/name; games count alike."""

    game: str
    features: F64
    hits: npt.NDArray[np.bool_]


_SHRINKAGE = 0.001  # of squared weights, in nats an onset: hardly any
_STEPS = 100  # Newton's, by which they have come to rest


def fit_places(known: Sequence[KnownPlaces]) -> PlaceWeights:
    """The weights under which the true places of ``known`` are likeliest, games counting alike.

    Onsets with no true place, or none but true ones, teach nothing; with none that do, the weights
    are the default. Expectation maximisation over which of several true places is meant, each step
    Newton's.
    """
    taught = [k for k in known if k.hits.any() and not k.hits.all()]
    if not taught:
        return PlaceWeights()
    games = [k.game for k in taught]
    share = np.array([1.0 / games.count(game) for game in games])
    share /= share.sum()
    weights = np.zeros(len(FEATURES))
    for _ in range(_STEPS):
        gradient = -2 * _SHRINKAGE * weights
        bend = 2 * _SHRINKAGE * np.eye(len(FEATURES))
        for one, counts in zip(taught, share.tolist(), strict=True):
            chosen = _softmax(one.features @ weights)
            true = np.where(one.hits, chosen, 0.0)
            true /= true.sum()
            centred = one.features - chosen @ one.features
            gradient += counts * ((true - chosen) @ one.features)
            bend += counts * (centred.T * chosen) @ centred
        step = np.linalg.solve(bend, gradient)
        weights = weights + step
        if float(np.abs(step).max()) < 1e-9:
            break
    return PlaceWeights(tuple(float(w) for w in weights))


def _softmax(values: F64) -> F64:
    p: F64 = np.exp(values - values.max())
    p /= p.sum()
    return p
