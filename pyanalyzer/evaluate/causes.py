"""Was it the player or the world? Asked where the truth knows the answer, and nothing else.

At each true change of motion the network's probabilities of an onset by the player and by the world
are compared; whether the timeline lists an event there does not matter. So the figure is of the
cause alone, not of what was found. Always saying "the player" gets a balanced accuracy of one half.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import FrameCurves
from pyanalyzer.simulate.truth import MOTION_KINDS, Truth

# Where something of the other cause is this near, the picture alone cannot be said to show one.
APART_FRAMES = 4
# The network's onset may be this far off, the reference tolerance of events.
REACH_FRAMES = 2
# Probabilities come in thousandths; sums of those that differ by less are equal.
_EQUAL = 0.0005


@dataclass(frozen=True, slots=True)
class CauseCounts:
    """How many changes of either cause were asked about, and of how many the right one was the
    likelier. Where both are equally likely (both 0 at the precision of a saved timeline), half a
    change is right. Counts add up over replays.
    """

    players: int = 0
    players_right: float = 0.0
    worlds: int = 0
    worlds_right: float = 0.0

    def __add__(self, other: CauseCounts) -> CauseCounts:
        return CauseCounts(
            self.players + other.players,
            self.players_right + other.players_right,
            self.worlds + other.worlds,
            self.worlds_right + other.worlds_right,
        )

    @property
    def player_recall(self) -> float | None:
        """Of the player's changes, the share that was called the player's; None without any."""
        return self.players_right / self.players if self.players else None

    @property
    def world_recall(self) -> float | None:
        """Of the world's changes, the share that was called the world's; None without any."""
        return self.worlds_right / self.worlds if self.worlds else None

    @property
    def balanced_accuracy(self) -> float | None:
        """The mean of the two recalls; None where one of them has nothing to ask about."""
        if self.player_recall is None or self.world_recall is None:
            return None
        return (self.player_recall + self.world_recall) / 2


def sum_causes(counts: Iterable[CauseCounts]) -> CauseCounts:
    """Sum of ``counts``; of none, zeros."""
    total = CauseCounts()
    for one in counts:
        total += one
    return total


def count_causes(truth: Truth, curves: FrameCurves | None) -> CauseCounts:
    """Ask about every change of motion of a replay whose truth knows some of the world's.

    ``curves``: of the whole replay; None, or a truth without changes of the world's, gives zeros.
    """
    worlds = _lone(
        [event.frame for event in truth.world_events if event.kind in MOTION_KINDS],
        [onset.frame for onset in truth.onsets()],
    )
    if curves is None or not worlds.size:
        return CauseCounts()
    players = _lone(
        [onset.frame for onset in truth.onsets() if onset.kind in MOTION_KINDS],
        [event.frame for event in truth.world_events],
    )
    player = curves.player_score.astype(np.float64)
    world = curves.onset_score.astype(np.float64) - player
    lead = _mass_near(player, curves.index, players) - _mass_near(world, curves.index, players)
    behind = _mass_near(player, curves.index, worlds) - _mass_near(world, curves.index, worlds)
    return CauseCounts(players.size, _positive(lead), worlds.size, _positive(-behind))


def _lone(frames: Sequence[int], others: Sequence[int]) -> npt.NDArray[np.int64]:
    """Each of ``frames`` once, rising, without those that have one of ``others`` near."""
    kept = np.unique(np.array(frames, np.int64))
    if not others:
        return kept
    away = np.abs(kept[:, None] - np.array(others, np.int64)[None])
    return np.asarray(kept[away.min(axis=1) > APART_FRAMES])


def _mass_near(
    score: npt.NDArray[np.float64], index: npt.NDArray[np.int64], at: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """The sum of ``score`` (T,) of the frames ``index`` (T,) within reach of each of ``at``."""
    total = np.concatenate(([0.0], np.cumsum(score)))
    begin = np.searchsorted(index, at - REACH_FRAMES, side="left")
    end = np.searchsorted(index, at + REACH_FRAMES, side="right")
    return np.asarray(total[end] - total[begin])


def _positive(lead: npt.NDArray[np.float64]) -> float:
    equal = np.abs(lead) < _EQUAL
    return float(((lead > 0) & ~equal).sum() + 0.5 * equal.sum())
