"""Evidence cards: what can be shown of an event, from the replay and the saved timeline."""

from __future__ import annotations

import cmath
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pyanalyzer.decode.colour import pictures_at
from pyanalyzer.errors import TimelineFileError, UsageError
from pyanalyzer.export.saved import at_replay
from pyanalyzer.records import (
    Event,
    EvidenceCard,
    FrameCurves,
    Region,
    RivalFrame,
    Timeline,
)
from pyanalyzer.report.card_pictures import (
    Before,
    Grid,
    Inverse,
    PicturePair,
    block_map_png,
    jpeg_of,
    keep_before,
    pair,
)
from pyanalyzer.report.frames_csv import check_frames
from pyanalyzer.timeline.motion import AVERAGED_S
from pyanalyzer.timeline.onsets import MERGE_FRAMES, TERRITORY_S

DEFAULT_LIMIT = 200  # cards of 30 kB: a page of 6 MB
CURVE_S = 0.5  # of the scores to either side of an onset: as far as the network looks
MAX_RIVALS = 3
# A rival has at least a quarter of the onset's score: weaker peaks are everywhere.
RIVAL_SHARE = 0.25

F32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Plan:
    """An event with the positions, among the analysed frames, of what its card is made from."""

    event: Event
    before: int
    after: int
    crop_px: Region


def evidence_cards(
    timeline: Timeline, replay_path: str, *, limit: int | None = DEFAULT_LIMIT, threads: int = 0
) -> tuple[EvidenceCard, ...]:
    """The cards of the ``limit`` likeliest events (None: of all), in order of time.

    Before is the last frame before the onset; after is the one 0.1 s later, over which the event's
    motion is averaged, but before the next onset. Only the frames about the events are decoded, in
    colour, by ``threads`` (0: one per processor), and no picture is kept longer than needed. The
    same replay and timeline give the same cards.

    Raises ReplayError if the file at ``replay_path`` is not the replay of the timeline or cannot be
    read, TimelineFileError if the timeline has no curves or an event of a frame that it does not
    know, and UsageError for a limit below 0.
    """
    if limit is not None and limit < 0:
        raise UsageError(f"the limit of evidence cards must be 0 or more, not {limit}")
    curves = check_frames(timeline)
    at_replay(timeline, replay_path)
    grid = Grid.of(timeline.video.width_px, timeline.video.height_px)
    plans = [_plan(event, timeline, curves, grid) for event in likeliest(timeline.events, limit)]
    pairs = _pairs(plans, curves, grid, replay_path, threads)
    return tuple(
        _card(plan, found, timeline, curves) for plan, found in zip(plans, pairs, strict=True)
    )


def likeliest(events: Sequence[Event], limit: int | None) -> list[Event]:
    """The ``limit`` events of the highest confidence (of equals, the earlier), in order of time."""
    order = sorted(events, key=lambda event: (-event.confidence, event.frame, event.id))
    return sorted(order[:limit], key=lambda event: (event.frame, event.id))


def _plan(event: Event, timeline: Timeline, curves: FrameCurves, grid: Grid) -> _Plan:
    at = position_of(event, curves)
    next_frame = min(
        (other.frame for other in timeline.events if other.frame > event.frame),
        default=int(curves.index[-1]) + 1,
    )
    last = int(np.searchsorted(curves.index, next_frame, side="left")) - 1
    reach_pts = int(curves.pts[at]) + AVERAGED_S / timeline.video.time_base
    # Half a frame of grace, as for the motion: 0.1 s is six frames of 60 Hz however pts are rounded
    after = int(np.searchsorted(curves.pts, float(reach_pts), side="right")) - 1
    return _Plan(event, max(at - 1, 0), max(at, min(after, last)), grid.around(event.region_px))


def position_of(event: Event, curves: FrameCurves) -> int:
    """The position of the event's onset among the analysed frames. Raises TimelineFileError."""
    at = int(np.searchsorted(curves.index, event.frame))
    if at == curves.index.size or int(curves.index[at]) != event.frame:
        raise TimelineFileError(
            f"event {event.id} is in frame {event.frame}, of which the timeline has no curves;"
            " analyse the replay again"
        )
    return at


def _pairs(
    plans: Sequence[_Plan], curves: FrameCurves, grid: Grid, path: str, threads: int
) -> list[PicturePair]:
    """The pictures of every plan, in one walk through the replay."""
    pts = curves.pts.tolist()
    starting, ending = defaultdict(list), defaultdict(list)
    for n, plan in enumerate(plans):
        starting[pts[plan.before]].append(n)
        ending[pts[plan.after]].append(n)
    befores: dict[int, Before] = {}
    pairs: dict[int, PicturePair] = {}
    for picture in pictures_at(path, [*starting, *ending], threads=threads):
        for n in starting[picture.pts]:
            befores[n] = keep_before(picture, grid, plans[n].crop_px)
        for n in ending[picture.pts]:
            plan = plans[n]
            hint = view_between(curves, plan.before, plan.after, grid)
            pairs[n] = pair(befores.pop(n), picture, grid, plan.crop_px, hint)
    return [pairs[n] for n in range(len(plans))]


