"""Truth of a replay to targets of the network, one row a frame.

What the player does is always known. Of the world, some truths know every change of what NPC and
the wind do (``Truth.world_known``), others the cuts alone; for these, what turns in the picture
while no action of the player explains it is taken for the world's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pyanalyzer.evaluate.protocol import LOCAL_SHARE
from pyanalyzer.records import F32, KINDS, Region
from pyanalyzer.score.features import PROPOSAL_FEATURES
from pyanalyzer.simulate.truth import MOTION_KINDS, Truth, WorldEvent

# An onset's probability is shared with the frames beside it: after compression the first frame in
# which a change can be seen is not always the first in which the raw pictures differed.
ONSET_SHARES = (0.1, 0.8, 0.1)
# After a press the picture may still follow from it; what changes later is the world's own doing.
PLAYER_WINDOW_S = 0.5
# So near to an onset of the player nothing is called the world's: their spread labels would fight.
_PLAYER_REACH_FRAMES = 1
# Where a known onset is this near, it is what explains that something turns.
_EXPLAINED_FRAMES = 2
# What counts as the world's own change of motion: a region that has been there for a while and
# turns by at least a pixel of the working picture per frame.
_WORLD_TURN_PX = 1.0
_WORLD_AGE_S = 0.15
_WORLD_SPACING_S = 0.1
# A proposal carries an onset if it holds this much of the true region, or lies mostly within it.
_OVERLAP_SHARE = 0.25
WHOLE_KINDS = frozenset(("view", "cut"))  # changes of the whole picture, as a rule


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Targets of T frames.

    ``player``, ``world``: float32 (T,), probability of an onset; ``known``: uint8 (T,), 0 where
    nothing tells an event of the world from no event; ``kind``: int8 (T,), index into KINDS or -1;
    ``candidate``: int8 (T,), 0 for the whole picture, 1.. for a proposal, -1 for not known;
    ``box``: float32 (T, 4), left, top, right, bottom of a change of the player's as shares of the
    picture, zero where it is of the whole picture or there is none.
    """

    player: F32
    world: F32
    known: npt.NDArray[np.uint8]
    kind: npt.NDArray[np.int8]
    candidate: npt.NDArray[np.int8]
    box: F32


def make_labels(
    truth: Truth,
    frames: int,
    proposals: F32,
    boxes_px: npt.NDArray[np.float32],
) -> Labels:
    """``proposals``: float32 (T, MAX_PROPOSALS, F), as the network sees them; ``boxes_px``: float32
    (T, MAX_PROPOSALS, 4), their regions in px of the replay, zero where there is none."""
    rate = float(truth.frame_rate)
    player = np.zeros(frames, np.float32)
    kind = np.full(frames, -1, np.int8)
    candidate = np.full(frames, -1, np.int8)
    box = np.zeros((frames, 4), np.float32)
    for onset in truth.onsets():
        t = onset.frame
        if t >= frames:
            continue
        _spread(player, t)
        kind[t] = KINDS.index(onset.kind)
        candidate[t] = _carrier(onset.kind, onset.region_px, boxes_px[t])
        shares = _shares(onset.region_px, truth)
        if onset.kind not in WHOLE_KINDS or _area(shares) < LOCAL_SHARE:
            box[t] = shares
    onsets = [onset.frame for onset in truth.onsets() if onset.frame < frames]
    world: F32 = np.zeros(frames, np.float32)
    events = _world_onsets(truth, onsets, frames)
    if truth.world_known:
        explained = _near([*onsets, *events], frames, _EXPLAINED_FRAMES)
        known = explained | (_turns_px(proposals) < _WORLD_TURN_PX)
    else:
        presses = [change.press_frame for change in truth.changes]
        known = ~_after_presses(presses, frames, round(PLAYER_WINDOW_S * rate)) & (player == 0)
        told = [t for t, event in events.items() if event.kind != "cut"]
        unsaid = known & ~_near(told, frames, _EXPLAINED_FRAMES)
        for t in _world_turns(proposals, unsaid, round(_WORLD_SPACING_S * rate)):
            _spread(world, t)
    for t, event in events.items():
        _spread(world, t)
        known[t] = True
        if kind[t] < 0:
            kind[t] = KINDS.index(event.kind)
            candidate[t] = _carrier(event.kind, event.region_px, boxes_px[t])
    world = np.minimum(world, 1 - player)
    return Labels(player, world, known.astype(np.uint8), kind, candidate, box)


