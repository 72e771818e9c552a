"""Fits the timeline's parameters to weights: spells of training replays, scores of validation."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from pyanalyzer.score.model import LoadedModel
from pyanalyzer.timeline.fitting import LabelledScores, fit_parameters
from pyanalyzer.timeline.parameters import TimelineParameters
from pyanalyzer.timeline.transition import frame_times
from pyanalyzer.train.cache import CachedReplay
from pyanalyzer.train.validate import score_cached


def label_scores(model: LoadedModel, replay: CachedReplay) -> LabelledScores:
    """The network's answer for a cached replay beside its truth."""
    interval = 1 / Fraction(replay.frame_rate).limit_denominator(1001)
    return LabelledScores(
        game=f"{replay.engine}/{replay.game}",
        cause_onset=score_cached(model, replay).cause_onset,
        times_s=frame_times(np.arange(replay.frames), interval),
        onsets=np.array(replay.onsets, np.int64),
    )


def fit_timeline(
    model: LoadedModel, training: Sequence[CachedReplay], validation: Sequence[CachedReplay]
) -> TimelineParameters:
    """See :func:`pyanalyzer.timeline.fitting.fit_parameters`."""
    spells = [np.diff(np.array(r.onsets)) / r.frame_rate for r in training]
    resolution = [np.full(s.size, 1 / r.frame_rate) for s, r in zip(spells, training, strict=True)]
    scored = [label_scores(model, replay) for replay in validation]
    return fit_parameters(scored, np.concatenate(spells), np.concatenate(resolution))
