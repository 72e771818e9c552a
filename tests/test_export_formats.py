"""Each format: golden bytes, read back by a reader that is not ours, and any name harmless in it.

``python -m tests.test_export_formats`` writes the golden files anew; look at the difference.
"""

from __future__ import annotations

import csv
import io
import json
import re
import urllib.parse
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import av
import pytest

from pyanalyzer.export.registry import BY_NAME, FORMATS, Format
from pyanalyzer.export.texts import file_name, media_url, note, one_line, title
from pyanalyzer.records import KINDS, Region, Timeline
from tests.planted_analysis import planted_timeline
from tests.planted_exports import ODD_NAMES, constant, odd_timeline

ROOT = Path(__file__).parents[1]
DATA = Path(__file__).parent / "data" / "export"
# The bytes of the others are their libraries' own, or tested elsewhere (json, csv).
GOLDEN = [f for f in FORMATS if not f.libraries and f.name not in ("json", "csv")]
TIMES_S = (0.6, 21428 / 15000, 2.2, 69857 / 15000, 145714 / 15000)
NAME = file_name(odd_timeline().video)


def golden_path(format_: Format) -> Path:
    return DATA / f"{format_.name}{format_.extensions[0]}"


def text(name: str, timeline: Timeline | None = None) -> str:
    return BY_NAME[name].render(timeline or odd_timeline()).decode()


def xml(name: str, timeline: Timeline | None = None) -> ET.Element:
    return ET.fromstring(BY_NAME[name].render(timeline or odd_timeline()))


def chapters(data: bytes) -> tuple[dict[str, str], list[Any]]:
    with av.open(io.BytesIO(data), format="ffmetadata") as container:
        return dict(container.metadata), list(container.chapters())


@pytest.mark.parametrize("format_", GOLDEN, ids=lambda f: f.name)
def test_golden(format_: Format) -> None:
    assert format_.render(odd_timeline()) == golden_path(format_).read_bytes()


@pytest.mark.parametrize("format_", FORMATS, ids=lambda f: f.name)
def test_the_same_bytes_each_time(format_: Format) -> None:
    for library in format_.libraries:
        pytest.importorskip(library)
    assert format_.render(odd_timeline()) == format_.render(odd_timeline())


def test_srt_by_pysubs2() -> None:
    pysubs2 = pytest.importorskip("pysubs2")
    cues = list(pysubs2.SSAFile.from_string(text("srt"), format_="srt"))
    timeline = odd_timeline()
    assert [cue.start for cue in cues] == [600, 1428, 2200, 4657, 9714]
    assert [cue.end for cue in cues] == [1428, 2200, 4200, 6657, 11714]
    for cue, event in zip(cues, timeline.events, strict=True):
        assert cue.plaintext.split("\n") == [title(event), note(event, timeline)]


def test_vtt_by_webvtt() -> None:
    webvtt = pytest.importorskip("webvtt")
    cues = list(webvtt.WebVTT.from_buffer(io.StringIO(text("vtt"))))
    assert [cue.start for cue in cues][:2] == ["00:00:00.600", "00:00:01.428"]
    assert [cue.identifier for cue in cues] == [f"event-{n}" for n in range(1, 6)]
    assert [cue.lines[0] for cue in cues] == [title(e) for e in odd_timeline().events]


def test_chapters_by_ffmpeg() -> None:
    metadata, found = chapters(BY_NAME["ffmetadata"].render(odd_timeline()))
    assert metadata["title"] == one_line(odd_timeline().video.path)
    assert [chapter["time_base"] for chapter in found] == [Fraction(1, 15000)] * 6
    assert [chapter["start"] for chapter in found] == [0, 9000, 21428, 33000, 69857, 145714]
    titles = [chapter["metadata"]["title"] for chapter in found]
    assert titles == ["start", *map(title, odd_timeline().events)]


