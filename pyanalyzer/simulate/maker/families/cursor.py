"""A pointer over a field of targets, units or paper, moved by a mouse, a stick, or either."""

from __future__ import annotations

import math

import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.simulate.engine import Channel
from pyanalyzer.simulate.maker import canvas, chance, sprites, textures
from pyanalyzer.simulate.maker.behaviour import draw_styles, intend
from pyanalyzer.simulate.maker.motion import Drive, draw_drive, near, pressed
from pyanalyzer.simulate.maker.palette import Colour
from pyanalyzer.simulate.maker.state import Actor, Shot, State
from pyanalyzer.simulate.maker.world import World

MODES = ("aim", "command", "paint")
SLANT_RAD = 1.2  # a mouse stroke goes up to so far up or down from sideways
DOTS = 250  # of paint, on the paper at most
EDGE = 0.06  # of the picture: a pointer so near its edge scrolls the map


class Cursor(World):
    """``aim``: hit what wanders; ``command``: units walk to where was clicked, and the map scrolls
    at the picture's edge; ``paint``: a line while the button is held. Other pointers (puppets)
    move about as the player's does.

    A mouse stroke has a slant of its own, the same for as long as its direction is held.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        self.mode = MODES[int(rng.integers(len(MODES)))]
        devices = ("stick", "mouse", "both")
        device = devices[int(rng.integers(3))]
        self.axis = device != "stick"
        self.stick = device != "mouse"
        self.mouse_px_deg = self.width_px / float(rng.uniform(60, 250))
        self.drive: Drive = draw_drive(rng, self.unit_px * 7)
        size = max(9, int(self.unit_px * rng.uniform(0.9, 1.8)))
        self.pointer = _pointer(rng, size, self.palette.player)
        self.others = [_pointer(rng, size, c) for c in self.palette.foes[:2]]
        unit = max(8, int(self.unit_px * rng.uniform(0.9, 1.6)))
        self.targets = [sprites.figure(rng, unit, c) for c in self.palette.foes[:2]]
        self.targets.append(sprites.thing(rng, unit, self.palette.accent))
        self.r = unit / 2
        self.styles = draw_styles(rng, 8)
        self.rivals = int(rng.integers(0, 3)) if self.mode != "command" else 0
        self.units = int(rng.integers(1, 6)) if self.mode == "command" else 0
        self.unit_drive = Drive(self.unit_px * float(rng.uniform(1.5, 5)), 10.0)
        self.scrolls = self.mode == "command" and rng.random() < 0.7
        self._draw_field(rng)
        keys = (Channel(("left", "right"), 2.0), Channel(("up", "down"), 2.0))
        self.channels = (
            *(keys if self.stick else ()),
            Channel(("click",), 2.0),
            *((Channel(("alt",), 0.7),) if rng.random() < 0.4 else ()),
            *self.extra_channels(),
        )

    def _draw_field(self, rng: np.random.Generator) -> None:
        factor = 2 if self.scrolls else 1
        w, h = self.width_px * factor, self.height_px * factor
        self.field_px = (w, h)
        side = int(rng.choice([32, 64, 128]))
        contrast = float(rng.uniform(0.05, 0.4))
        ground = textures.texture(rng, side, self.palette.ground, contrast)
        self.field = textures.tiled(ground, w, h)
        for _ in range(int(rng.integers(0, 10))):  # panels, lakes, huts: places to tell apart
            x, y = int(rng.uniform(0, 0.9) * w), int(rng.uniform(0, 0.9) * h)
            pw, ph = int(rng.uniform(0.05, 0.25) * w), int(rng.uniform(0.05, 0.2) * h)
            tile = textures.texture(rng, 32, self.palette.solid, 0.4)
            part = self.field[y : y + ph, x : x + pw]
            part[:] = textures.tiled(tile, pw, ph)[: part.shape[0], : part.shape[1]]
            canvas.box(self.field, x, y, pw, 2, self.palette.solid_2)

    def begin(self, seed: int) -> State:
        """Pointer and all others anywhere."""
        w, h = self.size_px
        state = State(seed, Actor(chance.spread(0.2, 0.8, seed, 1) * w, 0.5 * h))
        count = len(self.styles)
        for k in range(1, count + self.rivals + self.units + 1):
            x = chance.spread(0.08, 0.92, seed, k, 2) * self.field_px[0]
            y = chance.spread(0.12, 0.88, seed, k, 3) * self.field_px[1]
            style = self.styles[k - 1] if k <= count else "rival" if self.rivals else "unit"
            npc = Actor(x, y, ident=k, look=k % len(self.targets), style=style, home_x=x, home_y=y)
            state.npcs.append(npc)
        return state

    def respawn(self, state: State) -> None:
        """Nobody dies here."""

    def act(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """Move the pointer, click; everybody else moves as well."""
        p = state.player
        self._point(state, held, turn_deg)
        newly = "click" in held and not p.intent[2]
        p.intent = (p.intent[0], p.intent[1], "click" in held)
        p.cool = max(0, p.cool - 1)
        if newly:
            p.cool = round(0.15 * self.hz)
            self._click(state)
        if self.mode == "paint" and "click" in held:
            state.shots.append(Shot(p.x, p.y, 0.0, 0.0, state.weapon, True))
            del state.shots[:-DOTS]
        for npc in state.npcs:
            self._npc(state, npc)

    def _point(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        p, (w, h) = state.player, self.size_px
        if self.stick:
            ix, iy = pressed(held, "left", "right"), pressed(held, "up", "down")
            self.drive.steer(p, ix, iy, self.dt)
        way = (turn_deg > 0) - (turn_deg < 0)
        if way != p.intent[0]:
            p.until += 1  # counts strokes
            p.intent = (way, 0, p.intent[2])
        slant = chance.spread(-SLANT_RAD, SLANT_RAD, state.seed, p.until, 4)
        stroke = turn_deg * self.mouse_px_deg
        x = p.x + p.vx * self.dt + stroke * math.cos(slant)
        y = p.y + p.vy * self.dt + abs(stroke) * math.sin(slant)
        if self.scrolls:
            speed = 6 * self.unit_px * self.dt
            dx = (x > (1 - EDGE) * w) * speed - (x < EDGE * w) * speed
            dy = (y > (1 - EDGE) * h) * speed - (y < EDGE * h) * speed
            state.eye_x = min(max(state.eye_x + dx, 0), self.field_px[0] - w)
            state.eye_y = min(max(state.eye_y + dy, 0), self.field_px[1] - h)
        elif self.axis:  # a mouse has no edge that stops it for long: in again at the other side
            x, y = x % w, y % h
        p.x, p.y = min(max(x, 2), w - 3), min(max(y, 2), h - 3)

    def _click(self, state: State) -> None:
        p = state.player
        spot = Actor(p.x + state.eye_x, p.y + state.eye_y)
        if self.mode == "command":
            p.home_x, p.home_y, p.jumps = spot.x, spot.y, 1
            return
        for npc in state.npcs:
            hit = not npc.cool and npc.style != "rival" and near(npc, spot, self.r, self.r)
            if self.mode == "aim" and hit:
                npc.cool = round(0.6 * self.hz)
                state.score += 25
                self.burst(state, npc.x, npc.y, 10)

    def _npc(self, state: State, npc: Actor) -> None:
        w, h = self.field_px
        if npc.cool:
            npc.cool -= 1
            if not npc.cool:
                key = (state.seed, npc.ident, state.tick)
                npc.x, npc.y = chance.uniform(*key, 1) * w, chance.uniform(*key, 2) * h
            return
        if npc.style == "unit":
            self._march(state, npc)
            return
        if npc.style == "rival":  # a pointer's hands are a player's
            npc.style = "puppet"
            ix, iy, _ = intend(npc, state, self.hz)
            npc.style = "rival"
            self.drive.steer(npc, ix, iy, self.dt)
        else:
            ix, iy, _ = intend(npc, state, self.hz)
            self.unit_drive.steer(npc, ix, iy, self.dt)
        if ix:
            npc.leftwards = ix < 0
        npc.x = min(max(npc.x + npc.vx * self.dt, self.r), w - self.r)
        npc.y = min(max(npc.y + npc.vy * self.dt, self.r), h - self.r)
        npc.walked_px += (abs(npc.vx) + abs(npc.vy)) * self.dt

    def _march(self, state: State, npc: Actor) -> None:
        p = state.player
        goal_x, goal_y = npc.home_x, npc.home_y
        if p.jumps:  # there was a click; each unit has its place around it
            goal_x = p.home_x + (npc.ident % 3 - 1) * 2 * self.r
            goal_y = p.home_y + (npc.ident // 3 % 3 - 1) * 2 * self.r
        dx, dy = goal_x - npc.x, goal_y - npc.y
        if math.hypot(dx, dy) > 2:
            self.unit_drive.steer(npc, dx, dy, self.dt)
            npc.leftwards = dx < 0
            npc.x, npc.y = npc.x + npc.vx * self.dt, npc.y + npc.vy * self.dt
            npc.walked_px += (abs(npc.vx) + abs(npc.vy)) * self.dt

    def paint(self, state: State) -> U8:
        """Field, paint, targets, pointers."""
        w, h = self.size_px
        p, x0, y0 = state.player, int(state.eye_x), int(state.eye_y)
        picture: U8 = self.field[y0 : y0 + h, x0 : x0 + w].copy()
        inks: tuple[Colour, ...] = (self.palette.accent, *self.palette.foes[:3])
        for dot in state.shots:
            canvas.disc(picture, dot.x, dot.y, self.r / 3, inks[dot.left % 4])
        if self.mode == "command" and p.jumps:
            canvas.disc(picture, p.home_x - x0, p.home_y - y0, self.r * 0.8, self.palette.accent, 1)
        for npc in state.npcs:
            if npc.cool or npc.style == "rival":
                continue
            sprite = self.targets[0 if npc.style == "unit" else npc.look]
            frame = sprite.frame(int(npc.walked_px / self.r), npc.leftwards)
            high, wide = frame.mask.shape[:2]
            canvas.blit(picture, frame, npc.x - x0 - wide / 2, npc.y - y0 - high / 2)
            if npc.style == "unit":
                canvas.disc(picture, npc.x - x0, npc.y - y0, self.r * 1.2, self.palette.player, 1)
        self.paint_sparks(picture, state, x0, y0)
        for npc in state.npcs:
            if npc.style == "rival":
                canvas.blit(picture, self.others[npc.ident % 2], npc.x - x0, npc.y - y0)
        if p.cool:
            ring = self.r * (1.5 - p.cool / max(1, round(0.15 * self.hz)))
            canvas.disc(picture, p.x, p.y, ring, (255, 255, 255), 1)
        if "alt" in state.before:
            ink = self.palette.ink
            for k in range(3):  # a menu of what could be done here
                canvas.box(picture, p.x + 8, p.y + 9 * k, 40, 8, self.palette.panel)
                canvas.write(picture, ("MOVE", "BUY", "INFO")[k], p.x + 10, p.y + 9 * k + 1, ink)
        canvas.blit(picture, self.pointer, p.x, p.y)
        return picture


def _pointer(rng: np.random.Generator, size_px: int, colour: Colour) -> canvas.Stamp:
    """An arrow, a cross-hair in a box, a ring or a hand; its hot spot is the left upper corner."""
    key, kind, s = (1, 2, 3), int(rng.integers(4)), size_px
    picture = canvas.blank(s, s, key)
    if kind == 0:
        shape = [(0, 0), (0.7 * s, 0.7 * s), (0.35 * s, 0.72 * s), (0, s)]
        canvas.polygon(picture, shape, (0, 0, 0))
        inner = [
            (0.08 * s, 0.18 * s),
            (0.55 * s, 0.65 * s),
            (0.28 * s, 0.67 * s),
            (0.08 * s, 0.8 * s),
        ]
        canvas.polygon(picture, inner, colour)
    elif kind == 1:
        thick = max(1, s // 8)
        canvas.line(picture, 0, s / 2, s - 1, s / 2, colour, thick)
        canvas.line(picture, s / 2, 0, s / 2, s - 1, colour, thick)
        canvas.disc(picture, s / 2, s / 2, s * 0.35, colour, thick)
    elif kind == 2:
        canvas.disc(picture, s / 2, s / 2, s * 0.45, (0, 0, 0), max(2, s // 5))
        canvas.disc(picture, s / 2, s / 2, s * 0.45, colour, max(1, s // 8))
    else:
        canvas.box(picture, 0.3 * s, 0, 0.2 * s, 0.6 * s, colour)
        canvas.box(picture, 0.1 * s, 0.45 * s, 0.8 * s, 0.5 * s, colour)
        canvas.box(picture, 0.1 * s, 0.9 * s, 0.8 * s, 0.1 * s, (0, 0, 0))
    return sprites.keyed(picture, key)
