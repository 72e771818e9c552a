"""Drawing on uint8 (h, w, 3) RGB pictures: the only place of the maker that calls OpenCV.

Coordinates are px, x to the right and y down; everything is clipped to the picture. No
antialiasing and no fonts of OpenCV's, so that its version does not matter to the bytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt

from pyanalyzer.records import F32, U8
from pyanalyzer.simulate.maker.palette import Colour

# 3 x 5 px glyphs, rows from the top, each a number whose bits 4, 2, 1 are left, middle, right.
_GLYPH_TABLE = (
    "0=75557 1=26227 2=71747 3=71717 4=55711 5=74717 6=74757 7=71222 8=75757 9=75717 A=25755 "
    "B=65656 C=34443 D=65556 E=74647 F=74644 G=34553 H=55755 I=72227 J=11152 K=55655 L=44447 "
    "M=57755 N=65555 O=25552 P=65644 Q=25563 R=65655 S=34216 T=72222 U=55557 V=55552 W=55775 "
    "X=55255 Y=55222 Z=71247 .=00002 :=02020 -=00700 /=11244 !=22202 %=51245 +=02720"
)
_GLYPHS = {pair[0]: pair[2:] for pair in _GLYPH_TABLE.split()}
_GLYPHS[" "] = "00000"


class Stamp(NamedTuple):
    """A small picture to be put onto a larger one, where ``mask`` (h, w, 1), bool, is True."""

    rgb: U8
    mask: npt.NDArray[np.bool_]


def blank(width_px: int, height_px: int, colour: Colour = (0, 0, 0)) -> U8:
    """A picture of one colour."""
    picture = np.empty((height_px, width_px, 3), np.uint8)
    picture[:] = colour
    return picture


def box(picture: U8, x: float, y: float, w: float, h: float, colour: Colour) -> None:
    """A filled rectangle."""
    x0, y0 = max(0, int(x)), max(0, int(y))
    x1, y1 = int(x + w), int(y + h)
    if x1 > x0 and y1 > y0:
        picture[y0:y1, x0:x1] = colour


def blend(picture: U8, x: int, y: int, w: int, h: int, colour: Colour, share: float) -> None:
    """A translucent rectangle: ``share`` of ``colour``, the rest of what was there."""
    part = picture[max(0, y) : max(0, y + h), max(0, x) : max(0, x + w)]
    if part.size:
        weight = int(256 * share)
        added = np.array([c * weight for c in colour], np.uint16)
        part[:] = (part.astype(np.uint16) * np.uint16(256 - weight) + added) >> 8


def disc(picture: U8, x: float, y: float, radius: float, colour: Colour, line_px: int = -1) -> None:
    """A filled circle, or a ring ``line_px`` thick."""
    cv2.circle(picture, (int(x), int(y)), max(0, int(radius)), colour, line_px, cv2.LINE_8)


def line(
    picture: U8, x0: float, y0: float, x1: float, y1: float, colour: Colour, line_px: int = 1
) -> None:
    """A straight line."""
    cv2.line(picture, (int(x0), int(y0)), (int(x1), int(y1)), colour, line_px, cv2.LINE_8)


def polygon(picture: U8, points: Sequence[tuple[float, float]], colour: Colour) -> None:
    """A filled polygon."""
    corners = np.array([[int(x), int(y)] for x, y in points], np.int32)
    cv2.fillPoly(picture, [corners], colour, cv2.LINE_8)


def blit(picture: U8, stamp: Stamp, x: float, y: float) -> None:
    """Put a stamp with its left upper corner at (x, y)."""
    left, top = math.floor(x), math.floor(y)
    height, width = stamp.mask.shape[:2]
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(picture.shape[1], left + width), min(picture.shape[0], top + height)
    if x1 <= x0 or y1 <= y0:
        return
    source = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
    np.copyto(picture[y0:y1, x0:x1], stamp.rgb[source], where=stamp.mask[source])


def cover(picture: U8, rgb: U8, mask: U8) -> None:
    """Put a picture of the same size over another where ``mask``, uint8 (h, w), is not 0."""
    cv2.copyTo(rgb, mask, picture)


@lru_cache(maxsize=4096)
def _text_mask(text: str, size: int) -> npt.NDArray[np.bool_]:
    rows = np.zeros((5, 4 * len(text)), bool)
    for k, letter in enumerate(text.upper()):
        for y, digit in enumerate(_GLYPHS.get(letter, "72227")):
            rows[y, 4 * k : 4 * k + 3] = [bool(int(digit) & bit) for bit in (4, 2, 1)]
    return rows.repeat(size, axis=0).repeat(size, axis=1)


def text_width_px(text: str, size: int) -> int:
    """How wide a text is written; it is ``5 * size`` px high."""
    return 4 * size * len(text)


def write(picture: U8, text: str, x: float, y: float, colour: Colour, size: int = 1) -> None:
    """A line of capitals and digits; ``size`` is the side of a glyph's dot in px."""
    mask = _text_mask(text, size)
    left, top = int(x), int(y)
    x0, y0 = max(0, left), max(0, top)
    part = picture[y0 : max(y0, top + mask.shape[0]), x0 : max(x0, left + mask.shape[1])]
    if part.size:
        seen = mask[y0 - top :, x0 - left :][: part.shape[0], : part.shape[1]]
        part[seen] = colour


