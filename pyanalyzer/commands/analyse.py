"""``pyanalyzer [analyse] REPLAY``: the timeline of a replay."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any

from pyanalyzer.commands import arguments
from pyanalyzer.commands.results import EXPORT_HELP, add_result_options, deliver, outputs_of

if TYPE_CHECKING:
    from rich.console import Console

    from pyanalyzer.pipeline import EventCallback
    from pyanalyzer.records import Timeline
    from pyanalyzer.settings import AnalysisSettings

DESCRIPTION = "Finds when and where on the screen the player's action changed in a replay."
EXAMPLES = """\
examples:
  pyanalyzer replay.mp4 --timeline               the timeline, drawn in the terminal
  pyanalyzer replay.mp4 --json events.json       the same as data, "-" for standard output
  pyanalyzer replay.mp4 --follow                 events as they are found, one line each
  pyanalyzer replay.mp4 --html report.html       a page to look into, in any browser
  pyanalyzer replay.mp4 --export changes.srt     for another tool: here subtitles
  pyanalyzer replay.mp4 --annotate seen.mp4      the replay with the changes drawn into it
  pyanalyzer replay.mkv --start 1:30 --end 2:00  only a part of the replay
  pyanalyzer replay.mp4 --region 0,0,1920,900    without the bar at the bottom of the screen
  pyanalyzer replay.mp4 --false-alarms 2         as many events as two false ones a minute allow
"""


def prepare_parser(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this verb."""
    parser.usage = "pyanalyzer [analyse] REPLAY [options]"
    parser.description = DESCRIPTION
    parser.epilog = f"{EXAMPLES}\n{EXPORT_HELP}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("replay", metavar="REPLAY", help="a video file of gameplay")
    results = parser.add_argument_group("results")
    add_result_options(results)
    results.add_argument(
        "--follow",
        action="store_true",
        help="print events as soon as they are certain, those of the first 10 s from less of the "
        "replay than without it; as JSON Lines with --export jsonl:-",
    )
    results.add_argument(
        "--show", action="store_true", help="a window with what is looked at, during the analysis"
    )
    results.add_argument("--quiet", action="store_true", help="show no progress")
    add_part_options(parser.add_argument_group("what is looked at"))
    add_listing_options(parser.add_argument_group("what is listed"))
    add_method_options(parser.add_argument_group("how it is done"))


def add_part_options(group: argparse._ArgumentGroup) -> None:
    """Which part of the replay, and of its picture."""
    group.add_argument(
        "--start", metavar="TIME", type=arguments.time_s, help="seconds or [h:]m:s, from the start"
    )
    group.add_argument(
        "--end", metavar="TIME", type=arguments.time_s, help="the first moment not looked at"
    )
    group.add_argument(
        "--region", metavar="X,Y,W,H", type=arguments.box, help="a box of the picture, in px"
    )
    group.add_argument("--mask", metavar="FILE", help="a picture, black where not to look")


def add_listing_options(group: argparse._ArgumentGroup) -> None:
    """Which events the timeline lists."""
    group.add_argument(
        "--min-confidence", metavar="P", type=arguments.number, help="events from this confidence"
    )
    group.add_argument(
        "--false-alarms",
        metavar="N",
        type=arguments.number,
        help="as many events as N false ones per minute allow",
    )
    group.add_argument(
        "--cause",
        choices=("player", "world", "all"),
        default="player",
        help="whose changes (default: the player's)",
    )


def add_method_options(group: argparse._ArgumentGroup) -> None:
    """How the answer is computed; ``core`` and ``threads`` leave it as it is."""
    group.add_argument(
        "--fast",
        action="store_true",
        help="of more than 45 frames a second look at some only, and decode no more than that "
        "takes, without smoothing block borders; reduce large pictures further; look at no frame "
        "twice: quicker, less exact",
    )
    group.add_argument(
        "--core",
        choices=("native", "reference"),
        default="native",
        help="the compiled core, or its definition in NumPy: the same answer, much slower",
    )
    group.add_argument(
        "--threads", metavar="N", type=arguments.whole_number, help="default: one per core"
    )
    group.add_argument("--weights", metavar="FILE", help="weights of the network to use instead")


