"""Action spotting: the JSON of SoccerNet-v2's results and that of E2E-Spot.

SoccerNet-v2: Deliege et al., "SoccerNet-v2" (2021), ``results_spotting.json``. E2E-Spot: Hong et
al., "Spotting Temporally Precise, Fine-Grained Events in Video" (2022).
"""

from __future__ import annotations

import json

from pyanalyzer.export.clock import clock_of, in_order, rounded_up
from pyanalyzer.export.texts import valid_text
from pyanalyzer.records import Timeline
from pyanalyzer.report.json_report import CONFIDENCE_DIGITS, rounded

HALF = 1  # of a football match: a replay has only one
MS_PER_S = 1000


def soccernet_export(timeline: Timeline) -> bytes:
    """Predictions in the form that SoccerNet's evaluation reads, numbers as texts; ASCII.

    ``position`` is the first millisecond of the onset's frame; labels are the kinds.
    """
    clock = clock_of(timeline)
    predictions = []
    for event in in_order(timeline):
        position_ms = max(0, rounded_up(clock.time_s(event), MS_PER_S))
        minutes, seconds = divmod(position_ms // MS_PER_S, 60)
        predictions.append(
            {
                "gameTime": f"{HALF} - {minutes:02}:{seconds:02}",
                "label": event.kind,
                "position": str(position_ms),
                "half": str(HALF),
                "confidence": f"{event.confidence:.{CONFIDENCE_DIGITS}f}",
            }
        )
    return _document({"UrlLocal": valid_text(timeline.video.path), "predictions": predictions})


def e2e_spot_export(timeline: Timeline) -> bytes:
    """A list with one video, its events by frame, labelled with the kinds; ASCII.

    ``score`` as in predictions, ``num_frames`` and so on as in labels, so it serves as either.
    """
    video = timeline.video
    events = [
        {
            "frame": event.frame,
            "label": event.kind,
            "score": rounded(event.confidence, CONFIDENCE_DIGITS),
            "comment": event.cause,
        }
        for event in in_order(timeline)
    ]
    entry = {
        "video": valid_text(video.path),
        "fps": float(video.frame_rate),
        "num_frames": max([video.frames, *(event.frame + 1 for event in timeline.events)]),
        "width": video.width_px,
        "height": video.height_px,
        "num_events": len(events),
        "events": events,
    }
    return _document([entry])


def _document(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=True, allow_nan=False, indent=1) + "\n").encode("ascii")