def test_jsonl_holds_the_events_of_the_json() -> None:
    document = json.loads(text("json"))
    lines = [json.loads(line) for line in text("jsonl").splitlines()]
    for line, event in zip(lines, document["events"], strict=True):
        assert {key: line[key] for key in event} == event
        assert line["replay_sha256"] == document["video"]["sha256"]


def test_parquet_by_pyarrow() -> None:
    pytest.importorskip("pyarrow")
    from pyarrow import parquet

    timeline = odd_timeline()
    table = parquet.read_table(io.BytesIO(BY_NAME["parquet"].render(timeline)))
    rows = list(csv.DictReader(io.StringIO(text("csv"), newline="")))
    for row, line in zip(table.to_pylist(), rows, strict=True):
        assert {key: float(row[key]) for key in line if key not in ("kind", "cause")} == {
            key: float(value) for key, value in line.items() if key not in ("kind", "cause")
        }
        assert (row["kind"], row["cause"]) == (line["kind"], line["cause"])
        exact = Fraction(row["time_numerator"], row["time_denominator"])
        assert abs(exact - Fraction(row["time_s"])) < Fraction(1, 10**6)
    head = json.loads(table.schema.metadata[b"pyanalyzer.timeline"])
    assert head["events"] == []
    assert head["video"]["path"] == timeline.video.path
    empty = replace(timeline, events=())
    assert parquet.read_table(io.BytesIO(BY_NAME["parquet"].render(empty))).schema == table.schema


def read_otio(name: str, adapter: str, timeline: Timeline, **options: Any) -> Any:
    """The clip that OpenTimelineIO's own reader finds in an export."""
    otio = pytest.importorskip("opentimelineio")
    for library in BY_NAME[name].libraries:
        pytest.importorskip(library)
    found = otio.adapters.read_from_string(text(name, timeline), adapter, **options)
    document = found if hasattr(found, "tracks") else found[0]
    return next(iter(document.find_clips()))


def places(clip: Any) -> list[float]:
    return [marker.marked_range.start_time.value for marker in clip.markers]


def test_otio_by_opentimelineio() -> None:
    timeline = odd_timeline()
    clip = read_otio("otio", "otio_json", timeline)
    assert clip.name == NAME
    assert clip.media_reference.target_url == media_url(timeline.video)
    assert places(clip) == [event.frame for event in timeline.events]
    assert {marker.marked_range.start_time.rate for marker in clip.markers} == {35.0}
    assert [m.name for m in clip.markers] == [title(e) for e in timeline.events]
    assert len({marker.color for marker in clip.markers}) == len(KINDS)
    saved = json.loads(text("json"))["events"]
    kept = [m.metadata["pyanalyzer"]["events"][0] for m in clip.markers]
    assert [dict(event)["pts"] for event in kept] == [event["pts"] for event in saved]
    assert [list(event["region_px"]) for event in kept] == [e["region_px"] for e in saved]


def test_otio_keeps_ticks_where_the_rate_varies() -> None:
    timeline = odd_timeline()
    late = [replace(e, frame=e.frame + 9, interval_frames=(0, 999)) for e in timeline.events]
    timeline = replace(timeline, events=(*timeline.events[:1], *late[1:]))
    clip = read_otio("otio", "otio_json", timeline)
    assert places(clip) == [9000, 21428, 33000, 69857, 145714]
    assert {marker.marked_range.start_time.rate for marker in clip.markers} == {15000.0}


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(30000, 1001), Fraction(60000, 1001)])
def test_edl_and_fcp7_by_their_adapters(rate: Fraction) -> None:
    timeline = constant(300, rate)
    frames = [event.frame for event in timeline.events]
    clip = read_otio("edl", "cmx_3600", timeline, rate=round(rate))
    assert places(clip) == frames
    names = [f"{title(e).upper()}, FRAME {e.frame}" for e in timeline.events]
    assert [marker.name for marker in clip.markers] == names
    assert len({marker.color for marker in clip.markers}) == len(KINDS)
    clip = read_otio("fcp7", "fcp_xml", timeline)
    assert places(clip) == frames
    assert [m.name for m in clip.markers] == [title(e) for e in timeline.events]
    comments = [marker.metadata["fcp_xml"]["comment"] for marker in clip.markers]
    assert comments == [note(event, timeline) for event in timeline.events]
    assert text("edl", timeline).splitlines()[1] == "FCM: NON-DROP FRAME"


