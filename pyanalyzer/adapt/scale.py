"""How sure: the second look is as sure of its changes as the first was of its own.

What has learned from its own answers is surer than before, but not right more often in the same
measure; and more so in one replay than in another. So the second look says which frames are
likelier than which, and the first how likely they are: the log-odds of the one take the
distribution of the other's (histogram specification, Gonzalez and Woods, Digital Image Processing,
3.3.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pyanalyzer.adapt.sample import Run
from pyanalyzer.records import CAUSES, F32, Scores
from pyanalyzer.score.features import FrameFeatures
from pyanalyzer.score.parts import NetworkParts
from pyanalyzer.score.scorer import Scorer

F64 = npt.NDArray[np.float64]
_PLAYER = 1 + CAUSES.index("player")
_SMALLEST = 1e-12  # keeps logarithms finite


@dataclass(frozen=True, slots=True, eq=False)
class OnsetScale:
    """``after``, ``before``: float64 (N,), ascending: log-odds of an onset of the player in the
    same frames of a sample, after learning and before."""

    after: F64
    before: F64

    def __call__(self, scores: Scores) -> Scores:
        """The scores with log-odds as they were before; their order stays, and so does the ratio of
        the other answers to each other."""
        log_odds = onset_log_odds(scores.cause_onset)
        beyond = np.clip(log_odds, self.after[0], self.after[-1])
        # Beyond the sample: as far from its ends as they were.
        scaled = np.interp(beyond, self.after, self.before) + (log_odds - beyond)
        return replace(scores, cause_onset=_with_log_odds(scores.cause_onset, scaled))


def onset_log_odds(cause_onset: F32) -> F64:
    """Of an onset of the player: float32 (T, 3) log-probabilities to float64 (T,)."""
    others = [i for i in range(cause_onset.shape[1]) if i != _PLAYER]
    rest = np.logaddexp.reduce(cause_onset[:, others].astype(np.float64), axis=1)
    log_odds: F64 = cause_onset[:, _PLAYER] - rest
    return log_odds


def _with_log_odds(cause_onset: F32, log_odds: F64) -> F32:
    p = np.exp(cause_onset.astype(np.float64))
    player = 1 / (1 + np.exp(-log_odds))
    p[:, _PLAYER] = 0
    p *= ((1 - player) / np.maximum(p.sum(axis=1), _SMALLEST))[:, np.newaxis]
    p[:, _PLAYER] = player
    out: F32 = np.log(np.maximum(p, _SMALLEST)).astype(np.float32)
    return out


def fit_scale(runs: Sequence[Run], parts: NetworkParts) -> OnsetScale:
    """From what the first look said of the ``runs``, and what ``parts`` say after learning."""
    after = [onset_log_odds(_score(run, parts)) for run in runs]
    before = [onset_log_odds(run.cause_onset) for run in runs]
    return OnsetScale(np.sort(np.concatenate(after)), np.sort(np.concatenate(before)))


def _score(run: Run, parts: NetworkParts) -> F32:
    scorer = Scorer(parts)
    for t, pts in enumerate(run.pts.tolist()):
        scorer.push(
            FrameFeatures(run.maps[t], run.globals[t], run.proposals[t], run.crops[t]), t, pts
        )
    return scorer.finish().cause_onset
