"""Fits where local changes are sought to weights: the places around the onsets of replays with a
known truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from pyanalyzer.core.looks import Looks, frames_back
from pyanalyzer.core.repeats import unrepeated
from pyanalyzer.decode import open_replay
from pyanalyzer.evaluate.matching import NO_MATCH, REFERENCE_TOLERANCE_FRAMES, match_events
from pyanalyzer.evaluate.protocol import LOCAL_SHARE
from pyanalyzer.evaluate.regions import intersection_over_union
from pyanalyzer.records import Region
from pyanalyzer.score.looks import LooksEncoder, LooksScorer
from pyanalyzer.score.parts import NetworkParts
from pyanalyzer.simulate.truth import read_truth, truth_path
from pyanalyzer.timeline import FrameTrace, TimelineParameters, build_events, trace_of
from pyanalyzer.timeline.places import KnownPlaces, PlaceWeights, fit_places, places_around
from pyanalyzer.train.cache import is_doubled


def fit_place_weights(
    parts: NetworkParts, videos: Sequence[Path], parameters: TimelineParameters
) -> PlaceWeights:
    """Weights learned from the local changes that the timeline with ``parameters`` finds in the
    labelled replays ``videos``; see :func:`pyanalyzer.timeline.places.fit_places`."""
    return fit_places(
        [known for video in videos for known in known_places(parts, video, parameters)]
    )


def known_places(
    parts: NetworkParts, video: Path, parameters: TimelineParameters
) -> Iterator[KnownPlaces]:
    """Of each listed event within ``REFERENCE_TOLERANCE_FRAMES`` of an onset whose true region is
    less than ``LOCAL_SHARE`` of the picture: the tracks around, and whether the middle of what
    changed there lies in the true region."""
    truth = read_truth(truth_path(video))
    picture = Region(0, 0, truth.width_px, truth.height_px)
    onsets = truth.onsets()
    traces = list[FrameTrace]()
    doubled = is_doubled(video)
    with open_replay(str(video), threads=1) as replay:
        info = replay.info
        back = frames_back(info.frame_rate, doubled=doubled)
        looks = Looks(info.width_px, info.height_px, back=back)
        encoder, scorer = LooksEncoder(info.time_base, back), LooksScorer(parts, back=back)
        for frame in unrepeated(replay, looks.reduce) if doubled else replay:
            evidence = looks.push(frame)
            features = encoder.encode(evidence)
            traces.append(trace_of(evidence[0], looks.factor, features[0].maps))
            scorer.push(features, frame.index, frame.pts)
    scores = scorer.finish()
    events = build_events(scores, traces, info, parameters)
    frames = np.array([event.frame for event in events], np.int64)
    true = np.array([onset.frame for onset in onsets], np.int64)
    confidences = [event.confidence for event in events]
    matched = match_events(frames, confidences, true, REFERENCE_TOLERANCE_FRAMES)
    for event, n in zip(events, matched.tolist(), strict=True):
        if n == NO_MATCH:
            continue
        region = onsets[n].region_px
        if intersection_over_union(picture, region) >= LOCAL_SHARE:
            continue
        looked = int(np.searchsorted(scores.index, event.frame))
        places = places_around(traces, scores.candidate, looked)
        if places:
            yield KnownPlaces(
                f"{truth.engine}/{truth.game}",
                np.array([place.features for place in places]),
                np.array([_lies_in(place.changed, looks.factor, region) for place in places]),
            )


def _lies_in(box: tuple[float, float, float, float], factor: int, region: Region) -> bool:
    """Whether the middle of ``box`` (working px) lies in ``region``."""
    x_px, y_px = (box[0] + box[2]) / 2 * factor, (box[1] + box[3]) / 2 * factor
    return (
        region.x_px <= x_px < region.x_px + region.w_px
        and region.y_px <= y_px < region.y_px + region.h_px
    )
