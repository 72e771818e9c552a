"""Folders of many pictures or videos: made, checked, and what their files are called."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from pyanalyzer.atomic_file import check_writable
from pyanalyzer.errors import OutputError
from pyanalyzer.records import Event


def check_folder(path: str) -> None:
    """Raises OutputError if :func:`make_folder` or a file in it would fail. Leaves nothing behind.

    The folder need not be there, but its parent must: a slip in a long path makes no tree of
    folders.
    """
    folder = Path(path)
    if path == "":
        raise OutputError("cannot write a result: the name of the folder is empty")
    if folder.is_dir():
        check_writable(folder / "x")
        return
    if os.path.lexists(folder):
        raise OutputError(f"cannot write into {path}: it is not a folder")
    try:
        check_writable(folder)
    except OutputError as error:
        raise OutputError(f"cannot make the folder {path}: {error}") from error


def make_folder(path: str) -> Path:
    """The folder at ``path``, made if it is not there. Raises OutputError."""
    folder = Path(path)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {path}: {error.strerror or error}") from error
    return folder


def file_stem(number: int, count: int, events: Sequence[Event]) -> str:
    """``012_0m34.567s_avatar``: number of ``count``, time and kind of the first event, and how many
    more there are. Files sort by it, and it has no character that some file system forbids."""
    first = events[0]
    minutes, seconds = divmod(round(first.time_s * 1000), 60_000)
    more = f"+{len(events) - 1}" if len(events) > 1 else ""
    digits = max(3, len(str(count)))
    return f"{number:0{digits}}_{minutes}m{seconds / 1000:06.3f}s_{first.kind}{more}"


def keep_apart(path: Path, replay: str) -> str:
    """``path`` as text. Raises OutputError if the replay, which is being read, is that file."""
    if os.path.realpath(path) == os.path.realpath(replay):
        raise OutputError(f"cannot write {path}: it is the replay itself; give another folder")
    return str(path)
