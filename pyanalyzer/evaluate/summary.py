"""Scores of many replays put together: all, by engine, by game."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pyanalyzer.evaluate.bootstrap import f1_intervals
from pyanalyzer.evaluate.matching import Counts, average_precision, skill, sum_counts
from pyanalyzer.evaluate.protocol import (
    DETECTOR,
    METHODS,
    REFERENCE,
    TOLERANCES,
    TRIVIAL_RULES,
    CaseScore,
    Matched,
)
from pyanalyzer.evaluate.reliability import (
    ReliabilityBin,
    expected_calibration_error,
    reliability,
)
from pyanalyzer.records import KINDS


@dataclass(frozen=True, slots=True)
class GroupScore:
    """Counts summed over the replays of a group. Tuples hold one entry per tolerance.

    ``best_trivial_f1``: of the rules with as many guesses; ``skill``: against it.
    """

    name: str
    replays: int
    minutes: float
    onsets: int
    counts: dict[str, tuple[Counts, ...]]
    average_precision: tuple[float, ...]
    best_trivial_f1: tuple[float, ...]
    skill: tuple[float, ...]
    false_alarms_per_min: float
    world_alarms: int


@dataclass(frozen=True, slots=True)
class GameMeans:
    """Means over games with at least one onset, one entry per tolerance."""

    f1: dict[str, tuple[float, ...]]
    average_precision: tuple[float, ...]
    skill: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Details:
    """What else is said of the timeline's true events, and of the confidences of all.

    ``picture_*``: what the whole picture as the answer would have got; ``commonest_kind_share``:
    what always saying the commonest kind would. ``kind_confusion[i][j]``: events of true kind
    ``KINDS[i]`` that were called ``KINDS[j]``.
    """

    region_pointing: float
    region_iou: float
    picture_pointing: float
    picture_iou: float
    kind_accuracy: float
    commonest_kind_share: float
    kind_confusion: tuple[tuple[int, ...], ...]
    calibration_error: float
    reliability: tuple[ReliabilityBin, ...]
    interval_coverage: float
    intervals: int
    interval_width_frames: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The whole result. Intervals are 95 % bootstrap intervals over games, per tolerance."""

    everything: GroupScore
    f1_interval: tuple[tuple[float, float], ...]
    means: GameMeans
    mean_f1_interval: tuple[tuple[float, float], ...]
    engines: tuple[GroupScore, ...]
    games: tuple[GroupScore, ...]
    details: Details


def summarise(scores: Sequence[CaseScore], seed: int = 0) -> Evaluation:
    """Put the scores of at least one replay together; ``seed`` is that of the bootstrap.

    :raises ValueError: if there are no scores.
    """
    if not scores:
        raise ValueError("there are no replays to summarise")
    games = _groups(scores, lambda s: f"{s.engine}/{s.game}")
    pooled, means = _bootstrap(games, seed)
    return Evaluation(
        everything=_group("all", scores),
        f1_interval=pooled,
        means=_game_means(games),
        mean_f1_interval=means,
        engines=_groups(scores, lambda s: s.engine),
        games=games,
        details=_details(scores),
    )


def _groups(
    scores: Sequence[CaseScore], name: Callable[[CaseScore], str]
) -> tuple[GroupScore, ...]:
    names = sorted({name(score) for score in scores})
    return tuple(_group(n, [score for score in scores if name(score) == n]) for n in names)


def _group(name: str, scores: Sequence[CaseScore]) -> GroupScore:
    methods = [m for m in METHODS if all(m in score.counts for score in scores)]
    counts = {
        method: tuple(
            sum_counts(column)
            for column in zip(*(score.counts[method] for score in scores), strict=True)
        )
        for method in methods
    }
    onsets = sum(score.onsets for score in scores)
    minutes = sum(score.minutes for score in scores)
    confidences = np.concatenate([score.confidences for score in scores])
    hits = np.concatenate([score.hits for score in scores], axis=1)
    trivial = tuple(
        max(counts[rule][n].f1 for rule in TRIVIAL_RULES) for n in range(len(TOLERANCES))
    )
    detected = counts[DETECTOR]
    reference = detected[REFERENCE]
    return GroupScore(
        name=name,
        replays=len(scores),
        minutes=minutes,
        onsets=onsets,
        counts=counts,
        average_precision=tuple(average_precision(confidences, hit, onsets) for hit in hits),
        best_trivial_f1=trivial,
        skill=tuple(skill(d.f1, t) for d, t in zip(detected, trivial, strict=True)),
        false_alarms_per_min=(reference.predictions - reference.hits) / minutes,
        world_alarms=sum(score.world_alarms for score in scores),
    )


def _game_means(games: Sequence[GroupScore]) -> GameMeans:
    """A game in which nothing can be found says nothing of finding; it still counts in the sums."""
    counted = [game for game in games if game.onsets] or list(games)
    methods = [m for m in METHODS if all(m in game.counts for game in counted)]

    def means(rows: Sequence[Sequence[float]]) -> tuple[float, ...]:
        return tuple(float(value) for value in np.mean(rows, axis=0))

    return GameMeans(
        f1={m: means([[c.f1 for c in game.counts[m]] for game in counted]) for m in methods},
        average_precision=means([game.average_precision for game in counted]),
        skill=means([game.skill for game in counted]),
    )


Intervals = tuple[tuple[float, float], ...]


def _bootstrap(games: Sequence[GroupScore], seed: int) -> tuple[Intervals, Intervals]:
    counted = [game for game in games if game.onsets] or list(games)
    both = []
    for n in range(len(TOLERANCES)):
        counts = [game.counts[DETECTOR][n] for game in counted]
        both.append(
            f1_intervals(
                [c.hits for c in counts],
                [c.predictions for c in counts],
                [c.truths for c in counts],
                seed,
            )
        )
    return tuple(pooled for pooled, _ in both), tuple(mean for _, mean in both)


def _details(scores: Sequence[CaseScore]) -> Details:
    matched = [m for score in scores for m in score.matched]
    confusion = np.zeros((len(KINDS), len(KINDS)), dtype=np.int64)
    for m in matched:
        confusion[KINDS.index(m.true_kind), KINDS.index(m.kind)] += 1
    confidences = np.concatenate([score.confidences for score in scores])
    hits = np.concatenate([score.hits[REFERENCE] for score in scores])
    inside = np.concatenate([score.intervals_covered for score in scores])
    widths = np.concatenate([score.interval_widths_frames for score in scores])
    events = max(len(matched), 1)

    def mean(value: Callable[[Matched], float]) -> float:
        return sum(value(m) for m in matched) / events

    return Details(
        region_pointing=mean(lambda m: m.region_pointing),
        region_iou=mean(lambda m: m.region_iou),
        picture_pointing=mean(lambda m: m.picture_pointing),
        picture_iou=mean(lambda m: m.picture_iou),
        kind_accuracy=float(np.trace(confusion)) / events,
        commonest_kind_share=float(confusion.sum(axis=1).max()) / events,
        kind_confusion=tuple(tuple(int(n) for n in row) for row in confusion),
        calibration_error=expected_calibration_error(confidences, hits),
        reliability=reliability(confidences, hits),
        interval_coverage=float(inside.mean()) if inside.size else 0.0,
        intervals=int(inside.size),
        interval_width_frames=float(widths.mean()) if widths.size else 0.0,
    )
