"""Rows of the table of events one by one, before the others are known."""

from __future__ import annotations

from dataclasses import replace

from pyanalyzer.records import Event, Region
from pyanalyzer.report.event_table import event_table
from pyanalyzer.report.palette import Line
from pyanalyzer.report.terminal import MARGIN, MIN_WIDTH_COLUMNS, margined
from pyanalyzer.report.words import Glyphs

_HOUR_S = 3600.0


class LiveRows:
    """Lays out the rows as :func:`~pyanalyzer.report.event_table.event_table` does, as wide as an
    event of this replay may need: which others will come is not known.

    ``duration_s``: of the replay, as far as it is known. ``world``: events of either cause may
    come. ``picture_px``: width and height of the replay's picture.
    """

    def __init__(
        self,
        picture_px: tuple[int, int],
        duration_s: float | None,
        width_columns: int,
        glyphs: Glyphs,
        *,
        world: bool,
    ) -> None:
        self._picture_px = picture_px
        self._width = max(width_columns, MIN_WIDTH_COLUMNS) - 2 * len(MARGIN)
        self._glyphs = glyphs
        widest = _widest_event(picture_px, duration_s or 0.0, world=world)
        # What says the most of a place takes the most room, or else the longest name of one.
        whole = replace(widest, cause="player", region_px=Region(0, 0, *picture_px))
        self._widest = widest, whole

    def titles(self) -> Line:
        """The line of titles."""
        return self._lines(())[0]

    def row(self, event: Event) -> Line:
        """The line of an event."""
        return self._lines((event,))[-1]

    def _lines(self, events: tuple[Event, ...]) -> list[Line]:
        shown = (*self._widest, *events)
        lines = event_table(shown, self._picture_px, self._width, self._glyphs)
        return [margined(line) for line in lines]


def _widest_event(picture_px: tuple[int, int], duration_s: float, *, world: bool) -> Event:
    """No event, but one whose row is as wide as those of most."""
    width_px, height_px = picture_px
    return Event(
        id=9_999,
        frame=999_999,
        pts=0,
        time_s=10 * _HOUR_S - 1 if duration_s >= _HOUR_S else _HOUR_S - 1,
        interval_frames=(999_990, 1_000_000),
        kind="interface",
        cause="world" if world else "player",
        confidence=1.0,
        region_px=Region(width_px * 3 // 4, height_px * 3 // 4, width_px // 4, height_px // 4),
        motion_before_px_s=(-999.0, 999.0),
        motion_after_px_s=(-999.0, 999.0),
    )
