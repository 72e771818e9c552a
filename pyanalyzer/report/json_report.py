"""The timeline as JSON: written with fixed bytes, read back strictly.

The form is "pyanalyzer/timeline/1"; docs/timeline-schema.json describes it. The same timeline gives
the same bytes: keys stand in a fixed order, numbers are rounded to fixed digits, one event is one
line and one curve is one, and the text is ASCII.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from pyanalyzer.errors import TimelineFileError
from pyanalyzer.records import Event, Timeline
from pyanalyzer.report.json_curves import curve_lines, read_curves, rounded_curves
from pyanalyzer.report.json_fields import Fields, refuse_constant, unique_keys

SCHEMA = "pyanalyzer/timeline/1"
SCHEMA_FAMILY = "pyanalyzer/timeline/"

# Digits after the point. A microsecond is finer than any frame; calibration does not reach beyond
# four digits of confidence, nor the core's motion beyond a tenth of a pixel per second.
TIME_DIGITS = 6
CONFIDENCE_DIGITS = 4
MOTION_DIGITS = 1


def rounded(value: float, digits: int) -> float:
    """``value`` with so many digits, and never a negative zero."""
    return round(float(value), digits) + 0.0


def json_report(timeline: Timeline) -> bytes:
    """The timeline as JSON text in ASCII, with a final newline.

    Raises ValueError if a number in it is not finite, which would be no JSON.
    """
    head = {
        "schema": SCHEMA,
        "video": _video_fields(timeline),
        "model": {"name": timeline.model.name, "sha256": timeline.model.sha256},
        "settings": timeline.settings,
    }
    parts = [f"{_text(key)}: {_text(value)}" for key, value in head.items()]
    events = ",\n".join("  " + _text(event_fields(event)) for event in timeline.events)
    parts.append('"events": [' + (f"\n{events}\n ]" if events else "]"))
    if timeline.warnings:
        parts.append(f'"warnings": {_text(list(timeline.warnings))}')
    if timeline.curves is not None:
        lines = ",\n".join(f"  {_text(key)}: {text}" for key, text in curve_lines(timeline.curves))
        parts.append(f'"curves": {{\n{lines}\n }}')
    return ("{" + ",\n ".join(parts) + "}\n").encode("ascii")


def read_timeline(path: str | os.PathLike[str]) -> Timeline:
    """Reads what :func:`json_report` wrote.

    Raises TimelineFileError if the file cannot be read, is not such a timeline, is of another
    version of the schema, or has a field that is missing, unknown, or of the wrong type.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise TimelineFileError(f"cannot read {path}: {error.strerror or error}") from error
    return parse_timeline(data, str(path))


def parse_timeline(data: bytes, name: str) -> Timeline:
    """The timeline in ``data``; ``name`` is what errors call it. Raises TimelineFileError."""
    try:
        document = json.loads(
            data.decode("utf-8"), parse_constant=refuse_constant, object_pairs_hook=unique_keys
        )
    except (ValueError, RecursionError) as error:  # also the decoding's and the JSON's own errors
        raise TimelineFileError(f"{name} is not JSON: {error}") from error
    _check_schema(document, name)
    fields = Fields(document, name, "")
    fields.text("schema")
    video = fields.inner("video").video()
    model = fields.inner("model").model()
    settings = dict(fields.inner("settings").values)
    events = tuple(entry.event() for entry in fields.entries("events"))
    warnings = fields.optional_texts("warnings")
    curves = None
    if "curves" in fields.values:
        thinned = settings.get("fast") is True or settings.get("doubled") is True
        curves = read_curves(fields.inner("curves"), video.frames, thinned=thinned)
    fields.finish()
    return Timeline(video, model, settings, events, warnings, curves)


def rounded_timeline(timeline: Timeline) -> Timeline:
    """The timeline as it comes back from JSON: numbers rounded to the digits that are kept."""
    video = replace(timeline.video, duration_s=rounded(timeline.video.duration_s, TIME_DIGITS))
    events = tuple(map(_rounded_event, timeline.events))
    curves = None if timeline.curves is None else rounded_curves(timeline.curves)
    return replace(timeline, video=video, events=events, curves=curves)


def _rounded_event(event: Event) -> Event:
    return replace(
        event,
        time_s=rounded(event.time_s, TIME_DIGITS),
        confidence=rounded(event.confidence, CONFIDENCE_DIGITS),
        motion_before_px_s=_motion(event.motion_before_px_s),
        motion_after_px_s=_motion(event.motion_after_px_s),
    )


def _motion(motion_px_s: tuple[float, float]) -> tuple[float, float]:
    return (rounded(motion_px_s[0], MOTION_DIGITS), rounded(motion_px_s[1], MOTION_DIGITS))


def _check_schema(document: object, name: str) -> None:
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema == SCHEMA:
        return
    if isinstance(schema, str) and schema.startswith(SCHEMA_FAMILY):
        raise TimelineFileError(
            f"{name} has the schema {schema!r}; this version of pyanalyzer reads {SCHEMA!r}:"
            " analyse the replay again, or use the version that wrote the file"
        )
    raise TimelineFileError(
        f"{name} is not a timeline of pyanalyzer: it does not name the schema {SCHEMA!r}"
    )


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def _pair(value: Fraction) -> list[int]:
    return [value.numerator, value.denominator]


def _video_fields(timeline: Timeline) -> dict[str, object]:
    video = timeline.video
    return {
        "path": video.path,
        "width_px": video.width_px,
        "height_px": video.height_px,
        "frames": video.frames,
        "duration_s": rounded(video.duration_s, TIME_DIGITS),
        "time_base": _pair(video.time_base),
        "frame_rate": _pair(video.frame_rate),
        "sha256": video.sha256,
    }


def event_fields(event: Event) -> dict[str, object]:
    """The event as an object of JSON, in the order of the schema, numbers rounded."""
    return {
        "id": event.id,
        "frame": event.frame,
        "pts": event.pts,
        "time_s": rounded(event.time_s, TIME_DIGITS),
        "interval_frames": list(event.interval_frames),
        "kind": event.kind,
        "cause": event.cause,
        "confidence": rounded(event.confidence, CONFIDENCE_DIGITS),
        "region_px": list(event.region_px),
        "motion_before_px_s": list(_motion(event.motion_before_px_s)),
        "motion_after_px_s": list(_motion(event.motion_after_px_s)),
    }
