"""Racing: a road that comes towards the viewer, or a track seen from above."""

from __future__ import annotations

import math

import numpy as np

from pyanalyzer.records import F32, U8
from pyanalyzer.simulate.engine import Channel, Purpose
from pyanalyzer.simulate.maker import canvas, chance, sprites, textures
from pyanalyzer.simulate.maker.behaviour import draw_styles, intend
from pyanalyzer.simulate.maker.motion import pressed
from pyanalyzer.simulate.maker.palette import mix, shade
from pyanalyzer.simulate.maker.state import Actor, State
from pyanalyzer.simulate.maker.world import World

SIGHT = 60.0  # how far the road is drawn, in road half-widths
TEXTURE_PX = 256  # across the ground: 8 half-widths to either side
TEXTURE_LONG = 8.0  # half-widths after which the ground's pattern repeats
ACROSS = 16.0
SIZE_STEPS = 14  # sizes that a thing by the road is drawn in
NEAREST = 1.2
STRIP_BOOST = 1.6  # a strip across the road throws every car ahead
HORN_S = 0.08  # the headlights flash with it
DRIVING = frozenset({"left", "right", "gas", "brake"})


class Racer(World):
    """Lengths are half-widths of the road: ``x`` across (-1..1 is on it), ``y`` along.

    The car rolls by itself; gas and brake change how fast. The camera is the car's, so all that
    drives moves the view. Curves push the car outwards: the world's doing.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        self.horizon_px = int(self.height_px * rng.uniform(0.3, 0.5))
        self.eye = float(rng.uniform(0.6, 1.6))  # height over the road
        self.cruise = float(rng.uniform(6, 20))
        self.boost = self.cruise * float(rng.uniform(0.4, 1.0))
        self.pull_per_s = float(rng.uniform(0.8, 6))
        self.steer_per_s = float(rng.uniform(1.0, 3.0))
        self.steer_gain = 0.0 if rng.random() < 0.4 else float(rng.uniform(3, 12))
        self.waves = [
            (float(rng.uniform(2, 14)), float(rng.uniform(0.01, 0.06)), float(rng.uniform(0, 6)))
            for _ in range(int(rng.integers(0, 4)))
        ]
        self.outwards = float(rng.uniform(0, 0.6))
        self.cockpit = bool(rng.random() < 0.25)
        self.bumpy = bool(rng.random() < 0.3)
        self.strips = float(rng.uniform(30, 90)) if rng.random() < 0.25 else 0.0
        self.gear = bool(rng.random() < 0.5)
        self._draw_ground(rng)
        self._draw_things(rng)
        self.styles = draw_styles(rng, 8)
        w, h = self.size_px
        self.sky = np.tile(textures.backdrop(rng, w, self.horizon_px, self.palette), (1, 2, 1))
        hills = textures.parallax_layer(
            rng, w, max(4, self.horizon_px // 3), mix(self.palette.sky_low, self.palette.solid, 0.5)
        )
        self.hills = np.tile(hills.rgb, (1, 2, 1))
        self.hills_mask = np.tile(hills.mask[..., 0].astype(np.uint8) * 255, (1, 2))
        rows = np.arange(self.horizon_px + 1, h, dtype=np.float32)
        # A point of the road `d` away lies eye/d below the horizon, in units of the focal length.
        self.focal_px = 0.9 * h
        self.away: F32 = (self.focal_px * self.eye / (rows - self.horizon_px)).astype(np.float32)
        self.away = np.minimum(self.away, np.float32(SIGHT))
        self.columns = np.arange(w, dtype=np.float32) - np.float32(w / 2)
        self.channels = (
            Channel(("left", "right"), 3.0),
            Channel(("gas", "brake") if self.gear else ("gas",), 2.0),
            *((Channel(("horn",), 0.6),) if rng.random() < 0.4 else ()),
            *self.extra_channels(),
        )

    def _draw_ground(self, rng: np.random.Generator) -> None:
        side, p = TEXTURE_PX, self.palette
        ground = textures.tiled(textures.texture(rng, 64, p.ground, 0.3), side, side)
        road = textures.texture(rng, 64, mix(p.panel, (128, 128, 128), 0.6), 0.15)
        half = side / ACROSS  # px of a half-width
        x0, x1 = int(side / 2 - half), int(side / 2 + half)
        if rng.random() < 0.7:  # stripes across the grass show the speed
            ground[: side // 2] = ground[: side // 2] // 5 * 4
        ground[:, x0:x1] = textures.tiled(road, x1 - x0, side)
        edge = max(1, int(half * rng.uniform(0.08, 0.2)))
        colours = (p.accent, (240, 240, 240))
        beats = int(rng.choice([2, 4, 8]))
        for k in range(beats):
            rows = slice(k * side // beats, (k + 1) * side // beats)
            ground[rows, x0 - edge : x0] = ground[rows, x1 : x1 + edge] = colours[k % 2]
        for lane in range(1, int(rng.integers(2, 5))):
            x = int(x0 + (x1 - x0) * lane / 4)
            for k in range(0, beats, 2):
                ground[k * side // beats : (k + 1) * side // beats, x : x + 1] = (240, 240, 240)
        self.ground = ground

    def _draw_things(self, rng: np.random.Generator) -> None:
        self.car = _rear_view(rng, int(self.width_px * 0.2), self.palette.player)
        h = self.height_px
        self.sizes = [max(2, int(h * 0.9 * 0.72**k)) for k in range(SIZE_STEPS)]
        rivals = [_rear_view(rng, 96, c) for c in self.palette.foes[:3]]
        self.rivals = [sprites.scaled(stamp, self.sizes) for stamp in rivals]
        trees = [_tree(rng, c) for c in (self.palette.solid, self.palette.solid_2)]
        self.trees = [sprites.scaled(stamp, self.sizes) for stamp in trees]
        self.tree_every = float(rng.uniform(1.5, 6))
        self.tree_x = float(rng.uniform(1.4, 2.5))

    def begin(self, seed: int) -> State:
        """On the road at cruising speed, somewhere along it; rivals ahead."""
        start = chance.spread(0, 500, seed, 1)
        state = State(seed, Actor(0.0, start, vy=self.cruise, health=6))
        for k, style in enumerate(self.styles, 1):
            x = chance.spread(-0.7, 0.7, seed, k, 2)
            npc = Actor(x, start + 4 + 5 * k, ident=k, look=k % len(self.rivals), style=style)
            npc.vy = npc.home_y = self.cruise * chance.spread(0.6, 1.1, seed, k, 3)
            state.npcs.append(npc)
        return state

    def respawn(self, state: State) -> None:
        """In the middle of the road, rolling."""
        state.player.x, state.player.vx, state.player.vy = 0.0, 0.0, self.cruise

    def purpose(self, controls: frozenset[str]) -> Purpose:
        """The camera is the car's."""
        return "move_view" if controls & DRIVING else "act"

    def act(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """Steer and roll; rivals, too."""
        car = state.player
        target = self.cruise + self.boost * (("gas" in held) - ("brake" in held))
        if state.frozen:
            target = 0.0
        if abs(car.x) > 1.1:
            target *= 0.5
            self.shake(state, 0.5)
        car.vy += (target - car.vy) * (1 - math.exp(-self.pull_per_s * self.dt))
        wanted = pressed(held, "left", "right") * self.steer_per_s * min(1.0, car.vy / self.cruise)
        share = 1 - math.exp(-self.steer_gain * self.dt) if self.steer_gain else 1.0
        car.vx += (wanted - car.vx) * share
        push = -self.outwards * self._bend(car.y) * car.vy
        car.x = min(max(car.x + (car.vx + push) * self.dt, -2.2), 2.2)
        before, car.y = car.y, car.y + car.vy * self.dt
        if self.strips and before // self.strips != car.y // self.strips:
            car.vy *= STRIP_BOOST
        horn = "horn" in held
        if horn and not car.intent[2]:
            state.flash = max(2, round(HORN_S * self.hz))
        car.intent = (0, 0, horn)
        for npc in state.npcs:
            self._npc(state, npc)

    def _npc(self, state: State, npc: Actor) -> None:
        car = state.player
        ix, iy, _ = intend(npc, state, self.hz)
        speed = npc.home_y * (1 - 0.25 * iy)
        npc.vy += (speed - npc.vy) * (1 - math.exp(-3 * self.dt))
        npc.vx += (0.8 * ix - npc.vx) * (1 - math.exp(-5 * self.dt))
        npc.x = min(max(npc.x + npc.vx * self.dt, -0.85), 0.85)
        npc.y += npc.vy * self.dt
        gap = npc.y - car.y
        if gap < -2 or gap > SIGHT:  # whoever is out of sight comes in again at the other end
            npc.y += SIGHT if gap < 0 else 1 - SIGHT
        if 0.3 < gap < 1.3 and abs(npc.x - car.x) < 0.45 and not state.frozen:
            state.score += 1
            car.vy, npc.vy = 0.5 * npc.vy, 1.3 * self.cruise
            npc.y += 1.5
            self.shake(state, 5)

    def _course(self, y: float | F32) -> F32:
        """Where the road's middle lies at the distance ``y``."""
        value = np.zeros_like(np.asarray(y, np.float64))
        for size, rate, phase in self.waves:
            value = value + size * np.sin(rate * np.asarray(y, np.float64) + phase)
        return np.asarray(value, np.float32)

    def _slope(self, y: float) -> float:
        return sum(a * w * math.cos(w * y + p) for a, w, p in self.waves)

    def _bend(self, y: float) -> float:
        return sum(-a * w * w * math.sin(w * y + p) for a, w, p in self.waves)

    def paint(self, state: State) -> U8:
        """Sky, hills, ground, things from far to near, the car."""
        w, h = self.size_px
        car = state.player
        picture = canvas.blank(w, h)
        heading = self._slope(car.y)
        bump = int(1.5 * math.sin(3.1 * car.y)) if self.bumpy else 0
        if state.shake_px >= 0.5:
            bump += int(chance.spread(-1, 1, state.seed, state.tick, 3) * state.shake_px)
        shift = int(heading * 0.8 * w) % w
        picture[: self.horizon_px] = self.sky[:, shift : shift + w]
        high, view = self.hills.shape[0], slice(shift * 2 % w, shift * 2 % w + w)
        top = self.horizon_px - high
        canvas.cover(picture[top : self.horizon_px], self.hills[:, view], self.hills_mask[:, view])
        centre = self._centre(car, self.away)
        scale = self.away / np.float32(self.focal_px)
        across = (self.columns[None] * scale[:, None]) - centre[:, None]
        u = across * np.float32(TEXTURE_PX / ACROSS) + np.float32(TEXTURE_PX / 2)
        along = (self.away + np.float32(car.y % TEXTURE_LONG)) * np.float32(
            TEXTURE_PX / TEXTURE_LONG
        )
        v = np.broadcast_to(-along[:, None], u.shape).astype(np.float32)
        picture[self.horizon_px + 1 :] = canvas.remap(self.ground, u, v, self.filtered)
        picture[self.horizon_px] = picture[self.horizon_px + 1]
        self._paint_things(picture, state)
        if bump:
            picture = np.roll(picture, bump, axis=0)
        self._paint_car(picture, state)
        return picture

    def _centre(self, car: Actor, away: F32) -> F32:
        """The road's middle as seen from the car, which looks along the road where it is."""
        y = np.float32(car.y)
        ahead = self._course(y + away) - self._course(float(y))
        seen = ahead - np.float32(self._slope(car.y)) * away - np.float32(car.x)
        return np.asarray(seen, np.float32)

    def _paint_things(self, picture: U8, state: State) -> None:
        car = state.player
        first = int(car.y / self.tree_every) + 1
        things = []
        for k in range(first, first + min(30, int(SIGHT / self.tree_every))):
            side = 1 if chance.hashed(k, 5) % 2 else -1
            x = side * self.tree_x * (1 + chance.uniform(k, 6))
            tree = self.trees[chance.hashed(k, 7) % len(self.trees)]
            things.append((k * self.tree_every - car.y, x, tree, 1.3))
        for npc in state.npcs:
            things.append((npc.y - car.y, npc.x, self.rivals[npc.look], 0.55))
        for away, x, stamps, size in sorted(things, key=lambda thing: -thing[0]):
            if not NEAREST < away < SIGHT:
                continue
            centre = float(self._centre(car, np.array([away], np.float32))[0])
            px = self.width_px / 2 + (centre + x) * self.focal_px / away
            py = self.horizon_px + self.focal_px * self.eye / away
            wanted = size * self.focal_px / away
            stamp = min(zip(self.sizes, stamps, strict=True), key=lambda s: abs(s[0] - wanted))[1]
            height, width = stamp.mask.shape[:2]
            canvas.blit(picture, stamp, px - width / 2, py - height)

    def _paint_car(self, picture: U8, state: State) -> None:
        w, h = self.size_px
        lean = int(state.player.vx / self.steer_per_s * w * 0.03)
        if self.cockpit:
            canvas.box(picture, 0, 0.86 * h, w, h, self.palette.panel)
            turn = 1.2 * state.player.vx / self.steer_per_s
            canvas.disc(picture, w / 2, 0.98 * h, 0.18 * h, (40, 40, 40), max(2, h // 40))
            spoke = w / 2 + 0.18 * h * math.sin(turn), 0.98 * h - 0.18 * h * math.cos(turn)
            canvas.line(picture, w / 2, 0.98 * h, *spoke, (90, 90, 90), max(2, h // 50))
            speed = f"{int(10 * state.player.vy):03d}"
            canvas.write(picture, speed, 0.7 * w, 0.9 * h, self.palette.accent, 2)
            return
        if state.frozen:
            return
        stamp = self.car
        height, width = stamp.mask.shape[:2]
        hop = state.tick // 3 % 2
        canvas.blit(picture, stamp, (w - width) / 2 + lean, 0.93 * h - height - hop)
        if state.before & {"brake"}:
            for x in (-0.3, 0.3):
                canvas.box(picture, w / 2 + lean + x * width - 2, 0.9 * h - 4, 5, 4, (255, 40, 40))


def _rear_view(
    rng: np.random.Generator, width_px: int, colour: tuple[int, int, int]
) -> canvas.Stamp:
    """A car from behind."""
    key = (1, 2, 3)
    w, h = width_px, max(4, int(width_px * rng.uniform(0.5, 0.75)))
    picture = canvas.blank(w, h, key)
    roof = float(rng.uniform(0.3, 0.45))
    canvas.polygon(
        picture,
        [(0.2 * w, roof * h), (0.28 * w, 0), (0.72 * w, 0), (0.8 * w, roof * h)],
        shade(colour, 0.55),
    )
    canvas.box(picture, 0.05 * w, roof * h, 0.9 * w, (0.88 - roof) * h, colour)
    canvas.box(picture, 0.05 * w, 0.7 * h, 0.9 * w, 0.05 * h + 1, shade(colour, 0.5))
    for x in (0.08, 0.74):
        canvas.box(picture, x * w, 0.8 * h, 0.18 * w, 0.2 * h, (20, 20, 20))
        canvas.box(picture, x * w, (roof + 0.1) * h, 0.16 * w, 0.12 * h, (200, 40, 40))
    return sprites.keyed(picture, key)


def _tree(rng: np.random.Generator, colour: tuple[int, int, int]) -> canvas.Stamp:
    """A tree, a post or a sign."""
    key, side = (1, 2, 3), 96
    picture = canvas.blank(side, side, key)
    kind = int(rng.integers(3))
    canvas.box(picture, 0.45 * side, 0.4 * side, 0.1 * side, 0.6 * side, (90, 60, 40))
    if kind == 0:
        canvas.disc(picture, side / 2, 0.32 * side, 0.3 * side, colour)
        canvas.disc(picture, 0.42 * side, 0.25 * side, 0.12 * side, shade(colour, 1.3))
    elif kind == 1:
        points = [(0.5 * side, 0), (0.85 * side, 0.8 * side), (0.15 * side, 0.8 * side)]
        canvas.polygon(picture, points, colour)
    else:
        canvas.box(picture, 0.1 * side, 0.05 * side, 0.8 * side, 0.4 * side, colour)
        canvas.box(picture, 0.18 * side, 0.12 * side, 0.64 * side, 0.12 * side, (240, 240, 240))
    return sprites.keyed(picture, key)
