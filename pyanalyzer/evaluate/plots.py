"""The plots of the HTML report, as SVG that takes its colours from the page's style sheet.

Everything is drawn at one user unit per pixel of a phone's width, so that text stays readable
there. The same scores give the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from pyanalyzer.evaluate.bootstrap import F64, Interval
from pyanalyzer.evaluate.protocol import TOLERANCES
from pyanalyzer.evaluate.reliability import BINS, ReliabilityBin

Point = tuple[float, float]

SERIES = 7  # colours; beyond that lines are dashed and begin again
_ISO_F1 = (0.2, 0.4, 0.6, 0.8)
_LEVEL_Z = 1.96  # normal quantile of 95 %
_HISTOGRAM_SHARE = 0.25  # of the plot's height, for the fullest bin


@dataclass(frozen=True, slots=True)
class Axes:
    """A plot's frame: x and y from 0 to ``x_end`` and 1, mapped to its inner box."""

    title: str
    x_end: float = 1.0
    width: float = 360
    height: float = 300
    left: float = 40
    top: float = 10
    right: float = 12
    bottom: float = 38

    def x(self, value: float) -> float:
        """Where ``value`` lies, in user units."""
        return self.left + (self.width - self.left - self.right) * value / self.x_end

    def y(self, value: float) -> float:
        """Where ``value`` lies, in user units; 1 is at the top."""
        return self.top + (self.height - self.top - self.bottom) * (1 - value)

    def points(self, points: Iterable[Point]) -> str:
        """For a polyline: neighbours closer than a tenth of a unit become one."""
        placed = [f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points]
        kept = [p for before, p in zip([None, *placed], placed, strict=False) if p != before]
        return " ".join(kept)

    def drawn(self, parts: Iterable[str]) -> str:
        """The whole picture."""
        return (
            f'<svg viewBox="0 0 {self.width:g} {self.height:g}" role="img" '
            f'aria-label="{escape(self.title)}">{"".join(parts)}</svg>'
        )


def series_class(number: int) -> str:
    """The class of the number-th line of a plot."""
    dashed = " dashed" if number >= SERIES else ""
    return f"s{number % SERIES}{dashed}"


def label(x: float, y: float, text: str, kind: str = "tick", anchor: str = "middle") -> str:
    """A text at a place in user units."""
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _line(axes: Axes, start: Point, end: Point, kind: str) -> str:
    (x1, y1), (x2, y2) = start, end
    return (
        f'<line class="{kind}" x1="{axes.x(x1):.1f}" y1="{axes.y(y1):.1f}" '
        f'x2="{axes.x(x2):.1f}" y2="{axes.y(y2):.1f}"/>'
    )


def _unit_frame(axes: Axes, x_title: str, y_title: str) -> list[str]:
    parts = []
    for n in range(6):
        value = n / 5
        parts.append(_line(axes, (0, value), (1, value), "grid"))
        parts.append(_line(axes, (value, 0), (value, 1), "grid"))
        parts.append(label(axes.left - 6, axes.y(value) + 4, f"{value:.1f}", anchor="end"))
        parts.append(label(axes.x(value), axes.y(0) + 15, f"{value:.1f}"))
    parts.append(label(axes.x(0.5), axes.height - 4, x_title, "axis"))
    middle = axes.y(0.5)
    parts.append(
        f'<text class="axis" x="11" y="{middle:.1f}" text-anchor="middle" '
        f'transform="rotate(-90 11 {middle:.1f})">{escape(y_title)}</text>'
    )
    return parts


@dataclass(frozen=True, slots=True)
class PrecisionRecallLine:
    """One curve: recall and precision (K,); ``chosen`` is where the timeline's threshold lies,
    ``trivial`` the best trivial rule; each as recall, precision."""

    name: str
    recall: F64
    precision: F64
    chosen: Point
    trivial: Point | None


def precision_recall_plot(title: str, lines: Sequence[PrecisionRecallLine]) -> str:
    """Curves over lines of equal F1; a dot at the threshold, a square for the best trivial rule."""
    axes = Axes(title)
    parts = _unit_frame(axes, "recall", "precision")
    for f1 in _ISO_F1:
        recalls = np.linspace(f1 / (2 - f1), 1, 40)
        curve = [(r, f1 * r / (2 * r - f1)) for r in recalls.tolist()]
        parts.append(f'<polyline class="iso" points="{axes.points(curve)}"/>')
        parts.append(label(axes.x(1) - 3, axes.y(curve[-1][1]) - 3, f"F1 {f1:g}", "note", "end"))
    for number, line in enumerate(lines):
        kind = series_class(number)
        curve = list(zip(line.recall.tolist(), line.precision.tolist(), strict=True))
        if curve:
            parts.append(f'<polyline class="line {kind}" points="{axes.points(_thinned(curve))}"/>')
        if line.trivial is not None:
            x, y = axes.x(line.trivial[0]), axes.y(line.trivial[1])
            parts.append(
                f'<rect class="hollow {kind}" x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" '
                'width="7" height="7"/>'
            )
        x, y = axes.x(line.chosen[0]), axes.y(line.chosen[1])
        parts.append(f'<circle class="dot {kind}" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>')
    return axes.drawn(parts)