def test_fcp7_has_the_size_of_the_picture() -> None:
    for library in BY_NAME["fcp7"].libraries:
        pytest.importorskip(library)
    size = xml("fcp7").find(".//sequence/media/video/format/samplecharacteristics")
    assert size is not None
    assert (size.findtext("width"), size.findtext("height")) == ("640", "480")


RESOLVE_EVENT = re.compile(
    r"(\d{3,})  001      V     C        (\S+) (\S+) \2 \3  \n"
    r"(\D[^|\n]*) \|C:ResolveColor(\w+) \|M:([^|\n]+) \|D:1\n"
)


def test_resolve() -> None:
    head, *parts = text("resolve").split("\n\n")
    assert head == f"TITLE: {NAME.replace('|', '/')} (50 frames/s)\nFCM: NON-DROP FRAME"
    found = [RESOLVE_EVENT.fullmatch(part.rstrip("\n") + "\n") for part in parts]
    assert [m and m[2] for m in found] == [
        "01:00:00:30", "01:00:01:22", "01:00:02:10", "01:00:04:33", "01:00:09:36",
    ]  # fmt: skip
    assert [m and m[5] for m in found] == ["Blue", "Yellow", "Green", "Pink", "Red"]
    assert [m and m[6] for m in found] == [title(event) for event in odd_timeline().events]


def test_events_of_one_frame_share_a_marker() -> None:
    timeline = planted_timeline()
    first = timeline.events[0]
    both = replace(timeline, events=(first, replace(first, id=2, cause="world", confidence=0.5)))
    for name, mark in (("resolve", "|D:1"), ("fcpxml", "<marker "), ("srt", " --> "),
                       ("vtt", "00:00:02.600\n"), ("ffmetadata", "title=view")):  # fmt: skip
        assert text(name, both).count(mark) == 1
        assert "view 100% + view (world) 50%" in text(name, both)


def test_fcpxml_by_its_dtd() -> None:
    """The order, attributes and references that Apple's DTD of version 1.10 asks for."""
    root = xml("fcpxml")
    assert (root.tag, root.attrib) == ("fcpxml", {"version": "1.10"})
    assert [child.tag for child in root] == ["resources", "event"]
    asset = root.find("resources/asset")
    media = root.find("resources/asset/media-rep")
    clip = root.find("event/project/sequence/spine/asset-clip")
    assert asset is not None
    assert media is not None
    assert clip is not None
    assert clip.get("ref") == asset.get("id")
    identifiers = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(set(identifiers)) == len(identifiers)
    assert {e.get("format") for e in root.iter() if e.get("format")} <= set(identifiers)
    assert media.get("src") == media_url(odd_timeline().video)
    timeline = odd_timeline()
    for marker, event in zip(clip.iterfind("marker"), timeline.events, strict=True):
        assert (marker.get("value"), marker.get("note")) == (title(event), note(event, timeline))
    assert re.findall(r'[^ ]+="(?:\d+/\d+|0)s"', text("fcpxml"))
    ntsc = constant(3, Fraction(30000, 1001))
    starts = [marker.get("start") for marker in xml("fcpxml", ntsc).iter("marker")]
    assert starts == ["7007/30000s", "14014/30000s", "21021/30000s"]


