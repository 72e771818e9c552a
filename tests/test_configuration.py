"""Options from a file: they hold, the command line wins, and slips are named."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from pyanalyzer.__main__ import main
from pyanalyzer.commands import VERBS, analyse, configuration, evaluate, train
from pyanalyzer.commands.arguments import Parser
from pyanalyzer.errors import UsageError


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def parsed(verb: str, *given: str) -> argparse.Namespace:
    module = {"analyse": analyse, "evaluate": evaluate, "train": train}[verb]
    parser = Parser(prog="pyanalyzer", allow_abbrev=False)
    module.prepare_parser(parser)
    configuration.add_option(parser)
    configuration.apply(parser, verb, given)
    return parser.parse_args(given)


def test_every_kind_of_option_can_be_set() -> None:
    Path("pyanalyzer.toml").write_text(
        """
start = "1:30"
end = 95.5
region = [0, 0, 640, 360]
min_confidence = 0.6     # an underscore is a dash
cause = "all"
quiet = true
threads = 3
weights = "w.safetensors"
[evaluate]
split = ["validation", "test"]
[train]
steps = 5
out = "runs/x"
"""
    )
    options = parsed("analyse", "r.mp4")
    assert (options.start, options.end, options.region) == (90.0, 95.5, (0, 0, 640, 360))
    assert (options.min_confidence, options.cause, options.quiet) == (0.6, "all", True)
    assert (options.threads, options.weights) == (3, "w.safetensors")
    assert parsed("evaluate", "replays").split == ["validation", "test"]
    assert parsed("evaluate", "replays").quiet is False  # the top is for analyse alone
    trained = parsed("train", "replays")
    assert (trained.steps, trained.out) == (5, Path("runs/x"))


def test_the_command_line_wins() -> None:
    Path("pyanalyzer.toml").write_text('min-confidence = 0.6\ncause = "all"\n')
    options = parsed("analyse", "r.mp4", "--cause", "world", "--min-confidence=0.1")
    assert (options.cause, options.min_confidence) == ("world", 0.1)
    other = parsed("analyse", "r.mp4", "--false-alarms", "2")
    assert (other.false_alarms, other.min_confidence) == (2.0, None)


def test_options_that_can_be_given_several_times() -> None:
    Path("pyanalyzer.toml").write_text('export = ["a.srt", "edl:b.edl"]\n')
    assert parsed("analyse", "r.mp4").export == ["a.srt", "edl:b.edl"]
    assert parsed("analyse", "r.mp4", "--export", "c.vtt").export == ["c.vtt"]


def test_which_file(tmp_path: Path) -> None:
    Path("pyproject.toml").write_text("[tool.other]\nmin-confidence = 3\n")
    assert parsed("analyse", "r.mp4").min_confidence is None
    Path("pyproject.toml").write_text(
        "[tool.pyanalyzer]\nmin-confidence = 0.1\n[tool.pyanalyzer.train]\nsteps = 9\n"
    )
    assert parsed("analyse", "r.mp4").min_confidence == 0.1
    assert parsed("train", "replays").steps == 9
    Path("pyanalyzer.toml").write_text("min-confidence = 0.2\n")
    assert parsed("analyse", "r.mp4").min_confidence == 0.2
    other = tmp_path / "other.toml"
    other.write_text("min-confidence = 0.3\n[analyse]\nmin-confidence = 0.4\n")
    assert parsed("analyse", "r.mp4", "--config", str(other)).min_confidence == 0.4
    assert parsed("analyse", "r.mp4", f"--config={other}").min_confidence == 0.4


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("min-confidense = 0.5", "min-confidense is no option of analyse; did you mean min-conf"),
        ("zzz = 1", "zzz is no option of analyse .see pyanalyzer analyse --help"),
        ("config = 'x'", "config is no option"),
        ("help = true", "help is no option"),
        ("replay = 'r.mp4'", "replay is no option"),
        ("[evalute]\nsplit = 'test'", r"\[evalute\] is no verb; did you mean evaluate"),
        ("train = 3", r"train is a verb: write its options in a table \[train\]"),
        ("quiet = 1", "quiet is a switch: write true or false, not 1"),
        ("cause = 'nobody'", "cause: 'nobody' is none of player, world, all"),
        ("start = 'soon'", "start: 'soon' is no time in a replay"),
        ("min-confidence = nan", "min-confidence: expected a finite number"),
        ("min-confidence = true", "min-confidence: expected a text or a number"),
        ("region = [0, 0, 1]", "region: '0,0,1' is no region"),
        ("threads = 1.5", "threads"),
        ("not toml", "is not a TOML file"),
    ],
)
def test_slips_are_named(text: str, says: str) -> None:
    Path("pyanalyzer.toml").write_text(text)
    with pytest.raises(UsageError, match=says) as caught:
        parsed("analyse", "r.mp4")
    assert str(caught.value).startswith("pyanalyzer.toml: ")


def test_a_file_that_is_not_there_and_one_that_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.toml: cannot be read"):
        parsed("analyse", "r.mp4", "--config", "gone.toml")
    with pytest.raises(UsageError, match="cannot be read"):
        parsed("analyse", "r.mp4", "--config", str(tmp_path))
    Path("pyanalyzer.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="is not a TOML file"):
        parsed("analyse", "r.mp4")


def test_empty_lists_and_single_values() -> None:
    Path("pyanalyzer.toml").write_text("[evaluate]\nsplit = []\n")
    with pytest.raises(UsageError, match="split is an empty list"):
        parsed("evaluate", "replays")
    Path("pyanalyzer.toml").write_text("[evaluate]\nsplit = 'test'\n")
    assert parsed("evaluate", "replays").split == ["test"]


def test_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    Path("pyanalyzer.toml").write_text("min-confidense = 0.5\n")
    assert main(["gone.mp4"]) == 2
    assert "did you mean min-confidence?" in capsys.readouterr().err
    assert main(["--version"]) == 0
    for verb in VERBS:
        Path("pyanalyzer.toml").write_text("")
        assert main([verb, "--help"]) == 0
        assert "--config FILE" in capsys.readouterr().out
