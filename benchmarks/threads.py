"""Processor time of each thread of this process, also of those that libraries start.

The sum says what a machine without other work needs at least, spread over its cores; the busiest
thread says what no number of cores can shorten. Neither depends on what else the machine does, as
wall time would. From ``/proc``: Linux only.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

_TASKS = Path("/proc/self/task")
_EVERY_S = 0.005  # what a thread does between the last look and its end is missed
_NANOSECONDS = 1e-9


@dataclass(frozen=True, slots=True)
class ThreadTime:
    """A thread's ``name``, a Python thread's own or the system's, and its processor time."""

    name: str
    cpu_s: float


class ThreadClock:
    """Measures the threads of the process while its block runs; ``times``: busiest first."""

    def __init__(self) -> None:
        self.times: list[ThreadTime] = []
        self._names: dict[int, str] = {}
        self._first: dict[int, float] = {}
        self._last: dict[int, float] = {}
        self._over = threading.Event()
        self._sampler = threading.Thread(target=self._sample, name="clock", daemon=True)

    def __enter__(self) -> ThreadClock:
        if _TASKS.exists():
            self._first = dict(_read())
            self._sampler.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._sampler.ident is not None:
            self._sampler.join()
            self._look()
            own = self._sampler.native_id
            spent = [
                ThreadTime(self._names[task], cpu_s - self._first.get(task, 0.0))
                for task, cpu_s in self._last.items()
                if task != own
            ]
            self.times = sorted(spent, key=lambda t: (-t.cpu_s, t.name))

    def _sample(self) -> None:
        while not self._over.wait(_EVERY_S):
            self._look()

    def _look(self) -> None:
        python = {t.native_id: t.name for t in threading.enumerate()}
        for task, cpu_s in _read():
            self._last[task] = cpu_s
            if task in python:
                self._names[task] = python[task]
            elif task not in self._names:
                self._names[task] = _system_name(task)


def thread_times(call: Callable[[], object]) -> list[ThreadTime]:
    """The threads that worked during a call; busiest first. Empty where there is no ``/proc``."""
    with ThreadClock() as clock:
        call()
    return clock.times


def _read() -> list[tuple[int, float]]:
    """Each living thread's number and processor time in s (proc(5), ``schedstat``)."""
    found = []
    for task in _TASKS.iterdir():
        try:
            spent_ns = (task / "schedstat").read_text(encoding="ascii").split()[0]
        except (OSError, IndexError):  # it ended meanwhile
            continue
        found.append((int(task.name), int(spent_ns) * _NANOSECONDS))
    return found


def _system_name(task: int) -> str:
    try:
        return (_TASKS / str(task) / "comm").read_text(encoding="utf-8").strip()
    except OSError:
        return "ended"
