"""A saved timeline that other tools are to trust: read, checked in itself, and narrowed.

``json_report.read_timeline`` checks each field; here the fields are held against each other.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from pyanalyzer.errors import ReplayError, TimelineFileError, UsageError
from pyanalyzer.export.clock import clock_of
from pyanalyzer.records import Event, FrameCurves, Timeline
from pyanalyzer.report.json_report import parse_timeline
from pyanalyzer.settings import AnalysisSettings, CauseChoice
from pyanalyzer.timeline.allowance import allowed_events

# A text file does not hold it; every common container of video does, near its beginning.
_BINARY = b"\0"
_HEAD_BYTES = 4096
MAX_FRACTION_PART = 2**31 - 1  # FFmpeg's AVRational, where these fractions come from
MAX_TIME_S = 366 * 24 * 3600  # a year: longer recordings are slips, and their sums overflow
# In the order of ``AnalysisSettings.as_record``, so that a narrowed timeline has the same bytes as
# one that was analysed so.
_SETTINGS = (
    "start_s",
    "end_s",
    "mask",
    "min_confidence",
    "false_alarms_per_min",
    "region_px",
    "cause",
    "fast",
    "follow",
    "doubled",
)


def read_saved(path: str | os.PathLike[str]) -> Timeline:
    """The timeline in a file that ``--json`` wrote, checked for contradictions.

    Raises TimelineFileError if the file cannot be read, is a replay or anything else but such a
    timeline, or contradicts itself: see :func:`check_consistent`.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD_BYTES)
            if _BINARY in head:
                raise TimelineFileError(
                    f"{path} is not a saved timeline but a binary file; a replay is analysed by"
                    f" `pyanalyzer {path} --json timeline.json`"
                )
            data = head + file.read()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        cause = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise TimelineFileError(f"cannot read {path}: {cause}") from error
    if not data.strip():
        raise TimelineFileError(f"{path} is empty; a timeline is written by --json")
    timeline = parse_timeline(data, str(path))
    check_consistent(timeline, str(path))
    return timeline


def check_consistent(timeline: Timeline, name: str) -> None:
    """Raises TimelineFileError where fields that are right by themselves cannot be true together.

    Checked: known settings; a positive time base, and times that a video can have; ids 1, 2, 3,
    ...; frames and pts that grow together; each onset in its interval, each region in the picture;
    pts and time_s that agree; each onset in a frame of the curves. ``name`` is what errors call the
    file.
    """
    for key in timeline.settings:
        if key not in _SETTINGS:
            raise TimelineFileError(f"{name} has an unknown field settings.{key}")
    _check_clock(timeline, name)
    before: Event | None = None
    for place, event in enumerate(timeline.events):
        where = f"{name}: events[{place}]"
        _check_event(event, timeline, where)
        if event.id != place + 1:
            raise TimelineFileError(f"{where}.id must be {place + 1}: events are numbered from 1")
        if before is not None and not _follows(before, event):
            raise TimelineFileError(f"{where}: frame and pts must grow together, in order of time")
        before = event
    try:
        clock_of(timeline)
    except TimelineFileError as error:
        raise TimelineFileError(f"{name}: {error}") from error
    if timeline.curves is not None:
        _check_frames(timeline.events, timeline.curves, name)


def _check_clock(timeline: Timeline, name: str) -> None:
    """Refuses fractions that no video file can hold, and times that no replay has."""
    video = timeline.video
    if video.time_base <= 0:
        raise TimelineFileError(f"{name}: video.time_base must be positive")
    for key, value in (("time_base", video.time_base), ("frame_rate", video.frame_rate)):
        if max(value.numerator, value.denominator) > MAX_FRACTION_PART:
            raise TimelineFileError(
                f"{name}: video.{key} must be a fraction of numbers up to {MAX_FRACTION_PART}"
            )
    if video.duration_s > MAX_TIME_S:
        raise TimelineFileError(f"{name}: video.duration_s must be at most {MAX_TIME_S}")


def _check_event(event: Event, timeline: Timeline, where: str) -> None:
    if not 0 <= event.time_s <= MAX_TIME_S:
        raise TimelineFileError(f"{where}.time_s must be in 0..{MAX_TIME_S}")
    start, end = event.interval_frames
    if not start <= event.frame < end:
        raise TimelineFileError(
            f"{where}.interval_frames [{start}, {end}) must hold the onset, frame {event.frame}"
        )
    video, region = timeline.video, event.region_px
    right, bottom = region.x_px + region.w_px, region.y_px + region.h_px
    if right > video.width_px or bottom > video.height_px:
        raise TimelineFileError(
            f"{where}.region_px {list(region)} must lie inside the picture,"
            f" {video.width_px} x {video.height_px} px"
        )


