"""``pyanalyzer report TIMELINE``: every output again, from a timeline that ``--json`` saved."""

from __future__ import annotations

import argparse
import sys

from pyanalyzer.commands import arguments
from pyanalyzer.commands.results import EXPORT_HELP, add_result_options, deliver, outputs_of

DESCRIPTION = """\
Shows a saved timeline or writes it in other formats. The replay is not analysed again; it need not
even be there."""
EXAMPLES = """\
examples:
  pyanalyzer replay.mp4 --json timeline.json           analyse once
  pyanalyzer report timeline.json                      the timeline, drawn in the terminal
  pyanalyzer report timeline.json --html report.html --embed
  pyanalyzer report timeline.json --export changes.srt --export changes.otio
  pyanalyzer report timeline.json --export resolve:markers.edl --min-confidence 0.8
  pyanalyzer report timeline.json --export elan:changes.eaf --replay /video/replay.mp4
"""


def prepare_parser(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this verb."""
    parser.usage = "pyanalyzer report TIMELINE [options]"
    parser.description = DESCRIPTION
    parser.epilog = f"{EXAMPLES}\n{EXPORT_HELP}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("saved", metavar="TIMELINE", help="a file that --json wrote")
    results = parser.add_argument_group("results")
    add_result_options(results)
    results.add_argument("--quiet", action="store_true", help="do not say what was written")
    listing = parser.add_argument_group("what is listed")
    listing.add_argument(
        "--min-confidence",
        metavar="P",
        type=arguments.number,
        help="events from this confidence, not below that of the saved timeline",
    )
    listing.add_argument(
        "--cause",
        choices=("player", "world", "all"),
        help="whose changes, of those that were saved (default: all of these)",
    )
    parser.add_argument_group("the replay").add_argument(
        "--replay",
        metavar="FILE",
        help="where the replay is now: must be the file that was analysed; exports point to it",
    )


def run(args: argparse.Namespace) -> int:
    """Reads the timeline and delivers the results; the exit code."""
    from pyanalyzer.commands.outputs import check_outputs
    from pyanalyzer.export.saved import at_replay, may_lack_events, narrowed, read_saved
    from pyanalyzer.report.frames_csv import check_frames

    outputs = outputs_of(args)
    shown = args.timeline or not outputs
    inputs = [path for path in (args.saved, args.replay) if path]
    check_outputs(outputs, inputs, shown)
    saved = read_saved(args.saved)
    if args.frames is not None:
        check_frames(saved)  # before anything is written
    if args.replay is not None:
        saved = at_replay(saved, args.replay)
    timeline = narrowed(saved, args.min_confidence, args.cause)
    if may_lack_events(saved, args.min_confidence):
        print(
            "pyanalyzer: warning: the timeline was saved with a threshold of its own; it may lack"
            f" events of confidence {args.min_confidence:g} and a little more",
            file=sys.stderr,
        )
    return deliver(timeline, outputs, shown=shown, quiet=args.quiet)
