"""Runners from the side: the ground comes by itself; jump, duck, flap, turn gravity over, boost."""

from __future__ import annotations

import math

import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.simulate.engine import Channel
from pyanalyzer.simulate.maker import canvas, chance, sprites, textures
from pyanalyzer.simulate.maker.behaviour import draw_styles, intend
from pyanalyzer.simulate.maker.motion import pressed
from pyanalyzer.simulate.maker.palette import mix, shade
from pyanalyzer.simulate.maker.state import Actor, State
from pyanalyzer.simulate.maker.world import TWINS_SHARE, World

MODES = ("jump", "jump", "flap", "glide", "flip")
DEEP = 3  # layers of the background at most
DUCK = 0.55  # of the height that a figure has when it ducks


class Runner(World):
    """The player stays near one column of the picture; ``eye_x`` is how far the world has come.

    Figures have ``y`` as the height of their feet; ``z`` counts the ticks that they duck, ``jumps``
    the jumps since the ground, ``leftwards`` that gravity points up for them.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        self.mode = MODES[int(rng.integers(len(MODES)))]
        w, h = self.size_px
        top = self.hud.bar.h_px if self.hud.bar and self.hud.bar.y_px == 0 else 0
        below = self.hud.bar.h_px if self.hud.bar and self.hud.bar.y_px > 0 else 0
        self.floor = int((h - below) * rng.uniform(0.75, 0.92))
        self.ceiling = top + (int(h * rng.uniform(0.05, 0.15)) if self.mode == "flip" else 2)
        self.size = max(9, int(self.unit_px * rng.uniform(1.0, 2.4)))
        self.column = float(rng.uniform(0.15, 0.45)) * w
        self.speed = w * float(rng.uniform(0.25, 0.9))
        self.back = bool(rng.random() < 0.2)  # runs to the left: the picture is mirrored
        self.high = h * float(rng.uniform(0.2, 0.45))
        self.air_s = float(rng.uniform(0.35, 0.8))
        self.gravity = 8 * self.high / self.air_s**2
        self.leap = 4 * self.high / self.air_s
        self.many = int(rng.choice([1, 1, 2, 3]))
        self.cuts_short = bool(rng.random() < 0.5)  # a jump ends where the key is let go
        self.ducks = self.mode in ("jump", "flip") and bool(rng.random() < 0.6)
        self.shifts = bool(rng.random() < 0.4)  # forward and back within the picture
        self.boosts, self.armed = bool(rng.random() < 0.4), bool(rng.random() < 0.35)
        self.pull_per_s = float(rng.uniform(2, 9))
        self.halts = float(rng.uniform(3, 9)) if rng.random() < 0.25 else 0.0
        self.deadly = bool(rng.random() < 0.3)
        self.every = w * float(rng.uniform(0.3, 0.9))
        self.styles = draw_styles(rng, 4)
        self._draw_looks(rng)
        button = {"jump": "jump", "flip": "flip"}.get(self.mode, "flap")
        if rng.random() < 0.4:
            button = "up"
        self.button = button
        self.moves = self.moves | {"jump", "flip", "flap", "boost"}
        downs = ("up", "down") if button == "up" else ("down",)
        self.channels = (
            Channel((button,) if button != "up" or not self.ducks else downs, 3.0),
            *((Channel(("down",), 1.5),) if self.ducks and button != "up" else ()),
            *((Channel(("left", "right"), 1.5),) if self.shifts else ()),
            *((Channel(("boost",), 1.2),) if self.boosts else ()),
            *((Channel(("fire",), 1.2),) if self.armed else ()),
            *self.extra_channels(),
        )

    def _draw_looks(self, rng: np.random.Generator) -> None:
        w, h = self.size_px
        p = self.palette
        hero = sprites.figure(rng, self.size, p.player)
        foes = [sprites.figure(rng, self.size, c) for c in p.foes[:3]]
        if self.mode in ("flap", "glide") and rng.random() < 0.5:
            hero = sprites.sprite_of([sprites.ship(rng, self.size, p.player)[0]])
        if rng.random() < TWINS_SHARE:
            foes[0] = hero
        self.turned = self.mode in ("flap", "glide") and bool(rng.random() < 0.7)
        self.looks = [hero, *foes]
        self.decals = [[canvas.decal_of(f) for f in s.right] for s in self.looks]
        self.upside = [
            [canvas.Stamp(f.rgb[::-1].copy(), f.mask[::-1].copy()) for f in s.right]
            for s in self.looks
        ]
        self.ducked = [sprites.scaled(s.right[0], [int(DUCK * self.size)])[0] for s in self.looks]
        self.sky = textures.backdrop(rng, w, h, p)
        self.layers = []
        for k in range(int(rng.integers(0, DEEP + 1))):
            colour = mix(p.sky_low, p.solid, 0.25 + 0.25 * k)
            stamp = textures.parallax_layer(rng, w, int(self.floor * rng.uniform(0.3, 0.7)), colour)
            depth = float(rng.uniform(0.05, 0.25)) * (k + 1)
            mask = np.tile(stamp.mask[..., 0].astype(np.uint8) * 255, (1, 2))
            self.layers.append((np.tile(stamp.rgb, (1, 2, 1)), mask, depth))
        deep = h - self.floor
        side = int(rng.choice([16, 32, 64]))
        ground = textures.tiled(textures.texture(rng, side, p.ground, 0.5), w, deep)
        canvas.box(ground, 0, 0, w, max(2, deep // 10), shade(p.accent, 0.7))
        self.ground = np.tile(ground, (1, 2, 1))
        self.blocks = textures.tiled(textures.texture(rng, 16, p.solid, 0.6), w, h)
        self.wide = int(self.unit_px * rng.uniform(0.8, 2.2))
        self.goods = sprites.thing(rng, max(5, int(0.7 * self.unit_px)), p.accent)

    def begin(self, seed: int) -> State:
        """On the ground, somewhere along the way; the others in the picture."""
        y = float(self.floor) if self.mode in ("jump", "flip") else 0.5 * self.height_px
        state = State(seed, Actor(self.column, y, home_x=self.column))
        state.eye_x = chance.spread(0, 9999, seed, 1)
        state.player.vx = self.speed
        for k, style in enumerate(self.styles, 1):
            x = chance.spread(0.05, 0.95, seed, k, 2) * self.width_px
            npc = Actor(x, y, ident=k, look=1 + k % 3, style=style, home_x=x)
            state.npcs.append(npc)
        return state

    def respawn(self, state: State) -> None:
        """In the same column, from above."""
        p = state.player
        p.x, p.y, p.vy, p.hurt = self.column, 0.4 * self.height_px, 0.0, round(1.5 * self.hz)
        p.leftwards = False

    def act(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """The world comes on; everybody jumps."""
        p = state.player
        p.hurt, p.cool = max(0, p.hurt - 1), max(0, p.cool - 1)
        wanted = self.speed * (1.7 if "boost" in held else 1.0)
        beat = int(state.tick * self.dt / self.halts) if self.halts else 0
        if self.halts and chance.uniform(state.seed, beat, 91) < 0.25:
            wanted *= 0.4  # the world hesitates: nobody's action
        if state.frozen:
            wanted = 0.0
        p.vx += (wanted - p.vx) * (1 - math.exp(-self.pull_per_s * self.dt))
        state.eye_x += p.vx * self.dt
        p.walked_px += p.vx * self.dt
        if not state.frozen:
            pressing = self.button in held
            self._hop(p, pressing, "down" in held and self.ducks)
            p.x += pressed(held, "left", "right") * 0.4 * self.speed * self.dt
            p.x = min(max(p.x, self.size), 0.75 * self.width_px)
            if self.armed and "fire" in held and not p.cool:
                p.cool = max(2, round(0.25 * self.hz))
                self.fire(state, Actor(p.x, self._middle(p)), 1.2 * self.speed, 0.0, own=True)
        for npc in state.npcs:
            self._npc(state, npc)
        for shot in self.move_shots(state, (0, 0, self.width_px, self.height_px)):
            for npc in state.npcs:
                if not npc.cool and abs(npc.x - shot.x) < self.size / 2:
                    self._down(state, npc, shot.y)
        self._meet(state)

    def _down(self, state: State, npc: Actor, y: float) -> None:
        if abs(self._middle(npc) - y) < self.size / 2:
            npc.cool = round(1.5 * self.hz)
            state.score += 10
            self.burst(state, npc.x, self._middle(npc), 8)

    def _middle(self, a: Actor) -> float:
        if self.mode in ("flap", "glide"):
            return a.y
        return a.y + (0.5 if a.leftwards else -0.5) * self.size

    def _hop(self, a: Actor, pressing: bool, ducking: bool) -> None:
        """One tick of gravity and of what the button does; ``intent[2]`` is the button before."""
        newly = pressing and not a.intent[2]
        let_go = a.intent[2] and not pressing
        a.intent = (a.intent[0], a.intent[1], pressing)
        a.z = 1.0 if ducking and a.grounded else 0.0
        down = -1.0 if a.leftwards else 1.0
        pull = self.gravity * (2.5 if ducking and not a.grounded else 1.0)
        if self.mode == "glide":
            a.vy += (-0.8 if pressing else 0.6) * self.gravity * self.dt
            a.vy = min(max(a.vy, -0.8 * self.leap), 0.8 * self.leap)
        else:
            a.vy += pull * down * self.dt
            if newly and self.mode == "flap":
                a.vy = -0.6 * self.leap
            elif newly and self.mode == "flip" and a.grounded:
                a.leftwards, a.grounded = not a.leftwards, False
            elif newly and self.mode == "jump" and a.jumps < self.many:
                a.vy, a.jumps, a.grounded = -self.leap, a.jumps + 1, False
            elif let_go and self.cuts_short and a.vy < 0 and self.mode == "jump":
                a.vy *= 0.45
        a.y += a.vy * self.dt
        half = 0.0 if self.mode in ("jump", "flip") else 0.5 * self.size
        a.grounded = False
        if a.y >= self.floor - half:
            a.y, a.vy, a.jumps, a.grounded = self.floor - half, min(a.vy, 0.0), 0, not a.leftwards
        least = self.ceiling + (half if self.mode != "jump" else self.size)
        if a.y <= least:
            a.y, a.vy = least, max(a.vy, 0.0)
            a.grounded = a.leftwards

    def _npc(self, state: State, npc: Actor) -> None:
        if npc.cool:
            npc.cool -= 1
            return
        ix, iy, act = intend(npc, state, self.hz)
        pressing = iy < 0 or (act and npc.style == "puppet")
        if self.mode == "flap":  # beats its wings as long as it wants to be high
            pressing = (iy < 0 or npc.y > 0.6 * self.floor) and state.tick % 12 < 4
        self._hop(npc, pressing, iy > 0 and self.ducks)
        own = 0.25 * self.speed * ix
        fixed = npc.ident % 2  # half of them run along, half stand in the world
        npc.x += (own - (0.0 if fixed else 0.5 * state.player.vx)) * self.dt
        npc.walked_px += (state.player.vx * fixed + abs(own)) * self.dt
        if npc.x < -self.size:
            npc.x = self.width_px + self.size
        npc.x = min(npc.x, self.width_px + self.size)

    def _things(self, state: State) -> list[tuple[int, float, int]]:
        """Number, place in the picture and kind of what stands on the way."""
        first = int((state.eye_x - self.every) // self.every)
        count = int(self.width_px / self.every) + 3
        places = []
        for k in range(first, first + count):
            x = (k + 0.5 * chance.uniform(k, 92)) * self.every - state.eye_x
            places.append((k, x, chance.hashed(k, 93) % 4))
        return places

    def _meet(self, state: State) -> None:
        p = state.player
        for k, x, kind in self._things(state):
            if abs(x + self.wide / 2 - p.x) > (self.wide + self.size) / 2 or k in state.taken:
                continue
            if kind == 0:
                state.taken.add(k)
                state.taken = set(sorted(state.taken)[-40:])
                state.score += 10
                self.burst(state, p.x, self._middle(p), 4)
            elif self.deadly and not p.hurt and not state.frozen and kind < 3:
                low = self._middle(p) + 0.4 * self.size > self.floor - self._tall(k)
                if low and kind == 1:
                    self.die(state)

    def _tall(self, k: int) -> float:
        return self.height_px * chance.spread(0.08, 0.25, k, 94)

    def paint(self, state: State) -> U8:
        """Sky, layers, ground, obstacles, figures; mirrored where it runs to the left."""
        w = self.width_px
        picture: U8 = self.sky.copy()
        for rgb, mask, depth in self.layers:
            x = int(state.eye_x * depth) % w
            high = rgb.shape[0]
            part = picture[self.floor - high : self.floor]
            seen = np.ascontiguousarray(rgb[:, x : x + w]), np.ascontiguousarray(mask[:, x : x + w])
            canvas.cover(part, *seen)
        x = int(state.eye_x) % w
        picture[self.floor :] = self.ground[:, x : x + w]
        if self.mode == "flip":
            deep = min(self.ceiling, self.ground.shape[0])
            picture[:deep] = self.ground[:deep, x : x + w][::-1]
        for k, place, kind in self._things(state):
            self._paint_thing(picture, state, k, place, kind)
        for npc in state.npcs:
            if not npc.cool:
                self._paint_figure(picture, npc)
        if not state.frozen and state.player.hurt % 6 < 3:
            self._paint_figure(picture, state.player)
        for shot in state.shots:
            canvas.box(picture, shot.x, shot.y - 1, self.size / 2, 3, self.palette.accent)
        self.paint_sparks(picture, state, 0, 0)
        if state.shake_px >= 1:
            picture = np.roll(picture, state.tick % 3 - 1, axis=0)
        return np.ascontiguousarray(picture[:, ::-1]) if self.back else picture

    def _paint_thing(self, picture: U8, state: State, k: int, x: float, kind: int) -> None:
        left, wide = int(x), self.wide
        x0, x1 = max(0, left), min(self.width_px, left + wide)
        if x1 <= x0:
            return
        tall = int(self._tall(k))
        if kind == 0:
            if k not in state.taken:
                frame = self.goods.frame(int(state.tick * self.dt * 8))
                canvas.blit(picture, frame, x, self.floor - 2 * self.size - tall / 2)
            return
        block = self.blocks[:, x0 - left : x1 - left]
        picture[self.floor - tall : self.floor, x0:x1] = block[:tall]
        if kind == 3 or self.mode in ("flap", "glide"):  # and one from above
            picture[self.ceiling : self.ceiling + tall, x0:x1] = block[:tall]

    def _paint_figure(self, picture: U8, a: Actor) -> None:
        size = self.size
        frame = int(a.walked_px / (0.6 * size)) if a.grounded or self.mode == "flap" else 1
        if self.turned:
            angle = math.atan2(0.5 * a.vy, self.speed)
            decals = self.decals[a.look]
            canvas.spin(picture, decals[frame % len(decals)], a.x, a.y, angle)
            return
        stamp = self.looks[a.look].frame(frame)
        if a.leftwards:
            stamp = self.upside[a.look][frame % len(self.upside[a.look])]
        if a.z:
            stamp = self.ducked[a.look]
        high, wide = stamp.mask.shape[:2]
        above = high / 2 if self.mode in ("flap", "glide") else (0 if a.leftwards else high)
        canvas.blit(picture, stamp, a.x - wide / 2, a.y - above)
