"""Lanes that come towards the viewer: change lanes, jump, slide, boost, seen from behind."""

from __future__ import annotations

import math

import numpy as np

from pyanalyzer.records import F32, U8
from pyanalyzer.simulate.engine import Channel
from pyanalyzer.simulate.maker import canvas, chance, sprites, textures
from pyanalyzer.simulate.maker.behaviour import draw_styles, intend
from pyanalyzer.simulate.maker.motion import pressed
from pyanalyzer.simulate.maker.palette import mix, shade
from pyanalyzer.simulate.maker.state import Actor, State
from pyanalyzer.simulate.maker.world import TWINS_SHARE, World

FAR = 22.0  # lanes' widths: from here on things are seen
NEAR = 0.6  # of the way to the player: what comes nearer to the camera is not drawn
TEXTURE_PX = 128
PERIOD = 8.0  # widths after which the ground repeats
SIZES = 14


class Lanes(World):
    """Lengths are widths of a lane. ``x`` across (0 is the middle), ``y`` along, ``z`` up.

    ``home_x`` is the lane that a figure wants to be in, ``hurt`` the ticks of a slide.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        self.mode = "lanes"
        w, h = self.size_px
        self.lanes = int(rng.choice([3, 3, 4, 5]))
        self.side = (self.lanes - 1) / 2
        self.horizon = int(h * rng.uniform(0.22, 0.45))
        self.eye = float(rng.uniform(1.2, 2.6))  # height of the camera
        self.focal_px = w * float(rng.uniform(0.45, 0.8))
        # How far in front of it the player runs: so that the feet are in the picture.
        least = self.focal_px * self.eye / (0.9 * h - self.horizon)
        self.behind = max(float(rng.uniform(2.0, 3.5)), least)
        self.follows = float(rng.choice([0.0, 0.5, 0.9]))  # how far the camera goes with the player
        self.speed = float(rng.uniform(4, 14))
        self.change_per_s = float(rng.uniform(4, 14))
        self.free = bool(rng.random() < 0.25)  # no lanes: as far as the key is held
        self.repeats = bool(rng.random() < 0.3)
        self.air_s, self.high = float(rng.uniform(0.35, 0.8)), float(rng.uniform(0.5, 1.1))
        self.slide_s = float(rng.uniform(0.3, 0.7))
        self.jumps, self.slides = bool(rng.random() < 0.8), bool(rng.random() < 0.6)
        self.boosts = bool(rng.random() < 0.35)
        self.curve = float(rng.uniform(0.01, 0.04)) if rng.random() < 0.5 else 0.0
        self.curve_rate = float(rng.uniform(0.01, 0.05))
        self.every = float(rng.uniform(2.5, 7))
        self.styles = draw_styles(rng, 5)
        self._draw_looks(rng)
        rows = np.arange(self.horizon + 1, h, dtype=np.float32)
        self.away: F32 = (self.focal_px * self.eye / (rows - self.horizon)).astype(np.float32)
        self.columns = np.arange(w, dtype=np.float32) - np.float32(w / 2)
        jump = "up" if rng.random() < 0.5 else "jump"
        slide = "down" if rng.random() < 0.5 else "slide"
        self.jump, self.slide = jump, slide
        self.moves = self.moves | {"jump", "slide", "boost"}
        self.channels = (
            Channel(("left", "right"), 3.0),
            *((Channel((jump,), 1.8),) if self.jumps else ()),
            *((Channel((slide,), 1.2),) if self.slides else ()),
            *((Channel(("boost",), 0.8),) if self.boosts else ()),
            *self.extra_channels(),
        )

    def _draw_looks(self, rng: np.random.Generator) -> None:
        w = self.width_px
        p = self.palette
        tall = int(self.focal_px / self.behind * rng.uniform(0.6, 0.95))
        self.tall = tall
        self.sizes = [max(2, int(2.2 * tall * 0.74**k)) for k in range(SIZES)]
        hero = sprites.figure(rng, 64, p.player)
        foes = [sprites.figure(rng, 64, c) for c in p.foes[:3]]
        if rng.random() < TWINS_SHARE:
            foes[0] = hero
        self.hero = [sprites.scaled(f, [tall])[0] for f in hero.right]
        self.hero_low = sprites.scaled(hero.right[0], [max(3, tall // 2)])[0]
        self.foes = [[sprites.scaled(f, self.sizes) for f in s.right[:2]] for s in foes]
        crates = [textures.texture(rng, 48, c, 0.6) for c in (p.solid, p.solid_2, *p.foes[3:])]
        whole = np.ones((48, 48), bool)
        things = [sprites.stamp_of(c, whole) for c in crates]
        things += [sprites.thing(rng, 40, p.accent).frame(k) for k in (0, 1)]
        self.things = [sprites.scaled(s, self.sizes) for s in things]
        self.sky = np.tile(textures.backdrop(rng, w, self.horizon + 1, p), (1, 2, 1))
        side = TEXTURE_PX
        ground = textures.tiled(textures.texture(rng, 32, p.ground, 0.35), side, side)
        if rng.random() < 0.6:
            ground[: side // 2] = ground[: side // 2] // 6 * 5
        half = self.lanes / 2 + 0.1
        path = textures.texture(rng, 32, mix(p.panel, p.solid, 0.4), 0.3)
        px = side / PERIOD / 2  # of the texture per width of a lane, across: 2 periods
        x0, x1 = int(side / 2 - half * px), int(side / 2 + half * px)
        ground[:, x0:x1] = textures.tiled(path, x1 - x0, side)
        for k in range(self.lanes + 1):
            x = int(side / 2 + (k - self.lanes / 2) * px)
            dashed = 2 if 0 < k < self.lanes else 1
            for part in range(0, 4, dashed):
                ground[part * side // 4 : (part + 1) * side // 4, x : x + 1] = shade(p.ink, 0.85)
        self.ground = ground

    def begin(self, seed: int) -> State:
        """In the middle lane; others ahead."""
        start = chance.spread(0, 999, seed, 1)
        lane = float(self.lanes // 2) - self.side
        state = State(seed, Actor(lane, start, vy=self.speed, home_x=lane))
        for k, style in enumerate(self.styles, 1):
            lane = chance.hashed(seed, k, 2) % self.lanes - self.side
            npc = Actor(lane, start + 1.5 + 2 * k, ident=k, look=k % 3, style=style, home_x=lane)
            npc.vy = npc.home_y = self.speed * chance.spread(0.7, 1.0, seed, k, 3)
            state.npcs.append(npc)
        return state

    def respawn(self, state: State) -> None:
        """Nobody dies here: who runs into a thing stumbles."""

    def act(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """Run, change lanes, jump."""
        p = state.player
        wanted = self.speed * (1.6 if "boost" in held else 1.0)
        p.vy += (wanted - p.vy) * (1 - math.exp(-5 * self.dt))
        p.y += p.vy * self.dt
        way = pressed(held, "left", "right")
        up, low = self.jumps and self.jump in held, self.slides and self.slide in held
        self._lanes(state, p, way)
        self._hop(p, up, low)
        for npc in state.npcs:
            ix, iy, act = intend(npc, state, self.hz)
            self._lanes(state, npc, ix)
            self._hop(npc, act or iy < 0, iy > 0 and self.slides)
            npc.vy += (npc.home_y * (1 - 0.2 * iy) - npc.vy) * (1 - math.exp(-4 * self.dt))
            npc.y += npc.vy * self.dt
            gap = npc.y - p.y
            if gap < 1 - self.behind or gap > FAR - self.behind:
                npc.y += (FAR if gap < 0 else 2 - FAR) - 1.5
        self._stumble(state)

    def _lanes(self, state: State, a: Actor, way: int) -> None:
        """A new press wants the next lane; ``intent[0]`` is the way that was held before."""
        newly = way != a.intent[0] or (self.repeats and state.tick >= a.cool)
        a.intent = (way, a.intent[1], a.intent[2])
        if self.free:
            a.x = min(max(a.x + way * 0.3 * self.change_per_s * self.dt, -self.side), self.side)
            return
        if way and newly:
            a.cool = state.tick + round(0.35 * self.hz)
            a.home_x = min(max(a.home_x + way, -self.side), self.side)
        most = self.change_per_s * self.dt
        a.vx = min(max(a.home_x - a.x, -most), most)
        a.x += a.vx

    def _hop(self, a: Actor, up: bool, low: bool) -> None:
        gravity = 8 * self.high / self.air_s**2
        if up and not a.intent[2] and a.z == 0:
            a.vz = 4 * self.high / self.air_s
        if low and not a.intent[1] and not a.hurt:
            a.hurt = round(self.slide_s * self.hz)
            a.vz = min(a.vz, -2 * self.high / self.air_s)
        a.intent = (a.intent[0], int(low), up)
        a.hurt = max(0, a.hurt - 1)
        a.vz -= gravity * self.dt
        a.z = max(0.0, a.z + a.vz * self.dt)
        if a.z == 0:
            a.vz = max(a.vz, 0.0)

    def _stumble(self, state: State) -> None:
        p = state.player
        k = round((p.y / self.every) - 0.5)
        lane, kind = self._thing(k)
        close = abs((k + 0.5) * self.every - p.y) < 0.3 and abs(lane - p.x) < 0.5
        if close and k not in state.taken and p.z < 0.4:
            state.taken.add(k)
            state.taken = set(sorted(state.taken)[-40:])
            if kind >= len(self.things) - 2:
                state.score += 10
            else:
                p.vy *= 0.5
                self.shake(state, 5)

    def _thing(self, k: int) -> tuple[float, int]:
        """Lane and kind of the k-th thing on the way."""
        return (
            chance.hashed(k, 95) % self.lanes - self.side,
            chance.hashed(k, 96) % len(self.things),
        )

    def burst(self, state: State, x: float, y: float, count: int) -> None:
        """No sparks in this perspective."""

    def _bend(self, y: float, away: F32) -> F32:
        """How far the way lies aside at a distance."""
        turn = self.curve * math.sin(self.curve_rate * y)
        return np.asarray(turn * away * away, np.float32)

    def paint(self, state: State) -> U8:
        """Sky, ground, then everything from far to near."""
        p = state.player
        w, h = self.size_px
        picture = canvas.blank(w, h)
        shift = int(self.curve * math.cos(self.curve_rate * p.y) * 20 * w) % w
        picture[: self.horizon + 1] = self.sky[:, shift : shift + w]
        eye_x = np.float32(self.follows * p.x)
        scale = self.away / np.float32(self.focal_px)
        across = self.columns[None] * scale[:, None] + eye_x - self._bend(p.y, self.away)[:, None]
        u = across * np.float32(TEXTURE_PX / PERIOD / 2) + np.float32(TEXTURE_PX / 2)
        along = (self.away + np.float32((p.y - self.behind) % PERIOD)) * np.float32(
            TEXTURE_PX / PERIOD
        )
        v = np.broadcast_to(-along[:, None], u.shape).astype(np.float32)
        picture[self.horizon + 1 :] = canvas.remap(self.ground, u, v, self.filtered)
        self._paint_all(picture, state)
        if state.shake_px >= 1:
            bump = round(chance.spread(-1, 1, state.seed, state.tick, 3) * state.shake_px)
            picture = np.roll(picture, bump, axis=0)
        return picture

    def _paint_all(self, picture: U8, state: State) -> None:
        p = state.player
        camera_y = p.y - self.behind
        seen: list[tuple[float, float, float, list[canvas.Stamp], float]] = []
        first = int(camera_y / self.every) - 1
        for k in range(first, first + int(FAR / self.every) + 2):
            lane, kind = self._thing(k)
            if k not in state.taken:
                seen.append(((k + 0.5) * self.every - camera_y, lane, 0.0, self.things[kind], 0.6))
            for side in (-1, 1):
                far = side * (self.lanes / 2 + 0.8 + chance.uniform(k, side + 3) * 3)
                kind = chance.hashed(k, side + 9) % max(1, len(self.things) - 2)
                tall = chance.spread(0.6, 2.0, k, side + 5)
                seen.append((k * self.every - camera_y, far, 0.0, self.things[kind], tall))
        for npc in state.npcs:
            frames = self.foes[npc.look]
            stamps = frames[int(npc.y * 2) % len(frames)]
            seen.append((npc.y - camera_y, npc.x, npc.z, stamps, 0.45 if npc.hurt else 0.9))
        done = False
        for away, x, z, stamps, tall in sorted(seen, key=lambda thing: -thing[0]):
            if away < self.behind and not done:
                self._paint_hero(picture, state)
                done = True
            if NEAR * self.behind < away < FAR:
                wanted = tall * self.tall * self.behind / away
                sizes = zip(self.sizes, stamps, strict=True)
                stamp = min(sizes, key=lambda s: abs(s[0] - wanted))[1]
                self._put(picture, state, stamp, away, x, z)
        if not done:
            self._paint_hero(picture, state)

    def _put(
        self, picture: U8, state: State, stamp: canvas.Stamp, away: float, x: float, z: float
    ) -> None:
        high, wide = stamp.mask.shape[:2]
        p = state.player
        aside = x - self.follows * p.x
        aside += float(self._bend(p.y, np.array([away], np.float32))[0])
        px = self.width_px / 2 + aside * self.focal_px / away
        py = self.horizon + self.focal_px * (self.eye - z) / away
        canvas.blit(picture, stamp, px - wide / 2, py - high)

    def _paint_hero(self, picture: U8, state: State) -> None:
        p = state.player
        stamp = self.hero_low if p.hurt else self.hero[int(p.y * 2) % len(self.hero)]
        self._put(picture, state, stamp, self.behind, p.x, p.z)
