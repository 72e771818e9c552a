"""How figures answer their controls, and what stops them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pyanalyzer.simulate.maker.state import Actor, Shot


def pressed(held: frozenset[str], negative: str, positive: str) -> int:
    """-1, 0 or 1 for two opposite controls."""
    return (positive in held) - (negative in held)


@dataclass(frozen=True)
class Drive:
    """Walking: at once, or with inertia (``gain_per_s`` > 0: how fast a speed is approached).

    ``directions`` is 4 (sideways wins) or 8 (both, as fast as one).
    """

    speed_px_s: float
    gain_per_s: float = 0.0
    directions: int = 8

    def steer(self, actor: Actor, ix: float, iy: float, dt: float) -> None:
        """Set an actor's speed from its intent."""
        if self.directions == 4 and ix and iy:
            iy = 0
        norm = math.hypot(ix, iy)
        tx, ty = (self.speed_px_s * v / norm if norm else 0.0 for v in (ix, iy))
        share = 1 - math.exp(-self.gain_per_s * dt) if self.gain_per_s else 1.0
        actor.vx += (tx - actor.vx) * share
        actor.vy += (ty - actor.vy) * share
        if abs(actor.vx) + abs(actor.vy) < 0.5:
            actor.vx = actor.vy = 0.0


def near(a: Actor | Shot, b: Actor | Shot, rx: float, ry: float) -> bool:
    """Whether two lie within ``rx`` px of each other sideways and ``ry`` px up and down."""
    return abs(a.x - b.x) < rx and abs(a.y - b.y) < ry


def draw_drive(rng: np.random.Generator, speed_px_s: float) -> Drive:
    """Instant or with inertia, four or eight directions."""
    gain = 0.0 if rng.random() < 0.5 else float(rng.uniform(3, 14))
    return Drive(speed_px_s * float(rng.uniform(0.7, 1.4)), gain, int(rng.choice([4, 8])))


@dataclass(frozen=True)
class Grid:
    """Walls on a grid of square tiles. Beyond its edge all is wall."""

    rows: tuple[bytes, ...]
    tile_px: int

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the whole map."""
        return len(self.rows[0]) * self.tile_px, len(self.rows) * self.tile_px

    def solid(self, column: int, row: int) -> bool:
        """Whether a tile is wall."""
        if 0 <= row < len(self.rows) and 0 <= column < len(self.rows[0]):
            return self.rows[row][column] != 0
        return True

    def hits(self, x: float, y: float, rx: float, ry: float) -> bool:
        """Whether the box of half size (rx, ry) around (x, y) touches a wall."""
        t = self.tile_px
        return any(
            self.solid(column, row)
            for row in range(math.floor((y - ry) / t), math.floor((y + ry - 1e-6) / t) + 1)
            for column in range(math.floor((x - rx) / t), math.floor((x + rx - 1e-6) / t) + 1)
        )

    def slide(self, actor: Actor, dt: float, rx: float, ry: float) -> tuple[bool, bool]:
        """Move an actor by its speed, axis by axis; whether a wall stopped it in x and in y."""
        t = self.tile_px
        x, y = actor.x + actor.vx * dt, actor.y
        stopped_x = self.hits(x, y, rx, ry)
        if stopped_x:
            if actor.vx > 0:
                x = max(actor.x, math.floor((x + rx) / t) * t - rx)
            else:
                x = min(actor.x, (math.floor((x - rx) / t) + 1) * t + rx)
            actor.vx = 0.0
        y = actor.y + actor.vy * dt
        stopped_y = self.hits(x, y, rx, ry)
        if stopped_y:
            if actor.vy > 0:
                y = max(actor.y, math.floor((y + ry) / t) * t - ry)
            else:
                y = min(actor.y, (math.floor((y - ry) / t) + 1) * t + ry)
            actor.vy = 0.0
        actor.walked_px += abs(x - actor.x) + abs(y - actor.y)
        actor.x, actor.y = x, y
        return stopped_x, stopped_y


def carry(
    grid: Grid, actor: Actor, velocity: tuple[float, float], dt: float, radii: tuple[float, float]
) -> None:
    """Move an actor by a speed that is not its own, px per second: wind, a moving floor."""
    own = actor.vx, actor.vy, actor.walked_px
    actor.vx, actor.vy = velocity
    grid.slide(actor, dt, *radii)
    actor.vx, actor.vy, actor.walked_px = own


def grid_of(solid: npt.NDArray[np.bool_], tile_px: int) -> Grid:
    """A grid from bool (rows, columns)."""
    return Grid(tuple(bytes(row.astype(np.uint8)) for row in solid), tile_px)


def free_places(grid: Grid) -> list[tuple[float, float]]:
    """The centres of all tiles that are no wall, row by row."""
    t = grid.tile_px
    return [
        ((c + 0.5) * t, (r + 0.5) * t)
        for r, row in enumerate(grid.rows)
        for c, wall in enumerate(row)
        if not wall
    ]
