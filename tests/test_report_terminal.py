"""The report for a person: golden text, every width, and what a terminal gets."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer.records import KINDS, Event, Region, Timeline
from pyanalyzer.report import strip, words
from pyanalyzer.report.event_table import event_table
from pyanalyzer.report.json_report import read_timeline
from pyanalyzer.report.summary import analysed_span_s, spells, summarise
from pyanalyzer.report.svg import main as svg_main
from pyanalyzer.report.svg import svg_report
from pyanalyzer.report.terminal import plain_report, report_lines, write_report
from pyanalyzer.report.words import ASCII, UNICODE, Glyphs

DATA = Path(__file__).parent / "data" / "report"
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def planted() -> Timeline:
    """A timeline with an event of each kind, one of them by the world."""
    return read_timeline(DATA / "timeline.json")


def with_times(timeline: Timeline, times_s: list[float], duration_s: float) -> Timeline:
    """The timeline with events at these times, in a replay of this length, nothing asked for."""
    events = tuple(
        replace(timeline.events[i % 5], id=i + 1, time_s=time_s, cause="player")
        for i, time_s in enumerate(times_s)
    )
    video = replace(timeline.video, duration_s=duration_s)
    return replace(timeline, video=video, settings={}, events=events, warnings=())


@pytest.mark.parametrize(("width", "name"), [(100, "timeline.txt"), (64, "timeline-64.txt")])
def test_plain_golden(planted: Timeline, width: int, name: str) -> None:
    assert plain_report(planted, width) == (DATA / name).read_text(encoding="ascii")


@pytest.mark.parametrize("glyphs", [ASCII, UNICODE], ids=["plain", "drawn"])
@pytest.mark.parametrize("width", [*range(56, 130), 200, 400])
def test_fits_every_width(planted: Timeline, width: int, glyphs: Glyphs) -> None:
    lines = ["".join(text for text, _ in line) for line in report_lines(planted, width, glyphs)]
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    for fact in ("0:04.657", "interface", "world", "bottom", "94%"):
        assert fact in text


def test_wider_says_more(planted: Timeline) -> None:
    size_px = planted.video.width_px, planted.video.height_px
    tables = [event_table(planted.events, size_px, width, UNICODE) for width in range(40, 140)]
    said = [sum(len(text.strip()) for line in table for text, _ in line) for table in tables]
    assert said == sorted(said)
    assert len(set(said)) == 8  # all details, and without each of the seven in turn


def test_plain_text_is_ascii_without_escape_codes(planted: Timeline) -> None:
    text = plain_report(planted)
    assert text.isascii()
    assert "\x1b" not in text
    assert not re.search(r"[ \t]$", text, re.MULTILINE)


def test_every_event_is_a_row(planted: Timeline) -> None:
    timeline = with_times(planted, [0.5 * i for i in range(1000)], 500.0)
    rows = re.findall(r"^ +(\d+) +\d+:\d\d\.\d{3} ", plain_report(timeline), re.MULTILINE)
    assert rows == [str(i) for i in range(1, 1001)]


def test_a_terminal_gets_the_same_words_in_colour(
    planted: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = io.StringIO()
    write_report(planted, stream, colour=True)
    drawn = stream.getvalue()
    assert ESCAPE.search(drawn)
    lines = ["".join(text for text, _ in line) for line in report_lines(planted, 120, UNICODE)]
    assert ESCAPE.sub("", drawn) == "".join(line + "\n" for line in lines)


def test_names_cannot_steer_the_terminal(planted: Timeline) -> None:
    video = replace(planted.video, path="a\x1b]0;owned\x07\r[bold]\u202e.mp4")
    timeline = replace(planted, video=video, warnings=("\x1b[2J broke\noff",))
    for glyphs in (ASCII, UNICODE):
        text = "".join(t for line in report_lines(timeline, 300, glyphs) for t, _ in line)
        assert "a?]0;owned??[bold]?.mp4" in text
        assert "?[2J broke?off" in text
        assert text.isprintable()


def test_long_names_keep_their_end(planted: Timeline) -> None:
    video = replace(planted.video, path="/recordings/" + "long/" * 40 + "match.mkv")
    first, second = plain_report(replace(planted, video=video)).splitlines()[:2]
    assert first.startswith(" ...")
    assert first.endswith("/match.mkv")
    assert len(first) == 99
    assert second.startswith(" 640x480, ")


def test_no_event(planted: Timeline) -> None:
    text = plain_report(with_times(planted, [], 10.0))
    assert "No action change was found in 10.0 s.\n" in text
    assert "--cause all" in text
    assert len(text.splitlines()) == 6
    world = replace(with_times(planted, [], 10.0), settings={"cause": "world"})
    assert "No change by the world was found in 10.0 s.\n" in plain_report(world)


def test_no_action_change_but_the_worlds(planted: Timeline) -> None:
    only = replace(planted, events=(planted.events[2],))
    text = plain_report(only)
    assert "No action change was found in 10.0 s." in text
    assert "\n by the world    1 change\n" in text
    assert "\n world     " in text


def test_one_frame_long(planted: Timeline) -> None:
    text = plain_report(with_times(planted, [0.0], 0.0))
    assert "1 action change in 0.00 s\n" in text


def test_world_events_only(planted: Timeline) -> None:
    world = replace(planted, settings={"cause": "world"}, events=(planted.events[2],))
    text = plain_report(world)
    assert "1 change by the world in 10.0 s: 6.0 per minute" in text
    assert "\n effect    " in text


times = st.lists(st.floats(0, 10_000), max_size=30).map(sorted)


@given(times, st.integers(20, 300))
def test_the_strip_counts_every_event(times_s: list[float], columns: int) -> None:
    span = strip.Span(0.0, 10_000.0, columns)
    counts = strip.counts(_events(times_s), span)
    assert sum(counts) == len(times_s)
    assert all(counts[min(columns - 1, int(time_s / span.column_s))] for time_s in times_s)
    digits = strip.digits(counts, strip.digit_unit(max(counts)))
    assert len(digits) == columns
    assert sum(sign != "." for sign in digits) == sum(count > 0 for count in counts)
    bars = strip.bars(strip.heights(_events(times_s), span), 30.0, UNICODE.levels)
    assert sum(sign != UNICODE.levels[0] for sign in bars) == sum(count > 0 for count in counts)


def test_bars_rise_with_confidence() -> None:
    span = strip.Span(0.0, 4.0, 4)
    events = [
        replace(event, confidence=confidence)
        for event, confidence in zip(
            _events([0.5, 1.5, 2.5, 2.6]), (0.1, 0.5, 1.0, 1.0), strict=True
        )
    ]
    heights = strip.heights(events, span)
    assert heights == [0.1, 0.5, 2.0, 0.0]
    assert strip.bars(heights, 2.0, UNICODE.levels) == "▂▃█▁"
    assert strip.digits([0, 9, 10, 81], strip.digit_unit(81)) == ".129"


@given(st.floats(0, 5000), st.floats(0.01, 50_000), st.integers(20, 300))
def test_ticks_have_room_and_are_true(start_s: float, length_s: float, columns: int) -> None:
    span = strip.Span(start_s, start_s + length_s, columns)
    marks = strip.ticks(span)
    for left, right in pairwise(marks):
        assert right.column - left.column > len(left.label)
    scale, labels = strip.axis(marks, columns, "|", "-")
    assert len(scale) == len(labels) == columns
    for mark in marks:
        assert scale[mark.column] == "|"
        shown_s = sum(
            float(part) * 60**power for power, part in enumerate(reversed(mark.label.split(":")))
        )
        assert abs(span.column(shown_s) - mark.column) <= 1


@pytest.mark.parametrize(
    ("length_s", "labels"),
    [
        (10.0, ["0:00", "0:01", "0:02"]),
        (60.0, ["0:00", "0:10", "0:20"]),
        (7200.0, ["0:00", "15:00", "30:00"]),
        (86_400.0, ["0:00", "5:00:00", "10:00:00"]),
        (0.5, ["0:00.0", "0:00.1", "0:00.2"]),
        (0.05, ["0:00.00", "0:00.01", "0:00.02"]),
    ],
)
def test_ticks_are_round(length_s: float, labels: list[str]) -> None:
    marks = strip.ticks(strip.Span(0.0, length_s, 82))
    assert [mark.label for mark in marks][:3] == labels


@given(times)
def test_spells_fill_the_replay(times_s: list[float]) -> None:
    found = spells(_events(times_s), 0.0, 10_000.0)
    assert len(found) == len(times_s) + 1
    assert found[0].start_s == 0.0
    assert found[-1].end_s == 10_000.0
    assert all(left.end_s == right.start_s for left, right in pairwise(found))


def test_summary_numbers(planted: Timeline) -> None:
    summary = summarise(planted)
    assert (summary.cause, summary.count, summary.others) == ("player", 4, 1)
    assert summary.per_minute == pytest.approx(24.0)
    assert dict(summary.by_kind) == {"view": 1, "avatar": 1, "interface": 1, "cut": 1}
    assert summary.expected_false == pytest.approx(0.0 + 0.06 + 0.2 + 0.0)
    assert [spell.length_s for spell in summary.longest] == pytest.approx(
        [9.714267 - 4.657133, 4.657133 - 1.428533, 1.428533 - 0.6]
    )


def test_the_span_begins_where_it_was_asked_to(planted: Timeline) -> None:
    part = replace(with_times(planted, [62.0, 65.0], 10.0), settings={"start_s": 60.0})
    assert analysed_span_s(part) == (60.0, 70.0)
    assert "1:00 " in plain_report(part)


@pytest.mark.parametrize(
    ("time_s", "digits", "text"),
    [
        (0.0, 3, "0:00.000"),
        (3.1166667, 3, "0:03.117"),
        (59.9996, 3, "1:00.000"),
        (3599.9, 0, "1:00:00"),
        (3723.5, 3, "1:02:03.500"),
        (360_000.0, 0, "100:00:00"),
        (-0.5, 3, "-0:00.500"),
        (-0.0001, 3, "0:00.000"),
    ],
)
def test_clock(time_s: float, digits: int, text: str) -> None:
    assert words.clock(time_s, digits) == text


@pytest.mark.parametrize(
    ("region", "where"),
    [
        (Region(0, 0, 640, 480), "whole picture"),
        (Region(0, 0, 60, 48), "upper left"),
        (Region(290, 10, 60, 48), "top"),
        (Region(500, 10, 60, 48), "upper right"),
        (Region(10, 220, 60, 48), "left"),
        (Region(290, 220, 60, 48), "centre"),
        (Region(570, 220, 70, 48), "right"),
        (Region(10, 432, 60, 48), "lower left"),
        (Region(0, 440, 640, 40), "bottom"),
        (Region(580, 432, 60, 48), "lower right"),
        (Region(0, 0, 40, 480), "left"),
    ],
)
def test_place(region: Region, where: str) -> None:
    assert words.place(region, 640, 480) == where


@pytest.mark.parametrize(
    ("motion_px_s", "drawn", "plain"),
    [
        ((0.3, -0.3), "still", "still"),
        ((240.4, 0.0), "→ 240", "R 240"),
        ((10.0, 10.0), "↘ 14", "DR 14"),
        ((0.0, 9.0), "↓ 9", "D 9"),
        ((-10.0, 9.0), "↙ 13", "DL 13"),
        ((-9.0, -0.1), "← 9", "L 9"),
        ((-9.0, -8.0), "↖ 12", "UL 12"),
        ((0.5, -9.0), "↑ 9", "U 9"),
        ((9.0, -9.0), "↗ 13", "UR 13"),
    ],
)
def test_motion(motion_px_s: tuple[float, float], drawn: str, plain: str) -> None:
    assert words.motion(motion_px_s, UNICODE) == drawn
    assert words.motion(motion_px_s, ASCII) == plain


def test_small_words() -> None:
    assert [words.percent(p) for p in (0.0, 0.004, 0.94, 0.996, 0.99999, 1.0)] == [
        "0%", "0%", "94%", "99%", "99%", "100%",
    ]  # fmt: skip
    assert words.interval(10, (9, 12), UNICODE) == "±1"
    assert words.interval(10, (10, 14), UNICODE) == "+0+3"
    assert words.interval(10, (7, 11), UNICODE) == "-3+0"
    assert words.frame_rate(Fraction(60000, 1001)) == "59.94"
    assert words.frame_rate(Fraction(60)) == "60"
    assert [words.length(s) for s in (0.8285, 12.34, 59.96, 3700.0)] == [
        "0.83 s", "12.3 s", "1:00.0", "1:01:40.0",
    ]  # fmt: skip


def test_svg(planted: Timeline, tmp_path: Path) -> None:
    picture = svg_report(planted)
    assert picture == svg_report(planted)
    text = "".join(ElementTree.fromstring(picture).itertext()).replace("\xa0", " ")
    assert "0:04.657" in text
    assert "façade.mp4" in text
    # Every text is placed where it begins, as wide as its signs are.
    pieces = [e for e in ElementTree.fromstring(picture).iter() if "textLength" in e.attrib]
    assert len(pieces) > 50
    for piece in pieces:
        assert piece.text is not None
        assert not piece.text.startswith("\xa0")
        width_px = float(piece.attrib["textLength"]) / len(piece.text)
        assert width_px == pytest.approx(12.2, abs=0.1)
        column = float(piece.attrib["x"]) / 12.2
        assert column == pytest.approx(round(column), abs=0.02)
    out = tmp_path / "picture.svg"
    assert svg_main([str(DATA / "timeline.json"), str(out)]) == 0
    assert out.read_bytes() == picture


def test_svg_of_what_is_no_timeline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "picture.svg"
    assert svg_main([str(DATA / "timeline.csv"), str(out)]) == 1
    assert "is not JSON" in capsys.readouterr().err
    assert not out.exists()


def _events(times_s: list[float]) -> list[Event]:
    return [
        Event(
            i + 1, i, i, time_s, (i, i + 1), KINDS[i % 5], "player", 0.5 + 0.1 * (i % 5),
            Region(0, 0, 8, 8), (0.0, 0.0), (1.0, 0.0),
        )
        for i, time_s in enumerate(times_s)
    ]  # fmt: skip
