"""The pictures of an evidence card: crops of before and after on one another, and what differs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from pyanalyzer import core
from pyanalyzer.core.stream import MAX_FACTOR, MIN_WORKING_PX, working_factor
from pyanalyzer.decode.colour import ColourPicture
from pyanalyzer.records import (
    BLOCK_PX,
    RESIDUAL_OFFSET,
    RESIDUAL_SLOPE,
    U8,
    Alignment,
    BoolGrid,
    Evidence,
    Memory,
    Region,
)

Inverse = tuple[int, int, int, int]

MAX_IMAGE_PX = 320  # longer side of a card's picture: some 15 kB, and a page holds hundreds
MARGIN_BLOCKS = 2  # at least so much of what surrounds a region is shown ...
MARGIN_SHARE = 0.25  # ... or this share of its longer side: one then sees where it is
JPEG_QUALITY = 88
CHANGED_RGB = (255, 59, 48)  # red, which few games paint large areas with
# A mean difference of so many grey levels per pixel, beyond noise, is shown at full strength: what
# sprites of strong colour leave on their ground; moving textures leave less.
FULL_LEVELS = 48.0
MOST_OPAQUE = 0.7  # the picture below stays visible
_ONE_Q16 = 65536


@dataclass(frozen=True, slots=True)
class Grid:
    """The blocks of a replay's picture, each ``factor`` times 8 px of the replay wide and high."""

    factor: int
    rows: int
    cols: int

    @property
    def side_px(self) -> int:
        """Side of a block in px of the replay."""
        return BLOCK_PX * self.factor

    @classmethod
    def of(cls, width_px: int, height_px: int) -> Grid:
        """That of the analysis of a whole picture of this size.

        Pictures that are only analysed in part, as they are too large or too long and narrow by
        themselves, are reduced less, as far as the core needs it.
        """
        most = max(1, min(MAX_FACTOR, min(width_px, height_px) // MIN_WORKING_PX))
        factor = min(working_factor(width_px, height_px), most)
        side_px = BLOCK_PX * factor
        return cls(factor, height_px // side_px, width_px // side_px)

    def around(self, region: Region) -> Region:
        """``region`` with a margin, widened to whole blocks, inside the grid; px of the replay."""
        side_px = self.side_px
        margin_px = max(
            MARGIN_BLOCKS * side_px, round(MARGIN_SHARE * max(region.w_px, region.h_px))
        )
        x, w = _blocks(region.x_px, region.w_px, margin_px, side_px, self.cols)
        y, h = _blocks(region.y_px, region.h_px, margin_px, side_px, self.rows)
        return Region(x, y, w, h)


def _blocks(start: int, length: int, margin: int, side: int, count: int) -> tuple[int, int]:
    """Start and length in px of the whole blocks that a stretch with its margin touches."""
    first = min(max((start - margin) // side, 0), count - 1)
    end = min(max(-(-(start + length + margin) // side), first + 1), count)
    return first * side, (end - first) * side


@dataclass(frozen=True, slots=True, eq=False)
class Before:
    """What is kept of the picture of before until that of after is there."""

    working: U8  # luma, one px per ``factor`` px of the replay
    crop: U8  # (h, w, 3), as it is shown


@dataclass(frozen=True, slots=True, eq=False)
class PicturePair:
    """Before and after as they are shown: RGB, uint8 (h, w, 3), one size.

    ``changed``: uint8 (rows, cols) of the crop's blocks, 0: no change beyond noise.
    """

    aligned: bool
    before: U8
    after: U8
    changed: U8


def keep_before(picture: ColourPicture, grid: Grid, crop_px: Region) -> Before:
    """What will be needed of the picture before an onset."""
    working = core.downscale(picture.luma, grid.factor)
    return Before(working, _shown(_cropped(picture.rgb, crop_px)))


def pair(
    before: Before, after: ColourPicture, grid: Grid, crop_px: Region, hint: Inverse | None
) -> PicturePair:
    """Lays the picture of after on that of before and compares the two.

    ``hint``: where a pixel of before lies in after by the motions of the frames between, as
    ``Alignment.inverse_q16`` in working px. Aligning the two at once is more exact, but over a fast
    turn it may find nothing, or what stays on the screen (a HUD, the player's hands): the one that
    leaves less of half of the blocks is taken.
    """
    working = core.downscale(after.luma, grid.factor)
    alignment = core.align(working, before.working, hint=hint)
    evidence = _evidence(working, before.working, alignment, grid)
    if hint is not None:
        summed = Alignment.of(hint, 0.0, True, *working.shape)
        other = _evidence(working, before.working, summed, grid)
        if _left_over(other) < _left_over(evidence):
            alignment, evidence = summed, other
    rgb = after.rgb
    if alignment.aligned:
        inverse = replay_inverse(alignment.inverse_q16, grid.factor)
        planes = [core.warp(np.ascontiguousarray(rgb[:, :, c]), inverse) for c in range(3)]
        rgb = np.stack(planes, axis=2)
        rgb[~inside(inverse, rgb.shape[1], rgb.shape[0])] = 0  # not what its border repeats
    x, y = crop_px.x_px // grid.side_px, crop_px.y_px // grid.side_px
    w, h = crop_px.w_px // grid.side_px, crop_px.h_px // grid.side_px
    return PicturePair(
        aligned=alignment.aligned,
        before=before.crop,
        after=_shown(_cropped(rgb, crop_px)),
        changed=changed_levels(evidence)[y : y + h, x : x + w],
    )


def replay_inverse(working_q16: Inverse, factor: int) -> Inverse:
    """An inverse between working pictures as one between the replay's own pictures.

    The working px ``x`` lies at ``factor * x + (factor - 1) / 2`` of the replay.
    """
    a, b, tx, ty = working_q16
    half = factor - 1
    return (
        a,
        b,
        factor * tx + half * (_ONE_Q16 - a + b) // 2,
        factor * ty + half * (_ONE_Q16 - a - b) // 2,
    )


def inside(inverse_q16: Inverse, width_px: int, height_px: int) -> BoolGrid:
    """Which pixels come from inside the picture, up to half a pixel: bool (height_px, width_px)."""
    a, b, tx, ty = inverse_q16
    xs = np.arange(width_px, dtype=np.int64)[np.newaxis, :]
    ys = np.arange(height_px, dtype=np.int64)[:, np.newaxis]
    x, y = a * xs - b * ys + tx, b * xs + a * ys + ty
    half = _ONE_Q16 // 2
    right, bottom = ((width_px - 1) << 16) + half, ((height_px - 1) << 16) + half
    covered: BoolGrid = (x >= -half) & (x <= right) & (y >= -half) & (y <= bottom)
    return covered


def _evidence(after: U8, before: U8, alignment: Alignment, grid: Grid) -> Evidence:
    """On the grid of before. Nothing is remembered: the noise floor is that of this pair alone."""
    evidence, _ = core.difference(after, before, alignment, Memory.initial(grid.rows, grid.cols))
    return evidence


def _left_over(evidence: Evidence) -> float:
    """The median residual of the blocks that were measured; infinite where none was."""
    measured = evidence.noise_floor > 0
    return float(np.median(evidence.residual[measured])) if measured.any() else math.inf


def changed_levels(evidence: Evidence) -> U8:
    """How much each block differs, 0..255; 0 where it is likelier unchanged by its residual.

    Linear in the mean difference per pixel, 255 from ``FULL_LEVELS`` grey levels on.
    """
    floor = evidence.noise_floor.astype(np.int32)
    residual = evidence.residual.astype(np.int32)
    likely = RESIDUAL_SLOPE * residual + RESIDUAL_OFFSET * floor > 0
    levels = (residual - floor) / BLOCK_PX**2
    strength = np.clip(levels * (255.0 / FULL_LEVELS), 1.0, 255.0)
    changed: U8 = np.where(likely, np.rint(strength), 0.0).astype(np.uint8)
    return changed


def _cropped(rgb: U8, region: Region) -> U8:
    x, y, w, h = region
    part: U8 = rgb[y : y + h, x : x + w].copy()
    return part


def _shown(rgb: U8) -> U8:
    """Brought to at most ``MAX_IMAGE_PX``; never enlarged."""
    height, width = rgb.shape[:2]
    scale = MAX_IMAGE_PX / max(width, height)
    if scale >= 1.0:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def jpeg_of(rgb: U8) -> bytes:
    """As JPEG with whole colour, so that the small figures of old games keep theirs."""
    options = [
        cv2.IMWRITE_JPEG_QUALITY,
        JPEG_QUALITY,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]
    return _encoded(".jpg", np.ascontiguousarray(rgb[:, :, ::-1]), options)


def block_map_png(changed: U8) -> bytes:
    """As PNG, one pixel per block: the more changed, the less transparent."""
    rgba = np.zeros((*changed.shape, 4), np.uint8)
    rgba[:, :, :3] = CHANGED_RGB[::-1]
    rgba[:, :, 3] = np.rint(changed * MOST_OPAQUE)
    return _encoded(".png", rgba, [])


def _encoded(extension: str, pixels: U8, options: list[int]) -> bytes:
    done, data = cv2.imencode(extension, pixels, options)
    if not done:  # only out of memory
        raise MemoryError(f"no memory for a picture of {pixels.shape[1]}x{pixels.shape[0]} px")
    encoded: Any = data
    return bytes(encoded.tobytes())
