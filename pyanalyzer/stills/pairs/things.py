"""What is pasted into pictures: shapes, sprites, cut-outs of other pictures, and words.

Validation and test have shapes and a typeface that training never shows; sprites and cut-outs come
from the split's own pictures and random numbers.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from pyanalyzer.records import F32, U8
from pyanalyzer.simulate.maker import sprites
from pyanalyzer.simulate.splits import Split
from pyanalyzer.stills.pairs.sources import PicturePool

LEAST_PX = 8  # the smallest thing that has to be found, px a side
_SHAPES: dict[Split, tuple[str, ...]] = {
    "train": ("ellipse", "rectangle", "triangle", "blob", "stroke", "frame"),
    "validation": ("star", "cross", "crescent"),
    "test": ("ring", "arrow", "heart"),
}
_FACES: dict[Split, tuple[int, ...]] = {
    "train": (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX),
    "validation": (cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,),
    "test": (cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,),
}
_SIGNS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ %:/-+!?"


class Thing(NamedTuple):
    """A small picture with a soft edge: uint8 RGB (h, w, 3) and float32 alpha (h, w) in 0..1."""

    rgb: U8
    alpha: F32


def draw_thing(rng: np.random.Generator, pool: PicturePool, w_px: int, h_px: int) -> Thing:
    """A random thing of about this size."""
    kind = rng.random()
    if kind < 0.4:
        return cutout(rng, pool, w_px, h_px)
    if kind < 0.7:
        return sprite(rng, w_px, h_px)
    return shape(rng, pool.split, w_px, h_px)


def cutout(rng: np.random.Generator, pool: PicturePool, w_px: int, h_px: int) -> Thing:
    """A part of another picture, within an outline."""
    alpha = _outline(rng, _pick(rng, _SHAPES[pool.split]), w_px, h_px)
    return Thing(pool.draw(rng, w_px, h_px), _soft(rng, alpha))


def shape(rng: np.random.Generator, split: Split, w_px: int, h_px: int) -> Thing:
    """A shape of one colour or of a gradient."""
    alpha = _outline(rng, _pick(rng, _SHAPES[split]), w_px, h_px)
    a, b = rng.integers(0, 256, (2, 3)).astype(np.float32)
    b = a if rng.random() < 0.5 else b
    along = np.linspace(0, 1, w_px, dtype=np.float32)[None, :, None]
    rgb = np.broadcast_to(a + (b - a) * along, (h_px, w_px, 3))
    return Thing(rgb.astype(np.uint8), _soft(rng, alpha))


def sprite(rng: np.random.Generator, w_px: int, h_px: int) -> Thing:
    """A figure, ship or thing of a made game, stretched to the size."""
    colour = tuple(int(c) for c in rng.integers(40, 256, 3))
    size = int(min(64, max(10, h_px)))
    kind = int(rng.integers(3))
    rgb_colour = (colour[0], colour[1], colour[2])
    if kind == 0:
        stamp = sprites.figure(rng, size, rgb_colour).frame(int(rng.integers(4)))
    elif kind == 1:
        stamp = sprites.ship(rng, size, rgb_colour)[int(rng.integers(sprites.HEADINGS))]
    else:
        stamp = sprites.thing(rng, size, rgb_colour).frame(0)
    how = cv2.INTER_NEAREST if rng.random() < 0.5 else cv2.INTER_LINEAR
    alpha = stamp.mask[..., 0].astype(np.float32)
    rgb = cv2.resize(stamp.rgb, (w_px, h_px), interpolation=how)
    return Thing(
        np.asarray(rgb, np.uint8),
        np.asarray(cv2.resize(alpha, (w_px, h_px), interpolation=how), np.float32),
    )


def words(rng: np.random.Generator, split: Split, height_px: int) -> tuple[Thing, Thing]:
    """Two texts in the same place and style: some of their signs differ, or one is gone."""
    digits = rng.random() < 0.6
    signs = _SIGNS if digits else _SIGNS + _LETTERS
    count = int(rng.integers(1, 9))
    first = [signs[int(i)] for i in rng.integers(len(signs), size=count)]
    second = list(first)
    for place in rng.choice(count, int(rng.integers(1, count + 1)), replace=False):
        second[int(place)] = signs[int(rng.integers(len(signs)))]
    scale = height_px / 21.0  # a capital letter of the typeface at scale 1
    thick = max(1, round(scale * float(rng.uniform(0.8, 2.0))))
    face = int(_FACES[split][int(rng.integers(len(_FACES[split])))])
    ink, paper = rng.integers(0, 256, (2, 3)).astype(np.uint8)
    if abs(int(ink.mean()) - int(paper.mean())) < 60:
        ink = 255 - ink if abs(255 - 2 * int(ink.mean())) > 60 else np.zeros(3, np.uint8)
    texts = ["".join(first), "".join(second)]
    sizes = [cv2.getTextSize(t, face, scale, thick)[0][0] for t in texts]
    w, h = max(sizes) + 4, round(1.7 * height_px) + 4
    plate = rng.random() < 0.5
    things = []
    for text in texts:
        mask = np.zeros((h, w), np.uint8)
        cv2.putText(mask, text, (2, round(1.25 * height_px) + 2), face, scale, 255, thick, 16)
        alpha = np.asarray(mask / 255, np.float32)
        opaque = np.ones_like(alpha)
        rgb = paper + (ink.astype(np.float32) - paper) * alpha[..., None]
        things.append(Thing(rgb.astype(np.uint8), opaque if plate else alpha))
    return things[0], things[1]


def _pick(rng: np.random.Generator, names: tuple[str, ...]) -> str:
    return names[int(rng.integers(len(names)))]


def _soft(rng: np.random.Generator, alpha: F32) -> F32:
    """The outline with an edge that is more or less soft."""
    if min(alpha.shape) < 12 or rng.random() < 0.4:
        return alpha
    sigma = float(rng.uniform(0.4, 0.04 * min(alpha.shape) + 0.5))
    return np.asarray(cv2.GaussianBlur(alpha, (0, 0), sigma), np.float32)


def _outline(rng: np.random.Generator, name: str, w_px: int, h_px: int) -> F32:
    """A shape that fills (h, w), antialiased: float32 in 0..1."""
    many = 4  # drawn larger and shrunk, so that its edge is smooth
    w, h = many * w_px, many * h_px
    mask = np.zeros((h, w), np.uint8)
    centre, half = (w // 2, h // 2), (w // 2 - 1, h // 2 - 1)
    if name in ("ellipse", "ring", "crescent"):
        cv2.ellipse(mask, centre, half, 0, 0, 360, 255, -1)
        inner = (int(0.55 * half[0]), int(0.55 * half[1]))
        if name == "ring":
            cv2.ellipse(mask, centre, inner, 0, 0, 360, 0, -1)
        elif name == "crescent":
            cv2.ellipse(mask, (int(0.7 * w), h // 2), inner, 0, 0, 360, 0, -1)
    elif name in ("rectangle", "frame"):
        mask[:] = 255
        if name == "frame":
            edge = max(many, min(w, h) // 6)
            mask[edge:-edge, edge:-edge] = 0
    elif name == "stroke":
        ends = rng.random((3, 2)) * (w, h)
        cv2.polylines(mask, [ends.astype(np.int32)], False, 255, max(3 * many, min(w, h) // 5))
    elif name == "cross":
        mask[h // 3 : -h // 3] = 255
        mask[:, w // 3 : -w // 3] = 255
    else:
        points = _corners(rng, name) * (w - 1, h - 1)
        cv2.fillPoly(mask, [points.astype(np.int32)], 255)
    small = cv2.resize(mask, (w_px, h_px), interpolation=cv2.INTER_AREA)
    return np.asarray(np.asarray(small) / 255, np.float32)


def _corners(rng: np.random.Generator, name: str) -> npt.NDArray[np.float64]:
    """The corners of a polygon in 0..1: (n, 2)."""
    if name == "triangle":
        return np.array([(0, 1), (1, 1), (float(rng.random()), 0)])
    if name == "arrow":
        return np.array([(0, 0.3), (0.6, 0.3), (0.6, 0), (1, 0.5), (0.6, 1), (0.6, 0.7), (0, 0.7)])
    if name == "heart":
        t = np.linspace(0, 2 * math.pi, 40)
        x = 16 * np.sin(t) ** 3
        y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
        points = np.stack([x, y], 1)
    else:
        count = 10 if name == "star" else int(rng.integers(6, 14))
        angle = np.linspace(0, 2 * math.pi, count, endpoint=False)
        star = np.tile([1.0, 0.45], count // 2 + 1)[:count]
        radius = star if name == "star" else rng.uniform(0.5, 1.0, count)
        points = np.stack([radius * np.sin(angle), -radius * np.cos(angle)], 1)
    low, high = points.min(0), points.max(0)
    return np.asarray((points - low) / (high - low))
