"""What is drawn into the picture for each event: block, arrows and label, for a readable while."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pyanalyzer.annotate.canvas import (
    F64,
    OPAQUE,
    Canvas,
    Colour,
    ColourSpace,
    Sprite,
    make_sprite,
)
from pyanalyzer.annotate.glyphs import cap_px, width_px
from pyanalyzer.annotate.shapes import arrow, blank, disc, over, polygons, rounded, write
from pyanalyzer.annotate.style import GROUND, QUIET_TEXT, TEXT, Style, event_colour
from pyanalyzer.records import Event, Region
from pyanalyzer.report import words
from pyanalyzer.report.words import UNICODE

# From its onset an event is seen this long, and then fades. Reading two short lines takes a second.
HOLD_S, FADE_S = 1.0, 0.4
# One that another of its kind displaces in the same place stays at least this long.
MIN_HOLD_S = 0.35
FLASH_S = 0.25  # the block is stronger at first, so that the eye finds it
FILL, FLASH_FILL = 0.18, 0.5
OUTLINE, SHADE = 0.95, 0.45

ARROW_PX_S = 2.0  # of the replay: below it a motion has no direction worth showing
# An arrow is as long as the way in this time, within these shares of the picture's size.
ARROW_WAY_S, ARROW_MIN_SHARE, ARROW_MAX_SHARE = 0.25, 0.07, 0.2
ARROW_WIDTH_SHARE = 1 / 90
BEFORE: Colour = (235, 235, 238)

_CHIP = 0.84  # opacity of a label's ground


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """All that is drawn for one event. ``label_px`` is where its label lies, the last sprite."""

    event: Event
    colour: Colour
    region: Region
    whole: bool
    label_px: Region
    sprites: tuple[Sprite, ...]


class Marks:
    """Draws the events of a replay into its pictures, which come in the order of time.

    ``width_px``, ``height_px``: of the picture that is drawn into; ``scale``: its px per px of the
    replay.
    """

    def __init__(
        self,
        events: Sequence[Event],
        width_px: int,
        height_px: int,
        space: ColourSpace,
        *,
        time_base: Fraction,
        scale: float = 1.0,
    ) -> None:
        self._events = sorted(events, key=lambda event: (event.pts, event.id))
        self._onsets = [event.pts for event in self._events]
        self._size = width_px, height_px
        self._style = Style.of(width_px, height_px)
        self._space = space
        self._time_base = float(time_base)
        self._scale = scale
        self._shown: dict[int, Mark] = {}  # by their place in self._events

    def draw(self, canvas: Canvas, pts: int) -> None:
        """Everything that is to be seen in the picture of that pts."""
        oldest_pts = pts - math.ceil((HOLD_S + FADE_S) / self._time_base)
        first = bisect_right(self._onsets, oldest_pts)
        last = bisect_right(self._onsets, pts)
        ages = {n: (pts - self._onsets[n]) * self._time_base for n in range(first, last)}
        opacities = {n: shown(age, self._displaced_s(n)) for n, age in ages.items()}
        for gone in set(self._shown) - {n for n, opacity in opacities.items() if opacity > 0}:
            del self._shown[gone]
        for n in range(first, last):
            if opacities[n] <= 0:
                continue
            if n not in self._shown:
                taken = [mark.label_px for mark in self._shown.values()]
                self._shown[n] = self.mark(self._events[n], taken)
            draw_mark(canvas, self._shown[n], self._style, opacities[n], flash(ages[n]))

    def mark(self, event: Event, taken: Sequence[Region] = ()) -> Mark:
        """What is drawn for an event; its label keeps clear of the places that are taken."""
        width, height = self._size
        k = self._scale
        x0, y0 = math.floor(event.region_px.x_px * k), math.floor(event.region_px.y_px * k)
        x1 = math.ceil((event.region_px.x_px + event.region_px.w_px) * k)
        y1 = math.ceil((event.region_px.y_px + event.region_px.h_px) * k)
        region = Region(x0, y0, max(1, min(x1, width) - x0), max(1, min(y1, height) - y0))
        colour = event_colour(event)
        whole = words.is_whole(region, width, height)
        label = label_picture(event, colour, self._style)
        at = place_label(
            (region, whole), (label.shape[1], label.shape[0]), self._size, taken,
            self._style.gap_px,
        )  # fmt: skip
        sprites = [make_sprite(label, at.x_px, at.y_px, self._space)]
        arrows = self._arrows(event, region, colour)
        return Mark(event, colour, region, whole, at, (*arrows, *sprites))

    def _displaced_s(self, n: int) -> float:
        """How long after its onset an event makes room for the next of its kind and place."""
        event = self._events[n]
        for m in range(n + 1, len(self._events)):
            later = self._events[m]
            after_s = (later.pts - event.pts) * self._time_base
            if after_s > HOLD_S:
                break
            if later.kind == event.kind and overlap(later.region_px, event.region_px):
                return max(after_s, MIN_HOLD_S)
        return HOLD_S

    def _arrows(self, event: Event, region: Region, colour: Colour) -> list[Sprite]:
        """The way it came, pale, to the middle of the region; the way it goes on, in colour."""
        x, y = region.x_px + region.w_px / 2, region.y_px + region.h_px / 2
        before = self._way(event.motion_before_px_s)
        after = self._way(event.motion_after_px_s)
        if before is None and after is None:
            return []
        thick = max(3.0, ARROW_WIDTH_SHARE * self._style.basis_px)
        reach = math.ceil(max(math.hypot(*way) for way in (before, after) if way) + 3 * thick)
        left, top = round(x) - reach, round(y) - reach
        side = 2 * reach
        centre = (x - left, y - top)
        picture = blank(side, side)
        rim = max(1.0, thick / 4)
        if before is not None:
            start = (centre[0] - before[0], centre[1] - before[1])
            clear = 1.8 * thick / math.hypot(*before)  # of the dot in the middle
            end = (centre[0] - clear * before[0], centre[1] - clear * before[1])
            for grow, ink in ((rim, GROUND), (0.0, BEFORE)):
                over(picture, polygons(side, side, arrow(start, end, thick * 0.7, grow)), ink)
            picture[..., 3] *= 0.8
        dot = disc(centre, 0.95 * thick), disc(centre, 0.95 * thick + rim)
        if after is not None:
            end = (centre[0] + after[0], centre[1] + after[1])
            for n, grow, ink in ((1, rim, GROUND), (0, 0.0, colour)):
                shapes = arrow(centre, end, thick, grow)
                over(picture, polygons(side, side, [*shapes, dot[n]]), ink)
        else:  # it stops here
            over(picture, polygons(side, side, [dot[1]]), GROUND)
            over(picture, polygons(side, side, [dot[0]]), colour)
        return [make_sprite(*self._clipped(picture, left, top), self._space)]

    def _way(self, motion_px_s: tuple[float, float]) -> tuple[float, float] | None:
        """The arrow of a motion, in px of the picture drawn into."""
        speed = math.hypot(*motion_px_s)
        if not speed >= ARROW_PX_S:
            return None
        basis = self._style.basis_px
        length = speed * self._scale * ARROW_WAY_S
        length = min(max(length, ARROW_MIN_SHARE * basis), ARROW_MAX_SHARE * basis)
        return motion_px_s[0] / speed * length, motion_px_s[1] / speed * length

    def _clipped(self, picture: F64, left: int, top: int) -> tuple[F64, int, int]:
        """What of a picture lies inside the one drawn into, and where."""
        width, height = self._size
        x0, y0 = max(0, -left), max(0, -top)
        picture = picture[y0 : height - top, x0 : width - left]
        return picture, left + x0, top + y0


def shown(age_s: float, hold_s: float) -> float:
    """How strongly an event is seen so long after its onset, 0..1."""
    if age_s < 0:
        return 0.0
    return min(1.0, max(0.0, 1 - (age_s - hold_s) / FADE_S))


def flash(age_s: float) -> float:
    """How far the first flash has still to go, 0..1."""
    return max(0.0, 1 - age_s / FLASH_S)


def draw_mark(
    canvas: Canvas,
    mark: Mark,
    style: Style,
    opacity: float = 1.0,
    flashing: float = 0.0,
    *,
    labelled: bool = True,
) -> None:
    """Draws it, with its label or without; ``opacity`` and ``flashing`` in 0..1."""
    x, y, w, h = mark.region
    line = style.line_px * (2 if mark.whole else 1)
    if not mark.whole:
        around = Region(x - line, y - line, w + 2 * line, h + 2 * line)
        outline(canvas, around, line, GROUND, round(OPAQUE * SHADE * opacity))
        strength = FILL + (FLASH_FILL - FILL) * flashing
        canvas.fill(mark.region, mark.colour, round(OPAQUE * strength * opacity))
    outline(canvas, mark.region, line, mark.colour, round(OPAQUE * OUTLINE * opacity))
    for sprite in mark.sprites if labelled else mark.sprites[:-1]:
        canvas.blend(sprite, round(OPAQUE * opacity))


def outline(canvas: Canvas, region: Region, line: int, colour: Colour, opacity: int) -> None:
    """The border of a box, inside it."""
    x, y, w, h = region
    line = min(line, (w + 1) // 2, (h + 1) // 2)
    for side in (
        Region(x, y, w, line),
        Region(x, y + h - line, w, line),
        Region(x, y + line, line, h - 2 * line),
        Region(x + w - line, y + line, line, h - 2 * line),
    ):
        canvas.fill(side, colour, opacity)


def kind_words(event: Event) -> str:
    """Its kind; the world's doing is called so."""
    return f"{event.kind} (world)" if event.cause == "world" else event.kind


