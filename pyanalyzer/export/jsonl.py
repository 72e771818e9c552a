"""JSON Lines: one event per line, for whatever reads tables line by line (https://jsonlines.org)."""

from __future__ import annotations

import json

from pyanalyzer.export.clock import clock_of, in_order
from pyanalyzer.export.texts import valid_text
from pyanalyzer.records import Timeline
from pyanalyzer.report.json_report import event_fields


def jsonl_export(timeline: Timeline) -> bytes:
    """The events as the timeline's JSON has them, in ASCII.

    Each line also names the replay and its hash, so that files can be joined, and has the exact
    time in seconds as ``time_fraction_s: [numerator, denominator]``.
    """
    clock = clock_of(timeline)
    lines = []
    for event in in_order(timeline):
        time_s = clock.time_s(event)
        fields = {
            "replay": valid_text(timeline.video.path),
            "replay_sha256": timeline.video.sha256,
            **event_fields(event),
            "time_fraction_s": [time_s.numerator, time_s.denominator],
        }
        lines.append(json.dumps(fields, ensure_ascii=True, allow_nan=False) + "\n")
    return "".join(lines).encode("ascii")
