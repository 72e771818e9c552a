"""The onset of an action change, by playing the game twice.

The recording is branch A. Branch B starts from the same state at the change, but holds the old
action until the recording's next change, and takes the recording's own actions from there on. The
first frame within :data:`WINDOW_S` in which the two pictures differ is the onset. This is the
definition of a causal effect by intervention (J. Pearl, *Causality*, 2000), made exact by a
simulator that can be put back into the same state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import U8, Kind, Region
from pyanalyzer.simulate.engine import (
    Action,
    Difference,
    DivergedError,
    Game,
    OpenWorld,
    Purpose,
    Recording,
    WorldChange,
)

WINDOW_S = Fraction(1, 2)  # a change that shows later than this is called not observable
VIEW_SHARE = 0.5  # of the textured blocks: more than half of what could move has moved
VIEW_FRAMES = 2  # the whole picture may follow up to this many frames after the onset
BLOCK_PX = 8
# Where a change of the world's is first looked for, besides the end of the window: nearly all that
# can be seen at all differs by its second frame.
LOOK_FRAMES = 1
LOOK_S = Fraction(1, 4)
LOOKS = 3


def held_on(old: Action, now: Action) -> Action:
    """The action at a time when the recording does ``now``, had ``old`` been held on.

    An axis that moves on in the same direction keeps the recording's amounts.
    """
    axis = {"mouse_left", "mouse_right"}
    if old.held & axis == now.held & axis:
        return replace(old, turn_deg=now.turn_deg)
    return old


def bounding_box(mask: npt.NDArray[np.bool_]) -> Region:
    """The smallest box that holds every True of ``mask``, bool (height_px, width_px)."""
    rows = np.flatnonzero(mask.any(axis=1))
    columns = np.flatnonzero(mask.any(axis=0))
    x, y = int(columns[0]), int(rows[0])
    return Region(x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y)


def moved_share(a: U8, b: U8) -> float:
    """Share of the textured 8 x 8 px blocks in which two pictures (h, w, 3) differ, 0..1.

    A block is textured where either picture is not of one colour there: a flat block cannot show
    that the view moved.
    """
    rows, columns = a.shape[0] // BLOCK_PX, a.shape[1] // BLOCK_PX

    def blocks(picture: U8) -> U8:
        cut = picture[: rows * BLOCK_PX, : columns * BLOCK_PX]
        return cut.reshape(rows, BLOCK_PX, columns, BLOCK_PX, -1)

    a5, b5 = blocks(a), blocks(b)
    textured = np.zeros((rows, columns), bool)
    for picture in (a5, b5):
        textured |= (picture != picture[:, :1, :, :1]).any(axis=(1, 3, 4))
    if not textured.any():
        return 0.0
    differs = (a5 != b5).any(axis=(1, 3, 4))
    return float((differs & textured).sum() / textured.sum())


def find_onset(
    game: Game,
    recording: Recording,
    actions: Sequence[Action],
    change: int,
    *,
    following: int,
    stride: int = 1,
) -> Difference | None:
    """The onset of the action change at frame ``change``, or None where it is not observable.

    ``following`` is the frame of the next change (or the number of frames). Only every
    ``stride``-th frame is looked at: those that the replay keeps. Branch A is played again from the
    fork, like branch B, so that nothing but the actions differs between them; it must repeat the
    recording, otherwise :class:`DivergedError`.
    """
    resets = [cut for cut in recording.resets if cut > change]
    window = int(WINDOW_S * game.frame_rate)
    end = min([change + window, len(recording.pictures), *resets])
    old = actions[change - 1]
    held = [held_on(old, actions[t]) for t in range(change, min(following, end))]
    purpose = game.kind_of(old.held ^ actions[change].held)
    branch_a = replay_branch(game, recording, actions[:end], change)
    branch_b = game.branch(change, [*held, *actions[following:end]])
    pairs = enumerate(zip(branch_a, branch_b, strict=False), change)
    kept = ((t, a, b) for t, (a, b) in pairs if t % stride == 0)
    return _first_difference(kept, purpose, stride, game.interface_px)


def find_world_onset(
    game: OpenWorld,
    recording: Recording,
    actions: Sequence[Action],
    change: WorldChange,
    *,
    stride: int = 1,
    bar: Region | None = None,
) -> Difference | None:
    """As :func:`find_onset`, of a change of the world's own; ``bar``: the status bar.

    Branch A is the recording itself: the game is one that repeats every pixel. Most of what NPC
    decide happens outside the picture, so not every frame is drawn, but ``LOOKS`` of them:
    ``LOOK_FRAMES`` and ``LOOK_S`` after the change, and the last of the window. Where one of these
    differs, all between it and the one before are drawn. What comes and goes between two of them
    is not seen.
    """
    end = min(change.frame + int(WINDOW_S * game.frame_rate), len(recording.pictures))
    kept = [t for t in range(change.frame, end) if t % stride == 0]
    later = int(LOOK_S * game.frame_rate) // stride

    def first(frames: Sequence[int]) -> Difference | None:
        branch = game.world_branch(change, actions[change.frame : end], frozenset(frames))
        pictures = ((t, recording.pictures[t], b) for t, b in branch)
        return _first_difference(pictures, change.purpose, stride, bar)

    if change.purpose == "move":  # the share that moved needs the frames that follow
        return first(kept)
    probes = sorted({*kept[LOOK_FRAMES : LOOK_FRAMES + 1], *kept[later : later + 1], *kept[-1:]})
    found = first(probes)
    if found is None:
        return None
    clear = max((t for t in probes if t < found.frame), default=change.frame - 1)
    between = [t for t in kept if clear < t < found.frame]
    return (first(between) if between else None) or found


def _first_difference(
    pictures: Iterable[tuple[int, U8, U8]], purpose: Purpose, stride: int, bar: Region | None
) -> Difference | None:
    """The first of the frames in which the pictures of the two branches differ."""
    onset, mask, moved = -1, None, 0.0
    for t, a, b in pictures:
        if onset < 0 and not np.array_equal(a, b):
            onset, mask = t, (a != b).any(axis=2)
        if onset >= 0:
            if purpose != "move":
                break  # no need of the share that moved
            moved = max(moved, moved_share(a, b))
            if t >= onset + VIEW_FRAMES * stride:
                break
    if mask is None:
        return None
    region = bounding_box(mask)
    return Difference(onset, _kind(purpose, bar, region, moved), region, float(mask.mean()))


def replay_branch(
    game: Game, recording: Recording, actions: Sequence[Action], change: int
) -> list[U8]:
    """The recording's own pictures from ``change`` on, played again from the fork.

    Raises :class:`DivergedError` where any of them is not the recording's; for an engine that is
    known to animate by drawing, where the median picture differs by more than
    :attr:`Game.repeat_tolerance`.
    """
    pictures = list(game.branch(change, actions[change:]))
    originals = recording.pictures[change:]
    shares = [
        0.0
        if np.array_equal(picture, original)
        else float((picture != original).any(axis=2).mean())
        for picture, original in zip(pictures, originals, strict=False)
    ]
    typical = float(np.median(shares) if game.repeat_tolerance else max(shares)) if shares else 0.0
    if typical > game.repeat_tolerance:
        raise DivergedError(
            f"the game does not repeat itself: {typical:.1%} of the picture differ after a branch "
            f"at frame {change} under the same actions; its labels cannot be trusted"
        )
    return pictures


def _kind(purpose: Purpose, bar: Region | None, region: Region, moved: float) -> Kind:
    if (
        bar is not None
        and region.x_px >= bar.x_px
        and region.y_px >= bar.y_px
        and region.x_px + region.w_px <= bar.x_px + bar.w_px
        and region.y_px + region.h_px <= bar.y_px + bar.h_px
    ):
        return "interface"
    if purpose == "move_view":
        return "view"
    if purpose == "act":
        return "effect"
    if purpose == "move_figure":
        return "avatar"
    return "view" if moved > VIEW_SHARE else "avatar"
