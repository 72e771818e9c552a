"""An evaluation as one self-contained HTML file: tables, plots, and every replay's strip of time.

No script, nothing loaded from elsewhere, no date: the same scores give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from pyanalyzer.evaluate.bootstrap import Interval
from pyanalyzer.evaluate.html_style import STYLE
from pyanalyzer.evaluate.html_tables import (
    confusion_table,
    engine_tables,
    game_bars,
    game_table,
    method_table,
    promise_table,
)
from pyanalyzer.evaluate.matching import precision_recall
from pyanalyzer.evaluate.models import EvaluatedModel, Promise
from pyanalyzer.evaluate.plots import (
    PrecisionRecallLine,
    precision_recall_plot,
    reliability_plot,
    series_class,
    tolerance_plot,
)
from pyanalyzer.evaluate.protocol import (
    DETECTOR,
    HEADLINE,
    REFERENCE,
    TOLERANCES,
    TRIVIAL_RULES,
    CaseScore,
)
from pyanalyzer.evaluate.strips import strip
from pyanalyzer.evaluate.summary import Breakdown, Evaluation, grouped
from pyanalyzer.report.words import counted

OPEN_STRIPS = 2  # of the worst replays; the rest opens at a click

_AT = str(TOLERANCES[HEADLINE])


def html_evaluation(
    evaluation: Evaluation,
    scores: Sequence[CaseScore],
    models: Sequence[EvaluatedModel],
    notes: Sequence[str] = (),
    promises: Sequence[Promise] = (),
) -> bytes:
    """The report, in UTF-8.

    ``scores``: of the replays that ``evaluation`` sums up; ``models``: whose timelines they are;
    ``notes``: what must be known before the numbers are believed; ``promises``: how
    ``--false-alarms`` kept its word.
    """
    parts = [
        _head(evaluation, models, notes),
        _tiles(evaluation),
        _methods(evaluation),
        _tolerances(evaluation),
        _precision_recall(evaluation, scores),
        _engines(evaluation),
        _games(evaluation),
        _kinds(evaluation),
        _promises(promises),
        _strips(scores),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>pyanalyzer evaluation</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"{''.join(parts)}</main>\n</body>\n</html>\n"
    ).encode()


def _head(evaluation: Evaluation, models: Sequence[EvaluatedModel], notes: Sequence[str]) -> str:
    total = evaluation.everything.score
    games, engines = len(evaluation.games), len(evaluation.engines)
    size = ", ".join(
        (
            counted(total.replays, "replay"),
            f"{counted(games, 'game')} of {counted(engines, 'engine')}",
            f"{total.minutes:.1f} min",
            counted(total.onsets, "onset"),
        )
    )
    weights = "; ".join(
        f"{model.name} ({model.sha256[:12]}), threshold {model.threshold:.3f}" for model in models
    )
    lines = "".join(f'<p class="note">{escape(note)}</p>\n' for note in notes)
    return (
        "<h1>pyanalyzer evaluation</h1>\n"
        f'<p>{size}<br><span class="soft">Weights: {escape(weights)}</span></p>\n{lines}'
    )


def _section(title: str, about: str, *content: str) -> str:
    return f"<h2>{escape(title)}</h2>\n<p>{about}</p>\n{''.join(content)}\n"


def _tiles(evaluation: Evaluation) -> str:
    total, details = evaluation.everything, evaluation.everything.details
    intervals = total.intervals

    def scored(value: float, what: str, interval: Interval) -> str:
        return _tile(f"{value:.3f}", what, f"{interval[0]:.2f} to {interval[1]:.2f}")

    tiles = [
        scored(total.score.f1[HEADLINE], f"F1 at {_AT}", intervals.f1[HEADLINE]),
        scored(total.score.skill[HEADLINE], f"skill at {_AT}", intervals.skill[HEADLINE]),
        scored(
            total.means.f1[DETECTOR][HEADLINE],
            f"F1, mean over {counted(total.means.groups, 'game')}",
            intervals.mean_f1[HEADLINE],
        ),
        scored(
            total.means.mean_average_precision[HEADLINE],
            "mAP, mean over games",
            intervals.mean_map[HEADLINE],
        ),
    ]
    engines = evaluation.engine_means
    if len(evaluation.engines) > 1:
        name = f"mean over {engines.means.groups} engines"
        f1, skill = engines.means.f1[DETECTOR][HEADLINE], engines.means.skill[HEADLINE]
        tiles.append(scored(f1, f"F1, {name}", engines.f1_interval[HEADLINE]))
        tiles.append(scored(skill, f"skill, {name}", engines.skill_interval[HEADLINE]))
    tiles.append(
        _tile(
            f"{details.local_pointing:.0%}",
            "local regions that point right",
            f"of {details.local_events:,} true events",
        )
    )
    tiles.append(
        _tile(f"{details.calibration_error:.3f}", "calibration error", "expected; 0 is best")
    )
    tiles.append(
        _tile(
            f"{details.interval_coverage:.0%}",
            "95 % intervals that hold the onset",
            f"of {details.intervals:,}",
        )
    )
    return f'<div class="tiles">{"".join(tiles)}</div>\n'


def _tile(number: str, what: str, more: str) -> str:
    return (
        f'<div class="tile"><b>{number}</b><span>{escape(what)}</span>'
        f'<span class="soft">{escape(more)}</span></div>'
    )


def _methods(evaluation: Evaluation) -> str:
    return _section(
        "Onsets, beside rules that know nothing",
        "The first three rules guess as often as the timeline has events; skill is what is left "
        "of the way from the best of them (0) to perfection (1). Below the numbers 95 % intervals: "
        "how far the score would be off with other games.",
        method_table(evaluation),
    )


def _tolerances(evaluation: Evaluation) -> str:
    breakdowns = [evaluation.everything]
    if len(evaluation.engines) > 1:
        breakdowns += evaluation.engines
    panels = []
    for breakdown in breakdowns:
        score = breakdown.score
        plot = tolerance_plot(
            f"F1 by tolerance, {score.name}",
            score.f1,
            breakdown.intervals.f1,
            score.best_trivial_f1,
        )
        panels.append(f"<figure><h3>{escape(score.name)}</h3>{plot}</figure>")
    legend = _legend(
        (_swatch('<path class="line s0" d="M0 6H22"/>'), "F1 with its 95 % interval"),
        (_swatch('<path class="line trivial" d="M0 6H22"/>'), "best trivial rule"),
    )
    return _section(
        "F1 by tolerance",
        "How far off an event may be and still be right: in frames of the replay, and in time.",
        legend,
        f'<div class="panels">{"".join(panels)}</div>',
    )


def _precision_recall(evaluation: Evaluation, scores: Sequence[CaseScore]) -> str:
    everything = evaluation.everything
    by_tolerance = [
        _curve(str(tolerance), scores, everything, n)
        for n, tolerance in enumerate(TOLERANCES)
        if not tolerance.in_seconds
    ]
    figures = [_curves("Precision and recall by tolerance", by_tolerance)]
    if len(evaluation.engines) > 1:
        groups = grouped(scores, lambda s: s.engine)
        by_engine = [
            _curve(engine.score.name, groups[engine.score.name], engine, HEADLINE)
            for engine in evaluation.engines
        ]
        figures.append(_curves(f"Precision and recall by engine, at {_AT}", by_engine))
    details = everything.details
    title = f"Reliability of the confidence, at {TOLERANCES[REFERENCE]}"
    figures.append(
        f"<figure><h3>{title}</h3>{reliability_plot(title, details.reliability)}"
        "<figcaption>On the dashed line a confidence is what it says. Columns: how many events "
        f"there are. Expected calibration error {details.calibration_error:.3f}."
        "</figcaption></figure>"
    )
    return _section(
        "Precision, recall and confidence",
        "All events of every confidence. A dot is where the timeline's threshold lies, a square "
        "the best trivial rule with as many guesses.",
        f'<div class="plots">{"".join(figures)}</div>',
    )


def _curve(
    name: str, scores: Sequence[CaseScore], breakdown: Breakdown, tolerance: int
) -> PrecisionRecallLine:
    confidences = [p for score in scores for p in score.confidences.tolist()]
    hits = [hit for score in scores for hit in score.hits[tolerance].tolist()]
    _, precision, recall = precision_recall(confidences, hits, breakdown.score.onsets)
    counts = breakdown.score.counts
    chosen = counts[DETECTOR][tolerance]
    rule = max((counts[r][tolerance] for r in TRIVIAL_RULES), key=lambda c: c.f1)
    return PrecisionRecallLine(
        name,
        recall,
        precision,
        (chosen.recall, chosen.precision),
        (rule.recall, rule.precision),
    )


def _curves(title: str, lines: Sequence[PrecisionRecallLine]) -> str:
    legend = _legend(
        *(
            (_swatch(f'<path class="line {series_class(n)}" d="M0 6H22"/>'), line.name)
            for n, line in enumerate(lines)
        )
    )
    return f"<figure><h3>{escape(title)}</h3>{precision_recall_plot(title, lines)}{legend}</figure>"


def _engines(evaluation: Evaluation) -> str:
    return _section(
        "Engines and splits",
        f"F1, its mean over games, skill and mAP at {_AT}; regions (all, local ones, intersection "
        f"over union), kinds and calibration error at {TOLERANCES[REFERENCE]}; how many of the "
        "95 % intervals hold the onset, and their width in frames. Cause right: at true changes of "
        "motion, the player's told from the world's, the mean of both recalls (a half is chance); "
        "- where the truth knows no change of the world.",
        engine_tables(evaluation),
    )


def _games(evaluation: Evaluation) -> str:
    legend = _legend(
        (_swatch('<rect x="0" y="1" width="22" height="10" class="dot s0" opacity=".62"/>'), "F1"),
        (
            _swatch(
                '<line x1="1" y1="6" x2="21" y2="6" stroke="currentColor" stroke-width="1.5"/>'
            ),
            "95 % interval over parts of its replays",
        ),
        (
            _swatch('<rect x="9" y="0" width="3" height="12" fill="var(--bad)"/>'),
            "best trivial rule",
        ),
    )
    return _section(
        "Games",
        f"F1 at {_AT}.",
        legend,
        game_bars(evaluation),
        '<details class="replay"><summary>as a table</summary>',
        game_table(evaluation),
        "</details>",
    )


def _kinds(evaluation: Evaluation) -> str:
    details = evaluation.everything.details
    return _section(
        "Kinds and regions",
        f"Of the events that are right at {TOLERANCES[REFERENCE]}: rows are true kinds, columns "
        f"what they were called, {details.kind_accuracy:.1%} alike (always the commonest: "
        f"{details.commonest_kind_share:.1%}). The middle of the region lies inside the true one "
        f"in {details.region_pointing:.1%} (the whole picture's: {details.picture_pointing:.1%}), "
        f"of the {details.local_events:,} local ones, less than half the picture, in "
        f"{details.local_pointing:.1%}; intersection over union {details.region_iou:.3f} (the "
        f"whole picture's: {details.picture_iou:.3f}).",
        confusion_table(evaluation.everything),
    )


def _promises(promises: Sequence[Promise]) -> str:
    if not promises:
        return ""
    return _section(
        "False alarms",
        "What <code>--false-alarms</code> gives on these replays for what it is asked, at "
        f"{TOLERANCES[REFERENCE]}. It cannot give more events than were found at all.",
        promise_table(promises),
    )


def _strips(scores: Sequence[CaseScore]) -> str:
    worst = sorted(scores, key=lambda s: (s.counts[DETECTOR][HEADLINE].f1, s.name))
    legend = _legend(
        (_tick("found", "M11 0V7"), "onset found"),
        (_tick("unsure", "M11 0V4"), "found below the threshold only"),
        (_tick("missed", "M11 0V7"), "missed"),
        (_tick("right", "M11 5V12"), "right event"),
        (_tick("false", "M11 5V12"), "false alarm"),
        (_tick("world", "M11 0V12"), "cut"),
    )
    return _section(
        "Replays",
        f"Onsets above the line, events below it, as long as they are sure; matched at {_AT}. Ten "
        "seconds to a row, the worst replay first.",
        legend,
        *(strip(score, n < OPEN_STRIPS) for n, score in enumerate(worst)),
    )


def _legend(*entries: tuple[str, str]) -> str:
    items = "".join(f"<li>{swatch}{escape(text)}</li>" for swatch, text in entries)
    return f'<ul class="legend">{items}</ul>\n'


def _swatch(shape: str) -> str:
    return f'<svg viewBox="0 0 22 12" aria-hidden="true">{shape}</svg>'


def _tick(name: str, path: str) -> str:
    middle = '<path class="zero" d="M0 6H22"/>'
    return _swatch(f'{middle}<path class="{name}" d="{path}"/>')
