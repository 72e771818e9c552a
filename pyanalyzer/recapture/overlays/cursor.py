"""A mouse pointer that was left in the picture: it rests, wanders in curves, jumps, and hides."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pyanalyzer.recapture.overlays.drawing import Stamp, stamp
from pyanalyzer.recapture.plan import CursorPlan
from pyanalyzer.records import U8

# An arrow on a grid of 12 x 19, as desktops have drawn it since the eighties.
_ARROW = ((0, 0), (0, 16), (4, 12.6), (6.6, 18.4), (9, 17.3), (6.5, 11.7), (11.6, 11.7))
_GRID_HEIGHT = 19
_OVERSAMPLING = 8
JUMP_SHARE, HIDE_SHARE = 0.12, 0.15


@dataclass(frozen=True, slots=True)
class _Stroke:
    """From one place to the next, bent sideways by ``bend``; shares of the picture."""

    begin_s: float
    end_s: float
    start: tuple[float, float]
    goal: tuple[float, float]
    bend: float
    hidden: bool


class Cursor:
    """Draws the pointer as of a time."""

    def __init__(self, plan: CursorPlan, width_px: int, height_px: int, duration_s: float) -> None:
        self._size = (width_px, height_px)
        self._arrow = _arrow(max(8, round(plan.height_share * height_px)), plan.dark)
        self._strokes = _strokes(np.random.default_rng(plan.seed), duration_s)
        self._begins = np.array([stroke.begin_s for stroke in self._strokes])

    def place(self, time_s: float) -> tuple[int, int] | None:
        """Where the pointer's tip is, px; None while it is hidden."""
        number = max(0, int(np.searchsorted(self._begins, time_s, side="right")) - 1)
        stroke = self._strokes[number]
        if stroke.hidden:
            return None
        length = stroke.end_s - stroke.begin_s
        u = 1.0 if length <= 0 else min(1.0, (time_s - stroke.begin_s) / length)
        # Hands move with least jerk: Flash and Hogan, J. Neurosci. 5 (1985).
        s = u * u * u * (10 - 15 * u + 6 * u * u)
        dx, dy = stroke.goal[0] - stroke.start[0], stroke.goal[1] - stroke.start[1]
        aside = 4 * s * (1 - s) * stroke.bend
        x, y = stroke.start[0] + s * dx - aside * dy, stroke.start[1] + s * dy + aside * dx
        return round(x * (self._size[0] - 1)), round(y * (self._size[1] - 1))

    def draw(self, picture: U8, time_s: float) -> None:
        """Onto the picture."""
        at = self.place(time_s)
        if at is not None:
            stamp(picture, self._arrow, *at)


def _strokes(rng: np.random.Generator, duration_s: float) -> list[_Stroke]:
    time_s, hidden = 0.0, False
    at = (float(rng.uniform(0.05, 0.95)), float(rng.uniform(0.05, 0.95)))
    strokes = [_Stroke(0.0, 0.0, at, at, 0.0, False)]
    while time_s < duration_s:
        time_s += float(rng.exponential(1.2))
        far = rng.random() < 0.4
        spread = 0.35 if far else 0.06
        goal = (
            float(np.clip(at[0] + rng.normal(0, spread), 0, 1)),
            float(np.clip(at[1] + rng.normal(0, spread), 0, 1)),
        )
        length = 0.0 if rng.random() < JUMP_SHARE else float(rng.uniform(0.15, 0.9))
        hidden = bool(rng.random() < HIDE_SHARE)
        bend = float(rng.normal(0, 0.12))
        strokes.append(_Stroke(time_s, time_s + length, at, goal, bend, hidden))
        time_s, at = time_s + length, goal
    return strokes


def _arrow(height_px: int, dark: bool) -> Stamp:
    scale = _OVERSAMPLING * height_px / _GRID_HEIGHT
    margin = 1.5 * scale
    side = _OVERSAMPLING * (height_px + 4)
    points = np.rint((np.array(_ARROW) * scale) + margin).astype(np.int32)
    fill, rim = np.zeros((side, side), np.float32), np.zeros((side, side), np.float32)
    cv2.fillPoly(fill, [points], 1.0)
    rim[:] = fill
    cv2.polylines(rim, [points], True, 1.0, max(1, round(1.6 * scale)))
    size = (side // _OVERSAMPLING, side // _OVERSAMPLING)
    inner = cv2.resize(fill, size, interpolation=cv2.INTER_AREA)
    outer = np.asarray(cv2.resize(rim, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    ink = 255 * (1 - inner if dark else inner)
    return Stamp(np.repeat(ink[..., None], 3, axis=2).astype(np.float32), outer)
