"""Colours of a game: a few families of hues and contrasts, the player told from the ground."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np

Colour = tuple[int, int, int]  # RGB, 0..255

LEAST_CONTRAST = 70.0  # in luma, of player and NPCs against the ground: seen after compression too
_STYLES = ("vivid", "pastel", "neon", "earth", "mono", "night", "random")


@dataclass(frozen=True)
class Palette:
    """``ground`` fills most of the picture, ``solid`` are walls, ``sky`` what lies behind."""

    style: str
    sky: Colour
    sky_low: Colour
    ground: Colour
    solid: Colour
    solid_2: Colour
    accent: Colour
    player: Colour
    foes: tuple[Colour, ...]
    panel: Colour
    ink: Colour


def luma(colour: Colour) -> float:
    """Brightness as the eye weighs it (Rec. 601), 0..255."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def shade(colour: Colour, factor: float) -> Colour:
    """Brighter (factor > 1) or darker."""
    r, g, b = (min(255, max(0, round(c * factor))) for c in colour)
    return r, g, b


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """``a`` at share 0, ``b`` at 1."""
    r, g, bl = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return r, g, bl


def from_hsv(hue: float, saturation: float, value: float) -> Colour:
    """Hue, saturation, value in 0..1 (the hue wraps around)."""
    red, green, blue = colorsys.hsv_to_rgb(
        hue % 1.0, min(max(saturation, 0.0), 1.0), min(max(value, 0.0), 1.0)
    )
    return round(255 * red), round(255 * green), round(255 * blue)


def told_from(colour: Colour, ground: Colour) -> Colour:
    """``colour``, brightened or darkened until its luma is far enough from the ground's."""
    if abs(luma(colour) - luma(ground)) >= LEAST_CONTRAST:
        return colour
    target: Colour = (255, 255, 255) if luma(ground) < 128 else (0, 0, 0)
    for step in range(1, 11):
        candidate = mix(colour, target, step / 10)
        if abs(luma(candidate) - luma(ground)) >= LEAST_CONTRAST:
            return candidate
    return target


def draw_palette(rng: np.random.Generator) -> Palette:
    """One palette. Half of the styles are dark with bright figures, half the other way round."""
    style = _STYLES[int(rng.integers(len(_STYLES)))]
    saturation, value = {
        "vivid": (0.8, 0.75),
        "pastel": (0.3, 0.9),
        "neon": (0.7, 0.15),
        "earth": (0.45, 0.5),
        "mono": (0.08, 0.45),
        "night": (0.6, 0.2),
        "random": (float(rng.uniform(0, 1)), float(rng.uniform(0.1, 0.9))),
    }[style]
    hue = float(rng.random())
    turn = float(rng.choice([0.08, 0.33, 0.5]))

    def tone(shift: float, s: float, v: float) -> Colour:
        wobble = rng.normal(0, 0.03, 3)
        return from_hsv(hue + shift + wobble[0], s + wobble[1], v + wobble[2])

    ground = tone(0, saturation, value)
    bright = value < 0.5
    solid = tone(turn, saturation, min(1.0, value * 1.7 + 0.12) if bright else value * 0.55)
    ink = (250, 250, 250)
    panel = tone(2 * turn, 0.5, 0.12)
    figures = [tone(turn + k / 5, max(0.55, saturation), 0.95) for k in range(5)]
    order = [int(k) for k in rng.permutation(5)]
    return Palette(
        style=style,
        sky=tone(0.5 * turn, saturation * 0.7, min(1.0, value * 1.15 + 0.05)),
        sky_low=tone(turn, saturation * 0.5, min(1.0, value * 1.4 + 0.1)),
        ground=ground,
        solid=solid,
        solid_2=tone(turn * 1.5, saturation, 0.8 if bright else 0.3),
        accent=told_from(tone(2 * turn, 0.9, 0.95), ground),
        player=told_from(figures[order[0]], ground),
        foes=tuple(told_from(figures[k], ground) for k in order[1:]),
        panel=panel,
        ink=ink,
    )
