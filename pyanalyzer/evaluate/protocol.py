"""One replay scored: the detector's events and every trivial rule against the truth.

Frames are the replay's ordinals, for events and truth alike. Tolerances in seconds are turned into
frames with the truth's frame rate: simulated replays have a constant one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pyanalyzer.evaluate.baselines import difference_peaks, regular_grid, shuffled_events
from pyanalyzer.evaluate.causes import CauseCounts, count_causes
from pyanalyzer.evaluate.matching import (
    COVERAGE_TOLERANCE_S,
    NO_MATCH,
    REFERENCE_TOLERANCE_FRAMES,
    TIME_SLACK_S,
    TOLERANCES_FRAMES,
    TOLERANCES_S,
    Counts,
    evaluate_events,
    match_events,
    sum_counts,
)
from pyanalyzer.evaluate.regions import intersection_over_union, points_into
from pyanalyzer.evaluate.reliability import covered
from pyanalyzer.records import KINDS, Event, FrameCurves, Kind, Region
from pyanalyzer.simulate.truth import Truth

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

DETECTOR = "pyanalyzer"
GRID, PEAKS, SHUFFLED, CUTS = "regular grid", "difference peaks", "shuffled", "scene cuts"
# Rules with as many guesses as the detector has events. The best of them is what skill is over.
TRIVIAL_RULES = (GRID, PEAKS, SHUFFLED)
METHODS = (DETECTOR, *TRIVIAL_RULES, CUTS)
# A single shuffle of a short replay is a matter of luck; the sum over so many is not.
SHUFFLES = 20
# A change of less than half the picture is somewhere; of more, it is everywhere.
LOCAL_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far off an event may be: in frames, or in seconds if ``in_seconds``."""

    value: float
    in_seconds: bool

    def frames(self, frame_rate: float) -> float:
        """In frames of this rate; seconds with the slack of a rounded pts."""
        return (self.value + TIME_SLACK_S) * frame_rate if self.in_seconds else self.value

    def __str__(self) -> str:
        if self.in_seconds:
            return f"{round(self.value, 3):g} s"
        return f"{self.value:g} frame" + ("" if self.value == 1 else "s")


