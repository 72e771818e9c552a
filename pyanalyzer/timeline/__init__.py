"""Scores in, events out: the MAP sequence of onsets under a learned prior of how long spells last.

``duration`` and ``transition`` (how long), ``observation`` (what the network saw), ``search`` (the
path) and ``posterior`` (how sure) are kept apart; ``onsets`` puts them together, ``events`` makes
the entries of the timeline, ``curves`` what is kept of every frame, ``fitting`` learns the
parameters.
"""

from pyanalyzer.timeline.curves import frame_curves
from pyanalyzer.timeline.events import build_events
from pyanalyzer.timeline.parameters import TimelineParameters
from pyanalyzer.timeline.traces import FrameTrace, trace_of

__all__ = ["FrameTrace", "TimelineParameters", "build_events", "frame_curves", "trace_of"]
