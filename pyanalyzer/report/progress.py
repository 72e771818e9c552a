"""The progress bar of an analysis, on the terminal behind stderr."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from pyanalyzer.report.words import clock
from pyanalyzer.settings import Progress

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID

# Before that much time has passed, a speed says nothing.
SETTLING_S = 0.5


class ProgressBar:
    """Shows how far an analysis has come: call it with each :class:`Progress`.

    A context manager; the bar vanishes at its end. Speeds count from the first call, so that
    loading the network does not slow them. What is printed on ``console`` meanwhile stands above
    the bar.
    """

    def __init__(self, console: Console, clock_s: Callable[[], float] = time.monotonic) -> None:
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn
        from rich.progress import Progress as RichProgress

        self._clock_s = clock_s
        self._first: tuple[float, Progress] | None = None
        self._bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TextColumn("{task.fields[words]}"),
            console=console,
            transient=True,
            expand=True,
        )
        self._task: TaskID = self._bar.add_task("starting", total=None, words="")

    def __enter__(self) -> ProgressBar:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def __call__(self, progress: Progress) -> None:
        now_s = self._clock_s()
        if self._first is None:
            self._first = (now_s, progress)
        began_s, first = self._first
        share = done_share(progress)
        self._bar.update(
            self._task,
            description=progress.stage,
            total=None if share is None else 1.0,
            completed=share or 0.0,
            words=progress_words(progress, first, now_s - began_s),
        )


def done_share(progress: Progress) -> float | None:
    """How much is done, 0..1, by frames or else by time; None where the container tells neither."""
    if progress.frames_total_estimated:
        return min(1.0, progress.frames_done / progress.frames_total_estimated)
    if progress.duration_estimated_s:
        return min(1.0, max(0.0, progress.position_s / progress.duration_estimated_s))
    return None


def progress_words(progress: Progress, first: Progress, elapsed_s: float) -> str:
    """Frames done, speed and time left, ``elapsed_s`` seconds after ``first`` was reported."""
    parts = [f"{progress.frames_done:,} frames"]
    frames = progress.frames_done - first.frames_done
    if elapsed_s >= SETTLING_S and frames > 0:
        parts.append(f"{frames / elapsed_s:.0f} frames/s")
        parts.append(f"{(progress.position_s - first.position_s) / elapsed_s:.1f}× real time")
        share, before = done_share(progress), done_share(first)
        if share is not None and before is not None and share > before:
            parts.append(f"{clock(elapsed_s * (1 - share) / (share - before), 0)} left")
    return " · ".join(parts)
