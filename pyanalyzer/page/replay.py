"""The replay of a page: another file that it points to, or the file itself inside the page."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path, PurePath
from urllib.parse import quote

from pyanalyzer.errors import ReplayError, UsageError
from pyanalyzer.records import Timeline

STDOUT = "-"
MIB = 1 << 20
# Browsers hold the text of an element as one string: V8 up to 512 Mi characters, and base64 makes
# four of three bytes. A little is left for the rest.
MAX_EMBEDDED_MIB = 360
MEDIA_TYPES = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
    ".avi": "video/x-msvideo",
    ".ts": "video/mp2t",
}


@dataclass(frozen=True, slots=True)
class PageReplay:
    """Where the page finds the replay: at ``href``, or in itself as ``base64``."""

    name: str
    media_type: str
    href: str | None
    base64: str | None = None


def referenced(timeline: Timeline, page_path: str) -> PageReplay:
    """The replay by its path relative to the page's folder, as a URL; it need not be there."""
    path = timeline.video.path
    folder = os.getcwd() if page_path == STDOUT else os.path.dirname(os.path.realpath(page_path))
    try:
        relative = os.path.relpath(os.path.realpath(path), folder)
    except ValueError:  # another drive
        return PageReplay(_name(path), _media_type(path), Path(path).resolve().as_uri())
    parts = [quote(part, errors="surrogateescape") for part in PurePath(relative).parts]
    # "./": a first part with a colon would be read as a scheme.
    return PageReplay(_name(path), _media_type(path), "./" + "/".join(parts))


def embedded(timeline: Timeline) -> PageReplay:
    """The replay's bytes, as base64.

    Raises ReplayError if the file cannot be read or is not the one that was analysed, UsageError
    if it is too large for a page.
    """
    path = timeline.video.path
    check_embeddable(path)
    try:
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise ReplayError(_unreadable(path, error)) from error
    found = hashlib.sha256(data).hexdigest()
    if found != timeline.video.sha256:
        raise ReplayError(
            f"{path} is not the replay of this timeline: its SHA-256 is {found}, that of the replay"
            f" which was analysed is {timeline.video.sha256}; say with --replay where it is"
        )
    text = base64.b64encode(data).decode("ascii")
    return PageReplay(_name(path), _media_type(path), None, text)


def check_embeddable(path: str) -> None:
    """Raises ReplayError if the file is not there, UsageError if it is too large for a page."""
    try:
        size = os.stat(path).st_size
    except (OSError, ValueError) as error:
        raise ReplayError(_unreadable(path, error)) from error
    if size > MAX_EMBEDDED_MIB * MIB:
        raise UsageError(
            f"--embed: {path} has {size / MIB:.0f} MiB; browsers open pages with up to"
            f" {MAX_EMBEDDED_MIB}: leave --embed away, the page then plays the file where it lies"
        )


def _unreadable(path: str, error: Exception) -> str:
    cause = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return (
        f"--embed: cannot read {path}: {cause}; `pyanalyzer report` takes with --replay where it is"
    )


def _name(path: str) -> str:
    return PurePath(path).name


def _media_type(path: str) -> str:
    return MEDIA_TYPES.get(PurePath(path).suffix.lower(), "video/mp4")
