"""A replay in, a timeline out. The only room that knows every other."""

from __future__ import annotations

import functools
import importlib
import itertools
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyanalyzer import weights
from pyanalyzer.core.stream import EvidenceStream
from pyanalyzer.decode import (
    MAX_THREADS,
    ReplayReader,
    check_region,
    crop,
    open_replay,
    read_mask,
    sha256_of,
    thinned,
)
from pyanalyzer.errors import ReplayError
from pyanalyzer.records import (
    Event,
    Frame,
    FrameCurves,
    FrameEvidence,
    ModelSummary,
    Region,
    Scores,
    Timeline,
    VideoInfo,
    VideoSummary,
)
from pyanalyzer.score.features import FeatureEncoder, FrameFeatures
from pyanalyzer.settings import AnalysisSettings, Progress
from pyanalyzer.timeline import (
    EventStream,
    FrameTrace,
    TimelineParameters,
    frame_curves,
    joined_curves,
    trace_of,
)

if TYPE_CHECKING:
    from pyanalyzer.score.parts import ScoringModel

ProgressCallback = Callable[[Progress], None]
# Sees each frame that is looked at, and the factor: its px per px of the evidence.
Watch = Callable[[Frame, FrameEvidence, VideoInfo, float], None]

_PROGRESS_EVERY_FRAMES = 15  # often enough for an eye, too seldom to cost anything
# Frames measured but not yet scored, up to 40 kB each: two batches (score/scorer.py), so that
# measuring goes on while one is scored.
_QUEUE_FRAMES = 128
# With that many threads frames are measured by three, each doing its step of another frame, which
# takes no more work than one doing all (sharing single steps out among threads does): one alone is
# slower than the decoding of small pictures.
_THREADS_TO_MEASURE_AHEAD = 2
_AHEAD_FRAMES = 4  # one for each thread, and one to wait for each of them but the last


@dataclass(frozen=True, slots=True)
class Followed:
    """The replay of an event that was found while the analysis goes on.

    ``sha256`` waits until the whole file was read; it is read beside the analysis.
    """

    info: VideoInfo
    sha256: Callable[[], str]


EventCallback = Callable[[Event, Followed], None]


