"""Learning the timeline's parameters from replays whose onsets are known.

The durations come from training replays; everything else from validation replays, of games that
the network was not trained on, whose scores are therefore as unsure as those of any new game.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pyanalyzer.evaluate.matching import (
    COVERAGE_TOLERANCE_S,
    NO_MATCH,
    REFERENCE_TOLERANCE_FRAMES,
    TIME_SLACK_S,
    average_precision,
    match_events,
)
from pyanalyzer.records import CAUSES, F32
from pyanalyzer.timeline.calibration import Calibration, log_odds
from pyanalyzer.timeline.clutter import clutter_level, duration_s
from pyanalyzer.timeline.decisions import find_onsets
from pyanalyzer.timeline.duration import DurationPrior
from pyanalyzer.timeline.onsets import INTERVAL_PROBABILITY, Onsets, onset_interval
from pyanalyzer.timeline.parameters import TimelineParameters
from pyanalyzer.timeline.sighting import Concentration, sightings_of, weighed

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

PRIOR_WEIGHTS = (0.0, 0.5, 1.0)
# Above 0 because an onset is chosen frame by frame: evidence that is sure of the event but spreads
# it over five frames gives none of them the majority.
BIASES = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
# Against the bias of the player's onsets.
WORLD_BIASES = (-6.0, -1.0, 0.0, 1.0)
TEMPERATURES = tuple(float(t) for t in np.geomspace(0.25, 16, 25))
MARGINS_FRAMES = tuple(range(7))  # up to the 0.1 s within which an onset counts, at 60 Hz
_PLAYER = CAUSES.index("player")


@dataclass(frozen=True, slots=True, eq=False)
class LabelledScores:
    """The network's answer about a replay, and the truth.

    ``cause_onset``: (T, 3); ``times_s``: float64 (T,), strictly rising; ``onsets``: int64 (M,), the
    replay's frames with observable onsets of the player. ``game``: ``engine/name``; the engines
    count alike. ``frames``: int64 (T,), rising, which of the replay's frames these are, where not
    every one was looked at; None: 0 .. T - 1. ``seen``: what the Locator sees at each position
    (:mod:`~pyanalyzer.timeline.sighting`), if there is one.
    """

    game: str
    cause_onset: F32
    times_s: F64
    onsets: I64
    frames: I64 | None = None
    seen: Concentration | None = None

    def found(self, parameters: TimelineParameters) -> Onsets:
        """See :func:`~pyanalyzer.timeline.decisions.find_onsets`."""
        return find_onsets(self.cause_onset, self.times_s, parameters, self.seen)

    def frames_of(self, positions: I64) -> I64:
        """The replay's frames of ``positions``."""
        return positions if self.frames is None else self.frames[positions]

    @property
    def onset_positions(self) -> I64:
        """Of each onset the first frame that was looked at and shows it; T where none does."""
        return self.onsets if self.frames is None else np.searchsorted(self.frames, self.onsets)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """The player's onsets found in one replay, and which of them are true."""

    game: str
    raw: F64
    hits: npt.NDArray[np.bool_]
    truths: int


def fit_parameters(
    validation: Sequence[LabelledScores],
    durations_s: npt.ArrayLike,
    resolution_s: npt.ArrayLike = 1 / 60,
) -> TimelineParameters:
    """Prior from the spells, the rest from the validation replays.

    Prior weight and biases are those with the highest mean of F1 (at the best threshold) and
    average precision at ``REFERENCE_TOLERANCE_FRAMES``, each averaged over engines: F1 for the
    timeline as it is printed, average precision because users may ask for another threshold.
    Then follow the calibration, the threshold, and temperature and margin of the intervals.

    :raises ValueError: if there are no validation replays, or as of
        :meth:`~pyanalyzer.timeline.duration.DurationPrior.fit`.
    """
    if not validation:
        raise ValueError("at least one validation replay is needed")
    prior = DurationPrior.fit(durations_s, resolution_s)
    parameters = _best(
        validation,
        (
            TimelineParameters(prior, weight, bias, bias)
            for weight in PRIOR_WEIGHTS
            for bias in BIASES
        ),
    )
    parameters = _best(
        validation,
        (replace(parameters, bias_world=parameters.bias_player + world) for world in WORLD_BIASES),
    )
    return calibrate(validation, parameters)