def world_motion_frames(truth: Truth) -> list[int]:
    """Frames in which the truth knows that something of the world changed its motion, rising."""
    return sorted({event.frame for event in truth.world_events if event.kind in MOTION_KINDS})


def _world_onsets(truth: Truth, player_onsets: Sequence[int], frames: int) -> dict[int, WorldEvent]:
    """The world event of each frame that has one: the first, in the order of the truth.

    Cuts all of them; of the others those that no onset of the player is next to.
    """
    near = _near(player_onsets, frames, _PLAYER_REACH_FRAMES)
    events: dict[int, WorldEvent] = {}
    for event in truth.world_events:
        if event.frame < frames and (event.kind == "cut" or not near[event.frame]):
            events.setdefault(event.frame, event)
    return events


def _near(at: Sequence[int], frames: int, reach: int) -> npt.NDArray[np.bool_]:
    near = np.zeros(frames, bool)
    for t in at:
        near[max(0, t - reach) : t + reach + 1] = True
    return near


def _spread(target: F32, t: int) -> None:
    for offset, share in zip((-1, 0, 1), ONSET_SHARES, strict=True):
        if 0 <= t + offset < len(target):
            target[t + offset] = max(target[t + offset], share)


def _area(box: tuple[float, float, float, float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _shares(region: Region, truth: Truth) -> tuple[float, float, float, float]:
    x, y, w, h = region
    width, height = truth.width_px, truth.height_px
    return x / width, y / height, (x + w) / width, (y + h) / height


def _carrier(kind: str, region: Region | None, boxes_px: npt.NDArray[np.float32]) -> int:
    if kind in WHOLE_KINDS:
        return 0
    if region is None:
        return -1
    x, y, w, h = region
    best, best_share = 0, _OVERLAP_SHARE
    for i, (bx, by, bw, bh) in enumerate(boxes_px):
        across = min(x + w, bx + bw) - max(x, bx)
        down = min(y + h, by + bh) - max(y, by)
        if bw <= 0 or across <= 0 or down <= 0:
            continue
        share = across * down / min(w * h, bw * bh)
        if share > best_share:
            best, best_share = i + 1, share
    return best


def _after_presses(presses: Sequence[int], frames: int, window: int) -> npt.NDArray[np.bool_]:
    near = np.zeros(frames, bool)
    for press in presses:
        near[press : press + window + 1] = True
    return near


def _turns_px(proposals: F32) -> F32:
    """How much the region that turns most turns in each frame: (T,), px of the working picture per
    frame; of the regions that have been there for a while."""
    column = {name: i for i, name in enumerate(PROPOSAL_FEATURES)}
    # The features hold square roots of pixels.
    turn = np.hypot(
        proposals[..., column["motion_change_x"]] ** 2,
        proposals[..., column["motion_change_y"]] ** 2,
    )
    old = proposals[..., column["track_age"]] >= _WORLD_AGE_S
    return np.asarray(np.where(old, turn, 0).max(axis=1), np.float32)


def _world_turns(proposals: F32, known: npt.NDArray[np.bool_], spacing: int) -> list[int]:
    """Frames at which a region turns most, among those that no action of the player explains."""
    turn = np.where(known, _turns_px(proposals), 0)
    found: list[int] = []
    for t in np.argsort(-turn, kind="stable"):
        if turn[t] < _WORLD_TURN_PX:
            break
        if all(abs(int(t) - other) > spacing for other in found):
            found.append(int(t))
    return sorted(found)
