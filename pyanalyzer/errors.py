"""What pyanalyzer says when it cannot go on.

Every error a user can meet is a :class:`PyanalyzerError`: its message names the file, what was
expected and what to do, and it carries the exit code. ``main`` prints the message and returns the
code; anything else that escapes is a defect of pyanalyzer.
"""

from __future__ import annotations


class PyanalyzerError(Exception):
    """A failure with a message for the user; ``exit_code`` is 1 unless a subclass differs."""

    exit_code = 1


class UsageError(PyanalyzerError):
    """The command line asks for something that has no meaning (exit code 2)."""

    exit_code = 2


class ReplayError(PyanalyzerError):
    """The replay cannot be read: missing, not a video, without a video stream, too small, empty."""


class DamagedReplayError(ReplayError):
    """The stream broke after some frames; what came before it is whole and was handed over."""


class PictureError(PyanalyzerError):
    """A still picture cannot be read: missing, no picture, damaged, too small or too large."""


class UnalignableError(PyanalyzerError):
    """Two still pictures do not show the same, so that nothing can be said of changes."""


class ModelError(PyanalyzerError):
    """The network's weights or their configuration are missing, damaged or of another version."""


class TimelineFileError(PyanalyzerError):
    """A saved timeline cannot be read: not one, damaged, or of another version of the schema."""


class OutputError(PyanalyzerError):
    """A result cannot be written. Nothing half-written is left behind."""
