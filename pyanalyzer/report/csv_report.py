"""The events of a timeline as a table in CSV (RFC 4180), units in the names of the columns."""

from __future__ import annotations

import csv
import io

from pyanalyzer.records import Event, Timeline
from pyanalyzer.report.json_report import rounded_timeline

COLUMNS = (
    "id",
    "frame",
    "pts",
    "time_s",
    "interval_start_frame",
    "interval_end_frame",
    "kind",
    "cause",
    "confidence",
    "region_x_px",
    "region_y_px",
    "region_w_px",
    "region_h_px",
    "motion_before_x_px_s",
    "motion_before_y_px_s",
    "motion_after_x_px_s",
    "motion_after_y_px_s",
)


def csv_report(timeline: Timeline) -> bytes:
    """One line of names, one line per event, each ended by CR LF; ASCII.

    The numbers are rounded as in the JSON. ``interval_end_frame`` is not in the interval any more.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(event) for event in rounded_timeline(timeline).events)
    return text.getvalue().encode("ascii")


def _row(event: Event) -> list[object]:
    return [
        event.id,
        event.frame,
        event.pts,
        f"{event.time_s:.6f}",  # never 1e-06
        *event.interval_frames,
        event.kind,
        event.cause,
        f"{event.confidence:.4f}",
        *event.region_px,
        *event.motion_before_px_s,
        *event.motion_after_px_s,
    ]
