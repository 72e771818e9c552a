"""Turn and thrust: ships among rocks, landers over hills, boats, hovercraft; all freely turned."""

from __future__ import annotations

import math

import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.simulate.engine import Channel
from pyanalyzer.simulate.maker import canvas, chance, sprites, textures
from pyanalyzer.simulate.maker.behaviour import draw_styles, intend
from pyanalyzer.simulate.maker.camera import Camera, draw_camera
from pyanalyzer.simulate.maker.motion import near, pressed
from pyanalyzer.simulate.maker.palette import mix, shade
from pyanalyzer.simulate.maker.state import Actor, State
from pyanalyzer.simulate.maker.world import TWINS_SHARE, World

MODES = ("space", "space", "lander", "boat", "boat")
CAMERAS = ("locked", "zone", "lag", "lead")
UPRIGHT_SHARE = 0.2  # of the games with a camera: the map turns, the ship does not
WELL_REACH = 0.05  # of the field's size: nearer than this a well pulls no harder
GONE_S = 1.5


class Thrust(World):
    """A body with a heading, a spin and a speed. NPCs fly by the same rules; rocks drift."""

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        self.mode = MODES[int(rng.integers(len(MODES)))]
        w, h = self.size_px
        screens = 1.0 if rng.random() < 0.4 else float(rng.uniform(1.4, 3))
        self.map_px = (int(w * screens), int(h * screens))
        self.camera: Camera = draw_camera(rng, self.size_px, self.map_px, CAMERAS)
        self.upright = screens > 1 and self.mode != "lander" and rng.random() < UPRIGHT_SHARE
        self.size = max(9, int(self.unit_px * rng.uniform(0.9, 2.2)))
        self.r = 0.4 * self.size
        self.thrust_px_s2 = h * float(rng.uniform(0.4, 1.6))
        self.drag_per_s = float(rng.uniform(0.1, 2.0)) + (1.0 if self.mode == "boat" else 0.0)
        self.grip_per_s = float(rng.uniform(0.5, 6)) if self.mode == "boat" else 0.0
        self.turn_rad_s = float(rng.uniform(2, 6))
        self.turn_gain = 0.0 if rng.random() < 0.5 else float(rng.uniform(3, 12))
        self.pull_px_s2 = h * float(rng.uniform(0.1, 0.4)) if self.mode == "lander" else 0.0
        self.wells = [
            (float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.2, 1)))
            for _ in range(int(rng.integers(0, 3)) if self.mode == "space" else 0)
        ]
        self.flow = float(rng.uniform(0, 0.15)) * h if self.mode == "boat" else 0.0
        self.flow_rad = float(rng.uniform(0, 2 * math.pi))
        self.strafes, self.armed = bool(rng.random() < 0.2), bool(rng.random() < 0.6)
        self.warps, self.shield = bool(rng.random() < 0.15), bool(rng.random() < 0.25)
        self.deadly = bool(rng.random() < 0.35)
        self.rocks = int(rng.integers(0, 10)) if self.mode != "lander" else int(rng.integers(0, 3))
        self.styles = draw_styles(rng, 4, screens)
        self._draw_looks(rng)
        self._draw_scene(rng)
        back = bool(rng.random() < 0.4)
        self.channels = (
            Channel(("left", "right"), 2.5),
            Channel(("up", "down") if back else ("up",), 2.5),
            *((Channel(("slip_left", "slip_right"), 1.0),) if self.strafes else ()),
            *((Channel(("fire",), 1.2),) if self.armed else ()),
            *((Channel(("warp",), 0.3),) if self.warps else ()),
            *((Channel(("shield",), 0.7),) if self.shield else ()),
            *self.extra_channels(),
        )
        self.moves = self.moves | {"slip_left", "slip_right", "warp"}

    def _draw_looks(self, rng: np.random.Generator) -> None:
        colours = (self.palette.player, *self.palette.foes[:3])
        figures = bool(rng.random() < 0.25)  # no vehicles but creatures, turned as they are
        self.looks = []
        for colour in colours:
            if figures:
                stamp = sprites.creature(rng, self.size, colour).frame(0)
            else:
                stamp = sprites.ship(rng, self.size, colour)[0]
            self.looks.append(canvas.decal_of(stamp))
        if rng.random() < TWINS_SHARE:
            self.looks[1] = self.looks[0]
        rock = mix(self.palette.solid, (128, 128, 128), 0.3)
        self.stones = []
        for _ in range(3):
            side = int(self.size * rng.uniform(0.8, 2.5))
            picture = textures.texture(rng, side, rock, 0.7)
            angles = np.linspace(0, 2 * math.pi, 11, endpoint=False)
            outline = [
                (side / 2 + f * math.cos(a), side / 2 + f * math.sin(a))
                for a, f in zip(angles, rng.uniform(0.3, 0.5, 11) * side, strict=True)
            ]
            shape = canvas.blank(side, side)
            canvas.polygon(shape, outline, (255, 255, 255))
            self.stones.append(canvas.decal_of(sprites.stamp_of(picture, shape[..., 0] > 0)))

    def _draw_scene(self, rng: np.random.Generator) -> None:
        w, h = (max(a, b) for a, b in zip(self.map_px, self.size_px, strict=True))
        p = self.palette
        if self.mode == "space":
            dark = mix(p.ground, (0, 0, 0), float(rng.uniform(0.2, 0.9)))
            tile = int(rng.choice([64, 128]))
            self.scene = textures.tiled(textures.texture(rng, tile, dark, 0.25), w, h)
            for _ in range(w * h // 900):
                x, y = int(rng.integers(w)), int(rng.integers(h))
                star_px = int(rng.integers(1, 3))
                canvas.box(self.scene, x, y, star_px, star_px, (200, 200, 215))
        elif self.mode == "lander":
            self.scene = textures.backdrop(rng, w, h, p)
        else:
            side = int(rng.choice([32, 64, 128]))
            contrast = float(rng.uniform(0.1, 0.4))
            self.scene = textures.tiled(textures.texture(rng, side, p.ground, contrast), w, h)
        self.hills = textures.skyline(rng, w, int(0.45 * h)) if self.mode == "lander" else None
        if self.hills is not None:
            land = textures.tiled(textures.texture(rng, 32, p.solid, 0.5), w, h)
            below = np.arange(h)[:, None] >= h - self.hills[None]
            self.scene[below] = land[below]
        for fx, fy, mass in self.wells:
            cx, cy, radius = fx * w, fy * h, self.size * (0.5 + mass)
            canvas.disc(self.scene, cx, cy, 1.4 * radius, shade(p.accent, 0.3))
            canvas.disc(self.scene, cx, cy, radius, shade(p.accent, 0.7))
            canvas.disc(self.scene, cx - radius / 3, cy - radius / 3, radius / 3, p.accent)

    def begin(self, seed: int) -> State:
        """The player in the middle, others and rocks anywhere."""
        w, h = self.map_px
        x, y = 0.5 * w, (0.25 if self.mode == "lander" else 0.5) * h
        state = State(seed, Actor(x, y, home_x=x, home_y=y, heading_rad=-math.pi / 2))
        count = len(self.styles)
        for k in range(1, count + self.rocks + 1):
            style = self.styles[k - 1] if k <= count else "rock"
            npc = Actor(0.0, 0.0, ident=k, look=k % 3, style=style)
            self._place(state, npc)
            state.npcs.append(npc)
        self.camera.aim(state, self.dt, at_once=True)
        return state

    def _place(self, state: State, npc: Actor) -> None:
        w, h = self.map_px
        key = (state.seed, npc.ident, state.tick)
        npc.x, npc.y = chance.uniform(*key, 1) * w, chance.spread(0, 0.5, *key, 2) * h
        if self.mode != "lander":
            npc.y *= 2
        npc.heading_rad = chance.spread(0, 2 * math.pi, *key, 3)
        npc.vx = npc.vy = 0.0
        if npc.style == "rock":
            npc.vx = chance.spread(-0.2, 0.2, *key, 4) * self.height_px
            npc.vy = chance.spread(-0.2, 0.2, *key, 5) * self.height_px
            npc.spin_rad_s = chance.spread(-2.5, 2.5, *key, 6)

    def respawn(self, state: State) -> None:
        """Where the player began, at rest."""
        p = state.player
        p.x, p.y, p.vx, p.vy, p.spin_rad_s = p.home_x, p.home_y, 0.0, 0.0, 0.0
        p.heading_rad, p.hurt = -math.pi / 2, round(1.5 * self.hz)
        self.camera.aim(state, self.dt, at_once=True)

    def act(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """Everybody turns, thrusts and drifts."""
        p = state.player
        p.cool, p.hurt = max(0, p.cool - 1), max(0, p.hurt - 1)
        if not state.frozen:
            way, ahead = pressed(held, "left", "right"), pressed(held, "down", "up")
            self._fly(p, way, ahead, pressed(held, "slip_left", "slip_right"))
            newly = "warp" in held and p.jumps == 0
            p.jumps = int("warp" in held)
            if newly:
                w, h = self.map_px
                p.x = chance.spread(0.1, 0.9, state.seed, state.tick, 81) * w
                p.y = chance.spread(0.1, 0.6, state.seed, state.tick, 82) * h
            if self.armed and "fire" in held and not p.cool:
                p.cool = max(1, round(0.2 * self.hz))
                self._shoot(state, p, own=True)
        gx, gy = self.gust(state)
        for npc in state.npcs:
            self._npc(state, npc)
        for actor in (p, *state.npcs):
            actor.x += 0.1 * gx * self.height_px * self.dt
            actor.y += 0.1 * gy * self.height_px * self.dt
        self._hits(state)
        self.camera.aim(state, self.dt)

    def _shoot(self, state: State, a: Actor, own: bool) -> None:
        speed = 0.9 * self.height_px
        c, s = math.cos(a.heading_rad), math.sin(a.heading_rad)
        self.fire(state, a, speed * c + a.vx, speed * s + a.vy, own)

    def _fly(self, a: Actor, way: int, ahead: int, aside: int = 0) -> None:
        """Newton's laws with drag; a boat is stopped sideways, and turns only as it goes."""
        share = 1 - math.exp(-self.turn_gain * self.dt) if self.turn_gain else 1.0
        wanted = way * self.turn_rad_s
        a.spin_rad_s += (wanted - a.spin_rad_s) * share
        a.heading_rad += a.spin_rad_s * self.dt
        c, s = math.cos(a.heading_rad), math.sin(a.heading_rad)
        push = self.thrust_px_s2 * (ahead if ahead > 0 else 0.5 * ahead) * self.dt
        slip = 0.6 * self.thrust_px_s2 * aside * self.dt
        a.vx += push * c - slip * s
        a.vy += push * s + slip * c + self.pull_px_s2 * self.dt
        for fx, fy, mass in self.wells:
            self._pull(a, fx * self.map_px[0] - a.x, fy * self.map_px[1] - a.y, mass)
        keep = math.exp(-self.drag_per_s * self.dt)
        a.vx, a.vy = a.vx * keep, a.vy * keep
        if self.grip_per_s:
            side = (a.vy * c - a.vx * s) * (1 - math.exp(-self.grip_per_s * self.dt))
            a.vx, a.vy = a.vx + side * s, a.vy - side * c
        flow_x, flow_y = self.flow * math.cos(self.flow_rad), self.flow * math.sin(self.flow_rad)
        self._drift(a, a.vx + flow_x, a.vy + flow_y)

    def _pull(self, a: Actor, dx: float, dy: float, mass: float) -> None:
        far = max(math.hypot(dx, dy), WELL_REACH * self.height_px)
        pull = mass * 0.03 * self.height_px**3 / far**2 * self.dt / self.height_px * 2
        a.vx, a.vy = a.vx + pull * dx / far, a.vy + pull * dy / far

    def _drift(self, a: Actor, vx: float, vy: float) -> None:
        """Out at one side, in at the other; hills stop a lander."""
        w, h = self.map_px
        a.x, a.y = (a.x + vx * self.dt) % w, a.y + vy * self.dt
        if self.hills is None:
            a.y %= h
            return
        floor = h - float(self.hills[int(a.x)]) - self.r
        if a.y > floor:
            a.y, a.vy, a.vx = floor, -0.2 * a.vy, 0.7 * a.vx
        if a.y < self.r:
            a.y, a.vy = self.r, 0.0

    def _npc(self, state: State, npc: Actor) -> None:
        if npc.cool:
            npc.cool -= 1
            if not npc.cool:
                self._place(state, npc)
            return
        if npc.style == "rock":
            npc.heading_rad += npc.spin_rad_s * self.dt
            self._drift(npc, npc.vx, npc.vy)
            return
        ix, iy, act = intend(npc, state, self.hz)
        if self.mode == "lander" and npc.y > 0.4 * self.map_px[1]:  # keeps itself up
            heading = (npc.heading_rad + math.pi / 2 + math.pi) % (2 * math.pi) - math.pi
            ix, iy = (heading < -0.3) - (heading > 0.3), -1
        npc.jumps = int(iy < 0)
        self._fly(npc, ix, int(iy < 0))
        if act and self.armed and state.tick == npc.until - 2:
            self._shoot(state, npc, own=False)

    def _hits(self, state: State) -> None:
        w, h = self.map_px
        p = state.player
        shielded = "shield" in state.before or p.hurt
        for shot in self.move_shots(state, (0, 0, w, h)):
            for npc in state.npcs:
                if shot.own and not npc.cool and near(npc, shot, self.r + 3, self.r + 3):
                    self._destroy(state, npc)
                    shot.left = 0
            if not shot.own and self.deadly and not shielded and near(p, shot, self.r, self.r):
                self.die(state)
        for npc in state.npcs:
            if self.deadly and not npc.cool and not shielded and near(npc, p, self.r, self.r):
                self._destroy(state, npc)
                self.die(state)

    def _destroy(self, state: State, npc: Actor) -> None:
        npc.cool = round(GONE_S * self.hz)
        state.score += 20
        self.burst(state, npc.x, npc.y, 9)

    def paint(self, state: State) -> U8:
        """The map, rocks, ships; where the map turns, it is drawn whole and turned."""
        p = state.player
        w, h = self.size_px
        if self.upright:
            picture: U8 = self.scene.copy()
            x0 = y0 = 0
        else:
            x0, y0 = self.camera.corner(state, self.hz)
            picture = self.scene[y0 : y0 + h, x0 : x0 + w].copy()
        for npc in state.npcs:
            if npc.cool:
                continue
            if npc.style == "rock":
                x, y = npc.x - x0, npc.y - y0
                canvas.spin(picture, self.stones[npc.look], x, y, npc.heading_rad)
            else:
                self._paint_ship(picture, 1 + npc.look, npc, (x0, y0), bool(npc.jumps))
        for shot in state.shots:
            colour = self.palette.accent if shot.own else (255, 90, 60)
            canvas.disc(picture, shot.x - x0, shot.y - y0, max(1, self.r / 4), colour)
        if not state.frozen and p.hurt % 6 < 3:
            self._paint_ship(picture, 0, p, (x0, y0), "up" in state.before)
            if self.shield and "shield" in state.before:
                spot = p.x - x0, p.y - y0
                canvas.disc(picture, *spot, 1.6 * self.r, self.palette.accent, 1)
        self.paint_sparks(picture, state, x0, y0)
        if self.upright:
            turn = p.heading_rad + math.pi / 2
            return canvas.gather(picture, w, h, 1.0, turn, p.x, p.y, self.camera.smooth)
        return self.camera.bend(picture, state, self.hz)

    def _paint_ship(
        self, picture: U8, look: int, a: Actor, corner: tuple[int, int], burning: bool
    ) -> None:
        x, y = a.x - corner[0], a.y - corner[1]
        c, s = math.cos(a.heading_rad), math.sin(a.heading_rad)
        if burning:
            long = self.r * (1.9 + 0.4 * math.sin(40 * a.x + 9 * a.y))
            tail = x - self.r * c, y - self.r * s
            wide = max(1, round(self.r / 2))
            colour = (255, 170, 40) if self.mode != "boat" else (235, 240, 250)
            canvas.line(picture, *tail, x - long * c, y - long * s, colour, wide)
        canvas.spin(picture, self.looks[look], x, y, a.heading_rad)
