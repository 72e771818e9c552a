"""Cutting a sequence that is still growing into chunks, each with its surroundings.

The cuts depend on nothing but the ordinals of the frames, so that the same replay is cut alike
however its frames arrive.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chunk:
    """Frames ``start .. stop`` to work on, given frames ``begin .. end`` (both half-open)."""

    begin: int
    start: int
    stop: int
    end: int

    @property
    def inside(self) -> slice:
        """The frames to work on, counted from the first that is given."""
        return slice(self.start - self.begin, self.stop - self.begin)


class Chunks:
    """Cuts a growing sequence into chunks, each with ``before`` frames ahead of it and ``after``
    behind it, or as many as there are at the ends of the sequence.

    ``sizes``: of the first chunks; all others are as large as the last of them. Small ones at the
    beginning give a first answer early, large ones later on waste little on surroundings.
    """

    def __init__(self, sizes: tuple[int, ...], before: int, after: int) -> None:
        self._sizes = list(sizes)
        self._before, self._after = before, after
        self._done = 0

    def take(self, available: int, *, last: bool) -> Chunk | None:
        """The next chunk, if it and what follows it are among the first ``available`` frames.
        ``last``: there will be no more of them."""
        size = self._sizes[0]
        stop = min(self._done + size, available)
        ready = last or available >= self._done + size + self._after
        if stop == self._done or not ready:
            return None
        chunk = Chunk(self.needed_from, self._done, stop, min(stop + self._after, available))
        self._done = stop
        if len(self._sizes) > 1:
            del self._sizes[0]
        return chunk

    @property
    def needed_from(self) -> int:
        """The first frame that a later chunk will ask for."""
        return max(self._done - self._before, 0)
