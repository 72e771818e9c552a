"""The terminal's picture of a timeline as SVG, as the README shows it.

``python -m pyanalyzer.report.svg TIMELINE.json PICTURE.svg [--width COLUMNS]`` draws a timeline
that ``pyanalyzer REPLAY --json TIMELINE.json`` saved. The same timeline gives the same bytes.
"""

from __future__ import annotations

import argparse
import html
import io
import re
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
    picture = console.export_svg(title=title, unique_id="pyanalyzer")
    return _PADDED_TEXT.sub(_placed_text, picture).encode("utf-8")


# rich pads texts with no-break spaces on the left. Some renderers (librsvg) drop those, and the
# columns slide together; so the text is moved to where it begins instead.
_SPACE = "&#160;"
_PADDED_TEXT = re.compile(
    rf'<text class="([^"]*)" x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)" ([^>]*)>'
    rf"((?:{_SPACE})+)([^<]*)</text>"
)


def _placed_text(match: re.Match[str]) -> str:
    style, x, y, length, rest, padding, text = match.groups()
    if not text:
        return ""
    spaces = len(padding) // len(_SPACE)
    signs = spaces + len(html.unescape(text))
    x_px = float(x) + float(length) * spaces / signs
    length_px = float(length) * (signs - spaces) / signs
    return (
        f'<text class="{style}" x="{x_px:.1f}" y="{y}" textLength="{length_px:.1f}" {rest}>'
        f"{text}</text>"
    )


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
