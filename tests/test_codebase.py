"""Rules that hold for every file: linters and the type checker, one version, no file too long."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import pyanalyzer
from pyanalyzer import _core

ROOT = Path(__file__).parents[1]
MAX_LINES = 450
SOURCE_FOLDERS = ("pyanalyzer", "cpp", "tests", "benchmarks", "docs")
SOURCE_SUFFIXES = {".py", ".pyi", ".cpp", ".hpp", ".js", ".css", ".html"}


def sources() -> list[Path]:
    """Every source file of the repository, in order."""
    found = [
        path
        for folder in SOURCE_FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in SOURCE_SUFFIXES
    ]
    assert len(found) > 50
    return sorted(found)


def tool(name: str) -> str:
    """The path of a tool of the [dev] extra, beside this Python or on the PATH."""
    beside = Path(sys.executable).parent
    path = shutil.which(name, path=str(beside)) or shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed; pip install .[dev]")
    return path


def clean(*command: str) -> None:
    """Runs a checker on the repository; its complaints are the failure's message."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"{' '.join(command[:3])}\n{done.stdout}{done.stderr}", pytrace=False)


def test_ruff() -> None:
    clean(tool("ruff"), "check", ".")


def test_ruff_format() -> None:
    clean(tool("ruff"), "format", "--check", ".")


def test_mypy() -> None:
    clean(tool("mypy"))


def test_clang_format() -> None:
    files = [str(path) for path in sources() if path.suffix in (".cpp", ".hpp")]
    clean(tool("clang-format"), "--dry-run", "--Werror", *files)


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_too_long(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MAX_LINES, f"{lines} lines: split it by topic"


def test_one_version() -> None:
    assert _core.__version__ == pyanalyzer.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+", pyanalyzer.__version__)
    version_file = (ROOT / "pyanalyzer" / "_version.py").read_text(encoding="utf-8")
    assert f'__version__ = "{pyanalyzer.__version__}"' in version_file
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'dynamic = ["version"]' in project
    assert 'metadata.version.input = "pyanalyzer/_version.py"' in project


def test_installed_version() -> None:
    try:
        installed = metadata.version("pyanalyzer")
    except metadata.PackageNotFoundError:
        pytest.skip("pyanalyzer is not installed; this is its checkout")
    assert installed == pyanalyzer.__version__
