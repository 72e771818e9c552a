"""What all families have in common: the rhythm of a tick, delays, menus, cards, death, overlays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction

import numpy as np

from pyanalyzer.records import U8, Region
from pyanalyzer.simulate.engine import Channel, Purpose
from pyanalyzer.simulate.maker import canvas, chance
from pyanalyzer.simulate.maker.overlay import MENU_ROWS, WEAPONS, draw_atmosphere, draw_hud
from pyanalyzer.simulate.maker.palette import Palette, draw_palette
from pyanalyzer.simulate.maker.state import WIND, Actor, Shot, Spark, State

RATES = (24, 30, 30, 50, 60, 60, 60, 60, 120)
SIZES = (
    (160, 144),
    (192, 160),
    (240, 160),
    (256, 192),
    (256, 224),
    (320, 180),
    (320, 200),
    (320, 240),
    (320, 240),
    (384, 216),
    (400, 300),
    (426, 240),
    (480, 270),
    (512, 288),
    (640, 360),
)
FAST_HZ = 120  # shown small, so that a replay fits into memory
FAST_HEIGHT_PX = 240
DELAY_TICKS = (0, 1, 2, 3, 4, 5)  # from the hands to the game, as displays and engines have it
DELAY_SHARES = (0.5, 0.2, 0.12, 0.1, 0.05, 0.03)
TWINS_SHARE = 0.25  # of the games: some NPCs look like the player
GUST_SHARE = 0.3  # of the time, in windy games
MENU_S = 2.0  # a menu that nobody closes closes itself
DIRECTIONS = frozenset({"up", "down", "left", "right"})
MOUSE = frozenset({"mouse_left", "mouse_right"})
_NOTHING: frozenset[str] = frozenset()


class World(ABC):
    """A game's rules and looks, drawn once from ``rng``; families fill in the abstract parts.

    ``channels`` and ``axis`` are what the player can do; a family sets them. Nothing of a world
    changes while it is played: that is what :class:`.state.State` is for.
    """

    axis = False
    channels: tuple[Channel, ...] = ()
    hud_items = True
    moves = DIRECTIONS | MOUSE  # controls that move the player's figure, not only act

    def __init__(self, rng: np.random.Generator) -> None:
        self.rate = Fraction(RATES[int(rng.integers(len(RATES)))])
        self.hz = float(self.rate)
        self.dt = 1 / self.hz
        sizes = [s for s in SIZES if self.hz < FAST_HZ or s[1] <= FAST_HEIGHT_PX]
        self.width_px, self.height_px = sizes[int(rng.integers(len(sizes)))]
        self.size_px = (self.width_px, self.height_px)
        self.unit_px = self.height_px / 16  # about a figure's size
        self.palette: Palette = draw_palette(rng)
        self.hud = draw_hud(rng, self.size_px, self.palette)
        self.atmosphere = draw_atmosphere(rng)
        self.delay = int(rng.choice(DELAY_TICKS, p=DELAY_SHARES))
        self.has_menu = bool(rng.random() < 0.12)
        self.card_period_s = float(rng.uniform(6, 15)) if rng.random() < 0.1 else 0.0
        self.hearts = int(rng.integers(1, 4))
        self.dead_s = float(rng.uniform(0.3, 1.0))
        self.fade_s = float(rng.uniform(0.15, 0.4)) if rng.random() < 0.3 else 0.0
        self.filtered = bool(rng.random() < 0.5)  # textures in perspective are smoothed
        self.gusts = bool(rng.random() < 0.15)
        self.gust_s = float(rng.uniform(0.4, 2.0))
        self.shakes = bool(rng.random() < 0.4)

    def extra_channels(self) -> tuple[Channel, ...]:
        """Controls that any family may have: the menu, the choice of a weapon."""
        menu = (Channel(("menu",), 0.2),) if self.has_menu else ()
        weapon = (Channel(("next_weapon",), 0.4),) if "weapon" in self.hud.items else ()
        return (*menu, *weapon)

    @property
    def interface_px(self) -> Region | None:
        """The status bar, where it has a strip of its own."""
        return self.hud.bar

    @abstractmethod
    def begin(self, seed: int) -> State:
        """The first state of a run; ``seed`` is everybody's luck in it."""

    @abstractmethod
    def act(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """One tick of the game itself. While ``state.frozen``, the player is gone."""

    @abstractmethod
    def respawn(self, state: State) -> None:
        """Put the player back after ``state.frozen`` has run out."""

    @abstractmethod
    def paint(self, state: State) -> U8:
        """The picture without overlays, uint8 (height_px, width_px, 3), newly made."""

    def purpose(self, controls: frozenset[str]) -> Purpose:
        """See :meth:`pyanalyzer.simulate.engine.Game.kind_of`: ``moves`` move, the rest acts."""
        return "move" if controls & self.moves else "act"

    def step(self, state: State, held: frozenset[str], turn_deg: float) -> None:
        """One tick: delay, cards, menu, death, then the game."""
        state.tick += 1
        state.jumped = False
        state.pending.append((held, turn_deg))
        held, turn_deg = _NOTHING, 0.0
        if len(state.pending) > self.delay:
            held, turn_deg = state.pending.pop(0)
        new = held - state.before
        state.before = held
        state.flash = max(0, state.flash - 1)
        if self._card(state) or self._menu(state, new):
            return
        if "next_weapon" in new:
            state.weapon = (state.weapon + 1) % WEAPONS
        if state.frozen:
            state.frozen -= 1
            if not state.frozen:
                self.respawn(state)
                state.jumped = True
        self.act(state, held if not state.frozen else _NOTHING, 0.0 if state.frozen else turn_deg)
        state.shake_px *= 1 - min(0.9, 6 * self.dt)
        self._move_sparks(state)

    def _card(self, state: State) -> bool:
        """Whether a title card stands instead of the game; it comes by the clock alone."""
        if not self.card_period_s:
            return False
        if state.card:
            state.card -= 1
            state.jumped = state.card == 0
        elif state.tick % round(self.card_period_s * self.hz) == 0:
            state.card, state.jumped = round(0.8 * self.hz), True
        return state.card > 0

    def _menu(self, state: State, new: frozenset[str]) -> bool:
        if not self.has_menu:
            return False
        if "menu" in new:
            state.paused = 0 if state.paused else 1
        elif state.paused:
            state.paused += 1
            step = ("down" in new) - ("up" in new)
            state.menu_row = (state.menu_row + step) % len(MENU_ROWS)
            if state.paused > MENU_S * self.hz or new & {"fire", "jump", "attack"}:
                state.paused = 0
        return state.paused > 0

    def draw(self, state: State) -> U8:
        """The finished picture."""
        if state.card:
            picture = canvas.blank(self.width_px, self.height_px)
            self.hud.card(picture, state, self.hz)
            return picture
        picture = self.atmosphere.draw(self.paint(state), state, self.hz)
        if state.frozen and self.fade_s:
            share = min(1.0, state.frozen * self.dt / self.fade_s)
            picture = canvas.toned(picture, (share, share, share))
        self.hud.draw(picture, state, self.hz)
        if state.paused:
            self.hud.menu(picture, state)
        return picture

    def die(self, state: State) -> None:
        """The player is gone for a while; lives start over when they run out."""
        if state.frozen:
            return
        state.frozen = max(2, round(self.dead_s * self.hz))
        state.lives = state.lives - 1 if state.lives > 1 else 3
        self.burst(state, state.player.x, state.player.y, 14)
        self.shake(state, 4)

    def shake(self, state: State, strength_px: float) -> None:
        """Shake the view, in games that do so."""
        if self.shakes:
            state.shake_px = min(8.0, state.shake_px + strength_px)

    def gust(self, state: State) -> tuple[int, int]:
        """Where the wind blows, x and y in -1..1, now and then: figures move and nobody acted."""
        hold = state.hold
        if hold is not None and hold.ident == WIND and state.tick < hold.until:
            return hold.intent[:2]
        number = state.tick // max(1, round(self.gust_s * self.hz))
        if not self.gusts or chance.uniform(state.seed, number, 51) > GUST_SHARE:
            return 0, 0
        ways = (-1, 0, 1)
        return chance.pick(ways, state.seed, number, 52), chance.pick(ways, state.seed, number, 53)

    def burst(self, state: State, x: float, y: float, count: int) -> None:
        """Sparks that fly apart; their ways hang on the place alone, not on anybody's luck."""
        key = (int(x), int(y))
        for k in range(count):
            vx = chance.spread(-5, 5, *key, k, 1) * self.unit_px
            vy = chance.spread(-6, 3, *key, k, 2) * self.unit_px
            life = max(2, round(chance.spread(0.15, 0.6, *key, k, 3) * self.hz))
            state.sparks.append(Spark(x, y, vx, vy, life, k))
        del state.sparks[:-60]

    def _move_sparks(self, state: State) -> None:
        for spark in state.sparks:
            spark.x += spark.vx * self.dt
            spark.y += spark.vy * self.dt
            spark.vy += 8 * self.unit_px * self.dt
            spark.left -= 1
        state.sparks = [spark for spark in state.sparks if spark.left > 0]

    def paint_sparks(self, picture: U8, state: State, x0: float, y0: float) -> None:
        """Sparks on a picture whose left upper corner shows (x0, y0)."""
        side = max(1, round(self.unit_px / 6))
        colours = (self.palette.accent, (255, 255, 255), self.palette.player)
        for s in state.sparks:
            canvas.box(
                picture, max(0, s.x - x0), max(0, s.y - y0), side, side, colours[s.shade % 3]
            )

    def move_shots(self, state: State, bounds: tuple[float, float, float, float]) -> list[Shot]:
        """Let shots fly on; those that leave (x0, y0, x1, y1) or run out are gone."""
        x0, y0, x1, y1 = bounds
        for shot in state.shots:
            shot.x += shot.vx * self.dt
            shot.y += shot.vy * self.dt
            shot.left -= 1
        state.shots = [s for s in state.shots if s.left > 0 and x0 <= s.x < x1 and y0 <= s.y < y1]
        return state.shots

    def fire(self, state: State, shooter: Actor, vx: float, vy: float, own: bool) -> None:
        """One more shot, for 1.5 s at most."""
        state.shots.append(Shot(shooter.x, shooter.y, vx, vy, round(1.5 * self.hz), own))
