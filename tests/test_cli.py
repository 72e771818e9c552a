"""The command line: what it loads, what its help shows, what it understands and refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import pyanalyzer
from pyanalyzer.__main__ import main
from pyanalyzer.errors import UsageError
from pyanalyzer.records import Region
from pyanalyzer.settings import AnalysisSettings
from tests.planted_analysis import ENVIRONMENT, PACKAGES, RUN_MAIN, Calls, plant_timeline

HEAVY = {"torch", "cv2", "rich", "av"}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Calls:
    """A planted analysis, in an empty working folder; what it was asked."""
    monkeypatch.chdir(tmp_path)
    return plant_timeline(monkeypatch)


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["analyse", "--help"]])
def test_help_loads_nothing_heavy(argv: list[str]) -> None:
    program = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program + RUN_MAIN, *argv],
        env=ENVIRONMENT, cwd=PACKAGES, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "[]\n")


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, pyanalyzer, pyanalyzer.core, pyanalyzer.settings, pyanalyzer.report.terminal\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=ENVIRONMENT, cwd=PACKAGES, text=True, capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout == "[]\n"


def test_help_loads_little() -> None:
    """A count, since a time would say more about the machine: half a millisecond for each."""
    counted = (
        "import atexit, sys\natexit.register(lambda: print(len(sys.modules), file=sys.stderr))"
    )

    def modules(code: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", counted + code],
            env=ENVIRONMENT, cwd=PACKAGES, text=True, capture_output=True, check=True,
        )  # fmt: skip
        return int(done.stderr)

    help_modules = modules("\nfrom pyanalyzer.__main__ import main\nmain(['--help'])")
    # argparse makes up half of them; 53 more are loaded today with Python 3.11.
    assert help_modules - modules("\nimport argparse") < 100


def test_help_shows_verbs_and_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for word in (
        "analyse",
        "simulate",
        "recapture",
        "train",
        "evaluate",
        "pyanalyzer replay.mp4 --timeline",
    ):
        assert word in shown


def test_help_of_the_default_verb_documents_every_option(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["analyse", "--help"]) == 0
    shown = capsys.readouterr().out
    for option in (
        "timeline", "json", "csv", "start", "end", "region", "mask", "core", "threads",
        "min-confidence", "false-alarms", "cause", "weights", "quiet",
    ):  # fmt: skip
        assert f"--{option}" in shown
    assert main(["replay.mp4", "--help"]) == 0
    assert capsys.readouterr().out == shown


@pytest.mark.parametrize("verb", ["simulate", "recapture", "train", "evaluate"])
def test_every_verb_has_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    assert f"usage: pyanalyzer {verb}" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"pyanalyzer {pyanalyzer.__version__}\n"


def test_the_default_verb(calls: Calls) -> None:
    assert main(["replay.mp4"]) == 0
    assert main(["analyse", "replay.mp4"]) == 0
    assert main(["--timeline", "replay.mp4"]) == 0
    assert main(["./train"]) == 0
    assert calls == [(path, AnalysisSettings()) for path in ["replay.mp4"] * 3 + ["./train"]]


def test_every_option_arrives(calls: Calls) -> None:
    argv = ["replay.mp4", "--start", "1:02.5", "--end", "1:00:00", "--region", "10,20,300,200"]
    argv += ["--mask", "mask.png", "--core", "reference", "--threads", "3", "--cause", "all"]
    argv += ["--false-alarms", "2.5", "--weights", "other"]
    assert main(argv) == 0
    assert calls[0][1] == AnalysisSettings(
        core="reference", threads=3, start_s=62.5, end_s=3600.0, region=Region(10, 20, 300, 200),
        mask="mask.png", false_alarms_per_min=2.5, cause="all", weights="other",
    )  # fmt: skip
    assert main(["replay.mp4", "--min-confidence", "0.25", "--start", "90"]) == 0
    assert calls[1][1] == AnalysisSettings(min_confidence=0.25, start_s=90.0)


BAD_USAGE = {
    "nothing": ([], "give a replay"),
    "no replay": (["--timeline"], "the following arguments are required: REPLAY"),
    "two replays": (["a.mp4", "b.mp4"], "unrecognized arguments: b.mp4"),
    "unknown option": (["a.mp4", "--loud"], "unrecognized arguments: --loud"),
    "abbreviated option": (["a.mp4", "--time"], "unrecognized arguments: --time"),
    "start nan": (["a.mp4", "--start", "nan"], "'nan' is no time in a replay"),
    "start inf": (["a.mp4", "--start", "inf"], "'inf' is no time in a replay"),
    "start beyond numbers": (["a.mp4", "--start", "9" * 400], "is no finite number"),
    "start negative": (["a.mp4", "--start", "-5"], "'-5' is no time in a replay"),
    "start word": (["a.mp4", "--start", "soon"], "give seconds (83.5) or [h:]m:s (1:23.5)"),
    "start other digits": (["a.mp4", "--start", "१"], "is no time in a replay"),
    "75 seconds": (["a.mp4", "--start", "1:75"], "minutes and seconds end at 59"),
    "75 minutes": (["a.mp4", "--start", "1:75:00"], "minutes and seconds end at 59"),
    "end before start": (["a.mp4", "--start", "9", "--end", "0:08"], "end must come after start"),
    "end at start": (["a.mp4", "--end", "0"], "nothing lies between 0 s and 0 s"),
    "region of three": (["a.mp4", "--region", "1,2,3"], "'1,2,3' is no region: give x,y,w,h"),
    "region of words": (["a.mp4", "--region", "a,b,c,d"], "is no region"),
    "region with points": (["a.mp4", "--region", "0,0,1.5,2"], "in whole pixels"),
    "region nan": (["a.mp4", "--region", "nan,0,1,2"], "is no region"),
    "region left of it": (["a.mp4", "--region=-1,0,5,5"], "begin inside the picture, not at -1,0"),
    "region empty": (["a.mp4", "--region", "0,0,0,5"], "at least 1 px wide and high, not 0 x 5"),
    "confidence nan": (["a.mp4", "--min-confidence", "nan"], "'nan' is no finite number"),
    "confidence above 1": (["a.mp4", "--min-confidence", "1.01"], "a probability, 0..1, not 1.01"),
    "confidence below 0": (["a.mp4", "--min-confidence", "-0.1"], "a probability, 0..1, not -0.1"),
    "confidence word": (["a.mp4", "--min-confidence", "high"], "'high' is no number"),
    "alarms 0": (["a.mp4", "--false-alarms", "0"], "positive number per minute, not 0"),
    "alarms negative": (["a.mp4", "--false-alarms", "-2"], "positive number per minute, not -2"),
    "alarms inf": (["a.mp4", "--false-alarms", "inf"], "'inf' is no finite number"),
    "alarms absurd": (["a.mp4", "--false-alarms", "1e9"], "positive number per minute"),
    "both thresholds": (
        ["a.mp4", "--false-alarms", "1", "--min-confidence", "0.5"], "not both",
    ),
    "threads 0": (["a.mp4", "--threads", "0"], "threads must be 1..1024, not 0"),
    "threads half": (["a.mp4", "--threads", "1.5"], "'1.5' is no whole number"),
    "core": (["a.mp4", "--core", "gpu"], "invalid choice: 'gpu'"),
    "cause": (["a.mp4", "--cause", "me"], "invalid choice: 'me'"),
    "empty mask": (["a.mp4", "--mask", ""], "mask must be the path of a file"),
    "json without file": (["a.mp4", "--json"], "argument --json: expected one argument"),
    "both on stdout": (["a.mp4", "--json", "-", "--csv", "-"], "would both go to standard output"),
    "timeline too": (["a.mp4", "--json", "-", "--timeline"], "would both go to standard output"),
    "one file": (["a.mp4", "--json", "x", "--csv", "./x"], "would both go to ./x"),
    "replay as output": (["a.mp4", "--json", "a.mp4"], "would replace a.mp4, which is to be read"),
    "mask as output": (["a.mp4", "--mask", "m.png", "--csv", "m.png"], "would replace m.png"),
}  # fmt: skip


@pytest.mark.parametrize(("argv", "message"), BAD_USAGE.values(), ids=BAD_USAGE)
def test_bad_usage(
    argv: list[str], message: str, calls: Calls, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    Path("a.mp4").write_bytes(b"kept")
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("pyanalyzer: error: ")
    assert message in err
    assert err.count("\n") == 1
    assert calls == []
    assert os.listdir(tmp_path) == ["a.mp4"]
    assert Path("a.mp4").read_bytes() == b"kept"


UNWRITABLE = {
    "no folder": (["--json", "missing/out.json"], "there is no folder"),
    "a folder": (["--csv", "folder"], "is a folder"),
    "empty name": (["--json", ""], "the name of the file is empty"),
    "below a file": (["--json", "a.mp4/out"], "Not a directory"),
}


@pytest.mark.parametrize(("argv", "message"), UNWRITABLE.values(), ids=UNWRITABLE)
def test_unwritable_outputs_are_found_before_the_work(
    argv: list[str], message: str, calls: Calls, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    Path("a.mp4").touch()
    Path("folder").mkdir()
    first, second = ("--json", "--csv") if argv[0] == "--csv" else ("--csv", "--json")
    assert main(["a.mp4", first, "good", second, argv[1]]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("pyanalyzer: error: cannot write")
    assert message in err
    assert calls == []
    assert sorted(os.listdir(tmp_path)) == ["a.mp4", "folder"]


@pytest.mark.parametrize(
    "settings",
    [
        {"start_s": float("nan")}, {"start_s": -1.0}, {"end_s": float("inf")},
        {"start_s": 5.0, "end_s": 5.0}, {"region": Region(0, 0, 0, 1)}, {"core": "gpu"},
        {"region": Region(-1, 0, 1, 1)}, {"min_confidence": float("nan")},
        {"min_confidence": 2.0}, {"false_alarms_per_min": float("nan")},
        {"false_alarms_per_min": -1.0}, {"threads": 0}, {"cause": "nobody"}, {"weights": ""},
        {"min_confidence": 0.5, "false_alarms_per_min": 1.0},
    ],
)  # fmt: skip
def test_settings_without_meaning(settings: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        AnalysisSettings(**settings)  # type: ignore[arg-type]


def test_settings_as_record_hold_what_alters_the_answer() -> None:
    assert AnalysisSettings().as_record() == {}
    assert AnalysisSettings(core="reference", threads=7, weights="w").as_record() == {}
    changed = AnalysisSettings(
        start_s=0.0, end_s=9.5, region=Region(1, 2, 3, 4), mask="m.png", min_confidence=0.0,
        cause="world", fast=True,
    )  # fmt: skip
    assert changed.as_record() == {
        "start_s": 0.0, "end_s": 9.5, "region_px": [1, 2, 3, 4], "mask": "m.png",
        "min_confidence": 0.0, "cause": "world", "fast": True,
    }  # fmt: skip
    assert changed.lists("world")
    assert not changed.lists("player")


def test_an_unknown_instruction_set_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> str:
        raise ValueError("unknown or unsupported instruction set 'mmx'; this machine has: scalar")

    monkeypatch.setenv("PYANALYZER_ISA", "mmx")
    monkeypatch.setattr("pyanalyzer.core.isa.default_isa", refused)
    assert main(["compare", "a.png", "b.png"]) == 2
    assert capsys.readouterr().err == (
        "pyanalyzer: error: PYANALYZER_ISA: unknown or unsupported instruction set 'mmx';"
        " this machine has: scalar\n"
    )