def test_elan_by_pympi(tmp_path: Path) -> None:
    elan = pytest.importorskip("pympi.Elan")
    path = tmp_path / "out.eaf"
    path.write_bytes(BY_NAME["elan"].render(odd_timeline()))
    eaf = elan.Eaf(str(path))
    tiers = [f"{event.kind} ({event.cause})" for event in odd_timeline().events]
    assert sorted(eaf.get_tier_names()) == sorted(tiers)
    found = [eaf.get_annotation_data_for_tier(tier)[0] for tier in tiers]
    assert [entry[:2] for entry in found] == [
        (600, 629), (1429, 1458), (2200, 2229), (4658, 4687), (9715, 9744),
    ]  # fmt: skip
    timeline = odd_timeline()
    for entry, event in zip(found, timeline.events, strict=True):
        assert entry[2] == f"{title(event)}; {note(event, timeline)}"
    assert eaf.get_linked_files()[0]["MEDIA_URL"] == media_url(timeline.video)


def test_elan_by_its_schema() -> None:
    """What EAFv3.0.xsd asks for: order, unique ids, references that exist, slots in order."""
    root = xml("elan", constant(40, Fraction(1000), step_frames=1))
    tags = [child.tag for child in root]
    assert tags[:2] == ["HEADER", "TIME_ORDER"]
    assert tags[2:] == ["TIER"] * tags.count("TIER") + ["LINGUISTIC_TYPE"]
    assert {"AUTHOR", "DATE", "VERSION"} <= set(root.attrib)
    slots = {s.get("TIME_SLOT_ID"): int(str(s.get("TIME_VALUE"))) for s in root.iter("TIME_SLOT")}
    assert list(slots.values()) == sorted(slots.values())
    assert len(slots) == 2 * 40
    types = {element.get("LINGUISTIC_TYPE_ID") for element in root.iter("LINGUISTIC_TYPE")}
    for tier in root.iter("TIER"):
        assert tier.get("LINGUISTIC_TYPE_REF") in types
        end = -1
        for annotation in tier.iter("ALIGNABLE_ANNOTATION"):
            start = slots[annotation.get("TIME_SLOT_REF1")]
            assert start >= end  # annotations of a tier must not overlap
            end = slots[annotation.get("TIME_SLOT_REF2")]
            assert end > start


def test_cvat() -> None:
    root = xml("cvat")
    assert root.findtext("version") == "1.1"
    assert root.findtext("meta/task/size") == "350"
    labels = [label.findtext("name") for label in root.iterfind("meta/task/labels/label")]
    assert labels == list(KINDS)
    attributes = {name.text for name in root.iterfind("meta/task/labels/label[1]//name")}
    timeline = odd_timeline()
    for track, event in zip(root.iterfind("track"), timeline.events, strict=True):
        first, *rest = track.iterfind("box")
        assert (track.get("label"), first.get("frame")) == (event.kind, str(event.frame))
        x0, y0, x1, y1 = (float(str(first.get(key))) for key in ("xtl", "ytl", "xbr", "ybr"))
        assert Region(int(x0), int(y0), int(x1 - x0), int(y1 - y0)) == event.region_px
        assert [(b.get("frame"), b.get("outside")) for b in rest] == [(str(event.frame + 1), "1")]
        assert {a.get("name") for a in first.iterfind("attribute")} < attributes
    last = replace(timeline.events[-1], frame=349, pts=149571, time_s=9.971400)
    only = xml("cvat", replace(timeline, events=(last,)))
    assert len(list(only.iter("box"))) == 1  # there is no frame after the last


