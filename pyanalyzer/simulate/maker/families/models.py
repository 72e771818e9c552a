"""Solid figures of boxes, seen from any side: walkers, beasts, cars, planes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pyanalyzer.records import F32, U8
from pyanalyzer.simulate.maker import canvas
from pyanalyzer.simulate.maker.palette import Colour, Palette, shade

NEAREST = 0.25  # what comes nearer to the camera is not drawn
KINDS = ("walker", "walker", "beast", "car", "plane")
# The corners of a box in units of its half sizes, and its six faces: four corners each, in an
# order that runs clockwise on the screen where the face is seen from outside; how bright it is.
_CORNERS = np.array([(x, y, z) for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)], np.float32)
_FACES = (
    ((4, 5, 7, 6), 1.25),
    ((0, 1, 5, 4), 0.8),
    ((3, 2, 6, 7), 0.8),
    ((1, 3, 7, 5), 1.05),
    ((2, 0, 4, 6), 0.65),
)


@dataclass(frozen=True)
class Box:
    """Middle and half sizes: ahead, to the right, up. ``swing``: how far it goes to and fro, -1..1
    times the stride, as legs and arms do."""

    middle: tuple[float, float, float]
    half: tuple[float, float, float]
    colour: Colour
    swing: float = 0.0


@dataclass(frozen=True)
class View:
    """A camera over a plane, level, looking along ``yaw_rad``; lengths as the world's."""

    x: float
    y: float
    height: float
    yaw_rad: float
    focal_px: float
    middle_px: float
    horizon_px: float

    def put(self, points: F32) -> tuple[F32, F32, F32]:
        """World points (..., 3), relative to the camera in x and y -> px, px, distance ahead."""
        c, s = math.cos(self.yaw_rad), math.sin(self.yaw_rad)
        ahead = points[..., 0] * c + points[..., 1] * s
        aside = points[..., 1] * c - points[..., 0] * s
        scale = self.focal_px / np.maximum(ahead, 1e-3)
        x: F32 = np.asarray(self.middle_px + aside * scale, np.float32)
        y: F32 = np.asarray(self.horizon_px + (self.height - points[..., 2]) * scale, np.float32)
        return x, y, np.asarray(ahead, np.float32)


def paint_model(
    picture: U8,
    model: tuple[Box, ...],
    view: View,
    place: tuple[float, float, float],
    heading_rad: float,
    stride: float = 0.0,
    bank_rad: float = 0.0,
) -> None:
    """A model at ``place`` (relative to the camera in x and y, over the ground), from far to near.

    ``stride`` swings its limbs, ``bank_rad`` leans it to the right.
    """
    middles = np.array([box.middle for box in model], np.float32)
    halves = np.array([box.half for box in model], np.float32)
    swings = np.array([box.swing for box in model], np.float32)
    middles[:, 0] += swings * np.float32(stride)
    corners = middles[:, None] + _CORNERS[None] * halves[:, None]
    if bank_rad:
        c, s = math.cos(bank_rad), math.sin(bank_rad)
        y, z = corners[..., 1].copy(), corners[..., 2].copy()
        corners[..., 1], corners[..., 2] = y * c + z * s, z * c - y * s
    c, s = math.cos(heading_rad), math.sin(heading_rad)
    x, y = corners[..., 0].copy(), corners[..., 1].copy()
    corners[..., 0], corners[..., 1] = x * c - y * s + place[0], x * s + y * c + place[1]
    corners[..., 2] += place[2]
    px, py, ahead = view.put(corners)
    if float(ahead.min()) < NEAREST:
        return
    for k in np.argsort(-ahead.mean(axis=1)):
        points = [(float(a), float(b)) for a, b in zip(px[k], py[k], strict=True)]
        for corner, light in _FACES:
            face = [points[j] for j in corner]
            if _clockwise(face):
                canvas.polygon(picture, face, _lit(model[int(k)].colour, light))


_lit = lru_cache(maxsize=1024)(shade)


def _clockwise(face: list[tuple[float, float]]) -> bool:
    (ax, ay), (bx, by), (cx, cy), _ = face
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) > 0


def draw_model(rng: np.random.Generator, colour: Colour, palette: Palette) -> tuple[Box, ...]:
    """A random figure about one unit high or long, its feet on the ground, facing +x."""
    kind = KINDS[int(rng.integers(len(KINDS)))]
    second = palette.solid_2 if rng.random() < 0.5 else shade(colour, 0.5)
    wide, long = float(rng.uniform(0.8, 1.3)), float(rng.uniform(0.8, 1.2))
    if kind == "walker":
        leg, arm = 0.22 * long, float(rng.uniform(0.05, 0.08))
        top = 2 * leg + 0.42
        boxes = [
            Box((0, -0.1 * wide, leg), (0.08, 0.07, leg), shade(colour, 0.5), 0.18),
            Box((0, 0.1 * wide, leg), (0.08, 0.07, leg), shade(colour, 0.5), -0.18),
            Box((0, 0, 2 * leg + 0.2), (0.11, 0.2 * wide, 0.2), colour),
            Box((0, -0.26 * wide, 2 * leg + 0.2), (arm, arm, 0.18), second, -0.16),
            Box((0, 0.26 * wide, 2 * leg + 0.2), (arm, arm, 0.18), second, 0.16),
            Box((0.02, 0, top + 0.11), (0.12, 0.12, 0.12), shade(colour, 1.3)),
        ]
        if rng.random() < 0.5:
            boxes.append(Box((-0.17, 0, 2 * leg + 0.22), (0.06, 0.14, 0.14), second))
        return tuple(boxes)
    if kind == "beast":
        legs = [
            Box((x, y * wide, 0.15), (0.06, 0.06, 0.15), shade(colour, 0.6), 0.14 * x * y * 25)
            for x in (-0.3, 0.3)
            for y in (-0.13, 0.13)
        ]
        return (
            *legs,
            Box((0, 0, 0.45), (0.42 * long, 0.2 * wide, 0.17), colour),
            Box((0.5 * long, 0, 0.62), (0.16, 0.13, 0.14), shade(colour, 1.25)),
            Box((-0.5 * long, 0, 0.55), (0.14, 0.04, 0.04), second),
        )
    if kind == "car":
        wheels = [
            Box((x * long, y * wide, 0.11), (0.12, 0.05, 0.11), (25, 25, 25))
            for x in (-0.4, 0.4)
            for y in (-0.32, 0.32)
        ]
        return (
            *wheels,
            Box((0, 0, 0.24), (0.65 * long, 0.3 * wide, 0.12), colour),
            Box((-0.08, 0, 0.45), (0.3 * long, 0.24 * wide, 0.1), second),
            Box((-0.65 * long, 0, 0.27), (0.02, 0.25 * wide, 0.04), (230, 40, 40)),
        )
    return (
        Box((0, 0, 0.3), (0.6 * long, 0.1, 0.1), colour),
        Box((0.05, 0, 0.3), (0.16, 0.75 * wide, 0.025), second),
        Box((-0.52 * long, 0, 0.32), (0.09, 0.28, 0.02), second),
        Box((-0.52 * long, 0, 0.46), (0.09, 0.02, 0.13), shade(colour, 1.2)),
        Box((0.2, 0, 0.42), (0.14, 0.07, 0.06), (180, 220, 240)),
    )
