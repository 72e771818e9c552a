"""Writing to standard output: full disks are errors, a reader that has gone is none."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

from pyanalyzer.errors import OutputError


@contextlib.contextmanager
def stdout_errors() -> Iterator[None]:
    """Around writing to stdout: turns its failure into OutputError.

    BrokenPipeError passes: the reader has what it wanted, and ``main`` leaves quietly.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_stdout()
        raise OutputError(f"cannot write to standard output: {error.strerror or error}") from error


def write_stdout(data: bytes) -> None:
    """Writes ``data`` as it is. Raises OutputError, or BrokenPipeError if the reader has gone."""
    with stdout_errors():
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.flush()


def discard_stdout() -> None:
    """Points stdout to nowhere, so that Python does not fail again when it flushes at exit.

    From the Python documentation, "Note on SIGPIPE".
    """
    with contextlib.suppress(OSError, ValueError):  # ValueError: stdout has no descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
