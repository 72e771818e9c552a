"""First person: corridors and rooms by casting a ray per column (as Wolfenstein 3D did, 1992)."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import F32, U8
from pyanalyzer.simulate.engine import Channel, Purpose
from pyanalyzer.simulate.maker import canvas, chance, sprites, textures
from pyanalyzer.simulate.maker.behaviour import draw_styles, intend, is_away, turn_back
from pyanalyzer.simulate.maker.families.maze import MAPS
from pyanalyzer.simulate.maker.motion import Grid, free_places, grid_of, pressed
from pyanalyzer.simulate.maker.palette import mix, shade
from pyanalyzer.simulate.maker.state import Actor, State
from pyanalyzer.simulate.maker.world import World

WALL_PX = 64  # side of a wall's texture
LIGHTS = 4  # how many degrees of darkness with distance
RADIUS = 0.25  # of a figure, in tiles
PLAYER_RADIUS = 0.4  # never so near to a wall that nothing but one brick is seen
HIGHEST = 0.35  # how far up and down one can look, in heights of the picture
SPRITE_SIZES = 12
FARTHEST = 24.0
ACTS = frozenset({"fire", "use", "menu", "next_weapon", "jump"})
GONE_S = 2.0


class Corridor(World):
    """Lengths are tiles. Everything but fire, use and jump moves the camera."""

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        rows, columns = (int(n) | 1 for n in rng.integers(11, 26, 2))
        solid = MAPS[int(rng.integers(len(MAPS)))](rng, rows, columns)
        self.solid: npt.NDArray[np.bool_] = solid
        self.grid: Grid = grid_of(solid, 1)
        self.places = free_places(self.grid)
        self.walk_per_s = float(rng.uniform(1.5, 5))
        self.gain_per_s = 0.0 if rng.random() < 0.4 else float(rng.uniform(4, 15))
        self.turn_rad_s = float(rng.uniform(1.2, 4))
        self.turn_gain = 0.0 if rng.random() < 0.6 else float(rng.uniform(5, 15))
        self.mouse_gain = float(rng.uniform(0.4, 1.2))
        self.spread = float(rng.uniform(0.5, 0.9))  # tangent of half the field of view
        self.bob = float(rng.uniform(0.005, 0.03)) if rng.random() < 0.5 else 0.0
        self.grid_steps = bool(rng.random() < 0.1)  # turns in steps of 90 degrees
        turning = ("keys", "mouse", "both")[int(rng.integers(3))]
        self.axis = turning != "keys" and not self.grid_steps
        keys = turning != "mouse" or self.grid_steps
        self.armed, self.jumps = bool(rng.random() < 0.75), bool(rng.random() < 0.2)
        # A view that the world turns by itself, to and fro: a ship's deck, a dizzy head.
        self.reel_rad = float(rng.uniform(0.05, 0.4)) if rng.random() < 0.12 else 0.0
        self.reel_s = float(rng.uniform(2, 8))
        self._draw_surfaces(rng)
        self._draw_figures(rng)
        w, h = self.size_px
        self.columns = ((np.arange(w, dtype=np.float32) + 0.5) / w * 2 - 1).astype(np.float32)
        self.focal_px = w / (2 * self.spread)
        self.rows = np.arange(h, dtype=np.float32)
        self.channels = (
            Channel(("forward", "backward"), 3.0),
            *((Channel(("turn_left", "turn_right"), 3.0),) if keys else ()),
            *((Channel(("strafe_left", "strafe_right"), 1.5),) if rng.random() < 0.7 else ()),
            *((Channel(("fire",), 1.8),) if self.armed else ()),
            *((Channel(("jump",), 0.7),) if self.jumps else ()),
            *((Channel(("look_up", "look_down"), 1.0),) if rng.random() < 0.35 else ()),
            *((Channel(("zoom",), 0.7),) if rng.random() < 0.25 else ()),
            *((Channel(("run",), 0.4),) if rng.random() < 0.4 else ()),
            *self.extra_channels(),
        )

    def _draw_surfaces(self, rng: np.random.Generator) -> None:
        p = self.palette
        kinds = int(rng.integers(1, 5))
        self.wall_kinds = kinds
        colours = (p.solid, p.solid_2, mix(p.solid, p.accent, 0.4), mix(p.solid, p.ground, 0.5))
        dark = float(rng.uniform(0.15, 0.5))
        columns = []
        for k in range(kinds):
            wall = textures.texture(rng, WALL_PX, colours[k], 0.6)
            if rng.random() < 0.4:
                canvas.box(wall, 20, 16, 24, 28, shade(p.accent, 0.8))
            steps = [1 - dark * j / (LIGHTS - 1) for j in range(LIGHTS)]
            shaded = [canvas.toned(wall, (s, s, s)) for s in steps]
            columns.append(np.concatenate(shaded, axis=0))
        self.walls = np.ascontiguousarray(np.concatenate(columns, axis=1))
        self.floor = textures.texture(rng, WALL_PX, p.ground, 0.45)
        self.outdoor = bool(rng.random() < 0.4)
        self.ceiling = textures.texture(rng, WALL_PX, shade(p.panel, 1.6), 0.5)
        self.plain = bool(rng.random() < 0.25)  # floor and ceiling of one colour
        w, h = self.size_px
        sky = textures.backdrop(rng, 4 * w, h // 2, p)
        self.sky = np.concatenate([sky, sky[:, :w]], axis=1)

    def _draw_figures(self, rng: np.random.Generator) -> None:
        h = self.height_px
        self.sizes = [max(3, int(1.5 * h * 0.72**k)) for k in range(SPRITE_SIZES)]
        self.foes = []
        for colour in self.palette.foes[:3]:
            figure = sprites.figure(rng, 64, colour)
            frames = [sprites.scaled(figure.right[k], self.sizes) for k in range(2)]
            self.foes.append(frames)
        self.styles = draw_styles(rng, 12)
        self.gun = _gun(rng, int(0.4 * h), self.palette.player)
        self.gun_x = float(rng.choice([0.5, 0.5, 0.68]))

    def begin(self, seed: int) -> State:
        """On a free tile, looking along the longest way."""
        x, y = chance.pick(self.places, seed, 1)
        player = Actor(x, y, health=2 * self.hearts, home_x=x, home_y=y)
        ways = [k * math.pi / 2 for k in range(4)]
        player.heading_rad = max(ways, key=lambda a: self._cast_one(x, y, a))
        state = State(seed, player)
        for k, style in enumerate(self.styles, 1):
            nx, ny = chance.pick(self.places, seed, k, 2)
            state.npcs.append(
                Actor(nx, ny, ident=k, look=k % len(self.foes), style=style, home_x=nx, home_y=ny)
            )
        return state

    def _cast_one(self, x: float, y: float, angle: float) -> float:
        away = 0.0
        while away < FARTHEST and not self.grid.solid(
            math.floor(x + away * math.cos(angle)), math.floor(y + away * math.sin(angle))
        ):
            away += 0.25
        return away

    def respawn(self, state: State) -> None:
        """Where the player began."""
        p = state.player
        p.x, p.y, p.vx, p.vy, p.health = p.home_x, p.home_y, 0.0, 0.0, 2 * self.hearts

    def purpose(self, controls: frozenset[str]) -> Purpose:
        """See :meth:`pyanalyzer.simulate.engine.Game.kind_of`."""
        return "act" if controls <= ACTS else "move_view"

    def act(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """Turn, walk, shoot; NPCs walk."""
        p = state.player
        p.cool = max(0, p.cool - 1)
        phase = 2 * math.pi * state.tick * self.dt / self.reel_s
        p.heading_rad += self.reel_rad * math.sin(phase) * self.dt
        if not state.frozen:
            self._turn(state, held, turn_deg)
            self._walk(p, held)
            self._hop(p, held)
            self._look(p, held)
            if self.armed and "fire" in held and not p.cool:
                p.cool = max(2, round(0.3 * self.hz))
                self._shoot(state)
        for npc in state.npcs:
            self._npc(state, npc)
        self._harm(state)

    def _turn(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        p = state.player
        way = pressed(held, "turn_left", "turn_right")
        if self.grid_steps:
            if way and p.until <= state.tick:
                p.heading_rad += way * math.pi / 2
                p.until = state.tick + round(0.35 * self.hz)
            return
        share = 1 - math.exp(-self.turn_gain * self.dt) if self.turn_gain else 1.0
        p.vy += (way * self.turn_rad_s - p.vy) * share  # vy: the speed of turning
        if abs(p.vy) < 0.01:
            p.vy = 0.0
        p.heading_rad += p.vy * self.dt + math.radians(turn_deg) * self.mouse_gain
        p.heading_rad %= 2 * math.pi

    def _walk(self, p: Actor, held: frozenset[str]) -> None:
        ahead = pressed(held, "backward", "forward") * (1.7 if "run" in held else 1.0)
        aside = pressed(held, "strafe_left", "strafe_right")
        share = 1 - math.exp(-self.gain_per_s * self.dt) if self.gain_per_s else 1.0
        p.vx += (ahead * self.walk_per_s - p.vx) * share  # vx: the speed ahead
        if abs(p.vx) < 0.02:
            p.vx = 0.0
        c, s = math.cos(p.heading_rad), math.sin(p.heading_rad)
        side = aside * self.walk_per_s * 0.8
        mover = Actor(p.x, p.y, vx=p.vx * c - side * s, vy=p.vx * s + side * c)
        self.grid.slide(mover, self.dt, PLAYER_RADIUS, PLAYER_RADIUS)
        p.x, p.y = mover.x, mover.y
        p.walked_px += mover.walked_px

    def _hop(self, p: Actor, held: frozenset[str]) -> None:
        """``jumps`` counts the ticks of a jump that are left."""
        if p.jumps:
            p.jumps -= 1
        elif self.jumps and "jump" in held:
            p.jumps = round(0.5 * self.hz)

    def _look(self, p: Actor, held: frozenset[str]) -> None:
        """Up and down at a steady speed; a scope that opens and closes quickly."""
        pitch = p.pitch + pressed(held, "look_down", "look_up") * 0.7 * self.dt
        p.pitch = min(max(pitch, -HIGHEST), HIGHEST)
        wanted = 1.0 if "zoom" in held else 0.0
        step = min(abs(wanted - p.scope), self.dt / 0.25)
        p.scope += step if wanted > p.scope else -step

    def _shoot(self, state: State) -> None:
        p = state.player
        for npc in state.npcs:
            dx, dy = npc.x - p.x, npc.y - p.y
            away = math.hypot(dx, dy)
            off = (math.atan2(dy, dx) - p.heading_rad + math.pi) % (2 * math.pi) - math.pi
            hit = not npc.cool and abs(off) < math.atan2(0.35, away)
            if hit and self._cast_one(p.x, p.y, p.heading_rad) >= away - 0.5:
                npc.cool = round(GONE_S * self.hz)
                state.score += 100
                return

    def _npc(self, state: State, npc: Actor) -> None:
        if is_away(npc):
            return
        ix, iy, _ = intend(npc, state, self.hz)
        speed = 0.6 * self.walk_per_s
        npc.vx, npc.vy = ix * speed, iy * speed
        if any(self.grid.slide(npc, self.dt, RADIUS, RADIUS)):
            turn_back(npc)

    def _harm(self, state: State) -> None:
        p = state.player
        p.hurt = max(0, p.hurt - 1)
        close = [n for n in state.npcs if not n.cool and math.hypot(n.x - p.x, n.y - p.y) < 0.6]
        if close and not p.hurt and not state.frozen:
            p.hurt = round(self.hz)
            p.health -= 1
            state.flash = 2
            self.shake(state, 4)
            if p.health <= 0:
                self.die(state)

    def burst(self, state: State, x: float, y: float, count: int) -> None:
        """No sparks in first person."""

    def paint(self, state: State) -> U8:
        """Floor, ceiling or sky, walls, figures, the gun."""
        h = self.height_px
        p = state.player
        lift = math.sin(math.pi * p.jumps / max(1, round(0.5 * self.hz))) * 0.15 if p.jumps else 0
        sway = self.bob * math.sin(6 * p.walked_px) + lift
        horizon = (0.5 + sway + p.pitch) * h
        if state.shake_px >= 0.5:
            horizon += chance.spread(-1, 1, state.seed, state.tick, 3) * state.shake_px
        away, where, kind, lit = self._cast(p)
        focal_px = self.focal_px * (1 + p.scope)
        picture = self._surfaces(p, horizon)
        high = np.float32(focal_px) / away
        top = np.float32(horizon) - 0.5 * high
        v = (self.rows[:, None] - top[None]) / high[None]
        inside = ((v >= 0) & (v < 1)).astype(np.uint8)
        light = np.clip(away * (LIGHTS / 10.0) + 0.5 * lit, 0, LIGHTS - 1).astype(np.int32)
        u = np.broadcast_to(((where + kind) * WALL_PX)[None], v.shape).astype(np.float32)
        rows = np.clip(v, 0, 0.999) * np.float32(WALL_PX - 1) + (light * WALL_PX)[None]
        walls = canvas.remap(self.walls, u, rows.astype(np.float32), self.filtered)
        canvas.cover(picture, walls, inside)
        self._paint_figures(picture, state, away, horizon)
        if state.frozen:
            return canvas.toned(picture, (0.8, 0.2, 0.2))
        if self.armed:
            self._paint_gun(picture, state)
        return picture

    def _cast(self, p: Actor) -> tuple[F32, F32, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Per column: distance along the view, place on the wall 0..1, its kind, its side.

        The walk from grid line to grid line of Amanatides and Woo ("A fast voxel traversal
        algorithm for ray tracing", 1987), for all columns at once.
        """
        c, s = math.cos(p.heading_rad), math.sin(p.heading_rad)
        spread = self.spread / (1 + p.scope)
        rx = c - self.columns * spread * s
        ry = s + self.columns * spread * c
        rx = np.where(np.abs(rx) < 1e-6, 1e-6, rx)
        ry = np.where(np.abs(ry) < 1e-6, 1e-6, ry)
        step_x, step_y = np.sign(rx).astype(np.int64), np.sign(ry).astype(np.int64)
        gap_x, gap_y = 1 / np.abs(rx), 1 / np.abs(ry)
        cx = np.full(len(rx), math.floor(p.x))
        cy = np.full(len(ry), math.floor(p.y))
        next_x = np.where(rx > 0, cx + 1 - p.x, p.x - cx) * gap_x
        next_y = np.where(ry > 0, cy + 1 - p.y, p.y - cy) * gap_y
        open_ = np.ones(len(rx), bool)
        side = np.zeros(len(rx), np.int64)
        rows, columns = self.solid.shape
        for _ in range(rows + columns):
            along_x = (next_x < next_y) & open_
            along_y = ~along_x & open_
            cx = cx + step_x * along_x
            cy = cy + step_y * along_y
            next_x = next_x + gap_x * along_x
            next_y = next_y + gap_y * along_y
            side[along_x], side[along_y] = 0, 1
            open_ &= ~self.solid[cy.clip(0, rows - 1), cx.clip(0, columns - 1)]
            if not open_.any():
                break
        away = np.where(side == 0, next_x - gap_x, next_y - gap_y).clip(0.05, None)
        where = np.where(side == 0, p.y + away * ry, p.x + away * rx) % 1.0
        kind = (cx * 7 + cy * 13) // 5 % self.wall_kinds
        return away.astype(np.float32), where.astype(np.float32), kind, side

    def _surfaces(self, p: Actor, horizon: float) -> U8:
        """Floor and ceiling, or sky, without the walls."""
        w, h = self.size_px
        picture = canvas.blank(w, h, self.palette.ground)
        middle = min(max(int(horizon), 1), h - 1)
        if self.outdoor:
            shift = int(p.heading_rad / (2 * math.pi) * 4 * w) % (4 * w)
            view = self.sky[:, shift : shift + w]
            high = min(middle, view.shape[0])
            picture[:middle] = view[0]
            picture[middle - high : middle] = view[-high:]
        elif self.plain:
            picture[:middle] = shade(self.palette.panel, 1.6)
        if self.plain:
            return picture
        c, s = math.cos(p.heading_rad), math.sin(p.heading_rad)
        spread = self.spread / (1 + p.scope)
        rx = (c - self.columns * spread * s) * WALL_PX
        ry = (s + self.columns * spread * c) * WALL_PX
        for texture, rows in ((self.floor, self.rows[middle:]), (self.ceiling, self.rows[:middle])):
            if texture is self.ceiling and self.outdoor:
                continue
            gap = np.abs(rows + 0.5 - horizon).clip(0.5, None)
            away = (0.5 * self.focal_px * (1 + p.scope) / gap).astype(np.float32)[:, None]
            x, y = away * rx[None] + p.x * WALL_PX, away * ry[None] + p.y * WALL_PX
            seen = canvas.remap(texture, x.astype(np.float32), y.astype(np.float32), self.filtered)
            picture[int(rows[0]) : int(rows[0]) + len(rows)] = seen
        return picture

    def _paint_figures(self, picture: U8, state: State, away: F32, horizon: float) -> None:
        """From far to near; a wall hides the columns behind it."""
        p, w = state.player, self.width_px
        focal_px = self.focal_px * (1 + p.scope)
        c, s = math.cos(p.heading_rad), math.sin(p.heading_rad)
        seen = []
        for npc in state.npcs:
            dx, dy = npc.x - p.x, npc.y - p.y
            ahead, aside = dx * c + dy * s, -dx * s + dy * c
            if not npc.cool and 0.3 < ahead < FARTHEST:
                seen.append((ahead, aside, npc))
        for ahead, aside, npc in sorted(seen, key=lambda item: -item[0]):
            wanted = 0.75 * focal_px / ahead
            step = int(npc.walked_px * 3) % 2
            size = min(range(len(self.sizes)), key=lambda k: abs(self.sizes[k] - wanted))
            stamp = self.foes[npc.look][step][size]
            height, width = stamp.mask.shape[:2]
            left = int(w / 2 + aside / ahead * focal_px - width / 2)
            x0, x1 = max(0, left), min(w, left + width)
            if x1 <= x0 or not (away[x0:x1] > ahead).any():
                continue
            shown = stamp.mask[:, x0 - left : x1 - left] & (away[x0:x1] > ahead)[None, :, None]
            part = canvas.Stamp(stamp.rgb[:, x0 - left : x1 - left], shown)
            canvas.blit(picture, part, x0, horizon + 0.5 * focal_px / ahead - height)

    def _paint_gun(self, picture: U8, state: State) -> None:
        w, h = self.size_px
        p = state.player
        height, width = self.gun.mask.shape[:2]
        reload = p.cool / max(2, round(0.3 * self.hz))
        x = self.gun_x * w - width / 2 + 0.02 * w * math.sin(3 * p.walked_px) * (self.bob > 0)
        y = h - height * 0.8 + 0.15 * height * reload
        if self.hud.bar is not None and self.hud.bar.y_px > 0:
            y -= self.hud.bar.h_px
        if reload > 0.7:
            canvas.disc(picture, x + width / 2, y, 0.07 * h, (255, 220, 120))
            canvas.disc(picture, x + width / 2, y, 0.04 * h, (255, 255, 230))
        canvas.blit(picture, self.gun, x, y)


def _gun(rng: np.random.Generator, size_px: int, colour: tuple[int, int, int]) -> canvas.Stamp:
    """A barrel that points into the picture, and a hand."""
    key = (1, 2, 3)
    picture = canvas.blank(size_px, size_px, key)
    w, wide = size_px, float(rng.uniform(0.08, 0.2))
    barrel = [((0.5 - wide / 2) * w, 0), ((0.5 + wide / 2) * w, 0)]
    canvas.polygon(picture, [*barrel, ((0.5 + wide) * w, w), ((0.5 - wide) * w, w)], (90, 90, 100))
    canvas.polygon(
        picture, [barrel[0], (0.5 * w, 0), (0.5 * w, w), ((0.5 - wide) * w, w)], (60, 60, 70)
    )
    canvas.disc(picture, 0.5 * w, 0.85 * w, 0.22 * w, shade(colour, 0.8))
    return sprites.keyed(picture, key)
