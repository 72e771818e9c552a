"""The changes drawn over the second picture: blocks by kind, outlines, arrows, numbers."""

from __future__ import annotations

import math

import cv2
import numpy as np

from pyanalyzer.errors import OutputError
from pyanalyzer.records import U8, Region
from pyanalyzer.report.words import percent
from pyanalyzer.stills.records import Change, ChangeKind, Comparison
from pyanalyzer.stills.text_report import KIND_STYLES

_DIMMED = 0.7  # of the picture's contrast, so that the blocks stand out
_TINT = 0.55  # of the kind's colour over a changed pixel
_GHOST = 0.35  # the same where a thing was before it moved
_DARK: tuple[int, int, int] = (20, 20, 24)
_REFERENCE_PX = 720.0  # a picture of this height has lines of 2 px and letters of 0.5


def draw_changes(comparison: Comparison) -> U8:
    """The second picture, dimmed, with its changes: uint8 RGB, its own size.

    A changed pixel is tinted in the colour of the kind; a box and a number stand around it; from
    where a thing was an arrow leads to where it is. What the first picture does not show is
    hatched.
    """
    picture = _dimmed(comparison.after)
    _hatch(picture, comparison)
    for change in comparison.changes:
        colour = rgb(change.kind)
        for region, share in ((change.region, _TINT), (change.from_region, _GHOST)):
            if region is not None:
                _tint(picture, comparison, region, colour, share)
    line = max(1, round(2 * min(picture.shape[:2]) / _REFERENCE_PX))
    for change in comparison.changes:
        _outline(picture, change, line)
    for number, change in enumerate(comparison.changes, 1):
        text = f"{number} {change.kind} {percent(change.confidence)}"
        _label(picture, text, change.region, rgb(change.kind), line)
    return picture


def png_bytes(picture: U8) -> bytes:
    """A picture, uint8 RGB, as PNG."""
    # Level 6 takes four times as long, longer than the whole comparison, for files 5 % smaller.
    return _encoded(picture, ".png", [cv2.IMWRITE_PNG_COMPRESSION, 3])


def jpeg_bytes(picture: U8, quality: int = 90) -> bytes:
    """A picture, uint8 RGB, as JPEG."""
    return _encoded(picture, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, quality])


def rgb(kind: ChangeKind) -> tuple[int, int, int]:
    """The colour of a kind, as in the text."""
    code = KIND_STYLES[kind].lstrip("#")
    return int(code[0:2], 16), int(code[2:4], 16), int(code[4:6], 16)


def _encoded(picture: U8, extension: str, options: list[int]) -> bytes:
    done, data = cv2.imencode(extension, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise OutputError(
            f"a picture of {picture.shape[1]} x {picture.shape[0]} px cannot be coded"
        )
    return bytes(data)


def _dimmed(picture: U8) -> U8:
    grey = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    half = cv2.addWeighted(picture, 0.5, grey, 0.5, 0)
    return np.asarray(cv2.convertScaleAbs(half, alpha=_DIMMED, beta=18), np.uint8)


def _hatch(picture: U8, comparison: Comparison) -> None:
    if comparison.covered.all():
        return
    height, width = comparison.covered.shape
    stripes = (np.arange(height)[:, None] + np.arange(width)[None]) % 16 < 4
    picture[~comparison.covered & stripes] = (70, 70, 76)


def _tint(
    picture: U8, comparison: Comparison, region: Region, colour: tuple[int, int, int], share: float
) -> None:
    """Over the changed pixels, which show through in full contrast."""
    x, y, w, h = region
    window = slice(y, y + h), slice(x, x + w)
    inside = comparison.mask[window]
    own = comparison.after[window].astype(np.float32)
    mixed = own * (1 - share) + np.array(colour, np.float32) * share
    picture[window][inside] = np.rint(mixed).astype(np.uint8)[inside]


def _outline(picture: U8, change: Change, line: int) -> None:
    colour = rgb(change.kind)
    _box(picture, change.region, colour, line)
    if change.from_region is None:
        return
    _dashed(picture, change.from_region, colour, line)
    start, end = _between(change.from_region, change.region)
    length = math.hypot(end[0] - start[0], end[1] - start[1])
    tip = min(0.5, 9 * line / max(length, 1.0))
    cv2.arrowedLine(picture, start, end, _DARK, line + 2, cv2.LINE_AA, tipLength=tip)
    cv2.arrowedLine(picture, start, end, colour, line, cv2.LINE_AA, tipLength=tip)


def _between(a: Region, b: Region) -> tuple[tuple[int, int], tuple[int, int]]:
    """From the middle of one box to the edge of the other."""
    ax, ay = a.x_px + a.w_px / 2, a.y_px + a.h_px / 2
    bx, by = b.x_px + b.w_px / 2, b.y_px + b.h_px / 2
    dx, dy = bx - ax, by - ay
    reach = max(abs(dx) / max(b.w_px / 2, 1), abs(dy) / max(b.h_px / 2, 1), 1.0)
    keep = 1 - 1 / reach
    return (round(ax), round(ay)), (round(ax + keep * dx), round(ay + keep * dy))


def _box(picture: U8, region: Region, colour: tuple[int, int, int], line: int) -> None:
    """Around the region, outside of it, so that small things stay visible."""
    x, y, w, h = region
    gap = line + 1
    corners = (x - gap, y - gap), (x + w - 1 + gap, y + h - 1 + gap)
    cv2.rectangle(picture, *corners, _DARK, line + 2)
    cv2.rectangle(picture, *corners, colour, line)


def _dashed(picture: U8, region: Region, colour: tuple[int, int, int], line: int) -> None:
    x, y, w, h = region
    gap, dash = line + 1, 4 * line
    x0, y0, x1, y1 = x - gap, y - gap, x + w - 1 + gap, y + h - 1 + gap
    for k in range(x0, x1, 2 * dash):
        for at in (y0, y1):
            cv2.line(picture, (k, at), (min(k + dash, x1), at), colour, line)
    for k in range(y0, y1, 2 * dash):
        for at in (x0, x1):
            cv2.line(picture, (at, k), (at, min(k + dash, y1)), colour, line)


def _label(picture: U8, text: str, region: Region, colour: tuple[int, int, int], line: int) -> None:
    """Above the box, or below it at the upper edge; pushed inside at the sides."""
    scale = max(0.38, 0.27 * line)
    face, thick = cv2.FONT_HERSHEY_SIMPLEX, max(1, line // 2)
    (w, h), base = cv2.getTextSize(text, face, scale, thick)
    height, width = picture.shape[:2]
    gap = 2 * line + 2
    x = int(np.clip(region.x_px - gap, 0, max(0, width - w - 6)))
    y = region.y_px - gap - base
    if y - h < 2:
        y = region.y_px + region.h_px + gap + h + 2
    y = int(np.clip(y, h + 2, height - base - 1))
    cv2.rectangle(picture, (x, y - h - 3), (x + w + 5, y + base), _DARK, -1)
    cv2.putText(picture, text, (x + 3, y - 1), face, scale, colour, thick, cv2.LINE_AA)
