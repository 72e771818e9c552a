"""What the page knows, as plain data for JSON: columns instead of objects, times as exact ticks."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import numpy as np
import numpy.typing as npt

from pyanalyzer.export.clock import in_order
from pyanalyzer.page.replay import PageReplay
from pyanalyzer.records import CAUSES, KINDS, Event, EvidenceCard, Timeline
from pyanalyzer.report.summary import analysed_span_s
from pyanalyzer.report.words import frame_rate

# Curves are kept as 16-bit whole numbers: a plot of 2000 px height still shows every step.
CURVE_LEVELS = 32767
SCORE_DIGITS = 3  # as the scores are saved
# Names of the curves, and which value of each means that nothing happens.
CURVES = {
    "view_dx_px": 0.0,
    "view_dy_px": 0.0,
    "view_zoom": 1.0,
    "view_roll_deg": 0.0,
    "changed_share": 0.0,
    "onset_score": 0.0,
}


def page_contents(
    timeline: Timeline, replay: PageReplay, cards: Sequence[EvidenceCard] = ()
) -> dict[str, Any]:
    """The timeline and the evidence cards for the page's script, times in s, places in px."""
    return {
        "video": _video(timeline),
        "replay": {"name": replay.name, "type": replay.media_type, "href": replay.href},
        "model": timeline.model.name,
        "settings": _settings(timeline),
        "warnings": list(timeline.warnings),
        "span_s": [round(time_s, 6) for time_s in analysed_span_s(timeline)],
        "kinds": list(KINDS),
        "causes": list(CAUSES),
        "events": _events(in_order(timeline)),
        "frames": _frames(timeline),
        "curves": _curves(timeline),
        "cards": [_card(card) for card in cards],
    }


def _video(timeline: Timeline) -> dict[str, Any]:
    video = timeline.video
    return {
        "name": PurePath(video.path).name,
        "width_px": video.width_px,
        "height_px": video.height_px,
        "frames": video.frames,
        "duration_s": video.duration_s,
        "rate": frame_rate(video.frame_rate),
        "frame_s": float(1 / video.frame_rate) if video.frame_rate else 0.0,
        "sha256": video.sha256,
    }


def _settings(timeline: Timeline) -> list[list[str]]:
    """Names and values of what was asked for, as text."""
    return [
        [key, ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)]
        for key, value in timeline.settings.items()
        if value is not None
    ]


def _events(events: Sequence[Event]) -> dict[str, list[Any]]:
    """One list per field; regions and motions are flat."""
    return {
        "id": [event.id for event in events],
        "frame": [event.frame for event in events],
        "time_s": [event.time_s for event in events],
        "first": [event.interval_frames[0] for event in events],
        "end": [event.interval_frames[1] for event in events],
        "kind": [KINDS.index(event.kind) for event in events],
        "cause": [CAUSES.index(event.cause) for event in events],
        "confidence": [event.confidence for event in events],
        "region_px": [value for event in events for value in event.region_px],
        "before_px_s": [value for event in events for value in event.motion_before_px_s],
        "after_px_s": [value for event in events for value in event.motion_after_px_s],
    }


def _card(card: EvidenceCard) -> dict[str, Any]:
    return {
        "id": card.event.id,
        "before_frame": card.before_frame,
        "after_frame": card.after_frame,
        "crop_px": list(card.crop_px),
        "image_px": list(card.image_px),
        "aligned": card.aligned,
        "before": _data_url("image/jpeg", card.before_jpeg),
        "after": _data_url("image/jpeg", card.after_jpeg),
        "changed": _data_url("image/png", card.changed_png),
        "score_frames": list(card.score_frames),
        "scores": [round(score, SCORE_DIGITS) for score in card.scores],
        "rivals": [
            {"frame": rival.frame, "score": round(rival.score, SCORE_DIGITS)}
            for rival in card.rivals
        ],
    }


def _data_url(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def _frames(timeline: Timeline) -> dict[str, Any] | None:
    """When every frame is shown: runs of equally long frames, in ticks of the time base."""
    curves = timeline.curves
    if curves is None or len(curves.pts) == 0 or np.any(np.diff(curves.index) != 1):
        return None
    time_base = timeline.video.time_base
    return {
        "first": int(curves.index[0]),
        "time_base": [time_base.numerator, time_base.denominator],
        "ticks": int(curves.pts[0]) - curves.start_pts,
        "runs": _runs(np.diff(curves.pts)),
    }


def _runs(lengths: npt.NDArray[np.int64]) -> list[int]:
    """``[length, count, length, count, ...]``: most replays have few different frame lengths."""
    if len(lengths) == 0:
        return []
    starts = np.flatnonzero(np.concatenate(([True], lengths[1:] != lengths[:-1])))
    counts = np.diff(np.concatenate((starts, [len(lengths)])))
    return [int(value) for pair in zip(lengths[starts], counts, strict=True) for value in pair]


def _curves(timeline: Timeline) -> dict[str, Any] | None:
    """Each curve's largest magnitude, and its values as shares of it: int16, base64."""
    curves = timeline.curves
    if curves is None or len(curves.pts) == 0:
        return None
    return {name: _packed(getattr(curves, name) - rest) for name, rest in CURVES.items()}


def _packed(values: npt.NDArray[Any]) -> dict[str, Any]:
    exact = np.nan_to_num(np.asarray(values, np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    most = float(f"{np.abs(exact).max():.6g}")
    levels = np.rint(exact / most * CURVE_LEVELS) if most > 0 else np.zeros(len(exact))
    packed = np.clip(levels, -CURVE_LEVELS, CURVE_LEVELS).astype("<i2")
    return {"most": most, "levels": base64.b64encode(packed.tobytes()).decode("ascii")}