def _thinned(curve: Sequence[Point]) -> list[Point]:
    """At most a few points per pixel of recall: the first, the last, and both extremes."""
    columns: dict[int, list[Point]] = {}
    for point in curve:
        columns.setdefault(int(point[0] * 300), []).append(point)
    kept: list[Point] = []
    for column in columns.values():
        low, high = (pick(column, key=lambda p: p[1]) for pick in (min, max))
        kept.extend(p for p in column if p in (column[0], low, high, column[-1]))
    return kept


def reliability_plot(title: str, bins: Sequence[ReliabilityBin]) -> str:
    """Precision against confidence with 95 % Wilson intervals, over a histogram of the events."""
    axes = Axes(title)
    parts = _unit_frame(axes, "confidence", "share that is true")
    most = max((b.events for b in bins), default=1)
    for b in bins:
        begin = min(math.floor(b.confidence * BINS), BINS - 1) / BINS
        top = axes.y(_HISTOGRAM_SHARE * b.events / most)
        x, width = axes.x(begin) + 1, axes.x(1 / BINS) - axes.x(0) - 2
        parts.append(
            f'<rect class="count" x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" '
            f'height="{axes.y(0) - top:.1f}"><title>{b.events:,} events</title></rect>'
        )
    parts.append(_line(axes, (0, 0), (1, 1), "ideal"))
    for b in bins:
        low, high = wilson_interval(b.precision, b.events)
        parts.append(_line(axes, (b.confidence, low), (b.confidence, high), "whisker s0"))
    curve = axes.points((b.confidence, b.precision) for b in bins)
    parts.append(f'<polyline class="line s0" points="{curve}"/>')
    for b in bins:
        x, y = axes.x(b.confidence), axes.y(b.precision)
        parts.append(
            f'<circle class="dot s0" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>confidence '
            f"{b.confidence:.2f}: {b.precision:.2f} of {b.events:,} events are true"
            "</title></circle>"
        )
    return axes.drawn(parts)


def wilson_interval(share: float, count: int) -> Interval:
    """95 % score interval of a binomial share.

    Wilson, *Probable inference, the law of succession, and statistical inference*, JASA 22 (1927).
    """
    z2 = _LEVEL_Z**2
    centre = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = (
        _LEVEL_Z / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    )
    return max(0.0, centre - half), min(1.0, centre + half)


# Tolerances in frames stand together, those in seconds apart: they are no continuation.
_PLACES = tuple(n + 0.75 * tolerance.in_seconds + 0.4 for n, tolerance in enumerate(TOLERANCES))


def tolerance_plot(
    title: str, f1: Sequence[float], intervals: Sequence[Interval], trivial: Sequence[float]
) -> str:
    """F1 at every tolerance with its intervals, above that of the best trivial rule."""
    end = _PLACES[-1] + 0.4
    axes = Axes(title, x_end=end, width=236, height=176, left=26, right=6, top=8, bottom=34)
    parts = []
    for value in (0.0, 0.5, 1.0):
        parts.append(_line(axes, (0, value), (end, value), "grid"))
        parts.append(label(axes.left - 4, axes.y(value) + 4, f"{value:g}", anchor="end"))
    for seconds, unit in ((False, "frames"), (True, "ms")):
        chosen = [n for n, t in enumerate(TOLERANCES) if t.in_seconds is seconds]
        middle = sum(_PLACES[n] for n in chosen) / len(chosen)
        parts.append(label(axes.x(middle), axes.height - 4, unit, "axis"))
        for name, values in (("trivial", trivial), ("s0", f1)):
            curve = axes.points((_PLACES[n], values[n]) for n in chosen)
            parts.append(f'<polyline class="line {name}" points="{curve}"/>')
        for n in chosen:
            value = TOLERANCES[n].value * (1000 if seconds else 1)
            parts.append(label(axes.x(_PLACES[n]), axes.y(0) + 14, f"{value:.0f}"))
            low, high = intervals[n]
            parts.append(_line(axes, (_PLACES[n], low), (_PLACES[n], high), "whisker s0"))
            x, y = axes.x(_PLACES[n]), axes.y(f1[n])
            parts.append(
                f'<circle class="dot s0" cx="{x:.1f}" cy="{y:.1f}" r="3.5"><title>'
                f"{TOLERANCES[n]}: F1 {f1[n]:.3f} ({low:.2f} to {high:.2f}), best trivial rule "
                f"{trivial[n]:.3f}</title></circle>"
            )
    return axes.drawn(parts)
