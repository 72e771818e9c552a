"""Subtitles: SubRip (.srt) and WebVTT (.vtt), one cue per event.

A cue begins in the millisecond of the onset's frame or just before it, so that a player that asks
at each frame which cues have begun shows it from exactly that frame on. It stays until the next
event, CUE_LENGTH_S at most. Events of one millisecond share a cue.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from itertools import groupby

from pyanalyzer.export.clock import clock_of, in_order, rounded_down
from pyanalyzer.export.texts import joint_note, joint_title, one_line
from pyanalyzer.records import Event, Timeline

CUE_LENGTH_S = 2  # long enough to be read, short enough to be about what is seen
MS_PER_S = 1000

Cue = tuple[int, int, list[Event]]  # start, end in ms, half-open


def cues(timeline: Timeline) -> Iterator[Cue]:
    """The cues in order; they do not overlap."""
    clock = clock_of(timeline)

    def start_ms(event: Event) -> int:
        return max(0, rounded_down(clock.time_s(event), MS_PER_S))

    groups = [(start, list(events)) for start, events in groupby(in_order(timeline), start_ms)]
    nexts = [start for start, _ in groups[1:]]
    for position, (start, events) in enumerate(groups):
        longest = start + CUE_LENGTH_S * MS_PER_S
        yield start, min([longest, *nexts[position : position + 1]]), events


def srt_export(timeline: Timeline) -> bytes:
    """SubRip: UTF-8, numbered cues. There is no way to name the replay in it."""
    blocks = [
        f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n"
        f"{joint_title(events)}\n{joint_note(events, timeline)}\n"
        for number, (start, end, events) in enumerate(cues(timeline), start=1)
    ]
    return "\n".join(blocks).encode()


def vtt_export(timeline: Timeline) -> bytes:
    """WebVTT (https://www.w3.org/TR/webvtt1): UTF-8, cues named by their events' ids.

    The replay's name stands in a NOTE, which must not hold ``-->``.
    """
    name = one_line(timeline.video.path).replace("-->", "--\u203a")
    parts = [f"WEBVTT\n\nNOTE {name}\n"]
    for start, end, events in cues(timeline):
        ids = "+".join(str(event.id) for event in events)
        text = f"{joint_title(events)}\n{joint_note(events, timeline)}"
        parts.append(
            f"event-{ids}\n{_clock(start, '.')} --> {_clock(end, '.')}\n"
            f"{html.escape(text, quote=False)}\n"
        )
    return "\n".join(parts).encode()


def _clock(time_ms: int, point: str) -> str:
    """``hh:mm:ss.mmm``."""
    seconds, ms = divmod(time_ms, MS_PER_S)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{ms:03}"
