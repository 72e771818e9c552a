"""The timeline for a person to read: a strip over time, a table of events, a summary.

A report is a list of lines, a line a list of spans ``(text, style)``. Plain text joins the texts;
a terminal draws them with rich. What both show differs only in the :class:`Glyphs`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING, TextIO

from pyanalyzer.records import KINDS, Event, Timeline
from pyanalyzer.report import strip, words
from pyanalyzer.report.event_table import event_table
from pyanalyzer.report.palette import DIM, STRONG, WARNING, WORLD, Line, Span, kind_style
from pyanalyzer.report.summary import Spell, Summary, summarise
from pyanalyzer.report.words import ASCII, UNICODE, Glyphs

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

PLAIN_WIDTH_COLUMNS = 100
MIN_WIDTH_COLUMNS = 56
MARGIN = " "
LABEL_COLUMNS = 10
COUNT_COLUMNS = 6
SUMMARY_LABEL_COLUMNS = 16
MIN_STRIP_COLUMNS = 20
EMPTY_COLUMNS = (".", UNICODE.levels[0])

Lane = tuple[str, str, list[Event]]  # label, style, events


def report_lines(timeline: Timeline, width_columns: int, glyphs: Glyphs) -> list[Line]:
    """The whole report in lines of ``width_columns``; long tables are shown in full.

    Where the width does not suffice for a row of the table, details are left out of all rows (see
    :func:`event_table`); only below MIN_WIDTH_COLUMNS do lines grow longer than asked for.
    """
    width = max(width_columns, MIN_WIDTH_COLUMNS) - 2 * len(MARGIN)
    summary = summarise(timeline)
    blocks = [_title(timeline, width, glyphs), _warnings(timeline, width, glyphs)]
    if timeline.events:
        blocks.append(_strip(timeline, summary, width, glyphs))
        size_px = timeline.video.width_px, timeline.video.height_px
        blocks.append(event_table(timeline.events, size_px, width, glyphs))
    blocks.append(_summary(timeline, summary, width, glyphs))
    return _set_apart(blocks)


def ending_lines(timeline: Timeline, width_columns: int, glyphs: Glyphs) -> list[Line]:
    """What the report says besides the events, where these have been shown already."""
    width = max(width_columns, MIN_WIDTH_COLUMNS) - 2 * len(MARGIN)
    summary = _summary(timeline, summarise(timeline), width, glyphs)
    return [[], *_set_apart([_warnings(timeline, width, glyphs), summary])]


def _set_apart(blocks: list[list[Line]]) -> list[Line]:
    """The blocks with an empty line after each, and a margin."""
    lines: list[Line] = []
    for block in blocks:
        if block:
            lines += [*block, []]
    return [margined(line) for line in lines]


def margined(line: Line) -> Line:
    """The line as it stands in a report."""
    return [(MARGIN, ""), *line] if line else []


def plain_report(timeline: Timeline, width_columns: int = PLAIN_WIDTH_COLUMNS) -> str:
    """The report as ASCII text without escape codes: the same bytes everywhere."""
    return plain_text(report_lines(timeline, width_columns, ASCII))


def plain_text(lines: Iterable[Line]) -> str:
    """Lines as ASCII text without their styles."""
    return "".join(map(plain_line, lines))


def plain_line(line: Line) -> str:
    """A line as ASCII text, with its end."""
    text = "".join(span for span, _ in line).rstrip() + "\n"
    return text.encode("ascii", "backslashreplace").decode("ascii")


def print_report(timeline: Timeline, console: Console) -> None:
    """Draws the report on a rich console, as wide as it is."""
    print_lines(report_lines(timeline, console.width, UNICODE), console)


def print_lines(lines: Iterable[Line], console: Console) -> None:
    """Draws lines on a rich console as they are, however wide it is."""
    for line in lines:
        console.print(_rich_text(line), no_wrap=True, overflow="ignore", crop=False)


def write_report(timeline: Timeline, stream: TextIO, *, colour: bool) -> None:
    """Writes the report to ``stream``: drawn for a terminal, or plain."""
    if not colour:
        stream.write(plain_report(timeline))
        return
    from rich.console import Console

    print_report(timeline, Console(file=stream, force_terminal=True, highlight=False))


def _rich_text(line: Line) -> Text:
    from rich.text import Text

    return Text.assemble(*line)


def _title(timeline: Timeline, width: int, glyphs: Glyphs) -> list[Line]:
    video, model = timeline.video, timeline.model
    facts = [
        f"{video.width_px}{glyphs.times}{video.height_px}",
        words.clock(video.duration_s),
        words.counted(video.frames, "frame"),
        f"{words.frame_rate(video.frame_rate)} frames/s",
        f"model {words.printable(model.name)}",
    ]
    facts_text = glyphs.separator.join(facts)
    name = words.printable(video.path)
    if len(name) + 2 + len(facts_text) <= width:
        title: list[Line] = [[(name, STRONG), ("  " + facts_text, DIM)]]
    else:
        title = [[(words.shortened(name, width, glyphs), STRONG)], *_flow(facts, width, glyphs)]
    asked = [f"{key} {_setting_text(value)}" for key, value in timeline.settings.items()]
    return title + _flow(asked, width, glyphs)


def _flow(items: list[str], width: int, glyphs: Glyphs) -> list[Line]:
    """The items in a row, going on in the next line where there is no room."""
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(glyphs.separator) + len(item) <= width:
            lines[-1] += glyphs.separator + item
        else:
            lines.append(item)
    return [[(line, DIM)] for line in lines]


def _setting_text(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return words.printable(f"{value:g}" if isinstance(value, float) else str(value))


def _warnings(timeline: Timeline, width: int, glyphs: Glyphs) -> list[Line]:
    texts = [glyphs.warning + words.printable(text) for text in timeline.warnings]
    return [[(part, WARNING)] for text in texts for part in textwrap.wrap(text, width)]


def _strip(timeline: Timeline, summary: Summary, width: int, glyphs: Glyphs) -> list[Line]:
    columns = max(width - LABEL_COLUMNS - COUNT_COLUMNS, MIN_STRIP_COLUMNS)
    if summary.end_s <= summary.start_s:
        return []
    span = strip.Span(summary.start_s, summary.end_s, columns)
    lanes = _lanes(timeline, summary)
    drawn, meaning = _bars(lanes, span, glyphs)
    lines: list[Line] = []
    for (label, style, events), bars in zip(lanes, drawn, strict=True):
        count = f"{len(events):>{COUNT_COLUMNS},}"
        lines.append([(f"{label:<{LABEL_COLUMNS}}", style), *_runs(bars, style), (count, DIM)])
    scale, labels = strip.axis(strip.ticks(span), columns, glyphs.tick, glyphs.axis)
    meaning = f"column: {_column_text(span.column_s)}; {meaning}"
    lines += [[(" " * LABEL_COLUMNS + row, DIM)] for row in (scale, labels, meaning)]
    return lines


def _bars(lanes: list[Lane], span: strip.Span, glyphs: Glyphs) -> tuple[list[str], str]:
    """The drawing of each lane, and what its height or its digits mean."""
    if glyphs.levels:
        heights = [strip.heights(events, span) for _, _, events in lanes]
        highest = max(map(max, heights))
        drawn = [strip.bars(bins, highest, glyphs.levels) for bins in heights]
        return drawn, "height: sum of confidences"
    counts = [strip.counts(events, span) for _, _, events in lanes]
    unit = strip.digit_unit(max(map(max, counts)))
    times = f" in steps of {unit}" if unit > 1 else ""
    return [strip.digits(bins, unit) for bins in counts], f"digits: changes{times}"


def _lanes(timeline: Timeline, summary: Summary) -> list[Lane]:
    """Label, style and events of each lane that is not empty: the kinds, then the other cause."""
    own: list[Lane] = [
        (
            kind,
            kind_style(kind),
            [e for e in timeline.events if (e.kind, e.cause) == (kind, summary.cause)],
        )
        for kind in KINDS
    ]
    others = [event for event in timeline.events if event.cause != summary.cause]
    return [lane for lane in [*own, ("world", WORLD, others)] if lane[2]]


def _column_text(column_s: float) -> str:
    return f"{column_s:.2g} s" if column_s < 10 else f"{column_s:.0f} s"


def _runs(bars: str, style: str) -> Line:
    """The bars as spans: empty columns are drawn dim."""
    return [
        ("".join(signs), style if filled else DIM)
        for filled, signs in groupby(bars, lambda sign: sign not in EMPTY_COLUMNS)
    ]


def _summary(timeline: Timeline, summary: Summary, width: int, glyphs: Glyphs) -> list[Line]:
    noun = "action change" if summary.cause == "player" else "change by the world"
    plural = None if summary.cause == "player" else "changes by the world"
    over = words.length(summary.end_s - summary.start_s)
    lines: list[Line] = _nothing_found(timeline, noun, over)
    if summary.count:
        rate = "" if summary.per_minute is None else f": {summary.per_minute:.1f} per minute"
        false = f"about {summary.expected_false:.1f} of {summary.count:,}"
        lines = [
            [(f"{words.counted(summary.count, noun, plural)} in {over}", STRONG), (rate, "")],
            [_label("by kind"), *_kinds(summary, width, glyphs)],
            [_label("longest spells"), *_spells(summary.longest, width, glyphs)],
            [_label("median spell"), (words.length(summary.median_spell_s), "")],
            [_label("false alarms"), (false, ""), (" if the confidences hold", DIM)],
        ]
    if summary.others:
        lines.append([_label("by the world"), (words.counted(summary.others, "change"), "")])
    return lines


def _kinds(summary: Summary, width: int, glyphs: Glyphs) -> Line:
    """How many of each kind, with their shares where there is room."""
    for shares in (True, False):
        items: list[Line] = []
        for kind, count in summary.by_kind:
            share = f" ({words.percent(count / summary.count)})" if shares else ""
            items.append([(kind, kind_style(kind)), (f" {count:,}{share}", "")])
        line = _joined(items, glyphs)
        if _width(line) <= width - SUMMARY_LABEL_COLUMNS:
            break
    return line


def _spells(spells: tuple[Spell, ...], width: int, glyphs: Glyphs) -> Line:
    """The longest spells, as many as there is room for."""
    items: list[Line] = []
    for spell in spells:
        length, start = words.length(spell.length_s), words.clock(spell.start_s)
        items.append([(length, ""), (f" from {start}", DIM)])
    while len(items) > 1 and _width(_joined(items, glyphs)) > width - SUMMARY_LABEL_COLUMNS:
        items.pop()
    return _joined(items, glyphs)


def _nothing_found(timeline: Timeline, noun: str, over: str) -> list[Line]:
    lines: list[Line] = [[(f"No {noun} was found in {over}.", STRONG)]]
    if timeline.settings.get("min_confidence") != 0.0:
        lines.append([("A lower --min-confidence lists less certain ones.", DIM)])
    if "cause" not in timeline.settings:
        lines.append([("--cause all also lists what the world did.", DIM)])
    return lines


def _joined(items: list[Line], glyphs: Glyphs) -> Line:
    line: Line = []
    for item in items:
        line += [(glyphs.separator, DIM), *item] if line else item
    return line


def _width(line: Line) -> int:
    return sum(len(text) for text, _ in line)


def _label(text: str) -> Span:
    return (f"{text:<{SUMMARY_LABEL_COLUMNS}}", DIM)
