"""One capture of one replay: plan, pictures, video, truth."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np

from pyanalyzer.errors import OutputError
from pyanalyzer.recapture.draw import ENCODERS, Source, draw_plan
from pyanalyzer.recapture.labels import capture_truth
from pyanalyzer.recapture.overlays import Overlays
from pyanalyzer.recapture.picture import Filters, placed, woven
from pyanalyzer.recapture.plan import EncodingPlan, OverlayPlan, Plan
from pyanalyzer.recapture.source import pictures
from pyanalyzer.recapture.timing import Timing, make_timing
from pyanalyzer.records import U8
from pyanalyzer.simulate.encode import StreamSettings, write_frames
from pyanalyzer.simulate.truth import (
    Setting,
    Truth,
    TruthError,
    read_truth,
    truth_path,
    write_truth,
)

GENERATOR = 1  # rises when the same seed no longer gives the same capture
CAPTURE_KEY = "capture"  # in the settings of every capture: its number
# Of x265 and VP9: nothing on stderr, one thread, so that the same pictures give the same bytes.
X265_PARAMETERS = "log-level=none:pools=none:frame-threads=1"

Outcome = Literal["made", "kept"]


@dataclass(frozen=True, slots=True)
class Job:
    """One capture to make: ``capture`` is its number, ``video`` its path.

    ``name``: of the replay, ENGINE/SPLIT/NAME. ``only``: the kinds that happen; empty for chance.
    """

    source: Path
    name: str
    capture: int
    seed: int
    only: tuple[str, ...]
    video: Path


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a job. Counts are of the capture, ``source_onsets`` of the replay."""

    job: Job
    outcome: Outcome
    frames: int
    onsets: int
    source_onsets: int


def plan_of(job: Job, truth: Truth) -> Plan:
    """The plan of a job, from its seed, name and number alone, for a replay of this truth."""
    source = Source(job.name, truth.width_px, truth.height_px, truth.frame_rate)
    return draw_plan(source, job.seed, job.capture, job.only)


def make_capture(job: Job) -> Result:
    """Make one capture and its truth, unless both are there from the same settings and replay.

    Raises :class:`~pyanalyzer.errors.PyanalyzerError` subclasses: TruthError and ReplayError where
    the replay is missing, damaged, or not its truth's; OutputError where the disk is not writable.
    """
    truth = read_truth(truth_path(job.source))
    wanted = _settings(job)
    kept = _existing(job, wanted)
    if kept is not None:
        return Result(job, "kept", kept.frames, len(kept.onsets()), len(truth.onsets()))
    try:
        truth_path(job.video).unlink(missing_ok=True)  # of other settings: it would lie
    except OSError as error:
        raise OutputError(f"cannot replace {truth_path(job.video)}: {error.strerror}") from error
    captured = capture_replay(job.source, truth, plan_of(job, truth), job.video, wanted)
    return Result(job, "made", captured.frames, len(captured.onsets()), len(truth.onsets()))


def capture_replay(
    source: Path, truth: Truth, plan: Plan, video: Path, settings: Mapping[str, Setting]
) -> Truth:
    """Write the capture of a plan, then its truth, which is returned.

    ``settings`` go into the truth beside the plan's. Raises as :func:`make_capture`.
    """
    try:
        timing = make_timing(plan.time, truth.frames, truth.frame_rate, plan.picture.interlace)
    except ValueError as error:
        raise TruthError(f"{source}: {error}; make a longer replay") from error
    layout = plan.placement.layout
    duration_s = timing.time_s(timing.frames - 1) + 1
    overlays = Overlays(plan.overlays, layout.width_px, layout.height_px, duration_s)
    captured = capture_truth(
        truth,
        timing,
        plan.placement,
        overlays.opaque,
        video=video.name,
        settings={**settings, **plan.settings()},
        moves_added=plan.overlays != OverlayPlan(),
    )
    frames = _frames(source, truth, plan, timing, overlays)
    write_frames(video, frames, _stream(plan.encoding, timing, captured))
    write_truth(captured, truth_path(video))
    return captured


def is_capture(truth: Truth) -> bool:
    """Whether a truth is that of a capture."""
    return CAPTURE_KEY in truth.settings


def _frames(
    video: Path, truth: Truth, plan: Plan, timing: Timing, overlays: Overlays
) -> Iterator[tuple[int, av.VideoFrame]]:
    """The frames of the capture with their pts, while the source is decoded once."""
    layout, picture = plan.placement.layout, plan.picture
    filters = Filters(picture, layout.width_px, layout.height_px)
    composed: U8 | None = None
    for t, newer, older in _shown(video, truth, timing):
        if composed is None or not timing.held[t]:
            mixed = woven(newer, older, picture.interlace, top_newer=picture.top_newer, frame=t)
            composed = placed(mixed, plan.placement)
            if not picture.over_overlays:
                composed = filters.apply(composed, t)
            overlays.draw(composed, timing.time_s(t))
            if picture.over_overlays:
                composed = filters.apply(composed, t)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(composed), format="rgb24")
        yield int(timing.pts[t]), frame.reformat(format="yuv420p")


def _shown(video: Path, truth: Truth, timing: Timing) -> Iterator[tuple[int, U8, U8]]:
    """For every frame of the capture its number and the source's two pictures in it."""
    cv2.setNumThreads(1)  # --workers says how many processors are used
    source = pictures(video, truth)
    kept: dict[int, U8] = {}
    last = -1
    for t in range(timing.frames):
        older, newest = int(timing.older[t]), int(timing.newest[t])
        while last < newest:
            last += 1
            kept[last] = next(source)
        for number in [number for number in kept if number < older]:
            del kept[number]
        yield t, kept[newest], kept[older]
    for _ in source:  # to its end: only then is it known to be the truth's
        pass


def _stream(plan: EncodingPlan, timing: Timing, truth: Truth) -> StreamSettings:
    options = {"g": str(plan.gop_frames), "threads": "1"}
    if plan.kind == "vp9":
        options |= {"crf": str(plan.crf), "b": "0", "deadline": "realtime", "cpu-used": "8"}
    else:
        options |= {"preset": plan.preset, "bf": str(plan.b_frames)}
    if plan.kind == "hevc":
        options |= {"crf": str(plan.crf), "x265-params": X265_PARAMETERS}
    elif plan.kind == "bitrate":
        options |= {
            "b": str(plan.bits_per_s),
            "maxrate": str(round(plan.peak * plan.bits_per_s)),
            "bufsize": str(round(plan.buffer_s * plan.bits_per_s)),
        }
    elif plan.kind == "crf":
        options["crf"] = str(plan.crf)
    return StreamSettings(
        codec=ENCODERS[plan.kind],
        width_px=truth.width_px,
        height_px=truth.height_px,
        frame_rate=timing.frame_rate,
        time_base=timing.time_base,
        options=options,
    )


def _settings(job: Job) -> dict[str, Setting]:
    """What a capture that is there must have been made from, to be kept."""
    digest = hashlib.sha256(truth_path(job.source).read_bytes()).hexdigest()
    return {
        CAPTURE_KEY: job.capture,
        "capture_generator": GENERATOR,
        "capture_seed": job.seed,
        "capture_only": ",".join(job.only),
        "capture_of": job.source.name,
        "capture_of_truth_sha256": digest,
    }


def _existing(job: Job, wanted: dict[str, Setting]) -> Truth | None:
    if not job.video.is_file():
        return None
    try:
        truth = read_truth(truth_path(job.video))
    except TruthError:
        return None
    return truth if wanted.items() <= dict(truth.settings).items() else None