def motion_words(event: Event) -> str:
    """Motion before and after, in px/s; nothing where both rest."""
    before = words.motion(event.motion_before_px_s, UNICODE)
    after = words.motion(event.motion_after_px_s, UNICODE)
    return "" if before == after == "still" else f"{before}{UNICODE.becomes}{after}"


def label_lines(event: Event) -> tuple[str, str, str]:
    """Kind; confidence and number; and what a second, smaller line says."""
    second = UNICODE.separator.join(filter(None, (f"frame {event.frame}", motion_words(event))))
    return kind_words(event), f"{words.percent(event.confidence)}  #{event.id}", second


def label_picture(event: Event, colour: Colour, style: Style) -> F64:
    """The label as RGBA: one or two lines on a dark ground, with a bar in the event's colour."""
    kind, rest, second = label_lines(event)
    pad, bar = round(0.5 * style.em_px), max(3, round(0.22 * style.em_px))
    space = round(0.45 * style.em_px)
    kind_px = width_px(kind, style.em_px, "bold")
    first_px = kind_px + space + width_px(rest, style.em_px)
    second_px = 0 if style.brief else width_px(second, style.small_em_px)
    width = bar + 2 * pad + max(first_px, second_px)
    cap, small_cap = cap_px(style.em_px), cap_px(style.small_em_px)
    leading = round(0.62 * style.em_px)
    height = 2 * pad + cap + (0 if style.brief else leading + small_cap)
    picture = blank(width, height)
    shape = rounded(width, height, 0.35 * style.em_px)
    over(picture, shape, GROUND)
    picture[..., 3] *= _CHIP
    over(picture[:, :bar], shape[:, :bar], colour)
    x, y = bar + pad, pad + cap
    write(picture, kind, colour, style.em_px, (x, y), weight="bold")
    write(picture, rest, TEXT, style.em_px, (x + kind_px + space, y))
    if not style.brief:
        write(picture, second, QUIET_TEXT, style.small_em_px, (x, y + leading + small_cap))
    return picture


