"""Twin-stick arenas: one hand moves, the other aims and shoots, by a second stick or a mouse."""

from __future__ import annotations

import math

import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.simulate.engine import Channel
from pyanalyzer.simulate.maker import canvas, sprites, textures
from pyanalyzer.simulate.maker.behaviour import draw_styles, intend, is_away, turn_back
from pyanalyzer.simulate.maker.camera import Camera, draw_camera
from pyanalyzer.simulate.maker.chance import pick
from pyanalyzer.simulate.maker.motion import (
    Drive,
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

CAMERAS = ("locked", "zone", "lag", "lead")
AIMED_PX = 2.5  # length of the barrel, in radii


class Twinstick(TileWorld):
    """A tank, mage or gunner among swarms. With the mouse the aim turns; with a stick it points."""

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        self.tile = max(10, int(self.unit_px * rng.uniform(1.2, 2.2)))
        screens = 1.0 if rng.random() < 0.4 else float(rng.uniform(1.3, 3))
        rows = max(7, int(self.height_px * screens / self.tile))
        columns = max(9, int(self.width_px * screens / self.tile))
        solid = rng.random((rows, columns)) < float(rng.uniform(0, 0.08))
        solid[[0, -1]] = solid[:, [0, -1]] = True
        self.grid = grid_of(solid, self.tile)
        self.places = free_places(self.grid)
        self.camera: Camera = draw_camera(rng, self.size_px, self.grid.size_px, CAMERAS)
        size = max(8, int(self.tile * rng.uniform(0.6, 1.0)))
        self.r = size * 0.4
        self.hero = sprites.figure(rng, size, self.palette.player)
        self.foes = [sprites.figure(rng, size, c) for c in self.palette.foes[:3]]
        if rng.random() < TWINS_SHARE:
            self.foes[0] = self.hero
        self.drive: Drive = draw_drive(rng, self.tile * 5.0)
        self.npc_drive = Drive(self.drive.speed_px_s * float(rng.uniform(0.3, 0.9)), 6.0)
        self.styles = draw_styles(rng, 12, screens**2 / 2)
        self.shot_px_s = self.tile * float(rng.uniform(8, 20))
        self.reload_s = float(rng.uniform(0.08, 0.3))
        self.axis = bool(rng.random() < 0.5)
        self.laser = bool(rng.random() < 0.3)  # the aim is drawn
        self.dash = bool(rng.random() < 0.35)
        self.deadly = bool(rng.random() < 0.6)
        self._draw_arena(rng, rows, columns)
        aim = (Channel(("aim_left", "aim_right"), 1.5), Channel(("aim_up", "aim_down"), 1.5))
        self.channels = (
            Channel(("left", "right"), 2.5),
            Channel(("up", "down"), 2.5),
            *((Channel(("fire",), 2.0),) if self.axis else aim),
            *((Channel(("dash",), 0.8),) if self.dash else ()),
            *self.extra_channels(),
        )

    def _draw_arena(self, rng: np.random.Generator, rows: int, columns: int) -> None:
        t, p = self.tile, self.palette
        width, height = self.grid.size_px
        contrast = float(rng.uniform(0.08, 0.45))
        ground = textures.texture(rng, t * int(rng.choice([1, 2, 4])), p.ground, contrast)
        picture = textures.tiled(ground, max(width, self.width_px), max(height, self.height_px))
        wall = textures.texture(rng, t, p.solid, 0.6)
        for row in range(rows):
            for column in range(columns):
                if self.grid.solid(column, row):
                    y, x = row * t, column * t
                    picture[y : y + t, x : x + t] = wall
                    canvas.box(picture, x, y, t, max(1, t // 6), shade(p.solid, 1.5))
        self.scene = picture

    def begin(self, seed: int) -> State:
        """The player near the middle, the others anywhere."""
        w, h = self.grid.size_px
        middle = sorted(self.places, key=lambda p: abs(p[0] - w / 2) + abs(p[1] - h / 2))[:12]
        return self.settle(seed, pick(middle, seed, 1), self.places, self.styles)

    def respawn(self, state: State) -> None:
        """Where the player began, unhurt for a while."""
        super().respawn(state)
        state.player.hurt = round(1.5 * self.hz)

    def act(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """Move, aim, shoot."""
        p = state.player
        p.cool, p.hurt = max(0, p.cool - 1), max(0, p.hurt - 1)
        if not state.frozen:
            self._move(p, held)
            self._aim(state, held, turn_deg)
        for npc in state.npcs:
            self._npc(state, npc)
        self.blow(state, 0.6 * self.drive.speed_px_s, self.r)
        self._hits(state)
        self.camera.aim(state, self.dt)

    def _move(self, p: Actor, held: frozenset[str]) -> None:
        ix, iy = pressed(held, "left", "right"), pressed(held, "up", "down")
        self.drive.steer(p, ix, iy, self.dt)
        if ix:
            p.leftwards = ix < 0
        quick = 1.0
        if self.dash:  # `jumps` counts the ticks of a dash that are left, then the wait
            p.jumps -= p.jumps > 0
            if "dash" in held and not p.jumps:
                p.jumps = round(0.7 * self.hz)
            quick = 3.0 if p.jumps > round(0.55 * self.hz) else 1.0
        self.grid.slide(p, self.dt * quick, self.r, self.r)

    def _aim(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        p = state.player
        ax, ay = pressed(held, "aim_left", "aim_right"), pressed(held, "aim_up", "aim_down")
        shooting = "fire" in held
        if self.axis:
            p.heading_rad = (p.heading_rad + 2 * math.radians(turn_deg)) % (2 * math.pi)
        elif ax or ay:
            p.heading_rad, shooting = math.atan2(ay, ax), True
        if shooting and not p.cool:
            c, s = math.cos(p.heading_rad), math.sin(p.heading_rad)
            self.fire(state, p, c * self.shot_px_s, s * self.shot_px_s, own=True)
            p.cool = max(1, round(self.reload_s * self.hz))

    def _npc(self, state: State, npc: Actor) -> None:
        if is_away(npc):
            return
        ix, iy, act = intend(npc, state, self.hz)
        self.npc_drive.steer(npc, ix, iy, self.dt)
        if ix or iy:
            npc.heading_rad, npc.leftwards = math.atan2(iy, ix), ix < 0
        if any(self.grid.slide(npc, self.dt, self.r, self.r)):
            turn_back(npc)
        if act and npc.style == "puppet" and state.tick % round(0.3 * self.hz) == 0:
            c, s = math.cos(npc.heading_rad), math.sin(npc.heading_rad)
            self.fire(state, npc, c * self.shot_px_s * 0.7, s * self.shot_px_s * 0.7, own=False)

    def _hits(self, state: State) -> None:
        for shot in self.shots_on_map(state, sparks=3):
            for npc in state.npcs:
                if shot.own and not npc.cool and near(npc, shot, self.r + 2, self.r + 2):
                    npc.cool, shot.left = round(1.5 * self.hz), 0
                    state.score += 10
                    self.burst(state, npc.x, npc.y, 8)
            if not shot.own and near(state.player, shot, self.r, self.r):
                shot.left = 0
                self._hurt(state)
        for npc in state.npcs:
            if not npc.cool and near(npc, state.player, self.r, self.r):
                self._hurt(state)

    def _hurt(self, state: State) -> None:
        p = state.player
        if self.deadly and not state.frozen and not p.hurt:
            p.hurt = round(self.hz)
            p.health -= 1
            self.shake(state, 4)
            if p.health <= 0:
                self.die(state)

    def paint(self, state: State) -> U8:
        """Ground, figures, shots."""
        x0, y0 = self.camera.corner(state, self.hz)
        view = self.scene[y0 : y0 + self.height_px, x0 : x0 + self.width_px]
        picture: U8 = view.copy()
        for npc in state.npcs:
            if not npc.cool:
                self.paint_figure(picture, self.foes[npc.look], npc, x0, y0)
        p = state.player
        if not state.frozen and p.hurt % 6 < 3:
            x, y = p.x - x0, p.y - y0
            c, s = math.cos(p.heading_rad), math.sin(p.heading_rad)
            if self.laser:
                long = 8 * self.tile
                canvas.line(picture, x, y, x + long * c, y + long * s, self.palette.accent)
            self.paint_figure(picture, self.hero, p, x0, y0)
            end = x + AIMED_PX * self.r * c, y + AIMED_PX * self.r * s
            canvas.line(picture, x, y, *end, (240, 240, 240), max(1, round(self.r / 2)))
        for shot in state.shots:
            colour = self.palette.accent if shot.own else (255, 90, 60)
            canvas.disc(picture, shot.x - x0, shot.y - y0, max(1, self.r / 3), colour)
        self.paint_sparks(picture, state, x0, y0)
        return self.camera.bend(picture, state, self.hz)
