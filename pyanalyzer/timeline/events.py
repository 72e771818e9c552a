"""The timeline's entries: what, where, which way and how sure, for every onset of the path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import CAUSES, KINDS, Event, Region, Scores, VideoInfo
from pyanalyzer.timeline.calibration import Calibration
from pyanalyzer.timeline.motion import Followed, motion_around
from pyanalyzer.timeline.onsets import Onsets, find_onsets, onset_interval
from pyanalyzer.timeline.parameters import TimelineParameters
from pyanalyzer.timeline.traces import FrameTrace
from pyanalyzer.timeline.transition import frame_times

F64 = npt.NDArray[np.float64]

_WHOLE_PICTURE = 0  # the first candidate; a track's number is at least 1


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an event is: its region in px of the replay, and what to follow, if not the view."""

    region_px: Region
    followed: Followed | None


@dataclass(frozen=True, slots=True, eq=False)
class _Recording:
    """What all events of one recording are made from. ``picture``: the analysed part of it."""

    scores: Scores
    traces: Sequence[FrameTrace]
    times_s: F64
    time_base: Fraction
    start_pts: int
    onsets: Onsets
    picture: Region

    def over_territory(self, log_p: npt.NDArray[np.float32], n: int) -> F64:
        """The rows of ``log_p`` (T, ...) of onset ``n``'s territory, in double precision."""
        begin, end = self.onsets.territories[n]
        return np.asarray(log_p[begin:end], dtype=np.float64)


def build_events(
    scores: Scores,
    traces: Sequence[FrameTrace],
    info: VideoInfo,
    parameters: TimelineParameters,
    *,
    offset_px: tuple[int, int] = (0, 0),
    size_px: tuple[int, int] | None = None,
    threshold: float | None = None,
) -> tuple[Event, ...]:
    """All events of at least ``threshold`` confidence (None: the parameters'), of either cause.

    ``traces``: one per frame of ``scores``. ``offset_px``, ``size_px``: the analysed part of the
    picture, by default all of it. Events are in order of time, with ids from 1. The confidence of
    the world's events is calibrated on the player's: there is no truth about the world to learn
    from.

    Kind and region are averaged over where the posterior puts the onset, so that they do not hang
    on a single frame.

    :raises ValueError: if the lengths differ or a log-probability is NaN.
    """
    if len(traces) != scores.pts.size:
        raise ValueError(f"{scores.pts.size} frames of scores, but {len(traces)} traces")
    times_s = frame_times(scores.pts, info.time_base)
    onsets = find_onsets(scores.cause_onset, times_s, parameters)
    least = parameters.threshold if threshold is None else threshold
    confidences = parameters.calibration.confidence(onsets.raw_confidences)
    picture = _analysed_part(info, offset_px, size_px)
    recording = _Recording(scores, traces, times_s, info.time_base, info.start_pts, onsets, picture)
    listed = np.flatnonzero(confidences >= least).tolist()
    return tuple(
        _event(recording, n, number, float(confidences[n]), parameters.calibration)
        for number, n in enumerate(listed, start=1)
    )


def _event(
    recording: _Recording, n: int, number: int, confidence: float, calibration: Calibration
) -> Event:
    """Onset ``n`` of the path as entry ``number`` of the timeline."""
    scores, onsets = recording.scores, recording.onsets
    at = int(onsets.positions[n])
    share = onsets.marginals[n]
    kind = KINDS[int(np.argmax(share @ np.exp(recording.over_territory(scores.kind, n))))]
    place = _place(recording, n, share)
    neighbours = (
        int(onsets.positions[n - 1]) if n > 0 else 0,
        int(onsets.positions[n + 1]) if n + 1 < onsets.positions.size else len(recording.traces),
    )
    followed = None if kind == "view" else place.followed
    before, after = motion_around(recording.traces, recording.times_s, at, neighbours, followed)
    low, high = onset_interval(
        onsets,
        n,
        len(recording.traces),
        calibration.interval_temperature,
        calibration.interval_margin_frames,
    )
    return Event(
        id=number,
        frame=int(scores.index[at]),
        pts=int(scores.pts[at]),
        time_s=float((int(scores.pts[at]) - recording.start_pts) * recording.time_base),
        interval_frames=(int(scores.index[low]), int(scores.index[high - 1]) + 1),
        kind=kind,
        cause=CAUSES[int(onsets.causes[n])],
        confidence=confidence,
        region_px=place.region_px,
        motion_before_px_s=before,
        motion_after_px_s=after,
    )


def _analysed_part(
    info: VideoInfo, offset_px: tuple[int, int], size_px: tuple[int, int] | None
) -> Region:
    x, y = offset_px
    w, h = (info.width_px - x, info.height_px - y) if size_px is None else size_px
    return Region(x, y, min(w, info.width_px - x), min(h, info.height_px - y))


def _place(recording: _Recording, n: int, share: F64) -> _Place:
    """The candidate with the most probability, counted by track over the territory.

    ``share`` (n,): where in it the onset is. The box is the track's at the onset; where it has none
    there, that of its likeliest frame.
    """
    begin, end = recording.onsets.territories[n].tolist()
    onset = recording.traces[int(recording.onsets.positions[n])]
    candidate = recording.over_territory(recording.scores.candidate, n)
    weight = share[:, None] * np.exp(candidate)
    sums: dict[int, float] = {_WHOLE_PICTURE: float(weight[:, 0].sum())}
    boxes: dict[int, list[tuple[bool, float, Region]]] = {}
    for row, trace in zip(weight.tolist(), recording.traces[begin:end], strict=True):
        for k in range(trace.proposals.shape[0]):
            track = trace.track(k)
            sums[track] = sums.get(track, 0.0) + row[1 + k]
            boxes.setdefault(track, []).append((trace is onset, row[1 + k], trace.region(k)))
    track = max(sums, key=lambda key: (sums[key], -key))
    if track == _WHOLE_PICTURE:
        return _Place(recording.picture, None)
    region = max(boxes[track])[2]
    return _Place(_to_replay(region, onset.factor, recording.picture), Followed(region, track))


def _to_replay(region: Region, factor: int, picture: Region) -> Region:
    """From working px to px of the replay, clipped to the analysed part; never empty."""
    x0 = min(max(region.x_px * factor, 0), picture.w_px - 1)
    y0 = min(max(region.y_px * factor, 0), picture.h_px - 1)
    x1 = min(max((region.x_px + region.w_px) * factor, x0 + 1), picture.w_px)
    y1 = min(max((region.y_px + region.h_px) * factor, y0 + 1), picture.h_px)
    return Region(picture.x_px + x0, picture.y_px + y0, x1 - x0, y1 - y0)