def calibrate(
    validation: Sequence[LabelledScores], parameters: TimelineParameters
) -> TimelineParameters:
    """``parameters`` with sighting, clutter, calibration, interval temperature and threshold
    learned anew."""
    parameters = with_typical_levels(validation, parameters)
    onsets = [v.found(parameters) for v in validation]
    found = [_compare(v, o) for v, o in zip(validation, onsets, strict=True)]
    raw = np.concatenate([f.raw for f in found])
    hits = np.concatenate([f.hits for f in found])
    seconds = sum(float(v.times_s[-1] - v.times_s[0]) for v in validation if v.times_s.size)
    calibration = Calibration.fit(raw, hits, seconds / 60)
    threshold, _ = best_common_threshold(found)
    listed = [(o, o.raw_confidences >= threshold) for o in onsets]
    temperature, margin = fit_intervals(listed, validation)
    return replace(
        parameters,
        calibration=replace(
            calibration, interval_temperature=temperature, interval_margin_frames=margin
        ),
        threshold=float(calibration.confidence(threshold)),
    )


def with_typical_levels(
    validation: Sequence[LabelledScores], parameters: TimelineParameters
) -> TimelineParameters:
    """``parameters`` with what is typical of the validation replays: the mean of all that
    :func:`~pyanalyzer.timeline.sighting.sightings_of` their claims tells, and with claims weighed
    by it the mean over replays of :func:`~pyanalyzer.timeline.clutter.clutter_level`."""
    plain = replace(parameters, typical_clutter=None, typical_sighting=None)
    claimed = [(labelled, labelled.found(plain)) for labelled in validation]
    sightings = [
        sighting
        for labelled, onsets in claimed
        if labelled.seen is not None
        for sighting in sightings_of(onsets, labelled.seen).values()
    ]
    typical = float(np.mean(sightings)) if sightings else None
    levels = []
    for labelled, onsets in claimed:
        held = onsets
        if labelled.seen is not None and typical is not None:
            held = weighed(onsets, labelled.seen, typical)
        claims = log_odds(held.raw_confidences[held.causes == _PLAYER])
        levels.append(clutter_level(claims, duration_s(labelled.times_s)))
    there = [level for level in levels if level is not None]
    if not there:
        return plain
    return replace(plain, typical_clutter=float(np.mean(there)), typical_sighting=typical)


def _best(
    validation: Sequence[LabelledScores], choices: Iterable[TimelineParameters]
) -> TimelineParameters:
    scored = [(_objective(validation, choice), choice) for choice in choices]
    return max(scored, key=lambda pair: pair[0])[1]


def _objective(validation: Sequence[LabelledScores], parameters: TimelineParameters) -> float:
    found = [_compare(v, v.found(parameters)) for v in validation]
    precisions = [
        average_precision(
            np.concatenate([f.raw for f in engine]),
            np.concatenate([f.hits for f in engine]),
            sum(f.truths for f in engine),
        )
        for engine in _by_engine(found)
    ]
    return best_common_threshold(found)[1] + float(np.mean(precisions))


def _compare(labelled: LabelledScores, onsets: Onsets) -> _Found:
    players = onsets.causes == _PLAYER
    raw = onsets.raw_confidences[players]
    frames = labelled.frames_of(onsets.positions[players])
    matched = match_events(frames, raw, labelled.onsets, REFERENCE_TOLERANCE_FRAMES)
    return _Found(labelled.game, raw, matched != NO_MATCH, labelled.onsets.size)


def _by_engine(found: Sequence[_Found]) -> list[list[_Found]]:
    engines: dict[str, list[_Found]] = {}
    for one in found:
        engines.setdefault(one.game.partition("/")[0], []).append(one)
    return [engines[name] for name in sorted(engines)]


