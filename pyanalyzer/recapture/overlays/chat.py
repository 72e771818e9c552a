"""A chat: lines of viewers that come at irregular times and scroll up."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pyanalyzer.recapture.overlays.drawing import Colour, box, event_times, letters, write
from pyanalyzer.recapture.plan import ChatPlan
from pyanalyzer.records import U8, Region

NAMES = (
    "kay_tee", "Bruno84", "moth", "xX_Rex_Xx", "lena", "pixelpete", "Okapi", "mr_soup", "Dax",
    "tofu_knight", "ana_b", "Gravel", "NightOwl", "zed", "fernweh", "toast3r", "jules", "Mako",
)  # fmt: skip
WORDS = (
    "gg", "lol", "nice", "wow", "what was that", "jump!", "left left", "go back", "hi all", "HAHA",
    "so close", "again?", "first try", "chat is this real", "how long is the run", "secret there",
    "clean", "no way", "that enemy is so annoying", "W", "F", "?", "!!!", "music is great",
    "you missed the key", "new here, what game is this", "behind you", "pro", "oof", "unlucky",
)  # fmt: skip
USER_COLOURS: tuple[Colour, ...] = (
    (255, 105, 97), (100, 180, 255), (120, 220, 120), (255, 190, 80), (200, 140, 255),
    (90, 220, 210), (255, 130, 190),
)  # fmt: skip
GROUND: Colour = (20, 20, 24)
INK: Colour = (235, 235, 238)
BURST_SHARE = 0.25  # of the messages: answered by several at once
EMOTE_SHARE = 0.2
SCROLL_S = 0.12  # in which the lines slide up, in those chats that slide


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the panel; a long message has several. ``name`` stands on its first one."""

    time_s: float
    name: str
    text: str
    colour: Colour
    emote: Colour | None


class Chat:
    """Draws the chat as of a time."""

    def __init__(self, plan: ChatPlan, width_px: int, height_px: int, duration_s: float) -> None:
        rng = np.random.default_rng(plan.seed)
        w, h = round(plan.width_share * width_px), round(plan.height_share * height_px)
        w = max(w, min(width_px // 2, 90))  # narrower, and no word fits
        x = 0 if plan.side == "left" else width_px - w
        y = min(round(plan.top_share * height_px), height_px - h)
        self.region = Region(x, y, w, h)
        self._plan = plan
        self._line_px = max(9, round(plan.line_share * height_px))
        self._cap_px = max(5, round(self._line_px * 0.52))
        self._slides = bool(rng.random() < 0.5)
        self._rows = self._talk(rng, duration_s)
        self._times = np.array([row.time_s for row in self._rows])

    def opaque(self) -> tuple[Region, ...]:
        """The panel, where its ground lets nothing through."""
        return (self.region,) if self._plan.opacity >= 1 else ()

    def draw(self, picture: U8, time_s: float) -> None:
        """Onto the picture: the newest line lowest."""
        x, y, w, h = self.region
        box(picture, self.region, GROUND, self._plan.opacity)
        panel = picture[y : y + h, x : x + w]
        come = int(np.searchsorted(self._times, time_s, side="right"))
        rise = 0
        if self._slides and come:
            fresh = int(np.searchsorted(self._times, time_s - SCROLL_S, side="right"))
            share = 1 - (time_s - float(self._times[come - 1])) / SCROLL_S
            rise = round(self._line_px * (come - fresh) * max(0.0, min(1.0, share)))
        top = h - self._line_px + rise
        for row in reversed(self._rows[:come]):
            if top < -self._line_px:
                break
            self._write(panel, row, top)
            top -= self._line_px

    def _write(self, panel: U8, row: _Row, top: int) -> None:
        shadow = self._plan.opacity < 0.5
        x, y = max(2, self._cap_px // 2), top + (self._line_px - self._cap_px) // 3
        if row.name:
            x += write(panel, row.name, (x, y), self._cap_px, row.colour, bold=True, shadow=shadow)
        x += write(panel, row.text, (x, y), self._cap_px, INK, shadow=shadow) if row.text else 0
        if row.emote is not None:
            radius = max(2, self._line_px * 2 // 5)
            at = (x + radius + 2, top + self._line_px // 2)
            cv2.circle(panel, at, radius, row.emote, -1, cv2.LINE_AA)
            for side in (-1, 1):
                eye = (at[0] + side * radius // 3, at[1] - radius // 4)
                cv2.circle(panel, eye, max(1, radius // 5), (20, 20, 20), -1)

    def _talk(self, rng: np.random.Generator, duration_s: float) -> list[_Row]:
        """All that is said, from a full panel before the beginning."""
        before_s = self._plan.period_s * (self.region.h_px / self._line_px + 2)
        times = event_times(rng, before_s + duration_s, self._plan.period_s) - before_s
        rows: list[_Row] = []
        for time_s in times.tolist():
            answers = int(rng.integers(2, 6)) if rng.random() < BURST_SHARE else 1
            for delay_s in np.cumsum(rng.exponential(0.25, answers)).tolist():
                rows += self._message(rng, time_s + delay_s)
        return sorted(rows, key=lambda row: row.time_s)

    def _message(self, rng: np.random.Generator, time_s: float) -> list[_Row]:
        name = NAMES[int(rng.integers(len(NAMES)))] + ":"
        colour = USER_COLOURS[int(rng.integers(len(USER_COLOURS)))]
        count = int(rng.integers(1, 4))
        words = " ".join(WORDS[int(k)] for k in rng.integers(len(WORDS), size=count)).split()
        room = self.region.w_px - 2 * self._cap_px
        lines, line, indent = [], "", letters(name, self._cap_px, True).shape[1]
        for word in words:
            longer = f"{line} {word}".strip()
            if line and indent + letters(longer, self._cap_px).shape[1] > room:
                lines.append(line)
                longer, indent = word, 0
            line = longer
        lines.append(line)
        emote = None
        if rng.random() < EMOTE_SHARE:
            emote = USER_COLOURS[int(rng.integers(len(USER_COLOURS)))]
        last = len(lines) - 1
        return [
            _Row(time_s, name if k == 0 else "", text, colour, emote if k == last else None)
            for k, text in enumerate(lines)
        ]
