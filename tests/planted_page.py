"""Timelines for pages: of a small replay whose pictures bear their numbers, and a crowded hour."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import numpy as np

from pyanalyzer.records import (
    CAUSES,
    KINDS,
    Event,
    FrameCurves,
    ModelSummary,
    Region,
    Timeline,
    VideoSummary,
)
from tests.media import marked, write_video

SIZE_PX = (320, 192)
FRAMES = 96
TIME_BASE = Fraction(1, 12_000)  # as the MP4 keeps it
START_PTS = 24_000  # the stream's clock does not begin at 0
MODEL = ModelSummary("planted-1", "ab" * 32)
# Where something changes, and how sure that is.
ONSETS = {8: 0.95, 21: 0.35, 22: 0.8, 40: 0.55, 61: 0.99, 83: 0.7}


def variable_pts() -> list[int]:
    """Frames of 20 ms, every fifth of 65 ms: no frame rate explains them."""
    lengths = [780 if index % 5 == 4 else 240 for index in range(FRAMES)]
    return [START_PTS + sum(lengths[:index]) for index in range(FRAMES)]


def write_marked_replay(path: Path) -> None:
    """A replay of variable frame rate with B-frames; ``media.number_of`` reads each picture."""
    write_video(
        path,
        [marked(index, *SIZE_PX) for index in range(FRAMES)],
        codec="libx264",
        pts=variable_pts(),
        time_base=TIME_BASE,
        options={"bf": "2", "crf": "12", "preset": "fast"},
    )


def curves_of(pts: list[int]) -> FrameCurves:
    """Planted curves: shifts that swing, a score that is high at every onset."""
    count = len(pts)
    phase = np.arange(count) / 9
    score = np.full(count, 0.02, np.float32)
    score[[frame for frame in ONSETS if frame < count]] = 0.9
    return FrameCurves(
        start_pts=pts[0],
        index=np.arange(count, dtype=np.int64),
        pts=np.array(pts, np.int64),
        aligned=np.ones(count, bool),
        view_dx_px=(6 * np.sin(phase)).astype(np.float32),
        view_dy_px=(3 * np.cos(phase)).astype(np.float32),
        view_zoom=np.ones(count, np.float32),
        view_roll_deg=np.zeros(count, np.float32),
        changed_share=np.abs(np.sin(phase)).astype(np.float32),
        onset_score=score,
        player_score=score,
    )


def event_at(number: int, frame: int, pts: int, time_s: float, confidence: float) -> Event:
    """A change whose kind, cause and place follow from its number."""
    whole = number % 4 == 0
    return Event(
        id=number,
        frame=frame,
        pts=pts,
        time_s=time_s,
        interval_frames=(max(frame - 2, 0), frame + 3),
        kind=KINDS[number % len(KINDS)],
        cause=CAUSES[number % 3 == 0],
        confidence=confidence,
        region_px=Region(0, 0, *SIZE_PX) if whole else Region(8 * (number % 20), 64, 96, 64),
        motion_before_px_s=(-40.0, 0.0),
        motion_after_px_s=(120.0, 30.0 * (number % 3)),
    )


def marked_timeline(path: Path, *, curves: bool = True) -> Timeline:
    """The timeline of what ``write_marked_replay`` wrote."""
    pts = variable_pts()
    times_s = [float((value - START_PTS) * TIME_BASE) for value in pts]
    events = [
        event_at(number, frame, pts[frame], times_s[frame], confidence)
        for number, (frame, confidence) in enumerate(ONSETS.items(), start=1)
    ]
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "0" * 64
    duration_s = times_s[-1] + 0.02
    rate = Fraction(FRAMES) / Fraction(duration_s).limit_denominator(1000)
    video = VideoSummary(str(path), *SIZE_PX, FRAMES, duration_s, TIME_BASE, rate, sha256)
    found = curves_of(pts) if curves else None
    return Timeline(video, MODEL, {"cause": "all"}, tuple(events), (), found)


def crowded_timeline(events: int = 10_000, frames: int = 216_000, rate: int = 60) -> Timeline:
    """An hour of play in which something changes every third of a second."""
    rng = np.random.default_rng(7)
    chosen = np.sort(rng.choice(frames - 10, events, replace=False))
    sure = np.round(rng.beta(0.7, 0.6, events), 4)
    found = tuple(
        event_at(number, int(frame), int(frame), int(frame) / rate, float(confidence))
        for number, (frame, confidence) in enumerate(zip(chosen, sure, strict=True), start=1)
    )
    video = VideoSummary(
        "crowded.mp4", *SIZE_PX, frames, frames / rate, Fraction(1, rate), Fraction(rate), "0" * 64
    )
    return Timeline(video, MODEL, {"cause": "all"}, found, (), curves_of(list(range(frames))))
