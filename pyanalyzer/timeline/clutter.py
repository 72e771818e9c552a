"""How much in the replay at hand looks like an onset and is none, and what that means for the rest.

In some replays hardly anything looks like a change but the changes, in others much that the world
does; of an engine that the network has never seen, it is unsure of everything. So how sure it is of
an event is held against how sure it is of what is most likely none: of the claim that comes fourth
in a second, when all are sorted, where players change their action one to three times a second.
This is how radar tells targets from clutter of unknown strength (ordered-statistic CFAR: Rohling,
"Radar CFAR thresholding in clutter and multiple target situations", IEEE Transactions on Aerospace
and Electronic Systems 19, 1983).
"""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import CAUSES
from pyanalyzer.timeline.calibration import log_odds
from pyanalyzer.timeline.onsets import Onsets

F64 = npt.NDArray[np.float64]

CLAIMS_PER_S = 4.0
# Of the difference to what is typical so much counts: 0 would believe the network alone, 1 this
# alone. It and all below were chosen by the validation games (docs/experiments.md).
SHARE = 0.75
WINDOW_S = 30.0  # what lies further back is another level, or another scene
FIRST_S = 10.0  # so much is waited for in the beginning, where nobody waits for the first event
PRIOR_S = 1.0  # what is typical counts as so many seconds more of the replay
_PLAYER = CAUSES.index("player")


def clutter_level(claims: F64, duration_s: float) -> float | None:
    """The log-odds of the claim that comes ``CLAIMS_PER_S`` times ``duration_s``-th, or of the last
    one; None without any. ``claims`` (N,): log-odds of the player's onsets of that time."""
    if not claims.size:
        return None
    nth = min(int(CLAIMS_PER_S * duration_s), claims.size - 1)
    return float(-np.partition(-claims, nth)[nth])


class Clutter:
    """Follows the level of one recording, block by block.

    ``typical``: the level of most recordings, of the parameters; None: nothing is held against it.
    ``early``: the first events do not wait until ``FIRST_S`` are known.
    """

    def __init__(self, typical: float | None, *, early: bool = False) -> None:
        self._typical = typical
        self._early = early or typical is None
        self._seen_s = 0.0
        self._window: deque[tuple[F64, float]] = deque()  # of each block its claims and its length

    @property
    def known(self) -> bool:
        """Whether what was pushed so far may be held against the level."""
        return self._early or self._seen_s >= FIRST_S

    def push(self, onsets: Onsets, times_s: F64) -> None:
        """The next block's onsets as decided, and the times of its frames (n,)."""
        claims = log_odds(onsets.raw_confidences[onsets.causes == _PLAYER])
        self._window.append((claims, duration_s(times_s)))
        self._seen_s += self._window[-1][1]
        while sum(block_s for _, block_s in self._window) - self._window[0][1] >= WINDOW_S:
            self._window.popleft()

    def held_against(self, onsets: Onsets) -> F64:
        """The raw confidences (N,) of onsets that were pushed, the player's held against the level
        by now."""
        raw = onsets.raw_confidences
        if self._typical is None:
            return raw
        window_s = sum(block_s for _, block_s in self._window)
        level = clutter_level(np.concatenate([claims for claims, _ in self._window]), window_s)
        if level is None:
            return raw
        above = (level - self._typical) * window_s / (window_s + PRIOR_S)
        shifted = 1 / (1 + np.exp(-(log_odds(raw) - SHARE * above)))
        return np.where(onsets.causes == _PLAYER, shifted, raw)


def duration_s(times_s: F64) -> float:
    """How long the frames at ``times_s`` (n,) last, each as long as they do in the mean."""
    if times_s.size < 2:
        return 0.0
    return float(times_s[-1] - times_s[0]) * times_s.size / (times_s.size - 1)
