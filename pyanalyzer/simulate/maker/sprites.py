"""Figures, ships, things: drawn once per game from its random numbers, as lists of frames."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import U8
from pyanalyzer.simulate.maker import canvas
from pyanalyzer.simulate.maker.canvas import Stamp
from pyanalyzer.simulate.maker.palette import Colour, luma, shade

WALK_FRAMES = 4
HEADINGS = 16  # pre-drawn rotations of what turns


@dataclass(frozen=True)
class Sprite:
    """A figure's frames, looking right and mirrored; ``frames[0]`` is the one that stands."""

    right: tuple[Stamp, ...]
    left: tuple[Stamp, ...]

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        height, width = self.right[0].mask.shape[:2]
        return width, height

    def frame(self, number: int, leftwards: bool = False) -> Stamp:
        """A frame by number, which wraps around."""
        frames = self.left if leftwards else self.right
        return frames[number % len(frames)]


def stamp_of(rgb: U8, mask: npt.NDArray[np.bool_]) -> Stamp:
    """A stamp from a picture (h, w, 3) and where it covers, bool (h, w)."""
    return Stamp(rgb, mask[..., None])


def keyed(picture: U8, key: Colour) -> Stamp:
    """A stamp of all that has not the colour ``key``."""
    return stamp_of(picture, (picture != np.array(key, np.uint8)).any(axis=2))


def sprite_of(frames: list[Stamp]) -> Sprite:
    """A sprite and its mirror image."""
    mirrored = tuple(
        Stamp(np.ascontiguousarray(f.rgb[:, ::-1]), np.ascontiguousarray(f.mask[:, ::-1]))
        for f in frames
    )
    return Sprite(tuple(frames), mirrored)


_KEY: Colour = (1, 2, 3)  # no palette holds it


def _outlined(stamp: Stamp, colour: Colour) -> Stamp:
    mask = stamp.mask[..., 0]
    wide = np.pad(mask, 1)
    grown = wide[1:-1, 1:-1] | wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]
    rgb = stamp.rgb.copy()
    rgb[grown & ~mask] = colour
    return stamp_of(rgb, grown)


