"""Whole processes beside plain decoding of the same file, wall and CPU time."""

from __future__ import annotations

import importlib.util
import json
import shutil
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
# A process between counts its own children alone, and so the one contestant that it runs.
_BETWEEN = """
import json, resource, subprocess, sys, time
begin = time.perf_counter()
done = subprocess.run(sys.argv[1:], capture_output=True)
wall_s = time.perf_counter() - begin
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([done.returncode, done.stderr.decode(errors="replace"), wall_s,
                  used.ru_utime + used.ru_stime, used.ru_maxrss]))
sys.stdout.flush()
sys.stdout.buffer.write(done.stdout)
"""
# Linux counts ru_maxrss in KiB, macOS in bytes (getrusage(2) of either).
_MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024

PLAIN = "plain decoding (PyAV)"
TOOL = "pyanalyzer --timeline"
FAST = "pyanalyzer --timeline --fast"
SLOW_S, SLOW_REPEATS = 30.0, 2  # who takes longer in the warm-up is not run more often than that
REFERENCE_SECONDS = 2.0  # of the replay: the pure-Python path is slow, and told per second of video


@dataclass(frozen=True, slots=True)
class Contestant:
    """Who runs, on how many seconds of the film, and its command line."""

    name: str
    video_s: float
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WholeRow:
    """One contestant on one film. ``video_s``: how much of it was worked through. ``cpu_s``: the
    median of user and system time together. ``peak_bytes``: the largest resident memory seen."""

    film: str
    contestant: str
    video_s: float
    timing: Timing
    cpu_s: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class ProcessRun:
    """What one process took, and what it printed."""

    wall_s: float
    cpu_s: float
    peak_bytes: int
    stdout: bytes


def contestants(film: Path, duration_s: float, dvr_scan: str | None = None) -> list[Contestant]:
    """Everybody who works through a whole film, plain decoding first.

    ``dvr_scan``: the command of that program, which wants other versions of OpenCV and of
    PySceneDetect than stand here, so that it lives in an environment of its own; None: not run.
    """
    found = [
        Contestant(name, duration_s, (sys.executable, "-c", code, str(film)))
        for name, code in (
            (PLAIN, _DECODE),
            ("decoding without loop filter", _DECODE_UNFILTERED),
            ("cv2.VideoCapture loop", _CAPTURE),
        )
    ]
    if importlib.util.find_spec("scenedetect") is not None:
        command = (sys.executable, "-c", _SCENES, str(film))
        found.append(Contestant("PySceneDetect, adaptive", duration_s, command))
    if dvr_scan is not None:
        command = (dvr_scan, "--input", str(film), "--scan-only", "--quiet")
        found.append(Contestant("DVR-Scan", duration_s, command))
    tool = (sys.executable, "-m", "pyanalyzer", str(film), "--quiet", "--timeline")
    found.append(Contestant(TOOL, duration_s, tool))
    found.append(Contestant(FAST, duration_s, (*tool, "--fast")))
    return found


def core_contestants(film: Path, duration_s: float) -> list[Contestant]:
    """The beginning of a film on either core; the answers must be the same."""
    short = min(REFERENCE_SECONDS, duration_s)
    tool = (sys.executable, "-m", "pyanalyzer", str(film), "--quiet", "--json", "-")
    part = (*tool, "--end", str(short))
    return [
        Contestant("pyanalyzer, native core, first part", short, part),
        Contestant(
            "pyanalyzer, pure-Python core, first part", short, (*part, "--core", "reference")
        ),
    ]


def found_dvr_scan() -> str | None:
    """The command, where one is on the path."""
    return shutil.which("dvr-scan")


def run(
    film: str, players: list[Contestant], repeats: int, *, same_answer: bool = False
) -> Iterator[WholeRow]:
    """Runs every contestant once to warm up and then ``repeats`` times, taking turns, so that a
    noisy minute hits all alike. ``same_answer``: raises RuntimeError unless all print the same."""
    warm = {player.name: run_process(player.command) for player in players}
    if same_answer and len({one.stdout for one in warm.values()}) > 1:
        names = " and ".join(player.name for player in players)
        raise RuntimeError(f"{film}: different answers of {names}")
    runs: dict[str, list[ProcessRun]] = {player.name: [] for player in players}
    for turn in range(repeats):
        for player in players:
            if turn < SLOW_REPEATS or warm[player.name].wall_s <= SLOW_S:
                runs[player.name].append(run_process(player.command))
    for player in players:
        taken = runs[player.name]
        yield WholeRow(
            film,
            player.name,
            player.video_s,
            timing_of([one.wall_s for one in taken]),
            timing_of([one.cpu_s for one in taken]).median_s,
            max(one.peak_bytes for one in taken),
        )


def run_process(command: tuple[str, ...]) -> ProcessRun:
    """Runs a command line. Raises RuntimeError with what it said if it fails."""
    between = subprocess.run(
        [sys.executable, "-c", _BETWEEN, *command], capture_output=True, check=True
    )
    figures, _, stdout = between.stdout.partition(b"\n")
    exit_code, said, wall_s, cpu_s, peak = json.loads(figures)
    if exit_code:
        raise RuntimeError(f"{' '.join(command[:3])} ... failed: {said.strip()[-500:]}")
    return ProcessRun(wall_s, cpu_s, peak * _MAXRSS_BYTES, stdout)


@dataclass(frozen=True, slots=True)
class StartRow:
    """How long somebody waits for the first sign of life."""

    what: str
    timing: Timing


def start_rows(film: Path, repeats: int) -> Iterator[StartRow]:
    """``--help`` to its end, and ``--follow`` to the first event of a film."""
    help_command = (sys.executable, "-m", "pyanalyzer", "--help")
    run_process(help_command)
    walls = [run_process(help_command).wall_s for _ in range(repeats)]
    yield StartRow("pyanalyzer --help", timing_of(walls))
    firsts = [first_event_s(film) for _ in range(repeats)]
    yield StartRow("first event of pyanalyzer --follow", timing_of(firsts))


def first_event_s(film: Path) -> float:
    """From the start of the process to the first line of ``--follow``, in s; then it is ended.

    Raises RuntimeError if the film ends without an event.
    """
    command = [sys.executable, "-m", "pyanalyzer", str(film), "--quiet", "--follow"]
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        first_s = time.perf_counter() - begin
        process.kill()
    if not line:
        raise RuntimeError(f"{film}: no event was followed")
    return first_s
