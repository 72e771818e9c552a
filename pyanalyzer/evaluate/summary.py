"""Scores of many replays put together: all, by engine, by split, by game."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pyanalyzer.evaluate.bootstrap import (
    F64,
    Interval,
    interval,
    resampled_f1,
    resampled_mean,
    resampled_skill,
)
from pyanalyzer.evaluate.causes import CauseCounts, sum_causes
from pyanalyzer.evaluate.details import Details, details_of
from pyanalyzer.evaluate.matching import (
    Counts,
    average_precision,
    kind_average_precisions,
    mean_average_precision,
    skill,
    sum_counts,
)
from pyanalyzer.evaluate.protocol import (
    DETECTOR,
    HEADLINE,
    METHODS,
    TOLERANCES,
    TRIVIAL_RULES,
    CaseScore,
)
from pyanalyzer.records import KINDS, Kind

# A game's own interval draws parts of its replays: long enough that the events of one part hardly
# depend on those of the next, short enough that a replay has several.
PART_S = 10.0


@dataclass(frozen=True, slots=True)
class GroupScore:
    """Counts summed over the replays of a group. Tuples hold one entry per tolerance.

    ``best_trivial_f1``: of the rules with as many guesses; ``skill``: against it.
    ``average_precision`` leaves kinds aside; ``kind_average_precision`` is that of each kind with
    an onset, ``mean_average_precision`` (mAP) their mean. ``kind_onsets``: by number in ``KINDS``.
    ``causes``: of the replays whose truth knows changes of the world.
    """

    name: str
    replays: int
    minutes: float
    onsets: int
    kind_onsets: tuple[int, ...]
    counts: dict[str, tuple[Counts, ...]]
    average_precision: tuple[float, ...]
    kind_average_precision: dict[Kind, tuple[float, ...]]
    mean_average_precision: tuple[float, ...]
    best_trivial_f1: tuple[float, ...]
    skill: tuple[float, ...]
    false_alarms_per_min: tuple[float, ...]
    world_alarms: int
    causes: CauseCounts

    @property
    def f1(self) -> tuple[float, ...]:
        """The detector's F1."""
        return tuple(c.f1 for c in self.counts[DETECTOR])


@dataclass(frozen=True, slots=True)
class Means:
    """Means over groups with at least one onset, one entry per tolerance."""

    groups: int
    f1: dict[str, tuple[float, ...]]
    average_precision: tuple[float, ...]
    mean_average_precision: tuple[float, ...]
    skill: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Intervals:
    """95 % bootstrap intervals over games, one entry per tolerance; ``mean_*``: of the means over
    games."""

    f1: tuple[Interval, ...]
    skill: tuple[Interval, ...]
    mean_f1: tuple[Interval, ...]
    mean_skill: tuple[Interval, ...]
    mean_map: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """All that is said of a group of games: sums, means over its games, their intervals."""

    games: int
    score: GroupScore
    means: Means
    intervals: Intervals
    details: Details


@dataclass(frozen=True, slots=True)
class GameScore:
    """One game. ``f1_interval``: at ``HEADLINE``, over parts of ``PART_S`` of its replays."""

    engine: str
    score: GroupScore
    f1_interval: Interval


