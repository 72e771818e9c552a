"""Side views with gravity: run, jump, fall; single screens and long scrolling levels."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import U8
from pyanalyzer.simulate.engine import Channel
from pyanalyzer.simulate.maker import canvas, sprites, textures
from pyanalyzer.simulate.maker.behaviour import draw_styles, intend, turn_back
from pyanalyzer.simulate.maker.camera import Camera, draw_camera
from pyanalyzer.simulate.maker.chance import pick, uniform
from pyanalyzer.simulate.maker.motion import Grid, carry, grid_of, near, pressed
from pyanalyzer.simulate.maker.palette import mix, shade
from pyanalyzer.simulate.maker.state import Actor, State
from pyanalyzer.simulate.maker.tiles import TileWorld
from pyanalyzer.simulate.maker.world import TWINS_SHARE

COYOTE_S = 0.06  # a jump still counts so long after the edge
NPC_PAUSE_S = 1.0  # an NPC that was stomped or shot is back after this


class Platformer(TileWorld):
    """Levels of steps, pits and floating platforms; NPCs hop and walk by the same physics."""

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        self.tile = max(8, int(self.height_px / rng.integers(9, 17)))
        tall = 1 if rng.random() < 0.8 else 2
        rows = -(-self.height_px * tall // self.tile)
        screens = 1 if rng.random() < 0.2 else int(rng.integers(3, 7))
        columns = -(-self.width_px * screens // self.tile)
        solid = _level(rng, rows, columns, float(rng.uniform(0.0, 0.2)))
        self.grid: Grid = grid_of(solid, self.tile)
        self.camera: Camera = draw_camera(rng, self.size_px, self.grid.size_px)
        self._draw_physics(rng)
        self._draw_figures(rng)
        self._draw_scene(rng, solid)
        jump = "up" if rng.random() < 0.4 else "jump"
        self.jump_key, self.can_fire = jump, bool(rng.random() < 0.5)
        self.can_run, self.can_duck = bool(rng.random() < 0.25), bool(rng.random() < 0.4)
        self.channels = (
            Channel(("right", "left", "right") if screens > 1 else ("left", "right"), 3.0),
            Channel((jump,), 2.0),
            *((Channel(("fire",), 1.3),) if self.can_fire else ()),
            *((Channel(("run",), 0.5),) if self.can_run else ()),
            *((Channel(("down",), 0.5),) if self.can_duck else ()),
            *self.extra_channels(),
        )

    def _draw_physics(self, rng: np.random.Generator) -> None:
        t = self.tile
        self.run_px_s = t * float(rng.uniform(4, 10))
        self.gain_per_s = 0.0 if rng.random() < 0.4 else float(rng.uniform(2.5, 14))
        self.air_gain = self.gain_per_s * float(rng.uniform(0.3, 1.0))
        rise_px, rise_s = t * float(rng.uniform(2.2, 4.2)), float(rng.uniform(0.22, 0.5))
        self.gravity = 2 * rise_px / rise_s**2
        self.jump_px_s = 2 * rise_px / rise_s
        self.cut_jump = bool(rng.random() < 0.6)  # letting go ends the rise
        self.jumps = 2 if rng.random() < 0.25 else 1
        self.fall_px_s = 14.0 * t

    def _draw_figures(self, rng: np.random.Generator) -> None:
        size = max(8, int(self.tile * rng.uniform(0.8, 1.5)))
        self.hero = sprites.figure(rng, size, self.palette.player)
        self.foes = [sprites.figure(rng, size, c) for c in self.palette.foes[:3]]
        if rng.random() < TWINS_SHARE:
            self.foes[0] = self.hero
        width, height = self.hero.size_px
        self.rx, self.ry = min(width, self.tile) * 0.4, height / 2
        self.coin = sprites.thing(rng, max(6, self.tile // 2), self.palette.accent)
        self.npc_styles = draw_styles(rng, 6, self.grid.size_px[0] / self.width_px)
        self.deadly = bool(rng.random() < 0.5)

    def _draw_scene(self, rng: np.random.Generator, solid: npt.NDArray[np.bool_]) -> None:
        t, p = self.tile, self.palette
        width, height = self.grid.size_px
        terrain = textures.tiled(textures.texture(rng, t, p.solid, 0.6), width, height)
        top = shade(p.solid_2, 1.0)
        crust = max(2, t // 5)
        for row, column in np.argwhere(solid & ~np.roll(solid, 1, axis=0)):
            canvas.box(terrain, column * t, row * t, t, crust, top)
        self.terrain = terrain
        self.terrain_mask = np.ascontiguousarray(
            solid.repeat(t, 0).repeat(t, 1).astype(np.uint8) * 255
        )
        w, h = self.size_px
        self.sky = np.tile(textures.backdrop(rng, w, h, p), (1, 2, 1))
        self.layers: list[tuple[U8, U8, float]] = []
        for k in range(int(rng.integers(0, 4))):
            colour = mix(p.sky_low, p.ground, 0.35 + 0.25 * k)
            stamp = textures.parallax_layer(rng, w, h * (8 - k) // 10, colour)
            wide = np.tile(stamp.rgb, (1, 2, 1))
            mask = np.tile(stamp.mask[..., 0].astype(np.uint8) * 255, (1, 2))
            self.layers.append((wide, mask, 0.15 + 0.2 * k))
        self.drift_px_s = float(rng.uniform(-20, 20)) if rng.random() < 0.3 else 0.0
        self.coins = [
            (float((c + 0.5) * t), float((r - 0.6) * t))
            for r, c in np.argwhere(solid & ~np.roll(solid, 1, axis=0))
            if r > 1 and rng.random() < 0.15
        ]
        self.water_px = int(rng.uniform(0.08, 0.3) * height) if rng.random() < 0.25 else 0

    def begin(self, seed: int) -> State:
        """The player near the left end, or in the middle of a single screen."""
        places = self._standing_places()
        near = [p for p in places if p[0] < 0.8 * self.width_px]
        return self.settle(seed, pick(near or places, seed, 1), places, self.npc_styles)

    def _standing_places(self) -> list[tuple[float, float]]:
        t, grid = self.tile, self.grid
        return [
            ((c + 0.5) * t, r * t - self.ry)
            for r in range(3, len(grid.rows))
            for c in range(len(grid.rows[0]))
            if grid.solid(c, r) and not any(grid.solid(c, r - k) for k in (1, 2, 3))
        ]

    def act(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """Run, jump and shoot; NPCs as well."""
        player = state.player
        if not state.frozen:
            speed = 1.6 if "run" in held and self.can_run else 1.0
            if self.can_duck and "down" in held and player.grounded:
                speed = 0.0
            self._run(player, pressed(held, "left", "right"), self.jump_key in held, speed)
            self._hands(state, held)
            self._touch(state)
            if player.y - self.ry > self.grid.size_px[1]:
                self.die(state)
        player.hurt = max(0, player.hurt - 1)
        for npc in state.npcs:
            self._npc(state, npc)
        wind = 0.5 * self.run_px_s * self.gust(state)[0]
        if wind:
            for actor in (player, *state.npcs):
                carry(self.grid, actor, (wind, 0.0), self.dt, (self.rx, self.ry))
        self._shots(state)
        self.camera.aim(state, self.dt)

    def _run(self, actor: Actor, ix: int, jump: bool, speed: float) -> None:
        target = ix * self.run_px_s * speed
        gain = self.gain_per_s if actor.grounded else self.air_gain
        share = 1 - math.exp(-gain * self.dt) if self.gain_per_s else 1.0
        actor.vx += (target - actor.vx) * share
        if abs(actor.vx) < 0.5 and not ix:
            actor.vx = 0.0
        if ix:
            actor.leftwards = ix < 0
        if actor.grounded:
            actor.jumps = self.jumps
            actor.until = round(COYOTE_S * self.hz) if actor.style == "player" else actor.until
        newly = jump and not actor.intent[2]
        if newly and actor.jumps > 0:
            actor.vy, actor.grounded = -self.jump_px_s, False
            actor.jumps -= 1
        elif not jump and self.cut_jump and actor.vy < -0.4 * self.jump_px_s:
            actor.vy = -0.4 * self.jump_px_s
        if actor.style == "player":
            actor.intent = (ix, 0, jump)
        actor.vy = min(actor.vy + self.gravity * self.dt, self.fall_px_s)
        falling = actor.vy > 0
        _, stopped_y = self._slide(actor)
        actor.grounded = stopped_y and falling

    def _slide(self, actor: Actor) -> tuple[bool, bool]:
        below = actor.y > self.grid.size_px[1] - 2 * self.ry
        if below and not self.grid.hits(actor.x, self.grid.size_px[1] - 2, self.rx, 1):
            actor.x += actor.vx * self.dt  # out of the map through a pit
            actor.y += actor.vy * self.dt
            return False, False
        if actor.y - self.ry < 0 and actor.vy < 0:
            actor.vy = 0.0
        return self.grid.slide(actor, self.dt, self.rx, self.ry)

    def _hands(self, state: State, held: frozenset[str]) -> None:
        player = state.player
        player.cool = max(0, player.cool - 1)
        if self.can_fire and "fire" in held and not player.cool:
            way = -1 if player.leftwards else 1
            self.fire(state, player, way * self.run_px_s * 2.2, 0.0, own=True)
            player.cool = round(0.25 * self.hz)

    def _touch(self, state: State) -> None:
        player = state.player
        for k, (x, y) in enumerate(self.coins):
            close = abs(x - player.x) < self.tile * 0.7 and abs(y - player.y) < self.tile
            if k not in state.taken and close:
                state.taken.add(k)
                state.score += 10
                self.burst(state, x, y, 5)
        for npc in state.npcs:
            if npc.cool or not near(npc, player, 2 * self.rx, 1.8 * self.ry):
                continue
            if player.vy > 1.5 * self.tile:
                npc.cool, player.vy = round(NPC_PAUSE_S * self.hz), -0.7 * self.jump_px_s
                state.score += 100
                self.burst(state, npc.x, npc.y, 8)
            elif self.deadly and not player.hurt:
                player.health -= 1
                player.hurt = round(1.2 * self.hz)
                player.vx = self.run_px_s * (1.0 if player.x > npc.x else -1.0)
                self.shake(state, 3)
                if player.health <= 0:
                    self.die(state)

    def _npc(self, state: State, npc: Actor) -> None:
        if npc.cool:
            npc.cool -= 1
            if npc.cool == 0:
                npc.x, npc.y, npc.vx, npc.vy = npc.home_x, npc.home_y, 0.0, 0.0
            return
        ix, iy, _ = intend(npc, state, self.hz)
        ahead = npc.x + ix * self.tile
        pit = npc.grounded and not self.grid.hits(ahead, npc.y + self.ry + self.tile, 1, self.tile)
        hop = iy < 0 and npc.grounded and uniform(state.seed, npc.ident, npc.until, 9) < 0.7
        before = npc.x
        self._run(npc, 0 if pit else ix, hop or npc.vy < 0, 0.6)
        if pit or (ix and npc.x == before):
            turn_back(npc)
        if npc.y > self.grid.size_px[1] + self.tile:
            npc.cool = round(NPC_PAUSE_S * self.hz)

    def _shots(self, state: State) -> None:
        for shot in self.shots_on_map(state):
            for npc in state.npcs:
                if not npc.cool and near(npc, shot, self.rx + 2, self.ry):
                    npc.cool, shot.left = round(NPC_PAUSE_S * self.hz), 0
                    state.score += 50
                    self.burst(state, npc.x, npc.y, 8)

    def paint(self, state: State) -> U8:
        """Sky, hills, terrain, things, figures, water."""
        w, h = self.size_px
        x0, y0 = self.camera.corner(state, self.hz)
        drift = self.drift_px_s * state.tick * self.dt
        shift = int(0.1 * x0 + drift) % w
        picture = self.sky[:, shift : shift + w].copy()
        for rgb, mask, depth in self.layers:
            shift, high = int(depth * x0 + drift * depth) % w, rgb.shape[0]
            view = (slice(None), slice(shift, shift + w))
            canvas.cover(picture[h - high :], rgb[view], mask[view])
        view = (slice(y0, y0 + h), slice(x0, x0 + w))
        canvas.cover(picture, self.terrain[view], self.terrain_mask[view])
        self._paint_things(picture, state, x0, y0)
        self.paint_sparks(picture, state, x0, y0)
        if self.water_px:
            self._paint_water(picture, state, x0, y0)
        return self.camera.bend(picture, state, self.hz)

    def _paint_things(self, picture: U8, state: State, x0: int, y0: int) -> None:
        spin = state.tick // max(1, round(self.hz / 8))
        side = self.coin.size_px[0] / 2
        for k, (x, y) in enumerate(self.coins):
            if k not in state.taken and -side < x - x0 < self.width_px + side:
                canvas.blit(picture, self.coin.frame(spin + k), x - x0 - side, y - y0 - side)
        for npc in state.npcs:
            if not npc.cool:
                self._paint_standing(picture, self.foes[npc.look], npc, x0, y0)
        if not state.frozen and state.player.hurt % 6 < 3:
            self._paint_standing(picture, self.hero, state.player, x0, y0)
        for shot in state.shots:
            r = max(1, self.tile // 6)
            canvas.disc(picture, shot.x - x0, shot.y - y0, r, self.palette.accent)

    def _paint_standing(
        self, picture: U8, sprite: sprites.Sprite, actor: Actor, x0: int, y0: int
    ) -> None:
        step = int(actor.walked_px / max(3, self.tile // 3)) if actor.grounded else 1
        width, height = sprite.size_px
        frame = sprite.frame(step, actor.leftwards)
        canvas.blit(picture, frame, actor.x - x0 - width / 2, actor.y + self.ry - y0 - height)

    def _paint_water(self, picture: U8, state: State, x0: int, y0: int) -> None:
        level = self.grid.size_px[1] - self.water_px - y0
        level += round(2 * math.sin(2 * state.tick * self.dt))
        if level < self.height_px:
            canvas.blend(picture, 0, level, self.width_px, self.height_px, (40, 90, 200), 0.4)
            for k in range(0, self.width_px, 8):
                y = level + round(1.5 * math.sin(0.1 * (k + x0) + 3 * state.tick * self.dt))
                canvas.box(picture, k, max(0, y), 6, 1, (220, 235, 255))


def _level(rng: np.random.Generator, rows: int, columns: int, pits: float) -> npt.NDArray[np.bool_]:
    """bool (rows, columns): ground in steps of at most two tiles, some pits, platforms above."""
    solid = np.zeros((rows, columns), bool)
    height, gap, c = 2, 0, 0
    while c < columns:
        for _ in range(int(rng.integers(3, 9))):
            if c >= columns:
                break
            gap = gap - 1 if gap else (int(rng.integers(1, 4)) if rng.random() < pits else 0)
            if not gap or c < 4:
                solid[rows - height :, c] = True
            c += 1
        height = min(max(height + int(rng.integers(-2, 3)), 1), max(2, rows // 3))
    for _ in range(int(columns * rows * rng.uniform(0.005, 0.02))):
        r, c = int(rng.integers(3, max(4, rows - 4))), int(rng.integers(0, columns))
        long = int(rng.integers(1, 6))
        if not solid[max(0, r - 3) : r + 4, c : c + long].any():
            solid[r, c : c + long] = True
    return solid
