"""What a first look is sure of, as labels to learn from."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from pyanalyzer.adapt.sample import Run
from pyanalyzer.records import CAUSES, F32
from pyanalyzer.timeline import TimelineParameters
from pyanalyzer.timeline.decisions import find_onsets
from pyanalyzer.timeline.transition import frame_times
from pyanalyzer.train.labels import ONSET_SHARES

# The raw confidences of all claims sum to the number of onsets that are expected. This share of so
# many is learned as changes, the surest ones first; what comes after so many times as many, as
# none. What lies between is neither: whether it was one is the question. Chosen by the validation
# games (docs/experiments.md).
SURE_SHARE = 0.5
POSSIBLE_SHARE = 2.0
_DOUBTFUL_FRAMES = 2  # to either side of what may be a change: where it may be


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Of T frames: ``player``, float32 (T,), probability of an onset of the player; ``known``, bool
    (T,), where it is to be learned; ``sure``: how many onsets they say there are."""

    player: F32
    known: npt.NDArray[np.bool_]
    sure: int


def make_targets(run: Run, parameters: TimelineParameters, time_base: Fraction) -> Targets:
    """From the player's onsets that the timeline would claim, by how sure of them it is."""
    frames = run.pts.size
    player: F32 = np.zeros(frames, np.float32)
    known = np.ones(frames, bool)
    onsets = find_onsets(run.cause_onset, frame_times(run.pts, time_base), parameters)
    of_player = onsets.causes == CAUSES.index("player")
    at, confidence = onsets.positions[of_player], onsets.raw_confidences[of_player]
    surest_first = at[np.argsort(-confidence, kind="stable")].tolist()
    expected = float(confidence.sum())
    sure = surest_first[: round(SURE_SHARE * expected)]
    for t in surest_first[: round(POSSIBLE_SHARE * expected)]:
        known[max(0, t - _DOUBTFUL_FRAMES) : t + _DOUBTFUL_FRAMES + 1] = False
    for t in sure:
        for offset, share in zip((-1, 0, 1), ONSET_SHARES, strict=True):
            if 0 <= t + offset < frames:
                player[t + offset] = max(player[t + offset], share)
                known[t + offset] = True
    return Targets(player, known, len(sure))
