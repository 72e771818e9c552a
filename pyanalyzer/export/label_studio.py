"""Label Studio: a task with predictions, an instant on the timeline and a box per event.

Frames are counted from 1, boxes are in percent of the picture (https://labelstud.io/tags/video,
https://labelstud.io/guide/predictions). The labelling configuration that fits is CONFIGURATION.
"""

from __future__ import annotations

import json
from html import escape

from pyanalyzer.export.clock import clock_of, decimal, in_order, rounded_up
from pyanalyzer.export.texts import media_url, note, valid_text
from pyanalyzer.records import KINDS, Event, Timeline
from pyanalyzer.report.json_report import CONFIDENCE_DIGITS, rounded

FIRST_FRAME = 1
PERCENT_DIGITS = 6  # of 100 %: a thousandth of a px at any size
TIME_DIGITS = 6

CONFIGURATION = (
    "<View>\n"
    '  <TimelineLabels name="kind" toName="video">\n'
    + "".join(f'    <Label value="{escape(kind)}"/>\n' for kind in KINDS)
    + "  </TimelineLabels>\n"
    '  <Video name="video" value="$video" frameRate="$frame_rate"/>\n'
    '  <VideoRectangle name="box" toName="video"/>\n'
    '  <Labels name="boxKind" toName="video">\n'
    + "".join(f'    <Label value="{escape(kind)}"/>\n' for kind in KINDS)
    + "  </Labels>\n</View>\n"
)


def label_studio_export(timeline: Timeline) -> bytes:
    """A list with one task, ASCII. ``data.video`` is the replay's URL and often must be replaced by
    one that the server can reach.
    """
    clock = clock_of(timeline)
    frames = max([timeline.video.frames, *(event.frame + 1 for event in timeline.events)])
    results: list[dict[str, object]] = []
    for event in in_order(timeline):
        time_s = decimal(rounded_up(clock.time_s(event), 10**TIME_DIGITS), TIME_DIGITS)
        results += _results(event, timeline, float(time_s), frames)
    model = _text(valid_text(timeline.model.name))
    data = {"video": media_url(timeline.video), "frame_rate": f"{float(timeline.video.frame_rate)}"}
    head = f'[{{"data": {_text(data)},\n "predictions": [{{"model_version": {model},\n  "result": ['
    body = ",\n".join("   " + _text(result) for result in results)
    return (head + (f"\n{body}\n  ]" if body else "]") + "}]}]\n").encode("ascii")


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def _results(
    event: Event, timeline: Timeline, time_s: float, frames: int
) -> list[dict[str, object]]:
    """The instant on the timeline and the box in the picture."""
    frame = event.frame + FIRST_FRAME
    video, region = timeline.video, event.region_px
    common = {
        "to_name": "video",
        "score": rounded(event.confidence, CONFIDENCE_DIGITS),
        "meta": {"text": [note(event, timeline)], "cause": event.cause},
    }
    shape = {
        "frame": frame,
        "time": time_s,
        "enabled": False,  # the box does not go on after this frame
        "rotation": 0,
        "x": _percent(region.x_px, video.width_px),
        "y": _percent(region.y_px, video.height_px),
        "width": _percent(region.w_px, video.width_px),
        "height": _percent(region.h_px, video.height_px),
    }
    return [
        {
            "id": f"event-{event.id}",
            "from_name": "kind",
            "type": "timelinelabels",
            "value": {
                "ranges": [{"start": frame, "end": frame}],
                "timelinelabels": [event.kind],
            },
            **common,
        },
        {
            "id": f"box-{event.id}",
            "from_name": "box",
            "type": "videorectangle",
            "value": {
                "framesCount": frames,
                "duration": rounded(video.duration_s, TIME_DIGITS),
                "sequence": [shape],
                "labels": [event.kind],
            },
            **common,
        },
    ]


def _percent(length_px: int, whole_px: int) -> float:
    return round(100 * length_px / whole_px, PERCENT_DIGITS)
