"""Every analysed frame as a row of CSV (RFC 4180), units in the names of the columns."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from fractions import Fraction

from pyanalyzer.errors import TimelineFileError
from pyanalyzer.records import FrameCurves, Timeline
from pyanalyzer.report.json_report import TIME_DIGITS, rounded_timeline

COLUMNS = (
    "frame",
    "pts",
    "time_s",
    "aligned",
    "view_dx_px",
    "view_dy_px",
    "view_zoom",
    "view_roll_deg",
    "changed_share",
    "onset_score",
    "player_score",
    "events",
)


def check_frames(timeline: Timeline) -> FrameCurves:
    """The curves of the timeline. Raises TimelineFileError if it was saved without them."""
    if timeline.curves is None:
        raise TimelineFileError(
            f"the timeline of {timeline.video.path} was saved without the curves of its frames;"
            " analyse the replay again"
        )
    return timeline.curves


def frames_csv(timeline: Timeline) -> bytes:
    """One line of names, one line per analysed frame, each ended by CR LF; ASCII.

    The numbers are those that the JSON keeps, see ``records.FrameCurves``; ``time_s`` counts from
    the replay's first frame; ``events`` holds the ids of the listed events whose onset lies in the
    frame, with spaces between them. Raises TimelineFileError if the timeline was saved without
    curves.
    """
    timeline = rounded_timeline(timeline)
    curves = check_frames(timeline)
    ids: defaultdict[int, list[str]] = defaultdict(list)
    for event in timeline.events:
        ids[event.frame].append(str(event.id))
    rows = zip(
        curves.index.tolist(),
        curves.pts.tolist(),
        _times(curves, timeline.video.time_base),
        curves.aligned.astype(int).tolist(),
        *(
            [f"{value:.{digits}f}" for value in getattr(curves, name).tolist()]
            for name, digits in _DIGITS
        ),
        (" ".join(ids.get(frame, ())) for frame in curves.index.tolist()),
        strict=True,
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue().encode("ascii")


# As many digits as the saved steps have: 1/16 px is 0.0625.
_DIGITS = (
    ("view_dx_px", 4),
    ("view_dy_px", 4),
    ("view_zoom", 4),
    ("view_roll_deg", 2),
    ("changed_share", 3),
    ("onset_score", 3),
    ("player_score", 3),
)


def _times(curves: FrameCurves, time_base: Fraction) -> list[str]:
    """Seconds from the replay's first frame, as in the events."""
    return [
        f"{float((pts - curves.start_pts) * time_base):.{TIME_DIGITS}f}"
        for pts in curves.pts.tolist()
    ]
