"""Cameras over a flat map: where they look, and how they sway, shake, zoom and turn."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.simulate.maker import canvas, chance
from pyanalyzer.simulate.maker.state import State

MODES = ("locked", "zone", "lag", "lead", "page", "slide")
PAN_S = 1.6  # a look aside
SLIDE_S = 0.6  # the next room slides in
PAGE_FLIP_MARGIN = 0.02  # of the view: a figure on the very edge does not flip the page each tick


@dataclass(frozen=True)
class Camera:
    """A view of ``width_px`` x ``height_px`` on a map. ``fixed`` shows the map's left upper part.

    ``sway_px``, ``sway_rad`` and ``zoom`` move the picture by themselves with ``period_s``:
    nobody's action. A swaying or zooming picture is enlarged so that no edge shows.
    """

    mode: str
    width_px: int
    height_px: int
    map_width_px: int
    map_height_px: int
    sway_px: float = 0.0
    sway_rad: float = 0.0
    zoom: float = 0.0
    period_s: float = 4.0
    pan_px: float = 0.0  # now and then it looks aside so far, and comes back
    pan_every_s: float = 8.0
    smooth: bool = False  # zooming and turning are bilinear
    zone: float = 0.2  # half size of the dead zone, as a share of the view
    lag_per_s: float = 4.0

    def aim(self, state: State, dt: float, at_once: bool = False) -> None:
        """Follow the player; ``at_once`` after a respawn. Sets ``state.jumped`` at a page flip."""
        if self.mode == "fixed":
            return
        player, w, h = state.player, self.width_px, self.height_px
        x, y = player.x - w / 2, player.y - h / 2
        old = state.eye_x, state.eye_y
        if self.mode == "page":
            margin = PAGE_FLIP_MARGIN * w
            inside = -margin <= player.x - old[0] < w + margin
            inside = inside and -margin <= player.y - old[1] < h + margin
            if inside and not at_once:
                return
            x, y = player.x // w * w, player.y // h * h
            state.jumped = True
        elif self.mode == "slide":
            x, y = player.x // w * w, player.y // h * h
            if not at_once:
                dx, dy = w * dt / SLIDE_S, h * dt / SLIDE_S
                x = min(max(x, old[0] - dx), old[0] + dx)
                y = min(max(y, old[1] - dy), old[1] + dy)
        elif self.mode == "zone" and not at_once:
            x = min(max(old[0], x - self.zone * w), x + self.zone * w)
            y = min(max(old[1], y - self.zone * h), y + self.zone * h)
        elif self.mode in ("lag", "lead") and not at_once:
            ahead = 0.35 if self.mode == "lead" else 0.0
            share = 1 - math.exp(-self.lag_per_s * dt)
            x = old[0] + (x + ahead * player.vx - old[0]) * share
            y = old[1] + (y - old[1]) * share
        state.eye_x = min(max(x, 0.0), max(0.0, self.map_width_px - w))
        state.eye_y = min(max(y, 0.0), max(0.0, self.map_height_px - h))

    def corner(self, state: State, rate: float) -> tuple[int, int]:
        """The map's px at the view's left upper corner, shaken and swayed; within the map."""
        phase = 2 * math.pi * state.tick / (rate * self.period_s)
        dx, dy = self.sway_px * math.sin(phase), self.sway_px * math.cos(0.7 * phase)
        number, since_s = divmod(state.tick / rate, self.pan_every_s)
        if self.pan_px and since_s < PAN_S:
            aside = self.pan_px * math.sin(math.pi * since_s / PAN_S) ** 2
            dx += aside * chance.pick((-1, 1), state.seed, int(number), 13)
            dy += aside * chance.pick((-0.5, 0.0, 0.5), state.seed, int(number), 14)
        if state.shake_px >= 0.5:
            dx += chance.spread(-state.shake_px, state.shake_px, state.seed, state.tick, 11)
            dy += chance.spread(-state.shake_px, state.shake_px, state.seed, state.tick, 12)
        return (
            int(min(max(round(state.eye_x + dx), 0), max(0, self.map_width_px - self.width_px))),
            int(min(max(round(state.eye_y + dy), 0), max(0, self.map_height_px - self.height_px))),
        )

    def bend(self, picture: U8, state: State, rate: float) -> U8:
        """Zoom and turn the finished picture of the map."""
        if not self.sway_rad and not self.zoom:
            return picture
        phase = 2 * math.pi * state.tick / (rate * self.period_s)
        angle = self.sway_rad * math.sin(phase)
        aspect = max(self.width_px / self.height_px, self.height_px / self.width_px)
        least = math.cos(angle) + aspect * math.sin(abs(angle))
        scale = least + self.zoom * (1 - math.cos(0.8 * phase))
        middle = self.width_px / 2, self.height_px / 2
        return canvas.gather(
            picture, self.width_px, self.height_px, scale, angle, *middle, self.smooth
        )


def draw_camera(
    rng: np.random.Generator,
    size_px: tuple[int, int],
    map_px: tuple[int, int],
    modes: tuple[str, ...] = MODES,
) -> Camera:
    """A camera for a map; ``fixed`` where the whole map fits the view."""
    fits = map_px[0] <= size_px[0] and map_px[1] <= size_px[1]
    restless = float(rng.random())
    return Camera(
        mode="fixed" if fits else modes[int(rng.integers(len(modes)))],
        width_px=size_px[0],
        height_px=size_px[1],
        map_width_px=map_px[0],
        map_height_px=map_px[1],
        sway_px=float(rng.uniform(1, 8)) if restless < 0.1 else 0.0,
        sway_rad=float(rng.uniform(0.01, 0.09)) if 0.1 < restless < 0.2 else 0.0,
        zoom=float(rng.uniform(0.02, 0.2)) if 0.15 < restless < 0.28 else 0.0,
        period_s=float(rng.uniform(1.5, 9)),
        pan_px=float(rng.uniform(0.1, 0.4)) * size_px[0] if rng.random() < 0.12 else 0.0,
        pan_every_s=float(rng.uniform(3, 10)),
        smooth=bool(rng.random() < 0.6),
        zone=float(rng.uniform(0.05, 0.3)),
        lag_per_s=float(rng.uniform(1.5, 9)),
    )
