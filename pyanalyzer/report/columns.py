"""Tables of lines: columns of cells, each as wide as its widest."""

from __future__ import annotations

from dataclasses import dataclass

from pyanalyzer.report import words
from pyanalyzer.report.palette import DIM, Line, Span
from pyanalyzer.report.words import Glyphs

GAP = "  "
BAR_CELLS = 6


@dataclass(frozen=True, slots=True)
class Column:
    """A title and a cell for each row; ``right``: aligned to the right."""

    title: str
    right: bool
    cells: list[Line]

    @property
    def width(self) -> int:
        """Of the widest cell, the title included."""
        return max(len(self.title), *(_width(cell) for cell in self.cells))


def columns_width(columns: list[Column]) -> int:
    """How long the rows are."""
    return sum(column.width for column in columns) + len(GAP) * (len(columns) - 1)


def rows_of(columns: list[Column]) -> list[Line]:
    """A line of titles, then one line per row."""
    widths = [column.width for column in columns]
    rows: list[list[Line]] = [[[(column.title, DIM)] for column in columns]]
    rows += [list(row) for row in zip(*(column.cells for column in columns), strict=True)]
    lines: list[Line] = []
    for cells in rows:
        line: Line = []
        for column, width, cell in zip(columns, widths, cells, strict=True):
            line += [*([(GAP, "")] if line else []), *_padded(cell, width, column.right)]
        lines.append(line)
    return lines


def confidence_cell(confidence: float, bar: bool, glyphs: Glyphs) -> Line:
    """A probability in percent, with a bar or without."""
    line: Line = [(f"{words.percent(confidence):>4}", "")]
    if bar:
        halves = round(2 * BAR_CELLS * confidence)
        filled = glyphs.bar * (halves // 2) + glyphs.half_bar * (halves % 2)
        line += [(" " + filled, ""), (glyphs.bar_track * (BAR_CELLS - len(filled)), DIM)]
    return line


def _width(cell: Line) -> int:
    return sum(len(text) for text, _ in cell)


def _padded(cell: Line, width: int, right: bool) -> Line:
    space: Span = (" " * (width - _width(cell)), "")
    return [space, *cell] if right else [*cell, space]
