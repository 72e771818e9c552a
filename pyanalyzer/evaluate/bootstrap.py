"""How far would the score be off with other games?

Games, not replays or events, are drawn anew: replays of one game resemble each other, and what a
score is to say something about is games that were not seen. Efron, *Bootstrap methods: another look
at the jackknife*, Annals of Statistics 7 (1979).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
Interval = tuple[float, float]

RESAMPLES = 2000
LEVEL = 0.95


def f1_intervals(
    hits: npt.ArrayLike, predictions: npt.ArrayLike, truths: npt.ArrayLike, seed: int = 0
) -> tuple[Interval, Interval]:
    """95 % percentile intervals of F1 over all replays' sums, and of the mean F1 over games.

    Each argument holds one sum per game, (G,), G at least 1. With one game both ends are its F1.

    :raises ValueError: if there is no game or lengths differ.
    """
    tables = [np.asarray(a, dtype=np.float64).reshape(-1) for a in (hits, predictions, truths)]
    if any(table.size != tables[0].size for table in tables):
        raise ValueError("one number per game is needed, of at least one game")
    pooled, mean = resampled_f1(np.stack(tables, axis=-1), seed)
    return interval(pooled), interval(mean)


def resampled_f1(counts: npt.ArrayLike, seed: int = 0) -> tuple[F64, F64]:
    """F1 of the sums and mean F1 over games in each of ``RESAMPLES`` draws of games: two (R,).

    ``counts``: (G, 3), hits, predictions and truths of each game. The same seed and number of games
    draw the same games, so that scores of several methods can be compared draw by draw.

    :raises ValueError: if there is no game.
    """
    table = np.asarray(counts, dtype=np.float64).reshape(-1, 3)
    drawn = table[_draws(len(table), seed)]
    return _f1(drawn.sum(axis=1)), _f1(drawn).mean(axis=1)


def resampled_skill(
    detector: npt.ArrayLike, rules: npt.ArrayLike, seed: int = 0
) -> tuple[F64, F64]:
    """Skill of the sums and mean skill over games in each draw of games: two (R,).

    ``detector``: (G, 3), as of :func:`resampled_f1`; ``rules``: (rules, G, 3). In each draw the
    best rule is found anew.

    :raises ValueError: if there is no game, or the rules are of other games.
    """
    table = np.asarray(detector, dtype=np.float64).reshape(-1, 3)
    rule_tables = np.asarray(rules, dtype=np.float64)
    if rule_tables.shape[1:] != table.shape:
        raise ValueError("one number per game is needed, for the detector and every rule")
    draws = _draws(len(table), seed)
    drawn, ruled = table[draws], rule_tables[:, draws]
    pooled = _skill(_f1(drawn.sum(axis=1)), _f1(ruled.sum(axis=2)).max(axis=0))
    per_game = _skill(_f1(table), _f1(rule_tables).max(axis=0))
    return pooled, per_game[draws].mean(axis=1)


def resampled_mean(values: npt.ArrayLike, seed: int = 0) -> F64:
    """Mean of a score that each game has by itself, (G,), in each draw of games: (R,).

    :raises ValueError: if there is no game.
    """
    table = np.asarray(values, dtype=np.float64).reshape(-1)
    return np.asarray(table[_draws(table.size, seed)].mean(axis=1))


def interval(values: npt.ArrayLike) -> Interval:
    """The middle 95 % of resampled scores (R,), by percentiles."""
    low, high = np.quantile(np.asarray(values), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _draws(games: int, seed: int) -> npt.NDArray[np.int64]:
    if games == 0:
        raise ValueError("one number per game is needed, of at least one game")
    return np.random.default_rng(seed).integers(0, games, (RESAMPLES, games))


def _f1(counts: F64) -> F64:
    """Of counts (..., 3). As in matching.Counts: nothing to find and nothing claimed is right."""
    total = counts[..., 1] + counts[..., 2]
    return np.asarray(np.where(total > 0, 2 * counts[..., 0] / np.maximum(total, 1), 1.0))


def _skill(f1: F64, trivial_f1: F64) -> F64:
    left = 1 - trivial_f1
    return np.asarray(np.where(left > 0, (f1 - trivial_f1) / np.where(left > 0, left, 1.0), 0.0))
