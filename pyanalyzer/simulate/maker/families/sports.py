"""Ball games of two teams: the player is one figure among many alike, and may become another."""

from __future__ import annotations

import math

import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.simulate.engine import Channel
from pyanalyzer.simulate.maker import canvas, chance, sprites, textures
from pyanalyzer.simulate.maker.behaviour import held, intend
from pyanalyzer.simulate.maker.camera import Camera, draw_camera
from pyanalyzer.simulate.maker.motion import Drive, draw_drive, pressed
from pyanalyzer.simulate.maker.palette import mix, shade
from pyanalyzer.simulate.maker.state import Actor, State
from pyanalyzer.simulate.maker.world import World

CAMERAS = ("locked", "zone", "lag", "lead")
BALL = 0  # its number among the NPCs; team mates are the odd numbers, opponents the even ones
MARKS = ("ring", "arrow", "name", "")
OWN = 1  # ``look`` of the player's team, 2 of the others
KEEP_S = 0.35  # a ball just kicked is not taken again at once by the one who kicked it


class Sports(World):
    """Football, ice hockey, handball, from above or aslant.

    ``npcs[0]`` is the ball. The player's figure and a team mate change places in the state when
    the player switches, so ``player`` is always who is steered. ``ident`` is the shirt.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        w, h = self.size_px
        self.mode = ("above", "aslant")[int(rng.integers(2))]  # aslant: feet stand on the place
        self.size = max(8, int(self.unit_px * rng.uniform(0.7, 1.6)))
        self.r = 0.45 * self.size
        screens = 1.0 if rng.random() < 0.3 else float(rng.uniform(1.3, 3))
        self.map_px = (int(w * screens), int(h * max(1.0, screens * rng.uniform(0.5, 1))))
        self.camera: Camera = draw_camera(rng, self.size_px, self.map_px, CAMERAS)
        self.follows_ball = bool(rng.random() < 0.45)
        self.drive: Drive = draw_drive(rng, h * 0.35)
        self.kick_px_s = h * float(rng.uniform(0.6, 1.6))
        self.rolls_per_s = float(rng.uniform(0.3, 1.5))
        self.lofts = bool(rng.random() < 0.4)  # a ball that is kicked flies
        self.carries = float(rng.uniform(0, 1)) < 0.7  # the ball stays at the feet
        self.team = int(rng.integers(2, 8))
        self.switches = bool(rng.random() < 0.75)
        self.by_itself = bool(rng.random() < 0.2)  # the control goes to whoever takes the ball
        self.sprints, self.tackles = bool(rng.random() < 0.5), bool(rng.random() < 0.5)
        self.mark = MARKS[int(rng.integers(len(MARKS)))]
        self.eager = float(rng.uniform(0.3, 1.0))  # share of the own speed that others run with
        self.puppets = float(rng.uniform(0.3, 0.8))  # share of the others with hands of their own
        self._draw_looks(rng)
        self.moves = self.moves | {"sprint", "tackle"}
        self.channels = (
            Channel(("left", "right"), 2.5),
            Channel(("up", "down"), 2.5),
            Channel(("shoot", "pass") if rng.random() < 0.6 else ("shoot",), 1.8),
            *((Channel(("switch",), 0.8),) if self.switches else ()),
            *((Channel(("sprint",), 0.6),) if self.sprints else ()),
            *((Channel(("tackle",), 0.8),) if self.tackles else ()),
            *self.extra_channels(),
        )

    def _draw_looks(self, rng: np.random.Generator) -> None:
        p = self.palette
        state = rng.bit_generator.state
        self.looks = [sprites.ball(rng, max(4, int(0.45 * self.size)), (250, 250, 250))]
        for colour in (p.player, p.foes[0]):  # the same body in two colours
            rng.bit_generator.state = state
            self.looks.append(sprites.figure(rng, self.size, colour))
        self.turned = bool(
            rng.random() < 0.3
        )  # figures turn with their way, as from straight above
        self.decals = [[canvas.decal_of(f) for f in s.right] for s in self.looks]
        w, h = self.map_px
        tile = textures.texture(
            rng, int(rng.choice([16, 32, 64])), p.ground, rng.uniform(0.05, 0.3)
        )
        pitch = textures.tiled(tile, max(w, self.width_px), max(h, self.height_px))
        if rng.random() < 0.6:  # mown in stripes
            stripe = max(8, int(self.unit_px * rng.uniform(1.5, 4)))
            for x in range(0, w, 2 * stripe):
                part = pitch[:, x : x + stripe]
                part[:] = part // 8 * 7
        ink = (240, 240, 240) if rng.random() < 0.7 else shade(p.ground, 0.5)
        thin, edge = max(1, self.size // 8), int(0.6 * self.size)
        lines = [(edge, edge, w - edge, edge), (edge, h - edge, w - edge, h - edge)]
        lines += [(x, edge, x, h - edge) for x in (edge, w // 2, w - edge)]
        for x0, y0, x1, y1 in lines:
            canvas.line(pitch, x0, y0, x1, y1, ink, thin)
        canvas.disc(pitch, w / 2, h / 2, 0.14 * h, ink, thin)
        for side in (0, 1):
            x = edge if side == 0 else w - edge
            deep = int(0.09 * w) * (1 if side == 0 else -1)
            for y in (0.25 * h, 0.75 * h):
                canvas.line(pitch, x, y, x + deep, y, ink, thin)
            canvas.line(pitch, x + deep, 0.25 * h, x + deep, 0.75 * h, ink, thin)
            post = x - edge if side == 0 else x
            canvas.box(pitch, post, 0.4 * h, edge, 0.2 * h, mix(p.solid, (230, 230, 230), 0.5))
        self.pitch = pitch

    def begin(self, seed: int) -> State:
        """Two teams on their halves, the ball in the middle."""
        w, h = self.map_px
        x, y = 0.45 * w, 0.5 * h
        state = State(seed, Actor(x, y, look=OWN, home_x=x, home_y=y))
        state.npcs.append(Actor(w / 2, h / 2, ident=BALL, style="ball"))
        for k in range(1, 2 * self.team):
            team = OWN + k % 2
            x = chance.spread(0.08, 0.75, seed, k, 1) * w
            x = x if team == OWN else w - x
            y = chance.spread(0.12, 0.88, seed, k, 2) * h
            style = "puppet" if chance.uniform(seed, k, 3) < self.puppets else "runner"
            state.npcs.append(Actor(x, y, ident=k, look=team, style=style, home_x=x, home_y=y))
        self._film(state, at_once=True)
        return state

    def respawn(self, state: State) -> None:
        """Nobody dies here."""

    def act(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """The player's figure, the others, the ball, the camera."""
        p, ball = state.player, state.npcs[BALL]
        newly = held - _held_before(p)
        p.jumps = _coded(held)
        if "switch" in newly:
            self._switch(state)
            p = state.player
            p.jumps = _coded(held)
        p.hurt, p.cool = max(0, p.hurt - 1), max(0, p.cool - 1)
        if "tackle" in newly and not p.hurt:
            p.hurt = round(0.35 * self.hz)
        ix, iy = pressed(held, "left", "right"), pressed(held, "up", "down")
        quick = 1.5 if "sprint" in held else 1.0
        if p.hurt:  # slides on as it was going
            quick = 1.8
            ix, iy = round(math.cos(p.heading_rad)), round(math.sin(p.heading_rad))
        self._run(p, ix, iy, quick)
        if newly & {"shoot", "pass"} and self._has(p, ball):
            self._kick(ball, p, 1.0 if "shoot" in newly else 0.55)
            state.score += 1
        for npc in state.npcs[1:]:
            self._other(state, npc)
        self._roll(state, ball)
        self._film(state)

    def _run(self, a: Actor, ix: float, iy: float, quick: float) -> None:
        self.drive.steer(a, ix, iy, self.dt)
        if ix or iy:
            a.heading_rad = math.atan2(iy, ix)
            a.leftwards = ix < 0 or (a.leftwards and not ix)
        w, h = self.map_px
        x = min(max(a.x + a.vx * quick * self.dt, self.r), w - self.r)
        y = min(max(a.y + a.vy * quick * self.dt, self.r), h - self.r)
        a.walked_px += abs(x - a.x) + abs(y - a.y)
        a.x, a.y = x, y

    def _switch(self, state: State) -> None:
        """Steer the team mate who is nearest to the ball."""
        ball = state.npcs[BALL]
        mates = [k for k, npc in enumerate(state.npcs) if k and npc.look == OWN]
        if not mates:
            return
        nearest = min(
            mates, key=lambda k: math.hypot(state.npcs[k].x - ball.x, state.npcs[k].y - ball.y)
        )
        state.player, state.npcs[nearest] = state.npcs[nearest], state.player
        left = state.npcs[nearest]
        left.style, left.jumps, left.hurt = "puppet" if left.ident % 2 else "runner", 0, 0
        state.player.style = "player"

    def _has(self, a: Actor, ball: Actor) -> bool:
        return ball.z < self.size and math.hypot(a.x - ball.x, a.y - ball.y) < 1.4 * self.size

    def _kick(self, ball: Actor, a: Actor, strength: float) -> None:
        speed = self.kick_px_s * strength
        ball.vx, ball.vy = speed * math.cos(a.heading_rad), speed * math.sin(a.heading_rad)
        ball.vz = 0.5 * speed if self.lofts else 0.0
        a.cool = round(KEEP_S * self.hz)
        ball.cool = max(2, a.cool // 2)

    def _other(self, state: State, npc: Actor) -> None:
        """One with hands of its own; or one who goes for the ball when it is near, else home."""
        ball = state.npcs[BALL]
        npc.cool = max(0, npc.cool - 1)
        quick = self.eager
        if npc.style == "puppet":
            ix, iy, act = intend(npc, state, self.hz)
            quick = 1.0
        else:
            act = False
            going_on = held(npc, state)
            if going_on is not None:
                npc.intent = going_on
            elif state.tick >= npc.until:  # looks where the ball is, now and then
                npc.until = state.tick + round(self.hz * (0.2 + npc.ident % 4 * 0.15))
                near = math.hypot(ball.x - npc.x, ball.y - npc.y) < 0.35 * self.map_px[0]
                share = 1.0 if near and npc.ident % 3 else 0.25
                dx = npc.home_x + (ball.x - npc.home_x) * share - npc.x
                dy = npc.home_y + (ball.y - npc.home_y) * share - npc.y
                lazy = self.size
                npc.intent = ((dx > lazy) - (dx < -lazy), (dy > lazy) - (dy < -lazy), False)
                npc.decided = npc.intent
            ix, iy = npc.intent[:2]
        self._run(npc, ix, iy, quick)
        kicks = act and state.tick == npc.until - 2
        kicks = kicks or chance.uniform(state.seed, state.tick, npc.ident, 4) < 2 * self.dt
        if kicks and self._has(npc, ball):
            self._kick(ball, npc, 0.8)

    def _roll(self, state: State, ball: Actor) -> None:
        """The ball: at somebody's feet, or free; it flies, bounces, and is stopped by the edge."""
        w, h = self.map_px
        ball.cool = max(0, ball.cool - 1)
        ball.vz -= 2.5 * self.height_px * self.dt
        ball.z += ball.vz * self.dt
        if ball.z <= 0:
            ball.z, ball.vz = 0.0, -0.5 * ball.vz if ball.vz < -40 else 0.0
        keep = math.exp(-self.rolls_per_s * self.dt)
        ball.vx, ball.vy = ball.vx * keep, ball.vy * keep
        if not ball.cool and ball.z < self.size:
            self._taken(state, ball)
        x, y = ball.x + ball.vx * self.dt, ball.y + ball.vy * self.dt
        if not self.r < x < w - self.r:
            ball.vx = -0.7 * ball.vx
            goal = 0.4 * h < y < 0.6 * h
            if goal:
                state.score += 10
                self.burst(state, x, y, 12)
                x, y, ball.vx, ball.vy = w / 2, h / 2, 0.0, 0.0
        if not self.r < y < h - self.r:
            ball.vy = -0.7 * ball.vy
        ball.walked_px += abs(x - ball.x) + abs(y - ball.y)
        ball.x, ball.y = min(max(x, self.r), w - self.r), min(max(y, self.r), h - self.r)

    def _taken(self, state: State, ball: Actor) -> None:
        """Whoever is nearest and near enough takes the ball along, or pushes it."""
        figures = [a for a in (state.player, *state.npcs[1:]) if not a.cool]
        if not figures:
            return
        near = min(figures, key=lambda a: abs(a.x - ball.x) + abs(a.y - ball.y))
        if math.hypot(near.x - ball.x, near.y - ball.y) > self.size:
            return
        c, s = math.cos(near.heading_rad), math.sin(near.heading_rad)
        if self.carries:
            gx = near.x + 0.7 * self.size * c - ball.x
            gy = near.y + 0.7 * self.size * s - ball.y
            ball.vx, ball.vy = near.vx + 8 * gx, near.vy + 8 * gy
        elif abs(near.vx) + abs(near.vy) > 1:
            ball.vx, ball.vy = 1.4 * near.vx, 1.4 * near.vy
        if self.by_itself and near.look == OWN and near is not state.player:
            self._switch(state)

    def _film(self, state: State, at_once: bool = False) -> None:
        """Follow the player's figure or the ball."""
        p = state.player
        if self.follows_ball:
            state.player = state.npcs[BALL]
        self.camera.aim(state, self.dt, at_once)
        state.player = p

    def paint(self, state: State) -> U8:
        """The pitch, then everybody from the far side to the near one."""
        x0, y0 = self.camera.corner(state, self.hz)
        picture: U8 = self.pitch[y0 : y0 + self.height_px, x0 : x0 + self.width_px].copy()
        for a in sorted((state.player, *state.npcs), key=lambda a: a.y):
            x, y = a.x - x0, a.y - y0
            if not -self.size < x < self.width_px + self.size:
                continue
            wide = 0.35 * self.size if a.style != "ball" else 0.2 * self.size
            shadow = int(x - wide), int(y - 0.1 * self.size)
            canvas.blend(picture, *shadow, int(2 * wide), int(0.25 * self.size), (0, 0, 0), 0.35)
            if a is state.player and self.mark == "ring":
                canvas.disc(picture, x, y, 0.6 * self.size, self.palette.accent, 1)
            self._paint_figure(picture, a, x, y)
            if a is state.player:
                self._paint_mark(picture, x, y)
        self.paint_sparks(picture, state, x0, y0)
        return self.camera.bend(picture, state, self.hz)

    def _paint_figure(self, picture: U8, a: Actor, x: float, y: float) -> None:
        moving = abs(a.vx) + abs(a.vy) > 1
        frame = int(a.walked_px / (0.5 * self.size)) if moving else 0
        if a.style == "ball":
            stamp = self.looks[0].frame(int(a.walked_px / 4))
            high, wide = stamp.mask.shape[:2]
            canvas.blit(picture, stamp, x - wide / 2, y - high / 2 - a.z)
            return
        if self.turned or a.hurt:
            decals = self.decals[a.look]
            turn = a.heading_rad + (math.pi / 2 if a.hurt else 0.0)
            canvas.spin(picture, decals[frame % len(decals)], x, y, turn)
            return
        stamp = self.looks[a.look].frame(frame, a.leftwards)
        high, wide = stamp.mask.shape[:2]
        above = high / 2 if self.mode == "above" else 0.9 * high
        canvas.blit(picture, stamp, x - wide / 2, y - above)

    def _paint_mark(self, picture: U8, x: float, y: float) -> None:
        """What tells the steered figure from the others, if anything does."""
        top = y - self.size - 4
        if self.mark == "arrow":
            side = 0.25 * self.size
            points = [(x - side, top - side), (x + side, top - side), (x, top)]
            canvas.polygon(picture, points, self.palette.accent)
        elif self.mark == "name":
            canvas.write(picture, "P1", x - 4, top - 5, self.palette.accent)


_BUTTONS = ("shoot", "pass", "switch", "tackle")


def _coded(held: frozenset[str]) -> int:
    """The buttons held, as bits: what an actor remembers of the tick before."""
    return sum(1 << k for k, button in enumerate(_BUTTONS) if button in held)


def _held_before(a: Actor) -> frozenset[str]:
    return frozenset(button for k, button in enumerate(_BUTTONS) if a.jumps >> k & 1)
