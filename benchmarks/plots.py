"""Pictures of saved figures: ``python -m benchmarks.plots FIGURES.json``.

--roofline FILE draws how fast the native kernels do their arithmetic, over how much of it they do
per byte that must move, under what the memory allows (Williams, Waterman and Patterson, CACM 2009).
--chart FILE draws whole runs beside plain decoding, as the README shows them. Both by matplotlib,
as PNG or SVG by the file's ending; the same figures give the same bytes.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import jsonschema
import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.results import SCHEMA_FILE
from benchmarks.whole import FAST, PLAIN, TOOL
from pyanalyzer.atomic_file import write_atomically
from pyanalyzer.errors import OutputError, PyanalyzerError, ReplayError
from pyanalyzer.report.palette import DIM, kind_style

FORMATS = ("png", "svg")
DPI = 160
SIZE = "1080p"  # of the kernels' pictures
OURS, OTHERS, MEMORY = kind_style("view"), DIM, kind_style("cut")
# Where a label is put so that it does not lie on others: to the left of its point, or above.
_LABELS_LEFT = frozenset(("align", "warp"))
_LABELS_UP = frozenset(("difference and block motion",))
_ROOFS = (
    ("picture_copy_bytes_s", "a plain copy of a 1080p picture (100 %)", "-"),
    ("copy_bytes_s", "a plain copy of what no cache holds", "--"),
)

Figures = Mapping[str, Any]


def read_figures(path: Path) -> Figures:
    """What ``--json`` wrote. Raises ReplayError where it is no such file."""
    try:
        figures: Figures = json.loads(path.read_text(encoding="utf-8"))
        jsonschema.validate(figures, json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
    except OSError as error:
        raise ReplayError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, jsonschema.ValidationError) as error:
        said = str(error).splitlines()[0]
        raise ReplayError(f"{path}: expected what benchmarks --json wrote ({said})") from error
    return figures


def roofline(figures: Figures, image_format: str) -> bytes:
    """The native kernels at 1080p, one thread. Raises ReplayError where they were not measured."""
    rows = [
        row
        for row in figures.get("kernels", [])
        if row["size"] == SIZE and row["contestant"] == "native" and row["operations"]
    ]
    if not rows or not all(name in figures for name, _, _ in _ROOFS):
        raise ReplayError(
            "these figures hold no kernels: measure with python -m benchmarks kernels"
        )
    points = [(row["operations"] / row["traffic_bytes"], _giga_operations(row)) for row in rows]
    figure = Figure(figsize=(7, 4.2), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    span = min(x for x, _ in points) / 2, max(x for x, _ in points) * 2
    for name, said, style in _ROOFS:
        roof_gb_s = figures[name] / 1e9
        label = f"{said}: {roof_gb_s:.1f} GB/s"
        axes.plot(span, [x * roof_gb_s for x in span], style, color=MEMORY, lw=1.2, label=label)
    axes.legend(loc="upper left", frameon=False)
    for row, (x, y) in zip(rows, points, strict=True):
        axes.plot(x, y, "o", color=OURS)
        reached = y / (x * figures["picture_copy_bytes_s"] / 1e9)
        left, up = row["step"] in _LABELS_LEFT, row["step"] in _LABELS_UP
        label = f"{row['step']} ({reached:.0%})"
        axes.annotate(
            label,
            (x, y),
            (-6 if left else 6, 6 if up else -12),
            textcoords="offset points",
            ha="right" if left else "left",
        )
    axes.set(xscale="log", yscale="log", xlim=span)
    axes.set_ylim(bottom=min(y for _, y in points) / 2)
    axes.set_xlabel("least arithmetic per byte that must move, operations")
    axes.set_ylabel("10⁹ operations per second")
    axes.grid(which="major", lw=0.4)
    axes.set_title(f"Kernels at {SIZE}, one thread, {_host(figures)}", loc="left", fontsize=9)
    return _saved(figure, image_format)


def _giga_operations(row: Mapping[str, Any]) -> float:
    return float(row["operations"] / row["timing"]["median_s"] / 1e9)


def chart(figures: Figures, image_format: str) -> bytes:
    """Wall time over that of plain decoding, a panel a film. Raises ReplayError where no film was
    measured."""
    films: dict[str, list[Mapping[str, Any]]] = {}
    for row in figures.get("whole", []):
        films.setdefault(row["film"], []).append(row)
    whole = {film: rows for film, rows in films.items() if _plain(rows)}
    if not whole:
        raise ReplayError("these figures hold no films: measure with python -m benchmarks films")
    ratios = {film: _ratios(rows) for film, rows in whole.items()}
    names = list(dict.fromkeys(name for found in ratios.values() for name in found))
    longest = max(value for found in ratios.values() for value in found.values())
    figure = Figure(figsize=(9, 0.9 + 0.24 * len(names)), dpi=DPI, layout="constrained")
    panels = figure.subplots(1, len(whole), squeeze=False, sharey=True)[0]
    for axes, (film, found) in zip(panels, ratios.items(), strict=True):
        axes.axvline(1, color=MEMORY, lw=1, zorder=0)
        for name in reversed(names):  # the first one on top
            value = found.get(name, 0.0)
            drawn = axes.barh([name], [value], color=OURS if name in (TOOL, FAST) else OTHERS)
            label = f"{value:.2f} x" if name in found else "not measured"
            axes.bar_label(drawn, [label], padding=4, bbox={"fc": "white", "ec": "none", "pad": 1})
        axes.set_xlim(0, 1.3 * longest)
        axes.set_title(film, loc="left", fontsize=9)
        axes.tick_params(axis="both", length=0)
        axes.tick_params(axis="x", labelbottom=False)
        axes.spines[["top", "right", "bottom"]].set_visible(False)
    figure.suptitle(
        f"Wall time / plain decoding's, less is better; {_host(figures)}",
        x=0.01,
        ha="left",
        fontsize=9,
    )
    return _saved(figure, image_format)


def _ratios(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Of each contestant, the quickest first, its time over plain decoding's."""
    plain = _plain(rows)
    ratios = {row["contestant"]: _per_video_s(row) / _per_video_s(plain) for row in rows}
    return dict(sorted(ratios.items(), key=lambda pair: pair[1]))