@dataclass(frozen=True, slots=True)
class EngineMeans:
    """The mean over engines, each of them the sums over its replays; intervals draw the games of
    each engine anew, and hold the engines."""

    means: Means
    f1_interval: tuple[Interval, ...]
    skill_interval: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The whole result."""

    everything: Breakdown
    engines: tuple[Breakdown, ...]
    engine_means: EngineMeans
    splits: tuple[Breakdown, ...]
    games: tuple[GameScore, ...]


def summarise(scores: Sequence[CaseScore], seed: int = 0) -> Evaluation:
    """Put the scores of at least one replay together; ``seed`` is that of the bootstrap.

    :raises ValueError: if there are no scores.
    """
    if not scores:
        raise ValueError("there are no replays to summarise")
    by_engine = grouped(scores, lambda s: s.engine)
    by_game = grouped(scores, game_name)
    return Evaluation(
        everything=_breakdown("all", scores, seed),
        engines=tuple(_breakdown(name, group, seed) for name, group in by_engine.items()),
        engine_means=_engine_means(by_engine, seed),
        splits=tuple(
            _breakdown(name, group, seed)
            for name, group in grouped(scores, lambda s: s.split).items()
        ),
        games=tuple(
            GameScore(group[0].engine, _group(name, group), part_interval(group, seed))
            for name, group in by_game.items()
        ),
    )


def game_name(score: CaseScore) -> str:
    """``ENGINE/GAME``: games of two engines may have one name."""
    return f"{score.engine}/{score.game}"


def grouped(
    scores: Sequence[CaseScore], name: Callable[[CaseScore], str]
) -> dict[str, list[CaseScore]]:
    """The scores by name, in order of the names."""
    groups: dict[str, list[CaseScore]] = {key: [] for key in sorted({name(s) for s in scores})}
    for score in scores:
        groups[name(score)].append(score)
    return groups


def _breakdown(name: str, scores: Sequence[CaseScore], seed: int) -> Breakdown:
    games = [_group(n, group) for n, group in grouped(scores, game_name).items()]
    return Breakdown(
        games=len(games),
        score=_group(name, scores),
        means=_means(games),
        intervals=_intervals(games, seed),
        details=details_of(scores),
    )


def _group(name: str, scores: Sequence[CaseScore]) -> GroupScore:
    methods = [m for m in METHODS if all(m in score.counts for score in scores)]
    counts = {
        method: tuple(
            sum_counts(column)
            for column in zip(*(score.counts[method] for score in scores), strict=True)
        )
        for method in methods
    }
    minutes = sum(score.minutes for score in scores)
    confidences = np.concatenate([score.confidences for score in scores])
    kinds = np.concatenate([score.kinds for score in scores])
    onsets = sum(score.onsets for score in scores)
    hits = np.concatenate([score.hits for score in scores], axis=1)
    kind_hits = np.concatenate([score.kind_hits for score in scores], axis=1)
    of_kind = np.bincount(
        np.concatenate([score.onset_kinds for score in scores]), minlength=len(KINDS)
    )
    trivial = tuple(
        max(counts[rule][n].f1 for rule in TRIVIAL_RULES) for n in range(len(TOLERANCES))
    )
    detected = counts[DETECTOR]
    by_kind = [kind_average_precisions(kinds, confidences, hit, of_kind) for hit in kind_hits]
    return GroupScore(
        name=name,
        replays=len(scores),
        minutes=minutes,
        onsets=onsets,
        kind_onsets=tuple(of_kind.tolist()),
        counts=counts,
        average_precision=tuple(average_precision(confidences, hit, onsets) for hit in hits),
        kind_average_precision={KINDS[k]: tuple(row[k] for row in by_kind) for k in by_kind[0]},
        mean_average_precision=tuple(
            mean_average_precision(kinds, confidences, hit, of_kind) for hit in kind_hits
        ),
        best_trivial_f1=trivial,
        skill=tuple(skill(d.f1, t) for d, t in zip(detected, trivial, strict=True)),
        false_alarms_per_min=tuple((c.predictions - c.hits) / minutes for c in detected),
        world_alarms=sum(score.world_alarms for score in scores),
        causes=sum_causes(score.causes for score in scores),
    )


def _with_onsets(groups: Sequence[GroupScore]) -> Sequence[GroupScore]:
    """A game in which nothing can be found says nothing of finding; it still counts in the sums."""
    return [group for group in groups if group.onsets] or list(groups)


def _means(groups: Sequence[GroupScore]) -> Means:
    counted = _with_onsets(groups)
    methods = [m for m in METHODS if all(m in group.counts for group in counted)]

    def means(rows: Sequence[Sequence[float]]) -> tuple[float, ...]:
        return tuple(float(value) for value in np.mean(rows, axis=0))

    return Means(
        groups=len(counted),
        f1={m: means([[c.f1 for c in group.counts[m]] for group in counted]) for m in methods},
        average_precision=means([group.average_precision for group in counted]),
        mean_average_precision=means([group.mean_average_precision for group in counted]),
        skill=means([group.skill for group in counted]),
    )


def _tables(groups: Sequence[GroupScore], n: int) -> tuple[F64, F64]:
    """Hits, predictions, truths at one tolerance: of the detector (G, 3), rules (rules, G, 3)."""

    def table(method: str) -> list[tuple[int, int, int]]:
        counts = [group.counts[method][n] for group in groups]
        return [(c.hits, c.predictions, c.truths) for c in counts]

    return np.array(table(DETECTOR), float), np.array([table(r) for r in TRIVIAL_RULES], float)


def _intervals(games: Sequence[GroupScore], seed: int) -> Intervals:
    counted = _with_onsets(games)
    rows = []
    for n in range(len(TOLERANCES)):
        detector, rules = _tables(counted, n)
        pooled, mean = resampled_f1(detector, seed)
        pooled_skill, mean_skill = resampled_skill(detector, rules, seed)
        means = resampled_mean([game.mean_average_precision[n] for game in counted], seed)
        rows.append([interval(v) for v in (pooled, pooled_skill, mean, mean_skill, means)])
    return Intervals(*(tuple(column) for column in zip(*rows, strict=True)))


def _engine_means(by_engine: dict[str, list[CaseScore]], seed: int) -> EngineMeans:
    engines = _with_onsets([_group(name, group) for name, group in by_engine.items()])
    games = [
        _with_onsets([_group(n, g) for n, g in grouped(by_engine[e.name], game_name).items()])
        for e in engines
    ]
    f1: list[Interval] = []
    skills: list[Interval] = []
    for n in range(len(TOLERANCES)):
        # Every engine draws its own games: with one seed, engines of as many games would be lucky
        # and unlucky together.
        tables = [_tables(of_engine, n) for of_engine in games]
        pooled = [resampled_f1(d, seed + e)[0] for e, (d, _) in enumerate(tables)]
        pooled_skill = [resampled_skill(d, r, seed + e)[0] for e, (d, r) in enumerate(tables)]
        f1.append(interval(np.mean(pooled, axis=0)))
        skills.append(interval(np.mean(pooled_skill, axis=0)))
    return EngineMeans(_means(engines), tuple(f1), tuple(skills))


def part_interval(scores: Sequence[CaseScore], seed: int) -> Interval:
    """95 % interval of the F1 at ``HEADLINE`` of these replays, over parts of ``PART_S``."""
    parts = np.concatenate([_parts(score) for score in scores])
    return interval(resampled_f1(parts, seed)[0])


def _parts(score: CaseScore) -> npt.NDArray[np.int64]:
    """Hits, events and onsets of each part of a replay, (P, 3); a hit lies where its event does."""
    length = PART_S * score.frame_rate
    parts = max(1, round(score.frames / length))
    listed = score.listed
    rows = (
        score.event_frames[listed & score.hits[HEADLINE]],
        score.event_frames[listed],
        score.onset_frames,
    )
    last = parts - 1  # a short rest belongs to the part before it
    return np.stack(
        [np.bincount(np.minimum(r / length, last).astype(np.int64), minlength=parts) for r in rows],
        axis=-1,
    )
