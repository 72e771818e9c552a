"""Text as masks, sharp at every size: letters that were drawn large once, and are shrunk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

import cv2
import numpy as np
import numpy.typing as npt

from pyanalyzer.records import U8

Weight = Literal["regular", "bold"]

CAP_SHARE = 0.729  # height of a capital letter, of the em: DejaVu Sans
_ASCENT_SHARE, _DESCENT_SHARE = 0.93, 0.25  # room above and below the baseline, of the em
_UNKNOWN = 0xFFFD
# Shrunk letters look thinner than those that FreeType fits to the pixels; this power of their
# coverage makes up for it.
_THICKEN = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class Glyph:
    """A letter. ``coverage``: uint8 (h, w); its corner lies at (x, -y) from the pen."""

    coverage: U8
    x_px: int
    y_px: int
    advance_px: float


@dataclass(frozen=True, slots=True, eq=False)
class Letters:
    """All letters of one weight, at ``em_px``."""

    em_px: int
    glyphs: dict[int, Glyph]

    def of(self, sign: str) -> Glyph:
        """That of a character, or the sign for unknown ones."""
        return self.glyphs.get(ord(sign)) or self.glyphs[_UNKNOWN]


@lru_cache(maxsize=2)
def letters(weight: Weight) -> Letters:
    """Those that ``make_glyphs`` wrote."""
    with np.load(Path(__file__).with_name("glyphs.npz"), allow_pickle=False) as data:
        rows = data[f"{weight}_glyphs"].tolist()
        advances = data[f"{weight}_advances_px"].tolist()
        coverage = data[f"{weight}_coverage"]
        em_px = int(data["em_px"])
    glyphs, at = {}, 0
    for (code, h, w, x_px, y_px), advance_px in zip(rows, advances, strict=True):
        glyphs[code] = Glyph(coverage[at : at + h * w].reshape(h, w), x_px, y_px, advance_px)
        at += h * w
    return Letters(em_px, glyphs)


def cap_px(em_px: float) -> int:
    """Height of a capital letter, in whole pixels: what a size is fitted to."""
    return max(1, round(CAP_SHARE * em_px))


def width_px(text: str, em_px: float, weight: Weight = "regular") -> int:
    """How wide ``text`` is, in whole pixels."""
    font = letters(weight)
    scale = cap_px(em_px) / (CAP_SHARE * font.em_px)
    return max(1, round(sum(font.of(sign).advance_px for sign in text) * scale))


@lru_cache(maxsize=256)
def mask(text: str, em_px: float, weight: Weight = "regular") -> tuple[U8, int]:
    """A line of text as coverage, uint8 (h, w), and the row of its baseline in it.

    The size is fitted so that capitals are whole pixels high and stand on a whole row: edges that
    run along are then sharp. Not to be written to.
    """
    font = letters(weight)
    scale = cap_px(em_px) / (CAP_SHARE * font.em_px)
    ascent_px = int(np.ceil(_ASCENT_SHARE * cap_px(em_px) / CAP_SHARE))
    descent_px = int(np.ceil(_DESCENT_SHARE * cap_px(em_px) / CAP_SHARE))
    w, h = width_px(text, em_px, weight), ascent_px + descent_px
    large = np.zeros((round(h / scale), round(w / scale) + font.em_px), np.uint8)
    baseline, pen = ascent_px / scale, 0.0
    for sign in text:
        glyph = font.of(sign)
        rows, columns = glyph.coverage.shape
        top, left = round(baseline) - glyph.y_px, max(0, round(pen) + glyph.x_px)
        part = large[max(0, top) : top + rows, left : left + columns]
        np.maximum(part, glyph.coverage[max(0, -top) :][: part.shape[0]], out=part)
        pen += glyph.advance_px
    large = large[:, : round(w / scale)]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cast("npt.NDArray[np.uint8]", cv2.resize(large, (w, h), interpolation=how))
    thicker = np.rint(255 * (np.arange(256) / 255) ** _THICKEN).astype(np.uint8)
    result = thicker[small]
    result.flags.writeable = False
    return result, ascent_px
