"""The strip over time: one lane per kind, one column per bin of time, and an axis below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pyanalyzer.records import Event
from pyanalyzer.report.words import clock

# Steps between the axis' ticks that people count in, in seconds.
TICK_STEPS_S = (
    0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0,
    60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 18000.0, 36000.0,
)  # fmt: skip
TICK_GAP_COLUMNS = 3  # between the labels of two ticks


@dataclass(frozen=True, slots=True)
class Span:
    """The stretch of time that is drawn, over so many columns."""

    start_s: float
    end_s: float
    columns: int

    @property
    def column_s(self) -> float:
        """Seconds per column."""
        return (self.end_s - self.start_s) / self.columns

    def column(self, time_s: float) -> int:
        """The column of a time; times outside stand in the first or last one."""
        place = math.floor((time_s - self.start_s) / self.column_s)
        return min(max(place, 0), self.columns - 1)


@dataclass(frozen=True, slots=True)
class Tick:
    """One mark of the axis."""

    column: int
    label: str


def counts(events: Sequence[Event], span: Span) -> list[int]:
    """Events per column."""
    bins = [0] * span.columns
    for event in events:
        bins[span.column(event.time_s)] += 1
    return bins


def heights(events: Sequence[Event], span: Span) -> list[float]:
    """Expected number of true events per column: the sum of their confidences."""
    bins = [0.0] * span.columns
    for event in events:
        bins[span.column(event.time_s)] += event.confidence
    return bins


def bars(bins: Sequence[float], highest: float, levels: str) -> str:
    """A bar per column, scaled to ``highest``. What is above zero is never drawn as empty."""
    top = len(levels) - 1
    scale = top / highest if highest > 0 else 0.0
    return "".join(levels[min(top, math.ceil(value * scale)) if value > 0 else 0] for value in bins)


def digits(bins: Sequence[int], unit: int) -> str:
    """A digit per column: events in steps of ``unit``, rounded up; ``.`` for none."""
    return "".join(str(-(-count // unit)) if count else "." for count in bins)


def digit_unit(highest: int) -> int:
    """The least step in which ``highest`` events are one digit."""
    return max(1, -(-highest // 9))


def ticks(span: Span) -> list[Tick]:
    """Marks at round times, as many as have room for their labels."""
    for step_s in TICK_STEPS_S:
        if step_s < span.column_s:
            continue
        found = _ticks_every(span, step_s)
        if all(
            right.column - left.column >= len(left.label) + TICK_GAP_COLUMNS
            for left, right in pairwise(found)
        ):
            return found
    return []


def axis(marks: Sequence[Tick], columns: int, tick: str, line: str) -> tuple[str, str]:
    """The axis and the labels under it, both ``columns`` wide."""
    scale = [line] * columns
    labels = [" "] * columns
    for mark in marks:
        scale[mark.column] = tick
        if mark.column + len(mark.label) <= columns:
            labels[mark.column : mark.column + len(mark.label)] = mark.label
    return "".join(scale), "".join(labels)


def _ticks_every(span: Span, step_s: float) -> list[Tick]:
    # A hair of tolerance, so that a start at 0.3 (30 steps of 0.01) is a tick itself.
    first = math.ceil(span.start_s / step_s - 1e-6)
    last = math.floor(span.end_s / step_s + 1e-6)
    fine = 2 if step_s < 0.1 else 1 if step_s < 1.0 else 0
    return [
        Tick(span.column(n * step_s + 1e-6), clock(n * step_s, fine))
        for n in range(first, last + 1)
        if n * step_s < span.end_s - 1e-9
    ]