@dataclass(slots=True)
class _Seen:
    """How many frames were decoded, and when the first and the last were taken."""

    frames: int = 0
    first_pts: int = 0
    last_pts: int = 0

    def counted(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The frames, counted as they pass."""
        for frame in frames:
            if not self.frames:
                self.first_pts = frame.pts
            self.frames, self.last_pts = self.frames + 1, frame.pts
            yield frame

    def duration_s(self, time_base: Fraction) -> float:
        """From the first frame's time to the last one's, and one frame interval more."""
        span = (self.last_pts - self.first_pts) * time_base
        return float(span + span / max(self.frames - 1, 1))


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
    ``on_event``, once for each event of the timeline, in order, soon after it is certain. The same
    file, settings and weights give the same timeline, for every number of threads and either core.
    Raises PyanalyzerError (ReplayError, ModelError, UsageError) with a message for the user.
    """
    settings = settings or AnalysisSettings()
    load = functools.cache(lambda: load_weights(settings))
    threads = settings.threads or os.cpu_count() or 1
    with (
        _hashing(path) as digest,
        open_replay(
            path,
            start_s=settings.start_s,
            end_s=settings.end_s,
            threads=min(threads, MAX_THREADS),
            loop_filter=not settings.fast,
        ) as replay,
    ):
        info = replay.info
        region = _checked_region(settings, info)
        followed = Followed(info, digest.result)
        events: list[Event] = []
        seen, looked = _Seen(), 0

        def take(found: Iterable[Event]) -> None:
            for event in found:
                events.append(event)
                if on_event is not None:
                    on_event(event, followed)

        with _answering_thread(load, info, settings, region) as answer:
            stream = _evidence_stream(settings, info, region)
            encoder = FeatureEncoder(info.time_base)
            frames: Iterable[Frame] = seen.counted(replay)
            if settings.fast:
                frames = thinned(frames, info.time_base)
            frames = (crop(frame, region) for frame in frames)
            ahead_frames = _AHEAD_FRAMES if threads >= _THREADS_TO_MEASURE_AHEAD else 0
            for looked_at, evidence in stream.measure(frames, ahead_frames=ahead_frames):
                answer.push(encoder.encode(evidence), trace_of(evidence, stream.factor))
                looked += 1
                if watch is not None:
                    watch(looked_at, evidence, info, stream.factor)
                take(answer.found())
                if progress is not None and looked % _PROGRESS_EVERY_FRAMES == 0:
                    progress(_progress(replay, settings, seen, "analysing"))
            if looked < 2:
                raise ReplayError(_too_short(path, looked, settings))
            if progress is not None:
                progress(_progress(replay, settings, seen, "timeline"))
            take(answer.finish())
            curves = answer.curves()
        model = load()
        return Timeline(
            video=VideoSummary(
                path=path,
                width_px=info.width_px,
                height_px=info.height_px,
                frames=seen.frames,
                duration_s=seen.duration_s(info.time_base),
                time_base=info.time_base,
                frame_rate=info.frame_rate,
                sha256=digest.result(),
            ),
            model=ModelSummary(model.name, model.sha256),
            settings=settings.as_record(),
            events=tuple(events),
            warnings=(replay.damage,) if replay.damage else (),
            curves=curves,
        )


def _threshold(settings: AnalysisSettings, parameters: TimelineParameters) -> float:
    if settings.min_confidence is not None:
        return settings.min_confidence
    if settings.false_alarms_per_min is not None:
        return parameters.threshold_for_false_alarms(settings.false_alarms_per_min)
    return parameters.threshold


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


def _evidence_stream(settings: AnalysisSettings, info: VideoInfo, region: Region) -> EvidenceStream:
    kernels: Any = importlib.import_module(
        "pyanalyzer.core" if settings.core == "native" else "pyanalyzer.reference"
    )
    mask = None
    if settings.mask is not None:
        whole = read_mask(settings.mask, info.width_px, info.height_px)
        mask = whole[
            region.y_px : region.y_px + region.h_px, region.x_px : region.x_px + region.w_px
        ].astype(bool)
    try:
        return EvidenceStream(region.w_px, region.h_px, kernels=kernels, mask=mask)
    except ReplayError as error:  # the core knows sizes, not files
        raise ReplayError(f"{info.path}: {error}") from error


def _progress(
    replay: ReplayReader, settings: AnalysisSettings, seen: _Seen, stage: str
) -> Progress:
    """How far it has come in the part that was asked for."""
    info = replay.info
    frames, duration_s = info.frames_estimated, info.duration_estimated_s
    if duration_s is not None and (settings.start_s is not None or settings.end_s is not None):
        begin_s, end_s = settings.start_s or 0.0, min(settings.end_s or duration_s, duration_s)
        part = max(end_s - begin_s, 0.0) / duration_s if duration_s else 1.0
        frames = None if frames is None else round(frames * part)
        duration_s = duration_s * part
    return Progress(
        frames_done=seen.frames,
        frames_total_estimated=frames,
        position_s=float((seen.last_pts - seen.first_pts) * info.time_base),
        duration_estimated_s=duration_s,
        stage=stage,
    )


class _Answer:
    """Hands frames to the thread that runs the network and decides the events, and takes these
    back; the thread's errors are raised here."""

    def __init__(
        self,
        load: Callable[[], ScoringModel],
        info: VideoInfo,
        settings: AnalysisSettings,
        region: Region,
    ) -> None:
        self._frames: queue.Queue[tuple[FrameFeatures, FrameTrace] | None] = queue.Queue(
            _QUEUE_FRAMES
        )
        self._found: queue.SimpleQueue[Event | None] = queue.SimpleQueue()  # None: the end
        self._result: Future[FrameCurves] = Future()
        self._load = load
        self._info, self._settings, self._region = info, settings, region
        self._abandoned = threading.Event()
        self._thread = threading.Thread(target=self._work, name="network", daemon=True)
        self._thread.start()

    def push(self, features: FrameFeatures, trace: FrameTrace) -> None:
        """The next frame."""
        self._put((features, trace))

    def found(self) -> Iterator[Event]:
        """The events that have been decided and were not asked for before."""
        while not self._found.empty():
            event = self._found.get()
            if event is not None:
                yield event

    def finish(self) -> Iterator[Event]:
        """No frame comes any more; the rest of the events, as they are decided."""
        self._put(None)
        yield from iter(self._found.get, None)
        self._result.result()

    def curves(self) -> FrameCurves:
        """What is kept of every frame; once the events have come to their end."""
        return self._result.result()

    def close(self) -> None:
        self._abandoned.set()
        self._thread.join()

    def _put(self, item: tuple[FrameFeatures, FrameTrace] | None) -> None:
        while True:
            if self._result.done():
                self._result.result()  # raises what went wrong
            try:
                self._frames.put(item, timeout=0.5)
                return
            except queue.Full:
                continue

    def _work(self) -> None:
        try:
            self._result.set_result(self._score_and_decide(self._load()))
        except Exception as error:  # handed over to the caller, who raises it
            self._result.set_exception(error)
        finally:
            self._found.put(None)

    def _score_and_decide(self, model: ScoringModel) -> FrameCurves:
        from pyanalyzer.score.scorer import Scorer

        scorer = Scorer(model.parts, mirrored=not self._settings.fast)
        events = self._event_stream(model)
        unscored: list[FrameTrace] = []
        curves: list[FrameCurves] = []
        listed = itertools.count(1)

        def decided(found: Sequence[Event]) -> None:
            for event in found:
                if self._settings.lists(event.cause):
                    self._found.put(replace(event, id=next(listed)))

        def scored(scores: Scores) -> None:
            traces = unscored[: scores.pts.size]
            del unscored[: scores.pts.size]
            curves.append(frame_curves(scores, traces, self._info.start_pts))
            decided(events.push(scores, traces))

        for features, trace in self._arriving():
            unscored.append(trace)
            scorer.push(features, trace.index, trace.pts)
            scores = scorer.take()
            if scores is not None:
                scored(scores)
        if not self._abandoned.is_set():
            scored(scorer.finish())
            decided(events.finish())
        return joined_curves(curves)

    def _event_stream(self, model: ScoringModel) -> EventStream:
        record = model.timeline_of(fast=self._settings.fast)
        parameters = TimelineParameters.from_record(record)
        return EventStream(
            self._info,
            parameters,
            offset_px=(self._region.x_px, self._region.y_px),
            size_px=(self._region.w_px, self._region.h_px),
            threshold=_threshold(self._settings, parameters),
        )

    def _arriving(self) -> Iterator[tuple[FrameFeatures, FrameTrace]]:
        while not self._abandoned.is_set():
            try:
                item = self._frames.get(timeout=0.2)
            except queue.Empty:
                continue
            if item is None:
                return
            yield item


@contextmanager
def _answering_thread(
    load: Callable[[], ScoringModel], info: VideoInfo, settings: AnalysisSettings, region: Region
) -> Iterator[_Answer]:
    answer = _Answer(load, info, settings, region)
    try:
        yield answer
    finally:
        answer.close()