def _plain(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next((row for row in rows if row["contestant"] == PLAIN), None)


def _per_video_s(row: Mapping[str, Any] | None) -> float:
    assert row is not None
    return float(row["timing"]["median_s"] / row["video_s"])


def _host(figures: Figures) -> str:
    host = figures["host"]
    return f"{host['processor']}, {host['cores']} cores, commit {host['commit']}"


def _saved(figure: Figure, image_format: str) -> bytes:
    buffer = io.BytesIO()
    metadata: dict[str, Any] = {"Date": None} if image_format == "svg" else {"Software": None}
    figure.savefig(buffer, format=image_format, metadata=metadata)
    return buffer.getvalue()


def main(argv: Sequence[str] | None = None) -> int:
    """Reads saved figures and writes their pictures; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.plots",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("figures", type=Path, help="what python -m benchmarks --json wrote")
    parser.add_argument("--roofline", metavar="FILE")
    parser.add_argument("--chart", metavar="FILE")
    args = parser.parse_args(argv)
    asked = [(roofline, args.roofline), (chart, args.chart)]
    try:
        figures = read_figures(args.figures)
        with mpl.rc_context({"svg.hashsalt": "pyanalyzer", "svg.fonttype": "none", "font.size": 8}):
            for draw, path in asked:
                if path is not None:
                    write_atomically(path, draw(figures, _format_of(path)))
    except PyanalyzerError as error:
        print(f"benchmarks: error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _format_of(path: str) -> str:
    ending = PurePath(path).suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        raise OutputError(f"{path}: expected a name that ends in .png or .svg")
    return ending


if __name__ == "__main__":
    sys.exit(main())
