"""A ship that shoots: over scrolling ground, below a formation, or turning among rocks."""

from __future__ import annotations

import math

import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.simulate.engine import Channel
from pyanalyzer.simulate.maker import canvas, chance, sprites, textures
from pyanalyzer.simulate.maker.behaviour import draw_styles, intend
from pyanalyzer.simulate.maker.motion import Drive, draw_drive, near, pressed
from pyanalyzer.simulate.maker.palette import shade
from pyanalyzer.simulate.maker.state import Actor, State
from pyanalyzer.simulate.maker.world import TWINS_SHARE, World

MODES = ("up", "right", "fixed", "rotor")
GONE_S = 0.7  # a foe that was shot comes back somewhere else after this
UPWARDS = -math.pi / 2


class Shooter(World):
    """Scrolls ``up`` or to the ``right`` by itself, stands (``fixed``), or flies freely with thrust
    and inertia over a picture whose edges meet (``rotor``)."""

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        self.mode = MODES[int(rng.integers(len(MODES)))]
        size = max(9, int(self.unit_px * rng.uniform(0.8, 1.8)))
        self.r = size * 0.45
        self.ship = sprites.ship(rng, size, self.palette.player)
        twins = rng.random() < TWINS_SHARE  # foes that look like the player
        self.foes = [self.ship] if twins else []
        self.foes += [sprites.ship(rng, size, c) for c in self.palette.foes[:2]]
        self.drive: Drive = draw_drive(rng, self.unit_px * 8)
        self.npc_drive = Drive(self.drive.speed_px_s * float(rng.uniform(0.4, 1.0)), 8.0)
        self.styles = draw_styles(rng, 8)
        self.shot_px_s = self.unit_px * float(rng.uniform(10, 25))
        self.reload_s = float(rng.uniform(0.08, 0.35))
        self.rapid = bool(rng.random() < 0.6)  # held fire goes on
        self.foes_fire = bool(rng.random() < 0.6)
        self.deadly = bool(rng.random() < 0.6)
        self.bombs = bool(rng.random() < 0.25)
        self.turn_rad_s = float(rng.uniform(2, 5))
        self.scroll_px_s = float(rng.uniform(0.5, 6)) * self.unit_px
        self.uneven = bool(rng.random() < 0.35)
        self._draw_space(rng)
        directions = {
            "fixed": (Channel(("left", "right"), 3.0),),
            "rotor": (Channel(("left", "right"), 3.0), Channel(("up",), 2.0)),
        }.get(self.mode, (Channel(("left", "right"), 2.5), Channel(("up", "down"), 2.5)))
        self.channels = (
            *directions,
            Channel(("fire",), 2.0),
            *((Channel(("bomb",), 0.4),) if self.bombs else ()),
            *self.extra_channels(),
        )

    def _draw_space(self, rng: np.random.Generator) -> None:
        """Two layers that repeat: ground or dark, and stars before it."""
        w, h = self.size_px
        if rng.random() < 0.5:
            ground = textures.texture(rng, 128, self.palette.ground, 0.35)
            self.back = textures.tiled(ground, 2 * w, 2 * h)
        else:
            dark = shade(self.palette.ground, 0.4)
            self.back = np.tile(canvas.blank(w, h, dark), (2, 2, 1))
        self.stars = [
            (float(x), float(y), int(k))
            for x, y, k in zip(
                rng.uniform(0, w, 60), rng.uniform(0, h, 60), rng.integers(1, 4, 60), strict=True
            )
        ]

    def begin(self, seed: int) -> State:
        """The ship low in the picture or at its left; foes anywhere else."""
        w, h = self.size_px
        x, y = {"right": (0.2 * w, 0.5 * h), "rotor": (0.5 * w, 0.5 * h)}.get(
            self.mode, (0.5 * w, 0.82 * h)
        )
        heading = 0.0 if self.mode == "right" else UPWARDS
        state = State(seed, Actor(x, y, home_x=x, home_y=y, heading_rad=heading))
        for k, style in enumerate(self.styles, 1):
            npc = Actor(0, 0, ident=k, look=k % len(self.foes), style=style)
            self._place(state, npc)
            state.npcs.append(npc)
        return state

    def _place(self, state: State, npc: Actor) -> None:
        """Somewhere that the tick decides, not what happened before."""
        w, h = self.size_px
        key = (state.seed, npc.ident, state.tick)
        npc.x = chance.spread(0.5 if self.mode == "right" else 0.05, 0.95, *key, 1) * w
        npc.y = chance.spread(0.05, 0.95 if self.mode in ("right", "rotor") else 0.5, *key, 2) * h
        npc.home_x, npc.home_y, npc.vx, npc.vy = npc.x, npc.y, 0.0, 0.0
        npc.heading_rad = math.pi if self.mode == "right" else -UPWARDS

    def respawn(self, state: State) -> None:
        """Where the ship began, foes' shots gone."""
        p = state.player
        p.x, p.y, p.vx, p.vy = p.home_x, p.home_y, 0.0, 0.0
        state.shots = [shot for shot in state.shots if shot.own]
        p.hurt = round(self.hz)

    def act(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """Fly and shoot; foes, too."""
        player = state.player
        player.cool, player.hurt = max(0, player.cool - 1), max(0, player.hurt - 1)
        if not state.frozen:
            self._fly(player, held)
            self._hands(state, held)
        for npc in state.npcs:
            self._npc(state, npc)
        self._hits(state)
        state.eye_x += self.scroll_px_s * self._pace(state) * self.dt  # how far the ground has come

    def _pace(self, state: State) -> float:
        """How fast the ground scrolls now: in some games it halts and hurries by the clock."""
        if not self.uneven:
            return 1.0
        number = state.tick // round(1.7 * self.hz)
        return chance.pick((0.0, 1.0, 1.0, 2.5), state.seed, number, 61)

    def _fly(self, player: Actor, held: frozenset[str]) -> None:
        ix, iy = pressed(held, "left", "right"), pressed(held, "up", "down")
        if self.mode == "rotor":
            player.heading_rad += ix * self.turn_rad_s * self.dt
            if iy < 0:
                thrust = 1.5 * self.drive.speed_px_s * self.dt
                player.vx += thrust * math.cos(player.heading_rad)
                player.vy += thrust * math.sin(player.heading_rad)
            drag = 1 - 0.8 * self.dt
            player.vx, player.vy = player.vx * drag, player.vy * drag
            player.x = (player.x + player.vx * self.dt) % self.width_px
            player.y = (player.y + player.vy * self.dt) % self.height_px
            return
        self.drive.steer(player, ix, 0 if self.mode == "fixed" else iy, self.dt)
        self._move_within(player)

    def _move_within(self, actor: Actor) -> None:
        w, h, r = self.width_px, self.height_px, self.r
        actor.x = min(max(actor.x + actor.vx * self.dt, r), w - r)
        actor.y = min(max(actor.y + actor.vy * self.dt, r + 0.06 * h), 0.94 * h - r)

    def _hands(self, state: State, held: frozenset[str]) -> None:
        player = state.player
        trigger = "fire" in held
        newly = trigger and not player.intent[2]
        player.intent = (0, 0, trigger)
        if trigger and not player.cool and (newly or self.rapid):
            c, s = math.cos(player.heading_rad), math.sin(player.heading_rad)
            ways = (0.0,) if state.weapon % 2 == 0 else (-0.2, 0.0, 0.2)
            for way in ways:
                vx, vy = c - way * s, s + way * c
                self.fire(state, player, vx * self.shot_px_s, vy * self.shot_px_s, own=True)
            player.cool = max(1, round(self.reload_s * self.hz))
        if "bomb" in held and not state.flash and player.health > 0:
            player.health -= 1  # three to a life
            state.flash = max(2, round(0.15 * self.hz))
            self.shake(state, 6)
            for npc in state.npcs:
                self._destroy(state, npc)

    def _destroy(self, state: State, npc: Actor) -> None:
        if not npc.cool:
            npc.cool = round(GONE_S * self.hz)
            state.score += 50
            self.burst(state, npc.x, npc.y, 9)

    def _npc(self, state: State, npc: Actor) -> None:
        if npc.cool:
            npc.cool -= 1
            if not npc.cool:
                self._place(state, npc)
            return
        ix, iy, act = intend(npc, state, self.hz)
        if self.mode == "fixed" and npc.style != "puppet":  # the formation's step, common to all
            beat = int(state.tick / self.hz * 1.5)
            ix, iy = (1 if beat % 8 < 4 else -1), 0
        self.npc_drive.steer(npc, ix, iy, self.dt)
        self._move_within(npc)
        if self.mode == "rotor" and (ix or iy):
            npc.heading_rad = math.atan2(iy, ix)
        if act and self.foes_fire and state.tick == npc.until - 2:
            c, s = math.cos(npc.heading_rad), math.sin(npc.heading_rad)
            self.fire(state, npc, c * self.shot_px_s * 0.5, s * self.shot_px_s * 0.5, own=False)

    def _hits(self, state: State) -> None:
        w, h = self.size_px
        for shot in self.move_shots(state, (0, 0, w, h)):
            if shot.own:
                for npc in state.npcs:
                    if not npc.cool and near(npc, shot, self.r + 2, self.r + 2):
                        self._destroy(state, npc)
                        shot.left = 0
            elif self._vulnerable(state) and near(state.player, shot, self.r, self.r):
                self.die(state)
        for npc in state.npcs:
            if not npc.cool and self._vulnerable(state) and near(npc, state.player, self.r, self.r):
                self._destroy(state, npc)
                self.die(state)

    def _vulnerable(self, state: State) -> bool:
        return self.deadly and not state.frozen and not state.player.hurt

    def paint(self, state: State) -> U8:
        """Ground, stars, ships, shots."""
        w, h = self.size_px
        way = state.eye_x
        dx, dy = {"up": (0.0, -way), "right": (way, 0.0)}.get(self.mode, (0.0, 0.0))
        x0, y0 = int(dx) % w, int(dy) % h
        if state.shake_px >= 1:
            x0 = (x0 + int(chance.spread(-1, 1, state.seed, state.tick, 3) * state.shake_px)) % w
        picture: U8 = self.back[y0 : y0 + h, x0 : x0 + w].copy()
        for x, y, depth in self.stars:
            px, py = (x - dx * depth * 0.7) % w, (y - dy * depth * 0.7) % h
            canvas.box(picture, px, py, depth, depth, (200, 200, 210))
        for npc in state.npcs:
            if not npc.cool:
                self._paint_ship(picture, self.foes[npc.look], npc)
        for shot in state.shots:
            colour = self.palette.accent if shot.own else (255, 90, 60)
            long = 2.5 * self.r / math.hypot(shot.vx, shot.vy)
            end = shot.x - shot.vx * long, shot.y - shot.vy * long
            canvas.line(picture, shot.x, shot.y, *end, colour, max(1, round(self.r / 4)))
        if not state.frozen and state.player.hurt % 6 < 3:
            self._paint_flame(picture, state)
            self._paint_ship(picture, self.ship, state.player)
        self.paint_sparks(picture, state, 0, 0)
        return picture

    def _paint_flame(self, picture: U8, state: State) -> None:
        """Behind a ship with thrust, as long as it is held."""
        player = state.player
        if self.mode == "rotor" and "up" in state.before:
            back, long = player.heading_rad + math.pi, 1.3 + 0.4 * (state.tick % 3)
            x, y = (player.x + self.r * math.cos(back), player.y + self.r * math.sin(back))
            end = (
                player.x + long * self.r * math.cos(back),
                player.y + long * self.r * math.sin(back),
            )
            canvas.line(picture, x, y, *end, (255, 170, 40), max(1, round(self.r / 2)))

    def _paint_ship(self, picture: U8, ship: tuple[canvas.Stamp, ...], actor: Actor) -> None:
        turn = round(actor.heading_rad / (2 * math.pi) * sprites.HEADINGS) % sprites.HEADINGS
        half = ship[turn].mask.shape[0] / 2
        canvas.blit(picture, ship[turn], actor.x - half, actor.y - half)
