"""For every test: hypothesis draws the same examples each time, however busy the machine is."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("pyanalyzer", deadline=None, derandomize=True)
settings.load_profile("pyanalyzer")
