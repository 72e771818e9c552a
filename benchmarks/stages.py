"""Where an analysis spends its CPU time: every stage of it on the frames of one film.

All stages run one after another on one thread, so that the clock of the thread tells them apart;
in a real run they overlap.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import av

from pyanalyzer import core, pipeline
from pyanalyzer.core.looks import Looks, frames_back
from pyanalyzer.decode.luma import LumaReader, layout_of
from pyanalyzer.records import Frame
from pyanalyzer.score.looks import LooksEncoder, LooksFeatures
from pyanalyzer.settings import AnalysisSettings
from pyanalyzer.timeline import trace_of

Result = TypeVar("Result")

KERNELS = ("downscale", "align", "flow", "difference", "propose", "warp", "crops")


@dataclass(frozen=True, slots=True)
class StageRow:
    """CPU time of one stage per frame, and its share of all stages."""

    film: str
    stage: str
    cpu_s_per_frame: float
    share: float


class StageClock:
    """CPU time of the calling thread, by stage."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def call(self, stage: str, function: Callable[..., Result], *args: Any, **named: Any) -> Result:
        """Calls the function, and books its time."""
        begin = time.thread_time()
        try:
            return function(*args, **named)
        finally:
            self.seconds[stage] += time.thread_time() - begin


def run(film: str, path: Path, frames: int) -> list[StageRow]:
    """The stages of the film's first ``frames`` frames, in the order of the flow.

    Raises ValueError if there are fewer than two.
    """
    clock = StageClock()
    features, back = _measured(path, frames, clock)
    if len(features) < 2:
        raise ValueError(f"{path} has {len(features)} frames; stages are timed from two on")
    _scored(features, back, clock)
    total = sum(clock.seconds.values())
    return [
        StageRow(film, stage, seconds / len(features), seconds / total)
        for stage, seconds in clock.seconds.items()
    ]


def _measured(path: Path, frames: int, clock: StageClock) -> tuple[list[LooksFeatures], int]:
    """What the network sees, and how far back its last look reaches."""
    kernels: Any = SimpleNamespace()
    for name in KERNELS:
        setattr(kernels, name, _timed(clock, name))
    features: list[LooksFeatures] = []
    back = 1
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        video.thread_type, video.codec_context.thread_count = "NONE", 1
        decoded = islice(container.decode(video=0), frames)
        while (picture := clock.call("decode", next, decoded, None)) is not None:
            if not features:
                reader = LumaReader(layout_of(picture))
                back = frames_back(video.average_rate)
                looks = Looks(picture.width, picture.height, back=back, kernels=kernels)
                assert video.time_base is not None
                encoder = LooksEncoder(video.time_base, back)
            luma = clock.call("luma", reader.read_plane, picture)
            before = sum(clock.seconds[name] for name in KERNELS)
            frame = Frame(len(features), picture.pts or 0, *luma)
            evidence = clock.call("stream, besides its kernels", looks.push, frame)
            inside = sum(clock.seconds[name] for name in KERNELS) - before
            clock.seconds["stream, besides its kernels"] -= inside
            features.append(clock.call("features", encoder.encode, evidence))
            clock.call("trace", trace_of, evidence[0], looks.factor)
    return features, back


def _timed(clock: StageClock, name: str) -> Callable[..., Any]:
    kernel = getattr(core, name)
    return lambda *args, **named: clock.call(name, kernel, *args, **named)


def _scored(features: list[LooksFeatures], back: int, clock: StageClock) -> None:
    from pyanalyzer.score.looks import LooksScorer

    scorer = LooksScorer(pipeline.load_weights(AnalysisSettings()).parts, back=back)
    for i, frame in enumerate(features):
        clock.call("network", scorer.push, frame, i, i)
    clock.call("network", scorer.finish)
