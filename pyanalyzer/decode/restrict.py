"""Looking at a part of the picture: a rectangle of it, or what a mask leaves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from pyanalyzer.decode.luma import LumaReader
from pyanalyzer.decode.passes import DecodePass
from pyanalyzer.decode.source import describe, open_source
from pyanalyzer.errors import ReplayError, UsageError
from pyanalyzer.records import U8, Frame, Region

MASK_LOOK_FROM = 128  # a mask's gray from here on is nearer to white than to black


def parse_region(text: str) -> Region:
    """``"x,y,w,h"`` in pixels of the picture as displayed; ``UsageError`` where it is no region."""
    try:
        numbers = [int(part) for part in text.split(",")]
        x_px, y_px, w_px, h_px = numbers
    except ValueError:
        raise UsageError(
            f"region '{text}': expected four whole numbers x,y,w,h in pixels"
        ) from None
    region = Region(x_px, y_px, w_px, h_px)
    if w_px < 1 or h_px < 1 or x_px < 0 or y_px < 0:
        raise UsageError(
            f"region '{text}': expected x and y of 0 or more, w and h of 1 or more pixels"
        )
    return region


def check_region(region: Region, width_px: int, height_px: int) -> None:
    """Raise ``UsageError`` unless ``region`` is not empty and lies within the picture."""
    x_px, y_px, w_px, h_px = region
    inside = x_px >= 0 and y_px >= 0 and x_px + w_px <= width_px and y_px + h_px <= height_px
    if w_px < 1 or h_px < 1 or not inside:
        raise UsageError(
            f"region {x_px},{y_px},{w_px},{h_px}: does not lie within the picture, which is "
            f"{width_px}x{height_px} px; choose x, y, w, h with x+w <= {width_px}, "
            f"y+h <= {height_px}"
        )


def crop(frame: Frame, region: Region) -> Frame:
    """The part of ``frame`` inside ``region``: its plane is a view, nothing is copied.

    Raises ``UsageError`` where the region does not lie within the picture.
    """
    height_px, width_px = frame.plane.shape
    check_region(region, width_px, height_px)
    x_px, y_px, w_px, h_px = region
    plane = frame.plane[y_px : y_px + h_px, x_px : x_px + w_px]
    return replace(frame, plane=plane)


def read_mask(path: str | Path, width_px: int, height_px: int) -> U8:
    """A mask from an image file: uint8 (height_px, width_px), 1 = look, 0 = ignore.

    Black is ignored; of grays, those darker than the middle (128). Any image that libav reads: PNG,
    JPEG, BMP, WebP, TIFF, GIF. Transparency is not looked at.

    Raises ``ReplayError``: no such file, not an image, another size than the picture, all black.
    """
    path = str(path)
    gray = _read_gray(path)
    if gray.shape != (height_px, width_px):
        raise ReplayError(
            f"{path}: the mask is {gray.shape[1]}x{gray.shape[0]} px, but the picture is "
            f"{width_px}x{height_px} px; make it the same size"
        )
    mask = (gray >= MASK_LOOK_FROM).astype(np.uint8)
    if not mask.any():
        raise ReplayError(
            f"{path}: the mask is black all over, so nothing would be looked at; paint white what "
            "is to be looked at"
        )
    return mask


def _read_gray(path: str) -> U8:
    try:
        with open_source(path) as source:
            for picture in DecodePass(source, threads=1):
                layout = describe(source, picture.frame, picture.pts).layout
                return LumaReader(layout).read(picture.frame)
    except ReplayError as error:
        raise ReplayError(f"{error} (as the mask, an image file is expected)") from error
    raise ReplayError(f"{path}: cannot be read as an image; expected a PNG or JPEG as the mask")
