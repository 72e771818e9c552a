"""``python -m benchmarks.memory [REPLAY]``: is the memory of an analysis the same at any length?

The replay's packets are put behind one another until the film is as long as asked for (nothing is
encoded anew), each length is analysed in a process of its own, and the peak of its resident memory
and its CPU time per minute of video stand side by side.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
from rich.console import Console

from benchmarks.measure import describe_host
from benchmarks.results import results_text
from benchmarks.whole import run_process

_DEFAULT = Path(__file__).parents[1] / "samples" / "freedoom.mp4"
_ANALYSE = "import sys; from pyanalyzer.__main__ import main; sys.exit(main(sys.argv[1:]))"


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """One length: what was analysed, and what it took."""

    minutes: float
    frames: int
    peak_bytes: int
    cpu_s: float
    wall_s: float


def loop_packets(source: Path, target: Path, duration_s: float) -> tuple[int, float]:
    """Writes the video packets of ``source`` again and again, about ``duration_s`` long.

    Returns the number of frames and the length in s. The film must begin with a keyframe, as all
    do that play.
    """
    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        packets = [
            (bytes(packet), packet.pts, packet.dts, packet.is_keyframe)
            for packet in container.demux(stream)
            if packet.size
        ]
        time_base, rate = stream.time_base, stream.average_rate
        with av.open(str(target), "w") as out:
            copy = out.add_stream_from_template(stream)
            first = min(pts for _, pts, _, _ in packets)
            lasts = max(pts for _, pts, _, _ in packets) - first + round(1 / (rate * time_base))
            turns = max(1, round(duration_s / float(lasts * time_base)))
            for turn in range(turns):
                for data, pts, dts, keyframe in packets:
                    packet = av.Packet(data)
                    packet.stream, packet.time_base = copy, time_base
                    packet.pts, packet.dts = pts + turn * lasts, dts + turn * lasts
                    packet.is_keyframe = keyframe
                    out.mux(packet)
    return turns * len(packets), float(turns * lasts * time_base)


def measure_run(replay: Path, arguments: Sequence[str] = ()) -> tuple[int, float, float]:
    """Peak of resident memory in bytes, CPU and wall time in s, of one analysis of ``replay``.

    Raises RuntimeError with what it said if it fails.
    """
    command = (sys.executable, "-c", _ANALYSE, str(replay), "--quiet", "--json", "-", *arguments)
    done = run_process(command)
    return done.peak_bytes, done.cpu_s, done.wall_s


def run(source: Path, minutes: Sequence[float], arguments: Sequence[str] = ()) -> list[MemoryRow]:
    """One row per length, in the order given."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for length in minutes:
            film = Path(folder) / f"long{source.suffix}"
            frames, duration_s = loop_packets(source, film, length * 60)
            rows.append(MemoryRow(duration_s / 60, frames, *measure_run(film, arguments)))
            film.unlink()
    return rows


def main() -> None:
    """Runs what is asked for and prints it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("replay", nargs="?", type=Path, default=_DEFAULT)
    parser.add_argument("--minutes", type=float, nargs="+", default=[1.0, 60.0])
    parser.add_argument("--json", type=Path, help="write the figures here too")
    args = parser.parse_args()
    from benchmarks.tables import memory_table

    rows = run(args.replay, args.minutes)
    title = f"Whole analyses of {args.replay.name}, put behind itself"
    Console().print(memory_table(rows, title))
    if args.json:
        text = results_text(describe_host(), {"memory": rows})
        args.json.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
