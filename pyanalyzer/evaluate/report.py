"""An evaluation for a person: tables in the terminal, every score beside its baselines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyanalyzer.evaluate.bootstrap import Interval
from pyanalyzer.evaluate.causes import REACH_FRAMES
from pyanalyzer.evaluate.details import Details
from pyanalyzer.evaluate.matching import COVERAGE_TOLERANCE_S
from pyanalyzer.evaluate.models import Promise
from pyanalyzer.evaluate.protocol import DETECTOR, HEADLINE, METHODS, REFERENCE, TOLERANCES
from pyanalyzer.evaluate.summary import Breakdown, Evaluation, GroupScore
from pyanalyzer.records import KINDS

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def print_evaluation(
    evaluation: Evaluation, console: Console, promises: Sequence[Promise] = ()
) -> None:
    """Print the tables; ``promises``: how ``--false-alarms`` kept its word."""
    from rich.text import Text

    console.print(f1_table(evaluation))
    console.print(game_table(evaluation))
    for line in detail_lines(evaluation.everything.details):
        console.print(Text(line))
    if promises:
        console.print(Text(promise_line(promises)))
    console.print(kind_table(evaluation.everything))
    console.print(cause_table(evaluation))


def f1_table(evaluation: Evaluation) -> Table:
    """F1 of every method at every tolerance: all replays, the mean over games; engines, splits."""
    from rich.table import Table

    table = Table(title="F1 by tolerance", title_justify="left")
    table.add_column("")
    table.add_column("method")
    for tolerance in TOLERANCES:
        table.add_column(str(tolerance), justify="right")
    _add_breakdown(table, evaluation.everything)
    table.add_section()
    _add_means(table, evaluation.everything)
    if len(evaluation.engines) > 1:
        for engine in evaluation.engines:
            table.add_section()
            _add_breakdown(table, engine)
        means = evaluation.engine_means
        table.add_section()
        _add_f1(table, f"mean over {means.means.groups} engines", means.means.f1, means.f1_interval)
        _add_row(table, "", "mAP", _numbers(means.means.mean_average_precision))
        _add_row(table, "", "skill", _numbers(means.means.skill))
        _add_row(table, "", "  95 % interval", _spans(means.skill_interval))
    if len(evaluation.splits) > 1:
        for split in evaluation.splits:
            table.add_section()
            _add_breakdown(table, split)
    return table


def _add_breakdown(table: Table, breakdown: Breakdown) -> None:
    group = breakdown.score
    _add_f1(table, _label(group), _f1_of(group), breakdown.intervals.f1)
    counts = group.counts[DETECTOR]
    _add_row(table, "", "precision", _numbers(tuple(c.precision for c in counts)))
    _add_row(table, "", "recall", _numbers(tuple(c.recall for c in counts)))
    _add_row(table, "", "average precision", _numbers(group.average_precision))
    _add_row(table, "", "mAP", _numbers(group.mean_average_precision))
    _add_row(table, "", "skill", _numbers(group.skill))
    _add_row(table, "", "  95 % interval", _spans(breakdown.intervals.skill))


def _add_means(table: Table, breakdown: Breakdown) -> None:
    means, intervals = breakdown.means, breakdown.intervals
    _add_f1(table, f"mean over {means.groups} games", means.f1, intervals.mean_f1)
    _add_row(table, "", "average precision", _numbers(means.average_precision))
    _add_row(table, "", "mAP", _numbers(means.mean_average_precision))
    _add_row(table, "", "  95 % interval", _spans(intervals.mean_map))
    _add_row(table, "", "skill", _numbers(means.skill))
    _add_row(table, "", "  95 % interval", _spans(intervals.mean_skill))


def _label(group: GroupScore) -> str:
    replays = "1 replay" if group.replays == 1 else f"{group.replays} replays"
    return f"{group.name}: {replays}, {group.minutes:.1f} min"


def _f1_of(group: GroupScore) -> dict[str, tuple[float, ...]]:
    return {name: tuple(c.f1 for c in counts) for name, counts in group.counts.items()}


def _add_f1(
    table: Table, label: str, f1: dict[str, tuple[float, ...]], intervals: tuple[Interval, ...]
) -> None:
    for name in (name for name in METHODS if name in f1):
        _add_row(table, label if name == DETECTOR else "", name, _numbers(f1[name]))
        if name == DETECTOR:
            _add_row(table, "", "  95 % interval", _spans(intervals))


def _add_row(table: Table, label: str, name: str, cells: list[str]) -> None:
    from rich.text import Text

    # Names come from files: as text, not as markup.
    table.add_row(Text(label), name, *cells, style="bold" if name == DETECTOR else None)


def game_table(evaluation: Evaluation) -> Table:
    """One row per game, at the headline's tolerance."""
    from rich.table import Table
    from rich.text import Text

    title = f"Games, at {TOLERANCES[HEADLINE]}"
    table = Table(title=title, title_justify="left")
    table.add_column("game", overflow="fold")
    for name in ("replays", "onsets", "events", "precision", "recall", "F1", "mAP"):
        table.add_column(name, justify="right")
    for name in ("trivial F1", "skill", "false/min"):
        table.add_column(name, justify="right")
    total = evaluation.everything.score
    for group in (*(game.score for game in evaluation.games), total):
        if group is total:
            table.add_section()
        c = group.counts[DETECTOR][HEADLINE]
        table.add_row(
            Text(group.name),
            str(group.replays),
            str(group.onsets),
            str(c.predictions),
            *_numbers((c.precision, c.recall, c.f1, group.mean_average_precision[HEADLINE])),
            *_numbers((group.best_trivial_f1[HEADLINE], group.skill[HEADLINE])),
            f"{group.false_alarms_per_min[HEADLINE]:.1f}",
        )
    return table


