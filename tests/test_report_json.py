"""The JSON and CSV of a timeline: golden bytes, the schema, the way back, and what is refused."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer.errors import TimelineFileError
from pyanalyzer.records import (
    CAUSES,
    KINDS,
    Event,
    ModelSummary,
    Region,
    Timeline,
    VideoSummary,
)
from pyanalyzer.report.csv_report import COLUMNS, csv_report
from pyanalyzer.report.frames_csv import frames_csv
from pyanalyzer.report.json_report import (
    json_report,
    parse_timeline,
    read_timeline,
    rounded_timeline,
)
from tests.planted_curves import planted_curves

DATA = Path(__file__).parent / "data" / "report"
SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "timeline-schema.json").read_text())

VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

STILL = (0.0, 0.0)


def planted() -> Timeline:
    """A short timeline with an event of each kind, of both causes, and numbers to be rounded."""
    whole = Region(0, 0, 640, 480)
    events = (
        Event(1, 21, 9000, 0.6, (20, 23), "view", "player", 0.99996, whole, STILL, (-312.04, 1.0)),
        Event(2, 50, 21428, 1.4285333, (50, 51), "avatar", "player", 0.94, Region(12, 40, 96, 128),
              (17.26, 0.0), (240.0, -0.04)),
        Event(3, 77, 33000, 2.2, (75, 78), "effect", "world", 0.51239, Region(280, 200, 80, 80),
              STILL, STILL),
        Event(4, 163, 69857, 4.6571333, (160, 170), "interface", "player", 0.8,
              Region(0, 440, 640, 40), STILL, (0.0, -88.25)),
        Event(5, 340, 145714, 9.7142667, (340, 342), "cut", "player", 1.0, whole,
              (-60.0, -60.0), STILL),
    )  # fmt: skip
    video = VideoSummary(
        "replays/façade.mp4", 640, 480, 350, 10.0, Fraction(1, 15000), Fraction(35), "5f" * 32
    )
    return Timeline(
        video,
        ModelSummary("planted-1", "ab" * 32),
        {"min_confidence": 0.5, "region_px": [0, 0, 640, 480], "cause": "all"},
        events,
        ("the stream is damaged after frame 349; what came before it was analysed",),
        planted_curves([frame * 15000 // 35 for frame in range(350)], cuts=(340,)),
    )


def test_json_golden() -> None:
    assert json_report(planted()) == (DATA / "timeline.json").read_bytes()


def test_csv_golden() -> None:
    assert csv_report(planted()) == (DATA / "timeline.csv").read_bytes()


def test_frames_golden() -> None:
    assert frames_csv(planted()) == (DATA / "frames.csv").read_bytes()


def test_json_follows_the_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    document = json.loads(json_report(planted()))
    jsonschema.validate(document, SCHEMA)
    del document["events"][0]["pts"]
    with pytest.raises(jsonschema.ValidationError, match="'pts' is a required property"):
        jsonschema.validate(document, SCHEMA)


def test_keys_stand_in_the_order_of_the_schema() -> None:
    document = json.loads(json_report(planted()))
    assert list(document) == list(SCHEMA["properties"])
    assert list(document["curves"]) == list(SCHEMA["properties"]["curves"]["properties"])
    assert list(document["video"]) == list(SCHEMA["properties"]["video"]["properties"])
    for event in document["events"]:
        assert list(event) == list(SCHEMA["$defs"]["event"]["properties"])


def test_warnings_only_where_there_are_any() -> None:
    quiet = replace(planted(), warnings=())
    assert "warnings" not in json.loads(json_report(quiet))
    assert parse_timeline(json_report(quiet), "it") == rounded_timeline(quiet)


def test_read_timeline(tmp_path: Path) -> None:
    path = tmp_path / "timeline.json"
    path.write_bytes(json_report(planted()))
    assert read_timeline(path) == rounded_timeline(planted())
    with pytest.raises(TimelineFileError, match=r"cannot read .*missing.json: No such file"):
        read_timeline(tmp_path / "missing.json")


def test_csv_reads_back() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_report(planted()).decode(), newline="")))
    assert [tuple(row) for row in rows] == [COLUMNS] * 5
    for row, event in zip(rows, rounded_timeline(planted()).events, strict=True):
        assert (int(row["frame"]), int(row["pts"])) == (event.frame, event.pts)
        assert float(row["time_s"]) == event.time_s
        assert (row["kind"], row["cause"]) == (event.kind, event.cause)
        assert float(row["motion_after_y_px_s"]) == event.motion_after_px_s[1]
        assert int(row["interval_end_frame"]) == event.interval_frames[1]


numbers = st.floats(-1e6, 1e6, allow_nan=False)
sizes = st.integers(1, 20000)
texts = st.text(max_size=20)
hashes = st.text("0123456789abcdef", min_size=64, max_size=64)
fractions = st.fractions(min_value=0, max_value=1000, max_denominator=10**6)
regions = st.builds(Region, st.integers(0, 9999), st.integers(0, 9999), sizes, sizes)


@st.composite
def events(draw: st.DrawFn) -> Event:
    start = draw(st.integers(0, 10**7))
    return Event(
        id=draw(st.integers(1, 10**6)),
        frame=draw(st.integers(0, 10**7)),
        pts=draw(st.integers(-(2**62), 2**62)),
        time_s=draw(numbers),
        interval_frames=(start, start + draw(st.integers(1, 1000))),
        kind=draw(st.sampled_from(KINDS)),
        cause=draw(st.sampled_from(CAUSES)),
        confidence=draw(st.floats(0, 1)),
        region_px=draw(regions),
        motion_before_px_s=(draw(numbers), draw(numbers)),
        motion_after_px_s=(draw(numbers), draw(numbers)),
    )


timelines = st.builds(
    Timeline,
    st.builds(
        VideoSummary,
        texts,
        sizes,
        sizes,
        st.integers(0, 10**7),
        st.floats(0, 1e6),
        fractions.filter(lambda value: value > 0),
        fractions,
        hashes,
    ),
    st.builds(ModelSummary, texts, hashes),
    st.fixed_dictionaries({}, optional={"cause": st.just("all"), "start_s": st.floats(0, 1e6)}),
    st.lists(events(), max_size=4).map(tuple),
    st.lists(texts, max_size=2).map(tuple),
)


@given(timelines)
def test_round_trip(timeline: Timeline) -> None:
    data = json_report(timeline)
    VALIDATOR.validate(json.loads(data))
    back = parse_timeline(data, "it")
    assert back == rounded_timeline(timeline)
    assert json_report(back) == data
    assert data.isascii()


def test_a_file_name_that_is_no_text_survives() -> None:
    name = b"caf\xe9.mp4".decode("utf-8", "surrogateescape")
    timeline = replace(planted(), video=replace(planted().video, path=name))
    assert parse_timeline(json_report(timeline), "it").video.path == name


def test_what_is_not_finite_is_no_json() -> None:
    bad = replace(planted().events[0], motion_after_px_s=(float("nan"), 0.0))
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_report(replace(planted(), events=(bad,)))


GOOD = json_report(planted()).decode()

REFUSED = {
    "not json": ("no timeline", "is not JSON: Expecting value"),
    "not text": (b"\xff\xfe", "is not JSON: 'utf-8' codec"),
    "empty": ("", "is not JSON"),
    "cut off": (GOOD[:300], "is not JSON"),
    "nested without end": ("[" * 100_000, "is not JSON"),
    "list": ("[]", "is not a timeline of pyanalyzer"),
    "other file": ('{"a": 1}', "does not name the schema 'pyanalyzer/timeline/1'"),
    "next version": (GOOD.replace("timeline/1", "timeline/2", 1), "has the schema .*timeline/2.*"),
    "twice": (GOOD.replace('"pts"', '"frame"', 1), "a key stands twice"),
    "nan": (GOOD.replace("0.6", "NaN", 1), "NaN is no number"),
    "infinite": (GOOD.replace("0.6", "1e999", 1), r"events\[0\].time_s must be a number"),
    "missing": (GOOD.replace('"frames": 350, ', ""), "has no field video.frames"),
    "unknown": (GOOD.replace('"id": 1', '"id": 1, "odd": 1'), r"unknown field events\[0\].odd"),
    "no list": ('{"schema": "pyanalyzer/timeline/1", "video": 3}', "video must be an object"),
    "truth for a number": (GOOD.replace('"pts": 9000', '"pts": true'), "pts must be a whole"),
    "text for a number": (GOOD.replace('"pts": 9000', '"pts": "9"'), "pts must be a whole number"),
    "huge": (GOOD.replace('"pts": 9000', '"pts": 1' + "0" * 400), "pts must be a whole number"),
    "number for a text": (GOOD.replace('"planted-1"', "1"), "model.name must be a text"),
    "kind": (GOOD.replace('"cut"', '"gut"'), "kind must be one of view, avatar"),
    "confidence": (
        GOOD.replace("0.94", "1.94"),
        r"confidence must be a number in 0\.\.1",
    ),
    "interval": (GOOD.replace("[20, 23]", "[23, 20]"), "interval_frames must be a half-open range"),
    "region": (GOOD.replace("[12, 40, 96, 128]", "[12, 40, 96, 0]"), "region_px must be a box"),
    "short region": (GOOD.replace("[12, 40, 96, 128]", "[12, 40]"), "must be a list of 4"),
    "motion": (GOOD.replace("[240.0, 0.0]", '[240.0, "up"]'), "motion_after_px_s must be two numb"),
    "time base": (GOOD.replace("[1, 15000]", "[1, 0]"), "video.time_base must be a fraction"),
    "warnings": (GOOD.replace('"warnings": ["', '"warnings": [7, "'), "warnings must be texts"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses(text: str | bytes, message: str) -> None:
    data = text if isinstance(text, bytes) else text.encode()
    assert data != GOOD.encode()
    with pytest.raises(TimelineFileError, match=message) as caught:
        parse_timeline(data, "saved.json")
    assert str(caught.value).startswith("saved.json")
