"""A replay in, a timeline out. The only room that knows every other."""

from __future__ import annotations

import functools
import importlib
import os
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyanalyzer import weights
from pyanalyzer.core.stream import EvidenceStream
from pyanalyzer.decode import (
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
    FrameTrace,
    TimelineParameters,
    build_events,
    frame_curves,
    trace_of,
)

if TYPE_CHECKING:
    from pyanalyzer.score.model import LoadedModel

ProgressCallback = Callable[[Progress], None]

_PROGRESS_EVERY_FRAMES = 15  # often enough for an eye, too seldom to cost anything
# Frames measured but not yet scored, up to 30 kB each. So many are measured while the network's
# library is loaded, which takes about a second; later on the queue is nearly empty.
_QUEUE_FRAMES = 1024


@dataclass(frozen=True, slots=True)
class Measurement:
    """What the network and the core said of a replay, before a timeline is made of it.

    ``region``: the analysed part of the picture. ``warnings``: what the user should know, for
    instance where a damaged stream broke off.
    """

    info: VideoInfo
    scores: Scores
    traces: tuple[FrameTrace, ...]
    region: Region
    duration_s: float
    sha256: str
    warnings: tuple[str, ...]


def load_weights(settings: AnalysisSettings) -> LoadedModel:
    """The shipped weights, or those that the settings name. Raises ModelError."""
    from pyanalyzer.score.model import load_model

    if settings.weights is not None:
        return load_model(Path(settings.weights))
    return load_model(weights.shipped_path(), expected_sha256=weights.SHIPPED_SHA256)


def analyse(
    path: str, settings: AnalysisSettings | None = None, progress: ProgressCallback | None = None
) -> Timeline:
    """Finds the action changes in the replay at ``path``.

    ``progress`` is called from this thread while frames are read. The same file, settings and
    weights give the same timeline, for every number of threads and either core. Raises
    PyanalyzerError (ReplayError, ModelError, UsageError) with a message for the user.
    """
    settings = settings or AnalysisSettings()
    load = functools.cache(lambda: load_weights(settings))
    measured = measure(path, settings, load, progress)
    model = load()
    parameters = TimelineParameters.from_record(model.timeline)
    events = build_events(
        measured.scores,
        measured.traces,
        measured.info,
        parameters,
        offset_px=(measured.region.x_px, measured.region.y_px),
        size_px=(measured.region.w_px, measured.region.h_px),
        threshold=_threshold(settings, parameters),
    )
    info = measured.info
    return Timeline(
        video=VideoSummary(
            path=path,
            width_px=info.width_px,
            height_px=info.height_px,
            frames=len(measured.traces),
            duration_s=measured.duration_s,
            time_base=info.time_base,
            frame_rate=info.frame_rate,
            sha256=measured.sha256,
        ),
        model=ModelSummary(model.name, model.sha256),
        settings=settings.as_record(),
        events=_listed(events, settings),
        warnings=measured.warnings,
        curves=frame_curves(measured.scores, measured.traces, info.start_pts),
    )


def _threshold(settings: AnalysisSettings, parameters: TimelineParameters) -> float:
    if settings.min_confidence is not None:
        return settings.min_confidence
    if settings.false_alarms_per_min is not None:
        return parameters.threshold_for_false_alarms(settings.false_alarms_per_min)
    return parameters.threshold


def _listed(events: tuple[Event, ...], settings: AnalysisSettings) -> tuple[Event, ...]:
    from dataclasses import replace

    chosen = [event for event in events if settings.lists(event.cause)]
    return tuple(replace(event, id=i) for i, event in enumerate(chosen, start=1))


