"""Places on a timeline of constant frame rate, as editing programs have.

An editing program counts frames of its own timeline, at one of a few rates. A replay of constant
frame rate at one of them has the same frames, and an event's place is its frame. The program
resamples any other: frame ``k`` of its timeline shows the replay's picture at ``k / rate``. The
first that shows the onset's picture is the first one not before the onset's time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby

from pyanalyzer.errors import OutputError
from pyanalyzer.export.clock import Clock, clock_of, end_s, in_order
from pyanalyzer.records import Event, Timeline

# SMPTE ST 12-1 (24 to 30) and ST 12-3 (48 to 60): what timecode can count.
TIMECODE_RATES = (
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(30),
    Fraction(48000, 1001),
    Fraction(48),
    Fraction(50),
    Fraction(60000, 1001),
    Fraction(60),
)
HOURS_OF_TIMECODE = 24  # then it begins again at 00:00:00:00
# For a replay at any other rate: those that every editing program offers.
COMMON_RATES = (Fraction(24), Fraction(25), Fraction(30), Fraction(50), Fraction(60))
# Files declare averages such as 59.9397. The rates of timecode differ by 1/1001 and more.
SAME_RATE = Fraction(1, 2500)


@dataclass(frozen=True, slots=True)
class Grid:
    """Frames at ``rate`` per second. ``same_frames``: they are the replay's own, so that an event
    stands at its ordinal.
    """

    rate: Fraction
    same_frames: bool
    clock: Clock
    length_frames: int

    def place(self, event: Event) -> int:
        """The frame of the grid that first shows the event's onset."""
        if self.same_frames:
            return event.frame
        return max(0, math.ceil(self.clock.time_s(event) * self.rate))

    def groups(self, timeline: Timeline) -> Iterator[tuple[int, list[Event]]]:
        """The events by their frame of the grid, in order."""
        for place, events in groupby(in_order(timeline), self.place):
            yield place, list(events)


def own_grid(timeline: Timeline) -> Grid | None:
    """The replay's own frames, or None where its frame rate varies or is not known."""
    rate = timeline.video.frame_rate
    clock = clock_of(timeline)
    return _grid(timeline, clock, rate, True) if rate and _is_own(timeline, clock, rate) else None


def timecode_grid(timeline: Timeline) -> Grid:
    """The grid at a rate of timecode: the replay's own rate if it is one, else the next faster
    common one, so that neighbouring frames keep apart, at most 60 per second.
    """
    rate = timeline.video.frame_rate
    clock = clock_of(timeline)
    for candidate in TIMECODE_RATES:
        if abs(candidate - rate) <= SAME_RATE * candidate:
            return _grid(timeline, clock, candidate, _is_own(timeline, clock, candidate))
    faster = [candidate for candidate in COMMON_RATES if candidate >= rate > 0]
    return _grid(timeline, clock, faster[0] if faster else COMMON_RATES[-1], False)


def timecode(frame: int, rate: Fraction) -> str:
    """``hh:mm:ss:ff``, non-drop: at 29.97 frames/s the frames are counted as at 30."""
    nominal = round(rate)
    seconds, frames = divmod(frame, nominal)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}:{frames:02}"


def check_timecode(grid: Grid, start_hours: int = 0) -> None:
    """Raises OutputError if timecode that begins at ``start_hours`` cannot count the whole grid."""
    if grid.length_frames > (HOURS_OF_TIMECODE - start_hours) * 3600 * round(grid.rate):
        raise OutputError(
            f"timecode ends after {HOURS_OF_TIMECODE - start_hours} hours, before this replay does:"
            " export it as otio or fcpxml"
        )


def _is_own(timeline: Timeline, clock: Clock, rate: Fraction) -> bool:
    """Whether each event's frame lies where a constant ``rate`` puts it, to half a frame."""
    half = Fraction(1, 2)
    return all(abs(clock.time_s(e) * rate - e.frame) < half for e in timeline.events)


def _grid(timeline: Timeline, clock: Clock, rate: Fraction, same_frames: bool) -> Grid:
    grid = Grid(rate, same_frames, clock, max(1, math.ceil(end_s(timeline, clock) * rate)))
    after = [grid.place(event) + 1 for event in timeline.events]
    return replace(grid, length_frames=max([grid.length_frames, *after]))
