"""Sizes and colours of what is drawn, from the size of the picture it is drawn into."""

from __future__ import annotations

from dataclasses import dataclass

from pyanalyzer.annotate.canvas import Colour
from pyanalyzer.records import Event, Kind
from pyanalyzer.report.palette import WORLD, kind_style

# Ems of text, of the picture's height; below the least size letters cannot be told apart.
EM_SHARE, SMALL_EM_SHARE = 0.026, 0.021
MIN_EM_PX, MIN_SMALL_EM_PX = 12.0, 11.0
LINE_SHARE = 1 / 300  # thickness of outlines
BRIEF_PX = 360
TALL_SHARE = 3 / 4  # pictures higher than that share of their width are sized by their width

GROUND: Colour = (17, 18, 21)
RULE: Colour = (58, 60, 66)
TEXT: Colour = (240, 241, 243)
QUIET_TEXT: Colour = (176, 179, 186)


@dataclass(frozen=True, slots=True)
class Style:
    """Sizes in px: ems of text, thickness of lines, distance of things from each other."""

    em_px: float
    small_em_px: float
    line_px: int
    gap_px: int
    basis_px: float  # what all is sized by
    brief: bool  # labels have one line: two would cover too much

    @classmethod
    def of(cls, width_px: int, height_px: int) -> Style:
        """For a picture of this size."""
        basis_px = min(height_px, TALL_SHARE * width_px)
        em_px = max(MIN_EM_PX, EM_SHARE * basis_px)
        return cls(
            em_px=em_px,
            small_em_px=max(MIN_SMALL_EM_PX, SMALL_EM_SHARE * basis_px),
            line_px=max(2, round(LINE_SHARE * basis_px)),
            gap_px=max(4, round(em_px / 2)),
            basis_px=basis_px,
            brief=basis_px < BRIEF_PX,
        )


def kind_colour(kind: Kind) -> Colour:
    """RGB of the palette that all reports share."""
    return _rgb(kind_style(kind))


def event_colour(event: Event) -> Colour:
    """That of its kind; gray for the world's doing."""
    return _rgb(WORLD) if event.cause == "world" else kind_colour(event.kind)


def _rgb(style: str) -> Colour:
    value = int(style.removeprefix("#"), 16)
    return value >> 16, value >> 8 & 255, value & 255
