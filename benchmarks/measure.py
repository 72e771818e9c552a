"""Timing: warm-up, median and quartiles, and on what host."""

from __future__ import annotations

import os
import platform
import re
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

WARM_UP_S = 0.05  # caches, page faults, lazy imports and the clock of the processor settle
MIN_SAMPLES = 5
MAX_SAMPLES = 200


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of one call: the median of ``samples`` calls and their quartiles."""

    median_s: float
    lower_quartile_s: float
    upper_quartile_s: float
    samples: int


def time_call(call: Callable[[], object], budget_s: float) -> Timing:
    """Times ``call`` until the budget is used, at least MIN_SAMPLES times after a warm-up."""
    end = time.perf_counter() + WARM_UP_S
    call()
    while time.perf_counter() < end:
        call()
    times: list[float] = []
    end = time.perf_counter() + budget_s
    while len(times) < MIN_SAMPLES or (time.perf_counter() < end and len(times) < MAX_SAMPLES):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return timing_of(times)


def timing_of(times_s: list[float]) -> Timing:
    """Median and quartiles of at least two measured times."""
    lower, middle, upper = statistics.quantiles(times_s, n=4, method="inclusive")
    return Timing(middle, lower, upper, len(times_s))


MEMORY_BYTES = 1 << 26  # more than a core's share of any cache
PICTURE_BYTES = 1920 * 1080  # a plane of 1080p: what stays in cache between two kernels


def copy_rate_bytes_s(size_bytes: int = MEMORY_BYTES, budget_s: float = 0.5) -> float:
    """What a plain copy of so many bytes reaches on one thread: bytes read and written per second.

    The median call.
    """
    import numpy as np

    source = np.ones(size_bytes, np.uint8)
    target = np.zeros_like(source)
    timing = time_call(lambda: np.copyto(target, source), budget_s)
    return 2 * source.nbytes / timing.median_s


def describe_host() -> dict[str, object]:
    """Processor, cores, compiler, versions, instruction set, commit: no figure without them."""
    import cv2
    import numpy as np

    from pyanalyzer import __version__, _core, core

    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "compiler": _compiler(Path(_core.__file__)),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "pyanalyzer": __version__,
        "isa": core.default_isa(),
        "commit": _commit(),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _compiler(module: Path) -> str:
    """What compiled the core, as GCC and Clang sign their work (section .comment of the file)."""
    found = re.search(rb"(GCC: \([^)]*\) [\d.]+|clang version [\d.]+)", module.read_bytes())
    return found[1].decode() if found else "unknown"


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    here = Path(__file__).parent
    try:
        done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
