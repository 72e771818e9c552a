"""Planted timelines for the exports: awkward names, every clock, many events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from hypothesis import strategies as st

from pyanalyzer.records import CAUSES, KINDS, Event, ModelSummary, Region, Timeline, VideoSummary
from pyanalyzer.report.json_report import rounded_timeline
from tests.planted_analysis import planted_timeline

STILL = (0.0, 0.0)
ODD_PATH = '/x/a&b <c> "d"|C:x --> ]]>\n1  001 {\\i1}\t=;# \\ 😀 \u05d0\u202eabc.mp4'
ODD_NAMES = (
    'a&b <c> "d"|C:x -->.mp4',
    "two\nlines\r\n\r\n2\n00:00:01,000 --> 00:00:02,000.mp4",
    "[CHAPTER]\nSTART=0.mp4",
    "😀 emoji.mp4",
    "\u05d0\u05d1 \u202ertl.mp4",
    "bell\x07 null\x00 escape\x1b[2J.mp4",
    b"caf\xe9.mp4".decode("utf-8", "surrogateescape"),
    "lone \ud800 surrogate.mp4",
    "]]></annotations>.mp4",
    "C:\\games\\replay 1.mp4",
    "",
)


def odd_timeline(path: str = ODD_PATH) -> Timeline:
    """The planted timeline of a replay with an awkward name."""
    timeline = planted_timeline()
    return replace(timeline, video=replace(timeline.video, path=path))


def event_at(number: int, frame: int, pts: int, time_s: Fraction) -> Event:
    """An event of a kind and cause that its number picks."""
    return Event(
        id=number,
        frame=frame,
        pts=pts,
        time_s=float(time_s),
        interval_frames=(frame, frame + 1),
        kind=KINDS[number % len(KINDS)],
        cause=CAUSES[number // len(KINDS) % len(CAUSES)],
        confidence=0.5 + number % 50 / 100,
        region_px=Region(8, 16, 96, 64),
        motion_before_px_s=STILL,
        motion_after_px_s=(120.0, 0.0),
    )


def timeline_of(
    events: Sequence[Event], frames: int, time_base: Fraction, rate: Fraction
) -> Timeline:
    """A timeline of a replay with so many frames, as it comes back from JSON."""
    video = VideoSummary(
        "/x/replay.mp4", 640, 480, frames, float(frames / rate), time_base, rate, "5f" * 32
    )
    return rounded_timeline(
        Timeline(video, ModelSummary("planted-1", "ab" * 32), {"cause": "all"}, tuple(events))
    )


def constant(count: int, rate: Fraction, step_frames: int = 7) -> Timeline:
    """``count`` events, ``step_frames`` apart, at a constant rate; pts in 1/90000 s, cut off."""
    time_base = Fraction(1, 90000)
    events = []
    for number in range(1, count + 1):
        frame = number * step_frames
        pts = int(frame / rate / time_base)
        events.append(event_at(number, frame, pts, pts * time_base))
    return timeline_of(events, (count + 1) * step_frames, time_base, rate)


@dataclass(frozen=True)
class Clocked:
    """A timeline, and the time of every frame of its replay, in seconds from the first."""

    timeline: Timeline
    times_s: list[Fraction]

    def shown_from(self, position_s: Fraction) -> int:
        """The first frame that a cue from ``position_s`` on is shown with."""
        return next(n for n, time_s in enumerate(self.times_s) if time_s >= position_s)

    def seen_at(self, position_s: Fraction) -> int:
        """The frame that is on screen at ``position_s``."""
        return max(n for n, time_s in enumerate(self.times_s) if time_s <= position_s)


TIME_BASES = (
    Fraction(1, 1000),
    Fraction(1, 15360),
    Fraction(1, 90000),
    Fraction(1001, 60000),
    Fraction(1, 30),
    Fraction(1, 10**6),
)
LEAST_GAP_S = Fraction(2, 1000)  # 500 frames per second; formats with milliseconds need 1 ms


@st.composite
def clocked(draw: st.DrawFn) -> Clocked:
    """Any time base, start and variable frame rate; the events in any order, some in one frame."""
    time_base = draw(st.sampled_from(TIME_BASES))
    least = max(1, -(-LEAST_GAP_S // time_base))
    gaps = draw(st.lists(st.integers(int(least), int(least) + 300), min_size=1, max_size=40))
    start_pts = draw(st.integers(-(10**9), 10**9))
    pts = [start_pts]
    for gap in gaps:
        pts.append(pts[-1] + gap)
    times_s = [(value - start_pts) * time_base for value in pts]
    chosen = draw(st.lists(st.integers(0, len(pts) - 1), max_size=8))
    events = [event_at(n, f, pts[f], times_s[f]) for n, f in enumerate(chosen, start=1)]
    rate = Fraction(len(gaps)) / times_s[-1]
    return Clocked(timeline_of(events, len(pts), time_base, rate), times_s)
