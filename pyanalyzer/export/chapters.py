"""Chapters in FFmpeg's metadata format (https://ffmpeg.org/ffmpeg-formats.html#Metadata-2).

Times are whole ticks of the replay's own time base, so nothing is rounded.
"""

from __future__ import annotations

import math
import re

from pyanalyzer.export.clock import clock_of, end_s, in_order
from pyanalyzer.export.texts import joint_title, one_line
from pyanalyzer.records import Event, Timeline

_SPECIAL = re.compile(r"[=;#\\\n]")


def ffmetadata_export(timeline: Timeline) -> bytes:
    """A chapter from each event to the next, the last to the end; UTF-8.

    What comes before the first event is the chapter ``start``. Events of one frame share a chapter.
    """
    clock = clock_of(timeline)
    starts: dict[int, list[Event]] = {}
    for event in in_order(timeline):
        starts.setdefault(max(0, clock.ticks(event)), []).append(event)
    if starts and min(starts) > 0:
        starts = {0: [], **starts}
    end = max([math.ceil(end_s(timeline, clock) / clock.time_base), *(tick + 1 for tick in starts)])
    base = f"{clock.time_base.numerator}/{clock.time_base.denominator}"
    lines = [";FFMETADATA1", f"title={_escaped(timeline.video.path)}"]
    ends = [*list(starts)[1:], end]
    for (start, events), stop in zip(starts.items(), ends, strict=False):
        lines += ["[CHAPTER]", f"TIMEBASE={base}", f"START={start}", f"END={stop}"]
        lines.append(f"title={_escaped(joint_title(events) if events else 'start')}")
    return ("\n".join(lines) + "\n").encode()


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda match: "\\" + match.group(), one_line(text))
