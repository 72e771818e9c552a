"""Every format gives back the frame of every event: any clock, any order, variable frame rate."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given

from pyanalyzer.errors import OutputError, TimelineFileError
from pyanalyzer.export.clock import clock_of, decimal, in_order
from pyanalyzer.export.grid import (
    COMMON_RATES,
    TIMECODE_RATES,
    check_timecode,
    timecode,
    timecode_grid,
)
from pyanalyzer.export.registry import BY_NAME, FORMATS
from pyanalyzer.records import Timeline
from tests.planted_exports import Clocked, clocked, constant, event_at, timeline_of

LIGHT = [format_.name for format_ in FORMATS if not format_.libraries]


def export(name: str, timeline: Timeline) -> str:
    return BY_NAME[name].render(timeline).decode()


def frames_of(timeline: Timeline) -> list[int]:
    return [event.frame for event in in_order(timeline)]


def unique(frames: list[int]) -> list[int]:
    return list(dict.fromkeys(frames))


@given(clocked())
def test_cues_appear_with_their_frame(case: Clocked) -> None:
    expected = unique(frames_of(case.timeline))
    for name, pattern in (("srt", r"([\d:]+),(\d+) --> "), ("vtt", r"([\d:]+)\.(\d+) --> ")):
        starts = [
            sum(int(part) * 60**n for n, part in enumerate(reversed(clock.split(":"))))
            + Fraction(int(ms), 1000)
            for clock, ms in re.findall(pattern, export(name, case.timeline))
        ]
        assert [case.shown_from(start) for start in starts] == expected


@given(clocked())
def test_jumps_land_on_the_frame(case: Clocked) -> None:
    expected = frames_of(case.timeline)
    labels = export("audacity", case.timeline).splitlines()
    assert [case.seen_at(Fraction(line.split("\t")[0])) for line in labels] == expected
    trace = json.loads(export("trace", case.timeline), parse_float=Fraction)["traceEvents"]
    instants = [entry for entry in trace if entry["ph"] == "i"]
    assert [case.seen_at(entry["ts"] / 10**6) for entry in instants] == expected
    spots = json.loads(export("soccernet", case.timeline))["predictions"]
    assert [case.seen_at(Fraction(int(s["position"]), 1000)) for s in spots] == expected
    eaf = ET.fromstring(export("elan", case.timeline))
    slots = {s.get("TIME_SLOT_ID"): int(str(s.get("TIME_VALUE"))) for s in eaf.iter("TIME_SLOT")}
    found = [
        case.seen_at(Fraction(slots[annotation.get("TIME_SLOT_REF1")], 1000))
        for annotation in eaf.iter("ALIGNABLE_ANNOTATION")
    ]
    assert sorted(found) == expected


@given(clocked())
def test_exact_times_are_exact(case: Clocked) -> None:
    frames = frames_of(case.timeline)
    lines = [json.loads(line) for line in export("jsonl", case.timeline).splitlines()]
    assert [Fraction(*line["time_fraction_s"]) for line in lines] == [
        case.times_s[frame] for frame in frames
    ]
    text = export("ffmetadata", case.timeline)
    bases = [Fraction(base) for base in re.findall(r"^TIMEBASE=(.*)$", text, re.M)]
    starts = [int(start) for start in re.findall(r"^START=(.*)$", text, re.M)]
    ends = [int(end) for end in re.findall(r"^END=(.*)$", text, re.M)]
    wanted = sorted({0, *frames}) if frames else []
    assert [b * s for b, s in zip(bases, starts, strict=True)] == [case.times_s[f] for f in wanted]
    assert ends[:-1] == starts[1:]
    assert all(end > start for start, end in zip(starts, ends, strict=True))


@given(clocked())
def test_ordinals_stay(case: Clocked) -> None:
    expected = frames_of(case.timeline)
    spots = json.loads(export("e2e-spot", case.timeline))[0]
    assert [event["frame"] for event in spots["events"]] == expected
    assert spots["num_frames"] == len(case.times_s)
    boxes = ET.fromstring(export("cvat", case.timeline)).iterfind("track/box[@outside='0']")
    assert [int(str(box.get("frame"))) for box in boxes] == expected
    results = json.loads(export("label-studio", case.timeline))[0]["predictions"][0]["result"]
    assert [r["value"]["ranges"][0]["start"] - 1 for r in results[::2]] == expected
    assert [r["value"]["sequence"][0]["frame"] - 1 for r in results[1::2]] == expected


@given(clocked())
def test_grid_shows_the_picture_first_at_its_place(case: Clocked) -> None:
    grid = timecode_grid(case.timeline)
    clock = clock_of(case.timeline)
    for event in case.timeline.events:
        place = grid.place(event)
        assert clock.time_s(event) == case.times_s[event.frame]
        if grid.same_frames:
            assert place == event.frame
        else:
            assert (place - 1) / grid.rate < case.times_s[event.frame] <= place / grid.rate
        assert place < grid.length_frames
    markers = ET.fromstring(export("fcpxml", case.timeline)).iter("marker")
    found = [Fraction(str(m.get("start")).rstrip("s")) * grid.rate for m in markers]
    assert found == unique([grid.place(event) for event in in_order(case.timeline)])


@pytest.mark.parametrize("rate", TIMECODE_RATES)
def test_a_rate_of_timecode_keeps_its_frames(rate: Fraction) -> None:
    timeline = constant(2000, rate)
    grid = timecode_grid(timeline)
    assert (grid.rate, grid.same_frames) == (rate, True)
    assert [grid.place(event) for event in timeline.events] == frames_of(timeline)


@pytest.mark.parametrize(
    ("rate", "expected"), [(35, 50), (15, 24), (27, 30), (144, 60), (Fraction(5994, 100), 60)]
)
def test_other_rates_take_the_next_common_one(rate: int | Fraction, expected: int) -> None:
    timeline = constant(50, Fraction(rate))
    grid = timecode_grid(timeline)
    if rate == Fraction(5994, 100):  # how files abbreviate 60000/1001
        assert (grid.rate, grid.same_frames) == (Fraction(60000, 1001), True)
        return
    assert grid.rate == expected
    assert grid.rate in COMMON_RATES
    assert not grid.same_frames
    if rate < expected:  # neighbours stay apart
        places = [grid.place(event) for event in timeline.events]
        assert len(set(places)) == len(places)


def test_no_frame_rate_at_all() -> None:
    timeline = constant(3, Fraction(30))
    timeline = replace(timeline, video=replace(timeline.video, frame_rate=Fraction(0)))
    assert timecode_grid(timeline).rate == 60
    for name in LIGHT:
        assert export(name, timeline)


def test_timecode_is_non_drop() -> None:
    ntsc = Fraction(30000, 1001)
    assert timecode(1799, ntsc) == "00:00:59:29"
    assert timecode(1800, ntsc) == "00:01:00:00"
    assert timecode(24 * 3600, Fraction(24)) == "01:00:00:00"


def test_decimal() -> None:
    assert [decimal(v, 3) for v in (0, 1, 1500, -1, -2500)] == [
        "0.000", "0.001", "1.500", "-0.001", "-2.500",
    ]  # fmt: skip


def test_the_clock_is_found_again() -> None:
    time_base = Fraction(1, 90000)
    events = [event_at(1, 5, 126000, Fraction(1, 3))]
    assert clock_of(timeline_of(events, 9, time_base, Fraction(15))).start_pts == 96000
    fine = Fraction(1, 10**9)  # 1000 ticks per microsecond: 0 is one of the values that fit
    events = [event_at(1, 5, 333333000, Fraction(333333, 10**6))]
    assert clock_of(timeline_of(events, 9, fine, Fraction(15))).start_pts == 0
    nothing = timeline_of([], 9, time_base, Fraction(15))
    assert clock_of(nothing).start_pts == 0


def test_times_that_contradict_each_other_are_refused() -> None:
    events = [event_at(1, 5, 500, Fraction(1, 2)), event_at(2, 9, 900, Fraction(89, 100))]
    with pytest.raises(TimelineFileError, match="contradict each other"):
        clock_of(timeline_of(events, 20, Fraction(1, 1000), Fraction(10)))


def test_an_hour_has_no_drift() -> None:
    timeline = constant(1, Fraction(60000, 1001), step_frames=3 * 3600 * 60)
    event = timeline.events[0]
    assert event.frame == 648000
    assert "01:00:00:00" not in export("resolve", timeline)
    assert " 04:00:00:00 04:00:00:01 " in export("resolve", timeline)
    assert "03:00:10,800 --> " in export("srt", timeline)


def test_timecode_ends_after_a_day() -> None:
    day = 24 * 3600
    for start_hours in (0, 1):
        hours = 24 - start_hours
        grid = replace(timecode_grid(constant(1, Fraction(30))), length_frames=hours * 3600 * 30)
        check_timecode(grid, start_hours)
        with pytest.raises(OutputError, match=f"ends after {hours} hours.*otio or fcpxml"):
            check_timecode(replace(grid, length_frames=hours * 3600 * 30 + 1), start_hours)
    with pytest.raises(OutputError, match="ends after 23 hours"):
        export("resolve", constant(1, Fraction(30), step_frames=day * 30))


@pytest.fixture(scope="module")
def many() -> Timeline:
    return constant(10_000, Fraction(60))


@pytest.mark.parametrize("name", LIGHT)
def test_ten_thousand_events(name: str, many: Timeline) -> None:
    data = BY_NAME[name].render(many)
    marks = {
        "json": rb'"id": ', "csv": rb"\r\n\d", "jsonl": rb"\n", "srt": rb" --> ", "vtt": rb" --> ",
        "ffmetadata": rb"title=(?!start|/)", "resolve": rb"\|D:1", "fcpxml": rb"<marker ",
        "elan": rb"<ANNOTATION>", "label-studio": rb"timelinelabels\": \[", "cvat": rb"<track ",
        "audacity": rb"\n", "trace": rb'"ph": "i"', "soccernet": rb"gameTime",
        "e2e-spot": rb"\"frame\": ",
    }  # fmt: skip
    assert len(re.findall(marks[name], data)) == 10_000


@pytest.mark.parametrize("name", LIGHT)
def test_work_grows_with_the_events_only(name: str) -> None:
    def calls(count: int) -> int:
        """How many functions are called; counted, as times are not the same twice."""
        timeline = constant(count, Fraction(60))
        counted = 0

        def count_call(frame: object, event: str, argument: object) -> None:
            nonlocal counted
            counted += event in ("call", "c_call")

        sys.setprofile(count_call)
        try:
            BY_NAME[name].render(timeline)
        finally:
            sys.setprofile(None)
        return counted

    calls(1)  # imports
    assert calls(300) <= 7 * calls(50)


@pytest.mark.parametrize("name", LIGHT)
def test_nothing_found(name: str, tmp_path: Path) -> None:
    timeline = timeline_of([], 300, Fraction(1, 90000), Fraction(30))
    data = BY_NAME[name].render(timeline)
    if name in ("json", "label-studio", "trace", "soccernet", "e2e-spot"):
        json.loads(data)
    elif name in ("fcpxml", "elan", "cvat"):
        ET.fromstring(data)
    else:
        assert b"-->" not in data
        assert b"CHAPTER" not in data