def creature(rng: np.random.Generator, size_px: int, colour: Colour) -> Sprite:
    """A mirrored random body in coarse pixels, whose lower part wiggles when it walks."""
    cells = int(rng.choice([6, 8, 10]))
    half = rng.random((cells, cells // 2)) < np.linspace(0.35, 0.85, cells // 2)
    half[cells // 4 : 3 * cells // 4, -2:] = True
    body = np.concatenate([half, half[:, ::-1]], axis=1)
    tints = rng.random((cells, cells // 2))
    tint = np.concatenate([tints, tints[:, ::-1]], axis=1)
    rgb = np.empty((cells, cells, 3), np.uint8)
    for low, factor in ((0.0, 1.0), (0.6, 0.7), (0.85, 1.3)):
        rgb[tint >= low] = shade(colour, factor)
    eye = (cells // 3, cells // 2 + 1)
    rgb[eye] = rgb[eye[0], cells - 1 - eye[1]] = (255, 255, 255)
    frames = []
    for k in range(WALK_FRAMES):
        shifted = body.copy()
        legs = slice(cells - 2, cells)
        shifted[legs] = np.roll(body[legs], (0, 1, 0, -1)[k], axis=1)
        big = canvas.resize(rgb, size_px, size_px)
        mask = canvas.resize(shifted.astype(np.uint8)[..., None].repeat(3, 2), size_px, size_px)
        frames.append(_outlined(stamp_of(big, mask[..., 0] > 0), (0, 0, 0)))
    return sprite_of(frames)


def humanoid(
    rng: np.random.Generator, size_px: int, colour: Colour, poses: tuple[str, ...] = ()
) -> Sprite:
    """Head, trunk and limbs that swing in ``WALK_FRAMES`` frames; then the ``poses`` asked for.

    Poses: ``punch``, ``kick``, ``block``, ``jump``, ``hurt``.
    """
    wide, skin = int(0.75 * size_px), shade(colour, float(rng.uniform(1.1, 1.5)))
    edge: Colour = (0, 0, 0) if luma(colour) > 100 else (235, 235, 235)
    legs_colour, arm = shade(colour, float(rng.uniform(0.4, 0.8))), max(1, size_px // 10)
    head_px = size_px * float(rng.uniform(0.13, 0.22))
    frames = []
    for pose in (*range(WALK_FRAMES), *poses):
        picture = canvas.blank(wide, size_px, _KEY)
        swing = (0.0, 0.22, 0.0, -0.22)[pose] if isinstance(pose, int) else 0.12
        cx, hip, neck = 0.45 * wide, 0.6 * size_px, 2 * head_px
        lean = -0.15 * wide if pose == "hurt" else 0.0
        foot = 0.8 * size_px if pose == "jump" else size_px - 1
        front = (0.98 * wide, 0.55 * size_px) if pose == "kick" else (cx + swing * wide, foot)
        hand = {
            "punch": (wide - 1, neck + 0.08 * size_px),
            "block": (cx + 0.3 * wide, head_px),
            "jump": (cx + 0.35 * wide, 0.1 * size_px),
        }.get(str(pose), (cx + (0.2 - swing) * wide, hip))
        canvas.line(picture, cx, hip, cx - swing * wide, foot, shade(legs_colour, 0.8), arm + 1)
        canvas.line(picture, cx, hip, *front, legs_colour, arm + 1)
        canvas.line(picture, cx, hip, cx + lean, neck, colour, int(0.28 * wide))
        canvas.line(picture, cx + lean, neck + 0.1 * size_px, *hand, skin, arm)
        canvas.disc(picture, cx + lean, head_px, head_px, skin)
        canvas.box(picture, cx + lean + head_px * 0.4, head_px * 0.8, 2, 2, (0, 0, 0))
        frames.append(_outlined(keyed(picture, _KEY), edge))
    return sprite_of(frames)


def ball(rng: np.random.Generator, size_px: int, colour: Colour) -> Sprite:
    """A shaded disc with a spot that turns."""
    frames, r, start = [], size_px / 2, float(rng.uniform(0, 2 * math.pi))
    for k in range(WALK_FRAMES):
        picture = canvas.blank(size_px, size_px, _KEY)
        canvas.disc(picture, r, r, r - 1, colour)
        canvas.disc(picture, r * 0.75, r * 0.7, r * 0.3, shade(colour, 1.4))
        angle = 0.5 * math.pi * k + start
        canvas.disc(
            picture,
            r + 0.5 * r * math.cos(angle),
            r + 0.5 * r * math.sin(angle),
            max(1.0, r * 0.2),
            shade(colour, 0.4),
        )
        frames.append(keyed(picture, _KEY))
    return sprite_of(frames)


def block(rng: np.random.Generator, size_px: int, colour: Colour) -> Sprite:
    """A square with a face that blinks."""
    frames = []
    eye = size_px * float(rng.uniform(0.15, 0.2))
    for k in range(WALK_FRAMES):
        picture = canvas.blank(size_px, size_px, colour)
        canvas.box(picture, 0, 0.8 * size_px, size_px, size_px, shade(colour, 0.6))
        for x in (0.35, 0.7):
            tall = eye if k < 2 else eye / 2
            canvas.box(picture, x * size_px, 0.3 * size_px, eye, tall + 1, (10, 10, 10))
        frames.append(stamp_of(picture, np.ones((size_px, size_px), bool)))
    return sprite_of(frames)


def figure(rng: np.random.Generator, size_px: int, colour: Colour) -> Sprite:
    """One of all kinds of figures."""
    makers = (creature, humanoid, humanoid, ball, block)
    return makers[int(rng.integers(len(makers)))](rng, size_px, colour)


def _vehicle_outline(rng: np.random.Generator) -> list[tuple[float, float]]:
    """Half a ship from nose to tail, in -1..1, the nose at +x."""
    count = int(rng.integers(3, 6))
    xs = np.sort(rng.uniform(-0.8, 0.7, count))[::-1]
    points = [(0.95, 0.05)]
    points += [(float(x), float(rng.uniform(0.2, 0.9))) for x in xs]
    return [*points, (-0.9, float(rng.uniform(0.1, 0.5)))]


def ship(rng: np.random.Generator, size_px: int, colour: Colour) -> tuple[Stamp, ...]:
    """A ship, car or tank from above, in ``HEADINGS`` directions, clockwise from +x."""
    outline = _vehicle_outline(rng)
    cabin = (float(rng.uniform(0.0, 0.5)), float(rng.uniform(0.12, 0.25)))
    stamps, r = [], size_px / 2
    for k in range(HEADINGS):
        c, s = math.cos(2 * math.pi * k / HEADINGS), math.sin(2 * math.pi * k / HEADINGS)

        def at(x: float, y: float, c: float = c, s: float = s) -> tuple[float, float]:
            return r + r * (c * x - s * y), r + r * (s * x + c * y)

        picture = canvas.blank(size_px, size_px, _KEY)
        hull = [at(x, y) for x, y in outline] + [at(x, -y) for x, y in outline[::-1]]
        canvas.polygon(picture, hull, colour)
        canvas.polygon(
            picture, [at(x, 0.4 * y) for x, y in outline] + [at(-0.9, 0)], shade(colour, 0.6)
        )
        canvas.disc(picture, *at(cabin[0], 0), cabin[1] * r, shade(colour, 1.5))
        stamps.append(_outlined(keyed(picture, _KEY), (0, 0, 0)))
    return tuple(stamps)


def thing(rng: np.random.Generator, size_px: int, colour: Colour) -> Sprite:
    """Something to be picked up or dodged: coin, gem, star or crate, in frames that turn."""
    shape, frames, r = int(rng.integers(4)), [], size_px / 2
    for k in range(WALK_FRAMES):
        picture = canvas.blank(size_px, size_px, _KEY)
        narrow = (1.0, 0.7, 0.25, 0.7)[k]
        if shape == 0:
            points = [
                (r + narrow * r * math.cos(a), r + r * math.sin(a))
                for a in np.linspace(0, 2 * math.pi, 12, endpoint=False)
            ]
        elif shape == 1:
            points = [(r, 0), (r + narrow * r, r), (r, 2 * r), (r - narrow * r, r)]
        elif shape == 2:
            points = [
                (
                    r + (1.0, 0.45)[j % 2] * r * math.sin(math.pi * (j + k / 4) / 5),
                    r - (1.0, 0.45)[j % 2] * r * math.cos(math.pi * (j + k / 4) / 5),
                )
                for j in range(10)
            ]
        else:
            points = [(1, 1), (2 * r - 1, 1), (2 * r - 1, 2 * r - 1), (1, 2 * r - 1)]
        canvas.polygon(picture, points, shade(colour, (1.0, 1.1, 1.25, 1.1)[k]))
        if shape == 3:
            canvas.line(picture, 1, 1, 2 * r - 1, 2 * r - 1, shade(colour, 0.5))
        frames.append(keyed(picture, _KEY))
    return sprite_of(frames)


def scaled(stamp: Stamp, sizes: list[int]) -> list[Stamp]:
    """A stamp at each height."""
    height, width = stamp.mask.shape[:2]
    mask = stamp.mask.astype(np.uint8).repeat(3, axis=2)
    result = []
    for size in sizes:
        wide = max(1, width * size // height)
        seen = canvas.resize(mask, wide, size)[..., 0] > 0
        result.append(stamp_of(canvas.resize(stamp.rgb, wide, size), seen))
    return result
