"""The table of events: one line each, as much in it as the width allows."""

from __future__ import annotations

from collections.abc import Sequence

from pyanalyzer.records import Event
from pyanalyzer.report import words
from pyanalyzer.report.columns import Column, columns_width, confidence_cell, rows_of
from pyanalyzer.report.palette import DIM, STRONG, WORLD, Line, Span, kind_style
from pyanalyzer.report.words import Glyphs

# What is left out, one after the other, until a row fits the width.
DETAILS = ("position", "bar", "size", "interval", "before", "frame", "motion")


def event_table(
    events: Sequence[Event], picture_px: tuple[int, int], width_columns: int, glyphs: Glyphs
) -> list[Line]:
    """A line of titles, then one line per event of a replay of that size.

    Details are left out in the order of DETAILS until the lines are at most ``width_columns`` long;
    number, time, kind, place and confidence always stay.
    """
    for dropped in range(len(DETAILS) + 1):
        columns = _columns(events, picture_px, set(DETAILS[dropped:]), glyphs)
        if columns_width(columns) <= width_columns:
            break
    return rows_of(columns)


def _columns(
    events: Sequence[Event], picture_px: tuple[int, int], details: set[str], glyphs: Glyphs
) -> list[Column]:
    """The columns, with those of ``details`` that are columns or parts of one."""
    columns = [
        Column("#", True, [[(str(e.id), DIM)] for e in events]),
        Column("time", True, [[(words.clock(e.time_s), STRONG)] for e in events]),
    ]
    if "frame" in details:
        title = f"frame {glyphs.plus_minus}" if "interval" in details else "frame"
        cells = _frames(events, "interval" in details, glyphs)
        columns.append(Column(title, True, cells))
    columns.append(Column("kind", False, [[_kind(e)] for e in events]))
    if any(e.cause == "world" for e in events):
        columns.append(Column("cause", False, [[_cause(e)] for e in events]))
    columns.append(Column("where", False, [_where(e, picture_px, details, glyphs) for e in events]))
    if "motion" in details:
        columns.append(_motion_column(events, "before" in details, glyphs))
    cells = [confidence_cell(e.confidence, "bar" in details, glyphs) for e in events]
    columns.append(Column("confidence" if "bar" in details else "conf", False, cells))
    return columns


def _frames(events: Sequence[Event], interval: bool, glyphs: Glyphs) -> list[Line]:
    if not interval:
        return [[(str(event.frame), "")] for event in events]
    within = [words.interval(event.frame, event.interval_frames, glyphs) for event in events]
    width = max(map(len, within))
    return [
        [(str(event.frame), ""), (f" {text:<{width}}", DIM)]
        for event, text in zip(events, within, strict=True)
    ]


def _kind(event: Event) -> Span:
    return (event.kind, WORLD if event.cause == "world" else kind_style(event.kind))


def _cause(event: Event) -> Span:
    return (event.cause, WORLD if event.cause == "world" else "")


def _where(event: Event, picture_px: tuple[int, int], details: set[str], glyphs: Glyphs) -> Line:
    region = event.region_px
    line: Line = [(words.place(region, *picture_px), "")]
    if words.is_whole(region, *picture_px):
        return line
    if "size" in details:
        line.append((f" {region.w_px}{glyphs.times}{region.h_px}", ""))
    if "position" in details:
        line.append((f" at {region.x_px},{region.y_px}", DIM))
    return line


def _motion_column(events: Sequence[Event], before: bool, glyphs: Glyphs) -> Column:
    afters: list[Line] = [[(words.motion(e.motion_after_px_s, glyphs), "")] for e in events]
    if not before:
        return Column("motion px/s", False, afters)
    befores = [words.motion(e.motion_before_px_s, glyphs) for e in events]
    width = max(map(len, befores))
    cells: list[Line] = []
    for was, now in zip(befores, afters, strict=True):
        still = (was, now[0][0]) == ("still", "still")
        became: Line = [] if still else [(glyphs.becomes, DIM), *now]
        cells.append([(f"{was:>{width}}", DIM), *became])
    return Column(glyphs.motion_title, False, cells)
