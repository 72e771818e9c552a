"""Which results a verb delivers: the options that ask for them, and handing them over."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from pyanalyzer.commands import arguments
from pyanalyzer.commands.media import add_media_options, media_outputs
from pyanalyzer.errors import UsageError
from pyanalyzer.export.registry import format_table

if TYPE_CHECKING:
    from pyanalyzer.commands.outputs import Result
    from pyanalyzer.records import Timeline

EXPORT_HELP = f"""\
formats of --export (docs/exports.md):
{format_table()}
"""


def add_result_options(group: argparse._ArgumentGroup) -> None:
    """The options for results; ``outputs_of`` and ``deliver`` read them."""
    group.add_argument(
        "--timeline", action="store_true", help="print the timeline (also if nothing else is asked)"
    )
    group.add_argument("--json", metavar="FILE", help="write the timeline as JSON (- for stdout)")
    group.add_argument("--csv", metavar="FILE", help="write the events as CSV (- for stdout)")
    group.add_argument(
        "--frames",
        metavar="FILE",
        help="write what was measured in every frame as CSV (- for stdout)",
    )
    group.add_argument(
        "--plot", metavar="FILE", help="draw the timeline as a picture, .png or .svg"
    )
    group.add_argument(
        "--html", metavar="FILE", help="a page to look into: replay, timeline, table, statistics"
    )
    group.add_argument(
        "--embed", action="store_true", help="put the replay itself into the page of --html"
    )
    group.add_argument(
        "--cards",
        metavar="N",
        type=arguments.whole_number,
        help="pictures of before and after in that page, of the N likeliest changes (default: 60)",
    )
    group.add_argument(
        "--export",
        metavar="[FORMAT:]FILE",
        action="append",
        default=[],
        help="write the events for another tool, its format named or told by the extension, see"
        " below; can be given several times",
    )
    add_media_options(group)


def outputs_of(args: argparse.Namespace) -> list[Result]:
    """The files (or stdout) that the options ask for.

    Raises UsageError for a format that is not known, MissingLibraryError for one that cannot be
    written here, and what page_renderer does for a replay that no page can hold.
    """
    from pyanalyzer.commands.outputs import Output
    from pyanalyzer.export.registry import check_export, parse_export
    from pyanalyzer.report.csv_report import csv_report
    from pyanalyzer.report.frames_csv import frames_csv
    from pyanalyzer.report.json_report import json_report

    wanted = (
        ("--json", args.json, json_report),
        ("--csv", args.csv, csv_report),
        ("--frames", args.frames, frames_csv),
    )
    outputs: list[Result] = [
        Output(option, path, render) for option, path, render in wanted if path is not None
    ]
    if args.plot is not None:
        from pyanalyzer.report.plot import plot_renderer

        outputs.append(Output("--plot", args.plot, plot_renderer(args.plot)))
    if args.html is not None:
        from pyanalyzer.page.render import DEFAULT_CARDS, page_renderer

        cards = DEFAULT_CARDS if args.cards is None else args.cards
        render = page_renderer(args.html, embed=args.embed, cards=cards, replay=args.replay)
        outputs.append(Output("--html", args.html, render))
    elif args.embed or args.cards is not None:
        option = "--embed" if args.embed else "--cards"
        raise UsageError(f"{option} says what is in the page of --html: give --html FILE too")
    for text in args.export:
        export = parse_export(text)
        check_export(export)
        outputs.append(Output(f"--export {text}", export.path, _as_saved(export.format.render)))
    return [*outputs, *media_outputs(args)]


def _as_saved(render: Callable[[Timeline], bytes]) -> Callable[[Timeline], bytes]:
    """Of the numbers that JSON keeps: an export is the same now and from the saved timeline."""
    from pyanalyzer.report.json_report import rounded_timeline

    return lambda timeline: render(rounded_timeline(timeline))


def deliver(timeline: Timeline, outputs: list[Result], *, shown: bool, quiet: bool) -> int:
    """Writes the results, shows the timeline if asked to; the exit code."""
    from pyanalyzer.commands.outputs import deliver_outputs, show_timeline

    on_stdout = any(output.path == "-" for output in outputs)
    failures = deliver_outputs(timeline, outputs)
    if shown or (failures and not on_stdout):  # what could not be written is not lost
        show_timeline(timeline)
    else:
        say_what_was_done(timeline, outputs, quiet=quiet)
    for failure in failures:
        print(f"pyanalyzer: error: {failure}", file=sys.stderr)
    return max((failure.exit_code for failure in failures), default=0)


def say_what_was_done(timeline: Timeline, outputs: list[Result], *, quiet: bool) -> None:
    """On stderr, where the timeline itself is not shown: its warnings, and what was written."""
    from pyanalyzer.report.words import counted, printable

    for warning in timeline.warnings:
        print(f"pyanalyzer: warning: {printable(warning)}", file=sys.stderr)
    files = " and ".join(output.path for output in outputs if output.path != "-")
    if files and not quiet:
        found = counted(len(timeline.events), "event")
        print(f"pyanalyzer: {found} written to {printable(files)}", file=sys.stderr)