def best_common_threshold(found: Sequence[_Found]) -> tuple[float, float]:
    """The raw confidence with the highest F1, averaged over engines, and that F1.

    Within an engine the counts are summed: averaged over games, the weakest games, where hardly
    anything is found at any confidence, would ask for long lists of false events everywhere.
    Half a step below the confidence of the last event that is worth listing, so that it does not
    hang on that one event's last digit; 1 where no events were found.
    """
    everything = np.unique(np.concatenate([f.raw for f in found]))
    if everything.size == 0:
        return 1.0, 0.0
    # 200 thresholds are finer than the calibration can tell apart.
    steps = np.unique(np.linspace(0, everything.size - 1, 200).astype(np.int64))
    thresholds = everything[steps]
    f1 = np.mean([_f1_at(engine, thresholds) for engine in _by_engine(found)], axis=0)
    best = int(np.argmax(f1))
    below = everything[max(0, int(steps[best]) - 1)]
    return float((thresholds[best] + below) / 2), float(f1[best])


def _f1_at(group: Sequence[_Found], thresholds: F64) -> F64:
    raw = np.concatenate([f.raw for f in group])
    hits = np.concatenate([f.hits for f in group])
    truths = sum(f.truths for f in group)
    predictions = raw.size - np.searchsorted(np.sort(raw), thresholds, side="left")
    right = hits.sum() - np.searchsorted(np.sort(raw[hits]), thresholds, side="left")
    return np.asarray(2 * right / np.maximum(predictions + truths, 1))


def fit_intervals(
    found: Sequence[tuple[Onsets, npt.NDArray[np.bool_]]], validation: Sequence[LabelledScores]
) -> tuple[float, int]:
    """Temperature and margin (frames) of the narrowest intervals that hold what they should.

    ``found``: for each replay its onsets, and bool (N,) which of them are the timeline's. Counted
    are those with a true onset within ``COVERAGE_TOLERANCE_S``, one to one, as in evaluation. For
    each temperature the smallest margin that suffices is taken, and of those pairs the one with
    the smallest mean width; the widest of all where none suffices, (1, 0) without a case.
    """
    cases = [
        (onsets, n, true, labelled.times_s.size)
        for (onsets, listed), labelled in zip(found, validation, strict=True)
        for n, true in _near(onsets, listed, labelled)
    ]
    if not cases:
        return 1.0, 0
    true = np.array([case[2] for case in cases])
    last = np.array([case[3] for case in cases])
    best: tuple[float, float, int] | None = None
    for temperature in TEMPERATURES:
        spans = np.array([onset_interval(o, n, size, temperature, 0) for o, n, _, size in cases])
        for margin in MARGINS_FRAMES:
            begin = np.maximum(spans[:, 0] - margin, 0)
            end = np.minimum(spans[:, 1] + margin, last)
            if ((begin <= true) & (true < end)).mean() >= INTERVAL_PROBABILITY:
                width = float(np.mean(end - begin))
                if best is None or width < best[0]:
                    best = width, temperature, margin
                break
    return (TEMPERATURES[-1], MARGINS_FRAMES[-1]) if best is None else best[1:]


def _near(
    onsets: Onsets, listed: npt.NDArray[np.bool_], labelled: LabelledScores
) -> list[tuple[int, int]]:
    """Listed onsets of the player that have a true one near, with its position."""
    chosen = np.flatnonzero(listed & (onsets.causes == _PLAYER))
    if labelled.times_s.size < 2:
        return []
    rate = 1 / float(np.median(np.diff(labelled.times_s)))
    tolerance = (COVERAGE_TOLERANCE_S + TIME_SLACK_S) * rate
    true = labelled.onset_positions
    matched = match_events(
        onsets.positions[chosen], onsets.raw_confidences[chosen], true, tolerance
    )
    return [(int(n), int(true[m])) for n, m in zip(chosen, matched, strict=True) if m != NO_MATCH]