TOLERANCES: tuple[Tolerance, ...] = (
    *(Tolerance(frames, in_seconds=False) for frames in TOLERANCES_FRAMES),
    *(Tolerance(seconds, in_seconds=True) for seconds in TOLERANCES_S),
)
REFERENCE = TOLERANCES.index(Tolerance(REFERENCE_TOLERANCE_FRAMES, in_seconds=False))
# What games and engines are compared at: a time, since their frames last differently long.
HEADLINE = TOLERANCES.index(Tolerance(TOLERANCES_S[0], in_seconds=True))


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A replay with its truth and what was found in it.

    ``events``: the player's, of every confidence; those of at least ``threshold`` are the timeline,
    the rest serves average precision and calibration. ``difference``: (T,), the mean difference of
    each frame to the one before. ``cuts``: of the scene detector; None if it was not run.
    ``curves``: the scores of every frame; None if they were not kept.
    """

    name: str
    truth: Truth
    events: tuple[Event, ...]
    threshold: float
    difference: F64
    cuts: I64 | None
    curves: FrameCurves | None = None


@dataclass(frozen=True, slots=True)
class Matched:
    """An event of the timeline and the true onset that it found at the reference tolerance.

    ``picture``: the whole picture's box, what a rule that knows nothing would say. ``is_local``:
    whether the true region is less than ``LOCAL_SHARE`` of the picture.
    """

    kind: Kind
    true_kind: Kind
    region_iou: float
    region_pointing: bool
    picture_iou: float
    picture_pointing: bool
    is_local: bool


@dataclass(frozen=True, slots=True, eq=False)
class CaseScore:
    """All that is counted of one replay.

    ``counts``: by method, one per tolerance of ``TOLERANCES`` (``SHUFFLED`` is the sum over
    ``SHUFFLES``). Of the N events of every confidence: ``event_frames``, ``confidences``, ``kinds``
    (numbers in ``KINDS``), (N,); ``hits`` and ``kind_hits`` (matched among events and onsets of
    that kind alone): bool (tolerances, N). Of the M onsets: ``onset_frames``, ``onset_kinds``, and
    ``onset_events``, the event that found it at ``HEADLINE`` or ``NO_MATCH``, (M,).
    ``intervals_covered``: bool, of the timeline's events with an onset near. ``world_alarms``:
    false alarms of the timeline at one of ``world_frames``, known cuts. ``causes``: whether the
    network tells the player's changes from the world's.
    """

    name: str
    engine: str
    game: str
    split: str
    frames: int
    frame_rate: float
    threshold: float
    counts: dict[str, tuple[Counts, ...]]
    event_frames: I64
    confidences: F64
    kinds: I64
    hits: npt.NDArray[np.bool_]
    kind_hits: npt.NDArray[np.bool_]
    onset_frames: I64
    onset_kinds: I64
    onset_events: I64
    matched: tuple[Matched, ...]
    intervals_covered: npt.NDArray[np.bool_]
    interval_widths_frames: I64
    world_frames: I64
    world_alarms: int
    causes: CauseCounts

    @property
    def minutes(self) -> float:
        """Length of the replay."""
        return self.frames / self.frame_rate / 60

    @property
    def onsets(self) -> int:
        """How many onsets there are to find."""
        return self.onset_frames.size

    @property
    def listed(self) -> npt.NDArray[np.bool_]:
        """Which events belong to the timeline: bool (N,)."""
        return np.asarray(self.confidences >= self.threshold)


def score_case(case: Case) -> CaseScore:
    """Score one replay at every tolerance, beside the trivial rules."""
    truth, rate = case.truth, float(case.truth.frame_rate)
    onsets = truth.onsets()
    true_frames = np.array([onset.frame for onset in onsets], dtype=np.int64)
    true_kinds = np.array([KINDS.index(onset.kind) for onset in onsets], dtype=np.int64)
    tolerances = [tolerance.frames(rate) for tolerance in TOLERANCES]
    frames = _frames(case.events)
    kinds = np.array([KINDS.index(event.kind) for event in case.events], dtype=np.int64)
    confidences = np.array([event.confidence for event in case.events], dtype=np.float64)
    timeline = tuple(event for event in case.events if event.confidence >= case.threshold)
    matches = [match_events(frames, confidences, true_frames, t) for t in tolerances]
    reference = matches[REFERENCE][confidences >= case.threshold]
    false = _frames(timeline)[reference == NO_MATCH]
    cuts = [event.frame for event in truth.world_events if event.kind == "cut"]
    world = np.array(cuts, dtype=np.int64)
    at_world = match_events(false, np.ones(false.size), world, REFERENCE_TOLERANCE_FRAMES)
    is_covered, widths = _coverage(timeline, true_frames, rate)
    return CaseScore(
        name=case.name,
        engine=truth.engine,
        game=truth.game,
        split=truth.split,
        frames=truth.frames,
        frame_rate=rate,
        threshold=case.threshold,
        counts=_counts(case, timeline, true_frames, tolerances),
        event_frames=frames,
        confidences=confidences,
        kinds=kinds,
        hits=np.array([matched != NO_MATCH for matched in matches]),
        kind_hits=_kind_hits(
            frames,
            confidences,
            kinds,
            true_frames=true_frames,
            true_kinds=true_kinds,
            tolerances=tolerances,
        ),
        onset_frames=true_frames,
        onset_kinds=true_kinds,
        onset_events=_inverse(matches[HEADLINE], true_frames.size),
        matched=tuple(
            _matched(event, onsets[n].kind, onsets[n].region_px, truth)
            for event, n in zip(timeline, reference.tolist(), strict=True)
            if n != NO_MATCH
        ),
        intervals_covered=is_covered,
        interval_widths_frames=widths,
        world_frames=world,
        world_alarms=int((at_world != NO_MATCH).sum()),
        causes=count_causes(truth, case.curves),
    )


def _kind_hits(
    frames: I64,
    confidences: F64,
    kinds: I64,
    *,
    true_frames: I64,
    true_kinds: I64,
    tolerances: Sequence[float],
) -> npt.NDArray[np.bool_]:
    """Each kind's events matched with that kind's onsets, as if there were no others."""
    hits = np.zeros((len(tolerances), frames.size), dtype=bool)
    for kind in range(len(KINDS)):
        of_kind, true = kinds == kind, true_frames[true_kinds == kind]
        for row, tolerance in zip(hits, tolerances, strict=True):
            matched = match_events(frames[of_kind], confidences[of_kind], true, tolerance)
            row[of_kind] = matched != NO_MATCH
    return hits


def _inverse(matched: I64, onsets: int) -> I64:
    """For each onset the event that took it, or ``NO_MATCH``."""
    events = np.full(onsets, NO_MATCH, dtype=np.int64)
    taken = np.flatnonzero(matched != NO_MATCH)
    events[matched[taken]] = taken
    return events


def _frames(events: Sequence[Event]) -> I64:
    return np.array([event.frame for event in events], dtype=np.int64)


def _counts(
    case: Case, timeline: Sequence[Event], true_frames: I64, tolerances: Sequence[float]
) -> dict[str, tuple[Counts, ...]]:
    found, frames = _frames(timeline), case.truth.frames
    confidences = [event.confidence for event in timeline]

    def guess(guesses: I64) -> tuple[Counts, ...]:
        return evaluate_events(guesses, np.ones(guesses.size), true_frames, tolerances)

    shuffles = [guess(shuffled_events(found, frames, seed)) for seed in range(SHUFFLES)]
    counts = {
        DETECTOR: evaluate_events(found, confidences, true_frames, tolerances),
        GRID: guess(regular_grid(found.size, frames)),
        PEAKS: guess(difference_peaks(case.difference, found.size)),
        SHUFFLED: tuple(sum_counts(column) for column in zip(*shuffles, strict=True)),
    }
    if case.cuts is not None:
        counts[CUTS] = guess(case.cuts)
    return counts


def _coverage(
    timeline: Sequence[Event], true_frames: I64, rate: float
) -> tuple[npt.NDArray[np.bool_], I64]:
    """Of the events with a true onset within ``COVERAGE_TOLERANCE_S``: is it inside, how wide."""
    confidences = [event.confidence for event in timeline]
    tolerance = Tolerance(COVERAGE_TOLERANCE_S, in_seconds=True).frames(rate)
    near = match_events(_frames(timeline), confidences, true_frames, tolerance)
    intervals = np.array([event.interval_frames for event in timeline], np.int64).reshape(-1, 2)
    intervals = intervals[near != NO_MATCH]
    inside = covered(intervals, true_frames[near[near != NO_MATCH]])
    return inside, np.asarray(intervals[:, 1] - intervals[:, 0])


def _matched(event: Event, true_kind: Kind, true_region: Region, truth: Truth) -> Matched:
    picture = Region(0, 0, truth.width_px, truth.height_px)
    return Matched(
        kind=event.kind,
        true_kind=true_kind,
        region_iou=intersection_over_union(event.region_px, true_region),
        region_pointing=points_into(event.region_px, true_region),
        picture_iou=intersection_over_union(picture, true_region),
        picture_pointing=points_into(picture, true_region),
        is_local=intersection_over_union(picture, true_region) < LOCAL_SHARE,
    )
