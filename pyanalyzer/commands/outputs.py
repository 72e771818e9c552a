"""Where results go: checked before the work begins, delivered after it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TextIO

from pyanalyzer.atomic_file import check_writable, write_atomically
from pyanalyzer.commands.stdout import stdout_errors, write_stdout
from pyanalyzer.errors import OutputError, PyanalyzerError, ReplayError, UsageError
from pyanalyzer.records import Timeline
from pyanalyzer.report.palette import Line
from pyanalyzer.report.terminal import PLAIN_WIDTH_COLUMNS, plain_text, print_lines, report_lines
from pyanalyzer.report.words import ASCII, UNICODE, Glyphs

STDOUT = "-"


class Result(Protocol):
    """Something that is made of a timeline: the option that asked for it, and its path."""

    @property
    def option(self) -> str:
        """As on the command line."""

    @property
    def path(self) -> str:
        """Of a file or a folder; ``-``: stdout."""

    def check(self) -> None:
        """Raises OutputError if it could not be written."""

    def deliver(self, timeline: Timeline) -> None:
        """Makes it. Raises OutputError, or ReplayError where it needs the replay."""


@dataclass(frozen=True, slots=True)
class Output:
    """One result: the option that asked for it, its path (``-``: stdout), and how it is made."""

    option: str
    path: str
    render: Callable[[Any], bytes]  # of a timeline or a comparison

    def check(self) -> None:
        """Raises OutputError if it could not be written."""
        check_writable(self.path)

    def deliver(self, result: Any) -> None:
        """Writes it. Raises OutputError, or BrokenPipeError if stdout's reader has gone."""
        data = self.render(result)
        if self.path == STDOUT:
            write_stdout(data)
        else:
            write_atomically(self.path, data)


def check_outputs(
    outputs: Sequence[Result],
    inputs: Sequence[str],
    timeline_shown: bool,
    followed: str | None = None,
) -> None:
    """Finds before the work what would lose its result after it.

    ``followed``: the option that writes events to standard output while the work goes on. Raises
    UsageError if two results would go to one place or one would replace an input, and OutputError
    if a file cannot be written.
    """
    shown = followed or ("--timeline" if timeline_shown else None)
    places: dict[str, str] = {STDOUT: shown} if shown else {}
    for output in outputs:
        place = STDOUT if output.path == STDOUT else os.path.realpath(output.path)
        if place in places:
            where = "standard output" if place == STDOUT else output.path
            raise UsageError(f"{places[place]} and {output.option} would both go to {where}")
        places[place] = output.option
        if place == STDOUT:
            continue
        for path in inputs:
            if place == os.path.realpath(path):
                raise UsageError(f"{output.option} would replace {path}, which is to be read")
        output.check()


def deliver_outputs(result: Any, outputs: Sequence[Result]) -> list[PyanalyzerError]:
    """Writes every result that can be written, files before stdout; the failures are returned."""
    failures: list[PyanalyzerError] = []
    for output in sorted(outputs, key=lambda output: output.path == STDOUT):
        try:
            output.deliver(result)
        except (OutputError, ReplayError) as error:
            failures.append(error)
    return failures


def show_timeline(timeline: Timeline) -> None:
    """Prints the timeline; see :func:`show_lines`."""
    show_lines(lambda width, glyphs: report_lines(timeline, width, glyphs))


def show_lines(lines: Callable[[int, Glyphs], list[Line]]) -> None:
    """Prints the lines that ``lines`` makes for a width in columns: drawn on a terminal, plain
    otherwise.

    Raises OutputError if stdout cannot be written, BrokenPipeError if its reader has gone.
    """
    if draws(sys.stdout):
        from rich.console import Console

        with stdout_errors():
            console = Console(file=sys.stdout, force_terminal=True, highlight=False)
            print_lines(lines(console.width, UNICODE), console)
            sys.stdout.flush()
        return
    columns = PLAIN_WIDTH_COLUMNS
    if sys.stdout.isatty():
        columns = shutil.get_terminal_size().columns
    write_stdout(plain_text(lines(columns, ASCII)).encode("ascii"))


def draws(stream: TextIO) -> bool:
    """Whether ``stream`` is a terminal that shows colours and block characters, and may.

    https://no-color.org: a user who sets NO_COLOR gets plain text.
    """
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    try:
        (UNICODE.levels + "".join(UNICODE.arrows)).encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