def place_label(
    mark: tuple[Region, bool],
    label_px: tuple[int, int],
    size_px: tuple[int, int],
    taken: Sequence[Region],
    gap_px: int,
) -> Region:
    """Where a label stands: beside its region, else down the picture's sides.

    ``mark``: the region, and whether it is the whole picture; ``label_px``, ``size_px``: width and
    height of the label and the picture. The first place of several that is free of what is
    ``taken``; where none is, the first one.
    """
    (region, whole), (w, h), (width, height), gap = mark, label_px, size_px, gap_px
    x, y = region.x_px, region.y_px
    beside = [] if whole else [
        (x, y - h - gap), (x, y + region.h_px + gap),
        (x + region.w_px + gap, y), (x - w - gap, y),
    ]  # fmt: skip
    steps = range(max(1, (height - gap) // (h + gap)))
    sides = [(side, gap + k * (h + gap)) for side in (gap, width - w - gap) for k in steps]
    inside = [
        (min(max(a, 0), max(width - w, 0)), b) for a, b in beside if 0 <= b <= height - h
    ]  # moved along the picture, never away from the region
    inside = [place for place in inside if whole or not overlap(Region(*place, w, h), region)]
    clear = [Region(max(a, 0), max(b, 0), w, h) for a, b in (*inside, *sides)]
    return next((c for c in clear if not any(overlap(c, other) for other in taken)), clear[0])


def overlap(a: Region, b: Region) -> bool:
    """Whether two boxes share a pixel."""
    return (
        a.x_px < b.x_px + b.w_px
        and b.x_px < a.x_px + a.w_px
        and a.y_px < b.y_px + b.h_px
        and b.y_px < a.y_px + a.h_px
    )
