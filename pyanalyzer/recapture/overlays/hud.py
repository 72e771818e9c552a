"""A stream's furniture: a logo, a title bar, counters that tick, alerts that slide in and out."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from pyanalyzer.recapture.overlays.chat import NAMES
from pyanalyzer.recapture.overlays.drawing import Colour, box, event_times, letters, write
from pyanalyzer.recapture.plan import Corner, HudPlan
from pyanalyzer.records import U8, Region

ACCENTS: tuple[Colour, ...] = (
    (145, 70, 255), (230, 40, 60), (0, 170, 255), (255, 160, 0), (40, 190, 110), (240, 240, 240),
)  # fmt: skip
TITLES = (
    "!discord  !socials", "RUN 14 - no damage", "first playthrough - no spoilers please",
    "speedrun practice", "LIVE", "retro night #27", "road to 1000 followers",
)  # fmt: skip
ALERTS = ("new follower", "thanks for the sub", "raid incoming", "5 gifted subs", "donated $5")
ALERT_S = 3.0  # shown; sliding in and out takes ALERT_SLIDE_S each
ALERT_SLIDE_S = 0.35
VIEWERS_PERIOD_S = 6.0


class StreamHud:
    """Draws the furniture as of a time."""

    def __init__(self, plan: HudPlan, width_px: int, height_px: int, duration_s: float) -> None:
        rng = np.random.default_rng(plan.seed)
        self._plan, self._size = plan, (width_px, height_px)
        self._unit = max(6, round(height_px * 0.03))  # height of a capital letter
        self._accent = ACCENTS[int(rng.integers(len(ACCENTS)))]
        self._title = TITLES[int(rng.integers(len(TITLES)))]
        self._scrolls = bool(rng.random() < 0.35)
        self._start_s = float(rng.uniform(60, 9000))
        self._changes = event_times(rng, duration_s, VIEWERS_PERIOD_S, 1.0)
        steps = rng.integers(-4, 6, self._changes.size + 1)
        self._viewers = np.maximum(3, int(rng.integers(8, 3000)) + np.cumsum(steps))
        self._alerts: npt.NDArray[np.float64] = np.empty(0)
        if plan.alert_period_s:
            least = ALERT_S + 2 * ALERT_SLIDE_S  # one at a time
            period = max(plan.alert_period_s, least)
            self._alerts = event_times(rng, duration_s + least, period, least) - least
        names = [NAMES[int(k)] for k in rng.integers(len(NAMES), size=64)]
        texts = [ALERTS[int(k)] for k in rng.integers(len(ALERTS), size=64)]
        self._texts = tuple(zip(names, texts, strict=True))
        self._alert_left = bool(rng.random() < 0.5)
        self._spins = bool(rng.random() < 0.4)

    def opaque(self, time_s: float) -> tuple[Region, ...]:
        """The title bar, if nothing shows through it, and the alert that is there."""
        covers = []
        if self._plan.title is not None and self._plan.title_opacity >= 1:
            covers.append(self._bar())
        alert = self._alert(time_s)
        if alert is not None:
            covers.append(alert[0])
        return tuple(covers)

    def draw(self, picture: U8, time_s: float) -> None:
        """Onto the picture."""
        if self._plan.title is not None:
            self._draw_title(picture, time_s)
        if self._plan.logo is not None:
            self._draw_logo(picture, self._plan.logo, time_s)
        if self._plan.counter is not None:
            self._draw_counter(picture, self._plan.counter, time_s)
        alert = self._alert(time_s)
        if alert is not None:
            self._draw_alert(picture, *alert)

    def _bar(self) -> Region:
        width, height = self._size
        h = round(2.1 * self._unit)
        return Region(0, 0 if self._plan.title == "top" else height - h, width, h)

    def _draw_title(self, picture: U8, time_s: float) -> None:
        bar = self._bar()
        box(picture, bar, (18, 18, 22), self._plan.title_opacity)
        line = Region(0, bar.y_px + (bar.h_px - 2 if bar.y_px == 0 else 0), bar.w_px, 2)
        box(picture, line, self._accent, self._plan.title_opacity)
        x = self._unit
        if self._scrolls:
            length = bar.w_px + letters(self._title, self._unit).shape[1]
            x = bar.w_px - round(time_s * 2.5 * self._unit) % length
        y = bar.y_px + (bar.h_px - self._unit) // 2 - 1
        write(picture, self._title, (x, y), self._unit, (240, 240, 240))

    def _corner(self, corner: Corner, w: int, h: int) -> tuple[int, int]:
        width, height = self._size
        margin, bar = self._unit, self._bar().h_px
        x = margin if "left" in corner else width - w - margin
        top = margin + (bar if self._plan.title == "top" else 0)
        bottom = height - h - margin - (bar if self._plan.title == "bottom" else 0)
        return x, top if "top" in corner else bottom

    def _draw_logo(self, picture: U8, corner: Corner, time_s: float) -> None:
        side = 3 * self._unit
        x, y = self._corner(corner, side, side)
        centre = (x + side // 2, y + side // 2)
        wide = abs(math.cos(1.5 * time_s)) if self._spins else 1.0
        axes = (max(1, round(wide * side / 2)), side // 2)
        cv2.ellipse(picture, centre, axes, 0, 0, 360, self._accent, -1, cv2.LINE_AA)
        cv2.ellipse(picture, centre, axes, 0, 0, 360, (250, 250, 250), 1, cv2.LINE_AA)
        if wide > 0.5:
            half = side // 5
            play = np.array([(-half, -half), (half + half // 2, 0), (-half, half)]) + centre
            cv2.fillPoly(picture, [play.astype(np.int32)], (250, 250, 250), cv2.LINE_AA)

    def _draw_counter(self, picture: U8, corner: Corner, time_s: float) -> None:
        if self._plan.timer:
            now = self._start_s + time_s
            minutes, seconds = divmod(now, 60)
            hours, minutes = divmod(int(minutes), 60)
            hundredths = int(seconds * 100)
            text = f"{hours}:{minutes:02d}:{hundredths // 100:02d}.{hundredths % 100:02d}"
        else:
            number = int(np.searchsorted(self._changes, time_s, side="right"))
            text = f"{self._viewers[number]} viewers"
        mask, dot = letters(text, self._unit, True), 0 if self._plan.timer else self._unit
        x, y = self._corner(corner, mask.shape[1] + dot, mask.shape[0])
        write(picture, text, (x + dot, y), self._unit, (250, 250, 250), bold=True, shadow=True)
        if dot:
            at = (x + dot // 2, y + self._unit * 3 // 4)
            cv2.circle(picture, at, max(2, self._unit // 4), (235, 50, 50), -1, cv2.LINE_AA)

    def _alert(self, time_s: float) -> tuple[Region, tuple[str, str]] | None:
        """The alert at a time: where it is, and what it says."""
        number = int(np.searchsorted(self._alerts, time_s, side="right")) - 1
        if number < 0:
            return None
        since = time_s - float(self._alerts[number])
        if since >= ALERT_S + 2 * ALERT_SLIDE_S:
            return None
        share = min(since, ALERT_S + 2 * ALERT_SLIDE_S - since) / ALERT_SLIDE_S
        out = 1 - math.sin(math.pi / 2 * min(1.0, share))
        name, text = self._texts[number % len(self._texts)]
        widest = max(
            letters(name, self._unit, True).shape[1],
            letters(text, self._unit * 3 // 4).shape[1],
        )
        w, h = widest + 5 * self._unit, 4 * self._unit
        width, height = self._size
        y = min(round(self._plan.alert_top_share * height), height - h)
        x = -round(out * w) if self._alert_left else width - w + round(out * w)
        region = Region(x, y, w, h)
        return region, (name, text)

    def _draw_alert(self, picture: U8, region: Region, words: tuple[str, str]) -> None:
        u = self._unit
        box(picture, region, (26, 24, 34))
        box(picture, Region(region.x_px, region.y_px, max(3, u // 3), region.h_px), self._accent)
        x, y = region.x_px + 4 * u, region.y_px
        cv2.circle(picture, (x - 2 * u, y + 2 * u), round(1.2 * u), self._accent, -1, cv2.LINE_AA)
        write(picture, words[0], (x, y + u // 2), u, (250, 250, 250), bold=True)
        write(picture, words[1], (x, y + 2 * u + u // 4), u * 3 // 4, (200, 200, 210))
