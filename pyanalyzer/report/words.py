"""Times, places and motions in words and signs that a person reads at a glance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from pyanalyzer.records import Region

# A box this wide (high) says nothing about left and right (top and bottom).
SPANNING_SHARE = 0.8
WHOLE_SHARE = 0.8  # a view moves all but the status bars
# Slower than this is rounded to no motion at all.
STILL_PX_S = 0.5

PLACES = (
    ("upper left", "top", "upper right"),
    ("left", "centre", "right"),
    ("lower left", "bottom", "lower right"),
)
# Clockwise from the right, as y points down.
ARROWS = ("→", "↘", "↓", "↙", "←", "↖", "↑", "↗")
LETTERS = ("R", "DR", "D", "DL", "L", "UL", "U", "UR")  # right, down, left, up


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The signs a report is drawn with: all that differs between a terminal and plain text."""

    levels: str  # heights of a bar in the strip, the first an empty column; without: digits
    arrows: tuple[str, ...]  # eight directions, clockwise from the right
    motion_title: str
    becomes: str  # between the motion before and the motion after
    times: str
    separator: str
    plus_minus: str
    bar: str  # one cell of a confidence bar
    half_bar: str
    bar_track: str
    tick: str
    axis: str
    ellipsis: str
    warning: str


UNICODE = Glyphs(
    levels="▁▂▃▄▅▆▇█",
    arrows=ARROWS,
    motion_title="motion px/s",
    becomes=" ▸ ",
    times="×",
    separator=" · ",
    plus_minus="±",
    bar="━",
    half_bar="╸",
    bar_track="━",
    tick="┬",
    axis="─",
    ellipsis="…",
    warning="⚠ ",
)
ASCII = Glyphs(
    levels="",
    arrows=LETTERS,
    motion_title="motion px/s (U D L R)",
    becomes=" -> ",
    times="x",
    separator=", ",
    plus_minus="+-",
    bar="#",
    half_bar="#",
    bar_track=".",
    tick="|",
    axis="-",
    ellipsis="...",
    warning="warning: ",
)


def clock(time_s: float, digits: int = 3) -> str:
    """``time_s`` as ``m:ss.mmm``, or ``h:mm:ss.mmm`` from an hour on."""
    units = round(abs(time_s) * 10**digits)
    whole_s, part = divmod(units, 10**digits)
    minutes, seconds = divmod(whole_s, 60)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if time_s < 0 and units else ""
    text = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"{sign}{text}.{part:0{digits}}" if digits else sign + text


def length(duration_s: float) -> str:
    """A length of time: seconds below a minute ("4.20 s"), otherwise as a clock ("1:04.2")."""
    if duration_s < 10.0:
        return f"{duration_s:.2f} s"
    return f"{duration_s:.1f} s" if duration_s < 59.95 else clock(duration_s, 1)


def frame_rate(rate: Fraction) -> str:
    """Frames per second with at most two digits after the point: 60, 59.94, 23.98."""
    return f"{float(rate):.2f}".rstrip("0").rstrip(".")


def place(region: Region, width_px: int, height_px: int) -> str:
    """Where the centre of ``region`` lies in a picture of this size, in words."""
    wide = region.w_px / width_px
    high = region.h_px / height_px
    if wide >= WHOLE_SHARE and high >= WHOLE_SHARE:
        return "whole picture"
    column = 1 if wide >= SPANNING_SHARE else _third(region.x_px + region.w_px / 2, width_px)
    row = 1 if high >= SPANNING_SHARE else _third(region.y_px + region.h_px / 2, height_px)
    return PLACES[row][column]


def is_whole(region: Region, width_px: int, height_px: int) -> bool:
    """Whether ``region`` is (all but) the whole picture."""
    return region.w_px >= WHOLE_SHARE * width_px and region.h_px >= WHOLE_SHARE * height_px


def motion(motion_px_s: tuple[float, float], glyphs: Glyphs) -> str:
    """Direction and speed, ``→ 240`` for px/s, or ``still``."""
    x_px_s, y_px_s = motion_px_s
    speed_px_s = math.hypot(x_px_s, y_px_s)
    if speed_px_s < STILL_PX_S:
        return "still"
    eighth = round(math.atan2(y_px_s, x_px_s) / (math.pi / 4)) % 8
    return f"{glyphs.arrows[eighth]} {speed_px_s:.0f}"


def percent(probability: float) -> str:
    """In whole percent; 100 % only for certainty itself."""
    whole = min(round(100 * probability), 100 if probability >= 1.0 else 99)
    return f"{whole}%"


def interval(frame: int, interval_frames: tuple[int, int], glyphs: Glyphs) -> str:
    """How far before and after ``frame`` the onset may lie, in frames: ``±1`` or ``-1+3``."""
    before = frame - interval_frames[0]
    after = interval_frames[1] - 1 - frame
    return f"{glyphs.plus_minus}{before}" if before == after else f"{-before:+}{after:+}"


def printable(text: str) -> str:
    """``text`` with ``?`` for what a terminal would obey instead of show, as in a file's name."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def shortened(text: str, columns: int, glyphs: Glyphs) -> str:
    """``text`` in at most so many columns; a path keeps its end, which says most."""
    if len(text) <= columns:
        return text
    return glyphs.ellipsis + text[len(text) - max(columns - len(glyphs.ellipsis), 1) :]


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """``1 change``, ``2 changes``; thousands are set apart."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def _third(position: float, size: float) -> int:
    return min(max(int(3 * position / size), 0), 2)
