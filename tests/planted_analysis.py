"""A planted analysis in the place of the pipeline, here or in a process of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

import pyanalyzer
from pyanalyzer.records import Timeline
from pyanalyzer.report.json_report import read_timeline
from pyanalyzer.settings import AnalysisSettings

DATA = Path(__file__).parent / "data" / "report"
# Other processes must find the package that is tested, beside the sources or installed. They run
# in its folder, because Python looks for packages in the working directory first.
PACKAGES = Path(pyanalyzer.__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PACKAGES)}

Calls = list[tuple[str, AnalysisSettings]]


def planted_timeline() -> Timeline:
    """What the planted analysis finds."""
    return read_timeline(DATA / "timeline.json")


def plant_timeline(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Plants an analysis that always finds the same; the list holds what it is asked."""
    calls: Calls = []

    def analyse(path: str, settings: AnalysisSettings, *_: object, **__: object) -> Timeline:
        calls.append((path, settings))
        return planted_timeline()

    plant(monkeypatch, analyse)
    return calls


def plant(monkeypatch: pytest.MonkeyPatch, analyse: object) -> None:
    """Puts ``analyse`` in the place of the pipeline."""
    module = ModuleType("pyanalyzer.pipeline")
    module.analyse = analyse  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyanalyzer.pipeline", module)


RUN_MAIN = "\nimport sys\nfrom pyanalyzer.__main__ import main\nsys.exit(main())"

# Plants an analysis in a process of its own; "{body}" is what it does before it finds the golden
# timeline.
PLANTED_PROGRAM = """
import sys, time, types
def analyse(path, settings, *_, **__):
    from pyanalyzer.report.json_report import read_timeline
    {body}
    return read_timeline({timeline!r})
sys.modules["pyanalyzer.pipeline"] = types.ModuleType("pyanalyzer.pipeline")
sys.modules["pyanalyzer.pipeline"].analyse = analyse
"""


def planted_program(body: str = "pass") -> str:
    """The program of such a process; RUN_MAIN goes after it."""
    return PLANTED_PROGRAM.format(body=body, timeline=str(DATA / "timeline.json"))
