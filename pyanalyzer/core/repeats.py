"""Recordings in which every picture stands twice: 30 pictures a second, captured at 60.

From frame to frame all motion then begins and ends. That the second picture is the first one again
is no exact matter: an encoder changes it a little, and now and then one stands once or three times.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from pyanalyzer.records import BLOCK_PX, U8, U16, Frame

# How much changed from one frame to the next is what changed in the block that comes fourth: one
# counter may run while the game's pictures stand twice.
_BLOCKS_THAT_MAY_DIFFER = 3
# Sums over a block of |this px - the one before|. Below the first nothing moves, below the second
# coding alone can have changed the picture: 4 and 1 levels a px.
_MOVES = 4 * BLOCK_PX**2
_STANDS = BLOCK_PX**2
# A picture is one again that changed by less than this share of what changes around it.
_REPEAT_SHARE = 0.3
# Among frames in which something moves: so many of them that repeat a picture between two that do
# not, before so many others, and pictures stand twice. In 43 replays of other kinds at most 0.35 of
# the frames were repeats, in six of this kind 0.42 at least (docs/experiments.md).
_REPEATS_THAT_TELL = 58
_OTHERS_THAT_TELL = 87
_JUDGED_WITHIN_FRAMES = 1200  # 20 s of 60 Hz; a picture that stands so long may be any
_LEVEL_FRAMES = 3  # what changes around a frame is what changed in so many before it


def largest_change(difference: U16) -> int:
    """How much a picture differs from another, blind to a few blocks.

    ``difference``: uint16 (R, C), of each block the sum of absolute differences, as
    :class:`~pyanalyzer.records.Evidence` has it.
    """
    index = difference.size - 1 - min(_BLOCKS_THAT_MAY_DIFFER, difference.size - 1)
    return int(np.partition(difference, index, axis=None)[index])


def block_differences(before: U8, picture: U8) -> U16:
    """Sums of absolute differences over whole blocks, uint16 (R, C)."""
    rows, cols = (side // BLOCK_PX for side in picture.shape)
    apart = np.maximum(before, picture) - np.minimum(before, picture)
    whole = apart[: rows * BLOCK_PX, : cols * BLOCK_PX]
    # Along rows first: the sums of eight lines are small integers that lie side by side.
    lines = whole.reshape(rows, BLOCK_PX, cols * BLOCK_PX).sum(axis=1, dtype=np.uint16)
    sums: U16 = lines.reshape(rows, cols, BLOCK_PX).sum(axis=2, dtype=np.uint16)
    return sums


class RepeatJudge:
    """Says, from the first frames of a replay in which something moves, whether pictures stand
    twice in it."""

    def __init__(self) -> None:
        self._changes: deque[int] = deque(maxlen=3)
        self._frames = self._repeats = self._others = 0
        self.doubled: bool | None = None  # None: not known yet

    def push(self, change: int) -> None:
        """Takes what :func:`largest_change` says of the next frame and the one before it."""
        if self.doubled is not None:
            return
        self._frames += 1
        self._changes.append(change)
        if len(self._changes) == self._changes.maxlen and max(self._changes) > _MOVES:
            before, here, after = self._changes
            if here < _REPEAT_SHARE * min(before, after):
                self._repeats += 1
            else:
                self._others += 1
        if self._repeats == _REPEATS_THAT_TELL:
            self.doubled = True
        elif self._others == _OTHERS_THAT_TELL or self._frames == _JUDGED_WITHIN_FRAMES:
            self.doubled = False


def stands_twice(frames: Iterable[Frame], reduce: Callable[[Frame], U8]) -> bool:
    """What :class:`RepeatJudge` says of a replay; takes no more of its frames than that needs.

    ``reduce``: gives a frame's working picture.
    """
    judge = RepeatJudge()
    before: U8 | None = None
    for frame in frames:
        working = reduce(frame)
        judge.push(0 if before is None else largest_change(block_differences(before, working)))
        before = working
        if judge.doubled is not None:
            return judge.doubled
    return False


def unrepeated(frames: Iterable[Frame], reduce: Callable[[Frame], U8]) -> Iterator[Frame]:
    """The frames of a replay in which pictures stand twice, each picture once.

    ``reduce``: gives a frame's working picture. Of two frames in a row one at least is given: a
    picture that stands longer stays.
    """
    changes: deque[int] = deque(maxlen=_LEVEL_FRAMES)
    before: U8 | None = None
    left_out = False
    for frame in frames:
        working = reduce(frame)
        change = None if before is None else largest_change(block_differences(before, working))
        left_out = (
            change is not None
            and not left_out
            and (change < _STANDS or change < _REPEAT_SHARE * max(changes, default=0))
        )
        before = working
        if change is not None:
            changes.append(change)
        if not left_out:
            yield frame