def measure(
    path: str,
    settings: AnalysisSettings,
    load: Callable[[], LoadedModel],
    progress: ProgressCallback | None = None,
) -> Measurement:
    """Decodes, measures and scores every frame; three threads overlap.

    ``load`` gives the network; it is called in the scoring thread, while frames are measured.
    """
    threads = settings.threads or os.cpu_count() or 1
    with (
        ThreadPoolExecutor(1, "hash") as hasher,
        open_replay(
            path,
            start_s=settings.start_s,
            end_s=settings.end_s,
            threads=threads,
            loop_filter=not settings.fast,
        ) as replay,
    ):
        digest: Future[str] = hasher.submit(sha256_of, path)
        info = replay.info
        region = _checked_region(settings, info)
        traces: list[FrameTrace] = []
        with _scoring_thread(load) as push:
            stream = _evidence_stream(settings, info, region, max(1, threads // 4))
            encoder = FeatureEncoder(info.time_base)
            last: Frame | None = None
            for frame in replay:
                evidence = stream.push(crop(frame, region))
                traces.append(trace_of(evidence, stream.factor))
                push(encoder.encode(evidence), frame.index, frame.pts)
                last = frame
                if progress is not None and len(traces) % _PROGRESS_EVERY_FRAMES == 0:
                    progress(_progress(replay, settings, traces, "analysing"))
            if last is None or len(traces) < 2:
                raise ReplayError(_too_short(path, len(traces), settings))
            scores = push.finish()
        if progress is not None:
            progress(_progress(replay, settings, traces, "timeline"))
        return Measurement(
            info=info,
            scores=scores,
            traces=tuple(traces),
            region=region,
            duration_s=_duration_s(traces, info),
            sha256=digest.result(),
            warnings=(replay.damage,) if replay.damage else (),
        )


def _too_short(path: str, frames: int, settings: AnalysisSettings) -> str:
    where = "" if settings.start_s is None and settings.end_s is None else " in the part asked for"
    count = {0: "no frame", 1: "only one frame"}[frames]
    return f"{path} has {count}{where}; a change needs at least two frames to be seen in"


def _checked_region(settings: AnalysisSettings, info: VideoInfo) -> Region:
    region = settings.region or Region(0, 0, info.width_px, info.height_px)
    check_region(region, info.width_px, info.height_px)
    return region


def _evidence_stream(
    settings: AnalysisSettings, info: VideoInfo, region: Region, threads: int
) -> EvidenceStream:
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
        return EvidenceStream(region.w_px, region.h_px, kernels=kernels, mask=mask, threads=threads)
    except ReplayError as error:  # the core knows sizes, not files
        raise ReplayError(f"{info.path}: {error}") from error


def _duration_s(traces: list[FrameTrace], info: VideoInfo) -> float:
    """From the first frame's time to the last one's, and one frame interval more."""
    span = (traces[-1].pts - traces[0].pts) * info.time_base
    return float(span + span / max(len(traces) - 1, 1))


def _progress(
    replay: ReplayReader, settings: AnalysisSettings, traces: list[FrameTrace], stage: str
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
        frames_done=len(traces),
        frames_total_estimated=frames,
        position_s=float((traces[-1].pts - traces[0].pts) * info.time_base),
        duration_estimated_s=duration_s,
        stage=stage,
    )


class _Push:
    """Hands frames to the thread that runs the network; its errors are raised here."""

    def __init__(self, load: Callable[[], LoadedModel]) -> None:
        self._queue: queue.Queue[tuple[FrameFeatures, int, int] | None] = queue.Queue(_QUEUE_FRAMES)
        self._result: Future[Scores] = Future()
        self._load = load
        self._abandoned = threading.Event()
        self._thread = threading.Thread(target=self._work, name="network", daemon=True)
        self._thread.start()

    def __call__(self, features: FrameFeatures, index: int, pts: int) -> None:
        self._put((features, index, pts))

    def finish(self) -> Scores:
        self._put(None)
        return self._result.result()

    def close(self) -> None:
        self._abandoned.set()
        self._thread.join()

    def _put(self, item: tuple[FrameFeatures, int, int] | None) -> None:
        while True:
            if self._result.done():
                self._result.result()  # raises what went wrong
            try:
                self._queue.put(item, timeout=0.5)
                return
            except queue.Full:
                continue

    def _work(self) -> None:
        try:
            model = self._load()
            import torch

            from pyanalyzer.score.scorer import Scorer

            # One thread: sums are then grouped alike on every machine, and the other cores decode.
            torch.set_num_threads(1)
            scorer = Scorer(model)
            while not self._abandoned.is_set():
                try:
                    item = self._queue.get(timeout=0.2)
                except queue.Empty:
                    continue
                if item is None:
                    self._result.set_result(scorer.finish())
                    return
                scorer.push(*item)
        except Exception as error:  # handed over to the caller, who raises it
            self._result.set_exception(error)


@contextmanager
def _scoring_thread(load: Callable[[], LoadedModel]) -> Iterator[_Push]:
    push = _Push(load)
    try:
        yield push
    finally:
        push.close()
