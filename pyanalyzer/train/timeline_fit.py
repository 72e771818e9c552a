"""Fits the timeline's parameters to weights: spells of training replays, scores of validation."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from pyanalyzer.core.looks import Looks, frames_back
from pyanalyzer.decode import open_replay
from pyanalyzer.score.looks import LooksEncoder, LooksScorer
from pyanalyzer.score.model import LoadedModel
from pyanalyzer.score.native_locator import NativeLocator
from pyanalyzer.score.parts import NetworkParts
from pyanalyzer.simulate.truth import read_truth, truth_path
from pyanalyzer.timeline.fitting import LabelledScores, calibrate, fit_parameters
from pyanalyzer.timeline.parameters import TimelineParameters
from pyanalyzer.timeline.sighting import Concentration, Sightings, concentration
from pyanalyzer.timeline.traces import FrameTrace, trace_of
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
        seen=None if model.locates is None else _seen_in_cache(replay, model.locates),
    )


def _seen_in_cache(replay: CachedReplay, locates: NativeLocator) -> Concentration:
    """What the Locator sees in a cached replay, each frame looked at once."""

    @functools.cache
    def seen(at: int) -> float:
        begin, end = at - locates.before, at + locates.after
        first, last = max(begin, 0), min(end, replay.frames)
        maps = np.asarray(replay.read(first, last)["maps"], np.uint8)
        around = ((first - begin, end - last), (0, 0), (0, 0), (0, 0))
        return concentration(locates(np.pad(maps, around, mode="edge"), replay.frame_rate))

    return seen


def fit_timeline(
    model: LoadedModel, training: Sequence[CachedReplay], validation: Sequence[CachedReplay]
) -> TimelineParameters:
    """See :func:`pyanalyzer.timeline.fitting.fit_parameters`."""
    spells = [np.diff(np.array(r.onsets)) / r.frame_rate for r in training]
    resolution = [np.full(s.size, 1 / r.frame_rate) for s, r in zip(spells, training, strict=True)]
    scored = [label_scores(model, replay) for replay in validation]
    return fit_parameters(scored, np.concatenate(spells), np.concatenate(resolution))


def label_fast_scores(
    parts: NetworkParts, video: Path, locates: NativeLocator | None = None
) -> LabelledScores:
    """The network's answer in a fast analysis of a labelled replay (see
    :class:`~pyanalyzer.settings.AnalysisSettings`) beside the replay's truth."""
    truth = read_truth(truth_path(video))
    scorer = LooksScorer(parts, mirrored=False)
    traces: list[FrameTrace] = []
    with open_replay(str(video), threads=1, fast=True) as replay:
        info = replay.info
        small = frames_back(info.frame_rate) > 1
        looks = Looks(info.width_px, info.height_px, small=small, coarse=True)
        encoder = LooksEncoder(info.time_base)
        for frame in replay:
            evidence = looks.push(frame)
            features = encoder.encode(evidence)
            trace = trace_of(evidence[0], looks.factor, features[0].maps)
            traces.append(replace(trace, picture=None, excess=None))  # many replays are kept
            scorer.push(features, frame.index, frame.pts)
    scores = scorer.finish()
    times_s = frame_times(scores.pts, info.time_base)
    return LabelledScores(
        game=f"{truth.engine}/{truth.game}",
        cause_onset=scores.cause_onset,
        times_s=times_s,
        onsets=np.array([onset.frame for onset in truth.onsets()], np.int64),
        frames=scores.index,
        seen=None if locates is None else Sightings(traces, times_s, locates).concentration,
    )


def fit_fast_timeline(
    parts: NetworkParts,
    videos: Sequence[Path],
    parameters: TimelineParameters,
    locates: NativeLocator | None = None,
) -> TimelineParameters:
    """``parameters`` with what is learned of confidence, threshold and intervals learned from fast
    analyses of the validation replays ``videos``: prior and biases stay. Without videos all of it
    stays."""
    if not videos:
        return parameters
    scored = [label_fast_scores(parts, video, locates) for video in videos]
    return calibrate(scored, parameters)
