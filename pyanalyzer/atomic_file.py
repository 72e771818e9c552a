"""Files that are either written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pyanalyzer.errors import OutputError


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raises OutputError if :func:`write_atomically` could not write ``path`` now.

    Tried by creating and removing an empty file beside it: permissions alone do not tell (read-only
    file systems, full quotas, root). What stands at ``path`` is not touched.
    """
    target = _target(path)
    if not _is_stream(target):
        temporary = _new_temporary(target)
        os.close(temporary[0])
        os.unlink(temporary[1])


def write_atomically(path: str | os.PathLike[str], data: bytes) -> None:
    """Writes ``data`` to ``path``, replacing what stands there in one step.

    As :func:`open_atomically` does; a device or pipe is written to directly. Raises OutputError
    naming the path and the cause.
    """
    target = _target(path)
    if _is_stream(target):
        _write_stream(target, data)
        return
    with open_atomically(target) as file:
        file.write(data)


@contextlib.contextmanager
def open_atomically(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file to write and seek in, that takes its place at ``path`` when the block is left.

    A temporary file in the same folder is written, flushed to the disk and renamed, so a full disk,
    an interrupt or a crash leaves the old file, or none. A link is followed, an existing file keeps
    its permissions. Raises OutputError naming the path and the cause, also for an OSError from
    within the block; other errors go through.
    """
    target = _target(path)
    if _is_stream(target):
        raise OutputError(f"cannot write {target}: it is a device or a pipe; give a file's name")
    descriptor, temporary = _new_temporary(target)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            os.chmod(temporary, stat.S_IMODE(target.stat().st_mode))
        os.replace(temporary, target)
    except OSError as error:
        raise _output_error(target, error) from error
    finally:
        with contextlib.suppress(OSError):  # already renamed, or the disk is gone
            os.unlink(temporary)


def _target(path: str | os.PathLike[str]) -> Path:
    """The file itself, behind any links. Raises OutputError where no file can be."""
    given = Path(path)
    if str(path) in ("", "."):
        raise OutputError("cannot write a result: the name of the file is empty")
    try:
        target = given.resolve()
        mode = target.stat().st_mode
    except FileNotFoundError:
        mode = None
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, a NUL in the name
        raise _output_error(given, error) from error
    if mode is not None and stat.S_ISDIR(mode):
        raise OutputError(f"cannot write {given}: it is a folder; give the name of a file")
    if not target.parent.is_dir():
        raise OutputError(
            f"cannot write {given}: there is no folder {target.parent}; create it first"
        )
    return target


def _is_stream(target: Path) -> bool:
    return target.exists() and not target.is_file()


def _new_temporary(target: Path) -> tuple[int, str]:
    """Opens a new, hidden file beside ``target``: its descriptor and its path."""
    temporary = str(target.parent / f".pyanalyzer-{os.getpid()}-{os.urandom(4).hex()}.tmp")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        return os.open(temporary, flags, 0o666), temporary
    except OSError as error:
        raise _output_error(target, error) from error


def _write_stream(target: Path, data: bytes) -> None:
    try:
        with open(target, "wb") as file:
            file.write(data)
    except OSError as error:
        raise _output_error(target, error) from error


def _output_error(path: Path, error: Exception) -> OutputError:
    cause = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return OutputError(f"cannot write {path}: {cause}")
