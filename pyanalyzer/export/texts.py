"""What an export says of an event, and text from files made harmless for where it goes."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import PureWindowsPath
from urllib.parse import quote

from pyanalyzer.records import Event, Timeline, VideoSummary
from pyanalyzer.report import words
from pyanalyzer.report.words import ASCII

# Characters of XML 1.0 (section 2.2), which are also those of UTF-8: no surrogates, no controls.
_NOT_TEXT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNKNOWN = "\ufffd"


def title(event: Event) -> str:
    """A few words for a marker: ``avatar 94%``. ASCII."""
    world = " (world)" if event.cause == "world" else ""
    return f"{event.kind}{world} {words.percent(event.confidence)}"


def joint_title(events: Sequence[Event]) -> str:
    """The title of events that share one marker."""
    return " + ".join(map(title, events))


def note(event: Event, timeline: Timeline) -> str:
    """All about an event in one line of ASCII; it begins with a letter."""
    video, region = timeline.video, event.region_px
    before = words.motion(event.motion_before_px_s, ASCII)
    after = words.motion(event.motion_after_px_s, ASCII)
    start, end = event.interval_frames
    return (
        f"event {event.id}, frame {event.frame} (95% in {start}..{end - 1}), "
        f"{words.place(region, video.width_px, video.height_px)} "
        f"{region.w_px}x{region.h_px} at {region.x_px},{region.y_px}, "
        f"px/s {before} -> {after}"
    )


def joint_note(events: Sequence[Event], timeline: Timeline) -> str:
    """The note of events that share one marker."""
    return "; ".join(note(event, timeline) for event in events)


def valid_text(text: str) -> str:
    """``text`` with U+FFFD for what neither UTF-8 nor XML can hold."""
    return _NOT_TEXT.sub(_UNKNOWN, text)


def one_line(text: str) -> str:
    """Valid text in one line; every run of white space, also line breaks, is a space."""
    return " ".join(valid_text(text).split())


def file_name(video: VideoSummary) -> str:
    """The replay's file name without its folders, in one line."""
    return one_line(re.split(r"[/\\]", video.path)[-1]) or "replay"


def media_url(video: VideoSummary) -> str:
    """Where the replay is: a ``file:`` URL of an absolute path, a relative reference otherwise.

    RFC 3986 and RFC 8089; bytes that are not ASCII are percent-encoded, so any name survives.
    """
    windows = PureWindowsPath(video.path)
    if windows.drive and windows.is_absolute():
        return windows.as_uri()
    try:
        encoded = quote(os.fsencode(video.path))
    except UnicodeEncodeError:  # a text that no file system gave
        encoded = quote(valid_text(video.path))
    return f"file://{encoded}" if video.path.startswith("/") else encoded
