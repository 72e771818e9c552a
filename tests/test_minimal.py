"""What every wheel must pass, on any machine: it imports, computes, and answers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

import pyanalyzer
from pyanalyzer import core


def test_core_computes() -> None:
    luma = np.array([[0, 2, 255, 255], [4, 6, 255, 254]], np.uint8)
    np.testing.assert_array_equal(core.downscale(luma, 2), [[3, 255]])


def test_command_line_answers() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pyanalyzer", "--version"],
        cwd=Path(pyanalyzer.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"pyanalyzer {pyanalyzer.__version__}\n"