def resize(picture: U8, width_px: int, height_px: int, smooth: bool = False) -> U8:
    """Scaled; nearest neighbour unless ``smooth``."""
    how = cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST
    return cast(U8, cv2.resize(picture, (width_px, height_px), interpolation=how))


def gather(
    source: U8,
    width_px: int,
    height_px: int,
    scale: float,
    angle_rad: float,
    x: float,
    y: float,
    smooth: bool = False,
) -> U8:
    """What a camera sees that looks at ``(x, y)`` of ``source`` from above, ``scale`` px per px.

    ``angle_rad`` turns the camera clockwise. Nearest neighbour, or bilinear if
    ``smooth``; beyond the edge, the source again.
    """
    c, s = math.cos(angle_rad) / scale, math.sin(angle_rad) / scale
    cx, cy = width_px / 2, height_px / 2
    inverse = np.array([[c, -s, x - c * cx + s * cy], [s, c, y - s * cx - c * cy]])
    flags = (cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST) | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(
        source, inverse, (width_px, height_px), flags=flags, borderMode=cv2.BORDER_WRAP
    )
    return cast(U8, seen)


def remap(source: U8, x: F32, y: F32, smooth: bool = False) -> U8:
    """The picture of ``source`` at the points (x, y), each float32 (h, w); wraps around."""
    how = cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST
    return cast(U8, cv2.remap(source, x, y, how, borderMode=cv2.BORDER_WRAP))


def blur(picture: U8, radius_px: int) -> U8:
    """Box blur of a picture that repeats itself in both directions."""
    side = 2 * radius_px + 1
    pad = ((radius_px, radius_px), (radius_px, radius_px), (0, 0))
    wide = cv2.blur(np.pad(picture, pad, mode="wrap"), (side, side))
    return cast(U8, wide[radius_px:-radius_px, radius_px:-radius_px])


def toned(picture: U8, gains: tuple[float, float, float], lift: float = 0.0) -> U8:
    """Each channel times its gain plus ``lift``, by a table of 256 values."""
    ramp = np.arange(256, dtype=np.float32)[:, None] * np.array(gains, np.float32) + lift
    table = ramp.clip(0, 255).astype(np.uint8)[None]
    return cast(U8, cv2.LUT(picture, table))


def dim_rows(picture: U8) -> None:
    """Every other row three quarters as bright: the lines of an old screen."""
    rows = picture[1::2]
    rows[:] = (rows >> 1) + (rows >> 2)


class Decal(NamedTuple):
    """A small picture to be put onto another at any angle and fraction of a px.

    ``rgba`` is float32 (h, w, 4): colours 0..255 times their cover, and the cover, 0..1. With a
    margin of nothing, so that its edges are smooth.
    """

    rgba: F32


def decal_of(stamp: Stamp) -> Decal:
    """A stamp that can be turned; one px of margin is added."""
    cover_share = stamp.mask.astype(np.float32)
    rgba = np.concatenate([stamp.rgb * cover_share, cover_share], axis=2)
    return Decal(np.pad(rgba, ((1, 1), (1, 1), (0, 0))))


def spin(
    picture: U8, decal: Decal, x: float, y: float, angle_rad: float = 0.0, scale: float = 1.0
) -> None:
    """Put a decal with its middle at (x, y), turned clockwise and scaled; bilinear."""
    height, width = decal.rgba.shape[:2]
    half = math.ceil(math.hypot(height, width) * scale / 2) + 1
    left, top = math.floor(x) - half, math.floor(y) - half
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(picture.shape[1], left + 2 * half + 1), min(picture.shape[0], top + 2 * half + 1)
    if x1 <= x0 or y1 <= y0:
        return
    c, s = math.cos(angle_rad) / scale, math.sin(angle_rad) / scale
    cx, cy = x - x0, y - y0
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    inverse = np.array(
        [[c, s, middle_x - c * cx - s * cy], [-s, c, middle_y + s * cx - c * cy]], np.float64
    )
    patch = cv2.warpAffine(
        decal.rgba,
        inverse,
        (x1 - x0, y1 - y0),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(0, 0, 0, 0),
    )
    part = picture[y0:y1, x0:x1]
    part[:] = (part * (1 - patch[..., 3:]) + patch[..., :3] + 0.5).astype(np.uint8)


def mosaic(tiles: U8, kinds: npt.NDArray[np.int64]) -> U8:
    """A picture of tiles: ``tiles`` is (kinds, t, t, 3), ``kinds`` (rows, columns) which."""
    rows, columns = kinds.shape
    side = tiles.shape[1]
    laid = tiles[kinds].transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(laid.reshape(rows * side, columns * side, 3))
