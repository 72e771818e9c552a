"""The timeline's entries: what, where, which way and how sure, for every onset of the path."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pyanalyzer.chunks import Chunk
from pyanalyzer.records import CAUSES, KINDS, Event, Kind, Region, Scores, VideoInfo
from pyanalyzer.timeline.calibration import Calibration
from pyanalyzer.timeline.clutter import Clutter
from pyanalyzer.timeline.decisions import Decision, OnsetDecider, blocks
from pyanalyzer.timeline.motion import Followed, motion_around
from pyanalyzer.timeline.onsets import onset_interval
from pyanalyzer.timeline.parameters import TimelineParameters
from pyanalyzer.timeline.places import PlaceWeights, places_around
from pyanalyzer.timeline.pointing import Locates, Spot, moved_part, spot_of
from pyanalyzer.timeline.sighting import Sightings, weighed
from pyanalyzer.timeline.traces import FrameTrace
from pyanalyzer.timeline.transition import FrameTimes

F64 = npt.NDArray[np.float64]

_WHOLE_PICTURE = 0  # the first candidate; a track's number is at least 1
_NO_TRACK = 0
# A change of these kinds is somewhere. The network says "the whole picture" of them where it cannot
# tell where; a track must be that much less likely before that is the better answer.
_LOCAL_KINDS = frozenset(("avatar", "effect", "interface"))
_WHOLE_OF_LOCAL = 0.25  # chosen on validation games (docs/experiments.md)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an event is: its region in px of the replay, and what to follow, if not the view."""

    region_px: Region
    followed: Followed | None


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """What the events of one block are made from: the frames around it, and its onsets.

    ``picture``: the analysed part of the replay's. ``places``: as of the parameters. ``sightings``:
    what the Locator sees, if there is one.
    """

    info: VideoInfo
    scores: Scores
    traces: Sequence[FrameTrace]
    times_s: F64
    decision: Decision
    picture: Region
    places: PlaceWeights
    sightings: Sightings | None

    def over_territory(self, log_p: npt.NDArray[np.float32], n: int) -> F64:
        """The rows of ``log_p`` (T, ...) of onset ``n``'s territory, in double precision."""
        begin, end = self.decision.onsets.territories[n]
        return np.asarray(log_p[begin:end], dtype=np.float64)


