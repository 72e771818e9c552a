"""Third person: a figure near the middle of the picture, a camera that follows with a lag."""

from __future__ import annotations

import math

import numpy as np

from pyanalyzer.records import F32, U8
from pyanalyzer.simulate.engine import Channel, Purpose
from pyanalyzer.simulate.maker import canvas, chance, sprites, textures
from pyanalyzer.simulate.maker.behaviour import draw_styles, intend
from pyanalyzer.simulate.maker.families.models import View, draw_model, paint_model
from pyanalyzer.simulate.maker.motion import pressed
from pyanalyzer.simulate.maker.palette import mix, shade
from pyanalyzer.simulate.maker.state import Actor, State
from pyanalyzer.simulate.maker.world import MOUSE, TWINS_SHARE, World

MODES = ("tank", "tank", "free", "free", "drive", "fly")
SIDE = 48.0  # of the world, which goes round; about 48 heights of a figure
FAR = 20.0
FLAT_FROM = 16.0  # so far off the ground has one colour
TEXTURE_PX = 256
SIZES = 14
LOOKS = frozenset({"look_left", "look_right", "recentre"}) | MOUSE


class Chase(World):
    """Lengths are about the figure's height. ``scope`` of the player is the camera's yaw.

    ``eye_x``, ``eye_y`` are the place that the camera follows: the player's, a little late.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        self.mode = MODES[int(rng.integers(len(MODES)))]
        w, h = self.size_px
        self.horizon = int(h * rng.uniform(0.22, 0.5))
        self.focal_px = w * float(rng.uniform(0.55, 1.0))
        self.height = float(rng.uniform(1.1, 2.4))
        least = self.focal_px * self.height / (0.88 * h - self.horizon)
        self.behind = max(float(rng.uniform(1.8, 4.5)), least)
        self.aside = float(rng.choice([0.0, 0.0, -0.5, 0.5]))  # over the shoulder
        self.speed = float(rng.uniform(1.5, 6)) * (1.6 if self.mode in ("drive", "fly") else 1.0)
        self.gain_per_s = 0.0 if rng.random() < 0.4 else float(rng.uniform(3, 12))
        if self.mode == "drive":
            self.gain_per_s = float(rng.uniform(1, 3))
        self.turn_rad_s = float(rng.uniform(1.5, 4))
        self.turn_gain = 0.0 if rng.random() < 0.5 else float(rng.uniform(4, 12))
        self.yaw_gain = float(rng.choice([0.0, 2.0, 4.0, 8.0]))  # 0: the camera turns at once
        self.place_gain = float(rng.choice([0.0, 0.0, 4.0, 8.0]))
        self.mouse_gain = float(rng.uniform(0.4, 1.2))
        looking = ("none", "keys", "mouse")[int(rng.integers(3))]
        self.axis = looking == "mouse"
        self.comes_back = bool(rng.random() < 0.5)  # a look aside is taken back by the camera
        self.sway_rad = float(rng.uniform(0.1, 0.5)) if rng.random() < 0.15 else 0.0
        self.sway_s = float(rng.uniform(2, 9))
        self.jumps, self.armed = bool(rng.random() < 0.7), bool(rng.random() < 0.4)
        self.high, self.air_s = float(rng.uniform(0.4, 1.2)), float(rng.uniform(0.35, 0.8))
        self.shadows, self.fog = bool(rng.random() < 0.7), bool(rng.random() < 0.4)
        self.styles = draw_styles(rng, 8)
        self._draw_looks(rng)
        self._draw_ground(rng)
        rows = np.arange(self.horizon + 1, h, dtype=np.float32)
        away = (self.focal_px * self.height / (rows - self.horizon)).astype(np.float32)
        self.flat_rows = int((away > FLAT_FROM).sum())
        self.away: F32 = away[self.flat_rows :, None]
        columns = np.arange(w, dtype=np.float32) - np.float32(w / 2)
        self.across: F32 = (columns[None] * (self.away / np.float32(self.focal_px))).astype(
            np.float32
        )
        self.moves = self.moves | {"jump", "run", "forward", "backward"}
        self._set_channels(rng, looking)

    def _set_channels(self, rng: np.random.Generator, looking: str) -> None:
        turns = Channel(("left", "right"), 2.5)
        ahead = ("up", "down") if self.mode in ("free", "fly") else ("forward", "backward")
        jumps = self.jumps and self.mode in ("tank", "free")
        self.channels = (
            turns,
            Channel(ahead, 2.5),
            *((Channel(("look_left", "look_right"), 1.5),) if looking == "keys" else ()),
            *((Channel(("jump",), 1.5),) if jumps else ()),
            *((Channel(("run",), 0.7),) if rng.random() < 0.5 else ()),
            *((Channel(("fire",), 1.0),) if self.armed else ()),
            *((Channel(("recentre",), 0.4),) if looking != "none" and rng.random() < 0.5 else ()),
            *self.extra_channels(),
        )

    def _draw_looks(self, rng: np.random.Generator) -> None:
        p = self.palette
        self.hero = draw_model(rng, p.player, p)
        self.foes = [draw_model(rng, c, p) for c in p.foes[:3]]
        if rng.random() < 2 * TWINS_SHARE:
            self.foes[0] = self.hero
        tall = self.height_px
        self.sizes = [max(2, int(1.6 * tall * 0.76**k)) for k in range(SIZES)]
        stamps = [_upright(rng, c) for c in (p.solid, p.solid_2, mix(p.solid, p.accent, 0.5))]
        stamps.append(sprites.thing(rng, 48, p.accent).frame(0))
        self.stamps = [sprites.scaled(stamp, self.sizes) for stamp in stamps]
        count = int(rng.integers(60, 260))
        self.places = rng.uniform(0, SIDE, (count, 2)).astype(np.float32)
        self.kinds = rng.integers(0, len(stamps), count)
        self.talls = rng.uniform(0.5, 3.0, count)
        self.talls[self.kinds == len(stamps) - 1] = 0.4  # goods lie low

    def _draw_ground(self, rng: np.random.Generator) -> None:
        w, p = self.width_px, self.palette
        side = TEXTURE_PX
        small = textures.texture(rng, int(rng.choice([32, 64, 128])), p.ground, 0.5)
        ground = textures.tiled(small, side, side)
        for _ in range(int(rng.integers(0, 5))):  # paths and squares, to be told apart
            x, y = (int(v) for v in rng.integers(0, side, 2))
            long = int(rng.integers(20, side))
            part = ground[y : y + int(rng.integers(6, 40)), x : x + long]
            tile = textures.texture(rng, 32, p.solid, 0.3)
            part[:] = textures.tiled(tile, side, side)[: part.shape[0], : part.shape[1]]
        self.ground = ground
        self.px_per_unit = side / float(rng.choice([4.0, 6.0, 8.0, 12.0]))  # divide SIDE
        mean = ground.reshape(-1, 3).mean(axis=0)
        self.far_colour = (int(mean[0]), int(mean[1]), int(mean[2]))
        sky = textures.backdrop(rng, 2 * w, self.horizon + 1, p)
        hills = textures.parallax_layer(rng, 2 * w, max(4, self.horizon // 3), shade(p.solid, 0.8))
        if rng.random() < 0.6:
            canvas.blit(sky, hills, 0, self.horizon + 1 - hills.rgb.shape[0])
        self.sky = np.concatenate([sky, sky[:, :w]], axis=1)

    def purpose(self, controls: frozenset[str]) -> Purpose:
        """Looking turns the camera alone; what walks moves the figure, and perhaps the view."""
        return "move_view" if controls & LOOKS else super().purpose(controls)

    def begin(self, seed: int) -> State:
        """Everybody anywhere, the camera behind the player."""
        x, y = (chance.spread(0, SIDE, seed, k) for k in (1, 2))
        heading = chance.spread(0, 2 * math.pi, seed, 3)
        player = Actor(x, y, heading_rad=heading, scope=heading, home_x=x, home_y=y)
        state = State(seed, player, eye_x=x, eye_y=y)
        for k, style in enumerate(self.styles, 1):
            nx = x + chance.spread(-7, 7, seed, k, 4)
            ny = y + chance.spread(-7, 7, seed, k, 5)
            turn = chance.spread(0, 2 * math.pi, seed, k, 6)
            state.npcs.append(
                Actor(nx, ny, ident=k, look=k % 3, style=style, heading_rad=turn, z=self._level(k))
            )
        if self.mode == "fly":
            player.z = 1.0
        return state

    def _level(self, k: int) -> float:
        return 0.4 + k % 5 * 0.3 if self.mode == "fly" else 0.0

    def respawn(self, state: State) -> None:
        """Nobody dies here."""

    def act(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """Turn, walk, jump; the others too; the camera follows."""
        p = state.player
        p.cool = max(0, p.cool - 1)
        up, down = ("up", "down") if self.mode in ("free", "fly") else ("forward", "backward")
        ix, iy = pressed(held, "left", "right"), pressed(held, down, up)
        self._move(p, ix, iy, p.scope, 1.6 if "run" in held else 1.0)
        self._hop(p, "jump" in held)
        if self.armed and "fire" in held and not p.cool:
            p.cool = max(2, round(0.3 * self.hz))
            c, s = math.cos(p.heading_rad), math.sin(p.heading_rad)
            self.fire(state, p, 9 * c, 9 * s, own=True)
        far = float("inf")
        for shot in self.move_shots(state, (-far, -far, far, far)):
            for npc in state.npcs:
                if not npc.cool and math.hypot(npc.x - shot.x, npc.y - shot.y) < 0.5:
                    npc.cool, shot.left = round(1.5 * self.hz), 0
                    state.score += 10
        for npc in state.npcs:
            npc.cool = max(0, npc.cool - 1)
            jx, jy, act = intend(npc, state, self.hz)
            self._move(npc, jx, -jy, npc.pitch, 1.0)
            self._hop(npc, act)
        self._take(state)
        self._film(state, held, turn_deg)

    def _move(self, a: Actor, ix: int, iy: int, yaw: float, quick: float) -> None:
        """``vx`` is the speed ahead, ``vy`` that of climbing."""
        wanted, turn = quick * self.speed * iy, ix * self.turn_rad_s
        if self.mode == "free":
            wanted, turn = self._turn_to(a, ix, iy, yaw, quick)
        elif self.mode == "drive":
            turn *= min(1.0, 2 * abs(a.vx) / self.speed) * (1 if a.vx >= 0 else -1)
        elif self.mode == "fly":
            wanted = quick * self.speed
            a.vy += (1.5 * iy - a.vy) * (1 - math.exp(-6 * self.dt))
            a.z = min(max(a.z + a.vy * self.dt, 0.1), 2.5)
        elif iy < 0:
            wanted *= 0.6
        share = 1 - math.exp(-self.turn_gain * self.dt) if self.turn_gain else 1.0
        a.spin_rad_s += (turn - a.spin_rad_s) * share
        a.heading_rad = (a.heading_rad + a.spin_rad_s * self.dt) % (2 * math.pi)
        share = 1 - math.exp(-self.gain_per_s * self.dt) if self.gain_per_s else 1.0
        a.vx += (wanted - a.vx) * share
        if abs(a.vx) < 0.02:
            a.vx = 0.0
        a.x += a.vx * math.cos(a.heading_rad) * self.dt
        a.y += a.vx * math.sin(a.heading_rad) * self.dt
        a.walked_px += abs(a.vx) * self.dt

    def _turn_to(self, a: Actor, ix: int, iy: int, yaw: float, quick: float) -> tuple[float, float]:
        """Speed and turn of one who goes where the stick points, as the camera sees it."""
        if not ix and not iy:
            return 0.0, 0.0
        off = (yaw + math.atan2(ix, iy) - a.heading_rad + math.pi) % (2 * math.pi) - math.pi
        most = 3 * self.turn_rad_s
        turn = min(max(off / self.dt, -most), most)
        return quick * self.speed * max(0.2, math.cos(off)), turn

    def _hop(self, a: Actor, jumping: bool) -> None:
        if self.mode not in ("tank", "free"):
            return
        if jumping and a.z == 0 and self.jumps:
            a.vz = 4 * self.high / self.air_s
        a.vz -= 8 * self.high / self.air_s**2 * self.dt
        a.z = max(0.0, a.z + a.vz * self.dt)
        if a.z == 0:
            a.vz = max(a.vz, 0.0)

    def _take(self, state: State) -> None:
        p = state.player
        gap = (self.places - np.array([p.x, p.y], np.float32) + SIDE / 2) % SIDE - SIDE / 2
        near = (np.abs(gap).max(axis=1) < 0.4) & (self.kinds == len(self.stamps) - 1)
        for k in np.flatnonzero(near):
            if int(k) not in state.taken:
                state.taken.add(int(k))
                state.score += 10

    def _film(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """The camera: looked about with, behind the player again, late."""
        p = state.player
        looking = pressed(held, "look_left", "look_right")
        p.scope += 1.8 * looking * self.dt + math.radians(turn_deg) * self.mouse_gain
        behind = self.mode != "free" or "recentre" in held or (self.comes_back and p.vx > 0)
        if behind and not looking and not turn_deg:
            off = (p.heading_rad - p.scope + math.pi) % (2 * math.pi) - math.pi
            gain = self.yaw_gain if self.mode != "free" else 1.5
            if "recentre" in held:
                gain = 10.0
            p.scope += off * (1 - math.exp(-gain * self.dt) if gain else 1.0)
        phase = 2 * math.pi * state.tick * self.dt / self.sway_s
        p.scope += self.sway_rad * math.cos(phase) * self.dt  # by itself: nobody's action
        share = 1 - math.exp(-self.place_gain * self.dt) if self.place_gain else 1.0
        state.eye_x += (p.x - state.eye_x) * share
        state.eye_y += (p.y - state.eye_y) * share

    def burst(self, state: State, x: float, y: float, count: int) -> None:
        """No sparks in this perspective."""

    def paint(self, state: State) -> U8:
        """Sky, ground, then things from far to near."""
        w, h = self.size_px
        yaw = state.player.scope
        c, s = math.cos(yaw), math.sin(yaw)
        x = state.eye_x - self.behind * c - self.aside * s
        y = state.eye_y - self.behind * s + self.aside * c
        bump = 0.0
        if state.shake_px >= 0.5:
            bump = chance.spread(-1, 1, state.seed, state.tick, 3) * state.shake_px
        view = View(x, y, self.height, yaw, self.focal_px, w / 2, self.horizon + bump)
        picture = np.empty((h, w, 3), np.uint8)
        picture[self.horizon + 1 : self.horizon + 1 + self.flat_rows] = self.far_colour
        shift = int(yaw / (2 * math.pi) * 2 * w) % (2 * w)
        picture[: self.horizon + 1] = self.sky[:, shift : shift + w]
        k = np.float32(self.px_per_unit)
        x0, y0 = np.float32(x % SIDE), np.float32(y % SIDE)
        # The short arrays (rows, 1) first: only two operations are as large as the picture.
        u = (self.away * np.float32(c) + x0) * k - self.across * (np.float32(s) * k)
        v = (self.away * np.float32(s) + y0) * k + self.across * (np.float32(c) * k)
        picture[self.horizon + 1 + self.flat_rows :] = canvas.remap(
            self.ground, u, v, self.filtered
        )
        self._paint_things(picture, state, view)
        if self.fog:
            for deep in (2, 5, 9):
                colour = self.palette.sky_low
                canvas.blend(picture, 0, self.horizon - deep, w, 2 * deep, colour, 0.3)
        return picture

    def _gap(self, view: View, x: float, y: float) -> tuple[float, float]:
        """The way from the camera to a place, the shorter way round the world."""
        half = SIDE / 2
        return (x - view.x + half) % SIDE - half, (y - view.y + half) % SIDE - half

    def _paint_things(self, picture: U8, state: State, view: View) -> None:
        c, s = math.cos(view.yaw_rad), math.sin(view.yaw_rad)
        middle = np.array([view.x, view.y], np.float32)
        gap = (self.places - middle + SIDE / 2) % SIDE - SIDE / 2
        ahead, aside = gap[:, 0] * c + gap[:, 1] * s, gap[:, 1] * c - gap[:, 0] * s
        wide = ahead * (self.width_px / 2 / self.focal_px) + 1.5
        nearest = 0.6 * self.behind  # a house in front of the lens is not drawn
        seen = np.flatnonzero((ahead > nearest) & (ahead < FAR) & (np.abs(aside) < wide))
        order: list[tuple[float, int]] = [
            (float(ahead[k]), int(k)) for k in seen if int(k) not in state.taken
        ]
        actors = [state.player, *(npc for npc in state.npcs if not npc.cool)]
        for k, actor in enumerate(actors):
            gx, gy = self._gap(view, actor.x, actor.y)
            order.append((gx * c + gy * s, -1 - k))
        for far, k in sorted(order, reverse=True):
            if k < 0:
                if far < FAR:
                    self._paint_actor(picture, state, view, actors[-1 - k])
                continue
            scale = view.focal_px / far
            x = view.middle_px + float(aside[k]) * scale
            wanted = self.talls[k] * scale
            sizes = zip(self.sizes, self.stamps[int(self.kinds[k])], strict=True)
            stamp = min(sizes, key=lambda size: abs(size[0] - wanted))[1]
            tall, across = stamp.mask.shape[:2]
            canvas.blit(
                picture, stamp, x - across / 2, view.horizon_px + view.height * scale - tall
            )
        for shot in state.shots:
            gx, gy = self._gap(view, shot.x, shot.y)
            px, py, far_f = view.put(np.array([gx, gy, 0.6 + state.player.z], np.float32))
            if far_f > 0.5:
                radius = max(1, 0.08 * view.focal_px / float(far_f))
                canvas.disc(picture, float(px), float(py), radius, self.palette.accent)

    def _paint_actor(self, picture: U8, state: State, view: View, a: Actor) -> None:
        gx, gy = self._gap(view, a.x, a.y)
        if self.shadows:
            angles = np.linspace(0, 2 * math.pi, 9)[:-1]
            ring = np.stack([gx + 0.35 * np.cos(angles), gy + 0.35 * np.sin(angles)], axis=1)
            ground = np.concatenate([ring, np.zeros((8, 1))], axis=1).astype(np.float32)
            px, py, far = view.put(ground)
            if float(far.min()) > 0.3:
                points = [(float(x), float(y)) for x, y in zip(px, py, strict=True)]
                canvas.polygon(picture, points, shade(self.far_colour, 0.45))
        model = self.hero if a is state.player else self.foes[a.look]
        stride = math.sin(9 * a.walked_px / max(1.0, 0.3 * self.speed)) if a.vx else 0.0
        bank = 0.25 * a.spin_rad_s / self.turn_rad_s * 2 if self.mode in ("fly", "drive") else 0.0
        bank *= 1.0 if self.mode == "fly" else 0.25
        paint_model(picture, model, view, (gx, gy, a.z), a.heading_rad, stride, bank)


def _upright(rng: np.random.Generator, colour: tuple[int, int, int]) -> canvas.Stamp:
    """Something that stands: a tree, a pillar, a rock, a house front."""
    kind, side, key = int(rng.integers(4)), 64, (1, 2, 3)
    picture = canvas.blank(side, side, key)
    if kind == 0:
        canvas.box(picture, 28, 30, 8, 34, (90, 60, 40))
        canvas.disc(picture, 32, 22, 20, colour)
        canvas.disc(picture, 26, 16, 8, shade(colour, 1.3))
    elif kind == 1:
        tile = textures.texture(rng, 16, colour, 0.6)
        picture[4:, 24:40] = textures.tiled(tile, 16, 60)
        canvas.box(picture, 20, 0, 24, 5, shade(colour, 1.3))
    elif kind == 2:
        canvas.polygon(picture, [(8, 63), (14, 36), (34, 24), (56, 40), (60, 63)], colour)
        canvas.polygon(picture, [(14, 36), (34, 24), (30, 44)], shade(colour, 1.3))
    else:
        picture[18:, 4:60] = textures.tiled(textures.texture(rng, 16, colour, 0.5), 56, 46)
        canvas.polygon(picture, [(0, 20), (32, 0), (63, 20)], shade(colour, 0.6))
    return sprites.keyed(picture, key)
