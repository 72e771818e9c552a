"""Looking at some of the frames only: those of a fast recording that lie far enough apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from pyanalyzer.records import Frame

# Of 60 or 50 frames a second every second one is then looked at, of 120 every third, of 144 every
# fourth; recordings of up to 45 a second are left whole. The network knows games of 24 a second.
LEAST_INTERVAL_S = Fraction(22, 1000)


def thinned(frames: Iterable[Frame], time_base: Fraction) -> Iterator[Frame]:
    """The first frame, and then each that comes at least ``LEAST_INTERVAL_S`` after the last one
    given; one whose pts is not above it (a damaged stream) is given too. Indices stay."""
    last_pts: int | None = None
    for frame in frames:
        passed = None if last_pts is None else (frame.pts - last_pts) * time_base
        if passed is None or passed <= 0 or passed >= LEAST_INTERVAL_S:
            last_pts = frame.pts
            yield frame
