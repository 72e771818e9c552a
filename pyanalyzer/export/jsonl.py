"""JSON Lines: one event per line, for whatever reads tables line by line (https://jsonlines.org)."""

from __future__ import annotations

import json

from pyanalyzer.export.clock import Clock, clock_of, in_order
from pyanalyzer.export.texts import valid_text
from pyanalyzer.records import Event, Timeline
from pyanalyzer.report.json_report import event_fields


def jsonl_export(timeline: Timeline) -> bytes:
    """The events as the timeline's JSON has them, in ASCII.

    Each line also names the replay and its hash, so that files can be joined, and has the exact
    time in seconds as ``time_fraction_s: [numerator, denominator]``.
    """
    clock, video = clock_of(timeline), timeline.video
    lines = (json_line(event, clock, video.path, video.sha256) for event in in_order(timeline))
    return b"".join(lines)


def json_line(event: Event, clock: Clock, path: str, sha256: str) -> bytes:
    """One event of the replay at ``path``, of that hash."""
    time_s = clock.time_s(event)
    fields = {
        "replay": valid_text(path),
        "replay_sha256": sha256,
        **event_fields(event),
        "time_fraction_s": [time_s.numerator, time_s.denominator],
    }
    return (json.dumps(fields, ensure_ascii=True, allow_nan=False) + "\n").encode("ascii")
