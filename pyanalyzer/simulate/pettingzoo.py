"""Games for several players of PettingZoo (Terry et al., 2021; MIT licensed).

One of the players is the player; the others are played by hands like the player's, which know
nothing of them: figures that start, stop and turn just as the player's does, and are not.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from pyanalyzer.simulate.encode import Layout
from pyanalyzer.simulate.engine import Channel, Purpose, SimulationError
from pyanalyzer.simulate.forked import ForkedGame
from pyanalyzer.simulate.layouts import shrunk
from pyanalyzer.simulate.policy import plan_actions
from pyanalyzer.simulate.stage import Stage

HEIGHT = Channel(("up", "down"), 2.0)
PLAN_S = 60  # the others' hands repeat themselves after so long
PISTONS = 20
PISTONS_A_HAND = 4
LEGS = ("hip_1", "knee_1", "hip_2", "knee_2")
TURNING = ("forward", "backward", "turn_left", "turn_right", "attack")  # of knights and archers
NOTHING = len(TURNING)

# Controls held, and the number of the frame, to what PettingZoo wants.
Convert = Callable[[frozenset[str], int], Any]


@dataclass(frozen=True, slots=True)
class ZooSpec:
    """A game: PettingZoo's name, its rate and picture, and the controls of each of its players.

    ``group`` neighbours are moved by one hand. ``packages`` are needed beside PettingZoo.
    """

    module: str
    rate: int
    size_px: tuple[int, int]
    channels: tuple[Channel, ...]
    convert: Convert
    settings: Mapping[str, Any]
    packages: tuple[str, ...] = ()
    group: int = 1
    scrolls: bool = False


def _paddle(held: frozenset[str], frame: int) -> int:
    del frame
    return 1 if "up" in held else 2 if "down" in held else 0


def _piston(held: frozenset[str], frame: int) -> np.ndarray[Any, Any]:
    del frame
    return np.array([float("up" in held) - float("down" in held)], np.float32)


def _walker(held: frozenset[str], frame: int) -> np.ndarray[Any, Any]:
    del frame
    return np.array([(f"{leg}_out" in held) - float(f"{leg}_in" in held) for leg in LEGS], "f4")


def _fighter(held: frozenset[str], frame: int) -> int:
    """One thing at a time: those that are held take turns."""
    wanted = [number for number, control in enumerate(TURNING) if control in held]
    return wanted[frame % len(wanted)] if wanted else NOTHING


GAMES: dict[str, ZooSpec] = {
    "cooperative_pong": ZooSpec(
        "butterfly.cooperative_pong_v6",
        30,
        (480, 280),
        (HEIGHT,),
        _paddle,
        {"ball_speed": 6, "left_paddle_speed": 6, "right_paddle_speed": 6},
    ),
    "knights_archers_zombies": ZooSpec(
        "butterfly.knights_archers_zombies_v11",
        15,
        (1280, 720),
        (
            Channel(("forward", "backward"), 3.0),
            Channel(("turn_left", "turn_right"), 3.0),
            Channel(("attack",), 1.5),
        ),
        _fighter,
        {},
    ),
    "multiwalker": ZooSpec(
        "sisl.multiwalker_v9",
        50,
        (600, 400),
        tuple(Channel((f"{leg}_in", f"{leg}_out")) for leg in LEGS),
        _walker,
        {"n_walkers": 3},
        ("Box2D",),
        scrolls=True,
    ),
    "pistonball": ZooSpec(
        "butterfly.pistonball_v6",
        20,
        (880, 560),
        (HEIGHT,),
        _piston,
        {"n_pistons": PISTONS, "continuous": True},
        ("pymunk",),
        PISTONS_A_HAND,
    ),
}


class ZooGame(ForkedGame):
    """One of :data:`GAMES`; who the player is, and what the others do, is drawn from ``seed``."""

    def __init__(self, name: str, seed: int, layout: Layout | None = None) -> None:
        del layout  # drawn at its own size, and scaled
        if name not in GAMES:
            raise SimulationError(f"pettingzoo has no game named {name!r} ({', '.join(GAMES)})")
        spec = GAMES[name]
        self._scrolls = spec.scrolls
        super().__init__(
            f"pettingzoo/{name}",
            packages=("pettingzoo", "pygame", *spec.packages),
            module=__name__,
            options={"name": name, "seed": seed},
            frame_rate=Fraction(spec.rate),
            channels=spec.channels,
        )

    def kind_of(self, controls: frozenset[str]) -> Purpose:
        """Everything moves the figure, but for an attack."""
        if controls == {"attack"}:
            return "act"
        return "move" if self._scrolls else "move_figure"


def layouts(name: str) -> tuple[Layout, ...]:
    """The ways in which a game may be shown."""
    return shrunk(*GAMES[name].size_px)


def perform(stage: Stage) -> None:
    """Play one of :data:`GAMES` (in a process of its own)."""
    spec, seed = GAMES[stage.options["name"]], stage.options["seed"]
    rng = np.random.default_rng(seed)
    module = importlib.import_module(f"pettingzoo.{spec.module}")
    game: Any = module.parallel_env(render_mode="rgb_array", **spec.settings)
    game.reset(seed=seed)
    agents = list(game.agents)
    hands = -(-len(agents) // spec.group)
    mine = int(rng.integers(hands))
    plans = [
        plan_actions(spec.channels, False, PLAN_S * spec.rate, spec.rate, rng) for _ in range(hands)
    ]
    frame = games = 0
    while True:
        held = stage.next_action().held
        mates = agents[mine * spec.group : (mine + 1) * spec.group]
        begins = not set(mates) & set(game.agents)  # the game is over, or the player has died
        if begins:
            games += 1
            game.reset(seed=seed + games)
        actions = {}
        for number, agent in enumerate(agents):
            hand = number // spec.group
            other = plans[hand][frame % len(plans[hand])].held
            actions[agent] = spec.convert(held if hand == mine else other, frame)
        game.step({agent: actions[agent] for agent in game.agents})
        stage.show(lambda: np.asarray(game.render(), np.uint8), "reset" if begins else "goes_on")
        frame += 1
