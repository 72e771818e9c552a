"""Snakes and light cycles: they go on by themselves, cell after cell; the player turns one."""

from __future__ import annotations

import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.simulate.engine import Channel
from pyanalyzer.simulate.maker import canvas, chance, textures
from pyanalyzer.simulate.maker.behaviour import intend
from pyanalyzer.simulate.maker.motion import pressed
from pyanalyzer.simulate.maker.palette import shade
from pyanalyzer.simulate.maker.state import Actor, State
from pyanalyzer.simulate.maker.world import DIRECTIONS, TWINS_SHARE, World

FOOD = 0  # ``state.cells[0]`` is where food lies; ``[1 + ident]`` the body of a snake, head last
WAYS = ((1, 0), (0, 1), (-1, 0), (0, -1))


class Snake(World):
    """``look`` is the way that a snake goes, ``cool`` the ticks until its next step,
    ``vx``, ``vy`` its last step."""

    moves = DIRECTIONS | {"turbo"}

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        self.mode = "snake"
        top = self.hud.bar.h_px if self.hud.bar and self.hud.bar.y_px == 0 else 0
        high = self.height_px - (self.hud.bar.h_px if self.hud.bar else 0)
        self.cell = max(5, int(self.unit_px * rng.uniform(0.5, 1.3)))
        self.rows, self.columns = high // self.cell, self.width_px // self.cell
        self.top_px = top + (high - self.rows * self.cell) // 2
        self.left_px = (self.width_px - self.columns * self.cell) // 2
        self.step_ticks = max(2, round(self.hz * float(rng.uniform(0.05, 0.25))))
        self.relative = bool(rng.random() < 0.3)  # two keys that turn left and right
        self.at_once = bool(rng.random() < 0.4)  # a turn does not wait for the next step
        self.long = int(rng.integers(3, 14))
        self.most = self.long + int(rng.integers(0, 40))
        self.deadly = bool(rng.random() < 0.35)
        self.smooth = bool(rng.random() < 0.5)
        self.food = int(rng.integers(1, 12))
        self.rivals = int(rng.integers(1, 5))
        turbo = bool(rng.random() < 0.5)
        w, h = self.size_px
        p = self.palette
        side = self.cell * int(rng.choice([1, 2, 4]))
        self.scene = textures.tiled(
            textures.texture(rng, side, p.ground, rng.uniform(0, 0.4)), w, h
        )
        own = rng.random() < TWINS_SHARE
        self.colours = [p.player, *((p.player,) if own else ()), *p.foes]
        self.rounded, self.striped = bool(rng.random() < 0.5), bool(rng.random() < 0.5)
        self.share = float(rng.uniform(0.7, 1.0))  # of a cell that a body fills
        across = Channel(("left", "right"), 2.5)
        ways = (across,) if self.relative else (across, Channel(("up", "down"), 2.5))
        turbos = (Channel(("turbo",), 1.0),) if turbo else ()
        self.channels = (*ways, *turbos, *self.extra_channels())

    def begin(self, seed: int) -> State:
        """Snakes in rows of their own."""
        player = Actor(0, 0)
        state = State(seed, player)
        state.cells = [[]]
        for k in range(self.rivals + 1):
            snake = player if k == 0 else Actor(0, 0, ident=k, style="puppet")
            snake.cool = 1 + chance.hashed(seed, k, 5) % self.step_ticks
            state.cells.append([])
            self._lay(state, snake)
            if k:
                state.npcs.append(snake)
        for k in range(self.food):
            self._feed(state, k)
        return state

    def _lay(self, state: State, snake: Actor) -> None:
        """A new body, straight, somewhere."""
        key = (state.seed, snake.ident, state.tick)
        row = chance.hashed(*key, 1) % self.rows
        column = chance.hashed(*key, 2) % self.columns
        way = chance.hashed(*key, 3) % 4
        dx, dy = WAYS[way]
        cells = [
            (row + dy * k) % self.rows * self.columns + (column + dx * k) % self.columns
            for k in range(self.long)
        ]
        snake.look, snake.jumps = way, self.long
        state.cells[1 + snake.ident] = cells
        snake.y, snake.x = divmod(cells[-1], self.columns)

    def _feed(self, state: State, number: int) -> None:
        key = (state.seed, state.tick, number)
        state.cells[FOOD].append(chance.hashed(*key, 6) % (self.rows * self.columns))

    def respawn(self, state: State) -> None:
        """A new body."""
        self._lay(state, state.player)

    def act(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """Turn, then everybody goes on."""
        p = state.player
        ix, iy = pressed(held, "left", "right"), pressed(held, "up", "down")
        if self.relative:
            way = (p.look + ix) % 4 if ix and ix != p.intent[0] else p.look
        elif ix and (ix != p.intent[0] or not iy):
            way = 0 if ix > 0 else 2
        elif iy:
            way = 1 if iy > 0 else 3
        else:
            way = p.look
        p.intent = (ix, iy, False)
        if not state.frozen:
            self._turn(p, way)
            self._go(state, p, 3 if "turbo" in held else 1)
        for npc in state.npcs:
            self._rival(state, npc)

    def _turn(self, snake: Actor, way: int) -> None:
        """Not back into its own neck. ``hurt`` forbids a second turn before the next step."""
        if way == snake.look or way == (snake.look + 2) % 4 or snake.hurt:
            return
        snake.look, snake.hurt = way, 1
        if self.at_once:
            snake.cool = 1

    def _go(self, state: State, snake: Actor, pace: int) -> None:
        snake.cool -= pace
        if snake.cool > 0:
            return
        snake.cool, snake.hurt = self.step_ticks, 0
        dx, dy = WAYS[snake.look]
        body = state.cells[1 + snake.ident]
        row, column = divmod(body[-1], self.columns)
        row, column = (row + dy) % self.rows, (column + dx) % self.columns
        head = row * self.columns + column
        hit = any(head in other for other in state.cells[1:])
        if hit and self.deadly:
            if snake is state.player:
                self.burst(state, *self._spot(head), 10)
                self.die(state)
            else:
                self._lay(state, snake)
            return
        body.append(head)
        snake.x, snake.y, snake.vx, snake.vy = column, row, float(dx), float(dy)
        if head in state.cells[FOOD]:
            state.cells[FOOD].remove(head)
            self._feed(state, snake.ident)
            snake.jumps = min(self.most, snake.jumps + 3)
            if snake is state.player:
                state.score += 10
        del body[: max(0, len(body) - snake.jumps)]

    def _rival(self, state: State, npc: Actor) -> None:
        ix, iy, act = intend(npc, state, self.hz)
        way = (0 if ix > 0 else 2) if ix else (1 if iy > 0 else 3) if iy else npc.look
        self._turn(npc, way)
        self._go(state, npc, 3 if act and "turbo" in self._keys() else 1)

    def _keys(self) -> frozenset[str]:
        return frozenset(option for channel in self.channels for option in channel.options)

    def _spot(self, cell: int) -> tuple[float, float]:
        row, column = divmod(cell, self.columns)
        t = self.cell
        return self.left_px + (column + 0.5) * t, self.top_px + (row + 0.5) * t

    def paint(self, state: State) -> U8:
        """Food and bodies."""
        picture: U8 = self.scene.copy()
        t = self.cell
        for cell in state.cells[FOOD]:
            canvas.disc(picture, *self._spot(cell), 0.35 * t, self.palette.accent)
        for snake in (*state.npcs, state.player):
            if snake is state.player and state.frozen:
                continue
            self._paint_body(picture, state, snake)
        self.paint_sparks(picture, state, 0, 0)
        return picture

    def _paint_body(self, picture: U8, state: State, snake: Actor) -> None:
        colour = self.colours[snake.ident % len(self.colours)]
        body = state.cells[1 + snake.ident]
        half = 0.5 * self.share * self.cell
        late = snake.cool / self.step_ticks if self.smooth else 0.0
        for k, cell in enumerate(body):
            x, y = self._spot(cell)
            if k == len(body) - 1:  # the head comes in by and by
                x -= late * snake.vx * self.cell
                y -= late * snake.vy * self.cell
            tint = shade(colour, 0.75) if self.striped and k % 2 else colour
            if self.rounded:
                canvas.disc(picture, x, y, half, tint)
            else:
                canvas.box(picture, max(0, x - half), max(0, y - half), 2 * half, 2 * half, tint)
            if k == len(body) - 1:
                canvas.disc(picture, x, y, max(1, half / 2), (250, 250, 250))
