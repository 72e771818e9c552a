"""The moments around changes, each as a video of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pyanalyzer.annotate.folder import file_stem, keep_apart, make_folder
from pyanalyzer.annotate.movie import Stretch
from pyanalyzer.annotate.video import (
    ProgressCallback,
    Show,
    frame_seconds,
    probe_replay,
    whole_stretch,
    write_stretch,
)
from pyanalyzer.records import Event, Timeline
from pyanalyzer.settings import Progress

# An eye needs what came before to see a change, and what follows to see what it led to.
BEFORE_S, AFTER_S = Fraction(1), Fraction(3, 2)


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of the replay, in its ticks, half-open, and the events with their onset in it."""

    begin_pts: int
    end_pts: int
    events: tuple[Event, ...]


def moments(
    events: Sequence[Event],
    time_base: Fraction,
    begin_pts: int,
    end_pts: int | None = None,
) -> list[Moment]:
    """The stretches around events, in order; those that overlap or touch are one.

    A moment holds the pictures from BEFORE_S before an onset to less than AFTER_S after it, within
    ``begin_pts .. end_pts`` of the replay.
    """
    before, after = BEFORE_S / time_base, AFTER_S / time_base
    found: list[Moment] = []
    for event in sorted(events, key=lambda event: (event.pts, event.id)):
        begin = max(begin_pts, math.ceil(event.pts - before))
        end = math.ceil(event.pts + after)
        end = max(event.pts + 1, end if end_pts is None else min(end, end_pts))
        if found and begin <= found[-1].end_pts:
            last = found.pop()
            begin, end = last.begin_pts, max(end, last.end_pts)
            found.append(Moment(begin, end, (*last.events, event)))
        else:
            found.append(Moment(begin, end, (event,)))
    return found


def write_clips(
    timeline: Timeline,
    folder: str,
    *,
    plain: bool = False,
    progress: ProgressCallback | None = None,
) -> list[str]:
    """Writes each moment of the timeline as an .mp4 into ``folder``; the paths.

    Pictures are those from 1 s before to 1.5 s after an onset, encoded anew, so that a clip begins
    and ends at any frame; its times begin at 0. Sound is copied in whole packets. Events are drawn
    unless ``plain``. The folder is made if need be; files of the same name are replaced, others
    left alone. Raises ReplayError and OutputError.
    """
    probed = probe_replay(timeline)
    whole = whole_stretch(timeline, probed)
    base, first_pts = probed.info.time_base, probed.first_pts
    start_pts = first_pts if whole.begin_pts is None else whole.begin_pts
    found = moments(timeline.events, base, start_pts, whole.end_pts)
    target = make_folder(folder)
    paths = []
    for number, moment in enumerate(found, start=1):
        name = f"{file_stem(number, len(found), moment.events)}.mp4"
        path = keep_apart(target / name, probed.info.path)
        begin_s, end_s = (
            float((pts - first_pts) * base) for pts in (moment.begin_pts, moment.end_pts)
        )
        show = Show(moment.events, begin_s, end_s, frame_seconds(timeline), drawn=not plain)
        stretch = Stretch(moment.begin_pts, moment.end_pts, from_zero=True)
        write_stretch(path, probed, show, stretch)
        paths.append(path)
        if progress is not None:
            progress(Progress(number, len(found), begin_s, None, "cutting clips"))
    return paths
