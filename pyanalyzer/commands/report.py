"""``pyanalyzer report TIMELINE``: every output again, from a timeline that ``--json`` saved."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from pyanalyzer.commands import arguments
from pyanalyzer.commands.media import needs_replay
from pyanalyzer.commands.results import EXPORT_HELP, add_result_options, deliver, outputs_of

if TYPE_CHECKING:
    from pyanalyzer.records import Timeline

DESCRIPTION = """\
Shows a saved timeline or writes it in other formats. The replay is not analysed again; it need not
even be there, unless pictures of it are asked for."""
EXAMPLES = """\
examples:
  pyanalyzer replay.mp4 --json timeline.json           analyse once
  pyanalyzer report timeline.json                      the timeline, drawn in the terminal
  pyanalyzer report timeline.json --html report.html --embed
  pyanalyzer report timeline.json --export changes.srt --export changes.otio
  pyanalyzer report timeline.json --export resolve:markers.edl --min-confidence 0.8
  pyanalyzer report timeline.json --export elan:changes.eaf --replay /video/replay.mp4
  pyanalyzer report timeline.json --annotate seen.mp4 --clips moments --thumbnails pictures
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
        "--false-alarms",
        metavar="N",
        type=arguments.number,
        help="as many events as N false ones per minute allow, none but those that were saved",
    )
    listing.add_argument(
        "--cause",
        choices=("player", "world", "all"),
        help="whose changes, of those that were saved (default: all of these)",
    )
    parser.add_argument_group("the replay").add_argument(
        "--replay",
        metavar="FILE",
        help="where the replay is now: must be the file that was analysed",
    )


def run(args: argparse.Namespace) -> int:
    """Reads the timeline and delivers the results; the exit code."""
    from pyanalyzer.commands.outputs import check_outputs
    from pyanalyzer.export.saved import may_lack_events, narrowed, read_saved
    from pyanalyzer.report.frames_csv import check_frames

    outputs = outputs_of(args)
    shown = args.timeline or not outputs
    saved = read_saved(args.saved)
    replay = args.replay or (saved.video.path if needs_replay(args) else None)
    check_outputs(outputs, [path for path in (args.saved, replay) if path], shown)
    if args.frames is not None:
        check_frames(saved)  # before anything is written
    if replay is not None:
        saved = _at(saved, replay, named=args.replay is not None)
    timeline = narrowed(saved, args.min_confidence, args.cause, args.false_alarms)
    if may_lack_events(saved, timeline):
        print(
            "pyanalyzer: warning: the timeline was saved with a threshold of its own; it may lack"
            f" events {_asked(args)}",
            file=sys.stderr,
        )
    return deliver(timeline, outputs, shown=shown, quiet=args.quiet)


def _asked(args: argparse.Namespace) -> str:
    if args.min_confidence is not None:
        return f"of confidence {args.min_confidence:g} and a little more"
    return f"that {args.false_alarms:g} false alarms a minute allow"


def _at(saved: Timeline, replay: str, *, named: bool) -> Timeline:
    """The timeline of the replay that lies there. Raises ReplayError where it does not."""
    from pyanalyzer.errors import ReplayError
    from pyanalyzer.export.saved import at_replay

    if not named and not os.path.exists(replay):
        raise ReplayError(
            f"the replay is not where it was analysed, at {replay}: say where it is now,"
            " --replay FILE"
        )
    return at_replay(saved, replay)