def detail_lines(details: Details) -> list[str]:
    """Region, kind, confidence and intervals in words."""
    return [
        f"Region of true events: middle inside the true box {details.region_pointing:.1%} "
        f"(whole picture {details.picture_pointing:.1%}), "
        f"of the {details.local_events} local ones {details.local_pointing:.1%}; "
        f"IoU {details.region_iou:.3f} (whole picture {details.picture_iou:.3f})",
        f"Kind of true events: right {details.kind_accuracy:.1%} "
        f"(always the commonest {details.commonest_kind_share:.1%})",
        f"Confidence: expected calibration error {details.calibration_error:.3f}",
        f"95 % intervals: hold the onset in {details.interval_coverage:.1%} of {details.intervals} "
        f"events within {COVERAGE_TOLERANCE_S:g} s of one, "
        f"{details.interval_width_frames:.1f} frames wide in the mean",
    ]


def promise_line(promises: Sequence[Promise]) -> str:
    """What ``--false-alarms`` gave for what it was asked."""
    pairs = ", ".join(f"{p.asked_per_min:g}: {p.false_alarms_per_min:.1f}" for p in promises)
    return f"False alarms per minute, asked for and found at {TOLERANCES[REFERENCE]}: {pairs}"


def kind_table(breakdown: Breakdown) -> Table:
    """True kinds in rows, those of the timeline in columns; each kind's average precision."""
    from rich.table import Table

    title = f"Kinds at {TOLERANCES[REFERENCE]}: true (rows) and found (columns)"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for kind in KINDS:
        table.add_column(kind, justify="right")
    table.add_column("onsets", justify="right")
    table.add_column("AP", justify="right")
    score = breakdown.score
    rows = zip(KINDS, breakdown.details.kind_confusion, score.kind_onsets, strict=True)
    for kind, row, onsets in rows:
        precision = score.kind_average_precision.get(kind)
        ap = "" if precision is None else f"{precision[REFERENCE]:.3f}"
        table.add_row(kind, *(str(n) for n in row), str(onsets), ap)
    return table


def cause_table(evaluation: Evaluation) -> Table:
    """How well the player's changes are told from the world's, by engine and of all."""
    from rich.table import Table
    from rich.text import Text

    title = f"Cause at true changes of motion, within {REACH_FRAMES} frames"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in ("player's", "called so", "world's", "called so", "balanced accuracy"):
        table.add_column(name, justify="right")
    groups = [engine.score for engine in evaluation.engines] if len(evaluation.engines) > 1 else []
    for group in (*groups, evaluation.everything.score):
        causes = group.causes
        table.add_row(
            Text(group.name),
            str(causes.players),
            share(causes.player_recall),
            str(causes.worlds),
            share(causes.world_recall),
            share(causes.balanced_accuracy),
        )
    return table


def share(value: float | None) -> str:
    """In percent; ``-`` where there was nothing to ask about."""
    return "-" if value is None else f"{value:.1%}"


def _numbers(values: tuple[float, ...]) -> list[str]:
    return [f"{value:.3f}" for value in values]


def _spans(intervals: tuple[Interval, ...]) -> list[str]:
    return [f"{low:.2f}..{high:.2f}" for low, high in intervals]
