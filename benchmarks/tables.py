"""The figures as tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.table import Table

from benchmarks.kernels import Row
from benchmarks.memory import MemoryRow
from benchmarks.stages import StageRow
from benchmarks.whole import StartRow, WholeRow

NATIVE = "native"


def beside_native(contestant: str, ratio: float) -> str:
    """A contestant's time over native's, in words that cannot be read the wrong way round."""
    if contestant == NATIVE:
        return ""
    if contestant.startswith(NATIVE):  # itself, on more threads: no contest
        return f"{ratio:.2f} x"
    return f"{ratio:.2f} x: native loses" if ratio < 0.995 else f"{ratio:.1f} x"


def kernel_table(rows: Sequence[Row], copy_bytes_s: float, picture_copy_bytes_s: float) -> Table:
    """Every contestant beside native, one section a step and size. The last column is against the
    copy of a picture, which is the faster one."""
    title = (
        f"Kernels, one thread; a plain copy of a picture moves {picture_copy_bytes_s / 1e9:.1f}"
        f" GB/s, of what no cache holds {copy_bytes_s / 1e9:.1f} GB/s"
    )
    table = Table("step", "size", "contestant", title=title)
    for header in ("median ms", "quartiles ms", "its time / native's", "of a copy's rate"):
        table.add_column(header, justify="right")
    for _, group in groupby(rows, key=lambda row: (row.step, row.size)):
        members = list(group)
        native_s = members[0].timing.median_s
        for row in members:
            t = row.timing
            table.add_row(
                row.step,
                row.size,
                row.contestant,
                f"{t.median_s * 1e3:.3f}",
                f"{t.lower_quartile_s * 1e3:.3f}-{t.upper_quartile_s * 1e3:.3f}",
                beside_native(row.contestant, t.median_s / native_s),
                f"{row.traffic_bytes / t.median_s / picture_copy_bytes_s:.0%}",
            )
        table.add_section()
    return table


def whole_table(rows: Sequence[WholeRow]) -> Table:
    """Whole processes, the first of each film being the measure of the others."""
    table = Table("film", "contestant", title="Whole processes, start-up included")
    headers = ("video s", "wall s", "quartiles s", "/ first", "CPU s", "/ first", "peak MB")
    for header in headers:
        table.add_column(header, justify="right")
    for _, group in groupby(rows, key=lambda row: row.film):
        members = list(group)
        first = members[0]
        for row in members:
            t, share = row.timing, first.video_s / row.video_s
            table.add_row(
                row.film,
                row.contestant,
                f"{row.video_s:.1f}",
                f"{t.median_s:.2f}",
                f"{t.lower_quartile_s:.2f}-{t.upper_quartile_s:.2f}",
                f"{t.median_s / first.timing.median_s * share:.2f} x",
                f"{row.cpu_s:.2f}",
                f"{row.cpu_s / first.cpu_s * share:.2f} x",
                f"{row.peak_bytes / 1e6:.0f}",
            )
        table.add_section()
    return table


def start_table(rows: Sequence[StartRow]) -> Table:
    """Waiting times."""
    table = Table("what", title="Waiting for the first sign of life")
    for header in ("median s", "quartiles s"):
        table.add_column(header, justify="right")
    for row in rows:
        t = row.timing
        quartiles = f"{t.lower_quartile_s:.2f}-{t.upper_quartile_s:.2f}"
        table.add_row(row.what, f"{t.median_s:.2f}", quartiles)
    return table


def stage_table(rows: Sequence[StageRow]) -> Table:
    """CPU time per frame."""
    table = Table("film", "stage", title="CPU time of one frame, one thread")
    for header in ("ms", "share"):
        table.add_column(header, justify="right")
    for _, group in groupby(rows, key=lambda row: row.film):
        for row in group:
            ms, share = f"{row.cpu_s_per_frame * 1e3:.3f}", f"{row.share:.1%}"
            table.add_row(row.film, row.stage, ms, share)
        table.add_section()
    return table


def memory_table(rows: Sequence[MemoryRow], title: str) -> Table:
    """Peaks by length."""
    table = Table("minutes", title=title)
    for header in ("frames", "peak MB", "CPU s per minute", "wall s per minute"):
        table.add_column(header, justify="right")
    for row in rows:
        per_minute = row.cpu_s / row.minutes, row.wall_s / row.minutes
        times = (f"{value:.2f}" for value in per_minute)
        peak_mb = f"{row.peak_bytes / 1e6:.0f}"
        table.add_row(f"{row.minutes:.3g}", f"{row.frames:,}", peak_mb, *times)
    return table
