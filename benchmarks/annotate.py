"""How fast a replay is annotated: ``python -m benchmarks.annotate [REPLAY] [TIMELINE]``.

Without a replay, a synthetic one of 1080p60 is made: a texture that scrolls, which is hard to
encode, with three events a second. Each contestant runs in this process, in turn: decoding alone,
drawing alone, and the whole; wall and processor time per frame, and how many times real time.

Wall time means something on an idle machine only. Beside it stands what bounds it from below on any
machine: processor time over the cores, and that of the busiest thread (Linux). ``--threads`` lists
every thread of the last contestant.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.measure import describe_host
from benchmarks.threads import ThreadClock
from pyanalyzer.annotate.frames import Stage, decoded
from pyanalyzer.annotate.marks import Marks
from pyanalyzer.annotate.strip import Strip
from pyanalyzer.annotate.style import Style
from pyanalyzer.annotate.video import frame_seconds, write_annotated
from pyanalyzer.decode import sha256_of
from pyanalyzer.decode.source import probe_source
from pyanalyzer.export.saved import read_saved
from pyanalyzer.records import KINDS, Event, ModelSummary, Region, Timeline, VideoSummary

WIDTH_PX, HEIGHT_PX, RATE = 1920, 1080, 60
SECONDS, EVENTS_PER_S = 10, 3


@dataclass(frozen=True, slots=True)
class AnnotateRow:
    """One contestant. ``cpu_ms``: processor time of all threads per frame; ``threads``: of each.

    ``bound_ms``: what a frame takes at least, on as many cores as this machine has; None where
    threads are not measured.
    """

    contestant: str
    frames: int
    wall_ms: float
    cpu_ms: float
    times_real_time: float
    bound_ms: float | None
    threads: tuple[tuple[str, float], ...]  # name, ms per frame; busiest first


def synthetic_replay(path: Path, seconds: int = SECONDS) -> None:
    """Noise of three sizes that scrolls, as H.264 of 1080p60."""
    rng = np.random.default_rng(1)
    texture = np.zeros((HEIGHT_PX + 256, WIDTH_PX + 256))
    for cell in (4, 16, 64):
        coarse = rng.integers(0, 70, (texture.shape[0] // cell + 1, texture.shape[1] // cell + 1))
        texture += np.kron(coarse, np.ones((cell, cell)))[: texture.shape[0], : texture.shape[1]]
    luma = (texture + 16).astype(np.uint8)
    with av.open(str(path), "w") as container:
        options = {"preset": "ultrafast", "crf": "23"}
        stream = container.add_stream("libx264", rate=RATE, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        planes = np.full((HEIGHT_PX * 3 // 2, WIDTH_PX), 128, np.uint8)
        for t in range(RATE * seconds):
            x, y = abs(255 - 3 * t % 511), abs(255 - 2 * t % 511)
            planes[:HEIGHT_PX] = luma[y : y + HEIGHT_PX, x : x + WIDTH_PX]
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = t, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def synthetic_timeline(path: Path, seconds: int = SECONDS) -> Timeline:
    """Events of every kind and size, one of five of the whole picture."""
    info = probe_source(str(path)).info
    rng = np.random.default_rng(2)
    ticks = 1 / (info.frame_rate * info.time_base)
    events = []
    for n in range(1, seconds * EVENTS_PER_S):
        frame = n * RATE // EVENTS_PER_S
        w, h = (int(v) for v in rng.integers(80, 700, 2))
        x, y = int(rng.integers(0, WIDTH_PX - w)), int(rng.integers(0, HEIGHT_PX - h))
        whole = n % 5 == 0
        region = Region(0, 0, WIDTH_PX, HEIGHT_PX) if whole else Region(x, y, w, h)
        events.append(
            Event(n, frame, int(frame * ticks), frame / RATE, (frame - 1, frame + 2),
                  KINDS[n % 5], "player", 0.8, region, (100.0, 0.0), (0.0, 300.0))
        )  # fmt: skip
    video = VideoSummary(str(path), WIDTH_PX, HEIGHT_PX, RATE * seconds, float(seconds),
                         info.time_base, info.frame_rate, sha256_of(path))  # fmt: skip
    return Timeline(video, ModelSummary("none", "0" * 64), {}, tuple(events))


def decode_only(timeline: Timeline) -> None:
    """Decoding ahead, as the annotation does."""
    with decoded(probe_source(timeline.video.path)) as pictures:
        for _ in pictures:
            pass


def draw_only(timeline: Timeline) -> None:
    """Decoding, and drawing everything, without an encoder."""
    probed = probe_source(timeline.video.path)
    base = probed.info.time_base
    stage: Stage | None = None
    with decoded(probed) as pictures:
        for picture in pictures:
            if stage is None:
                stage = Stage(probed.layout, picture.frame)
                size = stage.width_px, stage.height_px
                marks = Marks(timeline.events, *size, stage.space, time_base=base)
                strip = Strip(
                    timeline.events, (0.0, timeline.video.duration_s), frame_seconds(timeline),
                    strip_width_px=stage.even_width_px, style=Style.of(*size), space=stage.space,
                )  # fmt: skip
            _, canvas = stage.place(picture.frame, strip.height_px)
            marks.draw(canvas, picture.pts)
            strip.draw(canvas, stage.even_height_px, float((picture.pts - probed.first_pts) * base))


def measure(name: str, timeline: Timeline, call: Callable[[], object]) -> AnnotateRow:
    """Times one call."""
    frames = timeline.video.frames
    wall, cpu = time.perf_counter(), time.process_time()
    with ThreadClock() as clock:
        call()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    real = timeline.video.duration_s / wall
    threads = tuple((t.name, t.cpu_s / frames * 1e3) for t in clock.times)
    cpu_ms = cpu / frames * 1e3
    bound = max(threads[0][1], cpu_ms / (os.cpu_count() or 1)) if threads else None
    return AnnotateRow(name, frames, wall / frames * 1e3, cpu_ms, real, bound, threads)


def run(timeline: Timeline, folder: Path, repeats: int) -> list[AnnotateRow]:
    """Every contestant ``repeats`` times, taking turns; of each, the run with the median wall."""
    calls: dict[str, Callable[[], object]] = {
        "decoding": lambda: decode_only(timeline),
        "decoding and drawing": lambda: draw_only(timeline),
        "--annotate": lambda: write_annotated(timeline, str(folder / "seen.mp4")),
    }
    rows: dict[str, list[AnnotateRow]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            rows[name].append(measure(name, timeline, call))
    return [sorted(found, key=lambda row: row.wall_ms)[repeats // 2] for found in rows.values()]


def _print(rows: list[AnnotateRow], host: dict[str, object], *, threads: bool) -> None:
    table = Table("contestant", title="  ".join(f"{k} {v}" for k, v in host.items()))
    for header in ("wall ms/frame", "CPU ms/frame", "at least ms/frame", "x real time"):
        table.add_column(header, justify="right")
    for row in rows:
        figures = (row.wall_ms, row.cpu_ms, row.bound_ms, row.times_real_time)
        table.add_row(row.contestant, *("" if f is None else f"{f:.2f}" for f in figures))
    Console().print(table)
    if threads:
        for name, cpu_ms in rows[-1].threads:
            print(f"{cpu_ms:8.2f} ms CPU/frame  {name}")


def main() -> None:
    """Runs it and prints the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.annotate", description=__doc__)
    parser.add_argument("replay", nargs="?", type=Path)
    parser.add_argument("timeline", nargs="?", type=Path, help="its timeline, saved by --json")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=SECONDS, help="of the synthetic replay")
    parser.add_argument("--threads", action="store_true", help="list the threads of --annotate")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    args = parser.parse_args()
    if (args.replay is None) != (args.timeline is None):
        parser.error("give a replay and its timeline, or neither")
    host = describe_host()
    with tempfile.TemporaryDirectory() as folder:
        if args.replay is None:
            path = Path(folder) / "synthetic.mp4"
            synthetic_replay(path, args.seconds)
            timeline = synthetic_timeline(path, args.seconds)
        else:
            from pyanalyzer.export.saved import at_replay

            timeline = at_replay(read_saved(args.timeline), str(args.replay))
        rows = run(timeline, Path(folder), args.repeats)
    _print(rows, host, threads=args.threads)
    if args.json:
        result = {"schema": "pyanalyzer/benchmark-annotate/2", "host": host,
                  "rows": [asdict(row) for row in rows]}  # fmt: skip
        args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
