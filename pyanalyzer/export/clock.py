"""When an event happens, as exact numbers: seconds and ticks from the replay's first frame.

A frame is on screen from its own time until the next one's. How a time is rounded to a format's
unit therefore depends on who reads it. What is *shown from* a time on (subtitles) must begin at
the frame's time or before it: it is rounded down. What a tool *jumps to* must not lie before the
frame's time, or the frame before would be seen: it is rounded up. Neither reaches another frame
while frames are further apart than the unit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from pyanalyzer.errors import TimelineFileError
from pyanalyzer.records import Event, Timeline
from pyanalyzer.report.json_report import TIME_DIGITS
from pyanalyzer.report.summary import analysed_span_s

# ``time_s`` is saved to a microsecond: it may be off by half of one, and by the float's own error.
TIME_ERROR_S = Fraction(51, 10 ** (TIME_DIGITS + 2))
# Where the file declares no frame rate: only the length of the last frame depends on it.
DEFAULT_RATE = Fraction(30)


@dataclass(frozen=True, slots=True)
class Clock:
    """The replay's clock: ``start_pts`` is the pts of its first frame, where its own time is 0."""

    start_pts: int
    time_base: Fraction

    def ticks(self, event: Event) -> int:
        """The event's time in units of the time base, from the replay's first frame."""
        return event.pts - self.start_pts

    def time_s(self, event: Event) -> Fraction:
        """The event's time in seconds from the replay's first frame, exact."""
        return self.ticks(event) * self.time_base


def clock_of(timeline: Timeline) -> Clock:
    """The clock that the events' pts and times imply.

    A timeline with curves holds the first frame's pts. Without them, every event tells it:
    ``time_s`` is the distance from it. Only in time bases finer than a microsecond several values
    fit; then 0 is taken if it is one of them, else the least, which is off by less than a
    microsecond. Raises TimelineFileError if no value fits all events.
    """
    time_base = timeline.video.time_base
    if time_base <= 0:
        raise TimelineFileError(f"{timeline.video.path}: its time base must be positive")
    known = None if timeline.curves is None else timeline.curves.start_pts
    if not timeline.events:
        return Clock(known or 0, time_base)
    bounds = [_start_bounds(event, time_base) for event in timeline.events]
    least, most = max(low for low, _ in bounds), min(high for _, high in bounds)
    if least > most or not (known is None or least <= known <= most):
        raise TimelineFileError(
            "the events' pts and time_s contradict each other: no pts of the first frame fits all;"
            " analyse the replay again"
        )
    if known is not None:
        return Clock(known, time_base)
    return Clock(0 if least <= 0 <= most else least, time_base)


def _start_bounds(event: Event, time_base: Fraction) -> tuple[int, int]:
    """The least and the greatest pts of the first frame that fit ``event``."""
    time_s = Fraction(event.time_s)
    least = event.pts - (time_s + TIME_ERROR_S) / time_base
    most = event.pts - (time_s - TIME_ERROR_S) / time_base
    return math.ceil(least), math.floor(most)


def in_order(timeline: Timeline) -> list[Event]:
    """The events in order of time; of those at one time, the one with the lower id first."""
    return sorted(timeline.events, key=lambda event: (event.pts, event.id))


def frame_length_s(timeline: Timeline) -> Fraction:
    """The average length of a frame in seconds."""
    return 1 / (timeline.video.frame_rate or DEFAULT_RATE)


def end_s(timeline: Timeline, clock: Clock) -> Fraction:
    """Where what was looked at ends, in seconds; after the last event's frame."""
    _, span_end_s = analysed_span_s(timeline)
    after = [clock.time_s(event) + frame_length_s(timeline) for event in timeline.events]
    return max([Fraction(round(span_end_s * 10**TIME_DIGITS), 10**TIME_DIGITS), *after])


def rounded_down(time_s: Fraction, units_per_s: int) -> int:
    """For what is shown from a time on: whole units, not after it."""
    return math.floor(time_s * units_per_s)


def rounded_up(time_s: Fraction, units_per_s: int) -> int:
    """For what is jumped to: whole units, not before it."""
    return math.ceil(time_s * units_per_s)


def decimal(units: int, digits: int) -> str:
    """``units`` of ``10 ** -digits`` as a decimal number: ``decimal(1500, 3)`` is ``1.500``."""
    whole, part = divmod(abs(units), 10**digits)
    return f"{'-' if units < 0 else ''}{whole}.{part:0{digits}}"
