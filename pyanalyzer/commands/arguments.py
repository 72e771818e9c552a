"""Reading arguments: the parser of every verb, and what options may look like."""

from __future__ import annotations

import argparse
import math
import re
from typing import NoReturn

from pyanalyzer.errors import UsageError

# [h:]m:s, where only the seconds have a fraction; nan and inf are no numbers here.
_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_BOX = re.compile(r"(-?\d+),(-?\d+),(-?\d+),(-?\d+)", re.ASCII)
_SECONDS_PER_MINUTE = 60
_MINUTES_PER_HOUR = 60


class Parser(argparse.ArgumentParser):
    """An argument parser that raises UsageError instead of printing its usage and leaving."""

    def error(self, message: str) -> NoReturn:
        """Raises UsageError."""
        raise UsageError(f"{message} (see {self.prog} --help)")


def time_s(text: str) -> float:
    """Seconds (``83.5``) or ``[h:]m:s`` (``1:23.5``), as seconds."""
    match = _CLOCK.fullmatch(text)
    if not match:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time in a replay: give seconds (83.5) or [h:]m:s (1:23.5)"
        )
    hours, minutes, seconds = match.groups()
    if (minutes and float(seconds) >= _SECONDS_PER_MINUTE) or (
        hours and int(minutes) >= _MINUTES_PER_HOUR
    ):
        raise argparse.ArgumentTypeError(f"{text!r} is no time: minutes and seconds end at 59")
    whole_minutes = int(hours or 0) * _MINUTES_PER_HOUR + int(minutes or 0)
    return _finite(text, whole_minutes * _SECONDS_PER_MINUTE + float(seconds))


def box(text: str) -> tuple[int, int, int, int]:
    """``x,y,w,h`` in whole pixels."""
    match = _BOX.fullmatch(text.replace(" ", ""))
    if not match:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no region: give x,y,w,h in whole pixels (0,0,640,360)"
        )
    x_px, y_px, w_px, h_px = map(int, match.groups())
    return x_px, y_px, w_px, h_px


def number(text: str) -> float:
    """A finite number."""
    try:
        return _finite(text, float(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None


def whole_number(text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None


def _finite(text: str, value: float) -> float:
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is no finite number")
    return value
