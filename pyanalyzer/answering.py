"""The thread that runs the network and decides the events, beside the one that reads frames."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from pyanalyzer.records import Event, FrameCurves, Region, Scores, VideoInfo
from pyanalyzer.score.looks import LooksFeatures, LooksScorer
from pyanalyzer.settings import AnalysisSettings
from pyanalyzer.timeline import (
    EventStream,
    FrameTrace,
    TimelineParameters,
    frame_curves,
    joined_curves,
)

if TYPE_CHECKING:
    from pyanalyzer.score.parts import ScoringModel

# Frames measured but not yet scored, up to 80 kB each: two batches (score/scorer.py), so that
# measuring goes on while one is scored.
_QUEUE_FRAMES = 128


class Answer:
    """Hands frames to the thread that runs the network and decides the events, and takes these
    back; the thread's errors are raised here."""

    def __init__(
        self,
        load: Callable[[], ScoringModel],
        info: VideoInfo,
        settings: AnalysisSettings,
        region: Region,
        back: int,
    ) -> None:
        self._frames = queue.SimpleQueue[tuple[LooksFeatures, FrameTrace] | None]()
        self._free = queue.SimpleQueue[None]()  # places, as in decode/channel.py
        for _ in range(_QUEUE_FRAMES):
            self._free.put(None)
        self._found: queue.SimpleQueue[Event | None] = queue.SimpleQueue()  # None: the end
        self._result: Future[FrameCurves] = Future()
        self._load = load
        self._info, self._settings, self._region, self._back = info, settings, region, back
        self._abandoned = threading.Event()
        self._thread = threading.Thread(target=self._work, name="network", daemon=True)
        self._thread.start()

    def push(self, features: LooksFeatures, trace: FrameTrace) -> None:
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
        """Gives up what is not yet done, and waits for the thread to end."""
        self._abandoned.set()
        self._thread.join()

    def _put(self, item: tuple[LooksFeatures, FrameTrace] | None) -> None:
        while True:
            if self._result.done():
                self._result.result()  # raises what went wrong
            try:
                self._free.get(timeout=0.5)
            except queue.Empty:
                continue
            self._frames.put(item)
            return

    def _work(self) -> None:
        try:
            self._result.set_result(self._score_and_decide(self._load()))
        except Exception as error:  # handed over to the caller, who raises it
            self._result.set_exception(error)
        finally:
            self._found.put(None)

    def _score_and_decide(self, model: ScoringModel) -> FrameCurves:
        scorer = LooksScorer(model.parts, mirrored=not self._settings.fast, back=self._back)
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
            early=self._settings.follow,
            locates=model.locates,
        )

    def _arriving(self) -> Iterator[tuple[LooksFeatures, FrameTrace]]:
        while not self._abandoned.is_set():
            try:
                item = self._frames.get(timeout=0.2)
            except queue.Empty:
                continue
            if item is None:
                return
            self._free.put(None)
            yield item


@contextmanager
def answering_thread(
    load: Callable[[], ScoringModel],
    info: VideoInfo,
    settings: AnalysisSettings,
    region: Region,
    back: int,
) -> Iterator[Answer]:
    """The thread, while frames are read. ``back``: see :class:`~pyanalyzer.core.looks.Looks`."""
    answer = Answer(load, info, settings, region, back)
    try:
        yield answer
    finally:
        answer.close()


def _threshold(settings: AnalysisSettings, parameters: TimelineParameters) -> float:
    if settings.min_confidence is not None:
        return settings.min_confidence
    if settings.lists_at_end:
        return 0.0
    if settings.false_alarms_per_min is not None:
        return parameters.threshold_for_false_alarms(settings.false_alarms_per_min)
    return parameters.threshold
