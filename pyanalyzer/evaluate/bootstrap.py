"""How far would the score be off with other games?

Games, not replays or events, are drawn anew: replays of one game resemble each other, and what a
score is to say something about is games that were not seen.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RESAMPLES = 2000
LEVEL = 0.95


def f1_intervals(
    hits: npt.ArrayLike, predictions: npt.ArrayLike, truths: npt.ArrayLike, seed: int = 0
) -> tuple[tuple[float, float], tuple[float, float]]:
    """95 % percentile intervals of F1 over all replays' sums, and of the mean F1 over games.

    Each argument holds one sum per game, (G,), G at least 1. Efron, *Bootstrap methods: another
    look at the jackknife*, Annals of Statistics 7 (1979). With one game both ends are its F1.

    :raises ValueError: if there is no game or lengths differ.
    """
    tables = [np.asarray(a, dtype=np.float64).reshape(-1) for a in (hits, predictions, truths)]
    games = tables[0].size
    if games == 0 or any(table.size != games for table in tables):
        raise ValueError("one number per game is needed, of at least one game")
    drawn = np.random.default_rng(seed).integers(0, games, (RESAMPLES, games))
    hit, predicted, true = (table[drawn] for table in tables)
    pooled = _f1(hit.sum(axis=1), predicted.sum(axis=1), true.sum(axis=1))
    mean = _f1(hit, predicted, true).mean(axis=1)
    return _interval(pooled), _interval(mean)


def _f1(hits: npt.NDArray[np.float64], *counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    total = counts[0] + counts[1]
    # As in matching.Counts: with nothing to find and nothing claimed all is right.
    return np.asarray(np.where(total > 0, 2 * hits / np.maximum(total, 1), 1.0))


def _interval(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
