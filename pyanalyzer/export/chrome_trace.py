"""Trace Event Format: instants on one track per kind, for Perfetto and chrome://tracing.

The format is described in "Trace Event Format" by the Chromium project.
"""

from __future__ import annotations

import json

from pyanalyzer.export.clock import clock_of, decimal, in_order, rounded_up
from pyanalyzer.export.texts import one_line, title
from pyanalyzer.records import CAUSES, KINDS, Timeline
from pyanalyzer.report.json_report import event_fields

PROCESS = 1
NS_DIGITS = 3  # times are microseconds with a fraction; Perfetto keeps nanoseconds


def trace_export(timeline: Timeline) -> bytes:
    """One instant event per event, all its fields as arguments; ASCII."""
    clock = clock_of(timeline)
    tracks = {pair: n for n, pair in enumerate(((c, k) for c in CAUSES for k in KINDS), start=1)}
    used = {(event.cause, event.kind) for event in timeline.events}
    name = f"pyanalyzer {one_line(timeline.video.path)}"
    lines = [_line({**_meta("process_name", 0), "args": {"name": name}})]
    for (cause, kind), track in tracks.items():
        if (cause, kind) in used:
            args = {"name": f"{kind} ({cause})"}
            lines.append(_line({**_meta("thread_name", track), "args": args}))
    for event in in_order(timeline):
        time_us = decimal(rounded_up(clock.time_s(event), 10**9), NS_DIGITS)
        fields = {
            "name": title(event),
            "cat": event.kind,
            "ph": "i",
            "s": "t",
            "pid": PROCESS,
            "tid": tracks[event.cause, event.kind],
            "args": event_fields(event),
        }
        # The time as digits, not as a float, which has too few for a nanosecond after some months.
        lines.append(f'{{"ts": {time_us}, {_line(fields)[1:]}')
    body = ",\n  ".join(lines)
    return f'{{"displayTimeUnit": "ms",\n "traceEvents": [\n  {body}\n ]}}\n'.encode("ascii")


def _meta(name: str, track: int) -> dict[str, object]:
    return {"name": name, "ph": "M", "pid": PROCESS, "tid": track}


def _line(fields: dict[str, object]) -> str:
    return json.dumps(fields, ensure_ascii=True, allow_nan=False)
