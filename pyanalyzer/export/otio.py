"""OpenTimelineIO, and through its adapters CMX 3600 EDLs and Final Cut Pro 7 XML.

A timeline with one clip, the replay, that has a marker per event. The adapters, tried in versions
1.0.0, both keep every marker; the EDL's locators keep colour and name (in capitals), the XML keeps
name and comment.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from pyanalyzer.export.clock import clock_of, end_s, in_order
from pyanalyzer.export.grid import check_timecode, own_grid, timecode_grid
from pyanalyzer.export.libraries import load
from pyanalyzer.export.texts import file_name, joint_note, joint_title, media_url, valid_text
from pyanalyzer.records import Event, Kind, Timeline
from pyanalyzer.report.json_report import event_fields

METADATA_KEY = "pyanalyzer"

# Colours that OpenTimelineIO and the locators of an EDL have in common.
COLOURS: dict[Kind, str] = {
    "view": "BLUE",
    "avatar": "YELLOW",
    "effect": "GREEN",
    "interface": "MAGENTA",
    "cut": "RED",
}

Place = tuple[int, list[Event]]  # units at the timeline's rate, and what is there


def otio_export(timeline: Timeline) -> bytes:
    """The native file (.otio), UTF-8.

    Where the frame rate is constant, markers stand at frames; otherwise at ticks of the replay's
    own time base, so that each is exact. A marker's metadata is the event of the JSON.
    """
    grid = own_grid(timeline)
    places: list[Place]
    if grid is not None:
        rate, length = float(grid.rate), grid.length_frames
        places = [(grid.place(event), [event]) for event in in_order(timeline)]
    else:
        clock = clock_of(timeline)
        rate = float(1 / clock.time_base)
        length = max(1, math.ceil(end_s(timeline, clock) / clock.time_base))
        places = [(clock.ticks(event), [event]) for event in in_order(timeline)]
    document = _document(timeline, rate, length, places)
    return _written(document, "otio_json")


def edl_export(timeline: Timeline) -> bytes:
    """CMX 3600, one edit with a locator per event; UTF-8, non-drop timecode from 00:00:00:00.

    Raises OutputError for a replay of more than 24 hours.
    """
    grid = timecode_grid(timeline)
    check_timecode(grid)
    # Non-drop timecode counts at the whole rate, and the adapter reads only that kind back.
    document = _document(timeline, round(grid.rate), grid.length_frames, grid.groups(timeline))
    clip = document.tracks[0][0]
    clip.metadata["cmx_3600"] = {"reel": "AX"}  # as for a file without a reel
    for marker in clip.markers:  # a locator has no note, only a name
        frames = {event["frame"] for event in marker.metadata[METADATA_KEY]["events"]}
        marker.name += f", frame {' '.join(map(str, sorted(frames)))}"
    title, rest = _written(document, "cmx_3600").decode().split("\n", 1)
    return f"{title}\nFCM: NON-DROP FRAME\n{rest}".encode()


def fcp7_export(timeline: Timeline) -> bytes:
    """Final Cut Pro 7 XML (xmeml), UTF-8; Premiere Pro and Resolve read it too."""
    grid = timecode_grid(timeline)
    document = _document(timeline, float(grid.rate), grid.length_frames, grid.groups(timeline))
    video = timeline.video
    size = {"width": str(video.width_px), "height": str(video.height_px)}
    characteristics = {"format": {"samplecharacteristics": size}}
    document.metadata["fcp_xml"] = {"media": {"video": characteristics}}
    clip = document.tracks[0][0]
    clip.media_reference.name = clip.name
    for marker in clip.markers:
        marker.metadata["fcp_xml"] = {"comment": marker.comment}
    return _written(document, "fcp_xml")


def _document(timeline: Timeline, rate: float, length: int, places: Iterable[Place]) -> Any:
    """An OTIO timeline of ``length`` units at ``rate`` per second with markers at ``places``."""
    otio = load("opentimelineio")
    time, span = otio.opentime.RationalTime, otio.opentime.TimeRange
    name = file_name(timeline.video)
    whole = span(time(0, rate), time(length, rate))
    media = otio.schema.ExternalReference(media_url(timeline.video), whole)
    clip = otio.schema.Clip(name=name, media_reference=media, source_range=whole)
    for place, events in places:
        clip.markers.append(
            otio.schema.Marker(
                name=joint_title(events),
                marked_range=span(time(place, rate), time(1, rate)),
                color=COLOURS[events[0].kind],
                comment=joint_note(events, timeline),
                metadata={METADATA_KEY: {"events": [event_fields(event) for event in events]}},
            )
        )
    track = otio.schema.Track(name="V1", kind=otio.schema.TrackKind.Video, children=[clip])
    document = otio.schema.Timeline(name=name, tracks=[track])
    document.metadata[METADATA_KEY] = {
        "video_sha256": timeline.video.sha256,
        "time_base": [timeline.video.time_base.numerator, timeline.video.time_base.denominator],
        "model": valid_text(timeline.model.name),
    }
    return document


def _written(document: Any, adapter: str) -> bytes:
    text: str = load("opentimelineio").adapters.write_to_string(document, adapter)
    return (text if text.endswith("\n") else text + "\n").encode()
