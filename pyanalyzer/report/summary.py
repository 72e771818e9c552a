"""What a timeline says in a few numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from pyanalyzer.records import KINDS, Cause, Event, Kind, Timeline

LONGEST_SPELLS = 3


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of the replay without a change, from one change (or the start) to the next."""

    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        """How long it lasts, in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Summary:
    """Numbers about the events of one cause; ``others`` counts those of the other cause.

    ``expected_false`` is the sum of 1 - confidence: with calibrated confidences, the expected
    number of events that are none.
    """

    cause: Cause
    count: int
    others: int
    start_s: float
    end_s: float
    per_minute: float | None
    by_kind: tuple[tuple[Kind, int], ...]
    longest: tuple[Spell, ...]
    median_spell_s: float
    expected_false: float


def summarise(timeline: Timeline) -> Summary:
    """The numbers under a timeline: of the world's changes if only they were asked for, else of
    the player's.
    """
    cause: Cause = "world" if timeline.settings.get("cause") == "world" else "player"
    own = [event for event in timeline.events if event.cause == cause]
    start_s, end_s = analysed_span_s(timeline)
    minutes = (end_s - start_s) / 60.0
    found = spells(own, start_s, end_s)
    kinds = Counter(event.kind for event in own)
    return Summary(
        cause=cause,
        count=len(own),
        others=len(timeline.events) - len(own),
        start_s=start_s,
        end_s=end_s,
        per_minute=len(own) / minutes if minutes > 0 else None,
        by_kind=tuple((kind, kinds[kind]) for kind in KINDS if kinds[kind]),
        longest=tuple(sorted(found, key=lambda spell: -spell.length_s)[:LONGEST_SPELLS]),
        median_spell_s=median(spell.length_s for spell in found),
        expected_false=sum(1.0 - event.confidence for event in own),
    )


def analysed_span_s(timeline: Timeline) -> tuple[float, float]:
    """Start and end of what was looked at, in seconds of the stream.

    The start is the one that was asked for, or 0; the events widen the span where a stream's
    clock says otherwise.
    """
    asked = timeline.settings.get("start_s")
    start_s = float(asked) if isinstance(asked, (int, float)) else 0.0
    end_s = start_s + timeline.video.duration_s
    times_s = [event.time_s for event in timeline.events]
    return min([start_s, *times_s]), max([end_s, *times_s])


def spells(events: Sequence[Event], start_s: float, end_s: float) -> list[Spell]:
    """The stretches between changes, in order; the start and the end of the replay bound them too.

    Without a change there is one, the whole.
    """
    borders = [start_s, *sorted(event.time_s for event in events), end_s]
    return [Spell(left, right) for left, right in pairwise(borders)]
