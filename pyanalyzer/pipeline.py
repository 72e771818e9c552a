"""A replay in, a timeline out. The only room that knows every other."""

from __future__ import annotations

import functools
import importlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyanalyzer import weights
from pyanalyzer.answering import answering_thread
from pyanalyzer.core.looks import Looks, frames_back
from pyanalyzer.core.repeats import RepeatJudge, largest_change, unrepeated
from pyanalyzer.decode import (
    MAX_THREADS,
    ReplayReader,
    check_region,
    crop,
    open_replay,
    read_mask,
    sha256_of,
)
from pyanalyzer.errors import ReplayError
from pyanalyzer.records import (
    Event,
    Frame,
    FrameEvidence,
    ModelSummary,
    Region,
    Timeline,
    VideoInfo,
    VideoSummary,
)
from pyanalyzer.score.looks import LooksEncoder
from pyanalyzer.settings import AnalysisSettings, Progress
from pyanalyzer.timeline import allowed_events, trace_of

if TYPE_CHECKING:
    from pyanalyzer.score.parts import ScoringModel

ProgressCallback = Callable[[Progress], None]
# Sees each frame that is looked at, and the factor: its px per px of the evidence.
Watch = Callable[[Frame, FrameEvidence, VideoInfo, float], None]

_PROGRESS_EVERY_FRAMES = 15  # often enough for an eye, too seldom to cost anything
# With that many threads frames are measured by three, each doing its step of another frame (sharing
# single steps out among threads takes more work): one alone is slower than the decoding of small
# pictures. With fewer, decoding and the network keep them busy, and handing over takes time.
_THREADS_TO_MEASURE_AHEAD = 3
_AHEAD_FRAMES = 4  # one for each thread, and one to wait for each of them but the last


@dataclass(frozen=True, slots=True)
class Followed:
    """The replay of an event that was found while the analysis goes on.

    ``sha256`` waits until the whole file was read; it is read beside the analysis.
    """

    info: VideoInfo
    sha256: Callable[[], str]


EventCallback = Callable[[Event, Followed], None]


def load_weights(settings: AnalysisSettings) -> ScoringModel:
    """The shipped weights, or those that the settings name. Raises ModelError."""
    from pyanalyzer.score.load import load_for_analysis

    if settings.weights is not None:
        return load_for_analysis(Path(settings.weights))
    return load_for_analysis(weights.shipped_path(), expected_sha256=weights.SHIPPED_SHA256)


def analyse(
    path: str,
    settings: AnalysisSettings | None = None,
    progress: ProgressCallback | None = None,
    on_event: EventCallback | None = None,
    watch: Watch | None = None,
) -> Timeline:
    """Finds the action changes in the replay at ``path``.

    Decodes, measures, scores and decides; three threads overlap, and memory does not grow with the
    replay. ``progress`` and ``watch`` are called from this thread while frames are read; so is
    ``on_event``, once for each event of the timeline, in order, soon after it is certain (at the
    end where ``false_alarms_per_min`` was asked for and not to follow). A replay
    in which every picture stands twice is begun anew once that is found. The same
    file, settings and weights give the same timeline, for every number of threads and either core.
    Raises PyanalyzerError (ReplayError, ModelError, UsageError) with a message for the user.
    """
    settings = settings or AnalysisSettings()
    try:
        return _analyse(path, settings, progress, on_event, watch, doubled=False)
    except _DoubledError:
        return _analyse(path, settings, progress, on_event, watch, doubled=True)


class _DoubledError(Exception):
    """Every picture stands twice in the replay; nothing was told of it yet."""


def _analyse(
    path: str,
    settings: AnalysisSettings,
    progress: ProgressCallback | None,
    on_event: EventCallback | None,
    watch: Watch | None,
    *,
    doubled: bool,
) -> Timeline:
    load = functools.cache(lambda: load_weights(settings))
    threads = settings.threads or os.cpu_count() or 1
    with (
        _hashing(path) as digest,
        open_replay(
            path,
            start_s=settings.start_s,
            end_s=settings.end_s,
            threads=min(threads, MAX_THREADS),
            fast=settings.fast,
        ) as replay,
    ):
        info = replay.info
        region = _checked_region(settings, info)
        events = _Told(on_event, Followed(info, digest.result))
        looked = 0
        looks = _looks(settings, info, region, doubled=doubled)
        judge = RepeatJudge() if looks.back > 1 and not doubled else None
        with answering_thread(load, info, settings, region, looks.back) as answer:
            encoder = LooksEncoder(info.time_base, looks.back)
            frames: Iterator[Frame] = (crop(frame, region) for frame in replay)
            if doubled:
                frames = unrepeated(frames, looks.reduce)
            ahead_frames = _AHEAD_FRAMES if threads >= _THREADS_TO_MEASURE_AHEAD else 0
            for frame, evidence in looks.measure(frames, ahead_frames=ahead_frames):
                features = encoder.encode(evidence)
                trace = trace_of(evidence[0], looks.factor, features[0].maps, looks.valid)
                answer.push(features, trace)
                looked += 1
                judge = _judged(judge, evidence[0])
                if watch is not None:
                    watch(frame, evidence[0], info, looks.factor)
                events.take(answer.found(), tell=judge is None and not settings.lists_at_end)
                if progress is not None and looked % _PROGRESS_EVERY_FRAMES == 0:
                    progress(_progress(replay, settings, "analysing"))
            if looked < 2:
                raise ReplayError(_too_short(path, looked, settings))
            if progress is not None:
                progress(_progress(replay, settings, "timeline"))
            events.take(answer.finish(), tell=not settings.lists_at_end)
            if settings.lists_at_end:
                events.choose(settings, replay.passed.duration_s(info.time_base))
            curves = answer.curves()
        model = load()
        return Timeline(
            video=VideoSummary(
                path=path,
                width_px=info.width_px,
                height_px=info.height_px,
                frames=replay.passed.frames,
                duration_s=replay.passed.duration_s(info.time_base),
                time_base=info.time_base,
                frame_rate=info.frame_rate,
                sha256=digest.result(),
            ),
            model=ModelSummary(model.name, model.sha256),
            settings=settings.as_record() | ({"doubled": True} if doubled else {}),
            events=tuple(events.all),
            warnings=(replay.damage,) if replay.damage else (),
            curves=curves,
        )


