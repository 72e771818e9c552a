"""Paddles and balls: rallies, walls of bricks, things that fall and are caught, air hockey."""

from __future__ import annotations

import math

import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.simulate.engine import Channel
from pyanalyzer.simulate.maker import canvas, chance, sprites, textures
from pyanalyzer.simulate.maker.behaviour import draw_styles, intend
from pyanalyzer.simulate.maker.motion import Drive, draw_drive, pressed
from pyanalyzer.simulate.maker.palette import shade
from pyanalyzer.simulate.maker.state import Actor, State
from pyanalyzer.simulate.maker.world import DIRECTIONS, MOUSE, TWINS_SHARE, World

MODES = ("rally", "rally", "bricks", "bricks", "catch", "hockey")
SIDES = ("left", "right", "top", "bottom")
ZONE = 0.38  # of the field: how deep a paddle that moves both ways may go
SERVE_S = 0.7  # a ball that was lost comes again after it
SLOTS = 7  # places of a paddle that jumps
LUNGE_S = 0.18
STEEPEST = 1.1  # rad: from a paddle's end a ball leaves at this angle
BRICK_BACK_S = 6.0  # bricks grow again, so that a wall is never empty


class Paddle(World):
    """A paddle at one side of the picture, or in a zone. NPCs are other paddles and balls.

    Of an :class:`.Actor`, ``look`` is the side that a paddle guards; balls have the style
    ``ball``. ``player.cool`` counts the ticks of a lunge that are left.
    """

    moves = DIRECTIONS | MOUSE | {"lunge"}

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        self.mode = MODES[int(rng.integers(len(MODES)))]
        down = self.mode in ("bricks", "catch")
        self.side = "bottom" if down and rng.random() < 0.7 else SIDES[int(rng.integers(4))]
        w, h = self.size_px
        top = max(2, round(0.06 * h)) + (self.hud.bar.h_px if self.hud.bar else 0)
        self.field = (2.0, float(top), w - 2.0, float(h - top))
        # Half the paddle's length and thickness.
        self.long = min(w, h) * float(rng.uniform(0.05, 0.14))
        self.thick = max(2.0, self.unit_px * float(rng.uniform(0.15, 0.5)))
        self.round = self.mode == "hockey"
        if self.round:
            self.long = self.thick = self.unit_px * float(rng.uniform(0.6, 1.1))
        self.both_ways = self.round or bool(rng.random() < 0.15)
        self.r = max(2.0, self.unit_px * float(rng.uniform(0.15, 0.4)))
        self.drive: Drive = draw_drive(rng, min(w, h) * 0.9)
        self.npc_drive = self.drive if rng.random() < 0.5 else draw_drive(rng, min(w, h) * 0.7)
        self.ball_px_s = min(w, h) * float(rng.uniform(0.35, 1.1))
        self.drop_px_s2 = 0.0 if rng.random() < 0.8 else h * float(rng.uniform(0.3, 0.9))
        self.slots = self.mode == "catch" and rng.random() < 0.4  # it jumps from place to place
        self.axis = not self.slots and bool(rng.random() < 0.3)
        self.mouse_px_deg = w * float(rng.uniform(0.008, 0.03))
        self.keys = not self.axis or bool(rng.random() < 0.3)
        self.wraps = not self.round and bool(rng.random() < 0.12)
        self.lunges, self.shoots = bool(rng.random() < 0.4), bool(rng.random() < 0.35)
        self.balls = 1 + int(rng.integers(0, 3 if self.mode != "catch" else 7))
        self.styles = draw_styles(rng, 3)
        self._draw_looks(rng)
        across = ("left", "right") if self.side in ("top", "bottom") else ("up", "down")
        ahead = ("up", "down") if across[0] == "left" else ("left", "right")
        self.across = across
        self.channels = (
            *((Channel(across, 3.0),) if self.keys else ()),
            *((Channel(ahead, 2.0),) if self.keys and self.both_ways else ()),
            *((Channel(("lunge",), 1.0),) if self.lunges else ()),
            *((Channel(("fire",), 1.0),) if self.shoots or not self.keys else ()),
            *((Channel(("turbo",), 0.5),) if rng.random() < 0.3 else ()),
            *self.extra_channels(),
        )

    def _draw_looks(self, rng: np.random.Generator) -> None:
        w, h = self.size_px
        p = self.palette
        tile = int(rng.choice([16, 32, 64, 128]))
        ground = textures.texture(rng, tile, p.ground, float(rng.uniform(0, 0.35)))
        self.scene = textures.tiled(ground, w, h)
        if rng.random() < 0.4:
            self.scene = textures.backdrop(rng, w, h, p)
        if self.mode in ("rally", "hockey") and rng.random() < 0.7:
            ink = shade(p.ground, 1.6) if rng.random() < 0.5 else p.solid_2
            thin = max(1, h // 120)
            upright = self.side in ("left", "right")
            x, y, far_x, far_y = (w / 2, 0, w / 2, h) if upright else (0, h / 2, w, h / 2)
            canvas.line(self.scene, x, y, far_x, far_y, ink, thin)
            canvas.disc(self.scene, w / 2, h / 2, h * 0.15, ink, thin)
        self.twins = bool(rng.random() < TWINS_SHARE * 2)
        self.bricks: list[tuple[float, float, float, float]] = []
        self.brick_colours = [p.solid, p.solid_2, *p.foes]
        if self.mode == "bricks":
            self._draw_bricks(rng)
        sprite = sprites.thing if rng.random() < 0.5 else sprites.ball
        self.things = [sprite(rng, max(5, int(3 * self.r)), c) for c in p.foes[:3]]
        self.ball_colour = (250, 250, 250) if rng.random() < 0.5 else p.accent
        self.square_ball, self.trail = bool(rng.random() < 0.3), bool(rng.random() < 0.25)
        self.spun = bool(rng.random() < 0.5)  # balls that are seen to turn
        self.decals = [canvas.decal_of(thing.frame(0)) for thing in self.things]

    def _draw_bricks(self, rng: np.random.Generator) -> None:
        x0, y0, x1, y1 = self.field
        rows, columns = int(rng.integers(2, 7)), int(rng.integers(6, 15))
        upright = self.side in ("left", "right")
        lie, stand = (y1 - y0, x1 - x0) if upright else (x1 - x0, y1 - y0)
        long, deep = lie / columns, 0.4 * stand / rows
        gap = float(rng.uniform(0, 0.15))
        far = float(rng.uniform(0.04, 0.15)) * stand
        for row in range(rows):
            for column in range(columns):
                if rng.random() < 0.12:
                    continue
                a, b = column * long, far + row * deep  # along the wall, and away from the far side
                size = long * (1 - gap), deep * (1 - gap)
                if self.side in ("left", "top"):
                    b = stand - b - deep
                spot = (x0 + b, y0 + a, *size[::-1]) if upright else (x0 + a, y0 + b, *size)
                self.bricks.append(spot)

    def begin(self, seed: int) -> State:
        """Paddles in the middle of their sides, balls on their way."""
        state = State(seed, self._paddle(self.side, 0))
        facing = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}
        for k, style in enumerate(self.styles, 1):
            # Another paddle faces the player, or shares the side in front of or behind.
            shares = self.mode in ("bricks", "catch") or k % 3 == 2
            npc = self._paddle(self.side if shares else facing[self.side], k)
            npc.style = style
            state.npcs.append(npc)
        for k in range(len(self.styles) + 1, len(self.styles) + self.balls + 1):
            ball = Actor(0.0, 0.0, ident=k, look=k % len(self.things), style="ball")
            state.npcs.append(ball)
            self._serve(state, ball)
        return state

    def _paddle(self, side: str, ident: int) -> Actor:
        x0, y0, x1, y1 = self.field
        near = self.thick * (2 + 4.5 * ((ident + 1) // 2 if ident else 0))
        x = {"left": x0 + near, "right": x1 - near}.get(side, (x0 + x1) / 2)
        y = {"top": y0 + near, "bottom": y1 - near}.get(side, (y0 + y1) / 2)
        return Actor(x, y, ident=ident, look=SIDES.index(side), home_x=x, home_y=y)

    def _serve(self, state: State, ball: Actor) -> None:
        x0, y0, x1, y1 = self.field
        key = (state.seed, ball.ident, state.tick)
        angle = chance.pick((0.0, math.pi), *key, 1) + chance.spread(-0.8, 0.8, *key, 2)
        ball.x, ball.y = (x0 + x1) / 2, chance.spread(0.3, 0.7, *key, 3) * (y0 + y1)
        if self.mode in ("bricks", "catch"):
            ball.x = chance.spread(0.1, 0.9, *key, 3) * (x0 + x1)
            angle = {"bottom": 0.5, "top": 1.5, "left": 1.0, "right": 0.0}[self.side] * math.pi
            angle += chance.spread(-0.6, 0.6, *key, 4) * (self.mode == "bricks")
            if self.side in ("bottom", "top"):
                far = (y0, y1)[self.side == "top"]
                ball.y = (y0 + y1) / 2 if self.mode == "bricks" else far
            else:
                far = (x0, x1)[self.side == "left"]
                ball.y = chance.spread(0.15, 0.85, *key, 3) * (y0 + y1)
                ball.x = (x0 + x1) / 2 if self.mode == "bricks" else far
        speed = self.ball_px_s * chance.spread(0.5, 1.0, *key, 5)
        ball.vx, ball.vy = speed * math.cos(angle), speed * math.sin(angle)
        ball.spin_rad_s = chance.spread(-8, 8, *key, 6)
        ball.cool = round(SERVE_S * self.hz * chance.uniform(*key, 7))

    def respawn(self, state: State) -> None:
        """In the middle of the side."""
        p = state.player
        p.x, p.y, p.vx, p.vy = p.home_x, p.home_y, 0.0, 0.0

    def act(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """Move the paddles, then the balls."""
        p = state.player
        p.cool = max(0, p.cool - 1)
        self._steer(state, held, turn_deg)
        if self.lunges and "lunge" in held and not p.jumps and not state.frozen:
            p.cool = round(LUNGE_S * self.hz)
        p.jumps = int("lunge" in held)
        newly = "fire" in held and not p.intent[2]
        p.intent = (p.intent[0], p.intent[1], "fire" in held)
        if newly:
            nx, ny = self._ahead(p)
            self.fire(state, p, 1.2 * self.ball_px_s * nx, 1.2 * self.ball_px_s * ny, own=True)
        for npc in state.npcs:
            if npc.style != "ball":
                self._other(state, npc)
        self._grow_again(state)
        for npc in state.npcs:
            if npc.style == "ball":
                self._fly(state, npc)
        self._shots(state)

    def _steer(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        p = state.player
        ix, iy = pressed(held, "left", "right"), pressed(held, "up", "down")
        if self.slots:
            way = ix or iy
            if way and way != p.intent[0]:
                x0, y0, x1, y1 = self.field
                upright = self.side in ("left", "right")
                step = (y1 - y0 if upright else x1 - x0) / SLOTS
                p.x, p.y = (p.x, p.y + way * step) if upright else (p.x + way * step, p.y)
            p.intent = (way, 0, p.intent[2])
        else:
            quick = 1.8 if "turbo" in held else 1.0
            self.drive.steer(p, ix, iy, self.dt)
            p.x, p.y = p.x + p.vx * quick * self.dt, p.y + p.vy * quick * self.dt
            moved = turn_deg * self.mouse_px_deg
            if self.side in ("left", "right"):
                p.y += moved
            else:
                p.x += moved
        gx, gy = self.gust(state)
        p.x, p.y = (
            p.x + 0.2 * gx * self.ball_px_s * self.dt,
            p.y + 0.2 * gy * self.ball_px_s * self.dt,
        )
        self._bound(p)

    def _bound(self, a: Actor) -> None:
        """Keep a paddle on its side, or in its zone; one that wraps comes in at the other end."""
        x0, y0, x1, y1 = self.field
        side = SIDES[a.look]
        upright = side in ("left", "right")
        if self.both_ways:
            deep_x, deep_y = ZONE * (x1 - x0), ZONE * (y1 - y0)
            x0, x1 = (
                (x1 - deep_x if side == "right" else x0),
                (x0 + deep_x if side == "left" else x1),
            )
            y0, y1 = (
                (y1 - deep_y if side == "bottom" else y0),
                (y0 + deep_y if side == "top" else y1),
            )
        rx, ry = (self.thick, self.long) if upright else (self.long, self.thick)
        if not self.both_ways:
            a.x, a.y = (a.home_x, a.y) if upright else (a.x, a.home_y)
        if self.wraps and not self.both_ways:
            if upright:
                a.y = y0 + (a.y - y0) % (y1 - y0)
            else:
                a.x = x0 + (a.x - x0) % (x1 - x0)
            return
        x, y = min(max(a.x, x0 + rx), x1 - rx), min(max(a.y, y0 + ry), y1 - ry)
        a.vx, a.vy = (a.vx if x == a.x else 0.0), (a.vy if y == a.y else 0.0)
        a.x, a.y = x, y

    def _other(self, state: State, npc: Actor) -> None:
        """A paddle with hands of its own; a ``chaser`` follows the ball that is nearest."""
        ix, iy, act = intend(npc, state, self.hz)
        npc.cool = max(0, npc.cool - 1)
        if npc.style == "chaser":
            balls = [b for b in state.npcs if b.style == "ball"]
            ball = min(balls, key=lambda b: abs(b.x - npc.x) + abs(b.y - npc.y))
            dx, dy = ball.x - npc.x, ball.y - npc.y
            ix, iy = ((d > self.r) - (d < -self.r) for d in (dx, dy))
        elif self.side in ("top", "bottom") and not self.both_ways:
            ix, iy = ix or iy, 0
        self.npc_drive.steer(npc, ix, iy or (0 if self.both_ways else ix), self.dt)
        npc.x, npc.y = npc.x + npc.vx * self.dt, npc.y + npc.vy * self.dt
        if act and self.lunges and state.tick == npc.until - 2:
            npc.cool = round(LUNGE_S * self.hz)
        self._bound(npc)

    def _fly(self, state: State, ball: Actor) -> None:
        if ball.cool:
            ball.cool -= 1
            return
        x0, y0, x1, y1 = self.field
        ball.vy += self.drop_px_s2 * self.dt
        ball.x, ball.y = ball.x + ball.vx * self.dt, ball.y + ball.vy * self.dt
        ball.heading_rad += ball.spin_rad_s * self.dt
        lost = {
            "left": ball.x < x0 - self.r,
            "right": ball.x > x1 + self.r,
            "top": ball.y < y0 - self.r,
            "bottom": ball.y > y1 + self.r,
        }
        open_ = {self.side} | {SIDES[n.look] for n in state.npcs if n.style != "ball"}
        if any(lost[side] for side in open_):
            state.score += 1
            self._serve(state, ball)
            return
        if not x0 + self.r <= ball.x <= x1 - self.r and not open_ & {"left", "right"}:
            ball.x, ball.vx = min(max(ball.x, x0 + self.r), x1 - self.r), -ball.vx
        elif not x0 <= ball.x <= x1 and not lost["left"] and not lost["right"]:
            side = "left" if ball.x < x0 else "right"
            ball.vx = ball.vx if side in open_ else math.copysign(ball.vx, x0 + x1 - 2 * ball.x)
        if not y0 + self.r <= ball.y <= y1 - self.r and not open_ & {"top", "bottom"}:
            ball.y, ball.vy = min(max(ball.y, y0 + self.r), y1 - self.r), -ball.vy
        elif not y0 <= ball.y <= y1:
            side = "top" if ball.y < y0 else "bottom"
            ball.vy = ball.vy if side in open_ else math.copysign(ball.vy, y0 + y1 - 2 * ball.y)
        for paddle in (state.player, *(n for n in state.npcs if n.style != "ball")):
            self._bounce(state, ball, paddle)
        self._break(state, ball)

    def _bounce(self, state: State, ball: Actor, paddle: Actor) -> None:
        upright = SIDES[paddle.look] in ("left", "right")
        rx, ry = (self.thick, self.long) if upright else (self.long, self.thick)
        px, py = self._spot(paddle)
        dx, dy = ball.x - px, ball.y - py
        if (
            abs(dx) > rx + self.r
            or abs(dy) > ry + self.r
            or (paddle is state.player and state.frozen)
        ):
            return
        if self.mode == "catch":
            if paddle is state.player:
                state.score += 10
                self.burst(state, ball.x, ball.y, 5)
            self._serve(state, ball)
            return
        speed = min(1.6 * self.ball_px_s, 1.04 * math.hypot(ball.vx, ball.vy))
        nx, ny = self._ahead(paddle)
        off = (dy / ry if upright else dx / rx) * STEEPEST
        angle = math.atan2(dy, dx) if self.round else math.atan2(ny, nx)
        if not self.round:  # from its end a ball leaves slantwise
            angle += off * (nx - ny)
        ball.vx, ball.vy = speed * math.cos(angle), speed * math.sin(angle)

    def _break(self, state: State, ball: Actor) -> None:
        for k, (x, y, w, h) in enumerate(self.bricks):
            inside = -self.r < ball.x - x < w + self.r and -self.r < ball.y - y < h + self.r
            if inside and k not in state.taken:
                state.taken.add(k)
                state.score += 10
                self.burst(state, x + w / 2, y + h / 2, 4)
                if min(ball.x - x, x + w - ball.x) < min(ball.y - y, y + h - ball.y):
                    ball.vx = -ball.vx
                else:
                    ball.vy = -ball.vy
                return

    def _grow_again(self, state: State) -> None:
        if self.bricks and state.tick % max(1, round(BRICK_BACK_S * self.hz / 20)) == 0:
            state.taken.discard(chance.hashed(state.seed, state.tick, 61) % len(self.bricks))

    def _shots(self, state: State) -> None:
        for shot in self.move_shots(state, self.field):
            for k, (x, y, w, h) in enumerate(self.bricks):
                if k not in state.taken and x < shot.x < x + w and y < shot.y < y + h:
                    state.taken.add(k)
                    shot.left = 0
                    self.burst(state, shot.x, shot.y, 4)

    def _ahead(self, a: Actor) -> tuple[int, int]:
        """Where a paddle faces."""
        return ((1, 0), (-1, 0), (0, 1), (0, -1))[a.look]

    def _spot(self, a: Actor) -> tuple[float, float]:
        """Where a paddle is, its lunge counted in."""
        nx, ny = self._ahead(a)
        far = 2.5 * self.thick * math.sin(math.pi * a.cool / max(1, round(LUNGE_S * self.hz)))
        return a.x + far * nx, a.y + far * ny

    def paint(self, state: State) -> U8:
        """Field, bricks, balls, paddles."""
        picture: U8 = self.scene.copy()
        for k, (x, y, w, h) in enumerate(self.bricks):
            if k not in state.taken:
                colour = self.brick_colours[(k // 6) % len(self.brick_colours)]
                canvas.box(picture, x, y, w, h, colour)
                canvas.box(picture, x, y + h - 1, w, 1, shade(colour, 0.5))
        for npc in state.npcs:
            if npc.style != "ball":
                colours = (self.palette.player,) if self.twins else self.palette.foes
                self._paint_paddle(picture, npc, colours[npc.ident % len(colours)])
        if not state.frozen:
            self._paint_paddle(picture, state.player, self.palette.player)
        for npc in state.npcs:
            if npc.style == "ball" and not (npc.cool and state.tick % 8 < 4):
                self._paint_ball(picture, npc)
        for shot in state.shots:
            canvas.box(picture, shot.x - 1, shot.y - 2, 3, 5, self.palette.accent)
        self.paint_sparks(picture, state, 0, 0)
        if state.shake_px >= 1:
            picture = np.roll(picture, state.tick % 3 - 1, axis=1)
        return picture

    def _paint_paddle(self, picture: U8, a: Actor, colour: tuple[int, int, int]) -> None:
        upright = SIDES[a.look] in ("left", "right")
        rx, ry = (self.thick, self.long) if upright else (self.long, self.thick)
        x, y = self._spot(a)
        if self.round:
            canvas.disc(picture, x, y, self.long, shade(colour, 0.6))
            canvas.disc(picture, x, y, 0.6 * self.long, colour)
            return
        canvas.box(picture, x - rx, y - ry, 2 * rx, 2 * ry, colour)
        canvas.box(picture, x - rx, y - ry, 2 * rx, max(1, ry / 3), shade(colour, 1.4))

    def _paint_ball(self, picture: U8, ball: Actor) -> None:
        if self.mode == "catch" or self.spun:
            canvas.spin(picture, self.decals[ball.look], ball.x, ball.y, ball.heading_rad)
            return
        for k in range(3 if self.trail else 0, 0, -1):
            back = 2.5 * k * self.r / max(1.0, math.hypot(ball.vx, ball.vy))
            spot = ball.x - back * ball.vx, ball.y - back * ball.vy
            canvas.disc(
                picture, *spot, self.r * (1 - 0.2 * k), shade(self.ball_colour, 1 - 0.2 * k)
            )
        if self.square_ball:
            side = 2 * self.r
            canvas.box(picture, ball.x - self.r, ball.y - self.r, side, side, self.ball_colour)
        else:
            canvas.disc(picture, ball.x, ball.y, self.r, self.ball_colour)
