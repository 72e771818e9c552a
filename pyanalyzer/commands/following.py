"""``--follow``: events on standard output as they become certain, while the replay is analysed."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pyanalyzer.commands.outputs import STDOUT, draws
from pyanalyzer.commands.stdout import discard_stdout, stdout_errors, write_stdout
from pyanalyzer.errors import OutputError
from pyanalyzer.export.clock import Clock
from pyanalyzer.export.jsonl import json_line
from pyanalyzer.export.registry import parse_export
from pyanalyzer.records import Event, Timeline
from pyanalyzer.report.live_rows import LiveRows
from pyanalyzer.report.terminal import (
    PLAIN_WIDTH_COLUMNS,
    ending_lines,
    plain_text,
    print_lines,
)
from pyanalyzer.report.words import ASCII, UNICODE

if TYPE_CHECKING:
    from rich.console import Console

    from pyanalyzer.pipeline import Followed
    from pyanalyzer.report.palette import Line

JSON_LINES = "jsonl"

Write = Callable[[Event, "Followed"], None]


def followed_exports(exports: Sequence[str]) -> list[str]:
    """Those of ``--export`` that can be followed: JSON Lines for standard output."""
    parsed = ((text, parse_export(text)) for text in exports)
    return [text for text, e in parsed if e.format.name == JSON_LINES and e.path == STDOUT]


class Follower:
    """Hands every event to ``write`` and remembers if standard output failed.

    ``must_go_on``: other results were asked for as well, so that the analysis is not to end when
    nobody reads its events any more; :meth:`finish` raises then what else is raised at once.
    """

    def __init__(self, write: Write, *, must_go_on: bool) -> None:
        self._write = write
        self._must_go_on = must_go_on
        self._failure: OutputError | BrokenPipeError | None = None

    def __call__(self, event: Event, followed: Followed) -> None:
        if self._failure is not None:
            return
        try:
            self._write(event, followed)
        except (OutputError, BrokenPipeError) as failure:
            if not self._must_go_on:
                raise
            discard_stdout()
            self._failure = failure

    def finish(self) -> None:
        """Raises OutputError or BrokenPipeError if events could not be written."""
        if self._failure is not None:
            raise self._failure


def write_json_line(event: Event, followed: Followed) -> None:
    """The line of ``--export jsonl:-``. The first one waits for the hash of the file."""
    clock = Clock(followed.info.start_pts, followed.info.time_base)
    write_stdout(json_line(event, clock, followed.info.path, followed.sha256()))


class RowWriter:
    """Writes events as the timeline's table has them, and on a terminal what frames them.

    ``console``: what a terminal is drawn with; None: plain lines. Into a pipe or a file come the
    rows alone, one line per event, each as soon as there is one. ``world``: see LiveRows.
    """

    def __init__(self, console: Console | None, *, world: bool) -> None:
        self._console = console
        self._world = world
        self._rows: LiveRows | None = None
        self._framed = sys.stdout.isatty()
        if console is not None:
            self._width = console.width
        elif self._framed:
            self._width = shutil.get_terminal_size().columns
        else:
            self._width = PLAIN_WIDTH_COLUMNS

    def __call__(self, event: Event, followed: Followed) -> None:
        if self._rows is None:
            info = followed.info
            size_px = info.width_px, info.height_px
            glyphs = ASCII if self._console is None else UNICODE
            duration_s = info.duration_estimated_s
            self._rows = LiveRows(size_px, duration_s, self._width, glyphs, world=self._world)
            if self._framed:
                self._print([self._rows.titles()])
        self._print([self._rows.row(event)])

    def end(self, timeline: Timeline) -> None:
        """What the report says besides, on a terminal."""
        if self._framed:
            glyphs = ASCII if self._console is None else UNICODE
            self._print(ending_lines(timeline, self._width, glyphs))

    def _print(self, lines: list[Line]) -> None:
        if self._console is None:
            write_stdout(plain_text(lines).encode("ascii"))
            return
        with stdout_errors():
            print_lines(lines, self._console)
            sys.stdout.flush()


def drawn_console() -> Console | None:
    """For a terminal behind standard output that can be drawn on."""
    if not draws(sys.stdout):
        return None
    from rich.console import Console

    return Console(file=sys.stdout, force_terminal=True, highlight=False)
