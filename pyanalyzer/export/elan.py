"""ELAN's annotation format, EAF 3.0 (schema http://www.mpi.nl/tools/elan/EAFv3.0.xsd).

A tier per kind and cause. An annotation begins in the first millisecond of the onset's frame, which
ELAN then shows when it is clicked, and lasts one frame, as an event is an instant. Annotations of a
tier must not overlap.
"""

from __future__ import annotations

import mimetypes
from xml.etree import ElementTree as ET

from pyanalyzer.export.clock import Clock, clock_of, frame_length_s, in_order, rounded_up
from pyanalyzer.export.markup import child, document
from pyanalyzer.export.texts import file_name, media_url, note, title
from pyanalyzer.records import CAUSES, KINDS, Event, Timeline

VERSION = "3.0"
SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
# Required by the schema. A real date would make other bytes of the same timeline each time.
DATE = "1970-01-01T00:00:00+00:00"
MS_PER_S = 1000
TYPE = "event"


def elan_export(timeline: Timeline) -> bytes:
    """UTF-8. The replay is linked by its path, and by its name beside the file."""
    ET.register_namespace("xsi", _SCHEMA_INSTANCE)
    root = ET.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "pyanalyzer",
            "DATE": DATE,
            "FORMAT": VERSION,
            "VERSION": VERSION,
            f"{{{_SCHEMA_INSTANCE}}}noNamespaceSchemaLocation": SCHEMA,
        },
    )
    video = timeline.video
    header = child(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    mime = mimetypes.guess_type(file_name(video))[0] or "video/*"
    url = media_url(video)
    relative = "./" + url.rsplit("/", 1)[-1]
    child(header, "MEDIA_DESCRIPTOR", MEDIA_URL=url, MIME_TYPE=mime, RELATIVE_MEDIA_URL=relative)
    _annotations(root, timeline)
    child(root, "LINGUISTIC_TYPE", LINGUISTIC_TYPE_ID=TYPE, TIME_ALIGNABLE="true",
          GRAPHIC_REFERENCES="false")  # fmt: skip
    return document(root)


def _annotations(root: ET.Element, timeline: Timeline) -> None:
    """The slots of time, in order, and the tiers that refer to them."""
    clock, ordered = clock_of(timeline), in_order(timeline)
    order = child(root, "TIME_ORDER")
    slots: list[tuple[int, ET.Element]] = []
    number = 0
    for cause in CAUSES:
        for kind in KINDS:
            events = [e for e in ordered if (e.cause, e.kind) == (cause, kind)]
            if not events:
                continue
            tier = child(root, "TIER", TIER_ID=f"{kind} ({cause})", LINGUISTIC_TYPE_REF=TYPE)
            for event, (start, end) in zip(events, _spans(events, timeline, clock), strict=True):
                number += 1
                ids = f"ts{2 * number - 1}", f"ts{2 * number}"
                annotation = child(child(tier, "ANNOTATION"), "ALIGNABLE_ANNOTATION",
                                   ANNOTATION_ID=f"a{number}", TIME_SLOT_REF1=ids[0],
                                   TIME_SLOT_REF2=ids[1])  # fmt: skip
                text = f"{title(event)}; {note(event, timeline)}"
                child(annotation, "ANNOTATION_VALUE", text)
                for name, value in zip(ids, (start, end), strict=True):
                    slot = ET.Element("TIME_SLOT", TIME_SLOT_ID=name, TIME_VALUE=str(value))
                    slots.append((value, slot))
    order.extend(slot for _, slot in sorted(slots, key=lambda item: item[0]))


def _spans(events: list[Event], timeline: Timeline, clock: Clock) -> list[tuple[int, int]]:
    """Start and end of each in ms: a frame long, but not beyond the next, and never empty."""
    starts = [max(0, rounded_up(clock.time_s(event), MS_PER_S)) for event in events]
    length = max(1, rounded_up(frame_length_s(timeline), MS_PER_S))
    nexts = [*starts[1:], starts[-1] + length]
    return [
        (start, max(start + 1, min(start + length, following)))
        for start, following in zip(starts, nexts, strict=True)
    ]
