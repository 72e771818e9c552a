"""Games among pygame-ce's examples (public domain, by their README; pygame-ce: LGPL-2.1).

They are written as scripts that own the loop. Here pygame's keys, mouse, clock and screen are
replaced by ones that take the player's action and end a frame, so that nothing depends on how fast
the machine is.
"""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.simulate.encode import Layout
from pyanalyzer.simulate.engine import Channel, SimulationError
from pyanalyzer.simulate.forked import ForkedGame
from pyanalyzer.simulate.layouts import shrunk
from pyanalyzer.simulate.stage import Continuity, Stage

SIDE = Channel(("left", "right"), 3.0)
HEIGHT = Channel(("up", "down"), 2.0)
FIRE = Channel(("fire",), 2.0)
KEYS = {"left": "K_LEFT", "right": "K_RIGHT", "up": "K_UP", "down": "K_DOWN", "fire": "K_SPACE"}
WAYS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
POINTER_PX_S = 720.0  # across a picture of 1280 px in about two seconds, as a stick does


@dataclass(frozen=True, slots=True)
class PygameSpec:
    """A game: its picture and rate, and whether the player moves the mouse's pointer by a stick."""

    size_px: tuple[int, int]
    rate: int
    channels: tuple[Channel, ...]
    pointer: bool = False


GAMES: dict[str, PygameSpec] = {
    "aliens": PygameSpec((640, 480), 40, (SIDE, FIRE)),
    "chimp": PygameSpec((1280, 480), 60, (SIDE, HEIGHT, FIRE), pointer=True),
    "moveit": PygameSpec((640, 480), 60, (SIDE, HEIGHT)),
}


class PygameGame(ForkedGame):
    """One of :data:`GAMES`, with the random numbers of ``seed``."""

    still_camera = True

    def __init__(self, name: str, seed: int, layout: Layout | None = None) -> None:
        del layout  # drawn at its own size, and scaled
        if name not in GAMES:
            raise SimulationError(f"pygame has no game named {name!r} ({', '.join(GAMES)})")
        spec = GAMES[name]
        super().__init__(
            f"pygame/{name}",
            packages=("pygame",),
            module=__name__,
            options={"name": name, "seed": seed},
            frame_rate=Fraction(spec.rate),
            channels=spec.channels,
        )


def layouts(name: str) -> tuple[Layout, ...]:
    """The ways in which a game may be shown."""
    return shrunk(*GAMES[name].size_px)


class _Clock:
    """``pygame.Clock`` for a game of ``rate`` frames a second that never waits."""

    def __init__(self, rate: int) -> None:
        self._rate = rate

    def tick(self, framerate: float = 0) -> int:
        """Milliseconds since the last frame."""
        del framerate
        return round(1000 / self._rate)

    def get_fps(self) -> float:
        """Frames a second."""
        return float(self._rate)


class _Hands:
    """The player's side of pygame: what a script asks of keys and mouse, and where it shows.

    A frame begins where the script first asks for input, and ends where it shows its picture; what
    it shows before it has asked is no frame.
    """

    def __init__(self, stage: Stage, pygame: Any, spec: PygameSpec) -> None:
        self._stage, self._pygame, self._spec = stage, pygame, spec
        self._held: frozenset[str] = frozenset()
        self._events: list[Any] = []
        self._asked = False
        self._x, self._y = (side / 2 for side in spec.size_px)
        self.continuity: Continuity = "goes_on"

    def put_on(self) -> None:
        """Replace what pygame has."""
        pygame, rate = self._pygame, self._spec.rate
        set_mode: Callable[..., Any] = pygame.display.set_mode
        pygame.display.set_mode = lambda size=(0, 0), *_, **__: set_mode(size)
        pygame.display.flip = pygame.display.update = self.show
        pygame.event.get = self.events
        pygame.key.get_pressed = self.pressed
        pygame.mouse.get_pos = self.pointer
        pygame.Clock = pygame.time.Clock = lambda: _Clock(rate)
        pygame.time.wait = pygame.time.delay = lambda milliseconds: milliseconds

    def _ask(self) -> None:
        if self._asked:
            return
        self._asked = True
        pygame, held = self._pygame, self._stage.next_action().held
        self._events = []
        for control in sorted(held ^ self._held):
            down = control in held
            if self._spec.pointer:
                if control == "fire":
                    kind = pygame.MOUSEBUTTONDOWN if down else pygame.MOUSEBUTTONUP
                    position = self.pointer()
                    self._events.append(pygame.event.Event(kind, button=1, pos=position))
                continue
            kind = pygame.KEYDOWN if down else pygame.KEYUP
            self._events.append(pygame.event.Event(kind, key=getattr(pygame, KEYS[control])))
        self._held = held
        self._move_pointer()

    def _move_pointer(self) -> None:
        width, height = self._spec.size_px
        step = POINTER_PX_S / self._spec.rate
        for control in self._held & WAYS.keys():
            across, down = WAYS[control]
            self._x = min(max(self._x + across * step, 0), width - 1)
            self._y = min(max(self._y + down * step, 0), height - 1)

    def events(self, *_: Any, **__: Any) -> list[Any]:
        """``pygame.event.get``."""
        self._ask()
        events, self._events = self._events, []
        return events

    def pressed(self) -> dict[int, bool]:
        """``pygame.key.get_pressed``."""
        self._ask()
        pygame = self._pygame
        return {getattr(pygame, key): control in self._held for control, key in KEYS.items()}

    def pointer(self) -> tuple[int, int]:
        """``pygame.mouse.get_pos``."""
        return round(self._x), round(self._y)

    def show(self, *_: Any, **__: Any) -> None:
        """``pygame.display.flip`` and ``update``."""
        if self._asked:
            self._stage.show(self._picture, self.continuity)
            self._asked, self.continuity = False, "goes_on"

    def _picture(self) -> U8:
        pygame = self._pygame
        columns = pygame.surfarray.array3d(pygame.display.get_surface())
        picture: U8 = np.swapaxes(columns, 0, 1)
        return picture


def perform(stage: Stage) -> None:
    """Play one of :data:`GAMES` (in a process of its own)."""
    import pygame

    name = stage.options["name"]
    random.seed(stage.options["seed"])
    hands = _Hands(stage, pygame, GAMES[name])
    hands.put_on()
    game, mixer = importlib.import_module(f"pygame.examples.{name}"), pygame.mixer
    while True:
        pygame.mixer = mixer  # which a game takes away where there is no sound
        game.main()  # until the game is lost
        hands.continuity = "reset"
