"""Scores in, events out: the MAP sequence of onsets under a learned prior of how long spells last.

``duration`` and ``transition`` (how long), ``observation`` (what the network saw), ``search`` (the
path) and ``posterior`` (how sure) are kept apart; ``decisions`` puts them together, block by block,
``onsets`` says what is known of an onset, ``events`` makes the entries of the timeline,
``allowance`` says how many of them so many false alarms allow, ``curves`` what is kept of every
frame, ``fitting`` learns the parameters.
"""

from pyanalyzer.timeline.allowance import allowed_events, within_allowance
from pyanalyzer.timeline.curves import frame_curves, joined_curves
from pyanalyzer.timeline.events import EventStream, build_events
from pyanalyzer.timeline.parameters import TimelineParameters
from pyanalyzer.timeline.traces import FrameTrace, trace_of

__all__ = [
    "EventStream",
    "FrameTrace",
    "TimelineParameters",
    "allowed_events",
    "build_events",
    "frame_curves",
    "joined_curves",
    "trace_of",
    "within_allowance",
]
