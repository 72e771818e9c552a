"""Results in pictures: the annotated replay, clips, thumbnails; and the preview."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyanalyzer.errors import UsageError

if TYPE_CHECKING:
    from pyanalyzer.commands.outputs import Result
    from pyanalyzer.records import Timeline
    from pyanalyzer.settings import Progress

    Write = Callable[[Timeline, str, Callable[[Progress], None] | None], object]


def add_media_options(group: argparse._ArgumentGroup) -> None:
    """The options for pictures; ``media_outputs`` reads them."""
    group.add_argument(
        "--annotate",
        metavar="FILE",
        help="write the replay with its events drawn into it: .mp4, .mov, .mkv or .webm",
    )
    group.add_argument(
        "--clips", metavar="DIR", help="cut the moments around changes into videos in this folder"
    )
    group.add_argument(
        "--plain-clips", action="store_true", help="with --clips: draw nothing into them"
    )
    group.add_argument(
        "--thumbnails",
        metavar="DIR",
        help="write a picture of each change, and contact sheets, into this folder",
    )


def needs_replay(args: argparse.Namespace) -> bool:
    """Whether these results are made from the replay's pictures."""
    return any((args.annotate, args.clips, args.thumbnails))


def media_outputs(args: argparse.Namespace) -> list[Result]:
    """What the options ask for. Raises UsageError for names that cannot be."""
    if args.plain_clips and args.clips is None:
        raise UsageError("--plain-clips says how --clips are cut: give --clips DIR too")
    found: list[Result] = []
    if args.annotate is not None:
        from pyanalyzer.annotate.movie import movie_format

        movie_format(args.annotate, "--annotate")
        found.append(MediaOutput("--annotate", args.annotate, _annotate, args.quiet))
    for option, folder, write in (
        ("--clips", args.clips, _plain_clips if args.plain_clips else _clips),
        ("--thumbnails", args.thumbnails, _thumbnails),
    ):
        if folder is None:
            continue
        if folder == "-":
            raise UsageError(f"{option} writes several files: give a folder, not standard output")
        found.append(MediaOutput(option, folder, write, args.quiet, folder=True))
    return found


@dataclass(frozen=True, slots=True)
class MediaOutput:
    """A result of video or pictures: a file, or a folder of them. See ``outputs.Result``."""

    option: str
    path: str
    write: Write
    quiet: bool
    folder: bool = False

    def check(self) -> None:
        """Raises OutputError if it could not be written."""
        from pyanalyzer.annotate.folder import check_folder
        from pyanalyzer.atomic_file import check_writable

        (check_folder if self.folder else check_writable)(self.path)

    def deliver(self, timeline: Timeline) -> None:
        """Writes it, with a progress bar on a terminal. Raises OutputError and ReplayError."""
        from pyanalyzer.report.json_report import rounded_timeline

        bar: contextlib.AbstractContextManager[Callable[[Progress], None] | None]
        bar = contextlib.nullcontext()
        if not self.quiet and sys.stderr.isatty():
            from rich.console import Console

            from pyanalyzer.report.progress import ProgressBar

            bar = ProgressBar(Console(file=sys.stderr))
        with bar as progress:
            # Of the numbers that JSON keeps: the same now and from the saved timeline.
            self.write(rounded_timeline(timeline), self.path, progress)


def _annotate(timeline: Timeline, path: str, progress: Callable[[Progress], None] | None) -> None:
    from pyanalyzer.annotate.video import write_annotated

    write_annotated(timeline, path, progress)


def _clips(timeline: Timeline, path: str, progress: Callable[[Progress], None] | None) -> object:
    from pyanalyzer.annotate.clips import write_clips

    return write_clips(timeline, path, progress=progress)


def _plain_clips(
    timeline: Timeline, path: str, progress: Callable[[Progress], None] | None
) -> object:
    from pyanalyzer.annotate.clips import write_clips

    return write_clips(timeline, path, plain=True, progress=progress)


def _thumbnails(
    timeline: Timeline, path: str, progress: Callable[[Progress], None] | None
) -> object:
    from pyanalyzer.annotate.thumbnails import write_thumbnails

    return write_thumbnails(timeline, path, progress)
