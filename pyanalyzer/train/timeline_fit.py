"""Fits the timeline's parameters to weights: spells of training replays, scores of validation."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from pyanalyzer.core.looks import Looks, frames_back
from pyanalyzer.decode import open_replay
from pyanalyzer.score.looks import LooksEncoder, LooksScorer
from pyanalyzer.score.model import LoadedModel
from pyanalyzer.score.parts import NetworkParts
from pyanalyzer.simulate.truth import read_truth, truth_path
from pyanalyzer.timeline.fitting import LabelledScores, calibrate, fit_parameters
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


def label_fast_scores(parts: NetworkParts, video: Path) -> LabelledScores:
    """The network's answer in a fast analysis of a labelled replay (see
    :class:`~pyanalyzer.settings.AnalysisSettings`) beside the replay's truth."""
    truth = read_truth(truth_path(video))
    scorer = LooksScorer(parts, mirrored=False)
    with open_replay(str(video), threads=1, fast=True) as replay:
        info = replay.info
        small = frames_back(info.frame_rate) > 1
        looks = Looks(info.width_px, info.height_px, small=small, coarse=True)
        encoder = LooksEncoder(info.time_base)
        for frame in replay:
            scorer.push(encoder.encode(looks.push(frame)), frame.index, frame.pts)
    scores = scorer.finish()
    return LabelledScores(
        game=f"{truth.engine}/{truth.game}",
        cause_onset=scores.cause_onset,
        times_s=frame_times(scores.pts, info.time_base),
        onsets=np.array([onset.frame for onset in truth.onsets()], np.int64),
        frames=scores.index,
    )


def fit_fast_timeline(
    parts: NetworkParts, videos: Sequence[Path], parameters: TimelineParameters
) -> TimelineParameters:
    """``parameters`` with what is learned of confidence, threshold and intervals learned from fast
    analyses of the validation replays ``videos``: prior and biases stay. Without videos all of it
    stays."""
    if not videos:
        return parameters
    return calibrate([label_fast_scores(parts, video) for video in videos], parameters)
