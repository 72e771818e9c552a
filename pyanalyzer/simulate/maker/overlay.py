"""What lies over a game's picture: status bars, counters, timers, menus, title cards, chat."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pyanalyzer.records import U8, Region
from pyanalyzer.simulate.maker import canvas, chance
from pyanalyzer.simulate.maker.palette import Palette, mix
from pyanalyzer.simulate.maker.state import State

MENU_ROWS = ("RESUME", "ITEMS", "MAP", "OPTIONS")
WEAPONS = 4
CHAT_WORDS = ("GG", "LOL", "WOW", "NICE", "NO WAY", "CLIP IT", "HI ALL", "POG", "RUN", "HAHA")


@dataclass(frozen=True)
class Hud:
    """The status display. ``bar`` is its own strip of the picture; without one, figures float."""

    bar: Region | None
    items: tuple[str, ...]
    dot_px: int
    frame_counter: bool  # the timer shows hundredths: something changes in every frame
    chat: bool
    face: bool  # a streamer's face in a corner, that moves like a player
    palette: Palette

    def draw(self, picture: U8, state: State, rate: float) -> None:
        """Onto the finished picture of the game."""
        height, width = picture.shape[:2]
        top = 2
        if self.bar is not None:
            x, y, w, h = self.bar
            canvas.box(picture, x, y, w, h, self.palette.panel)
            line_y = y + h - 1 if y == 0 else y
            canvas.box(picture, x, line_y, w, 1, self.palette.accent)
            top = y + (h - 5 * self.dot_px) // 2
        if self.items:
            step = width // len(self.items)
            for k, item in enumerate(self.items):
                self._item(picture, state, rate, item, 4 + k * step, top)
        if self.chat:
            self._chat(picture, state, rate, width, height)
        if self.face:
            self._face(picture, state, rate, width, height)

    def _item(self, picture: U8, state: State, rate: float, item: str, x: int, y: int) -> None:
        ink, size = self.palette.ink, self.dot_px
        if item == "score":
            canvas.write(picture, f"{state.score:05d}", x, y, ink, size)
        elif item == "time":
            seconds = state.tick / rate
            text = f"{seconds:06.2f}" if self.frame_counter else f"{int(seconds):03d}"
            canvas.write(picture, text, x, y, ink, size)
        elif item == "lives":
            for k in range(state.lives):
                canvas.box(picture, x + 5 * k * size, y, 4 * size, 5 * size, self.palette.player)
        elif item == "health":
            full = 24 * size
            canvas.box(picture, x, y, full, 4 * size, mix(self.palette.panel, ink, 0.3))
            share = max(0, state.player.health) / 6
            canvas.box(picture, x, y, min(1.0, share) * full, 4 * size, self.palette.accent)
        elif item == "weapon":
            for k in range(WEAPONS):
                colour = self.palette.accent if k == state.weapon else (90, 90, 90)
                canvas.box(picture, x + 6 * k * size, y, 5 * size, 5 * size, colour)

    def _chat(self, picture: U8, state: State, rate: float, width: int, height: int) -> None:
        period = round(rate * 1.3)
        newest, w = state.tick // period, width // 4
        canvas.blend(picture, width - w, height // 3, w, 5 * 9, (0, 0, 0), 0.5)
        for k in range(5):
            number = newest - 4 + k
            if number >= 0 and chance.uniform(state.seed, number, 31) < 0.8:
                text = chance.pick(CHAT_WORDS, state.seed, number, 32)
                colour = chance.pick(self.palette.foes, state.seed, number, 33)
                canvas.write(picture, text, width - w + 3, height // 3 + 2 + 9 * k, colour)

    def _face(self, picture: U8, state: State, rate: float, width: int, height: int) -> None:
        side = height // 5
        x0, y0 = width - side - 2, height - side - 2
        if self.bar is not None and self.bar.y_px > 0:
            y0 -= self.bar.h_px
        canvas.box(picture, x0, y0, side, side, mix(self.palette.panel, (200, 180, 160), 0.4))
        beat = state.tick // max(1, round(0.4 * rate))
        dx = chance.spread(-0.15, 0.15, state.seed, beat, 41) * side
        dy = chance.spread(-0.1, 0.1, state.seed, beat, 42) * side
        cx, cy = x0 + side / 2 + dx, y0 + side / 2 + dy
        canvas.disc(picture, cx, cy, side * 0.28, (220, 180, 150))
        for eye in (-0.1, 0.1):
            canvas.disc(picture, cx + eye * side, cy - 0.05 * side, side * 0.04, (30, 30, 30))
        talk = 0.02 + 0.06 * chance.uniform(state.seed, state.tick // 5, 43)
        canvas.box(
            picture, cx - 0.08 * side, cy + 0.1 * side, 0.16 * side, talk * side, (90, 30, 30)
        )

    def menu(self, picture: U8, state: State) -> None:
        """The menu of a paused game, over the dimmed picture."""
        height, width = picture.shape[:2]
        picture[:] = picture >> 1
        w, h = width // 2, 4 * 16 + 12
        x, y = (width - w) // 2, (height - h) // 2
        canvas.box(picture, x, y, w, h, self.palette.panel)
        for k, text in enumerate(MENU_ROWS):
            chosen = k == state.menu_row
            if chosen:
                canvas.box(picture, x + 4, y + 5 + 16 * k, w - 8, 15, self.palette.accent)
            colour = (0, 0, 0) if chosen else self.palette.ink
            canvas.write(picture, text, x + 10, y + 8 + 16 * k, colour, 2)

    def card(self, picture: U8, state: State, rate: float) -> None:
        """The title card between two stages, instead of the game."""
        height, width = picture.shape[:2]
        picture[:] = self.palette.panel
        text = f"STAGE {1 + state.tick // round(rate)}"
        x = (width - canvas.text_width_px(text, 3)) // 2
        canvas.write(picture, text, x, height // 2 - 8, self.palette.accent, 3)


def draw_hud(rng: np.random.Generator, size_px: tuple[int, int], palette: Palette) -> Hud:
    """A status display for a picture of ``size_px``: bar above, bar below, floating, or none."""
    width, height = size_px
    dot = 1 if width < 300 else 2
    bar_h = 5 * dot + int(rng.integers(4, 12))
    place = float(rng.random())
    bar = None
    if place < 0.25:
        bar = Region(0, 0, width, bar_h)
    elif place < 0.5:
        bar = Region(0, height - bar_h, width, bar_h)
    pool = ["score", "time", "lives", "health", "weapon"]
    count = int(rng.integers(2, 5)) if place < 0.85 else 0
    order = [int(k) for k in rng.permutation(len(pool))]
    return Hud(
        bar=bar,
        items=tuple(pool[k] for k in order[:count]),
        dot_px=dot,
        frame_counter=bool(rng.random() < 0.3),
        chat=bool(rng.random() < 0.08),
        face=bool(rng.random() < 0.08),
        palette=palette,
    )


@dataclass(frozen=True)
class Atmosphere:
    """Light and weather over the whole picture: all of it the world's doing."""

    day_s: float  # period of day and night, 0 for none
    night: float  # how dark the night is, 0..1
    flicker: float  # of the light, from frame to frame
    flicker_hz: float
    weather: str  # "rain", "snow", "fog" or ""
    rows_dimmed: bool
    grade: tuple[float, float, float]
    lightning: bool

    def draw(self, picture: U8, state: State, rate: float) -> U8:
        """The picture in this light; may be drawn in place."""
        t = state.tick / rate
        light = 1.0
        if self.day_s:
            light -= self.night * 0.5 * (1 - math.cos(2 * math.pi * t / self.day_s))
        if self.flicker:
            beat = int(t * self.flicker_hz)
            light *= 1 - self.flicker * chance.uniform(state.seed, beat, 21)
        if self.lightning and chance.uniform(state.seed, int(t * 8), 22) < 0.02:
            light *= 1.7
        if self.weather:
            self._weather(picture, state, t)
        if light != 1.0 or self.grade != (1.0, 1.0, 1.0):
            r, g, b = self.grade
            dark = max(0.0, 1 - light)
            picture = canvas.toned(picture, (r * light, g * light, b * (light + 0.3 * dark)))
        if state.flash > 0:
            picture = canvas.toned(picture, (0.5, 0.5, 0.5), 120.0)
        if self.rows_dimmed:
            canvas.dim_rows(picture)
        return picture

    def _weather(self, picture: U8, state: State, t: float) -> None:
        height, width = picture.shape[:2]
        if self.weather == "fog":
            y = int((0.5 + 0.3 * math.sin(0.5 * t)) * height)
            for k in range(1, 5):  # thicker towards its middle
                high = k * height // 12
                canvas.blend(picture, 0, y - high // 2, width, high, (190, 190, 200), 0.12)
            return
        count = 60
        ident = np.arange(count, dtype=np.int64)
        start = (ident * 7919 + state.seed % 9973) % 10007 / 10007
        speed = height * ((1.6 if self.weather == "rain" else 0.3) + (ident % 5) * 0.08)
        rows = ((start * 3.7 % 1 * height + speed * t) % height).astype(np.int64)
        drift = np.sin(t + ident) * 8 if self.weather == "snow" else -0.1 * speed * t
        x = ((start * width + drift) % width).astype(np.int64)
        long = max(2, height // 40) if self.weather == "rain" else 2
        for k in range(long):
            picture[np.minimum(rows + k, height - 1), x] = (200, 210, 230)
        if self.weather == "snow":
            picture[rows, np.minimum(x + 1, width - 1)] = (235, 240, 250)


def draw_atmosphere(rng: np.random.Generator) -> Atmosphere:
    """Most games have plain light; each effect has a few."""
    u = rng.random(8)
    graded = u[5] < 0.3
    return Atmosphere(
        day_s=float(rng.uniform(6, 40)) if u[0] < 0.15 else 0.0,
        night=float(rng.uniform(0.3, 0.75)),
        flicker=float(rng.uniform(0.03, 0.25)) if u[1] < 0.12 else 0.0,
        flicker_hz=float(rng.uniform(2, 30)),
        weather=("rain", "snow", "fog")[int(rng.integers(3))] if u[2] < 0.18 else "",
        rows_dimmed=bool(u[3] < 0.08),
        lightning=bool(u[4] < 0.05),
        grade=tuple(rng.uniform(0.8, 1.1, 3).tolist()) if graded else (1.0, 1.0, 1.0),
    )
