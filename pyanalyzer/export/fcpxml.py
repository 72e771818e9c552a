"""FCPXML 1.10, Final Cut Pro's interchange format: the replay in a project, a marker per event.

Written here, not by OpenTimelineIO's adapter: that drops markers' notes, and writes an empty frame
duration (which Final Cut Pro refuses) for every rate outside a short list. Structure by Apple's DTD
of version 1.10.
"""

from __future__ import annotations

from fractions import Fraction
from xml.etree import ElementTree as ET

from pyanalyzer.export.grid import timecode_grid
from pyanalyzer.export.markup import child, document
from pyanalyzer.export.texts import file_name, joint_note, joint_title, media_url
from pyanalyzer.records import Timeline

VERSION = "1.10"


def fcpxml_export(timeline: Timeline) -> bytes:
    """UTF-8. Times are exact fractions of a second; events of one frame share a marker."""
    video = timeline.video
    grid = timecode_grid(timeline)
    frame, length = _time(1, grid.rate), _time(grid.length_frames, grid.rate)
    name = file_name(video)
    root = ET.Element("fcpxml", version=VERSION)
    resources = child(root, "resources")
    child(resources, "format", id="r1", frameDuration=frame, width=video.width_px,
          height=video.height_px)  # fmt: skip
    asset = child(resources, "asset", id="r2", name=name, start="0s", duration=length,
                  hasVideo=1, format="r1")  # fmt: skip
    child(asset, "media-rep", kind="original-media", src=media_url(video))
    event = child(root, "event", name="pyanalyzer")
    project = child(event, "project", name=name)
    sequence = child(project, "sequence", format="r1", duration=length, tcStart="0s",
                     tcFormat="NDF")  # fmt: skip
    clip = child(child(sequence, "spine"), "asset-clip", ref="r2", offset="0s", name=name,
                 start="0s", duration=length, format="r1", tcFormat="NDF")  # fmt: skip
    for place, events in grid.groups(timeline):
        child(clip, "marker", start=_time(place, grid.rate), duration=frame,
              value=joint_title(events), note=joint_note(events, timeline))  # fmt: skip
    return document(root, "<!DOCTYPE fcpxml>")


def _time(frames: int, rate: Fraction) -> str:
    """Frames as FCPXML writes times, in seconds: ``21021/30000s``.

    Not in lowest terms: the same denominator everywhere says at a glance, also to simple readers,
    that it is a whole number of frames.
    """
    return f"{frames * rate.denominator}/{rate.numerator}s"
