"""``--follow``: the timeline's events one by one, as the analysis finds them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from pyanalyzer.__main__ import main
from pyanalyzer.export.jsonl import jsonl_export
from pyanalyzer.pipeline import EventCallback, Followed
from pyanalyzer.records import Event, Timeline, VideoInfo
from pyanalyzer.report.live_rows import LiveRows
from pyanalyzer.report.terminal import plain_line, plain_report
from pyanalyzer.report.words import ASCII
from pyanalyzer.settings import AnalysisSettings
from tests.planted_analysis import ENVIRONMENT, RUN_MAIN, plant, plant_timeline, planted_timeline

Capture = pytest.CaptureFixture[str]


def followed(timeline: Timeline) -> Followed:
    """The planted replay, as an analysis that goes on knows it."""
    video = timeline.video
    first = timeline.events[0]
    info = VideoInfo(
        path=video.path,
        width_px=video.width_px,
        height_px=video.height_px,
        time_base=video.time_base,
        frame_rate=video.frame_rate,
        codec="h264",
        pixel_format="yuv420p",
        bit_depth=8,
        full_range=False,
        rotation_deg=0,
        frames_estimated=None,
        duration_estimated_s=video.duration_s,
        start_pts=round(first.pts - Fraction(first.time_s) / video.time_base),
    )
    return Followed(info, lambda: video.sha256)


def analyse(
    path: str, settings: AnalysisSettings, progress: object = None,
    on_event: EventCallback | None = None, **_: object,
) -> Timeline:  # fmt: skip
    """Finds the planted events, one after the other."""
    timeline = planted_timeline()
    for event in timeline.events if on_event is not None else ():
        on_event(event, followed(timeline))
    return timeline


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Timeline:
    """What the planted analysis finds, in an empty working folder."""

    monkeypatch.chdir(tmp_path)
    plant(monkeypatch, analyse)
    return planted_timeline()


def rows_of(timeline: Timeline, world: bool = False) -> str:
    """The rows that a pipe gets."""
    size_px = timeline.video.width_px, timeline.video.height_px
    rows = LiveRows(size_px, timeline.video.duration_s, 100, ASCII, world=world)
    return "".join(plain_line(rows.row(event)) for event in timeline.events)


def test_a_pipe_gets_one_line_per_event(planted: Timeline, capsys: Capture) -> None:
    assert main(["a.mp4", "--follow", "--quiet", "--cause", "all"]) == 0
    out, err = capsys.readouterr()
    assert out == rows_of(planted, world=True)
    assert len(out.splitlines()) == len(planted.events)
    assert err == f"pyanalyzer: warning: {planted.warnings[0]}\n"
    for line, event in zip(out.splitlines(), planted.events, strict=True):
        assert re.match(rf" +{event.id} ", line)
        assert event.kind in line
        assert f"{event.confidence:.0%}" in line


def test_rows_say_what_the_table_says(planted: Timeline) -> None:
    """Word for word, as far as there is room; only the spaces between columns differ."""
    table = [line.split() for line in plain_report(planted, 140).splitlines()]
    size_px = planted.video.width_px, planted.video.height_px
    rows = LiveRows(size_px, None, 140, ASCII, world=True)
    for event in planted.events:
        assert plain_line(rows.row(event)).split() in table
    assert plain_line(rows.titles()).split() in table


@pytest.mark.parametrize("width", [40, 56, 80, 100, 160])
def test_rows_stand_under_their_titles(planted: Timeline, width: int) -> None:
    rows = LiveRows((640, 480), None, width, ASCII, world=True)
    lines = [rows.titles(), *map(rows.row, planted.events)]
    texts = ["".join(text for text, _ in line) for line in lines]
    assert len(set(map(len, texts))) == 1
    assert len(texts[0]) <= max(width, 56)
    kind = texts[0].index("kind")
    for text, event in zip(texts[1:], planted.events, strict=True):
        assert text[kind:].startswith(event.kind)


def test_the_timeline_can_follow(planted: Timeline, capsys: Capture) -> None:
    argv = ["a.mp4", "--follow", "--timeline", "--cause", "all", "--json", "out.json"]
    assert main(argv) == 0
    assert capsys.readouterr().out == rows_of(planted, world=True) + plain_report(planted)
    assert len(json.loads(Path("out.json").read_text())["events"]) == len(planted.events)


def test_who_follows_does_not_wait_for_the_first_ten_seconds(
    planted: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = plant_timeline(monkeypatch)
    for argv in (["a.mp4", "--follow"], ["a.mp4"]):
        assert main(argv) == 0
    assert [settings.follow for _, settings in calls] == [True, False]
    assert [settings.as_record() for _, settings in calls] == [{"follow": True}, {}]


def test_json_lines_are_those_of_the_export(planted: Timeline) -> None:
    """In a process of its own, whose output is bytes."""
    program = "import tests.test_cli_follow as t, sys, types\n" \
        "import pyanalyzer.commands.following\n" \
        "sys.modules['pyanalyzer.pipeline'] = types.ModuleType('pyanalyzer.pipeline')\n" \
        "sys.modules['pyanalyzer.pipeline'].analyse = t.analyse"  # fmt: skip
    root = str(Path(__file__).parents[1])
    environment = {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join((ENVIRONMENT["PYTHONPATH"], root))}
    done = subprocess.run(
        [sys.executable, "-c", program + RUN_MAIN, "a.mp4", "--follow", "--export", "jsonl:-"],
        env=environment, capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout == jsonl_export(planted)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--json", "-"], "--follow and --json would both go to standard output"),
        (["--csv", "-"], "--follow and --csv would both go to standard output"),
        (["--export", "srt:-"], "--follow and --export srt:- would both go to standard output"),
        (["--export", "jsonl:-", "--timeline"], "would both go to standard output"),
        (["--export", "jsonl:-", "--csv", "-"], "--export jsonl:- and --csv would both go"),
    ],
)
def test_two_results_for_one_output(
    argv: list[str], message: str, planted: Timeline, capsys: Capture
) -> None:
    assert main(["a.mp4", "--follow", *argv]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


@pytest.mark.parametrize("also_a_file", [False, True])
def test_a_reader_that_goes_ends_the_work_unless_there_is_more_to_do(
    also_a_file: bool, planted: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyanalyzer.commands import following

    written: list[bytes] = []

    def write(data: bytes) -> None:
        written.append(data)
        raise BrokenPipeError

    ended: list[Event] = []

    def analyse_to_the_end(
        path: str, settings: AnalysisSettings, *rest: object, **named: object
    ) -> Timeline:
        timeline = analyse(path, settings, *rest, **named)  # type: ignore[arg-type]
        ended.extend(timeline.events)
        return timeline

    plant(monkeypatch, analyse_to_the_end)
    monkeypatch.setattr(following, "write_stdout", write)
    monkeypatch.setattr(following, "discard_stdout", lambda: None)
    monkeypatch.setattr("pyanalyzer.__main__.discard_stdout", lambda: None)
    argv = ["a.mp4", "--follow", "--quiet", *(["--json", "out.json"] if also_a_file else [])]
    assert main(argv) == 141
    assert len(written) == 1
    assert bool(ended) == also_a_file
    assert Path("out.json").exists() == also_a_file
