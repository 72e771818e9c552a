"""For every test: deterministic examples, and the benchmarks within reach."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import settings

# hypothesis draws the same examples each time, however busy the machine is.
settings.register_profile("pyanalyzer", deadline=None, derandomize=True)
settings.load_profile("pyanalyzer")

# `benchmarks` is not installed. Last in the path, so that the installed package goes before the
# sources in the same folder.
sys.path.append(str(Path(__file__).parents[1]))
