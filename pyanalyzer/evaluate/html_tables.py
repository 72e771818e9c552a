"""Tables of the HTML report, and the bars of its games."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape

from pyanalyzer.evaluate.bootstrap import Interval
from pyanalyzer.evaluate.models import Promise
from pyanalyzer.evaluate.protocol import DETECTOR, HEADLINE, METHODS, REFERENCE, TOLERANCES
from pyanalyzer.evaluate.report import share
from pyanalyzer.evaluate.summary import Breakdown, Evaluation, GameScore
from pyanalyzer.records import KINDS

Row = tuple[str, str, Sequence[str]]  # class of the row, its head, cells as HTML


def method_table(evaluation: Evaluation) -> str:
    """F1 of every method at every tolerance, of the sums and as means; mAP and skill."""
    rows = list(_sum_rows("all replays", evaluation.everything))
    rows += _mean_rows(evaluation.everything)
    if len(evaluation.engines) > 1:
        means = evaluation.engine_means
        name = f"mean over {means.means.groups} engines"
        f1 = _with_intervals(means.means.f1[DETECTOR], means.f1_interval)
        rows.append(("begin strong", f"{name}: F1", f1))
        rows.append(("", "mAP", _plain(means.means.mean_average_precision)))
        rows.append(("strong", "skill", _with_intervals(means.means.skill, means.skill_interval)))
    return _table(["", *(str(tolerance) for tolerance in TOLERANCES)], rows)


def _sum_rows(name: str, breakdown: Breakdown) -> Iterable[Row]:
    score, intervals = breakdown.score, breakdown.intervals
    yield "strong", f"{name}: F1", _with_intervals(score.f1, intervals.f1)
    yield from _rule_rows({m: tuple(c.f1 for c in counts) for m, counts in score.counts.items()})
    counts = score.counts[DETECTOR]
    yield "", "precision", _plain([c.precision for c in counts])
    yield "", "recall", _plain([c.recall for c in counts])
    yield "", "average precision", _plain(score.average_precision)
    yield "", "mAP (mean over kinds)", _plain(score.mean_average_precision)
    yield "strong", "skill", _with_intervals(score.skill, intervals.skill)


def _mean_rows(breakdown: Breakdown) -> Iterable[Row]:
    means, intervals = breakdown.means, breakdown.intervals
    f1 = _with_intervals(means.f1[DETECTOR], intervals.mean_f1)
    yield "begin strong", f"mean over {means.groups} games: F1", f1
    yield from _rule_rows(means.f1)
    yield "", "average precision", _plain(means.average_precision)
    mean_map = _with_intervals(means.mean_average_precision, intervals.mean_map)
    yield "", "mAP (mean over kinds)", mean_map
    yield "strong", "skill", _with_intervals(means.skill, intervals.mean_skill)


def _rule_rows(f1: dict[str, tuple[float, ...]]) -> Iterable[Row]:
    for method in METHODS[1:]:
        if method in f1:
            yield "", f"{method}: F1", _plain(f1[method])


def engine_tables(evaluation: Evaluation) -> str:
    """One row per engine and per split: of their onsets, and of what else is said of events."""
    onsets = ["", "games", "replays", "onsets", "F1", "trivial F1", "skill", "mean F1", "mAP"]
    events = [
        "",
        "points right",
        "local points",
        "IoU",
        "kind right",
        "cause right",
        "calibration error",
    ]
    return _table(
        [*onsets, "false/min"], _breakdown_rows(evaluation, _onset_cells), "narrow"
    ) + _table(
        [*events, "coverage", "width, frames"], _breakdown_rows(evaluation, _detail_cells), "narrow"
    )


def _breakdown_rows(
    evaluation: Evaluation, cells: Callable[[Breakdown], list[str]]
) -> Iterable[Row]:
    for engine in evaluation.engines:
        yield "", engine.score.name, cells(engine)
    for n, split in enumerate(evaluation.splits):
        yield "" if n else "begin", f"split {split.score.name}", cells(split)
    yield "begin strong", "all", cells(evaluation.everything)


def _onset_cells(breakdown: Breakdown) -> list[str]:
    score, intervals = breakdown.score, breakdown.intervals
    return [
        f"{breakdown.games:,}",
        f"{score.replays:,}",
        f"{score.onsets:,}",
        _one_with_interval(score.f1[HEADLINE], intervals.f1[HEADLINE]),
        f"{score.best_trivial_f1[HEADLINE]:.3f}",
        _one_with_interval(score.skill[HEADLINE], intervals.skill[HEADLINE]),
        f"{breakdown.means.f1[DETECTOR][HEADLINE]:.3f}",
        f"{score.mean_average_precision[HEADLINE]:.3f}",
        f"{score.false_alarms_per_min[HEADLINE]:.1f}",
    ]


def _detail_cells(breakdown: Breakdown) -> list[str]:
    details = breakdown.details
    return [
        f"{details.region_pointing:.1%}",
        f"{details.local_pointing:.1%}",
        f"{details.region_iou:.3f}",
        f"{details.kind_accuracy:.1%}",
        share(breakdown.score.causes.balanced_accuracy),
        f"{details.calibration_error:.3f}",
        f"{details.interval_coverage:.1%}",
        f"{details.interval_width_frames:.1f}",
    ]


def game_bars(evaluation: Evaluation) -> str:
    """A bar per game with its interval and the best trivial rule; the best game first."""
    by_engine: dict[str, list[GameScore]] = {}
    for game in evaluation.games:
        by_engine.setdefault(game.engine, []).append(game)
    parts = []
    for engine, games in by_engine.items():
        parts.append(f"<h3>{escape(engine)}</h3>")
        parts += map(_bar, sorted(games, key=lambda g: (-g.score.f1[HEADLINE], g.score.name)))
    return f'<div class="card bars">{"".join(parts)}</div>\n'


def _bar(game: GameScore) -> str:
    score, (low, high) = game.score, game.f1_interval
    f1, trivial = score.f1[HEADLINE], score.best_trivial_f1[HEADLINE]
    name = escape(score.name.removeprefix(f"{game.engine}/")).replace("/", "/<wbr>")
    about = f"F1 {f1:.3f}, 95 % interval {low:.2f} to {high:.2f}, best trivial rule {trivial:.3f}"
    return (
        f'<div class="bar" title="{about}"><span class="name">{name}</span><span class="track">'
        f'<i class="fill" style="width:{f1:.1%}"></i>'
        f'<i class="span" style="left:{low:.1%};width:{high - low:.1%}"></i>'
        f'<i class="rule" style="left:{trivial:.1%}"></i></span>'
        f'<span class="number">{f1:.2f}</span></div>'
    )


def game_table(evaluation: Evaluation) -> str:
    """One row per game, at the headline's tolerance."""
    head = ["game", "replays", "onsets", "events", "precision", "recall", "F1", "mAP"]
    head += ["trivial F1", "skill", "false/min"]
    rows: list[Row] = []
    for game in evaluation.games:
        score, counts = game.score, game.score.counts[DETECTOR][HEADLINE]
        values = (counts.precision, counts.recall, counts.f1)
        more = (score.mean_average_precision, score.best_trivial_f1, score.skill)
        cells = [str(score.replays), f"{score.onsets:,}", f"{counts.predictions:,}"]
        cells += _plain([*values, *(column[HEADLINE] for column in more)])
        cells.append(f"{score.false_alarms_per_min[HEADLINE]:.1f}")
        rows.append(("", score.name, cells))
    return _table(head, rows, "narrow")


