"""Audacity's label track: start, end and text, separated by tabs
(https://manual.audacityteam.org/man/importing_and_exporting_labels.html).
"""

from __future__ import annotations

from pyanalyzer.export.clock import clock_of, decimal, in_order, rounded_up
from pyanalyzer.export.texts import note, title
from pyanalyzer.records import Timeline

DIGITS = 6  # as Audacity itself writes seconds


def audacity_export(timeline: Timeline) -> bytes:
    """A point label per event, at the first microsecond of its frame; UTF-8."""
    clock = clock_of(timeline)
    lines = []
    for event in in_order(timeline):
        time_s = decimal(rounded_up(clock.time_s(event), 10**DIGITS), DIGITS)
        lines.append(f"{time_s}\t{time_s}\t{title(event)}; {note(event, timeline)}\n")
    return "".join(lines).encode()
