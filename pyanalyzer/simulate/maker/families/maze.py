"""Views from above on mazes, rooms and fields with obstacles: walk, collect, shoot or hit."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import U8
from pyanalyzer.simulate.engine import Channel
from pyanalyzer.simulate.maker import canvas, sprites, textures
from pyanalyzer.simulate.maker.behaviour import draw_styles, intend, is_away, turn_back
from pyanalyzer.simulate.maker.camera import Camera, draw_camera
from pyanalyzer.simulate.maker.chance import pick
from pyanalyzer.simulate.maker.motion import (
    Drive,
    Grid,
    draw_drive,
    free_places,
    grid_of,
    near,
    pressed,
)
from pyanalyzer.simulate.maker.palette import shade
from pyanalyzer.simulate.maker.state import Actor, State
from pyanalyzer.simulate.maker.tiles import TileWorld
from pyanalyzer.simulate.maker.world import TWINS_SHARE

SWING_S = 0.18  # how long a blade is out
BLINK_TICKS = 3


class Maze(TileWorld):
    """Corridors, rooms or open ground; a weapon or none; steps by tile or free."""

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        self.tile = max(8, int(self.height_px / rng.integers(8, 18)))
        screens = 1.0 if rng.random() < 0.35 else float(rng.uniform(1.5, 4))
        rows = max(7, int(self.height_px * screens / self.tile)) | 1
        columns = max(9, int(self.width_px * screens / self.tile)) | 1
        solid = MAPS[int(rng.integers(len(MAPS)))](rng, rows, columns)
        self.grid: Grid = grid_of(solid, self.tile)
        self.places = free_places(self.grid)
        self.camera: Camera = draw_camera(rng, self.size_px, self.grid.size_px)
        self.drive: Drive = draw_drive(rng, self.tile * 5.0)
        self.npc_drive = Drive(self.drive.speed_px_s * float(rng.uniform(0.4, 1.1)), 0.0)
        size = max(7, int(self.tile * rng.uniform(0.6, 0.85)))
        self.r = size * 0.4
        self.turning = bool(rng.random() < 0.3)
        self.ship = sprites.ship(rng, size + 2, self.palette.player)
        self.hero = sprites.figure(rng, size, self.palette.player)
        self.foes = [sprites.figure(rng, size, c) for c in self.palette.foes[:3]]
        if rng.random() < TWINS_SHARE:
            self.foes[0] = self.hero
        self.coin = sprites.thing(rng, max(4, self.tile // 3), self.palette.accent)
        self.coins = [p for p in self.places if rng.random() < 0.12]
        self.styles = draw_styles(rng, 8, screens**2 / 2)
        self.deadly = bool(rng.random() < 0.35)
        self.weapon = ("fire", "attack", "")[int(rng.integers(3))]
        self.can_run = bool(rng.random() < 0.2)
        self.scene = self._scene(rng, solid)
        self.waves = bool(rng.random() < 0.2)
        self.channels = (
            Channel(("left", "right"), 2.5),
            Channel(("up", "down"), 2.5),
            *((Channel((self.weapon,), 1.4),) if self.weapon else ()),
            *((Channel(("run",), 0.4),) if self.can_run else ()),
            *self.extra_channels(),
        )

    def _scene(self, rng: np.random.Generator, solid: npt.NDArray[np.bool_]) -> U8:
        t = self.tile
        width, height = self.grid.size_px
        side = t * int(rng.choice([1, 2, 4]))
        contrast = float(rng.uniform(0.05, 0.4))
        ground = textures.texture(rng, side, self.palette.ground, contrast)
        picture = textures.tiled(ground, width, height)
        wall = textures.tiled(textures.texture(rng, t, self.palette.solid, 0.6), width, height)
        mask = solid.repeat(t, 0).repeat(t, 1)
        picture[mask] = wall[mask]
        if rng.random() < 0.6:  # a lit upper edge, a shadow below
            edge = max(1, t // 6)
            picture[mask & ~np.roll(mask, edge, axis=0)] = shade(self.palette.solid, 1.5)
            low = ~mask & np.roll(mask, edge, axis=0)
            picture[low] = picture[low] // 2
        view = np.zeros((max(height, self.height_px), max(width, self.width_px), 3), np.uint8)
        view[:height, :width] = picture
        return view

    def begin(self, seed: int) -> State:
        """Player and NPCs on free tiles."""
        return self.settle(seed, pick(self.places, seed, 1), self.places, self.styles)

    def act(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """Walk and use the weapon; NPCs walk, too."""
        player = state.player
        if not state.frozen:
            ix, iy = pressed(held, "left", "right"), pressed(held, "up", "down")
            self._walk(self.drive, player, ix, iy, 1.7 if "run" in held and self.can_run else 1.0)
            self._use(state, held)
            self._touch(state)
        player.hurt = max(0, player.hurt - 1)
        player.cool = max(0, player.cool - 1)
        for npc in state.npcs:
            if is_away(npc):
                continue
            ix, iy, _ = intend(npc, state, self.hz)
            x, y = npc.x, npc.y
            self._walk(self.npc_drive, npc, ix, iy, 1.0)
            if (ix or iy) and abs(npc.x - x) + abs(npc.y - y) < 0.05:
                turn_back(npc)
        self.blow(state, 0.6 * self.drive.speed_px_s, self.r)
        self._shots(state)
        self.camera.aim(state, self.dt)

    def _walk(self, drive: Drive, actor: Actor, ix: int, iy: int, factor: float) -> None:
        drive.steer(actor, ix, iy, self.dt)
        if ix:
            actor.leftwards = ix < 0
        if ix or iy:
            actor.heading_rad = math.atan2(iy, ix)
            self._ease_round_corners(actor, ix, iy)
        self.grid.slide(actor, self.dt * factor, self.r, self.r)

    def _ease_round_corners(self, actor: Actor, ix: int, iy: int) -> None:
        """Who walks along one axis against an edge is drawn to the middle of the way."""
        t = self.tile
        mx, my = (actor.x // t + 0.5) * t, (actor.y // t + 0.5) * t
        pull = 0.5 * self.drive.speed_px_s
        if ix and not iy and not self.grid.hits(mx + ix * t, my, 1, 1):
            actor.vy = max(-pull, min(pull, (my - actor.y) / self.dt))
        elif iy and not ix and not self.grid.hits(mx, my + iy * t, 1, 1):
            actor.vx = max(-pull, min(pull, (mx - actor.x) / self.dt))

    def _use(self, state: State, held: frozenset[str]) -> None:
        player = state.player
        if not self.weapon or self.weapon not in held or player.cool:
            return
        c, s = math.cos(player.heading_rad), math.sin(player.heading_rad)
        if self.weapon == "fire":
            speed = self.tile * 11
            self.fire(state, player, c * speed, s * speed, own=True)
            player.cool = round(0.3 * self.hz)
            return
        player.cool = round(2 * SWING_S * self.hz)
        for npc in state.npcs:
            ahead = abs(npc.x - player.x - c * self.tile) + abs(npc.y - player.y - s * self.tile)
            if not npc.cool and ahead < 1.3 * self.tile:
                self._strike(state, npc)

    def _strike(self, state: State, npc: Actor) -> None:
        npc.cool = round(1.2 * self.hz)
        state.score += 50
        self.burst(state, npc.x, npc.y, 9)
        self.shake(state, 2)

    def _touch(self, state: State) -> None:
        player, reach = state.player, self.tile * 0.6
        for k, (x, y) in enumerate(self.coins):
            close = abs(x - player.x) < reach and abs(y - player.y) < reach
            if k not in state.taken and close:
                state.taken.add(k)
                state.score += 10
        for npc in state.npcs:
            vulnerable = self.deadly and not npc.cool and not player.hurt
            if vulnerable and near(npc, player, reach, reach):
                player.hurt = round(1.0 * self.hz)
                player.health -= 1
                self.shake(state, 3)
                if player.health <= 0:
                    self.die(state)

    def _shots(self, state: State) -> None:
        for shot in self.shots_on_map(state):
            for npc in state.npcs:
                if not npc.cool and near(npc, shot, self.tile * 0.5, self.tile * 0.5):
                    shot.left = 0
                    self._strike(state, npc)

    def paint(self, state: State) -> U8:
        """Ground and walls, things, figures."""
        x0, y0 = self.camera.corner(state, self.hz)
        picture = self.scene[y0 : y0 + self.height_px, x0 : x0 + self.width_px].copy()
        if self.waves:
            self._paint_waves(picture, state, x0, y0)
        spin = state.tick // max(1, round(self.hz / 8))
        half = self.coin.size_px[0] / 2
        for k, (x, y) in enumerate(self.coins):
            if k not in state.taken:
                canvas.blit(picture, self.coin.frame(spin + k), x - x0 - half, y - y0 - half)
        for npc in state.npcs:
            if not npc.cool:
                self.paint_figure(picture, self.foes[npc.look], npc, x0, y0)
        player = state.player
        if not state.frozen and player.hurt % (2 * BLINK_TICKS) < BLINK_TICKS:
            self._paint_player(picture, player, x0, y0)
        for shot in state.shots:
            canvas.disc(
                picture, shot.x - x0, shot.y - y0, max(1, self.tile // 7), self.palette.accent
            )
        self.paint_sparks(picture, state, x0, y0)
        return self.camera.bend(picture, state, self.hz)

    def _paint_player(self, picture: U8, player: Actor, x0: int, y0: int) -> None:
        if self.weapon == "attack" and player.cool > SWING_S * self.hz:
            tip = 1.1 * self.tile
            swing = player.heading_rad + 1.2 - 2.4 * (2 - player.cool / (SWING_S * self.hz))
            x, y = player.x - x0, player.y - y0
            end = x + tip * math.cos(swing), y + tip * math.sin(swing)
            canvas.line(picture, x, y, *end, (245, 245, 245), max(1, self.tile // 6))
        if self.turning:
            turn = round(player.heading_rad / (2 * math.pi) * sprites.HEADINGS) % sprites.HEADINGS
            stamp = self.ship[turn]
            half = stamp.mask.shape[0] / 2
            canvas.blit(picture, stamp, player.x - x0 - half, player.y - y0 - half)
        else:
            self.paint_figure(picture, self.hero, player, x0, y0)

    def _paint_waves(self, picture: U8, state: State, x0: int, y0: int) -> None:
        """Ripples that wander over the ground: the world moves, nobody acts."""
        colour = shade(self.palette.ground, 1.25)
        t = state.tick * self.dt
        for k in range(24):
            x = (k * 97 + 14 * t * (1 + k % 3)) % (self.width_px + 20) - x0 % 20
            y = (k * 53 + 6 * math.sin(t + k)) % self.height_px
            canvas.box(picture, max(0, x), max(0, y), 8, 1, colour)


def _corridors(rng: np.random.Generator, rows: int, columns: int) -> npt.NDArray[np.bool_]:
    """A maze by depth-first search, with a share of its walls broken."""
    solid = np.ones((rows, columns), bool)
    stack = [(1, 1)]
    solid[1, 1] = False
    while stack:
        r, c = stack[-1]
        ways = [(0, 2), (2, 0), (0, -2), (-2, 0)]
        open_ways = [
            (dr, dc)
            for dr, dc in ways
            if 0 < r + dr < rows - 1 and 0 < c + dc < columns - 1 and solid[r + dr, c + dc]
        ]
        if not open_ways:
            stack.pop()
            continue
        dr, dc = open_ways[int(rng.integers(len(open_ways)))]
        solid[r + dr // 2, c + dc // 2] = solid[r + dr, c + dc] = False
        stack.append((r + dr, c + dc))
    inner = rng.random((rows, columns)) < rng.uniform(0.1, 0.5)
    inner[[0, -1]] = inner[:, [0, -1]] = False
    solid[inner] = False
    return solid


def _rooms(rng: np.random.Generator, rows: int, columns: int) -> npt.NDArray[np.bool_]:
    """Rooms of one size with doors in the middle of their walls."""
    solid = np.zeros((rows, columns), bool)
    tall, wide = int(rng.integers(5, 9)), int(rng.integers(6, 11))
    solid[::tall] = solid[:, ::wide] = True
    for r in range(0, rows, tall):
        solid[r, [c for c in range(columns) if c % wide in (wide // 2, wide // 2 + 1)]] = False
    for c in range(0, columns, wide):
        solid[[r for r in range(rows) if r % tall in (tall // 2, tall // 2 + 1)], c] = False
    solid[[0, -1]] = solid[:, [0, -1]] = True
    return solid


def _field(rng: np.random.Generator, rows: int, columns: int) -> npt.NDArray[np.bool_]:
    """Open ground with rocks."""
    solid = rng.random((rows, columns)) < rng.uniform(0.03, 0.15)
    solid[[0, -1]] = solid[:, [0, -1]] = True
    return solid


MAPS = (_corridors, _rooms, _field)
