"""A game small enough to know every onset beforehand, in the form the simulators have."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction

import numpy as np

from pyanalyzer.records import U8, Region
from pyanalyzer.simulate.engine import Action, Channel, Purpose, Recording

HEIGHT_PX, WIDTH_PX = 48, 64
AVATAR_Y_PX, AVATAR_PX = 20, 4
FLASH = Region(50, 4, 6, 5)
LAMP = Region(2, 42, 5, 3)
BAR = Region(0, 40, WIDTH_PX, 8)
DELAYS = {"left": 0, "right": 0, "fire": 3, "lamp": 1, "slow": 40, "scroll": 2}


class ToyGame:
    """``left``/``right`` move a square at once; the other controls act ``DELAYS`` frames late.

    ``fire`` and ``slow`` light FLASH, ``lamp`` lights LAMP inside the status bar BAR, ``scroll``
    shifts the textured background, ``dead`` does nothing. A second square walks by itself. The
    picture is a function of the actions since the last reset, so a branch is exact by making, but
    for one pixel in the frame ``glitch``.
    """

    frame_rate = Fraction(60)
    axis = False
    repeat_tolerance = 0.0
    interface_px: Region | None = BAR
    channels = (
        Channel(("left", "right"), 3.0),
        Channel(("fire",)),
        Channel(("lamp",)),
        Channel(("scroll",)),
        Channel(("dead",)),
    )

    def __init__(self, resets: Sequence[int] = (), glitch: int | None = None) -> None:
        self.resets = tuple(resets)
        self._glitch = glitch
        self._actions: Sequence[Action] = ()

    def play(self, actions: Sequence[Action], forks: Collection[int]) -> Recording:
        """Everything from the start."""
        self._actions = actions
        pictures = tuple(self._picture(actions[: t + 1], t) for t in range(len(actions)))
        return Recording(pictures, self.resets, self.resets)

    def branch(self, frame: int, actions: Sequence[Action]) -> Iterator[U8]:
        """The recording's actions up to ``frame``, then others."""
        past = list(self._actions[:frame])
        for t in range(len(actions)):
            picture = self._picture([*past, *actions[: t + 1]], frame + t)
            if frame + t == self._glitch:
                picture[0, 0] ^= 1
            yield picture

    def kind_of(self, controls: frozenset[str]) -> Purpose:
        """``left`` and ``right`` move the figure, ``scroll`` may move more, the rest acts."""
        return "move" if controls & {"left", "right", "scroll"} else "act"

    def close(self) -> None:
        """Nothing to close."""

    def _picture(self, actions: Sequence[Action], t: int) -> U8:
        start = max((reset for reset in self.resets if reset <= t), default=0)
        life = [action.held for action in actions[start:]]

        def late(control: str) -> int:
            return sum(control in held for held in life[: max(0, len(life) - DELAYS[control])])

        def held_late(control: str) -> bool:
            at = len(life) - 1 - DELAYS[control]
            return at >= 0 and control in life[at]

        columns = np.arange(WIDTH_PX) + late("scroll")
        picture = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
        picture[:40] = (37 * columns % 101)[None, :, None]
        x = 30 + late("right") - late("left")
        picture[AVATAR_Y_PX : AVATAR_Y_PX + AVATAR_PX, x % 50 : x % 50 + AVATAR_PX] = 255
        npc = t % 50
        picture[30:34, npc : npc + AVATAR_PX] = (0, 200, 0)
        if held_late("fire") or held_late("slow"):
            _fill(picture, FLASH, 240)
        if held_late("lamp"):
            _fill(picture, LAMP, 180)
        return picture


def _fill(picture: U8, region: Region, value: int) -> None:
    x, y, w, h = region
    picture[y : y + h, x : x + w] = value
