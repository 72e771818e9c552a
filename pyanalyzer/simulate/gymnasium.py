"""Physics games of Gymnasium (Towers et al., 2024; MIT licensed) on Box2D (zlib licence).

Every game is stepped at its own rate with continuous controls, so
that several can be held at once; what a control does is a share of the engine's largest force.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from pyanalyzer.records import Region
from pyanalyzer.simulate.encode import Layout
from pyanalyzer.simulate.engine import Channel, Purpose, SimulationError
from pyanalyzer.simulate.forked import ForkedGame
from pyanalyzer.simulate.layouts import shrunk
from pyanalyzer.simulate.stage import Stage

SIDE = Channel(("left", "right"), 3.0)
SIZE_PX = (600, 400)
OUTSIDE = -10.0  # left of the lander's picture, in its metres
GAME_OVER_S = 0.7  # a lost game is shown for so long before it begins anew


@dataclass(frozen=True, slots=True)
class GymSpec:
    """A game: Gymnasium's name, its rate, and per control the change of the action it makes.

    ``rest`` is the action of a player who holds nothing; ``settings`` go to the game's maker.
    """

    identity: str
    rate: int
    rest: tuple[float, ...]
    effects: dict[str, tuple[float, ...]]
    channels: tuple[Channel, ...]
    moves_view: bool = False
    interface_px: Region | None = None
    settings: tuple[tuple[str, bool], ...] = ()


def _joint(number: int, size: int, amount: float) -> tuple[float, ...]:
    return tuple(amount if k == number else 0.0 for k in range(size))


_LEGS = ("hip_1", "knee_1", "hip_2", "knee_2")

GAMES: dict[str, GymSpec] = {
    "bipedal_walker": GymSpec(
        "BipedalWalker-v3",
        50,
        (0.0,) * 4,
        {
            f"{leg}_{way}": _joint(number, 4, amount)
            for number, leg in enumerate(_LEGS)
            for way, amount in (("in", -1.0), ("out", 1.0))
        },
        tuple(Channel((f"{leg}_in", f"{leg}_out")) for leg in _LEGS),
    ),
    "car_racing": GymSpec(
        "CarRacing-v3",
        50,
        (0.0, 0.0, 0.0),
        {
            "left": (-0.6, 0.0, 0.0),
            "right": (0.6, 0.0, 0.0),
            "gas": (0.0, 0.5, 0.0),
            "brake": (0.0, 0.0, 0.6),
        },
        (SIDE, Channel(("gas",), 2.5), Channel(("brake",), 0.6)),
        moves_view=True,
        interface_px=Region(0, 350, 600, 50),  # speed, wheels, steering: an eighth of the height
    ),
    "lunar_lander": GymSpec(
        "LunarLander-v3",
        50,
        (0.0, 0.0),
        {"up": (1.0, 0.0), "left": (0.0, -1.0), "right": (0.0, 1.0)},
        (SIDE, Channel(("up",), 3.0)),
        settings=(("continuous", True),),
    ),
}


class GymnasiumGame(ForkedGame):
    """One of :data:`GAMES`, with the random numbers of ``seed``."""

    def __init__(self, name: str, seed: int, layout: Layout | None = None) -> None:
        del layout  # drawn at its own size, and scaled
        if name not in GAMES:
            raise SimulationError(f"gymnasium has no game named {name!r} ({', '.join(GAMES)})")
        spec = self._spec = GAMES[name]
        self.interface_px = spec.interface_px
        super().__init__(
            f"gymnasium/{name}",
            packages=("gymnasium", "Box2D", "pygame"),
            module=__name__,
            options={"name": name, "seed": seed},
            frame_rate=Fraction(spec.rate),
            channels=spec.channels,
        )

    def kind_of(self, controls: frozenset[str]) -> Purpose:
        """Everything moves the figure; the racing car takes the camera with it."""
        return "move_view" if self._spec.moves_view else "move"


def layouts(name: str) -> tuple[Layout, ...]:
    """The ways in which a game may be shown."""
    del name  # all are of one size
    return shrunk(*SIZE_PX)


def _begin(game: Any, seed: int | None = None) -> None:
    """A new game, without what is of no use here."""
    game.reset(seed=seed)
    if hasattr(game, "_render"):  # the racing car's small picture for machines, at every step
        game._render = partial(_for_people, type(game)._render, game)
    if hasattr(game, "helipad_x1"):
        # The lander's flags are drawn once per spark, each time a little darker: a change far from
        # the engine that made the spark. They are put out of the picture.
        game.helipad_x1 = game.helipad_x2 = OUTSIDE


def _for_people(render: Callable[[Any, str], Any], game: Any, mode: str) -> Any:
    return None if mode == "state_pixels" else render(game, mode)


def perform(stage: Stage) -> None:
    """Play one of :data:`GAMES` (in a process of its own)."""
    import gymnasium

    spec, seed = GAMES[stage.options["name"]], stage.options["seed"]
    made = gymnasium.make(spec.identity, render_mode="rgb_array", **dict(spec.settings))
    game: Any = made.unwrapped
    _begin(game, seed)
    rest = np.array(spec.rest, np.float32)
    effects = {control: np.array(e, np.float32) for control, e in spec.effects.items()}
    over = 0  # frames since the game was lost
    while True:
        held = stage.next_action().held
        begins = over > GAME_OVER_S * spec.rate
        if begins:
            _begin(game)
            over = 0
        action = rest + sum(effects[control] for control in sorted(held))
        over += bool(game.step(action)[2] or over)
        stage.show(game.render, "reset" if begins else "goes_on")
