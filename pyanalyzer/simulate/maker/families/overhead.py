"""Driving seen from above, where the camera may turn with the car: the picture rotates."""

from __future__ import annotations

import math

import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.simulate.engine import Channel, Purpose
from pyanalyzer.simulate.maker import canvas, chance, sprites, textures
from pyanalyzer.simulate.maker.behaviour import draw_styles, intend
from pyanalyzer.simulate.maker.motion import pressed
from pyanalyzer.simulate.maker.palette import mix, shade
from pyanalyzer.simulate.maker.state import Actor, State
from pyanalyzer.simulate.maker.world import World

MAP_PX = 1024  # side of the map; its edges meet
NEARBY = 0.9  # of the picture's sides: farther cars are not drawn
HORN_S = 0.08  # the headlights flash with it
DRIVING = frozenset({"left", "right", "gas", "brake"})


class Overhead(World):
    """A closed track on a map without an edge.

    ``turns``: the camera is fixed to the car, which always points up; otherwise the map stays
    upright and only scrolls. The view widens with speed where ``widens``.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        self.turns = bool(rng.random() < 0.6)
        self.widens = float(rng.uniform(0.1, 0.4)) if rng.random() < 0.4 else 0.0
        self.scale = float(rng.uniform(0.8, 1.8)) * self.height_px / 240
        self.cruise = MAP_PX * float(rng.uniform(0.08, 0.22))
        self.pull_per_s = float(rng.uniform(1.0, 6))
        self.turn_rad_s = float(rng.uniform(1.0, 2.6))
        self.turn_gain = 0.0 if rng.random() < 0.4 else float(rng.uniform(3, 12))
        self.grip_per_s = float(rng.uniform(2, 30))
        self.ahead = float(rng.uniform(0.5, 0.75))  # how low in the picture the car is
        size = max(10, int(self.unit_px * rng.uniform(1.0, 1.8)))
        self.car = sprites.ship(rng, size, self.palette.player)
        self.rivals = [sprites.ship(rng, size, c) for c in self.palette.foes[:3]]
        self.styles = draw_styles(rng, 14)
        self._draw_map(rng)
        self.channels = (
            Channel(("left", "right"), 3.0),
            Channel(("gas", "brake"), 2.0),
            *((Channel(("horn",), 0.5),) if rng.random() < 0.4 else ()),
            *self.extra_channels(),
        )

    def _draw_map(self, rng: np.random.Generator) -> None:
        p, side = self.palette, MAP_PX
        contrast = float(rng.uniform(0.2, 0.5))
        ground = textures.texture(rng, int(rng.choice([32, 64, 128])), p.ground, contrast)
        self.map = textures.tiled(ground, side, side)
        count = int(rng.integers(6, 12))
        angles = np.linspace(0, 2 * math.pi, count, endpoint=False)
        radii = side * rng.uniform(0.22, 0.45, count)
        knots = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1) + side / 2
        width = int(rng.integers(50, 110))
        road = mix(p.panel, (128, 128, 128), 0.6)
        for line_px, colour in ((width + 10, p.accent), (width, road), (2, (240, 240, 240))):
            for (x0, y0), (x1, y1) in zip(knots, np.roll(knots, -1, axis=0), strict=True):
                canvas.line(self.map, x0, y0, x1, y1, colour, line_px)
        for _ in range(int(rng.integers(30, 90))):  # trees and roofs
            x, y = (float(v) for v in rng.uniform(0, side, 2))
            r = float(rng.uniform(5, 18))
            if rng.random() < 0.5:
                canvas.disc(self.map, x, y, r, shade(p.solid, 0.8))
                canvas.disc(self.map, x - 0.2 * r, y - 0.2 * r, 0.7 * r, p.solid)
            else:
                canvas.box(self.map, x, y, 2 * r, 1.5 * r, p.solid_2)
        self.knots = [(float(x), float(y)) for x, y in knots]

    def begin(self, seed: int) -> State:
        """On a corner of the track, headed for the next one; the others around."""
        k = chance.hashed(seed, 1) % len(self.knots)
        (x, y), (x1, y1) = self.knots[k], self.knots[(k + 1) % len(self.knots)]
        heading = math.atan2(y1 - y, x1 - x)
        state = State(seed, Actor(x, y, heading_rad=heading, home_x=x, home_y=y))
        state.player.vx, state.player.vy = self._velocity(heading)
        for n, style in enumerate(self.styles, 1):
            nx, ny = chance.pick(self.knots, seed, n, 2)
            nx += chance.spread(-90, 90, seed, n, 3)
            npc = Actor(nx, ny, ident=n, look=n % len(self.rivals), style=style)
            npc.heading_rad = chance.spread(0, 2 * math.pi, seed, n, 4)
            state.npcs.append(npc)
        return state

    def _velocity(self, heading_rad: float) -> tuple[float, float]:
        return self.cruise * math.cos(heading_rad), self.cruise * math.sin(heading_rad)

    def respawn(self, state: State) -> None:
        """Nobody dies here."""

    def purpose(self, controls: frozenset[str]) -> Purpose:
        """The camera goes with the car."""
        return "move_view" if controls & DRIVING else "act"

    def act(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """Drive; the others, too."""
        pedal = ("gas" in held) - 0.8 * ("brake" in held)
        self._drive(state.player, pressed(held, "left", "right"), pedal)
        horn = "horn" in held
        if horn and not state.player.intent[2]:
            state.flash = max(2, round(HORN_S * self.hz))
        state.player.intent = (0, 0, horn)
        for npc in state.npcs:
            ix, iy, _ = intend(npc, state, self.hz)
            self._drive(npc, ix, -0.4 - 0.3 * iy)

    def _drive(self, car: Actor, way: int, pedal: float) -> None:
        """``pitch`` holds the speed of turning. Less grip lets the car slide sideways."""
        share = 1 - math.exp(-self.turn_gain * self.dt) if self.turn_gain else 1.0
        car.pitch += (way * self.turn_rad_s - car.pitch) * share
        car.heading_rad = (car.heading_rad + car.pitch * self.dt) % (2 * math.pi)
        speed = math.hypot(car.vx, car.vy)
        speed += (self.cruise * (1 + 0.7 * pedal) - speed) * (
            1 - math.exp(-self.pull_per_s * self.dt)
        )
        hold = 1 - math.exp(-self.grip_per_s * self.dt)
        tx, ty = speed * math.cos(car.heading_rad), speed * math.sin(car.heading_rad)
        car.vx += (tx - car.vx) * hold
        car.vy += (ty - car.vy) * hold
        car.x = (car.x + car.vx * self.dt) % MAP_PX
        car.y = (car.y + car.vy * self.dt) % MAP_PX

    def _view(self, state: State) -> tuple[float, float, float, float]:
        """Scale, angle, and the point of the map in the middle of the picture."""
        p = state.player
        speed = math.hypot(p.vx, p.vy) / self.cruise
        scale = self.scale * (1 - self.widens * (speed - 1))
        if not self.turns:
            return scale, 0.0, p.x, p.y
        angle = -p.heading_rad - math.pi / 2
        lead = (self.ahead - 0.5) * self.height_px / scale
        x, y = p.x + lead * math.cos(p.heading_rad), p.y + lead * math.sin(p.heading_rad)
        return scale, angle, x, y

    def paint(self, state: State) -> U8:
        """The map as the camera sees it, then the cars."""
        w, h = self.size_px
        scale, angle, x, y = self._view(state)
        picture = canvas.gather(self.map, w, h, scale, angle, x, y, self.filtered)
        c, s = math.cos(angle), math.sin(angle)
        for car in (*state.npcs, state.player):
            dx = (car.x - x + MAP_PX / 2) % MAP_PX - MAP_PX / 2
            dy = (car.y - y + MAP_PX / 2) % MAP_PX - MAP_PX / 2
            px, py = w / 2 + scale * (c * dx - s * dy), h / 2 + scale * (s * dx + c * dy)
            if abs(px - w / 2) > NEARBY * w or abs(py - h / 2) > NEARBY * h:
                continue
            stamps = self.car if car is state.player else self.rivals[car.look]
            seen = (car.heading_rad + angle) / (2 * math.pi) * sprites.HEADINGS
            stamp = stamps[round(seen) % sprites.HEADINGS]
            half = stamp.mask.shape[0] / 2
            canvas.blit(picture, stamp, px - half, py - half)
        return picture
