"""CVAT for video 1.1: a track per event, a box in the onset's frame
(https://docs.cvat.ai/docs/dataset_management/formats/format-cvat).
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from pyanalyzer.export.clock import in_order
from pyanalyzer.export.markup import child, document
from pyanalyzer.export.texts import file_name
from pyanalyzer.records import CAUSES, KINDS, Event, Timeline
from pyanalyzer.report.json_report import CONFIDENCE_DIGITS

VERSION = "1.1"
# Of each label, not changing along a track: (name, kind of input, allowed values, default).
ATTRIBUTES = (
    ("cause", "select", "\n".join(CAUSES), CAUSES[0]),
    ("confidence", "text", "", ""),
    ("event", "text", "", ""),
)


def cvat_export(timeline: Timeline) -> bytes:
    """UTF-8. Frames are counted from 0, as CVAT does if the task takes every frame.

    A track that only its first frame shows ends with the box marked as outside in the next one.
    Labels are the kinds, with the attributes ATTRIBUTES, which the task must have too.
    """
    video = timeline.video
    frames = max([video.frames, *(event.frame + 1 for event in timeline.events)])
    root = ET.Element("annotations")
    child(root, "version", VERSION)
    task = child(child(root, "meta"), "task")
    child(task, "name", file_name(video))
    child(task, "size", str(frames))
    child(task, "mode", "interpolation")
    labels = child(task, "labels")
    for kind in KINDS:
        label = child(labels, "label")
        child(label, "name", kind)
        attributes = child(label, "attributes")
        for name, input_type, values, default in ATTRIBUTES:
            attribute = child(attributes, "attribute")
            child(attribute, "name", name)
            child(attribute, "mutable", "False")
            child(attribute, "input_type", input_type)
            child(attribute, "default_value", default)
            child(attribute, "values", values)
    size = child(task, "original_size")
    child(size, "width", str(video.width_px))
    child(size, "height", str(video.height_px))
    for number, event in enumerate(in_order(timeline)):
        track = child(root, "track", id=number, label=event.kind, source="auto")
        _box(track, event, event.frame, outside=0)
        if event.frame + 1 < frames:
            _box(track, event, event.frame + 1, outside=1)
    return document(root)


def _box(track: ET.Element, event: Event, frame: int, outside: int) -> None:
    """The corners in px, half-open: (x, y) and (x + w, y + h)."""
    region = event.region_px
    box = child(track, "box", frame=frame, keyframe=1, outside=outside, occluded=0,
                xtl=f"{region.x_px:.2f}", ytl=f"{region.y_px:.2f}",
                xbr=f"{region.x_px + region.w_px:.2f}", ybr=f"{region.y_px + region.h_px:.2f}",
                z_order=0)  # fmt: skip
    values = (event.cause, f"{event.confidence:.{CONFIDENCE_DIGITS}f}", str(event.id))
    for (name, *_), value in zip(ATTRIBUTES, values, strict=True):
        child(box, "attribute", value, name=name)