class EventStream:
    """Makes the events of one recording while its scores come in.

    However the frames are handed over, the events are the same: they are decided block by block
    (:mod:`~pyanalyzer.timeline.decisions`), and what has been given out stays. Frames are kept for
    as long as a block needs them, at most ``BLOCK_FRAMES`` and what surrounds a block.

    Events are of either cause and have at least ``threshold`` confidence (None: the parameters');
    they are in order of time, with ids from 1. ``offset_px``, ``size_px``: the analysed part of the
    picture, by default all of it. ``early``: the first events do not wait until it is known how
    much looks like an onset and is none (:mod:`~pyanalyzer.timeline.clutter`). ``locates``: says
    where local changes are, and how plainly it can tell weighs them
    (:mod:`~pyanalyzer.timeline.sighting`); None: the network's candidates say where. The confidence
    of the world's events is calibrated on the player's: there is no truth about the world to learn
    from. Kind and region are averaged over where the posterior puts the onset, so that they do not
    hang on a single frame.
    """

    def __init__(
        self,
        info: VideoInfo,
        parameters: TimelineParameters,
        *,
        offset_px: tuple[int, int] = (0, 0),
        size_px: tuple[int, int] | None = None,
        threshold: float | None = None,
        early: bool = False,
        locates: Locates | None = None,
    ) -> None:
        self._info, self._locates = info, locates
        self._calibration, self._places = parameters.calibration, parameters.places
        self._typical_sighting = parameters.typical_sighting
        self._threshold = parameters.threshold if threshold is None else threshold
        self._picture = _analysed_part(info, offset_px, size_px)
        self._blocks, self._decider = blocks(), OnsetDecider(parameters)
        self._clutter = Clutter(parameters.typical_clutter, early=early)
        self._waiting: list[_Window] = []  # blocks that are decided
        self._times = FrameTimes(info.time_base)
        self._listed = 0
        self._begin = 0  # ordinal of the first frame that is kept
        self._scores: Scores | None = None
        self._times_s: F64 = np.zeros(0)
        self._traces: list[FrameTrace] = []

    def push(self, scores: Scores, traces: Sequence[FrameTrace]) -> tuple[Event, ...]:
        """The next frames; what is certain now and was not before.

        :raises ValueError: if ``traces`` are not one per frame of ``scores``, or a log-probability
            is NaN.
        """
        if len(traces) != scores.pts.size:
            raise ValueError(f"{scores.pts.size} frames of scores, but {len(traces)} traces")
        self._scores = scores if self._scores is None else Scores.join((self._scores, scores))
        self._times_s = np.concatenate((self._times_s, self._times.push(scores.pts)))
        self._traces.extend(traces)
        return self._decide(last=False)

    def finish(self) -> tuple[Event, ...]:
        """The rest: no frame comes after those that were pushed."""
        return self._decide(last=True)

    def _decide(self, *, last: bool) -> tuple[Event, ...]:
        events: list[Event] = []
        while block := self._blocks.take(self._begin + self._times_s.size, last=last):
            window = self._decided(block)
            self._waiting.append(window)
            self._clutter.push(window.decision.onsets, window.times_s[block.inside])
            if self._clutter.known:
                events += self._settled()
        if last:
            events += self._settled()
        self._forget(self._blocks.needed_from - self._begin)
        return tuple(events)

    def _decided(self, block: Chunk) -> _Window:
        assert self._scores is not None
        begin, end = block.begin - self._begin, block.end - self._begin
        scores, times_s = self._scores.part(begin, end), self._times_s[begin:end]
        decision = self._decider.decide(block, scores.cause_onset, times_s)
        traces = self._traces[begin:end]
        sightings = None
        if self._locates is not None and times_s.size > 1:
            sightings = Sightings(traces, times_s, self._locates)
            if self._typical_sighting is not None:
                seen = sightings.concentration
                onsets = weighed(decision.onsets, seen, self._typical_sighting)
                decision = replace(decision, onsets=onsets)
        return _Window(
            self._info,
            scores,
            traces,
            times_s,
            decision,
            picture=self._picture,
            places=self._places,
            sightings=sightings,
        )

    def _settled(self) -> Iterator[Event]:
        """The events of the blocks that wait."""
        for window in self._waiting:
            raw = self._clutter.held_against(window.decision.onsets)
            confidences = self._calibration.confidence(raw)
            for n in np.flatnonzero(confidences >= self._threshold).tolist():
                self._listed += 1
                yield _event(window, n, self._listed, float(confidences[n]), self._calibration)
        self._waiting.clear()

    def _forget(self, frames: int) -> None:
        if frames > 0 and self._scores is not None:
            self._scores = self._scores.part(frames, self._scores.pts.size)
            self._times_s = self._times_s[frames:]
            del self._traces[:frames]
            self._begin += frames


def build_events(
    scores: Scores,
    traces: Sequence[FrameTrace],
    info: VideoInfo,
    parameters: TimelineParameters,
    *,
    offset_px: tuple[int, int] = (0, 0),
    size_px: tuple[int, int] | None = None,
    threshold: float | None = None,
    early: bool = False,
    locates: Locates | None = None,
) -> tuple[Event, ...]:
    """All events of a recording at once: what an :class:`EventStream` makes of it.

    ``traces``: one per frame of ``scores``; the rest is as there.

    :raises ValueError: if the lengths differ or a log-probability is NaN.
    """
    stream = EventStream(
        info,
        parameters,
        offset_px=offset_px,
        size_px=size_px,
        threshold=threshold,
        early=early,
        locates=locates,
    )
    return stream.push(scores, traces) + stream.finish()