def test_label_studio() -> None:
    from pyanalyzer.export.label_studio import CONFIGURATION

    assert CONFIGURATION in (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    (task,) = json.loads(text("label-studio"))
    (prediction,) = task["predictions"]
    names = {element.get("name"): element.tag for element in ET.fromstring(CONFIGURATION).iter()}
    kinds = {"timelinelabels": "TimelineLabels", "videorectangle": "VideoRectangle"}
    timeline = odd_timeline()
    assert len(prediction["result"]) == 2 * len(timeline.events)
    for number, result in enumerate(prediction["result"]):
        event = timeline.events[number // 2]
        assert names[result["from_name"]] == kinds[result["type"]]
        assert names[result["to_name"]] == "Video"
        if result["type"] == "videorectangle":
            (shape,) = result["value"]["sequence"]
            sides = [shape[key] for key in ("x", "y", "width", "height")]
            whole = (640, 480, 640, 480)
            back = [round(side * px / 100) for side, px in zip(sides, whole, strict=True)]
            assert tuple(back) == event.region_px
            assert shape["time"] == pytest.approx(TIMES_S[number // 2], abs=1e-6)


def test_audacity() -> None:
    for line, time_s in zip(text("audacity").splitlines(), TIMES_S, strict=True):
        start, end, label = line.split("\t")
        assert start == end
        assert float(start) == pytest.approx(time_s, abs=1e-6)
        assert label


def test_trace() -> None:
    document = json.loads(text("trace"))
    names = {e["tid"]: e["args"]["name"] for e in document["traceEvents"] if e["ph"] == "M"}
    for entry in document["traceEvents"]:
        if entry["ph"] == "i":
            assert names[entry["tid"]] == f"{entry['cat']} ({entry['args']['cause']})"
            assert entry["ts"] == pytest.approx(1e6 * entry["args"]["time_s"], abs=1)


def test_spotting() -> None:
    document = json.loads(text("soccernet"))
    fields = {"gameTime", "label", "position", "half", "confidence"}
    for entry in document["predictions"]:
        assert set(entry) == fields
        assert all(isinstance(value, str) for value in entry.values())
    assert document["predictions"][3]["gameTime"] == "1 - 00:04"
    (video,) = json.loads(text("e2e-spot"))
    assert (video["fps"], video["num_frames"], video["num_events"]) == (35.0, 350, 5)


def sections(name: str, data: bytes) -> Any:
    """What a reader of the format makes of it, without the texts in it."""
    if name in ("json", "label-studio", "trace", "soccernet", "e2e-spot"):
        return shape_of(json.loads(data))
    if name == "jsonl":
        return [shape_of(json.loads(line)) for line in data.splitlines()]
    if name in ("fcpxml", "elan", "cvat", "fcp7"):
        return [element.tag for element in ET.fromstring(data).iter()]
    if name == "ffmetadata":
        return [(chapter["start"], chapter["end"]) for chapter in chapters(data)[1]]
    if name == "parquet":
        from pyarrow import parquet

        return parquet.read_table(io.BytesIO(data)).num_rows
    if name == "otio":
        return len(data.split(b'"OTIO_SCHEMA": "Marker.2"'))
    lines = data.decode().split("\n")
    if name == "edl":  # a replay without a path has no URL
        return [line[:6] for line in lines if not line.startswith(("TITLE", "* FROM"))]
    mark = {"resolve": "|", "audacity": "\t", "csv": ","}.get(name, "-->")
    return [line.count(mark) for line in lines]


def shape_of(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape_of(inner) for key, inner in value.items()}
    return [shape_of(inner) for inner in value] if isinstance(value, list) else type(value)


@pytest.mark.parametrize("path", ODD_NAMES, ids=ascii)
@pytest.mark.parametrize("format_", FORMATS, ids=lambda f: f.name)
def test_no_name_breaks_a_file(format_: Format, path: str) -> None:
    for library in format_.libraries:
        pytest.importorskip(library)
    plain = sections(format_.name, format_.render(odd_timeline("/videos/plain.mp4")))
    assert sections(format_.name, format_.render(odd_timeline(path))) == plain


@pytest.mark.parametrize("path", ODD_NAMES, ids=ascii)
def test_urls_lead_back_to_the_name(path: str) -> None:
    url = media_url(odd_timeline(path).video)
    assert url.isascii()
    assert not re.search(r'[\s<>"|\\^`{}]', url)
    if path.startswith("C:"):
        assert url == "file:///C:/games/replay%201.mp4"
    elif "\ud800" not in path:
        back = urllib.parse.unquote_to_bytes(url)
        assert back == path.encode("utf-8", "surrogateescape")


if __name__ == "__main__":
    for golden in GOLDEN:
        golden_path(golden).write_bytes(golden.render(odd_timeline()))
