"""The terminal's picture of a timeline as SVG, as the README shows it.

``python -m pyanalyzer.report.svg TIMELINE.json PICTURE.svg [--width COLUMNS]`` draws a timeline
that ``pyanalyzer REPLAY --json TIMELINE.json`` saved. The same timeline gives the same bytes.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence

from pyanalyzer.atomic_file import write_atomically
from pyanalyzer.errors import PyanalyzerError
from pyanalyzer.records import Timeline
from pyanalyzer.report.json_report import read_timeline
from pyanalyzer.report.terminal import print_report

DEFAULT_WIDTH_COLUMNS = 104


def svg_report(timeline: Timeline, width_columns: int = DEFAULT_WIDTH_COLUMNS) -> bytes:
    """The report, as a terminal of that width draws it, in a window's frame."""
    from rich.console import Console

    console = Console(
        record=True,
        file=io.StringIO(),
        width=width_columns,
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        legacy_windows=False,
    )
    print_report(timeline, console)
    title = f"pyanalyzer {timeline.video.path} --timeline"
    return console.export_svg(title=title, unique_id="pyanalyzer").encode("utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Reads a saved timeline and writes its picture; the exit code."""
    parser = argparse.ArgumentParser(prog="pyanalyzer.report.svg", description=__doc__)
    parser.add_argument("timeline", help="what pyanalyzer --json wrote")
    parser.add_argument("picture", help="the SVG to write")
    parser.add_argument("--width", type=int, default=DEFAULT_WIDTH_COLUMNS, metavar="COLUMNS")
    arguments = parser.parse_args(argv)
    try:
        picture = svg_report(read_timeline(arguments.timeline), arguments.width)
        write_atomically(arguments.picture, picture)
    except PyanalyzerError as error:
        print(f"pyanalyzer: error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
