"""Apache Parquet: a table of the events with typed columns, by pyarrow."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from pyanalyzer.export.clock import clock_of, in_order
from pyanalyzer.export.libraries import load
from pyanalyzer.export.texts import valid_text
from pyanalyzer.records import Event, Timeline
from pyanalyzer.report.json_report import json_report, rounded_timeline

# The timeline's JSON without its events, in the file's own key-value metadata.
METADATA_KEY = b"pyanalyzer.timeline"


def parquet_export(timeline: Timeline) -> bytes:
    """One row per event; the columns of the CSV, and the replay and the exact time.

    ``time_numerator / time_denominator`` is the exact time in seconds. Numbers are rounded as in
    the JSON. The file's metadata holds the timeline's JSON without events and curves, under the key
    ``pyanalyzer.timeline``. The same timeline and version of pyarrow give the same bytes.
    """
    pa, parquet = load("pyarrow"), load("pyarrow.parquet")
    columns = _columns(pa)
    clock = clock_of(timeline)
    rows = []
    for event in in_order(rounded_timeline(timeline)):
        time_s = clock.time_s(event)
        rows.append(_row(event, timeline, time_s.numerator, time_s.denominator))
    schema = pa.schema([pa.field(name, kind, nullable=False) for name, kind in columns])
    head = json_report(replace(timeline, events=(), curves=None))
    arrays = [
        pa.array([row[column] for row in rows], kind) for column, (_, kind) in enumerate(columns)
    ]
    table = pa.Table.from_arrays(arrays, schema=schema.with_metadata({METADATA_KEY: head}))
    file = io.BytesIO()
    parquet.write_table(table, file, compression="zstd")
    return file.getvalue()


def _columns(pa: Any) -> list[tuple[str, Any]]:
    """Names and types, in order; the names are those of the CSV."""
    text, whole, number = pa.string(), pa.int64(), pa.float64()
    return [
        ("replay", text),
        ("replay_sha256", text),
        ("id", whole),
        ("frame", whole),
        ("pts", whole),
        ("time_s", number),
        ("time_numerator", whole),
        ("time_denominator", whole),
        ("interval_start_frame", whole),
        ("interval_end_frame", whole),
        ("kind", text),
        ("cause", text),
        ("confidence", number),
        ("region_x_px", whole),
        ("region_y_px", whole),
        ("region_w_px", whole),
        ("region_h_px", whole),
        ("motion_before_x_px_s", number),
        ("motion_before_y_px_s", number),
        ("motion_after_x_px_s", number),
        ("motion_after_y_px_s", number),
    ]


def _row(event: Event, timeline: Timeline, numerator: int, denominator: int) -> list[object]:
    return [
        valid_text(timeline.video.path),
        timeline.video.sha256,
        event.id,
        event.frame,
        event.pts,
        event.time_s,
        numerator,
        denominator,
        *event.interval_frames,
        event.kind,
        event.cause,
        event.confidence,
        *event.region_px,
        *event.motion_before_px_s,
        *event.motion_after_px_s,
    ]