def _check_frames(events: Sequence[Event], curves: FrameCurves, name: str) -> None:
    frames = dict(zip(curves.index.tolist(), curves.pts.tolist(), strict=True))
    for place, event in enumerate(events):
        if frames.get(event.frame) != event.pts:
            raise TimelineFileError(
                f"{name}: events[{place}]: curves has no frame {event.frame} of pts {event.pts}"
            )


def _follows(before: Event, event: Event) -> bool:
    """Whether ``event`` may stand after ``before``: later, or another change in the same frame."""
    same = (before.frame, before.pts) == (event.frame, event.pts)
    return same or (before.frame < event.frame and before.pts < event.pts)


def at_replay(timeline: Timeline, path: str) -> Timeline:
    """The timeline of the same replay, which lies at ``path`` now.

    Raises ReplayError if the file cannot be read, or is not the one that was analysed.
    """
    from pyanalyzer.decode.identity import sha256_of  # loads the decoder

    found = sha256_of(path)
    if found != timeline.video.sha256:
        raise ReplayError(
            f"{path} is not the replay of this timeline: its SHA-256 is {found}, that of the replay"
            f" which was analysed is {timeline.video.sha256}"
        )
    return replace(timeline, video=replace(timeline.video, path=path))


def narrowed(
    timeline: Timeline,
    min_confidence: float | None = None,
    cause: CauseChoice | None = None,
    false_alarms_per_min: float | None = None,
) -> Timeline:
    """The events of at least ``min_confidence``, or as many of the surest as
    ``false_alarms_per_min`` allow, and of ``cause``, numbered anew.

    The same as an analysis with these options, if what it would list was saved, but for confidences
    within 0.00005 of the threshold, as they are saved to four digits. None leaves things as they
    are. Raises UsageError for both thresholds at once, and where the timeline cannot tell: events
    below its own threshold, or of a cause that it does not list.
    """
    asked = AnalysisSettings(  # checks them
        min_confidence=min_confidence, false_alarms_per_min=false_alarms_per_min
    )
    settings = dict(timeline.settings)
    listed = settings.get("cause", "player")
    if cause is not None and listed not in (cause, "all"):
        raise UsageError(
            f"the saved timeline lists only the {listed}'s changes: analyse the replay again with"
            f" --cause {cause}"
        )
    _check_threshold(asked, settings)
    if min_confidence is not None or false_alarms_per_min is not None:
        for name in ("min_confidence", "false_alarms_per_min"):
            settings.pop(name, None)
        settings |= asked.as_record()
    if cause == "player":
        settings.pop("cause", None)
    elif cause is not None:
        settings["cause"] = cause
    chosen = [event for event in timeline.events if cause in (None, "all", event.cause)]
    chosen = _chosen(chosen, asked, timeline.video.duration_s)
    return replace(
        timeline,
        settings={key: settings[key] for key in _SETTINGS if key in settings},
        events=tuple(replace(event, id=number) for number, event in enumerate(chosen, start=1)),
    )


def _chosen(events: list[Event], asked: AnalysisSettings, duration_s: float) -> list[Event]:
    if asked.false_alarms_per_min is not None:
        return allowed_events(events, asked.false_alarms_per_min, duration_s)
    least = asked.min_confidence or 0.0
    return [event for event in events if event.confidence >= least]


def _check_threshold(asked: AnalysisSettings, settings: dict[str, object]) -> None:
    """Raises UsageError where events were left out that are asked for."""
    least, saved = asked.min_confidence, settings.get("min_confidence")
    if least is not None and isinstance(saved, int | float) and least < saved:
        raise UsageError(
            f"the saved timeline holds only events of confidence {saved:g} and more: analyse the"
            f" replay again with --min-confidence {least:g}"
        )
    rate, saved = asked.false_alarms_per_min, settings.get("false_alarms_per_min")
    if rate is not None and isinstance(saved, int | float) and rate > saved:
        raise UsageError(
            f"the saved timeline holds only as many events as {saved:g} false alarms a minute"
            f" allow: analyse the replay again with --false-alarms {rate:g}"
        )


def may_lack_events(timeline: Timeline, narrow: Timeline) -> bool:
    """Whether events that belong in ``narrow``, made of it, may have been left out when the
    timeline was saved.

    With the model's own threshold, or that of a rate of false alarms, the file does not say which
    it was; it was not above the least confidence listed. Where a rate of false alarms is asked for
    and all that was saved is listed, there may be more.
    """
    asked, saved = narrow.settings, timeline.settings
    lowest = min((event.confidence for event in timeline.events), default=1.0)
    least = asked.get("min_confidence")
    if isinstance(least, int | float):
        return "min_confidence" not in saved and least < lowest
    if "false_alarms_per_min" not in asked or "false_alarms_per_min" in saved:
        return False
    kept = {event.confidence for event in narrow.events}
    return saved.get("min_confidence") != 0.0 and (lowest in kept or not timeline.events)
