"""From cell to cell: figures that step over a map of tiles, one cell at a time, and push crates."""

from __future__ import annotations

import math

import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.simulate.engine import Channel
from pyanalyzer.simulate.maker import canvas, chance, sprites, textures
from pyanalyzer.simulate.maker.behaviour import draw_styles, intend
from pyanalyzer.simulate.maker.camera import Camera, draw_camera
from pyanalyzer.simulate.maker.families.maze import MAPS
from pyanalyzer.simulate.maker.motion import free_places, grid_of, pressed
from pyanalyzer.simulate.maker.palette import mix, shade
from pyanalyzer.simulate.maker.state import Actor, State
from pyanalyzer.simulate.maker.tiles import TileWorld
from pyanalyzer.simulate.maker.world import TWINS_SHARE

SWING_S = 0.18
BUMP = 0.22  # of a cell: how far a figure leans against a wall
CRATES, GOODS = 0, 1  # what the lists of ``state.cells`` hold
GAITS = ("glide", "jump", "hop")


class Stepper(TileWorld):
    """Sokoban, roguelikes, the overworlds of old role-playing games.

    An actor's ``home`` is the middle of its cell; while ``cool`` ticks of a step are left it is
    seen on its way there from the cell at ``-(vx, vy)``. ``grounded`` marks a step that only
    leans against something, ``jumps`` one that pushes a crate.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        self.mode = GAITS[int(rng.integers(len(GAITS)))]
        self.tile = max(8, int(self.unit_px * rng.uniform(0.9, 2.2)))
        fits = rng.random() < 0.45
        rows, columns = (
            int(side / self.tile * (1.0 if fits else rng.uniform(1.2, 3)))
            for side in (self.height_px, self.width_px)
        )
        rows, columns = max(7, rows - (1 - rows % 2)), max(9, columns - (1 - columns % 2))
        makers = (MAPS[2], MAPS[2], MAPS[1], MAPS[0])
        solid = makers[int(rng.integers(len(makers)))](rng, rows, columns)
        self.grid = grid_of(solid, self.tile)
        self.places = free_places(self.grid)
        self.camera: Camera = draw_camera(rng, self.size_px, self.grid.size_px)
        self.step_ticks = max(1, round(self.hz * float(rng.uniform(0.06, 0.3))))
        self.repeats = bool(rng.random() < 0.75)  # a held key steps on and on
        self.first_s = float(rng.choice([0.0, 0.0, 0.25, 0.4]))
        self.turns_first = bool(rng.random() < 0.2)  # the first press only turns the figure
        self.by_turns = bool(rng.random() < 0.3)  # most NPCs step when the player does
        self.leans = bool(rng.random() < 0.8)
        self.eases = bool(rng.random() < 0.4)
        self.swings = bool(rng.random() < 0.6)
        self.crates = float(rng.uniform(0.02, 0.1)) if rng.random() < 0.6 else 0.0
        self.styles = draw_styles(rng, 6)
        self._draw_looks(rng, rows, columns)
        self.channels = (
            Channel(("left", "right"), 2.5),
            Channel(("up", "down"), 2.5),
            *((Channel(("fire",), 1.0),) if self.swings else ()),
            *((Channel(("jump",), 0.6),) if rng.random() < 0.3 else ()),
            *self.extra_channels(),
        )

    def _draw_looks(self, rng: np.random.Generator, rows: int, columns: int) -> None:
        t, p = self.tile, self.palette
        width, height = self.grid.size_px
        ground = textures.texture(rng, t * int(rng.choice([1, 2])), p.ground, rng.uniform(0, 0.4))
        picture = textures.tiled(ground, max(width, self.width_px), max(height, self.height_px))
        if rng.random() < 0.5:  # the cells are seen
            picture[::t], picture[:, ::t] = shade(p.ground, 0.8), shade(p.ground, 0.8)
        wall = textures.texture(rng, t, p.solid, 0.6)
        for row in range(rows):
            for column in range(columns):
                if self.grid.solid(column, row):
                    y, x = row * t, column * t
                    picture[y : y + t, x : x + t] = wall
                    canvas.box(picture, x, y, t, max(1, t // 6), shade(p.solid, 1.5))
        self.scene = picture
        size = max(7, int(t * rng.uniform(0.75, 1.0)))
        self.hero = sprites.figure(rng, size, p.player)
        self.foes = [sprites.figure(rng, size, c) for c in p.foes[:3]]
        if rng.random() < TWINS_SHARE:
            self.foes[0] = self.hero
        self.crate = textures.texture(rng, t, mix(p.solid_2, p.accent, 0.3), 0.6, "planks")
        canvas.box(self.crate, 0, 0, t, 2, shade(p.accent, 0.7))
        canvas.box(self.crate, 0, t - 2, t, 2, shade(p.accent, 0.4))
        self.good = sprites.thing(rng, max(5, int(0.6 * t)), p.accent)

    def begin(self, seed: int) -> State:
        """Everybody in a cell of their own, crates and goods in others."""
        order = sorted(range(len(self.places)), key=lambda k: chance.hashed(seed, k, 71))
        start = self.places[order[0]]
        others = [self.places[k] for k in order[1:]]
        state = self.settle(seed, start, others, ())
        for k, style in enumerate(self.styles[: len(others) // 3], 1):
            x, y = others.pop(0)
            npc = Actor(x, y, ident=k, look=k % len(self.foes), style=style, home_x=x, home_y=y)
            state.npcs.append(npc)
        count = round(self.crates * len(self.places))
        spots = [self._cell(x, y) for x, y in others]
        state.cells = [spots[:count], spots[count : count + len(spots) // 20 + 1]]
        state.cells[CRATES] = [c for c in state.cells[CRATES] if self._roomy(c)]
        return state

    def _roomy(self, cell: int) -> bool:
        """Whether a crate there could be pushed and shuts no corridor."""
        columns = len(self.grid.rows[0])
        row, column = divmod(cell, columns)
        return not any(
            self.grid.solid(column + dx, row + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)
        )

    def _cell(self, x: float, y: float) -> int:
        return int(y / self.tile) * len(self.grid.rows[0]) + int(x / self.tile)

    def act(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """The player's step, then the others'."""
        p = state.player
        p.hurt = max(0, p.hurt - 1)
        stepped = False
        if not state.frozen:
            stepped = self._hands(state, held)
        for npc in state.npcs:
            self._npc(state, npc, stepped)
        for actor in (p, *state.npcs):
            self._advance(actor)
        self._collect(state)
        self.camera.aim(state, self.dt)

    def _hands(self, state: State, held: frozenset[str]) -> bool:
        """Whether the player stepped. A key that is held steps again when its wait is over."""
        p = state.player
        ix, iy = pressed(held, "left", "right"), pressed(held, "up", "down")
        way = (ix, 0) if ix else (0, iy)
        acting = "fire" in held
        if acting and not p.intent[2] and self.swings:
            p.hurt = max(2, round(SWING_S * self.hz))
            self._strike(state)
        newly = way != p.intent[:2]
        if p.cool or (not newly and not (self.repeats and state.tick >= p.until)):
            p.intent = (*p.intent[:2], acting) if p.cool else (*way, acting)
            return False
        p.intent = (*way, acting)
        if way == (0, 0):
            return False
        facing = math.atan2(way[1], way[0])
        turned = facing != p.heading_rad
        p.heading_rad, p.leftwards = facing, way[0] < 0 or (p.leftwards and not way[0])
        p.until = state.tick + self.step_ticks + round(self.first_s * self.hz * newly)
        if self.turns_first and turned:
            return False
        far = 2 if "jump" in held and self._free(state, p, 2 * way[0], 2 * way[1]) else 1
        return self._step(state, p, way[0] * far, way[1] * far)

    def _strike(self, state: State) -> None:
        """Whatever stands in front is gone: a foe for a while, a good for ever."""
        p = state.player
        x = p.home_x + self.tile * round(math.cos(p.heading_rad))
        y = p.home_y + self.tile * round(math.sin(p.heading_rad))
        for npc in state.npcs:
            if not npc.hurt and abs(npc.home_x - x) + abs(npc.home_y - y) < 2:
                npc.hurt = round(0.6 * self.hz)
                state.score += 5
                self.burst(state, x, y, 6)

    def _free(self, state: State, actor: Actor, dx: int, dy: int) -> bool:
        x, y = actor.home_x + dx * self.tile, actor.home_y + dy * self.tile
        if self.grid.solid(int(x // self.tile), int(y // self.tile)):
            return False
        others = (state.player, *state.npcs)
        taken = any(o is not actor and (o.home_x, o.home_y) == (x, y) for o in others)
        return not taken and self._cell(x, y) not in state.cells[CRATES]

    def _step(self, state: State, actor: Actor, dx: int, dy: int) -> bool:
        """Step, push, or lean against what is in the way. Whether the actor left its cell."""
        x, y = actor.home_x + dx * self.tile, actor.home_y + dy * self.tile
        crates = state.cells[CRATES]
        actor.jumps = 0
        actor.vx, actor.vy = float(dx), float(dy)
        cell = self._cell(x, y)
        if cell in crates:
            beyond = Actor(x, y, home_x=x, home_y=y)
            if self._free(state, beyond, dx, dy):
                crates[crates.index(cell)] = self._cell(x + dx * self.tile, y + dy * self.tile)
                actor.jumps = 1
        actor.grounded = not self._free(state, actor, dx, dy)
        if actor.grounded:
            actor.cool = self.step_ticks if self.leans else 0
            return False
        actor.cool = self.step_ticks
        actor.home_x, actor.home_y = x, y
        actor.walked_px += self.tile
        return True

    def _npc(self, state: State, npc: Actor, stepped: bool) -> None:
        npc.hurt = max(0, npc.hurt - 1)
        ix, iy, _ = intend(npc, state, self.hz)
        if npc.cool or npc.hurt or (self.by_turns and npc.ident > 1 and not stepped):
            return
        if (ix or iy) and state.tick >= npc.jumps:
            dx, dy = (ix, 0) if ix else (0, iy)
            npc.leftwards = dx < 0 or (npc.leftwards and not dx)
            self._step(state, npc, dx, dy)
            npc.jumps = 0

    def _advance(self, actor: Actor) -> None:
        """Where an actor is seen in this tick."""
        actor.cool = max(0, actor.cool - 1)
        left = actor.cool / self.step_ticks
        if self.eases:
            left = left * left * (3 - 2 * left)
        if actor.grounded:
            out = BUMP * math.sin(math.pi * left)
            actor.x = actor.home_x + out * actor.vx * self.tile
            actor.y = actor.home_y + out * actor.vy * self.tile
            return
        behind = 0.0 if self.mode == "jump" else left
        actor.x = actor.home_x - behind * actor.vx * self.tile
        actor.y = actor.home_y - behind * actor.vy * self.tile
        actor.z = math.sin(math.pi * left) * 0.4 * self.tile if self.mode == "hop" else 0.0

    def _collect(self, state: State) -> None:
        p = state.player
        cell = self._cell(p.home_x, p.home_y)
        if cell in state.cells[GOODS]:
            state.cells[GOODS].remove(cell)
            state.score += 10
            self.burst(state, p.home_x, p.home_y, 6)

    def respawn(self, state: State) -> None:
        """Nobody dies here."""

    def paint(self, state: State) -> U8:
        """The map, goods, crates, figures."""
        x0, y0 = self.camera.corner(state, self.hz)
        picture: U8 = self.scene[y0 : y0 + self.height_px, x0 : x0 + self.width_px].copy()
        t, columns = self.tile, len(self.grid.rows[0])
        spin = int(state.tick / self.hz * 6)
        for cell in state.cells[GOODS]:
            row, column = divmod(cell, columns)
            canvas.blit(picture, self.good.frame(spin), column * t - x0 + 0.2 * t, row * t - y0 + 3)
        for cell in state.cells[CRATES]:
            row, column = divmod(cell, columns)
            self._paint_crate(picture, state, column * t - x0, row * t - y0)
        for npc in state.npcs:
            if npc.hurt % 4 < 2:
                self._paint_actor(picture, self.foes[npc.look], npc, x0, y0)
        p = state.player
        if not state.frozen:
            self._paint_actor(picture, self.hero, p, x0, y0)
        if p.hurt:
            x = p.x - x0 + t * math.cos(p.heading_rad)
            y = p.y - y0 + t * math.sin(p.heading_rad)
            canvas.disc(picture, x, y, 0.45 * t, self.palette.accent, max(1, t // 6))
        self.paint_sparks(picture, state, x0, y0)
        return self.camera.bend(picture, state, self.hz)

    def _paint_crate(self, picture: U8, state: State, x: float, y: float) -> None:
        """One that is being pushed goes with whoever pushes it."""
        p, t = state.player, self.tile
        if p.cool and p.jumps and self.mode != "jump":
            ahead = p.home_x + p.vx * t, p.home_y + p.vy * t
            x0, y0 = self.camera.corner(state, self.hz)
            if abs(ahead[0] - x0 - x - t / 2) + abs(ahead[1] - y0 - y - t / 2) < t / 2:
                x, y = x + p.x - p.home_x, y + p.y - p.home_y
        whole = canvas.Stamp(self.crate, np.ones((t, t, 1), bool))
        canvas.blit(picture, whole, x, y)

    def _paint_actor(
        self, picture: U8, sprite: sprites.Sprite, actor: Actor, x0: int, y0: int
    ) -> None:
        raised = Actor(actor.x, actor.y - actor.z, leftwards=actor.leftwards)
        stride = actor.cool / self.step_ticks if self.mode != "jump" else 0.0
        raised.walked_px = stride * 2 * self.tile
        self.paint_figure(picture, sprite, raised, x0, y0)
