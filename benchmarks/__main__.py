"""``python -m benchmarks [REPLAY]``: every kernel and the whole pipeline, as tables and JSON."""

from __future__ import annotations

import argparse
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import kernels, whole
from benchmarks.measure import copy_rate_bytes_s, describe_host
from benchmarks.results import results_text
from pyanalyzer.decode import open_replay, probe

_DEFAULT = Path(__file__).parents[1] / "samples" / "freedoom.mp4"


def main() -> None:
    """Runs what is asked for and prints it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("replay", nargs="?", type=Path, default=_DEFAULT)
    parser.add_argument("--only", choices=("kernels", "whole"))
    parser.add_argument("--repeats", type=int, default=5, help="runs of the whole pipeline")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    args = parser.parse_args()
    console = Console()
    host = describe_host()
    console.print("  ".join(f"{name} [b]{value}[/b]" for name, value in host.items()))
    tables: dict[str, object] = {}
    if args.only != "whole":
        with open_replay(str(args.replay)) as frames:
            picture = next(iter(frames)).luma
        rows = list(kernels.run(picture))
        copy_bytes_s = copy_rate_bytes_s()
        console.print(_kernel_table(rows, copy_bytes_s))
        tables |= {"copy_bytes_s": copy_bytes_s, "kernels": rows}
    if args.only != "kernels":
        duration_s = probe(str(args.replay)).duration_estimated_s or 0.0
        whole_rows = list(whole.run(args.replay, duration_s, args.repeats))
        console.print(_whole_table(whole_rows, args.replay))
        tables["whole"] = whole_rows
    if args.json:
        args.json.write_text(results_text(host, tables), encoding="utf-8")


def _kernel_table(rows: list[kernels.Row], copy_bytes_s: float) -> Table:
    title = f"Kernels, one thread; a plain copy moves {copy_bytes_s / 1e9:.1f} GB/s"
    table = Table("step", "size", "contestant", title=title, show_lines=False)
    for header in ("median ms", "quartiles ms", "native is", "of a copy's rate"):
        table.add_column(header, justify="right")
    for _, group in groupby(rows, key=lambda row: (row.step, row.size)):
        members = list(group)
        native_s = members[0].timing.median_s
        for row in members:
            t = row.timing
            ratio = t.median_s / native_s
            verdict = f"{ratio:.1f} x faster" if ratio >= 1 else f"{1 / ratio:.1f} x slower"
            table.add_row(
                row.step,
                row.size,
                row.contestant,
                f"{t.median_s * 1e3:.3f}",
                f"{t.lower_quartile_s * 1e3:.3f}-{t.upper_quartile_s * 1e3:.3f}",
                "" if row.contestant == "native" else verdict,
                f"{row.traffic_bytes / t.median_s / copy_bytes_s:.0%}",
            )
        table.add_section()
    return table


def _whole_table(rows: list[whole.WholeRow], replay: Path) -> Table:
    table = Table("contestant", title=f"Whole processes on {replay.name}")
    for header in ("video s", "median s", "quartiles s", "x plain decoding, per second of video"):
        table.add_column(header, justify="right")
    decode = rows[0].timing.median_s / rows[0].video_s
    for row in rows:
        t = row.timing
        table.add_row(
            row.contestant,
            f"{row.video_s:.1f}",
            f"{t.median_s:.2f}",
            f"{t.lower_quartile_s:.2f}-{t.upper_quartile_s:.2f}",
            f"{t.median_s / row.video_s / decode:.2f}",
        )
    return table


if __name__ == "__main__":
    main()
