"""A picture of three planes that is drawn on in place, only where something is drawn.

Video keeps its YUV 4:2:0 planes, so no frame goes through RGB; stills have three planes of RGB.
What is drawn is made once in RGB and brought into the planes' colours then.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from pyanalyzer.records import U8, U16, Region

F64 = npt.NDArray[np.float64]
Colour = tuple[int, int, int]  # RGB, 0..255

OPAQUE = 256  # opacities are whole numbers of 1/256

# Weights of red and blue in luma: ITU-R BT.601-7, BT.709-6, BT.2020-2.
LUMA_WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}


@dataclass(frozen=True, slots=True, eq=False)
class ColourSpace:
    """How RGB becomes the values of the planes: ``matrix @ rgb + offset``, rgb in 0..255.

    ``step``: pixels of the picture per pixel of the second and third plane, along each side.
    """

    matrix: F64  # (3, 3)
    offset: F64  # (3,)
    step: int

    def encode(self, rgb: npt.ArrayLike) -> F64:
        """(..., 3) of RGB as (..., 3) of the planes' values, not rounded."""
        return cast("F64", np.asarray(rgb, np.float64) @ self.matrix.T + self.offset)


RGB_SPACE = ColourSpace(np.eye(3), np.zeros(3), 1)


def yuv420_space(standard: str, *, full_range: bool) -> ColourSpace:
    """8-bit YUV with a quarter of the colour pixels. ``standard``: a key of LUMA_WEIGHTS."""
    red, blue = LUMA_WEIGHTS[standard]
    luma = np.array([red, 1 - red - blue, blue])
    u = (np.array([0, 0, 1.0]) - luma) / (2 * (1 - blue))
    v = (np.array([1.0, 0, 0]) - luma) / (2 * (1 - red))
    if full_range:
        return ColourSpace(np.stack([luma, u, v]), np.array([0.0, 128, 128]), 2)
    scales = np.array([[219], [224], [224]]) / 255
    return ColourSpace(np.stack([luma, u, v]) * scales, np.array([16.0, 128, 128]), 2)


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A small picture with a soft edge, in a canvas' colours, and its place there.

    Per plane: ``alphas`` uint8 (h, w), 0..255, and ``values``, uint8, already multiplied by them.
    ``x_px`` and ``y_px`` are multiples of the space's step, in px of the first plane.
    """

    x_px: int
    y_px: int
    alphas: tuple[U8, U8, U8]
    values: tuple[U8, U8, U8]


def make_sprite(rgba: F64, x_px: int, y_px: int, space: ColourSpace) -> Sprite:
    """``rgba``: float (h, w, 4), colours 0..255 and alpha 0..1, with its corner at a place.

    The picture is widened with nothing, so that it covers whole pixels of every plane.
    """
    step = space.step
    left, top = x_px % step, y_px % step
    right, bottom = -(left + rgba.shape[1]) % step, -(top + rgba.shape[0]) % step
    rgba = np.pad(rgba, ((top, bottom), (left, right), (0, 0)))
    alpha = rgba[..., 3]
    values = space.encode(rgba[..., :3]) * alpha[..., None]
    alphas, planes = [], []
    for number in range(3):
        a, v = alpha, values[..., number]
        if number and step > 1:
            a, v = _means(a, step), _means(v, step)
        alphas.append(np.rint(255 * a).astype(np.uint8))
        planes.append(np.clip(np.rint(v), 0, 255).astype(np.uint8))
    return Sprite(
        x_px - left,
        y_px - top,
        (alphas[0], alphas[1], alphas[2]),
        (planes[0], planes[1], planes[2]),
    )


def _means(values: F64, step: int) -> F64:
    h, w = values.shape
    return cast("F64", values.reshape(h // step, step, w // step, step).mean(axis=(1, 3)))


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """Three planes to be drawn on, uint8 (h, w), rows of any stride of adjacent pixels, and their
    colours."""

    planes: tuple[U8, U8, U8]
    space: ColourSpace

    def fill(self, region: Region, colour: Colour, opacity: int) -> None:
        """Lay a colour over a box, clipped to the canvas. ``opacity``: 0..OPAQUE.

        Pixels of colour planes that lie only partly in the box are left as they are.
        """
        tables = _tables(self.space, colour, min(opacity, OPAQUE))
        for number, plane in enumerate(self.planes):
            step = self.space.step if number else 1
            x0, y0 = -(-max(0, region.x_px) // step), -(-max(0, region.y_px) // step)
            x1 = max(0, region.x_px + region.w_px) // step
            y1 = max(0, region.y_px + region.h_px) // step
            target = plane[y0:y1, x0:x1]
            if target.size:
                cv2.LUT(target, tables[number], dst=target)

    def blend(self, sprite: Sprite, opacity: int = OPAQUE) -> None:
        """Lay a sprite on the canvas, clipped to it. ``opacity``: 0..OPAQUE."""
        for number, plane in enumerate(self.planes):
            step = self.space.step if number else 1
            x_px, y_px = sprite.x_px // step, sprite.y_px // step
            alpha, value = sprite.alphas[number], sprite.values[number]
            rows = slice(max(0, -y_px), max(0, plane.shape[0] - y_px))
            columns = slice(max(0, -x_px), max(0, plane.shape[1] - x_px))
            alpha, value = alpha[rows, columns], value[rows, columns]
            y0, x0 = max(0, y_px), max(0, x_px)
            target = plane[y0 : y0 + alpha.shape[0], x0 : x0 + alpha.shape[1]]
            if target.size:
                _blend(target, alpha, value, opacity)


@lru_cache(maxsize=1024)
def _tables(space: ColourSpace, colour: Colour, opacity: int) -> tuple[U8, U8, U8]:
    """What each value of each plane becomes under a colour."""
    wanted = np.clip(np.rint(space.encode(colour)), 0, 255).astype(int)
    levels = np.arange(256) * (OPAQUE - opacity) + wanted[:, None] * opacity
    y, u, v = ((levels + OPAQUE // 2) // OPAQUE).astype(np.uint8)
    return y, u, v


def _blend(target: U8, alpha: U8, value: U8, opacity: int) -> None:
    """``target * (1 - alpha) + value``, with both faded, in integers: every machine gives the same.

    Division by 255 as ``(x + 128 + (x + 128 >> 8)) >> 8``, which rounds exactly for 16 bits.
    """
    a, v = alpha.astype(np.uint16), value.astype(np.uint16)
    if opacity < OPAQUE:
        a, v = a * np.uint16(opacity) >> 8, v * np.uint16(opacity) >> 8  # 255 * 256 fits
    kept: U16 = np.multiply(target, 255 - a, dtype=np.uint16)
    kept += 128
    kept += kept >> 8
    kept >>= 8
    kept += v
    np.minimum(kept, 255, out=kept)
    target[:] = kept
