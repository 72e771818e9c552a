"""A comparison for a person to read: what was compared, and a line for each change."""

from __future__ import annotations

import math
import textwrap

from pyanalyzer.records import Region
from pyanalyzer.report import words
from pyanalyzer.report.columns import Column, columns_width, confidence_cell, rows_of
from pyanalyzer.report.palette import DIM, STRONG, WARNING, Line, kind_style
from pyanalyzer.report.words import Glyphs
from pyanalyzer.stills.records import Change, ChangeKind, Comparison

MIN_WIDTH_COLUMNS = 56
_DETAILS = ("from", "bar", "position")  # left out, one after the other, until a row fits
# The colours of the timeline's kinds, which people with any colour vision tell apart.
KIND_STYLES: dict[ChangeKind, str] = {
    "appeared": kind_style("effect"),
    "vanished": kind_style("cut"),
    "moved": kind_style("view"),
    "changed": kind_style("avatar"),
}


def comparison_lines(comparison: Comparison, width_columns: int, glyphs: Glyphs) -> list[Line]:
    """The report in lines of ``width_columns`` (at least MIN_WIDTH_COLUMNS)."""
    width = max(width_columns, MIN_WIDTH_COLUMNS) - 2
    lines: list[Line] = [_title(comparison, width, glyphs)]
    lines += [[(text, DIM)] for text in textwrap.wrap(alignment_text(comparison, glyphs), width)]
    for note in comparison.notes:
        folded = textwrap.wrap(glyphs.warning + words.printable(note), width)
        lines += [[(text, WARNING)] for text in folded]
    lines += [[], *_table(comparison, width, glyphs), []]
    return [[(" ", ""), *line] if line else [] for line in lines]


def alignment_text(comparison: Comparison, glyphs: Glyphs) -> str:
    """How the second picture looks at the scene, against the first."""
    alignment = comparison.alignment
    if alignment.method == "flat" or _is_still(comparison):
        seen = "the view has not moved"
    else:
        dx, dy, scale, angle_deg = view_motion(comparison)
        parts = [f"moved {dx:+.1f}, {dy:+.1f} px"]
        if abs(angle_deg) >= 0.05:
            parts.append(f"turned {angle_deg:+.1f} deg")
        if abs(scale - 1) >= 0.002:
            parts.append(f"scaled {glyphs.times}{scale:.3f}")
        seen = "the view " + ", ".join(parts)
    share = words.percent(alignment.share)
    return f"{seen}{glyphs.separator}{share} of the scene's parts are recognised"


def view_motion(comparison: Comparison) -> tuple[float, float, float, float]:
    """How the scene moved at the picture's centre: dx and dy in px, scale, rotation in degrees
    (clockwise)."""
    width, height = comparison.before_size_px
    motion = comparison.alignment.matrix
    centre = ((width - 1) / 2, (height - 1) / 2, 1.0)
    x, y, w = motion @ centre
    right = motion @ (centre[0] + 1, centre[1], 1.0)
    down = motion @ (centre[0], centre[1] + 1, 1.0)
    ax, ay = right[0] / right[2] - x / w, right[1] / right[2] - y / w
    bx, by = down[0] / down[2] - x / w, down[1] / down[2] - y / w
    scale = math.sqrt(abs(ax * by - ay * bx))
    w2, h2 = comparison.after_size_px
    dx, dy = float(x / w) - (w2 - 1) / 2, float(y / w) - (h2 - 1) / 2
    return dx, dy, scale, math.degrees(math.atan2(ay, ax))


def headline(comparison: Comparison) -> str:
    """How many changes, in words."""
    count = len(comparison.changes)
    return "No change was found" if not count else f"{words.counted(count, 'change')}"


def _is_still(comparison: Comparison) -> bool:
    dx, dy, scale, angle_deg = view_motion(comparison)
    return max(abs(dx), abs(dy)) < 0.05 and abs(scale - 1) < 0.0005 and abs(angle_deg) < 0.02


def _title(comparison: Comparison, width: int, glyphs: Glyphs) -> Line:
    arrow = glyphs.becomes
    half = (width - len(arrow)) // 2
    before, after = (
        words.shortened(words.printable(path), half, glyphs)
        for path in (comparison.before_path, comparison.after_path)
    )
    w, h = comparison.after_size_px
    size = f"  {w}{glyphs.times}{h}"
    line: Line = [(before, STRONG), (arrow, DIM), (after, STRONG)]
    if len(before) + len(arrow) + len(after) + len(size) <= width:
        line.append((size, DIM))
    return line


def _table(comparison: Comparison, width: int, glyphs: Glyphs) -> list[Line]:
    if not comparison.changes:
        hint = f"with a confidence of {words.percent(comparison.min_confidence)} or more"
        return [[(headline(comparison), STRONG), (f" {hint}.", "")]]
    for dropped in range(len(_DETAILS) + 1):
        columns = _columns(comparison, set(_DETAILS[dropped:]), glyphs)
        if columns_width(columns) <= width:
            break
    return [[(headline(comparison), STRONG)], [], *rows_of(columns)]


def _columns(comparison: Comparison, details: set[str], glyphs: Glyphs) -> list[Column]:
    changes = comparison.changes
    w, h = comparison.after_size_px
    columns = [
        Column("#", True, [[(str(i), DIM)] for i in range(1, len(changes) + 1)]),
        Column("kind", False, [[(c.kind, KIND_STYLES[c.kind])] for c in changes]),
        Column("where", False, [[(words.place(c.region, w, h), "")] for c in changes]),
        Column("size px", False, [[(_size(c.region, glyphs), "")] for c in changes]),
    ]
    if "position" in details:
        cells: list[Line] = [[(f"{c.region.x_px},{c.region.y_px}", DIM)] for c in changes]
        columns.append(Column("at", False, cells))
    if "from" in details and any(c.from_region for c in changes):
        columns.append(Column("moved", False, [[(moved(c, glyphs), "")] for c in changes]))
    bars = [confidence_cell(c.confidence, "bar" in details, glyphs) for c in changes]
    columns.append(Column("confidence" if "bar" in details else "conf", False, bars))
    return columns


def _size(region: Region, glyphs: Glyphs) -> str:
    return f"{region.w_px}{glyphs.times}{region.h_px}"


def moved(change: Change, glyphs: Glyphs) -> str:
    """Direction and way of something that moved, ``→ 120 px``; empty for all else."""
    if change.from_region is None:
        return ""
    a, b = change.from_region, change.region
    dx = b.x_px + b.w_px / 2 - a.x_px - a.w_px / 2
    dy = b.y_px + b.h_px / 2 - a.y_px - a.h_px / 2
    eighth = round(math.atan2(dy, dx) / (math.pi / 4)) % 8
    return f"{glyphs.arrows[eighth]} {math.hypot(dx, dy):.0f} px"