class _Told:
    """The events so far, and what is told of them while the analysis goes on."""

    def __init__(self, on_event: EventCallback | None, followed: Followed) -> None:
        self.all: list[Event] = []
        self._on_event, self._followed = on_event, followed
        self._told = 0

    def choose(self, settings: AnalysisSettings, duration_s: float) -> None:
        """Keeps and tells the events, none of which was told, that the false alarms allow."""
        assert settings.false_alarms_per_min is not None
        kept = allowed_events(self.all, settings.false_alarms_per_min, duration_s)
        self.all = [replace(event, id=number) for number, event in enumerate(kept, start=1)]
        self.take((), tell=True)

    def take(self, found: Iterable[Event], *, tell: bool) -> None:
        """Adds events in order; ``tell``: these and those before them may be told now."""
        self.all.extend(found)
        if tell:
            for event in self.all[self._told :]:
                self._told += 1
                if self._on_event is not None:
                    self._on_event(event, self._followed)


def _judged(judge: RepeatJudge | None, evidence: FrameEvidence) -> RepeatJudge | None:
    """The judge, while it cannot tell. Raises _DoubledError where it finds that pictures stand
    twice."""
    if judge is not None:
        judge.push(largest_change(evidence.evidence.difference))
        if judge.doubled:
            raise _DoubledError
        if judge.doubled is None:
            return judge
    return None


@contextmanager
def _hashing(path: str) -> Iterator[Future[str]]:
    """Hashes the file beside the analysis; gives up when that ends early."""
    abandoned = threading.Event()
    with ThreadPoolExecutor(1, "hash") as hasher:
        try:
            yield hasher.submit(sha256_of, path, abandoned.is_set)
        finally:
            abandoned.set()


def _too_short(path: str, frames: int, settings: AnalysisSettings) -> str:
    where = "" if settings.start_s is None and settings.end_s is None else " in the part asked for"
    count = {0: "no frame", 1: "only one frame"}[frames]
    return f"{path} has {count}{where}; a change needs at least two frames to be seen in"


def _checked_region(settings: AnalysisSettings, info: VideoInfo) -> Region:
    region = settings.region or Region(0, 0, info.width_px, info.height_px)
    check_region(region, info.width_px, info.height_px)
    return region


def _looks(settings: AnalysisSettings, info: VideoInfo, region: Region, *, doubled: bool) -> Looks:
    kernels: Any = importlib.import_module(
        "pyanalyzer.core" if settings.core == "native" else "pyanalyzer.reference"
    )
    mask = None
    if settings.mask is not None:
        whole = read_mask(settings.mask, info.width_px, info.height_px)
        mask = whole[
            region.y_px : region.y_px + region.h_px, region.x_px : region.x_px + region.w_px
        ].astype(bool)
    back = frames_back(info.frame_rate, doubled=doubled)
    try:
        return Looks(
            region.w_px,
            region.h_px,
            back=1 if settings.fast else back,
            kernels=kernels,
            mask=mask,
            small=back > 1,
            coarse=settings.fast,
        )
    except ReplayError as error:  # the core knows sizes, not files
        raise ReplayError(f"{info.path}: {error}") from error


def _progress(replay: ReplayReader, settings: AnalysisSettings, stage: str) -> Progress:
    """How far it has come in the part that was asked for."""
    info, passed = replay.info, replay.passed
    frames, duration_s = info.frames_estimated, info.duration_estimated_s
    if duration_s is not None and (settings.start_s is not None or settings.end_s is not None):
        begin_s, end_s = settings.start_s or 0.0, min(settings.end_s or duration_s, duration_s)
        part = max(end_s - begin_s, 0.0) / duration_s if duration_s else 1.0
        frames = None if frames is None else round(frames * part)
        duration_s = duration_s * part
    return Progress(
        frames_done=passed.frames,
        frames_total_estimated=frames,
        position_s=float((passed.last_pts - passed.first_pts) * info.time_base),
        duration_estimated_s=duration_s,
        stage=stage,
    )
