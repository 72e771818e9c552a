"""The whole pipeline beside plain decoding of the same file, and native beside reference."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Timing, timing_of

# Each contestant is a process of its own, as a user starts it: imports and start-up count.
_DECODE = """
import sys, av
with av.open(sys.argv[1]) as container:
    container.streams.video[0].thread_type = "AUTO"
    print(sum(1 for _ in container.decode(video=0)))
"""
_DECODE_UNFILTERED = """
import sys, av
with av.open(sys.argv[1]) as container:
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    stream.codec_context.options = {"skip_loop_filter": "all"}
    print(sum(1 for _ in container.decode(video=0)))
"""
_SCENES = """
import sys
from scenedetect import AdaptiveDetector, detect
print(len(detect(sys.argv[1], AdaptiveDetector())))
"""
_CAPTURE = """
import sys, cv2
capture, frames = cv2.VideoCapture(sys.argv[1]), 0
while capture.read()[0]:
    frames += 1
print(frames)
"""
REFERENCE_SECONDS = 2.0  # of the replay: the pure-Python path is slow, and told per second of video


@dataclass(frozen=True, slots=True)
class WholeRow:
    """One contestant on one file. ``video_s``: how much of the replay it worked through."""

    contestant: str
    video_s: float
    timing: Timing


def contestants(replay: Path, duration_s: float) -> list[tuple[str, float, list[str]]]:
    """Name, seconds of video, command line."""
    tool = [sys.executable, "-m", "pyanalyzer", str(replay), "--quiet", "--json", "-"]
    short = min(REFERENCE_SECONDS, duration_s)
    others = {
        "plain decoding (PyAV)": _DECODE,
        "the same without loop filter": _DECODE_UNFILTERED,
        "cv2.VideoCapture loop": _CAPTURE,
    }
    if importlib.util.find_spec("scenedetect") is not None:
        others["PySceneDetect, adaptive"] = _SCENES
    return [
        *(
            (name, duration_s, [sys.executable, "-c", code, str(replay)])
            for name, code in others.items()
        ),
        ("pyanalyzer, native core", duration_s, tool),
        ("pyanalyzer --fast", duration_s, [*tool, "--fast"]),
        ("pyanalyzer, native core, first part", short, [*tool, "--end", str(short)]),
        (
            "pyanalyzer, pure-Python core, first part",
            short,
            [*tool, "--end", str(short), "--core", "reference"],
        ),
    ]


def run(replay: Path, duration_s: float, repeats: int) -> Iterator[WholeRow]:
    """Runs every contestant once to warm up and then ``repeats`` times, taking turns, so that a
    noisy minute hits all alike. Raises RuntimeError if native and reference answers differ."""
    lines = contestants(replay, duration_s)
    answers = {name: _run(command)[1] for name, _, command in lines}
    native, python = (answers[name] for name, _, _ in lines[-2:])
    if native != python:
        raise RuntimeError("the native and the pure-Python core give different timelines")
    times: dict[str, list[float]] = {name: [] for name, _, _ in lines}
    for _ in range(repeats):
        for name, _, command in lines:
            times[name].append(_run(command)[0])
    for name, video_s, _ in lines:
        yield WholeRow(name, video_s, timing_of(times[name]))


def _run(command: list[str]) -> tuple[float, bytes]:
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - begin, done.stdout
