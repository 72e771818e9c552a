"""Times of display that always go forward, from those that the container stores."""

from __future__ import annotations

from fractions import Fraction

DISCONTINUITY_S = 1  # a step back by more than this is a new start of the clock, not a slip


class DisplayClock:
    """Turns the stored time of each picture, in display order, into the pts that is handed out.

    A stored time that lies after the one before is handed out as it is: that is every picture of a
    sound stream. Otherwise, in this order:

    - none is stored: the last stored one plus whole pictures at the stream's average rate, rounded;
    - it is at most ``DISCONTINUITY_S`` behind: one tick after the picture before;
    - it is further behind (joined recordings, a transport stream whose clock was set anew): this
      picture comes one average picture after the one before, and the times that follow keep the
      same shift.
    """

    def __init__(self, time_base: Fraction, frame_rate: Fraction) -> None:
        self._step = 1 / (frame_rate * time_base)  # ticks per picture, exact
        self._step_ticks = max(1, round(self._step))
        self._slip_ticks = Fraction(DISCONTINUITY_S) / time_base
        self._shift = 0
        self._last: int | None = None
        self._anchor = Fraction(0)  # where the counting of pictures without a time begins

    def next(self, stored: int | None) -> int:
        """The pts of the next picture in display order; greater than every one before."""
        pts = self._derive(stored)
        self._last = pts
        return pts

    def _derive(self, stored: int | None) -> int:
        last = self._last
        if stored is None:
            if last is not None:
                self._anchor += self._step
            return round(self._anchor) if last is None else max(last + 1, round(self._anchor))
        pts = stored + self._shift
        if last is not None and pts <= last:
            if last - pts > self._slip_ticks:
                self._shift += last + self._step_ticks - pts
                pts = last + self._step_ticks
            else:
                pts = last + 1
        self._anchor = Fraction(pts)
        return pts
