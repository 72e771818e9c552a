"""The command line: where results go, what survives a failure, and how a process ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pyanalyzer.__main__ import main
from pyanalyzer.errors import OutputError, ReplayError, UsageError
from pyanalyzer.records import Timeline
from pyanalyzer.report.csv_report import csv_report
from pyanalyzer.report.json_report import json_report
from pyanalyzer.report.terminal import plain_report
from pyanalyzer.settings import AnalysisSettings
from tests.planted_analysis import (
    ENVIRONMENT,
    RUN_MAIN,
    Calls,
    plant,
    plant_timeline,
    planted_program,
    planted_timeline,
)


@pytest.fixture(scope="module")
def planted() -> Timeline:
    """What the planted analysis finds."""
    return planted_timeline()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Calls:
    """A planted analysis, in an empty working folder; what it was asked."""
    monkeypatch.chdir(tmp_path)
    return plant_timeline(monkeypatch)


def test_prints_the_timeline(
    calls: Calls, planted: Timeline, capsys: pytest.CaptureFixture[str]
) -> None:
    for argv in (["a.mp4"], ["a.mp4", "--timeline"], ["a.mp4", "--quiet"]):
        assert main(argv) == 0
        out, err = capsys.readouterr()
        assert out == plain_report(planted)
        assert err == ""


def test_writes_files(
    calls: Calls, planted: Timeline, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["a.mp4", "--json", "out.json", "--csv", "out.csv"]) == 0
    assert Path("out.json").read_bytes() == json_report(planted)
    assert Path("out.csv").read_bytes() == csv_report(planted)
    assert sorted(os.listdir(tmp_path)) == ["out.csv", "out.json"]
    out, err = capsys.readouterr()
    assert out == ""
    assert "pyanalyzer: warning: the stream is damaged after frame 349" in err
    assert "pyanalyzer: 5 events written to out.json and out.csv" in err
    assert main(["a.mp4", "--json", "out.json", "--timeline"]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == (plain_report(planted), "")


def test_quiet_says_nothing(
    calls: Calls, capsys: pytest.CaptureFixture[str], planted: Timeline
) -> None:
    assert main(["a.mp4", "--json", "out.json", "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"pyanalyzer: warning: {planted.warnings[0]}\n"


@pytest.mark.parametrize(("option", "render"), [("--json", json_report), ("--csv", csv_report)])
def test_stdout(
    option: str, render: Callable[[Timeline], bytes], planted: Timeline, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", planted_program() + RUN_MAIN, "a.mp4", option, "-"],
        env=ENVIRONMENT, capture_output=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout == render(planted)


def test_the_other_results_survive_a_failure(
    calls: Calls, planted: Timeline, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    from pyanalyzer.commands import outputs

    written = outputs.write_atomically

    def fail_for_json(path: str, data: bytes) -> None:
        if path.endswith(".json"):
            raise OutputError(f"cannot write {path}: No space left on device")
        written(path, data)

    monkeypatch.setattr(outputs, "write_atomically", fail_for_json)
    assert main(["a.mp4", "--json", "out.json", "--csv", "out.csv"]) == 1
    out, err = capsys.readouterr()
    assert Path("out.csv").read_bytes() == csv_report(planted)
    assert out == plain_report(planted)
    assert err == "pyanalyzer: error: cannot write out.json: No space left on device\n"
    assert not Path("out.json").exists()


@pytest.mark.parametrize(
    ("error", "code"), [(ReplayError("a.mp4 is no\nvideo \x1b[2J"), 1), (UsageError("never"), 2)]
)
def test_errors_are_one_harmless_line(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], tmp_path: Path,
) -> None:  # fmt: skip
    def analyse(path: str, settings: AnalysisSettings, *_: object, **__: object) -> Timeline:
        raise error

    plant(monkeypatch, analyse)
    monkeypatch.chdir(tmp_path)
    assert main(["a.mp4", "--json", "out.json"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("pyanalyzer: error: ")
    assert re.fullmatch(r"[ -~]+\n", err)
    assert os.listdir(tmp_path) == []


def test_a_defect_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def analyse(path: str, settings: AnalysisSettings, *_: object, **__: object) -> Timeline:
        raise ZeroDivisionError

    plant(monkeypatch, analyse)
    with pytest.raises(ZeroDivisionError):
        main(["a.mp4"])


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    # A shell that starts the tests in the background has them ignore SIGINT.
    body = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "print('begun', flush=True); time.sleep(30)"
    )
    code = planted_program(body) + RUN_MAIN
    with subprocess.Popen(
        [sys.executable, "-c", code, "a.mp4", "--json", "out.json"],
        env=ENVIRONMENT, cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=40)
    assert process.returncode == 130
    assert err == "pyanalyzer: interrupted\n"
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
@pytest.mark.parametrize("argv", [["--timeline"], ["--json", "-"], ["--csv", "-"]])
def test_a_reader_that_goes_is_no_error(argv: list[str], tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    other = ["--json", "out"] if argv[0] == "--csv" else ["--csv", "out"]
    done = subprocess.run(
        [sys.executable, "-c", planted_program() + RUN_MAIN, "a.mp4", *argv, *other, "--quiet"],
        env=ENVIRONMENT, cwd=tmp_path, stdout=write_end, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(write_end)
    assert (done.returncode, done.stderr) == (141, b"")
    assert os.listdir(tmp_path) == ["out"]  # files are written first


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
@pytest.mark.parametrize("argv", [["a.mp4"], ["a.mp4", "--csv", "-"]])
def test_a_full_disk_behind_stdout(argv: list[str], tmp_path: Path) -> None:
    code = planted_program() + RUN_MAIN
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", code, *argv, "--quiet"],
            env=ENVIRONMENT, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True,
            check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert "pyanalyzer: error: cannot write to standard output: No space left" in done.stderr
    assert "Traceback" not in done.stderr
