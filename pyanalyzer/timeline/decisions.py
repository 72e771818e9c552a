"""Deciding the onsets of a recording block by block, while its scores still come in.

A block is decided once the scores of ``LOOK_AHEAD_FRAMES`` more frames are there, and for good: the
path through block and look-ahead (a decoding of fixed lag) starts from the last onset that was
decided, so that blocks fit together. The posterior is taken over block, look-ahead and
``CONTEXT_FRAMES`` before the block; an onset's evidence reaches less far than either. The blocks
depend on nothing but the ordinals of the frames. So it is all the same whether the scores of a
recording come at once or one by one, whatever comes later changes nothing, and memory does not
grow with the recording.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pyanalyzer.chunks import Chunk, Chunks
from pyanalyzer.timeline.clutter import Clutter
from pyanalyzer.timeline.observation import chance_log_odds, onset_log_odds
from pyanalyzer.timeline.onsets import (
    NO_ONSETS,
    Onsets,
    placement,
    share_out,
    territories,
)
from pyanalyzer.timeline.parameters import TimelineParameters
from pyanalyzer.timeline.posterior import onset_posterior
from pyanalyzer.timeline.search import Path, find_path
from pyanalyzer.timeline.sighting import Concentration, weighed
from pyanalyzer.timeline.transition import Opening, TransitionModel, time_before_s

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

# The first ones are small, for an early answer; the surroundings cost less of large ones. The first
# with its look-ahead is what the network has scored of the first three batches (score/scorer.py),
# or of four where it looks twice.
BLOCK_FRAMES = (48, 64, 128, 256)
# About one and two seconds of most recordings: by then what lies beyond is all but forgotten
# (docs/timeline.md has the figures).
LOOK_AHEAD_FRAMES = 64
CONTEXT_FRAMES = 128


def blocks() -> Chunks:
    """The blocks of a recording, each with its surroundings."""
    return Chunks(BLOCK_FRAMES, CONTEXT_FRAMES, LOOK_AHEAD_FRAMES)


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """``onsets``: the N of a block; positions count the frames of its window.

    ``neighbours`` int64 (N + 2,): their positions, with the onset before them in front and the one
    that the look-ahead suggests behind; the window's ends where there is none.
    """

    onsets: Onsets
    neighbours: I64


class OnsetDecider:
    """Decides the blocks of one recording, in order. Of the parameters, prior and biases count."""

    def __init__(self, parameters: TimelineParameters) -> None:
        self._parameters = parameters
        self._opening: Opening | None = None  # of the spell that the next block begins in
        # The last onsets that were decided, positions counted from the recording's first frame.
        self._positions, self._causes = np.zeros(0, np.int64), np.zeros(0, np.int64)

    def decide(self, block: Chunk, cause_onset: npt.ArrayLike, times_s: F64) -> Decision:
        """The onsets of ``block.start .. block.stop``.

        ``cause_onset`` (n, 3): log-probabilities, as in :class:`~pyanalyzer.records.Scores`, and
        ``times_s`` float64 (n,), strictly rising: of the frames ``block.begin .. block.end``.

        :raises ValueError: if the shapes do not fit or a log-probability is NaN.
        """
        parameters = self._parameters
        odds = onset_log_odds(cause_onset, parameters.bias_player, parameters.bias_world)
        if odds.shape[0] != times_s.size:
            raise ValueError(f"{odds.shape[0]} frames of scores, but {times_s.size} times")
        chance = chance_log_odds(times_s, parameters.prior.mean_s)
        odds -= parameters.prior_weight * chance[:, None]
        if self._opening is None:
            self._opening = Opening(time_before_s(times_s), by_onset=False)
        opening = self._opening
        path = self._path_ahead(block, odds, times_s, opening)

        lately = self._positions >= block.begin
        settled = int(lately.sum())
        positions = np.concatenate((self._positions[lately] - block.begin, path.positions))
        causes = np.concatenate((self._causes[lately], path.causes))
        transition = TransitionModel(parameters.prior, times_s, parameters.prior_weight)
        # Without the biases: they make the path bold, but nothing more probable.
        biases = np.array([parameters.bias_player, parameters.bias_world])
        posterior = onset_posterior(odds - biases, transition).onset
        kept, masses = share_out(posterior, positions, causes, settled)
        path = Path(positions[kept], causes[kept], path.score)
        own = slice(settled, int(np.searchsorted(path.positions, block.inside.stop)))
        self._positions = path.positions[: own.stop] + block.begin
        self._causes = path.causes[: own.stop]
        ends = np.concatenate(([0], path.positions, [times_s.size]))
        return Decision(
            self._onsets(odds, transition, opening, path, masses=masses[kept], own=own),
            ends[own.start : own.stop + 2],
        )

    def _path_ahead(self, block: Chunk, odds: F64, times_s: F64, opening: Opening) -> Path:
        """The path from the block's start to the window's end, in positions of the window."""
        start = block.inside.start
        transition = TransitionModel(
            self._parameters.prior,
            times_s[start:],
            self._parameters.prior_weight,
            before_s=float(times_s[start - 1]) if start else None,
            opening=opening,
        )
        path = find_path(odds[start:], transition)
        positions = path.positions + start
        inside = positions[positions < block.inside.stop]
        if inside.size:
            self._opening = Opening(float(times_s[inside[-1]]), by_onset=True)
        return Path(positions, path.causes, path.score)

    @staticmethod
    def _onsets(
        odds: F64,
        transition: TransitionModel,
        opening: Opening,
        path: Path,
        *,
        masses: F64,
        own: slice,
    ) -> Onsets:
        """What is said of the onsets ``own`` among all of the window's, which find ``masses``."""
        if own.start == own.stop:
            return NO_ONSETS
        positions, causes = path.positions, path.causes
        spans = territories(positions, transition.times_s)
        marginals = []
        for n in range(own.start, own.stop):
            begin, end = spans[n].tolist()
            frames = np.arange(begin, end)
            before = (
                transition.pairs(positions[n - 1], frames)
                if n > 0
                else transition.after(opening, frames)
            )
            following = int(positions[n + 1]) if n + 1 < positions.size else None
            marginals.append(
                placement(odds[begin:end, causes[n]], before, transition, following, begin)
            )
        return Onsets(
            positions=positions[own],
            causes=causes[own],
            raw_confidences=masses[own],
            territories=spans[own],
            marginals=tuple(marginals),
        )


