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
)
from pyanalyzer.simulate.maker.families import make_world
from pyanalyzer.simulate.maker.names import FAMILIES, GAMES_PER_FAMILY, parse
from pyanalyzer.simulate.maker.state import State

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
        self._kept = {}
        for t, action in enumerate(actions):
            if t in forks:
                self._kept[t] = pickle.dumps(state, pickle.HIGHEST_PROTOCOL)
            self.world.step(state, action.held, action.turn_deg)
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

    def kind_of(self, controls: frozenset[str]) -> Purpose:
        """What the changed controls are for, as the game's family says."""
        return self.world.purpose(controls)

    def close(self) -> None:
        """Nothing to close."""


def _differs(a: U8, b: U8) -> float:
    return float((a != b).any(axis=2).mean())
