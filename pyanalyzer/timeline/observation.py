"""The observation model: what the network's log-probabilities say for an onset in each frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pyanalyzer.timeline.transition import time_before_s

F64 = npt.NDArray[np.float64]

# The network is not to be believed beyond this: e^30 : 1 is "never" and "always" for any recording.
MAX_LOG_ODDS = 30.0


def onset_log_odds(
    cause_onset: npt.ArrayLike, bias_player: float = 0.0, bias_world: float = 0.0
) -> F64:
    """Log-odds of an onset by the player and by the world against none: float64 (T, 2).

    ``cause_onset``: (T, 3), as in :class:`~pyanalyzer.records.Scores`. The biases are added; they
    set how readily onsets are seen. Clipped to ``MAX_LOG_ODDS``.

    :raises ValueError: if the shape is another, or a value is NaN.
    """
    log_p = np.asarray(cause_onset, dtype=np.float64)
    if log_p.ndim != 2 or log_p.shape[1] != 3:
        raise ValueError(f"cause_onset must be (T, 3), not {log_p.shape}")
    # A probability of exactly 0 is -inf; the floor keeps -inf - -inf from becoming NaN.
    log_p = np.maximum(log_p, -1e4)
    if np.isnan(log_p).any():
        raise ValueError("cause_onset must not hold NaN")
    odds = log_p[:, 1:] - log_p[:, :1] + np.array([bias_player, bias_world])
    return np.asarray(np.clip(odds, -MAX_LOG_ODDS, MAX_LOG_ODDS))


def chance_log_odds(times_s: F64, mean_s: float) -> F64:
    """Log-odds that a frame is an onset if all that is known is how often onsets are: (T,).

    One onset per ``mean_s``, so the chance of a frame is the time since the frame before over that.
    The network's log-odds contain it already, from its training data, and the duration prior brings
    it anew. Taking it out of the former leaves what the picture says (a "scaled likelihood",
    Bourlard and Morgan, *Connectionist Speech Recognition*, 1994), at any frame rate.
    """
    if times_s.size == 0:
        return np.zeros(0)
    steps = np.diff(times_s, prepend=time_before_s(times_s, mean_s))
    chance = np.minimum(steps / mean_s, 0.5)
    return np.asarray(np.log(chance) - np.log1p(-chance))
