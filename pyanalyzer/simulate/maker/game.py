"""A made game in the form that the labelling machinery knows: played, kept, branched."""

from __future__ import annotations

import pickle
from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction

import numpy as np

from pyanalyzer.records import U8, Region
from pyanalyzer.simulate.engine import (
    Action,
    Channel,
    DivergedError,
    Purpose,
    Recording,
    SimulationError,
    WorldChange,
)
from pyanalyzer.simulate.maker.families import make_world
from pyanalyzer.simulate.maker.names import FAMILIES, GAMES_PER_FAMILY, parse
from pyanalyzer.simulate.maker.state import WIND, Hold, Intent, State

CUT_SHARE = 0.5  # of the pixels: a respawn or page flip that changes less is no cut to the eye


class MakerGame:
    """One game by name (``platformer/0007``): its design hangs on the name, its luck on ``seed``.

    A state is kept by pickling it before the fork's step; everything else never changes. So a
    branch is exact, whatever the world does. ``lead_in`` is played, not recorded.
    """

    repeat_tolerance = 0.0

    def __init__(self, name: str, seed: int, lead_in: Sequence[Action] = ()) -> None:
        try:
            family, design = parse(name)
        except ValueError:
            raise SimulationError(
                f"the maker has no game named {name!r}: a name is one of {', '.join(FAMILIES)}, "
                f"and a number from 0000 to {GAMES_PER_FAMILY - 1:04d}, as in maze/0042"
            ) from None
        self.world = make_world(family, np.random.default_rng(design))
        self._seed, self._lead_in = seed, lead_in
        self._kept: dict[int, bytes] = {}
        self._world_kept: dict[int, bytes] = {}
        self._changes: list[tuple[int, int, Intent, Intent]] = []  # frame, who, before, after
        self._frames = 0

    @property
    def frame_rate(self) -> Fraction:
        """Ticks per second: 24, 30, 50, 60 or 120, by the game."""
        return self.world.rate

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The game's own controls."""
        return self.world.channels

    @property
    def axis(self) -> bool:
        """Whether the game has a mouse."""
        return self.world.axis

    @property
    def interface_px(self) -> Region | None:
        """The status bar, where it has a strip of its own."""
        return self.world.interface_px

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the pictures."""
        return self.world.size_px

    def set_lead_in(self, lead_in: Sequence[Action]) -> None:
        """Play these actions before the recording starts."""
        self._lead_in = lead_in

    def play(self, actions: Sequence[Action], forks: Collection[int]) -> Recording:
        """See :meth:`pyanalyzer.simulate.engine.Game.play`. There are no resets: nothing that a
        branch could not cross."""
        state = self.world.begin(self._seed)
        for action in self._lead_in:
            self.world.step(state, action.held, action.turn_deg)
        pictures: list[U8] = []
        cuts: list[int] = []
        self._kept, self._world_kept, self._changes = {}, {}, []
        self._frames = len(actions)
        for t, action in enumerate(actions):
            kept = pickle.dumps(state, pickle.HIGHEST_PROTOCOL)
            if t in forks:
                self._kept[t] = kept
            decided = self._decided(state)
            self.world.step(state, action.held, action.turn_deg)
            changed = _changed(decided, self._decided(state))
            if changed and t:
                self._world_kept[t] = kept
                self._changes += [(t, *change) for change in changed]
            pictures.append(self.world.draw(state))
            if state.jumped and t and _differs(pictures[-2], pictures[-1]) > CUT_SHARE:
                cuts.append(t)
        return Recording(tuple(pictures), tuple(cuts), ())

    def branch(self, frame: int, actions: Sequence[Action]) -> Iterator[U8]:
        """See :meth:`pyanalyzer.simulate.engine.Game.branch`."""
        if frame not in self._kept:
            raise DivergedError(f"no state was kept for frame {frame}")
        state: State = pickle.loads(self._kept[frame])
        for action in actions:
            self.world.step(state, action.held, action.turn_deg)
            yield self.world.draw(state)

    def _decided(self, state: State) -> dict[int, Intent]:
        """What all NPCs and the wind do, by number."""
        doing = {npc.ident: npc.decided for npc in state.npcs if npc.decided is not None}
        if self.world.gusts:
            doing[WIND] = (*self.world.gust(state), False)
        return doing

    def world_changes(self) -> list[WorldChange]:
        """See :meth:`pyanalyzer.simulate.engine.OpenWorld.world_changes`: NPCs' hands and gusts."""
        changes: list[WorldChange] = []
        following: dict[int, int] = {}
        for t, ident, before, after in reversed(self._changes):
            purpose: Purpose = "move_figure" if before[:2] != after[:2] else "act"
            if ident == WIND:  # it moves the player too, and the camera follows
                purpose = "move"
            changes.append(
                WorldChange(t, following.get(ident, self._frames), ident, before, purpose)
            )
            following[ident] = t
        return changes[::-1]

    def world_branch(
        self, change: WorldChange, actions: Sequence[Action], frames: Collection[int]
    ) -> Iterator[tuple[int, U8]]:
        """See :meth:`pyanalyzer.simulate.engine.OpenWorld.world_branch`. From ``following`` on, it
        decides for itself again."""
        if change.frame not in self._world_kept:
            raise DivergedError(f"no state was kept for the world's change at {change.frame}")
        state: State = pickle.loads(self._world_kept[change.frame])
        first = state.tick + 1  # the tick of the frame of the change
        state.hold = Hold(change.ident, change.before, first + change.following - change.frame)
        for t, action in enumerate(actions, change.frame):
            self.world.step(state, action.held, action.turn_deg)
            if t in frames:
                yield t, self.world.draw(state)

    def kind_of(self, controls: frozenset[str]) -> Purpose:
        """What the changed controls are for, as the game's family says."""
        return self.world.purpose(controls)

    def close(self) -> None:
        """Nothing to close."""


def _changed(
    before: dict[int, Intent], after: dict[int, Intent]
) -> list[tuple[int, Intent, Intent]]:
    return [
        (ident, before[ident], intent)
        for ident, intent in after.items()
        if ident in before and before[ident] != intent
    ]


def _differs(a: U8, b: U8) -> float:
    return float((a != b).any(axis=2).mean())
