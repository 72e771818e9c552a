"""How regions follow from what the network says: fitted on whole validation pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pyanalyzer.errors import UnalignableError
from pyanalyzer.evaluate.stills import Found, judge_pair, sum_up
from pyanalyzer.stills.compare import bring_together, maps_of
from pyanalyzer.stills.locate import FIGURES, locate
from pyanalyzer.stills.pairs.pair import Pair, make_pair
from pyanalyzer.stills.pairs.sources import PicturePool
from pyanalyzer.stills.records import ChangeMaps, LocateParameters, StillsModel

FIT_PAIRS = 160
FIT_SIZES_PX = ((640, 480), (480, 360), (800, 608))
_BIASES, _POTTS, _MERGES = (-1.0, 0.0, 1.0), (0.5, 1.5), (0.5,)
_ITERATIONS, _RIDGE = 50, 1.0


@dataclass(frozen=True, slots=True, eq=False)
class SeenPair:
    """A pair and what the network says of it; ``maps`` is None where it could not be aligned."""

    pair: Pair
    maps: ChangeMaps | None
    covered: npt.NDArray[np.bool_]


def see(pool: PicturePool, model: StillsModel, seed: int, count: int) -> list[SeenPair]:
    """``count`` pairs of the pool's split, aligned as a user's would be, and scored."""
    seen = []
    for index in range(count):
        pair = make_pair(pool, seed, index, FIT_SIZES_PX[index % len(FIT_SIZES_PX)])
        try:
            stills = bring_together(pair.before, pair.after)
        except UnalignableError:
            seen.append(SeenPair(pair, None, np.zeros(pair.labels.shape, bool)))
            continue
        seen.append(SeenPair(pair, maps_of(stills, model), stills.covered))
    return seen


def fit_locate(seen: Sequence[SeenPair]) -> LocateParameters:
    """Bias, Potts price and merging with the highest average precision, and the confidence's
    regression, which is fitted anew for each of them."""
    best, best_score = LocateParameters(), -1.0
    for bias in _BIASES:
        for potts in _POTTS:
            for merge in _MERGES:
                tried = LocateParameters(bias, potts, merge)
                tried = replace(tried, weights=_fit_confidence(seen, tried))
                score = average_precision_of(seen, tried)
                if score > best_score:
                    best, best_score = tried, score
    return best


def average_precision_of(seen: Sequence[SeenPair], parameters: LocateParameters) -> float:
    """Of boxes at an IoU of one half."""
    scores = []
    for one in seen:
        found = () if one.maps is None else locate(one.maps, one.covered, parameters)
        mask = np.zeros(one.pair.labels.shape, bool)
        boxes = [Found(f.region, f.confidence) for f in found]
        scores.append(judge_pair(boxes, mask, one.pair.labels, one.pair.boxes))
    return sum_up(scores).average_precision


def _fit_confidence(seen: Sequence[SeenPair], parameters: LocateParameters) -> tuple[float, ...]:
    """Logistic regression, figures to whether the box is a true one (Newton's method, ridge)."""
    rows: list[tuple[float, ...]] = []
    hits: list[bool] = []
    for one in seen:
        if one.maps is None:
            continue
        found = locate(one.maps, one.covered, parameters)
        mask = np.zeros(one.pair.labels.shape, bool)
        for f in found:
            score = judge_pair([Found(f.region, 1.0)], mask, one.pair.labels, one.pair.boxes)
            if score.hits:
                rows.append(f.figures)
                hits.append(score.hits[0])
    x = np.array(rows, float).reshape(-1, len(FIGURES))
    y = np.array(hits, float)
    weights = np.zeros(len(FIGURES))
    for _ in range(_ITERATIONS):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (y - p) - _RIDGE * weights
        hessian = (x * (p * (1 - p))[:, None]).T @ x + _RIDGE * np.eye(len(weights))
        weights = weights + np.linalg.solve(hessian, gradient)
    return tuple(float(w) for w in weights)
