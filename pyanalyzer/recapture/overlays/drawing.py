"""Drawing on pictures: boxes, stamps with a soft edge, and letters without a font file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from pyanalyzer.records import U8, Region

Colour = tuple[int, int, int]  # RGB
Alpha = npt.NDArray[np.float32]  # (h, w), 0..1

# Hershey's letters are drawn of lines; drawn large and shrunk, they look like a sans serif font.
_OVERSAMPLING = 4
_CAP_HEIGHT_PX = 21  # of FONT_HERSHEY_SIMPLEX at scale 1
_DESCENT_SHARE = 0.45  # below the line, of the height of capitals


@dataclass(frozen=True, slots=True, eq=False)
class Stamp:
    """A small picture with a soft edge. ``rgb``: float32 (h, w, 3), 0..255."""

    rgb: npt.NDArray[np.float32]
    alpha: Alpha


def box(picture: U8, region: Region, colour: Colour, opacity: float = 1.0) -> None:
    """Fill a box, clipped to the picture."""
    height, width = picture.shape[:2]
    x0, y0 = max(0, region.x_px), max(0, region.y_px)
    x1, y1 = min(width, region.x_px + region.w_px), min(height, region.y_px + region.h_px)
    if x0 >= x1 or y0 >= y1 or opacity <= 0:
        return
    target = picture[y0:y1, x0:x1]
    if opacity >= 1:
        target[:] = colour
        return
    ground = np.array(colour, np.float32) * opacity
    target[:] = np.rint(target.astype(np.float32) * (1 - opacity) + ground).astype(np.uint8)


def stamp(picture: U8, what: Stamp, x_px: int, y_px: int, opacity: float = 1.0) -> None:
    """Lay a stamp on the picture with its top left corner at a place, clipped."""
    h, w = what.alpha.shape
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = max(0, x_px), max(0, y_px), min(width, x_px + w), min(height, y_px + h)
    if x0 >= x1 or y0 >= y1:
        return
    rows, columns = slice(y0 - y_px, y1 - y_px), slice(x0 - x_px, x1 - x_px)
    alpha = what.alpha[rows, columns, None] * opacity
    target = picture[y0:y1, x0:x1]
    mixed = target.astype(np.float32) * (1 - alpha) + what.rgb[rows, columns] * alpha
    target[:] = np.rint(mixed).astype(np.uint8)


@lru_cache(maxsize=512)
def letters(text: str, height_px: int, bold: bool = False) -> Alpha:
    """A line of text as a mask; ``height_px`` is that of a capital letter. ASCII only."""
    scale = _OVERSAMPLING * height_px / _CAP_HEIGHT_PX
    thickness = max(1, round(_OVERSAMPLING * height_px * (0.19 if bold else 0.13)))
    font = cv2.FONT_HERSHEY_SIMPLEX
    (width, _), _ = cv2.getTextSize(text, font, scale, thickness)
    margin = thickness
    w = -(-(width + 2 * margin) // _OVERSAMPLING) * _OVERSAMPLING
    ascent = _OVERSAMPLING * height_px + 2 * margin
    h = round(ascent + _DESCENT_SHARE * _OVERSAMPLING * height_px)
    h = -(-h // _OVERSAMPLING) * _OVERSAMPLING
    mask = np.zeros((h, w), np.uint8)
    at = (margin, ascent - margin)
    cv2.putText(mask, text, at, font, scale, 255, thickness, cv2.LINE_AA)
    small = cv2.resize(mask, (w // _OVERSAMPLING, h // _OVERSAMPLING), interpolation=cv2.INTER_AREA)
    return np.asarray(small / 255, dtype=np.float32)


def write(
    picture: U8,
    text: str,
    at_px: tuple[int, int],
    height_px: int,
    colour: Colour,
    *,
    bold: bool = False,
    shadow: bool = False,
) -> int:
    """Write a line with its top left corner at a place; returns its width in px."""
    mask = letters(text, height_px, bold)
    x_px, y_px = at_px
    if shadow:
        offset = max(1, height_px // 8)
        _ink(picture, mask, x_px + offset, y_px + offset, (0, 0, 0))
    _ink(picture, mask, x_px, y_px, colour)
    return int(mask.shape[1])


def _ink(picture: U8, mask: Alpha, x_px: int, y_px: int, colour: Colour) -> None:
    rgb = np.broadcast_to(np.array(colour, np.float32), (*mask.shape, 3))
    stamp(picture, Stamp(rgb, mask), x_px, y_px)


def smooth_noise(rng: np.random.Generator, height: int, width: int, sigma: float) -> Alpha:
    """Blurred noise with mean 0 and standard deviation 1: (height, width)."""
    noise = rng.normal(0, 1, (height, width)).astype(np.float32)
    soft = np.asarray(cv2.GaussianBlur(noise, (0, 0), sigma), dtype=np.float32)
    return np.asarray((soft - soft.mean()) / (soft.std() + 1e-6), dtype=np.float32)


def event_times(
    rng: np.random.Generator, duration_s: float, period_s: float, least_s: float = 0.0
) -> npt.NDArray[np.float64]:
    """Times with exponential pauses of a mean, at least ``least_s`` apart: (N,), rising."""
    count = int(3 * duration_s / period_s) + 20
    pauses = least_s + rng.exponential(max(1e-3, period_s - least_s), count)
    times = np.cumsum(pauses)
    return np.asarray(times[times < duration_s])