def run(args: argparse.Namespace) -> int:
    """Analyses the replay and delivers the results; the exit code."""
    _spare_the_process()

    from pyanalyzer.commands.outputs import check_outputs

    settings = settings_of(args)
    if args.follow:
        return _follow(args, settings)
    outputs = outputs_of(args)
    shown = args.timeline or not outputs
    check_outputs(outputs, _inputs(args), shown)
    timeline = analyse_with_progress(args.replay, settings, quiet=args.quiet, show=args.show)
    return deliver(timeline, outputs, shown=shown, quiet=args.quiet)


def _spare_the_process() -> None:
    """To be called before libraries are loaded."""
    # No step of an analysis multiplies matrices with NumPy, whose library starts a thread for every
    # processor as it is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _inputs(args: argparse.Namespace) -> list[str]:
    return [path for path in (args.replay, args.mask, args.weights) if path]


def _follow(args: argparse.Namespace, settings: AnalysisSettings) -> int:
    """Writes events while the replay is analysed, then what else was asked for; the exit code."""
    from pyanalyzer.commands import following
    from pyanalyzer.commands.outputs import check_outputs
    from pyanalyzer.errors import UsageError

    as_lines = following.followed_exports(args.export)
    if as_lines and args.timeline:
        raise UsageError(f"--timeline and --export {as_lines[0]} would both go to standard output")
    args.export = [text for text in args.export if text not in as_lines]
    outputs = outputs_of(args)
    check_outputs(
        outputs, _inputs(args), args.timeline, f"--export {as_lines[0]}" if as_lines else "--follow"
    )
    console = None if as_lines else following.drawn_console()
    rows = None if as_lines else following.RowWriter(console, world=args.cause != "player")
    follower = following.Follower(rows or following.write_json_line, must_go_on=bool(outputs))
    # A bar must share the console of the rows; what reads a pipe may write to the same terminal.
    quiet = args.quiet or console is None
    timeline = analyse_with_progress(
        args.replay, settings, quiet=quiet, console=console, on_event=follower, show=args.show
    )
    if rows is not None and not args.timeline:
        rows.end(timeline)
    code = deliver(timeline, outputs, shown=args.timeline, quiet=args.quiet)
    follower.finish()
    return code


def settings_of(args: argparse.Namespace) -> AnalysisSettings:
    """The settings that the options ask for. Raises UsageError."""
    from pyanalyzer.records import Region
    from pyanalyzer.settings import AnalysisSettings

    return AnalysisSettings(
        core=args.core,
        threads=args.threads,
        start_s=args.start,
        end_s=args.end,
        region=None if args.region is None else Region(*args.region),
        mask=args.mask,
        min_confidence=args.min_confidence,
        false_alarms_per_min=args.false_alarms,
        cause=args.cause,
        weights=args.weights,
        fast=args.fast,
        follow=args.follow,
    )


def analyse_with_progress(
    path: str,
    settings: AnalysisSettings,
    *,
    quiet: bool,
    console: Console | None = None,
    on_event: EventCallback | None = None,
    show: bool = False,
) -> Timeline:
    """The analysis, with a progress bar on ``console``, or on stderr if that is a terminal, unless
    ``quiet``. ``on_event``: as of :func:`pyanalyzer.pipeline.analyse`. ``show``: with a preview in
    a window; raises OutputError at once where none can be opened."""
    watch = None
    if show:
        from pyanalyzer.annotate.window import Preview, check_screen

        check_screen()
        watch = Preview()
    bar: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()
    if not quiet and (console is not None or sys.stderr.isatty()):
        from rich.console import Console

        from pyanalyzer.report.progress import ProgressBar

        bar = ProgressBar(console or Console(file=sys.stderr))
    with bar as progress:
        from pyanalyzer.pipeline import analyse  # seconds: it loads the network's library

        try:
            return analyse(path, settings, progress, on_event=on_event, watch=watch)
        finally:
            if watch is not None:
                watch.close()