def view_between(curves: FrameCurves, before: int, after: int, grid: Grid) -> Inverse | None:
    """Where the view's motion carries a pixel of the frame at position ``before``, as
    ``Alignment.inverse_q16`` from before to ``after``, working px; None across a cut.

    The frames' similarities one after the other, as complex numbers about the picture's centre.
    """
    steps = slice(before + 1, after + 1)
    if not curves.aligned[steps].all():
        return None
    turn, shift = complex(1.0), complex(0.0)
    for zoom, roll_deg, dx_px, dy_px in zip(
        curves.view_zoom[steps].tolist(),
        curves.view_roll_deg[steps].tolist(),
        curves.view_dx_px[steps].tolist(),
        curves.view_dy_px[steps].tolist(),
        strict=True,
    ):
        step = cmath.rect(zoom, math.radians(roll_deg))
        turn, shift = step * turn, step * shift + complex(dx_px, dy_px) / grid.factor
    centre = complex(grid.cols * 8 - 1, grid.rows * 8 - 1) / 2
    moved = centre + shift - turn * centre
    a, b, tx, ty = (round(65536 * part) for part in (turn.real, turn.imag, moved.real, moved.imag))
    return (a, b, tx, ty)


def _card(plan: _Plan, found: PicturePair, timeline: Timeline, curves: FrameCurves) -> EvidenceCard:
    at = position_of(plan.event, curves)
    scores = scores_of(plan.event, curves)
    begin, end = _within(curves, timeline, at, CURVE_S)
    return EvidenceCard(
        event=plan.event,
        before_frame=int(curves.index[plan.before]),
        after_frame=int(curves.index[plan.after]),
        crop_px=plan.crop_px,
        image_px=(found.before.shape[1], found.before.shape[0]),
        aligned=found.aligned,
        before_jpeg=jpeg_of(found.before),
        after_jpeg=jpeg_of(found.after),
        changed_png=block_map_png(found.changed),
        score_frames=tuple(curves.index[begin:end].tolist()),
        scores=tuple(scores[begin:end].tolist()),
        rivals=rivals_of(plan.event, timeline, curves),
    )


def scores_of(event: Event, curves: FrameCurves) -> F32:
    """Of every frame, the network's score of an onset of the event's cause: float32 (T,)."""
    if event.cause == "player":
        return curves.player_score
    world: F32 = np.maximum(curves.onset_score - curves.player_score, 0.0, dtype=np.float32)
    return world


def rivals_of(event: Event, timeline: Timeline, curves: FrameCurves) -> tuple[RivalFrame, ...]:
    """Other frames that the network took for the onset: peaks of its score near the event.

    Looked for as far as the event's territory goes: 0.25 s, half-way to the next listed onset. The
    frames beside a peak, and those that count as the onset itself (2 frames), are none.
    """
    at = position_of(event, curves)
    scores = scores_of(event, curves)
    begin, end = _within(curves, timeline, at, TERRITORY_S)
    frames = [other.frame for other in timeline.events if other.frame != event.frame]
    earlier = max((frame for frame in frames if frame < event.frame), default=None)
    later = min((frame for frame in frames if frame > event.frame), default=None)
    rivals = []
    for k in range(begin, end):
        frame = int(curves.index[k])
        score = float(scores[k])
        if abs(frame - event.frame) <= MERGE_FRAMES or score < RIVAL_SHARE * float(scores[at]):
            continue
        if earlier is not None and 2 * frame < earlier + event.frame:
            continue
        if later is not None and 2 * frame >= later + event.frame:
            continue
        beside = scores[max(k - 1, 0) : k + 2]
        if score > 0.0 and score == float(beside.max()):
            rivals.append(RivalFrame(frame, score))
    rivals.sort(key=lambda rival: (-rival.score, rival.frame))
    return tuple(rivals[:MAX_RIVALS])


def _within(curves: FrameCurves, timeline: Timeline, at: int, reach_s: float) -> tuple[int, int]:
    """Half-open positions of the frames at most ``reach_s`` from the frame at ``at``."""
    reach_pts = float(reach_s / timeline.video.time_base)
    pts = int(curves.pts[at])
    begin = int(np.searchsorted(curves.pts, pts - reach_pts, side="left"))
    end = int(np.searchsorted(curves.pts, pts + reach_pts, side="right"))
    return begin, end