def find_onsets(
    cause_onset: npt.ArrayLike,
    times_s: F64,
    parameters: TimelineParameters,
    seen: Concentration | None = None,
) -> Onsets:
    """All onsets of one recording, block by block, held against its clutter.

    ``cause_onset``: (T, 3) log-probabilities, as in :class:`~pyanalyzer.records.Scores`;
    ``times_s``: float64 (T,), strictly rising, as ``timeline.transition.frame_times`` makes them.
    T may be 0. ``seen``: what the Locator sees at each position, by which the player's onsets are
    weighed if the parameters have a typical sighting (:mod:`~pyanalyzer.timeline.sighting`).

    :raises ValueError: if the shapes do not fit or a log-probability is NaN.
    """
    log_p = np.asarray(cause_onset)
    if log_p.shape != (times_s.size, 3):
        raise ValueError(f"cause_onset must be ({times_s.size}, 3), not {log_p.shape}")
    chunks, decider = blocks(), OnsetDecider(parameters)
    found: list[Onsets] = []
    clutter = Clutter(parameters.typical_clutter)
    waiting: list[Onsets] = []

    def settle() -> None:
        found.extend(replace(o, raw_confidences=clutter.held_against(o)) for o in waiting)
        waiting.clear()

    while block := chunks.take(times_s.size, last=True):
        window = slice(block.begin, block.end)
        decision = decider.decide(block, log_p[window], times_s[window])
        onsets = decision.onsets.moved(block.begin)
        if seen is not None and parameters.typical_sighting is not None:
            onsets = weighed(onsets, seen, parameters.typical_sighting)
        waiting.append(onsets)
        clutter.push(onsets, times_s[block.start : block.stop])
        if clutter.known:
            settle()
    settle()
    return Onsets.join(found)
