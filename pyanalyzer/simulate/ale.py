"""Atari 2600 games through the Arcade Learning Environment (Bellemare et al., 2013).

60 Hz, every frame, no sticky actions; states are cloned before each branch. ale-py and its games
come with the extra ``train``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

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

RATE = Fraction(60)
CUT_SHARE = 0.6  # of the picture's pixels: after a lost life, so large a change is a respawn
STILL_SHARE = 0.3  # and the frame before changed less than this: neither flashing nor scrolling
# A state does not hold the two pictures that the emulator draws into in turn. A short frame leaves
# the rest of its picture as it was, so both are drawn anew before a branch begins.
DRAWN_AGAIN_FRAMES = 2
RESPAWN_FRAMES = 240  # how long after a lost life the picture may still jump to the respawn
DIRECTIONS = frozenset({"up", "down", "left", "right"})


def _import() -> tuple[Any, Any]:
    try:
        import ale_py
        from ale_py import roms
    except ImportError as error:
        raise SimulationError('Atari games need ale-py: pip install "pyanalyzer[train]"') from error
    return ale_py, roms


@dataclass(frozen=True, slots=True)
class Variant:
    """How the console's switches stand: ``mode`` is the game's own number of a variant of it (other
    levels, other enemies, other rules; Machado et al., "Revisiting the Arcade Learning
    Environment", JAIR 61, 2018), ``difficulty`` the switch beside it."""

    mode: int
    difficulty: int


class AtariGame:
    """One Atari game. ``lead_in`` is played, not recorded, so that replays start differently.

    In its default variant, until :meth:`set_variant` is called.
    """

    frame_rate = RATE
    repeat_tolerance = 0.0
    axis = False
    interface_px: Region | None = None

    def __init__(self, name: str, seed: int, lead_in: Sequence[Action] = ()) -> None:
        ale_py, roms = _import()
        if name not in roms.get_all_rom_ids():
            raise SimulationError(f"ale-py has no game named {name!r}")
        ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
        self._ale = ale_py.ALEInterface()
        self._ale.setInt("random_seed", seed)
        self._ale.setFloat("repeat_action_probability", 0.0)
        self._ale.setInt("frame_skip", 1)
        # A game it does not know would end the whole process.
        if self._ale.isSupportedROM(roms.get_rom_path(name)) is None:
            raise SimulationError(f"ale-py ships the game {name!r}, but cannot run it")
        self._ale.loadROM(roms.get_rom_path(name))
        self._name = name
        self._codes = {_controls(action.name): action for action in ale_py.Action}
        useful = frozenset().union(*(_controls(a.name) for a in self._ale.getMinimalActionSet()))
        axes = (("left", "right"), ("up", "down"), ("fire",))
        weights = (3.0, 2.0, 2.0)
        self._channels = tuple(
            Channel(tuple(o for o in axis if o in useful), weight)
            for axis, weight in zip(axes, weights, strict=True)
            if useful.intersection(axis)
        )
        self._states: dict[int, tuple[Any, tuple[Action, ...]]] = {}
        self._lead_in = lead_in

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The stick's axes and the button, as far as the game's minimal action set has them."""
        return self._channels

    @property
    def variants(self) -> tuple[Variant, ...]:
        """All that the game has, in the order of their numbers; the first is not always the default
        one."""
        modes, difficulties = self._ale.getAvailableModes(), self._ale.getAvailableDifficulties()
        return tuple(Variant(m, d) for m in sorted(modes) for d in sorted(difficulties))

    def set_variant(self, variant: Variant) -> None:
        """From the next :meth:`play` on. Raises SimulationError where the game has no such one."""
        if variant not in self.variants:
            raise SimulationError(
                f"there is no such variant of {self._name}: mode {variant.mode}, difficulty "
                f"{variant.difficulty}"
            )
        self._ale.setMode(variant.mode)
        self._ale.setDifficulty(variant.difficulty)

    def set_lead_in(self, lead_in: Sequence[Action]) -> None:
        """Play these actions before the recording starts."""
        self._lead_in = lead_in

    def _step(self, action: Action) -> None:
        self._ale.act(self._codes[action.held])

    def play(self, actions: Sequence[Action], forks: Collection[int]) -> Recording:
        """See :meth:`pyanalyzer.simulate.engine.Game.play`. Resets where the game is over."""
        ale = self._ale
        ale.reset_game()
        for action in self._lead_in:
            if ale.game_over():
                ale.reset_game()
            self._step(action)
        pictures: list[U8] = []
        cuts: set[int] = set()
        resets: list[int] = []
        lives, lost = ale.lives(), -RESPAWN_FRAMES
        self._states = {}
        recent: deque[tuple[Any, Action]] = deque(maxlen=DRAWN_AGAIN_FRAMES)
        for t, action in enumerate(actions):
            if ale.game_over():
                ale.reset_game()
                if t:
                    resets.append(t)
                lives = ale.lives()
                recent.clear()
            state = ale.cloneState(include_rng=True)
            if t in forks:
                first = recent[0][0] if recent else state
                self._states[t] = first, tuple(before for _, before in recent)
            recent.append((state, action))
            self._step(action)
            pictures.append(ale.getScreenRGB())
            lost, lives = (t if ale.lives() < lives else lost), ale.lives()
            if t > 1 and t - lost < RESPAWN_FRAMES and _jumps(pictures[-3:]):
                cuts.add(t)
                lost = -RESPAWN_FRAMES
        return Recording(tuple(pictures), tuple(sorted(cuts.union(resets))), tuple(resets))

    def branch(self, frame: int, actions: Sequence[Action]) -> Iterator[U8]:
        """See :meth:`pyanalyzer.simulate.engine.Game.branch`."""
        if frame not in self._states:
            raise DivergedError(f"no state was kept for frame {frame}")
        state, before = self._states[frame]
        self._ale.restoreState(state)
        for action in before:
            self._step(action)
        for action in actions:
            self._step(action)
            yield np.asarray(self._ale.getScreenRGB())

    def kind_of(self, controls: frozenset[str]) -> Purpose:
        """The stick moves a figure (or, where the picture says so, the view); the button acts."""
        return "move" if controls & DIRECTIONS else "act"

    def close(self) -> None:
        """Nothing to close: the emulator lives and dies with the object."""


def _jumps(last: Sequence[U8]) -> bool:
    """Whether the last of three pictures jumps away from the two before it."""
    before, change = ((a != b).any(axis=2).mean() for a, b in pairwise(last))
    return bool(before < STILL_SHARE and change > CUT_SHARE)


def _controls(name: str) -> frozenset[str]:
    """The controls in an ALE action's name: ``UPRIGHTFIRE`` -> up, right, fire."""
    parts = ("UP", "DOWN", "LEFT", "RIGHT", "FIRE")
    return frozenset(part.lower() for part in parts if part in name)
