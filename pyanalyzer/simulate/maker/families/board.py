"""Boards and menus: a cursor that jumps from field to field, and acts on what lies there."""

from __future__ import annotations

import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.simulate.engine import Channel
from pyanalyzer.simulate.maker import canvas, chance, sprites, textures
from pyanalyzer.simulate.maker.behaviour import draw_styles, intend
from pyanalyzer.simulate.maker.motion import pressed
from pyanalyzer.simulate.maker.palette import mix, shade
from pyanalyzer.simulate.maker.state import Actor, State
from pyanalyzer.simulate.maker.world import World

RULES = ("swap", "turn", "flip", "carry")  # what `fire` does to the field under the cursor
CURSORS = ("frame", "hand", "glow", "corners")
SLIDE_SHARE = 0.45  # of the games: the cursor slides instead of jumping
EMPTY = 0


class Board(World):
    """Matching gems, cards, draughts, inventories.

    ``home`` of an actor is its column and row; ``x``, ``y`` where its cursor is seen, in fields.
    ``state.cells[0]`` holds the kind of every field.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        self.rule = RULES[int(rng.integers(len(RULES)))]
        self.mode = self.rule
        top = self.hud.bar.h_px if self.hud.bar and self.hud.bar.y_px == 0 else 0
        high = self.height_px - (self.hud.bar.h_px if self.hud.bar else 0)
        self.rows, self.columns = int(rng.integers(2, 10)), int(rng.integers(3, 13))
        room = float(rng.uniform(0.65, 1.0))
        self.field_px = max(8, int(room * min(high / self.rows, self.width_px / self.columns)))
        spare_x = self.width_px - self.columns * self.field_px
        spare_y = high - self.rows * self.field_px
        self.left_px = int(spare_x * rng.choice([0.5, 0.5, 0.1, 0.9]))
        self.top_px = top + max(0, spare_y // 2)
        self.kinds = int(rng.integers(2, 7))
        self.slide_per_s = float(rng.uniform(10, 40)) if rng.random() < SLIDE_SHARE else 0.0
        self.repeat_ticks = max(2, round(self.hz * float(rng.uniform(0.08, 0.3))))
        self.repeats = bool(rng.random() < 0.7)
        self.wraps = bool(rng.random() < 0.6)
        self.cursor = CURSORS[int(rng.integers(len(CURSORS)))]
        self.marks_line = bool(rng.random() < 0.2)  # the cursor's whole row is lit: a menu
        self.preview = bool(rng.random() < 0.4) and spare_x > 1.5 * self.field_px
        self.blinks = bool(rng.random() < 0.4)
        self.change_s = float(rng.uniform(0.2, 1.5))  # the board changes by itself this often
        self.styles = [s for s in draw_styles(rng, 4) if s not in ("circler", "chaser")]
        self._draw_looks(rng)
        self.channels = (
            *((Channel(("left", "right"), 2.5),) if self.columns > 1 else ()),
            Channel(("up", "down"), 2.5),
            Channel(("fire",), 2.0),
            *((Channel(("cancel",), 0.7),) if rng.random() < 0.4 else ()),
            *self.extra_channels(),
        )

    def _draw_looks(self, rng: np.random.Generator) -> None:
        w, h = self.size_px
        t, p = self.field_px, self.palette
        side = int(rng.choice([16, 32, 64]))
        ground = textures.tiled(textures.texture(rng, side, p.ground, rng.uniform(0, 0.4)), w, h)
        if rng.random() < 0.4:
            ground = textures.backdrop(rng, w, h, p)
        self.ground = ground
        light, dark = shade(p.panel, 1.6), mix(p.panel, p.ground, 0.3)
        colours = [p.accent, *p.foes, p.solid, p.solid_2]
        tiles = []
        round_things = bool(rng.random() < 0.7)
        for kind in range(self.kinds + 1):
            tile = canvas.blank(t, t, light if rng.random() < 0.5 else dark)
            canvas.box(tile, 0, t - 1, t, 1, dark)
            canvas.box(tile, t - 1, 0, 1, t, dark)
            if kind != EMPTY:
                colour = colours[kind % len(colours)]
                if round_things:
                    size = max(4, int(0.75 * t))
                    canvas.blit(tile, sprites.thing(rng, size, colour).frame(0), t / 8, t / 8)
                else:
                    canvas.box(tile, 2, 2, t - 4, t - 4, colour)
                    canvas.write(tile, "ABCDEFG"[kind % 7], t / 4, t / 4, p.panel, max(1, t // 12))
            tiles.append(tile)
        self.tiles = np.stack(tiles)
        self.hand = sprites.figure(rng, max(6, int(0.8 * t)), p.player)

    def begin(self, seed: int) -> State:
        """Cursors anywhere, the board mixed."""
        column, row = (chance.hashed(seed, k) % n for k, n in ((1, self.columns), (2, self.rows)))
        state = State(seed, Actor(column, row, home_x=column, home_y=row, look=-1))
        for k, style in enumerate(self.styles or ["puppet"], 1):
            column = chance.hashed(seed, k, 3) % self.columns
            row = chance.hashed(seed, k, 4) % self.rows
            state.npcs.append(
                Actor(column, row, ident=k, style=style, home_x=column, home_y=row, look=-1)
            )
        count = self.rows * self.columns
        state.cells = [[chance.hashed(seed, k, 5) % (self.kinds + 1) for k in range(count)]]
        return state

    def respawn(self, state: State) -> None:
        """Nobody dies here."""

    def act(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """The player's cursor, the others', the board itself."""
        p = state.player
        ix, iy = pressed(held, "left", "right"), pressed(held, "up", "down")
        newly = "fire" in held and not p.intent[2]
        way = (ix, iy)
        if way != p.intent[:2] or (self.repeats and state.tick >= p.until):
            first = 2 if way != p.intent[:2] else 1
            p.until = state.tick + first * self.repeat_ticks
            self._move(p, ix, iy)
        p.intent = (*way, "fire" in held)
        if newly:
            self._use(state, p)
        if "cancel" in held and p.look >= 0:
            p.look = -1
        for npc in state.npcs:
            self._npc(state, npc)
        self._change(state)
        for actor in (p, *state.npcs):
            actor.cool = max(0, actor.cool - 1)
            self._show(actor)

    def _move(self, actor: Actor, ix: int, iy: int) -> None:
        column, row = actor.home_x + ix, actor.home_y + iy
        if self.wraps:
            column, row = column % self.columns, row % self.rows
        actor.home_x = min(max(column, 0), self.columns - 1)
        actor.home_y = min(max(row, 0), self.rows - 1)

    def _show(self, actor: Actor) -> None:
        if not self.slide_per_s:
            actor.x, actor.y = actor.home_x, actor.home_y
            return
        most = self.slide_per_s * self.dt
        actor.x += min(max(actor.home_x - actor.x, -most), most)
        actor.y += min(max(actor.home_y - actor.y, -most), most)

    def _use(self, state: State, actor: Actor) -> None:
        """Swap with the field to the right, turn to the next kind, flip, or take and put."""
        board = state.cells[0]
        at = int(actor.home_y) * self.columns + int(actor.home_x)
        actor.cool = max(2, round(0.12 * self.hz))
        if self.rule == "swap":
            other = at + 1 if int(actor.home_x) + 1 < self.columns else at - 1
            board[at], board[other] = board[other], board[at]
        elif self.rule == "turn":
            board[at] = board[at] % self.kinds + 1
        elif self.rule == "flip":
            board[at] = (
                1 + chance.hashed(state.seed, at, 6) % self.kinds if not board[at] else EMPTY
            )
        else:
            board[at], actor.look = max(actor.look, EMPTY), (board[at] or -1)
        if actor is state.player:
            state.score += 1

    def _npc(self, state: State, npc: Actor) -> None:
        before = npc.until
        ix, iy, act = intend(npc, state, self.hz)
        if npc.until != before:  # made up its mind: a press
            self._move(npc, ix, iy)
            npc.jumps = state.tick + 2 * self.repeat_ticks
            if act:
                self._use(state, npc)
        elif self.repeats and state.tick >= npc.jumps and (ix or iy):
            npc.jumps = state.tick + self.repeat_ticks
            self._move(npc, ix, iy)

    def _change(self, state: State) -> None:
        """A field somewhere becomes another, by itself."""
        if state.tick % max(1, round(self.change_s * self.hz)) == 0:
            board = state.cells[0]
            at = chance.hashed(state.seed, state.tick, 7) % len(board)
            board[at] = chance.hashed(state.seed, state.tick, 8) % (self.kinds + 1)

    def paint(self, state: State) -> U8:
        """The board, cursors over it, and what the player's cursor holds or points at."""
        picture: U8 = self.ground.copy()
        t = self.field_px
        kinds = np.array(state.cells[0], np.int64).reshape(self.rows, self.columns)
        laid = canvas.mosaic(self.tiles, kinds)
        part = picture[
            self.top_px : self.top_px + laid.shape[0], self.left_px : self.left_px + laid.shape[1]
        ]
        part[:] = laid[: part.shape[0], : part.shape[1]]
        for npc in state.npcs:
            colour = self.palette.foes[npc.ident % len(self.palette.foes)]
            self._paint_cursor(picture, state, npc, colour)
        if not state.frozen:
            self._paint_cursor(picture, state, state.player, self.palette.player)
        if self.preview:
            row, column = int(state.player.home_y), int(state.player.home_x)
            big = canvas.resize(self.tiles[kinds[row, column]], 2 * t // 2 * 2, 2 * t // 2 * 2)
            x = 2 if self.left_px > self.width_px / 3 else self.width_px - 2 * t - 2
            whole = canvas.Stamp(big, np.ones((*big.shape[:2], 1), bool))
            canvas.blit(picture, whole, x, self.top_px)
        self.paint_sparks(picture, state, 0, 0)
        return picture

    def _paint_cursor(
        self, picture: U8, state: State, actor: Actor, colour: tuple[int, int, int]
    ) -> None:
        t = self.field_px
        x, y = self.left_px + actor.x * t, self.top_px + actor.y * t
        thick = max(1, t // 10) * (2 if actor.cool else 1)
        if self.marks_line:
            wide = self.columns * t
            canvas.blend(picture, self.left_px, int(y), wide, t, colour, 0.35)
        if actor.look > EMPTY:
            whole = canvas.Stamp(self.tiles[actor.look], np.ones((t, t, 1), bool))
            canvas.blit(picture, whole, x + t / 4, y - t / 4)
        if self.blinks and state.tick * self.dt % 0.5 > 0.35:
            return
        if self.cursor == "hand":
            canvas.blit(picture, self.hand.frame(int(actor.cool > 0)), x + t / 3, y + t / 3)
        elif self.cursor == "glow":
            canvas.blend(picture, int(x), int(y), t, t, colour, 0.8 if actor.cool else 0.5)
        else:
            short = t if self.cursor == "frame" else t // 3
            for dx in (0, t - short):
                canvas.box(picture, x + dx, y, short, thick, colour)
                canvas.box(picture, x + dx, y + t - thick, short, thick, colour)
            for dy in (0, t - short):
                canvas.box(picture, x, y + dy, thick, short, colour)
                canvas.box(picture, x + t - thick, y + dy, thick, short, colour)
