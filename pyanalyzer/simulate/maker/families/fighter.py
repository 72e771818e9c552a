"""Two fighters side on: step, jump, crouch to block, punch, kick; the other one is a puppet."""

from __future__ import annotations

import math

import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.simulate.engine import Channel
from pyanalyzer.simulate.maker import canvas, chance, sprites, textures
from pyanalyzer.simulate.maker.behaviour import intend
from pyanalyzer.simulate.maker.motion import pressed
from pyanalyzer.simulate.maker.palette import mix
from pyanalyzer.simulate.maker.state import Actor, State
from pyanalyzer.simulate.maker.world import TWINS_SHARE, World

POSES = ("punch", "kick", "block", "jump", "hurt")
FULL_HEALTH = 12
FARTHEST = 0.8  # of the picture: neither fighter leaves the other further behind
CLOSEST = 1.35  # the camera magnifies no more


class Fighter(World):
    """Player and opponent have the same body, the same hands and often the same looks.

    An actor's ``look`` is its pose (-1: none), ``cool`` the ticks that the pose still lasts.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        w, h = self.size_px
        self.tall = int(h * rng.uniform(0.3, 0.55))
        twins = rng.random() < TWINS_SHARE
        foe = self.palette.player if twins else self.palette.foes[0]
        self.bodies = [
            sprites.humanoid(rng, self.tall, colour, POSES) for colour in (self.palette.player, foe)
        ]
        self.stage_px = int(w * float(rng.choice([1.0, 1.4, 2.0])))
        self.floor_px = int(h * rng.uniform(0.8, 0.94))
        self.speed = self.tall * float(rng.uniform(0.9, 2.5))
        self.gain = 0.0 if rng.random() < 0.6 else float(rng.uniform(4, 14))
        rise, rise_s = self.tall * float(rng.uniform(0.35, 0.8)), float(rng.uniform(0.25, 0.45))
        self.gravity, self.jump_px_s = 2 * rise / rise_s**2, 2 * rise / rise_s
        self.pose_s = {name: float(rng.uniform(0.1, 0.35)) for name in POSES}
        self.wind_up = float(rng.uniform(0, 0.5))  # share of a blow before the limb is out
        self.steps_on = bool(rng.random() < 0.6)  # walks on while a blow lasts
        self.crowd = int(rng.integers(0, 14))
        self.zoom = bool(rng.random() < 0.25)  # the camera closes in on the two
        self.mirror_start = bool(rng.random() < 0.5)
        self._draw_stage(rng)
        self.channels = (
            Channel(("left", "right"), 3.0),
            Channel(("up", "down"), 1.5),
            Channel(("punch",), 1.6),
            Channel(("kick",), 1.3),
            *self.extra_channels(),
        )

    def _draw_stage(self, rng: np.random.Generator) -> None:
        w, h = self.stage_px, self.height_px
        scene = textures.backdrop(rng, w, h, self.palette)
        scene = np.ascontiguousarray(scene)
        hills = textures.parallax_layer(
            rng, w, h // 2, mix(self.palette.sky, self.palette.solid, 0.4)
        )
        part = scene[self.floor_px - h // 2 : self.floor_px]
        part[:] = np.where(hills.mask[: len(part)], hills.rgb[: len(part)], part)
        floor = textures.texture(rng, 64, self.palette.ground, 0.5)
        scene[self.floor_px :] = textures.tiled(floor, w, h - self.floor_px)
        canvas.box(scene, 0, self.floor_px, w, 2, self.palette.solid_2)
        self.scene = scene
        small = max(8, h // 10)
        self.fans = [sprites.figure(rng, small, c) for c in self.palette.foes[1:4]]
        self.fan_x = [float(x) for x in rng.uniform(0, w, self.crowd)]

    def begin(self, seed: int) -> State:
        """The two some steps apart; who stands left hangs on the game."""
        middle, gap = self.stage_px / 2, 0.22 * self.width_px
        side = -1 if self.mirror_start else 1
        state = State(seed, self._fighter(middle - side * gap, 0))
        state.npcs = [self._fighter(middle + side * gap, 1)]
        state.npcs[0].style = "puppet"
        self._look_at(state)
        return state

    def _fighter(self, x: float, ident: int) -> Actor:
        return Actor(x, float(self.floor_px), ident=ident, look=-1, home_x=x, health=FULL_HEALTH)

    def respawn(self, state: State) -> None:
        """A new round."""
        for actor in (state.player, state.npcs[0]):
            actor.x, actor.y, actor.vx, actor.vy = actor.home_x, float(self.floor_px), 0.0, 0.0
            actor.health, actor.look, actor.cool = FULL_HEALTH, -1, 0
        self._look_at(state)

    def act(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """Both fight; health that runs out ends the round."""
        p, foe = state.player, state.npcs[0]
        p.intent = (pressed(held, "left", "right"), pressed(held, "up", "down"), False)
        blow = "punch" if "punch" in held else "kick" if "kick" in held else ""
        newly = blow and not state.taken  # `taken` holds whether a blow was held before
        state.taken = {1} if blow else set()
        if not state.frozen:
            self._move(p, p.intent[0], p.intent[1], blow if newly else "")
        ix, iy, act = intend(foe, state, self.hz)
        foe_blow = chance.pick(("punch", "kick"), state.seed, foe.until, 8)
        begins = act and state.tick == foe.until - 1
        self._move(foe, ix, iy, foe_blow if begins else "")
        self._stay_in_view(p, foe)
        self._clash(state, p, foe)
        self._clash(state, foe, p)
        p.leftwards, foe.leftwards = p.x > foe.x, foe.x > p.x
        if not state.frozen and min(p.health, foe.health) <= 0:
            self.die(state)
        self._look_at(state)

    def _stay_in_view(self, one: Actor, other: Actor) -> None:
        """Whoever would walk out of the picture stands still."""
        too_far = abs(one.x - other.x) - FARTHEST * self.width_px
        if too_far > 0:
            way = 1 if one.x > other.x else -1
            one.x -= way * too_far / 2
            other.x += way * too_far / 2

    def _move(self, actor: Actor, ix: int, iy: int, blow: str) -> None:
        actor.cool = max(0, actor.cool - 1)
        grounded = actor.y >= self.floor_px
        if not actor.cool:
            actor.look = -1
            if iy > 0 and grounded:
                actor.look, ix = POSES.index("block"), 0
            if blow:
                actor.look = POSES.index(blow)
                actor.cool = max(2, round(self.pose_s[blow] * self.hz))
                actor.jumps = 1  # this blow has not hit yet
        elif grounded and not self.steps_on:
            ix = 0
        if iy < 0 and grounded and actor.look < 0:
            actor.vy = -self.jump_px_s
        share = 1 - math.exp(-self.gain * self.dt) if self.gain else 1.0
        actor.vx += (ix * self.speed - actor.vx) * share
        actor.vy += self.gravity * self.dt
        margin = 0.3 * self.tall
        actor.x = min(max(actor.x + actor.vx * self.dt, margin), self.stage_px - margin)
        actor.y = min(actor.y + actor.vy * self.dt, float(self.floor_px))
        if actor.y >= self.floor_px:
            actor.vy = 0.0
        actor.walked_px += abs(actor.vx) * self.dt

    def _out(self, actor: Actor) -> bool:
        """Whether an actor's blow is out: past its wind-up."""
        if actor.look not in (0, 1) or not actor.cool:
            return False
        return actor.cool <= (1 - self.wind_up) * self.pose_s[POSES[actor.look]] * self.hz

    def _clash(self, state: State, one: Actor, other: Actor) -> None:
        reach = self.tall * (0.62 if one.look == 0 else 0.72)
        close = abs(one.x - other.x) < reach and abs(one.y - other.y) < 0.6 * self.tall
        if close and self._out(one) and one.jumps:
            one.jumps = 0
            blocked = other.look == POSES.index("block")
            other.health -= 0 if blocked else 1 + one.look
            push = (1 if other.x > one.x else -1) * self.speed * (0.5 if blocked else 1.2)
            other.x = min(max(other.x + push * 0.06, 0.3 * self.tall), self.stage_px)
            if not blocked:
                other.look, other.cool = POSES.index("hurt"), round(0.25 * self.hz)
                self.shake(state, 3)
            self.burst(state, (one.x + other.x) / 2, one.y - 0.6 * self.tall, 6)
            state.score += 10

    def _look_at(self, state: State) -> None:
        middle = (state.player.x + state.npcs[0].x) / 2
        limit = max(0, self.stage_px - self.width_px)
        state.eye_x = min(max(middle - self.width_px / 2, 0.0), float(limit))

    def paint(self, state: State) -> U8:
        """Stage, crowd, the two."""
        w = self.width_px
        x0 = round(state.eye_x)
        if state.shake_px >= 0.5:
            shaken = chance.spread(-1, 1, state.seed, state.tick, 3) * state.shake_px
            x0 = min(max(x0 + round(shaken), 0), max(0, self.stage_px - w))
        picture: U8 = self.scene[:, x0 : x0 + w].copy()
        for k, x in enumerate(self.fan_x):
            fan = self.fans[k % len(self.fans)]
            hop = abs(math.sin(3 * state.tick * self.dt + k)) * 0.4 * fan.size_px[1]
            beat = state.tick // max(1, round(self.hz / 4))
            y = self.floor_px - fan.size_px[1] - hop
            canvas.blit(picture, fan.frame(beat + k), x - x0, y)
        for actor in (*state.npcs, state.player):
            self._paint_body(picture, actor, x0)
        self.paint_sparks(picture, state, x0, 0)
        self._paint_health(picture, state)
        if self.zoom:
            picture = self._closer(picture, state, x0)
        return picture

    def _closer(self, picture: U8, state: State, x0: int) -> U8:
        w, h = self.size_px
        p, foe = state.player, state.npcs[0]
        scale = min(max(0.75 * w / (abs(p.x - foe.x) + self.tall), 1.0), CLOSEST)
        x = min(max((p.x + foe.x) / 2 - x0, w / 2 / scale), w - w / 2 / scale)
        return canvas.gather(picture, w, h, scale, 0.0, x, h - h / 2 / scale, self.filtered)

    def _paint_body(self, picture: U8, actor: Actor, x0: int) -> None:
        body = self.bodies[actor.ident]
        frame = int(actor.walked_px / (0.18 * self.tall)) % sprites.WALK_FRAMES
        if not actor.vx:
            frame = 0
        if actor.y < self.floor_px - 1:
            frame = sprites.WALK_FRAMES + POSES.index("jump")
        if actor.look >= 0 and (actor.look > 1 or self._out(actor)):
            frame = sprites.WALK_FRAMES + actor.look
        stamp = body.frame(frame, actor.leftwards)
        height, width = stamp.mask.shape[:2]
        canvas.blit(picture, stamp, actor.x - x0 - width / 2, actor.y - height)

    def _paint_health(self, picture: U8, state: State) -> None:
        w, y = self.width_px, int(0.14 * self.height_px)
        for actor, left in ((state.player, True), (state.npcs[0], False)):
            share = max(0, actor.health) / FULL_HEALTH
            full = 0.4 * w
            x = 0.05 * w if left else 0.55 * w
            canvas.box(picture, x, y, full, 6, (90, 20, 20))
            colour = self.palette.player if left else self.palette.foes[0]
            canvas.box(picture, x, y, full * share, 6, colour)
