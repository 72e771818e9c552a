"""The verb ``report`` and the option ``--export``: what they write, what they refuse, and how."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from pyanalyzer.__main__ import main
from pyanalyzer.commands.results import add_result_options, outputs_of
from pyanalyzer.decode.identity import sha256_of
from pyanalyzer.errors import TimelineFileError, UsageError
from pyanalyzer.export.registry import BY_NAME, FORMATS, format_table, parse_export
from pyanalyzer.export.saved import check_consistent, narrowed, read_saved
from pyanalyzer.records import Region, Timeline
from pyanalyzer.report.csv_report import csv_report
from pyanalyzer.report.json_report import json_report, rounded_timeline
from pyanalyzer.report.terminal import plain_report
from pyanalyzer.settings import AnalysisSettings, CauseChoice
from tests.planted_analysis import DATA, Calls, plant_timeline, planted_timeline

ROOT = Path(__file__).parents[1]
SAVED = str(DATA / "timeline.json")
GOOD = (DATA / "timeline.json").read_text()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """A planted analysis, which finds what SAVED holds."""
    return plant_timeline(monkeypatch)


def failure(argv: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> str:
    """The message of a run that fails, which must be one line and leave no file."""
    before = sorted(os.listdir())
    assert main(argv) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"pyanalyzer: error: .*\n", err)
    assert sorted(os.listdir()) == before
    return err.removeprefix("pyanalyzer: error: ").rstrip("\n")


def test_report_gives_what_the_analysis_gave(
    calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [["--json", "-"], ["--csv", "-"], ["--timeline"], [], ["--export", "srt:-"]]
    for option in options:
        assert main(["a.mp4", *option, "--quiet"]) == 0
        fresh = capsys.readouterr()
        assert main(["report", SAVED, *option, "--quiet"]) == 0
        assert capsys.readouterr() == fresh
    assert len(calls) == len(options)


@pytest.mark.parametrize("start", [["a.mp4"], ["report", SAVED]], ids=["fresh", "saved"])
def test_writes_every_format(
    start: list[str], calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    formats = [f for f in FORMATS if all(map(importlib.util.find_spec, f.libraries))]
    argv = [*start, "--json", "own.json", "--csv", "own.csv"]
    for format_ in formats:
        argv += ["--export", f"{format_.name}:{format_.name}.out"]
    assert main(argv) == 0
    for format_ in formats:
        assert Path(f"{format_.name}.out").read_bytes() == format_.render(planted_timeline())
    assert Path("own.json").read_bytes() == json_report(planted_timeline())
    assert Path("own.csv").read_bytes() == csv_report(planted_timeline())
    assert len(os.listdir()) == len(formats) + 2
    assert "srt.out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "name", "path"),
    [
        ("a.srt", "srt", "a.srt"),
        ("A.SRT", "srt", "A.SRT"),
        ("a.b/c.vtt", "vtt", "a.b/c.vtt"),
        ("out.json", "json", "out.json"),
        ("out.ndjson", "jsonl", "out.ndjson"),
        ("chapters.ffmeta", "ffmetadata", "chapters.ffmeta"),
        ("resolve:markers.edl", "resolve", "markers.edl"),
        ("cvat:a.xml", "cvat", "a.xml"),
        ("e2e-spot:-", "e2e-spot", "-"),
        ("srt:C:\\a.srt", "srt", "C:\\a.srt"),
        ("C:\\a.srt", "srt", "C:\\a.srt"),
        ("./srt:a.vtt", "vtt", "./srt:a.vtt"),
        ("trace:noextension", "trace", "noextension"),
    ],
)
def test_which_format(text: str, name: str, path: str) -> None:
    export = parse_export(text)
    assert (export.format.name, export.path) == (name, path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.edl", r"several formats end in \.edl: give edl:a.edl or resolve:a.edl"),
        ("a.xml", r"several formats end in \.xml: give fcp7:a.xml or cvat:a.xml"),
        ("a.txt", r"give ffmetadata:a.txt or audacity:a.txt"),
        ("a.sret", r"no format ends in \.sret; did you mean \.srt\? give FORMAT:FILE with one of"),
        ("a.mp4", r"no format ends in \.mp4; give FORMAT:FILE"),
        ("a", "the name has no extension"),
        ("-", "the name has no extension"),
        ("", "the name has no extension"),
        ("resolv:a.edl", r"no format 'resolv'; did you mean resolve\?"),
        ("nonsense:a.edl", r"no format 'nonsense'; formats: json, csv"),
        ("Elan:a.eaf", r"did you mean elan\?"),
        ("srt:", "names no file"),
    ],
)
def test_which_format_is_refused(
    text: str, message: str, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match=message):
        parse_export(text)
    assert re.search(message, failure(["a.mp4", "--export", text], 2, capsys))
    assert calls == []  # before the work


def test_help_lists_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("analyse", "report"):
        assert main([verb, "--help"]) == 0
        assert format_table() in capsys.readouterr().out
    assert main(["--help"]) == 0
    assert "show or export a timeline" in capsys.readouterr().out


def test_documents_list_every_format() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    exports = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    for format_ in FORMATS:
        assert f"| `{format_.name}` |" in readme
        assert f"`{format_.name}`" in exports
    assert len(BY_NAME) == len(FORMATS)


def test_a_missing_library_is_named(
    calls: Calls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for argv in (["a.mp4"], ["report", SAVED]):
        message = failure([*argv, "--export", "a.parquet"], 1, capsys)
        assert message.startswith("the format parquet needs pyarrow, which is not installed")
        assert message.endswith('pip install "pyanalyzer[export]"')
    assert calls == []
    assert main(["report", SAVED, "--export", "a.srt"]) == 0  # needs none


def test_exports_do_not_replace_what_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    Path("in.json").write_text(GOOD)
    message = failure(["report", "in.json", "--export", "in.json"], 2, capsys)
    assert "would replace in.json, which is to be read" in message
    message = failure(["report", "in.json", "--csv", "a", "--export", "srt:a"], 2, capsys)
    assert "--csv and --export srt:a would both go to a" in message
    assert Path("in.json").read_text() == GOOD


NOT_A_TIMELINE = {
    "missing": (None, r"cannot read in.json: No such file"),
    "empty": ("", "in.json is empty"),
    "blank": (" \n", "in.json is empty"),
    "a replay": ("\0\0\0\x20ftypisom", "not a saved timeline but a binary file; a replay is"),
    "not JSON": ("events", "in.json is not JSON"),
    "cut off": (GOOD[:700], "in.json is not JSON"),
    "other JSON": ("{}", "not a timeline of pyanalyzer"),
    "next version": (GOOD.replace("timeline/1", "timeline/2"), "has the schema .*timeline/2"),
    "missing field": (GOOD.replace('"pts": 9000, ', ""), r"has no field events\[0\].pts"),
    "unknown field": (GOOD.replace('"pts": 9', '"p": 1, "pts": 9'), r"unknown field events\[0\].p"),
    "unknown setting": (GOOD.replace('"cause": "all"', '"x": 1'), "unknown field settings.x"),
    "infinite": (GOOD.replace("0.94", "1e999"), "confidence must be a number in 0..1"),
    "not a number": (GOOD.replace("0.94", "NaN"), "NaN is no number"),
    "outside the picture": (GOOD.replace("[12, 40, 96, 128]", "[12, 400, 96, 128]"),
                            r"events\[1\].region_px .* must lie inside the picture, 640 x 480"),
    "outside its interval": (GOOD.replace("[50, 51]", "[51, 52]"),
                             r"events\[1\].interval_frames \[51, 52\) must hold the onset"),
    "empty interval": (GOOD.replace("[50, 51]", "[50, 50]"), "must be a half-open range"),
    "pts and time": (GOOD.replace('"pts": 21428', '"pts": 21429'), "pts and time_s contradict"),
    "order": (GOOD.replace('"pts": 21428', '"pts": 8999'), r"events\[1\]: frame and pts must grow"),
    "ids": (GOOD.replace('"id": 2', '"id": 7'), r"events\[1\].id must be 2"),
    "fine time base": (GOOD.replace("[1, 15000]", "[1, 3000000000]"), "must be a fraction of"),
    "rate": (GOOD.replace("[35, 1]", "[35, 2999999999]"), "frame_rate must be a fraction"),
    "long": (GOOD.replace("10.0", "1e300"), "duration_s must be at most 31622400"),
    "late": (GOOD.replace("1.428533", "1e300"), r"events\[1\].time_s must be in 0..31622400"),
    "before the start": (GOOD.replace("1.428533", "-1.4"), r"events\[1\].time_s must be in 0"),
    "time base": (GOOD.replace("[1, 15000]", "[0, 15000]"), "time_base must be positive"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), NOT_A_TIMELINE.values(), ids=NOT_A_TIMELINE)
def test_refuses(text: str | None, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    if text is not None:
        assert text != GOOD
        Path("in.json").write_text(text)
    argv = ["report", "in.json", "--json", "out.json", "--export", "out.srt"]
    assert re.search(message, failure(argv, 1, capsys))


def test_a_folder_is_no_timeline(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Is a directory" in failure(["report", "."], 1, capsys)


def test_the_replay_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    Path("now.mp4").write_bytes(b"the same bytes, elsewhere")
    argv = ["report", "in.json", "--replay", "now.mp4", "--export", "out.srt", "--json", "out.json"]
    Path("in.json").write_text(GOOD)
    assert "now.mp4 is not the replay of this timeline: its SHA-256 is " in failure(argv, 1, capsys)
    Path("in.json").write_text(GOOD.replace("5f" * 32, sha256_of("now.mp4")))
    assert main(argv) == 0
    assert json.loads(Path("out.json").read_text())["video"]["path"] == "now.mp4"
    capsys.readouterr()
    argv[3] = "gone.mp4"
    argv[-1] = "again.json"
    assert "gone.mp4: cannot be read" in failure(argv, 1, capsys)


def test_a_full_disk_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pyanalyzer import atomic_file

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic_file.os, "fsync", full)
    assert main(["report", SAVED, "--export", "a.srt", "--export", "cvat:a.xml"]) == 1
    out, err = capsys.readouterr()
    assert out == plain_report(planted_timeline())  # what could not be written is not lost
    assert err.count("No space left on device") == 2
    assert os.listdir() == []


def analysed(settings: AnalysisSettings) -> Timeline:
    """What an analysis with these settings would list, of events of every confidence."""
    full = planted_timeline()
    least = settings.min_confidence or 0.0
    chosen = [e for e in full.events if e.confidence >= least and settings.lists(e.cause)]
    events = tuple(replace(event, id=n) for n, event in enumerate(chosen, start=1))
    return replace(full, settings=settings.as_record(), events=events)


@pytest.mark.parametrize("cause", ["player", "world", "all"])
@pytest.mark.parametrize("least", [None, 0.0, 0.8, 0.94, 1.0])
def test_narrowed_as_if_analysed_so(cause: CauseChoice, least: float | None) -> None:
    region = Region(0, 0, 640, 480)
    saved = analysed(AnalysisSettings(cause="all", region=region, start_s=0.5))
    wanted = AnalysisSettings(cause=cause, min_confidence=least, region=region, start_s=0.5)
    assert json_report(narrowed(saved, least, cause)) == json_report(analysed(wanted))
    assert narrowed(saved) == saved


def test_narrowing_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["report", SAVED, "--json", "-", "--min-confidence", "0.9", "--cause", "player"]
    assert main(argv) == 0
    document = json.loads(capsys.readouterr().out)
    assert [(event["id"], event["frame"]) for event in document["events"]] == [
        (1, 21), (2, 50), (3, 340),
    ]  # fmt: skip
    for text in ("0.4", "1.5", "-1"):
        failure(["report", SAVED, f"--min-confidence={text}"], 2, capsys)


def test_what_a_saved_timeline_cannot_tell(capsys: pytest.CaptureFixture[str]) -> None:
    own = json.loads(GOOD)
    own["settings"] = {}
    Path("own.json").write_text(json.dumps(own))
    message = failure(["report", "own.json", "--cause", "world"], 2, capsys)
    assert "lists only the player's changes" in message
    assert main(["report", "own.json", "--min-confidence", "0.3", "--quiet"]) == 0
    assert "it may lack events of confidence 0.3" in capsys.readouterr().err
    assert main(["report", "own.json", "--min-confidence", "0.6", "--quiet"]) == 0
    assert "may lack" not in capsys.readouterr().err


def test_two_changes_of_one_frame_are_consistent() -> None:
    timeline = planted_timeline()
    first = timeline.events[0]
    check_consistent(replace(timeline, events=(first, replace(first, id=2))), "it")
    with pytest.raises(TimelineFileError, match="must grow together"):
        check_consistent(replace(timeline, events=(first, replace(first, id=2, pts=9001))), "it")


def test_read_saved() -> None:
    assert read_saved(SAVED) == planted_timeline()


def test_exports_hold_the_numbers_that_are_saved() -> None:
    """0.674996 is 67 %, and 68 % once it was saved as 0.675: the saved number is the one told."""
    found = planted_timeline()
    events = tuple(replace(event, confidence=0.674996) for event in found.events)
    fresh = replace(found, events=events)
    parser = argparse.ArgumentParser()
    add_result_options(parser.add_argument_group())
    arguments = parser.parse_args(["--export", "changes.srt"])
    arguments.replay = None
    (output,) = outputs_of(arguments)
    srt = output.render(fresh)
    assert srt == BY_NAME["srt"].render(rounded_timeline(fresh))
    assert srt != BY_NAME["srt"].render(fresh)


def test_a_timeline_of_a_fast_analysis_is_read() -> None:
    settings = AnalysisSettings(fast=True, cause="all", min_confidence=0.5).as_record()
    fast = replace(planted_timeline(), settings=settings)
    check_consistent(fast, "fast.json")
    assert narrowed(fast, 0.6).settings["fast"] is True
