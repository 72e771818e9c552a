"""Falling blocks: pieces that are moved, turned and dropped in wells, one of them the player's."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import U8
from pyanalyzer.simulate.engine import Channel
from pyanalyzer.simulate.maker import canvas, chance, textures
from pyanalyzer.simulate.maker.behaviour import intend
from pyanalyzer.simulate.maker.motion import pressed
from pyanalyzer.simulate.maker.palette import shade
from pyanalyzer.simulate.maker.state import Actor, State
from pyanalyzer.simulate.maker.world import DIRECTIONS, World

# Cells (column, row) of the pieces of two to five cells, before any turn.
PIECES: tuple[tuple[tuple[int, int], ...], ...] = (
    ((0, 1), (1, 1), (2, 1), (3, 1)),
    ((1, 0), (2, 0), (1, 1), (2, 1)),
    ((1, 0), (0, 1), (1, 1), (2, 1)),
    ((0, 0), (0, 1), (1, 1), (2, 1)),
    ((2, 0), (0, 1), (1, 1), (2, 1)),
    ((1, 0), (2, 0), (0, 1), (1, 1)),
    ((0, 0), (1, 0), (1, 1), (2, 1)),
    ((1, 0), (1, 1)),
    ((1, 0), (1, 1), (2, 1)),
    ((1, 0), (1, 1), (1, 2)),
    ((1, 0), (0, 1), (1, 1), (2, 1), (1, 2)),
)
BOX = 4  # pieces turn within a square of so many cells
EMPTY = 0


class Blocks(World):
    """Of an actor, ``x`` and ``y`` are column and row of its piece, ``look`` which piece,
    ``jumps`` its turns, ``ident`` its well. ``state.cells[ident]`` is what lies in the well."""

    moves = DIRECTIONS | {"turn", "turn_back", "drop"}

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        self.mode = "blocks"
        self.rows, self.columns = int(rng.integers(12, 23)), int(rng.integers(6, 12))
        self.wells = int(rng.choice([2, 2, 3]))
        top = self.hud.bar.h_px if self.hud.bar and self.hud.bar.y_px == 0 else 0
        high = self.height_px - (self.hud.bar.h_px if self.hud.bar else 0) - 4
        self.cell = max(
            4, min(high // self.rows, self.width_px // (self.columns + 1) // self.wells)
        )
        self.rows = min(self.rows, high // self.cell)
        self.top_px = top + 2
        wide = self.columns * self.cell
        gap = (self.width_px - self.wells * wide) // (self.wells + 1)
        order = [int(k) for k in rng.permutation(self.wells)]
        self.lefts = [gap + place * (wide + gap) for place in order]
        self.pieces = [PIECES[int(k)] for k in rng.permutation(len(PIECES))[: rng.integers(3, 8)]]
        self.fall_ticks = max(2, round(self.hz * float(rng.uniform(0.1, 0.8))))
        self.repeat_ticks = max(1, round(self.hz * float(rng.uniform(0.04, 0.15))))
        self.wait_ticks = max(1, round(self.hz * float(rng.uniform(0.1, 0.3))))
        self.smooth = bool(rng.random() < 0.3)  # pieces fall by fractions of a cell
        self.ghost = bool(rng.random() < 0.4)
        self.flashes = bool(rng.random() < 0.6)
        drops, back = bool(rng.random() < 0.7), bool(rng.random() < 0.4)
        self.up_turns = bool(rng.random() < 0.5)
        self._draw_looks(rng)
        self.channels = (
            Channel(("left", "right"), 3.0),
            Channel(("up", "down") if self.up_turns else ("down",), 1.5),
            *((Channel(("turn", "turn_back") if back else ("turn",), 2.0),)),
            *((Channel(("drop",), 0.8),) if drops else ()),
            *self.extra_channels(),
        )

    def _draw_looks(self, rng: np.random.Generator) -> None:
        w, h = self.size_px
        t, p = self.cell, self.palette
        scene = textures.tiled(textures.texture(rng, 64, p.ground, 0.5), w, h)
        self.scene = textures.backdrop(rng, w, h, p) if rng.random() < 0.5 else scene
        colours = [p.accent, p.player, *p.foes, p.solid_2]
        style = int(rng.integers(3))
        well = p.panel if rng.random() < 0.7 else shade(p.ground, 0.6)
        tiles = [canvas.blank(t, t, well)]
        if rng.random() < 0.5:
            canvas.box(tiles[0], 0, 0, 1, t, shade(well, 1.5))
            canvas.box(tiles[0], 0, 0, t, 1, shade(well, 1.5))
        for k in range(len(self.pieces)):
            colour = colours[k % len(colours)] if style < 2 else p.player
            tile = canvas.blank(t, t, colour)
            canvas.box(tile, 0, 0, t, 1, shade(colour, 1.4))
            canvas.box(tile, 0, t - 1, t, 1, shade(colour, 0.5))
            canvas.box(tile, t - 1, 0, 1, t, shade(colour, 0.5))
            if style == 1 and t > 5:
                canvas.disc(tile, t / 2, t / 2, t / 4, shade(colour, 0.6))
            tiles.append(tile)
        self.tiles = np.stack(tiles)
        self.turned = [[_turned(cells, turns) for turns in range(4)] for cells in self.pieces]

    def begin(self, seed: int) -> State:
        """Wells with some rows in them; an NPC plays in each of the others."""
        state = State(seed, self._hand(seed, 0, 0))
        for k in range(1, self.wells):
            npc = self._hand(seed, k, 0)
            npc.style = "puppet"
            state.npcs.append(npc)
        for k in range(self.wells):
            board = [EMPTY] * (self.rows * self.columns)
            heaped = chance.hashed(seed, k, 9) % max(1, self.rows // 3)
            for at in range((self.rows - heaped) * self.columns, len(board)):
                full = chance.uniform(seed, k, at) < 0.7
                board[at] = 1 + chance.hashed(seed, k, at, 2) % len(self.pieces) if full else EMPTY
            state.cells.append(board)
        return state

    def _hand(self, seed: int, ident: int, tick: int) -> Actor:
        """The next piece of a well, at its top."""
        look = chance.hashed(seed, ident, tick, 4) % len(self.pieces)
        return Actor((self.columns - BOX) // 2, 0, ident=ident, look=look, cool=self.fall_ticks)

    def respawn(self, state: State) -> None:
        """Nobody dies here: a full well is emptied."""

    def act(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """Everybody's piece."""
        self._play(state, state.player, held)
        for npc in state.npcs:
            ix, iy, act = intend(npc, state, self.hz)
            hands = {("", "right", "left")[ix], "down" if iy > 0 else "", "turn" if act else ""}
            self._play(state, npc, frozenset(hands - {""}))

    def _play(self, state: State, a: Actor, held: frozenset[str]) -> None:
        """Move, turn and fall. ``heading_rad`` counts the beats at which a held key repeats."""
        way = pressed(held, "left", "right")
        turn = (pressed(held, "turn_back", "turn") or (self.up_turns and "up" in held)) * 1
        new_way, new_turn = way != round(a.vx), turn != round(a.vy)
        a.vx, a.vy = float(way), float(turn)
        if new_way:
            a.hurt = self.wait_ticks
        if way and (new_way or a.hurt == 0):
            self._shift(state, a, way, 0, 0)
            a.hurt = a.hurt or self.repeat_ticks
        a.hurt = max(0, a.hurt - 1)
        if turn and new_turn and not self._shift(state, a, 0, 0, turn):
            # At a wall a piece that cannot turn where it is turns one cell beside.
            _ = self._shift(state, a, 1, 0, turn) or self._shift(state, a, -1, 0, turn)
        dropped = "drop" in held and not a.grounded
        a.grounded = "drop" in held
        if dropped:
            while self._shift(state, a, 0, 1, 0):
                pass
            a.cool = 0
        a.cool -= 4 if "down" in held else 1
        if a.cool <= 0:
            a.cool = self.fall_ticks
            if not self._shift(state, a, 0, 1, 0):
                self._land(state, a)

    def _shift(self, state: State, a: Actor, dx: int, dy: int, turn: int) -> bool:
        """Whether the piece fits there, and if so, put it there."""
        turns = (a.jumps + turn) % 4
        board = state.cells[a.ident]
        for column, row in self.turned[a.look][turns]:
            x, y = int(a.x) + dx + column, int(a.y) + dy + row
            if not (0 <= x < self.columns and y < self.rows):
                return False
            if y >= 0 and board[y * self.columns + x]:
                return False
        a.x, a.y, a.jumps = a.x + dx, a.y + dy, turns
        return True

    def _land(self, state: State, a: Actor) -> None:
        """What landed lies; full rows go; the next piece comes."""
        board, n = state.cells[a.ident], self.columns
        for column, row in self.turned[a.look][a.jumps]:
            at = (int(a.y) + row) * n + int(a.x) + column
            if 0 <= at < len(board):
                board[at] = 1 + a.look
        kept = [board[k : k + n] for k in range(0, len(board), n)]
        kept = [row for row in kept if EMPTY in row]
        cleared = self.rows - len(kept)
        if cleared and a is state.player:
            state.score += 100 * cleared
            if self.flashes:
                state.flash = 2
        rows = [[EMPTY] * n for _ in range(cleared)] + kept
        if any(rows[1]):
            rows = [[EMPTY] * n for _ in range(self.rows)]
        state.cells[a.ident] = [kind for row in rows for kind in row]
        new = self._hand(state.seed, a.ident, state.tick)
        a.x, a.y, a.look, a.jumps, a.cool = new.x, new.y, new.look, 0, new.cool

    def paint(self, state: State) -> U8:
        """Wells with their pieces."""
        picture: U8 = self.scene.copy()
        for a in (state.player, *state.npcs):
            kinds = np.array(state.cells[a.ident], np.int64).reshape(self.rows, self.columns)
            laid = canvas.mosaic(self.tiles, kinds)
            if self.ghost:
                self._paint_piece(laid, a, self._lowest(state, a), 0.4)
            lag = (a.cool / self.fall_ticks - 1) * self.cell if self.smooth else 0.0
            self._paint_piece(laid, a, int(a.y * self.cell + max(-self.cell, lag)), 1.0)
            x, y = self.lefts[a.ident], self.top_px
            canvas.box(picture, max(0, x - 2), y, 2, laid.shape[0], self.palette.solid_2)
            whole = canvas.Stamp(laid, np.ones((*laid.shape[:2], 1), bool))
            canvas.blit(picture, whole, x, y)
        return picture

    def _lowest(self, state: State, a: Actor) -> int:
        """Where the piece would lie, px."""
        probe = Actor(a.x, a.y, ident=a.ident, look=a.look, jumps=a.jumps)
        while self._shift(state, probe, 0, 1, 0):
            pass
        return int(probe.y) * self.cell

    def _paint_piece(self, well: U8, a: Actor, top: int, share: float) -> None:
        t = self.cell
        tile: npt.NDArray[np.uint8] = self.tiles[1 + a.look]
        if share < 1:
            tile = canvas.toned(tile, (share, share, share))
        stamp = canvas.Stamp(tile, np.ones((t, t, 1), bool))
        for column, row in self.turned[a.look][a.jumps]:
            canvas.blit(well, stamp, (a.x + column) * t, top + row * t)


def _turned(cells: tuple[tuple[int, int], ...], turns: int) -> tuple[tuple[int, int], ...]:
    """A piece after so many quarter turns within its square."""
    for _ in range(turns):
        cells = tuple((BOX - 1 - row, column) for column, row in cells)
    return cells