def _event(
    window: _Window, n: int, number: int, confidence: float, calibration: Calibration
) -> Event:
    """Onset ``n`` of a block as entry ``number`` of the timeline."""
    info, scores, decision = window.info, window.scores, window.decision
    onsets = decision.onsets
    at = int(onsets.positions[n])
    share = onsets.marginals[n]
    kind = KINDS[int(np.argmax(share @ np.exp(window.over_territory(scores.kind, n))))]
    place = _spotted(window, at, kind)
    if place is None:
        place = _place(window, n, share, window.places if kind in _LOCAL_KINDS else None)
    followed = None if kind == "view" else place.followed
    neighbours = int(decision.neighbours[n]), int(decision.neighbours[n + 2])
    before, after = motion_around(window.traces, window.times_s, at, neighbours, followed)
    low, high = onset_interval(
        onsets,
        n,
        len(window.traces),
        calibration.interval_temperature,
        calibration.interval_margin_frames,
    )
    return Event(
        id=number,
        frame=int(scores.index[at]),
        pts=int(scores.pts[at]),
        time_s=float((int(scores.pts[at]) - info.start_pts) * info.time_base),
        # A frame that was not looked at belongs to the next one that was.
        interval_frames=(
            int(scores.index[low - 1]) + 1 if low > 0 else int(scores.index[0]),
            int(scores.index[high - 1]) + 1,
        ),
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


def _spotted(window: _Window, at: int, kind: Kind) -> _Place | None:
    """Where the onset at position ``at`` is by the Locator, or, of a change of the view, what
    moves; None where that is not known."""
    if window.sightings is None:
        return None
    factor = window.traces[at].factor
    if kind == "view":
        moved = moved_part(window.traces, at)
        return None if moved is None else _Place(_to_replay(moved, factor, window.picture), None)
    if kind not in _LOCAL_KINDS:
        return None
    log_p = window.sightings.log_p(at)
    spot = None if log_p is None else spot_of(window.traces, at, log_p)
    if spot is None:
        return None
    return _Place(_to_replay(spot.box, factor, window.picture), _followed(window, at, spot))


def _followed(window: _Window, at: int, spot: Spot) -> Followed:
    """The spot, and the smallest track that holds its peak, if one does."""
    x, y = spot.peak
    x0, y0, x1, y1 = spot.box
    box = Region(int(x0), int(y0), math.ceil(x1) - int(x0), math.ceil(y1) - int(y0))
    holding = [
        place
        for place in places_around(window.traces, window.scores.candidate, at)
        if place.box.x_px <= x < place.box.x_px + place.box.w_px
        and place.box.y_px <= y < place.box.y_px + place.box.h_px
    ]
    smallest = min(
        holding, key=lambda place: (place.box.w_px * place.box.h_px, place.track), default=None
    )
    return Followed(box, _NO_TRACK if smallest is None else smallest.track)


def _place(window: _Window, n: int, share: F64, local: PlaceWeights | None) -> _Place:
    """The whole picture, or the place of a track.

    ``share`` (n,): where in the territory the onset is. The candidate with the most probability,
    counted by track over the territory, decides whether it is the picture; ``local``: of a local
    change, of which the picture's probability counts less, and whose track is the likeliest by
    these weights. Of other changes the track is that candidate, its box the one at the onset, or
    where it has none there that of its likeliest frame.
    """
    begin, end = window.decision.onsets.territories[n].tolist()
    at = int(window.decision.onsets.positions[n])
    onset = window.traces[at]
    weight = share[:, None] * np.exp(window.over_territory(window.scores.candidate, n))
    whole = float(weight[:, 0].sum()) * (1.0 if local is None else _WHOLE_OF_LOCAL)
    sums: dict[int, float] = {_WHOLE_PICTURE: whole}
    boxes: dict[int, list[tuple[bool, float, Region]]] = {}
    for row, trace in zip(weight.tolist(), window.traces[begin:end], strict=True):
        for k in range(trace.proposals.shape[0]):
            track = trace.track(k)
            sums[track] = sums.get(track, 0.0) + row[1 + k]
            boxes.setdefault(track, []).append((trace is onset, row[1 + k], trace.region(k)))
    track = max(sums, key=lambda key: (sums[key], -key))
    if track == _WHOLE_PICTURE:
        return _Place(window.picture, None)
    if local is not None:
        best = local.best(places_around(window.traces, window.scores.candidate, at))
        if best is not None:
            region_px = _to_replay(best.changed, onset.factor, window.picture)
            return _Place(region_px, Followed(best.box, best.track))
    region = max(boxes[track])[2]
    x, y, w, h = region
    return _Place(
        _to_replay((x, y, x + w, y + h), onset.factor, window.picture), Followed(region, track)
    )


def _to_replay(box: tuple[float, float, float, float], factor: int, picture: Region) -> Region:
    """From working px (x0, y0, x1, y1) to px of the replay, clipped to the analysed part; never
    empty."""
    left, top, right, bottom = (round(value * factor) for value in box)
    x0 = min(max(left, 0), picture.w_px - 1)
    y0 = min(max(top, 0), picture.h_px - 1)
    x1 = min(max(right, x0 + 1), picture.w_px)
    y1 = min(max(bottom, y0 + 1), picture.h_px)
    return Region(picture.x_px + x0, picture.y_px + y0, x1 - x0, y1 - y0)
