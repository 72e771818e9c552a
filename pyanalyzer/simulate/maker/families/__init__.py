"""The families of games, by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pyanalyzer.simulate.maker.families.blocks import Blocks
from pyanalyzer.simulate.maker.families.board import Board
from pyanalyzer.simulate.maker.families.chase import Chase
from pyanalyzer.simulate.maker.families.corridor import Corridor
from pyanalyzer.simulate.maker.families.cursor import Cursor
from pyanalyzer.simulate.maker.families.fighter import Fighter
from pyanalyzer.simulate.maker.families.lanes import Lanes
from pyanalyzer.simulate.maker.families.maze import Maze
from pyanalyzer.simulate.maker.families.overhead import Overhead
from pyanalyzer.simulate.maker.families.paddle import Paddle
from pyanalyzer.simulate.maker.families.platformer import Platformer
from pyanalyzer.simulate.maker.families.racer import Racer
from pyanalyzer.simulate.maker.families.runner import Runner
from pyanalyzer.simulate.maker.families.shooter import Shooter
from pyanalyzer.simulate.maker.families.snake import Snake
from pyanalyzer.simulate.maker.families.sports import Sports
from pyanalyzer.simulate.maker.families.stepper import Stepper
from pyanalyzer.simulate.maker.families.thrust import Thrust
from pyanalyzer.simulate.maker.families.twinstick import Twinstick
from pyanalyzer.simulate.maker.world import World

OVERHEAD_SHARE = 0.35  # of the racers
LANES_SHARE = 0.45  # of the runners
GRIDS: tuple[Callable[[np.random.Generator], World], ...] = (Stepper, Stepper, Snake, Blocks, Board)


def _racer(rng: np.random.Generator) -> World:
    return Overhead(rng) if rng.random() < OVERHEAD_SHARE else Racer(rng)


def _grid(rng: np.random.Generator) -> World:
    return GRIDS[int(rng.integers(len(GRIDS)))](rng)


def _runner(rng: np.random.Generator) -> World:
    return Lanes(rng) if rng.random() < LANES_SHARE else Runner(rng)


WORLDS: dict[str, Callable[[np.random.Generator], World]] = {
    "platformer": Platformer,
    "maze": Maze,
    "shooter": Shooter,
    "racer": _racer,
    "corridor": Corridor,
    "cursor": Cursor,
    "paddle": Paddle,
    "grid": _grid,
    "thrust": Thrust,
    "runner": _runner,
    "chase": Chase,
    "sports": Sports,
    "twinstick": Twinstick,
    "fighter": Fighter,
}


def make_world(family: str, rng: np.random.Generator) -> World:
    """Draw a game of a family. Raises KeyError where there is no such family."""
    return WORLDS[family](rng)
