"""An evaluation for a person (tables) and for programs (JSON): every score beside its baselines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pyanalyzer.evaluate.matching import COVERAGE_TOLERANCE_S, Counts
from pyanalyzer.evaluate.protocol import (
    DETECTOR,
    METHODS,
    REFERENCE,
    SHUFFLED,
    SHUFFLES,
    TOLERANCES,
)
from pyanalyzer.evaluate.summary import Details, Evaluation, GroupScore
from pyanalyzer.records import KINDS

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

SCHEMA = "pyanalyzer/evaluation/1"
_DIGITS = 4  # a replay more or less moves the third


def json_evaluation(evaluation: Evaluation, about: dict[str, object]) -> bytes:
    """The evaluation as JSON, ASCII, the same bytes for the same evaluation.

    ``about``: what was evaluated (weights, splits), under its own keys, before the scores.
    """
    record: dict[str, object] = {
        "schema": SCHEMA,
        **about,
        "tolerances": [str(tolerance) for tolerance in TOLERANCES],
        "all": {
            **_group_record(evaluation.everything),
            "f1_interval": _rounded(evaluation.f1_interval),
        },
        "mean_over_games": {
            "f1": {name: _rounded(f1) for name, f1 in evaluation.means.f1.items()},
            "f1_interval": _rounded(evaluation.mean_f1_interval),
            "average_precision": _rounded(evaluation.means.average_precision),
            "skill": _rounded(evaluation.means.skill),
        },
        "engines": [_group_record(group) for group in evaluation.engines],
        "games": [_group_record(group) for group in evaluation.games],
        "details": _details_record(evaluation.details),
    }
    return (json.dumps(record, indent=1, allow_nan=False) + "\n").encode("ascii")


def _rounded(value: object) -> object:
    if isinstance(value, tuple):
        return [_rounded(item) for item in value]
    return round(value, _DIGITS) if isinstance(value, float) else value


def _group_record(group: GroupScore) -> dict[str, object]:
    return {
        "name": group.name,
        "replays": group.replays,
        "minutes": round(group.minutes, _DIGITS),
        "onsets": group.onsets,
        "methods": {name: _counts_record(name, c) for name, c in group.counts.items()},
        "average_precision": _rounded(group.average_precision),
        "best_trivial_f1": _rounded(group.best_trivial_f1),
        "skill": _rounded(group.skill),
        "false_alarms_per_min": round(group.false_alarms_per_min, _DIGITS),
        "world_alarms": group.world_alarms,
    }


def _counts_record(method: str, counts: tuple[Counts, ...]) -> dict[str, object]:
    times = SHUFFLES if method == SHUFFLED else 1
    return {
        "predictions": counts[0].predictions // times,
        "hits": [round(c.hits / times, 2) if times > 1 else c.hits for c in counts],
        "precision": [round(c.precision, _DIGITS) for c in counts],
        "recall": [round(c.recall, _DIGITS) for c in counts],
        "f1": [round(c.f1, _DIGITS) for c in counts],
    }


def _details_record(details: Details) -> dict[str, object]:
    plain = ("region_pointing", "region_iou", "picture_pointing", "picture_iou", "kind_accuracy")
    more = ("commonest_kind_share", "calibration_error", "interval_coverage", "intervals")
    names = (*plain, *more, "interval_width_frames")
    return {
        **{name: _rounded(getattr(details, name)) for name in names},
        "kinds": list(KINDS),
        "kind_confusion": [list(row) for row in details.kind_confusion],
        "reliability": [
            {
                "events": b.events,
                "confidence": round(b.confidence, _DIGITS),
                "precision": round(b.precision, _DIGITS),
            }
            for b in details.reliability
        ],
    }


def print_evaluation(evaluation: Evaluation, console: Console) -> None:
    """Print the tables."""
    from rich.text import Text

    console.print(f1_table(evaluation))
    console.print(game_table(evaluation))
    for line in detail_lines(evaluation.details):
        console.print(Text(line))
    if evaluation.details.kind_confusion:
        console.print(kind_table(evaluation.details))


def f1_table(evaluation: Evaluation) -> Table:
    """F1 of every method at every tolerance: all replays, the mean over games, each engine."""
    from rich.table import Table

    table = Table(title="F1 by tolerance", title_justify="left")
    table.add_column("")
    table.add_column("method")
    for tolerance in TOLERANCES:
        table.add_column(str(tolerance), justify="right")
    everything, means = evaluation.everything, evaluation.means
    _add_f1(table, _label(everything), _f1_of(everything), evaluation.f1_interval)
    _add_precision(table, everything)
    table.add_section()
    _add_f1(table, "mean over games", means.f1, evaluation.mean_f1_interval)
    _add_row(table, "", "mAP", [_number(v) for v in means.average_precision])
    _add_row(table, "", "skill", [_number(v) for v in means.skill])
    if len(evaluation.engines) > 1:
        for group in evaluation.engines:
            table.add_section()
            _add_f1(table, _label(group), _f1_of(group))
            _add_precision(table, group)
    return table


def _label(group: GroupScore) -> str:
    replays = "1 replay" if group.replays == 1 else f"{group.replays} replays"
    return f"{group.name}: {replays}, {group.minutes:.1f} min"


def _f1_of(group: GroupScore) -> dict[str, tuple[float, ...]]:
    return {name: tuple(c.f1 for c in counts) for name, counts in group.counts.items()}


def _add_f1(
    table: Table,
    label: str,
    f1: dict[str, tuple[float, ...]],
    interval: tuple[tuple[float, float], ...] = (),
) -> None:
    for name in (name for name in METHODS if name in f1):
        _add_row(table, label if name == DETECTOR else "", name, [_number(v) for v in f1[name]])
        if name == DETECTOR and interval:
            _add_row(table, "", "  95 % interval", [_span(i) for i in interval])


def _add_precision(table: Table, group: GroupScore) -> None:
    counts = group.counts[DETECTOR]
    _add_row(table, "", "precision", [_number(c.precision) for c in counts])
    _add_row(table, "", "recall", [_number(c.recall) for c in counts])
    _add_row(table, "", "average precision", [_number(v) for v in group.average_precision])
    _add_row(table, "", "skill", [_number(v) for v in group.skill])


def _add_row(table: Table, label: str, name: str, cells: list[str]) -> None:
    table.add_row(label, name, *cells, style="bold" if name == DETECTOR else None)


def game_table(evaluation: Evaluation) -> Table:
    """One row per game, at the reference tolerance."""
    from rich.table import Table

    title = f"Games, at {TOLERANCES[REFERENCE]}"
    table = Table(title=title, title_justify="left")
    table.add_column("game", overflow="fold")
    for name in ("replays", "onsets", "events", "precision", "recall", "F1", "AP"):
        table.add_column(name, justify="right")
    for name in ("trivial F1", "skill", "false/min"):
        table.add_column(name, justify="right")
    for group in (*evaluation.games, evaluation.everything):
        if group is evaluation.everything:
            table.add_section()
        c = group.counts[DETECTOR][REFERENCE]
        table.add_row(
            group.name,
            str(group.replays),
            str(group.onsets),
            str(c.predictions),
            *(_number(v) for v in (c.precision, c.recall, c.f1)),
            _number(group.average_precision[REFERENCE]),
            _number(group.best_trivial_f1[REFERENCE]),
            _number(group.skill[REFERENCE]),
            f"{group.false_alarms_per_min:.1f}",
        )
    return table


def detail_lines(details: Details) -> list[str]:
    """Region, kind, confidence and intervals in words."""
    return [
        f"Region of true events: middle inside the true box {details.region_pointing:.1%} "
        f"(whole picture {details.picture_pointing:.1%}), "
        f"IoU {details.region_iou:.3f} (whole picture {details.picture_iou:.3f})",
        f"Kind of true events: right {details.kind_accuracy:.1%} "
        f"(always the commonest {details.commonest_kind_share:.1%})",
        f"Confidence: expected calibration error {details.calibration_error:.3f}",
        f"95 % intervals: hold the onset in {details.interval_coverage:.1%} of {details.intervals} "
        f"events within {COVERAGE_TOLERANCE_S:g} s of one, "
        f"{details.interval_width_frames:.1f} frames wide in the mean",
    ]


def kind_table(details: Details) -> Table:
    """True kinds in rows, those of the timeline in columns."""
    from rich.table import Table

    table = Table(title="Kinds: true (rows) and found (columns)", title_justify="left")
    table.add_column("")
    for kind in KINDS:
        table.add_column(kind, justify="right")
    for kind, row in zip(KINDS, details.kind_confusion, strict=True):
        table.add_row(kind, *(str(n) for n in row))
    return table


def _number(value: float) -> str:
    return f"{value:.3f}"


def _span(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.2f}-{interval[1]:.2f}"
