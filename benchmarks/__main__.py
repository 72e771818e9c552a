"""``python -m benchmarks [PART ...]``: the parts asked for, or all, as tables and as JSON.

kernels: every kernel beside NumPy and OpenCV. films: whole processes on made recordings of 1080p,
720p and 480p at 60 Hz beside plain decoding. sample: the same on the sample replay, and the
pure-Python core. start: waiting times. stages: where the CPU time goes. memory: a minute and an
hour of 1080p.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from benchmarks import films, kernels, memory, stages, tables, whole
from benchmarks.measure import PICTURE_BYTES, copy_rate_bytes_s, describe_host
from benchmarks.results import results_text
from pyanalyzer.decode import open_replay, probe

PARTS = ("kernels", "films", "sample", "start", "stages", "memory")
STAGE_FRAMES = 300
MEMORY_MINUTES = (1.0, 60.0)


def main() -> None:
    """Runs what is asked for, prints it and writes it."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--repeats", type=int, default=5, help="runs of every whole process")
    parser.add_argument("--frames", type=int, default=films.FRAMES, help="length of the films")
    parser.add_argument("--minutes", type=float, nargs="+", default=MEMORY_MINUTES)
    parser.add_argument("--dvr-scan", default=whole.found_dvr_scan(), help="that program's command")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    args = parser.parse_args()
    unknown = set(args.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part {sorted(unknown)[0]}; expected {', '.join(PARTS)}")
    console = Console(width=150)  # names stay on one line
    host = describe_host()
    console.print("  ".join(f"{name} [b]{value}[/b]" for name, value in host.items()))
    figures: dict[str, object] = {}
    for part in args.parts or PARTS:
        figures |= _MEASURES[part](args, console, figures)
        if args.json:  # after every part: a long run that is ended leaves what it has
            args.json.write_text(results_text(host, figures), encoding="utf-8")


Figures = dict[str, object]


def _kernels(_args: argparse.Namespace, console: Console, _before: Figures) -> Figures:
    with open_replay(str(films.SAMPLE)) as frames:
        picture = next(iter(frames)).luma
    rows = list(kernels.run(picture))
    copies = {
        "copy_bytes_s": copy_rate_bytes_s(),
        "picture_copy_bytes_s": copy_rate_bytes_s(PICTURE_BYTES),
    }
    console.print(tables.kernel_table(rows, **copies))
    return {**copies, "kernels": rows}


def _films(args: argparse.Namespace, console: Console, before: Figures) -> Figures:
    rows: list[whole.WholeRow] = []
    for size in films.SIZES:
        path = films.cached_film(size, args.frames)
        players = whole.contestants(path, args.frames / films.RATE_HZ, args.dvr_scan)
        rows += whole.run(size.name, players, args.repeats)
    console.print(tables.whole_table(rows))
    return _with_whole(before, rows)


def _sample(args: argparse.Namespace, console: Console, before: Figures) -> Figures:
    name, path = films.SAMPLE.name, films.SAMPLE
    duration_s = probe(str(path)).duration_estimated_s or 0.0
    rows = list(whole.run(name, whole.contestants(path, duration_s, args.dvr_scan), args.repeats))
    cores = whole.core_contestants(path, duration_s)
    rows += whole.run(name, cores, min(args.repeats, 3), same_answer=True)
    console.print(tables.whole_table(rows))
    return _with_whole(before, rows)


def _with_whole(before: Figures, rows: list[whole.WholeRow]) -> Figures:
    earlier = before.get("whole", [])
    assert isinstance(earlier, list)
    return {"whole": [*earlier, *rows]}


def _start(args: argparse.Namespace, console: Console, _before: Figures) -> Figures:
    rows = list(whole.start_rows(films.cached_film(films.SIZES[0], args.frames), args.repeats))
    console.print(tables.start_table(rows))
    return {"start": rows}


def _stages(args: argparse.Namespace, console: Console, _before: Figures) -> Figures:
    rows: list[stages.StageRow] = []
    for size in films.SIZES:
        path = films.cached_film(size, args.frames)
        rows += stages.run(size.name, path, min(STAGE_FRAMES, args.frames))
    console.print(tables.stage_table(rows))
    return {"stages": rows}


def _memory(args: argparse.Namespace, console: Console, _before: Figures) -> Figures:
    size = films.SIZES[0]
    rows = memory.run(films.cached_film(size, args.frames), args.minutes)
    console.print(tables.memory_table(rows, f"Whole analyses of {size.name}, put behind itself"))
    return {"memory": rows}


_MEASURES = {
    "kernels": _kernels,
    "films": _films,
    "sample": _sample,
    "start": _start,
    "stages": _stages,
    "memory": _memory,
}


if __name__ == "__main__":
    main()