def confusion_table(breakdown: Breakdown) -> str:
    """True kinds in rows, those of the timeline in columns; onsets and average precisions."""
    at = TOLERANCES[REFERENCE]
    head = ["true, called", *KINDS, "onsets", f"AP at {at}"]
    score, rows = breakdown.score, []
    for kind, counts, onsets in zip(
        KINDS, breakdown.details.kind_confusion, score.kind_onsets, strict=True
    ):
        total = max(sum(counts), 1)
        cells = "".join(
            f'<td class="cell" style="--share:{count / total:.3f}">{count:,}</td>'
            for count in counts
        )
        values = score.kind_average_precision.get(kind)
        ap = "" if values is None else f"{values[REFERENCE]:.3f}"
        rows.append(f"<tr><th>{kind}</th>{cells}<td>{onsets:,}</td><td>{ap}</td></tr>")
    heads = "".join(f"<th>{escape(text)}</th>" for text in head)
    return (
        f'<div class="card scroll"><table class="confusion"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>\n"
    )


def promise_table(promises: Sequence[Promise]) -> str:
    """False alarms asked for and found."""
    head = ["false alarms/min asked for", "found", "right events/min"]
    rows: list[Row] = [
        ("", f"{p.asked_per_min:g}", [f"{p.false_alarms_per_min:.2f}", f"{p.hits_per_min:.1f}"])
        for p in promises
    ]
    return _table(head, rows, "fit")


def _plain(values: Iterable[float]) -> list[str]:
    return [f"{value:.3f}" for value in values]


def _with_intervals(values: Sequence[float], intervals: Sequence[Interval]) -> list[str]:
    return [_one_with_interval(v, i) for v, i in zip(values, intervals, strict=True)]


def _one_with_interval(value: float, interval: Interval) -> str:
    return f"{value:.3f} <small>{interval[0]:.2f} to {interval[1]:.2f}</small>"


def _table(head: Sequence[str], rows: Iterable[Row], kind: str = "") -> str:
    """Heads and names are escaped; cells are HTML."""
    heads = "".join(f"<th>{escape(text)}</th>" for text in head)
    lines = []
    for row_kind, name, cells in rows:
        data = "".join(f"<td>{cell}</td>" for cell in cells)
        lines.append(f'<tr class="{row_kind}"><th>{escape(name)}</th>{data}</tr>')
    return (
        f'<div class="card scroll"><table class="{kind}"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>\n"
    )
