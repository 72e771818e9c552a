"""How good weights are on replays of games that they were not trained on, from the cache."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pyanalyzer.evaluate.baselines import difference_peaks
from pyanalyzer.evaluate.matching import (
    NO_MATCH,
    REFERENCE_TOLERANCE_FRAMES,
    average_precision,
    best_threshold,
    evaluate_events,
    match_events,
    sum_counts,
)
from pyanalyzer.records import F32, Scores
from pyanalyzer.score.features import GLOBAL_FEATURES, FrameFeatures
from pyanalyzer.score.looks import LooksScorer
from pyanalyzer.score.model import LoadedModel
from pyanalyzer.train.cache import CachedReplay

_MASS_FRAMES = 3  # an onset's probability is spread over so many frames (see labels.ONSET_SHARES)
_PEAK_FRAMES = 2  # a peak is the highest within so many frames to either side


@dataclass(frozen=True, slots=True)
class EngineScore:
    """F1 at two frames with the threshold that suits this engine best, average precision, and the
    F1 of as many peaks of the plain frame difference."""

    engine: str
    f1: float
    average_precision: float
    difference_peaks_f1: float


def score_cached(model: LoadedModel, replay: CachedReplay) -> Scores:
    """The network's answer for a cached replay, as an analysis would give it (pts are ordinals)."""
    near, *far = (part.read() for part in (replay, *replay.further))
    back = max(1, len(far))
    scorer = LooksScorer(model.parts, back=back)
    for t in range(replay.frames):
        looks = [_features(near, t)]
        if far:
            looks.append(_features(far[t % back], t // back))
        scorer.push(tuple(looks), t, t)
    return scorer.finish()


def _features(arrays: dict[str, npt.NDArray[np.generic]], t: int) -> FrameFeatures:
    return FrameFeatures(
        maps=arrays["maps"][t],
        globals=arrays["globals"][t],
        proposals=arrays["proposals"][t],
        crops=arrays["crops"][t],
    )


def peaks(cause_onset: F32) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Local maxima of the player's onset probability and the probability around each: (N,), (N,).

    A quick stand-in for the timeline's search while training goes on.
    """
    p = np.exp(cause_onset[:, 1].astype(np.float64))
    mass = np.convolve(p, np.ones(_MASS_FRAMES), "same")
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(p, _PEAK_FRAMES, constant_values=-1), 2 * _PEAK_FRAMES + 1
    )
    at = np.flatnonzero(windows.argmax(axis=1) == _PEAK_FRAMES)
    return at, mass[at]


def validate(model: LoadedModel, replays: Sequence[CachedReplay]) -> list[EngineScore]:
    """One score per engine, by name."""
    by_engine: dict[str, list[CachedReplay]] = defaultdict(list)
    for replay in replays:
        by_engine[replay.engine].append(replay)
    return [_engine_score(model, engine, group) for engine, group in sorted(by_engine.items())]


def _engine_score(model: LoadedModel, engine: str, group: Sequence[CachedReplay]) -> EngineScore:
    confidences: list[npt.NDArray[np.float64]] = []
    hits: list[npt.NDArray[np.bool_]] = []
    truths = 0
    trivial = []
    found = []
    for replay in group:
        at, confidence = peaks(score_cached(model, replay).cause_onset)
        matched = match_events(at, confidence, replay.onsets, REFERENCE_TOLERANCE_FRAMES)
        confidences.append(confidence)
        hits.append(matched != NO_MATCH)
        found.append(confidence)
        truths += len(replay.onsets)
    threshold, f1 = best_threshold(np.concatenate(confidences), np.concatenate(hits), truths)
    column = GLOBAL_FEATURES.index("log_difference")
    for replay, confidence in zip(group, found, strict=True):
        count = int((confidence >= threshold).sum())
        guesses = difference_peaks(replay.read()["globals"][:, column], count)
        counts = evaluate_events(guesses, np.ones(len(guesses)), replay.onsets, (2,))
        trivial.append(counts[0])
    return EngineScore(
        engine=engine,
        f1=f1,
        average_precision=average_precision(
            np.concatenate(confidences), np.concatenate(hits), truths
        ),
        difference_peaks_f1=sum_counts(trivial).f1,
    )
