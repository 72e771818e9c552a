"""``pyanalyzer compare BEFORE AFTER``: what changed between two still pictures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pyanalyzer.commands import arguments

if TYPE_CHECKING:
    from pyanalyzer.commands.outputs import Output
    from pyanalyzer.records import U8
    from pyanalyzer.stills.records import Comparison

DESCRIPTION = """\
Finds what changed between two still pictures of one scene, such as screenshots or photographs: what
appeared, vanished, moved, or is another now. Shifts, small turns and zooms of the view, brightness,
contrast, blur, noise and compression are not changes. The pictures may be of different sizes."""
EXAMPLES = """\
examples:
  pyanalyzer compare before.png after.png                   the changes, in the terminal
  pyanalyzer compare before.png after.jpg --out diff.png    drawn over the second picture
  pyanalyzer compare before.png after.png --json - --min-confidence 0.8
exit code: 0 also if something changed; 1 if the pictures cannot be read or aligned
"""


def prepare_parser(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this verb."""
    parser.usage = "pyanalyzer compare BEFORE AFTER [options]"
    parser.description = DESCRIPTION
    parser.epilog = EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("before", metavar="BEFORE", help="the first picture (PNG, JPEG, WebP ...)")
    parser.add_argument("after", metavar="AFTER", help="the second picture")
    results = parser.add_argument_group("results")
    results.add_argument("--out", metavar="FILE", help="draw the changes, as .png or .jpg")
    results.add_argument("--json", metavar="FILE", help="write them as JSON (- for stdout)")
    results.add_argument("--html", metavar="FILE", help="write a page to look at them")
    results.add_argument("--quiet", action="store_true", help="print no table")
    parser.add_argument(
        "--min-confidence",
        metavar="P",
        type=arguments.number,
        default=0.5,
        help="list changes that are at least so sure (default: 0.5)",
    )
    parser.add_argument(
        "--weights", metavar="FILE", type=Path, help="another network than the shipped one"
    )


def run(args: argparse.Namespace) -> int:
    """Compares and delivers; the exit code."""
    from pyanalyzer.commands.outputs import check_outputs, deliver_outputs
    from pyanalyzer.errors import UsageError
    from pyanalyzer.stills.read import read_pictures

    if not 0.0 <= args.min_confidence <= 1.0:
        raise UsageError(f"--min-confidence is a probability, 0 to 1, not {args.min_confidence:g}")
    outputs = _outputs(args)
    shown = not args.quiet and all(output.path != "-" for output in outputs)
    check_outputs(outputs, [args.before, args.after], shown)
    before, after = read_pictures([args.before, args.after])
    comparison = _compared(args, before, after)
    if shown:
        _show(comparison)
    failures = deliver_outputs(comparison, outputs)
    for failure in failures:
        print(f"pyanalyzer: error: {failure}", file=sys.stderr)
    return max((failure.exit_code for failure in failures), default=0)


def _compared(args: argparse.Namespace, before: U8, after: U8) -> Comparison:
    from pyanalyzer.score.load_stills import load_for_stills
    from pyanalyzer.stills.compare import compare
    from pyanalyzer.weights import STILLS_SHA256, stills_path

    if args.weights is None:
        model = load_for_stills(stills_path(), expected_sha256=STILLS_SHA256)
    else:
        model = load_for_stills(args.weights)
    return compare(
        before,
        after,
        model,
        names=(args.before, args.after),
        min_confidence=args.min_confidence,
    )


def _outputs(args: argparse.Namespace) -> list[Output]:
    from pyanalyzer.commands.outputs import Output
    from pyanalyzer.errors import UsageError

    wanted: list[tuple[str, str | None, Callable[[Comparison], bytes]]] = [
        ("--json", args.json, _json),
        ("--html", args.html, _html),
        ("--out", args.out, _png),
    ]
    if args.out is not None:
        suffix = Path(args.out).suffix.lower()
        if suffix in (".jpg", ".jpeg"):
            wanted[2] = ("--out", args.out, _jpeg)
        elif suffix != ".png" and args.out != "-":
            raise UsageError(f"--out draws a .png or .jpg, not {args.out}")
    return [Output(option, path, render) for option, path, render in wanted if path is not None]


def _json(comparison: Comparison) -> bytes:
    from pyanalyzer.stills.json_report import comparison_json

    return comparison_json(comparison)


def _html(comparison: Comparison) -> bytes:
    from pyanalyzer.stills.html_report import comparison_html

    return comparison_html(comparison)


def _png(comparison: Comparison) -> bytes:
    from pyanalyzer.stills.draw import draw_changes, png_bytes

    return png_bytes(draw_changes(comparison))


def _jpeg(comparison: Comparison) -> bytes:
    from pyanalyzer.stills.draw import draw_changes, jpeg_bytes

    return jpeg_bytes(draw_changes(comparison))


def _show(comparison: Comparison) -> None:
    """The table, drawn on a terminal, plain otherwise."""
    from pyanalyzer.commands.outputs import show_lines
    from pyanalyzer.stills.text_report import comparison_lines

    show_lines(lambda width, glyphs: comparison_lines(comparison, width, glyphs))
