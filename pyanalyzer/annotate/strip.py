"""The strip below the picture: the events over time, a lane per kind, and where we are.

It stands below the picture, not in it, so that nothing of the game's own display is hidden.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pyanalyzer.annotate.canvas import F64, OPAQUE, Canvas, Colour, ColourSpace, make_sprite
from pyanalyzer.annotate.glyphs import cap_px, width_px
from pyanalyzer.annotate.shapes import blank, over, polygons, write
from pyanalyzer.annotate.style import (
    GROUND,
    QUIET_TEXT,
    RULE,
    TEXT,
    Style,
    event_colour,
    kind_colour,
)
from pyanalyzer.records import KINDS, Event, Kind, Region
from pyanalyzer.report.strip import TICK_STEPS_S
from pyanalyzer.report.words import clock

# What is longer than a page and a half is shown page by page, above all of it in one thin lane.
PAGE_S, WHOLE_S = 30.0, 45.0
TICK_GAP_EMS = 6.0  # room of a tick's label
LANE_EMS, LANE_FILL = 1.2, 0.86
_INTERVAL = 0.35  # opacity of the 95 % interval
_HEAD_EMS = 0.55  # width of the playhead's handle


class Strip:
    """Draws the strip of the stretch ``span_s`` of a replay, in times of events.

    ``frame_s``: how long a frame lasts, for the width of intervals. ``height_px`` is even.
    """

    def __init__(
        self,
        events: Sequence[Event],
        span_s: tuple[float, float],
        frame_s: float,
        *,
        strip_width_px: int,
        style: Style,
        space: ColourSpace,
    ) -> None:
        begin_s, end_s = span_s
        self._events = sorted(events, key=lambda event: event.time_s)
        self._times_s = [event.time_s for event in self._events]
        self._begin_s, self._end_s = begin_s, max(end_s, begin_s + frame_s, begin_s + 1e-3)
        self._frame_s = frame_s
        self._width = strip_width_px
        self._style, self._space = style, space
        there = {event.kind for event in self._events}
        self._kinds: list[Kind] = [kind for kind in KINDS if kind in there]
        self._paged = self._end_s - begin_s > WHOLE_S
        em = style.small_em_px
        self._pad = round(0.5 * em)
        names = [*self._kinds, clock(self._end_s, 3)]
        self._left = 2 * self._pad + max(width_px(name, em) for name in names)
        self._right = strip_width_px - 2 * self._pad
        self._lane = round(LANE_EMS * em)
        self._axis = round(1.5 * em)
        self._overview = round(0.6 * self._lane) if self._paged else 0
        lanes = self._pad + max(1, len(self._kinds)) * self._lane + self._axis + self._overview
        self.height_px = lanes + (self._pad if self._paged else 0) + lanes % 2
        self.height_px += self.height_px % 2
        self._page: tuple[int, Canvas] | None = None
        head = self._head_picture()
        self._head_px = head.shape[1]
        # Moving it over whole pixels of colour needs one sprite per place within such a pixel.
        self._heads = [make_sprite(head, x, 0, space) for x in range(space.step)]

    def draw(self, canvas: Canvas, top_px: int, time_s: float) -> None:
        """The strip at ``time_s``, from row ``top_px`` (even) on."""
        number = self._page_at(time_s)
        if self._page is None or self._page[0] != number:
            self._page = number, self._render(number)
        step = self._space.step
        for n, plane in enumerate(canvas.planes):
            k = step if n else 1
            ground = self._page[1].planes[n]
            plane[top_px // k : top_px // k + ground.shape[0], : ground.shape[1]] = ground
        self._draw_head(canvas, top_px, time_s, number)

    def _page_at(self, time_s: float) -> int:
        if not self._paged:
            return 0
        last = max(0, math.ceil((self._end_s - self._begin_s) / PAGE_S - 1e-9) - 1)
        return min(max(0, int((time_s - self._begin_s) // PAGE_S)), last)

    def _span(self, number: int) -> tuple[float, float]:
        if not self._paged:
            return self._begin_s, self._end_s
        begin_s = self._begin_s + number * PAGE_S
        return begin_s, begin_s + PAGE_S

    def _x(self, time_s: float, span: tuple[float, float]) -> float:
        share = (time_s - span[0]) / (span[1] - span[0])
        return self._left + share * (self._right - self._left)

    def _render(self, number: int) -> Canvas:
        """All but the playhead, in the colours of the canvas."""
        style, em = self._style, self._style.small_em_px
        picture = blank(self._width, self.height_px)
        picture[..., :3], picture[..., 3] = GROUND, 1
        span = self._span(number)
        base = self._pad + max(1, len(self._kinds)) * self._lane
        for lane, kind in enumerate(self._kinds):
            bottom = self._pad + (lane + 1) * self._lane
            _box(picture, (self._left, bottom - 1, self._right, bottom), RULE)
            baseline = bottom - (self._lane - cap_px(em)) // 2
            write(picture, kind, kind_colour(kind), em, (self._pad, baseline))
        if not self._kinds:
            write(picture, "no changes", QUIET_TEXT, em, (self._left, base - self._pad))
        self._draw_ticks(picture, span, base)
        first = bisect_left(self._times_s, span[0])
        last = bisect_left(self._times_s, span[1]) if self._paged else len(self._events)
        for event in self._events[first:last]:
            bottom = self._pad + (self._kinds.index(event.kind) + 1) * self._lane
            self._draw_event(picture, event, span, bottom)
        if self._paged:
            self._draw_overview(picture, span)
        _box(picture, (0, 0, self._width, max(1, style.line_px // 2)), RULE)
        sprite = make_sprite(picture, 0, 0, self._space)
        return Canvas(sprite.values, self._space)

    def _draw_ticks(self, picture: F64, span: tuple[float, float], top: int) -> None:
        em = self._style.small_em_px
        _box(picture, (self._left, top, self._right, top + 1), QUIET_TEXT)
        room = max(1.0, (self._right - self._left) / (TICK_GAP_EMS * em))
        length_s = span[1] - span[0]
        step_s = next((s for s in TICK_STEPS_S if length_s / s <= room), length_s)
        digits = 2 if step_s < 0.1 else 1 if step_s < 1.0 else 0
        for k in range(math.ceil(span[0] / step_s - 1e-6), math.floor(span[1] / step_s + 1e-6) + 1):
            x = round(self._x(k * step_s, span))
            _box(picture, (x, top, x + 1, top + round(0.3 * em)), QUIET_TEXT)
            text = clock(k * step_s, digits)
            left = min(x - width_px(text, em) // 2, self._width - width_px(text, em))
            if left >= self._left - self._pad:  # left of it stands the clock
                write(picture, text, QUIET_TEXT, em, (left, top + round(0.45 * em) + cap_px(em)))

    def _draw_event(
        self, picture: F64, event: Event, span: tuple[float, float], bottom: int
    ) -> None:
        """A line at the onset, as high as the confidence, over a block as wide as the interval."""
        top = bottom - 1 - max(2, round(LANE_FILL * self._lane * event.confidence))
        first, end = (
            (f - event.frame) * self._frame_s + event.time_s for f in event.interval_frames
        )
        x0, x1 = round(self._x(first, span)), round(self._x(end, span))
        colour = event_colour(event)
        x0, x1 = max(x0, self._left), min(x1, self._right)
        _box(picture, (x0, top, x1, bottom - 1), colour, _INTERVAL)
        x = min(round(self._x(event.time_s, span)), self._right - 1)
        _box(picture, (x, top, x + max(2, self._style.line_px // 2 + 1), bottom - 1), colour)

    def _draw_overview(self, picture: F64, span: tuple[float, float]) -> None:
        """All of the replay in one lane, and a frame around the page."""
        whole = self._begin_s, self._end_s
        bottom = self.height_px - self._pad // 2
        top = bottom - self._overview
        _box(picture, (self._left, top, self._right, bottom), RULE, 0.5)
        x0 = round(self._x(span[0], whole))
        x1 = min(max(round(self._x(span[1], whole)), x0 + 2), self._right)
        _box(picture, (x0, top, x1, bottom), QUIET_TEXT, 0.3)
        for event in self._events:
            x = min(round(self._x(event.time_s, whole)), self._right - 1)
            height = max(2, round(event.confidence * self._overview))
            _box(picture, (x, bottom - height, x + 1, bottom), event_colour(event), 0.9)
        for y in (top, bottom - 1):
            _box(picture, (x0, y, x1, y + 1), TEXT, 0.8)
        for x in (x0, x1 - 1):
            _box(picture, (x, top, x + 1, bottom), TEXT, 0.8)

    def _head_picture(self) -> F64:
        """The playhead: a handle on a line, as RGBA. Its place is the middle of its bottom."""
        half = max(4, round(_HEAD_EMS * self._style.small_em_px / 2))
        line = max(2, self._style.line_px // 2)
        height = self._pad + max(1, len(self._kinds)) * self._lane + self._pad // 2
        picture = blank(2 * half + line, height)
        handle = [
            (0.5, 0),
            (2 * half + line - 0.5, 0),
            (half + line, 1.4 * half),
            (half, 1.4 * half),
        ]
        over(picture[:, half - 1 : half + line + 1], np.full((height, line + 2), 0.5), GROUND)
        over(picture, polygons(2 * half + line, height, [handle]), TEXT)
        over(picture[:, half : half + line], np.ones((height, line)), TEXT)
        return picture

    def _draw_head(self, canvas: Canvas, top_px: int, time_s: float, number: int) -> None:
        em = self._style.small_em_px
        span = self._span(number)
        x = round(self._x(min(max(time_s, span[0]), span[1]), span)) - self._head_px // 2
        head = self._heads[x % self._space.step]
        canvas.blend(replace(head, x_px=x - x % self._space.step, y_px=top_px))
        text = clock(time_s, 3)
        picture = blank(width_px(text, em), round(1.5 * em))
        write(picture, text, TEXT, em, (0, round(0.45 * em) + cap_px(em)))
        base = top_px + self._pad + max(1, len(self._kinds)) * self._lane
        canvas.blend(make_sprite(picture, self._pad, base, self._space))
        if self._paged:
            x = round(self._x(time_s, (self._begin_s, self._end_s)))
            bottom = top_px + self.height_px - self._pad // 2
            box = Region(x - 1, bottom - self._overview, 2, self._overview)
            canvas.fill(box, TEXT, OPAQUE)


def _box(
    picture: F64, sides: tuple[int, int, int, int], colour: Colour, opacity: float = 1.0
) -> None:
    """Lay a colour over a box, (x0, y0, x1, y1), of an opaque RGBA picture."""
    x0, y0, x1, y1 = sides
    target = picture[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1), :3]
    target *= 1 - opacity
    target += np.asarray(colour, np.float64) * opacity
