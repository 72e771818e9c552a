"""The plot of a timeline: right marks at the right places, the same bytes, honest refusals."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import av
import pytest

from pyanalyzer.errors import UsageError
from pyanalyzer.records import Event, Region, Timeline
from pyanalyzer.report import plot
from pyanalyzer.report.json_report import read_timeline

pytest.importorskip("matplotlib", reason="the extra `plot` is not installed")
SAVED = Path(__file__).parent / "data" / "report"


@pytest.fixture(scope="module")
def timeline() -> Timeline:
    return read_timeline(sorted(SAVED.glob("*.json"))[0])


def event(time_s: float, **fields: object) -> Event:
    made = Event(
        id=1, frame=round(60 * time_s), pts=round(60 * time_s), time_s=time_s,
        interval_frames=(round(60 * time_s) - 2, round(60 * time_s) + 3), kind="avatar",
        cause="player", confidence=0.5, region_px=Region(0, 0, 8, 8),
        motion_before_px_s=(0.0, 0.0), motion_after_px_s=(60.0, 0.0),
    )  # fmt: skip
    return replace(made, **fields)  # type: ignore[arg-type]


def long(timeline: Timeline, seconds: float, events: tuple[Event, ...]) -> Timeline:
    video = replace(timeline.video, duration_s=seconds, frames=round(60 * seconds))
    return replace(timeline, video=video, events=events)


def texts(svg: bytes) -> list[str]:
    elements = ElementTree.fromstring(svg).iter()
    return ["".join(e.itertext()) for e in elements if e.tag.endswith("}text")]


def onset_lines(svg: bytes) -> list[tuple[float, float, float, float]]:
    """The strokes in the colour of ``avatar``: x0, y0, x1, y1 of each."""
    paths = [
        e.attrib["d"]
        for e in ElementTree.fromstring(svg).iter()
        if e.tag.endswith("}path") and "stroke: #e69f00" in e.attrib.get("style", "")
    ]
    number = r"(-?[\d.]+)"
    stroke = re.compile(rf"M {number} {number}\s+L {number} {number}")
    return [tuple(map(float, m)) for path in paths for m in stroke.findall(path)]  # type: ignore[misc]


@pytest.mark.parametrize("image_format", plot.FORMATS)
def test_the_same_timeline_gives_the_same_bytes(timeline: Timeline, image_format: str) -> None:
    assert plot.plot_report(timeline, image_format) == plot.plot_report(timeline, image_format)


def test_lanes_title_and_axis(timeline: Timeline) -> None:
    made = long(timeline, 20.0, (event(3.0), event(9.0, kind="view")))
    says = texts(plot.plot_report(made, "svg"))
    assert {"view", "avatar", "0:00", "0:10", "0:20"} <= set(says)
    assert not {"effect", "interface", "cut"} & set(says)
    assert any("2 changes in 0:20.000, 6.0 per minute" in text for text in says)


def test_marks_stand_where_the_events_are(timeline: Timeline) -> None:
    """In one row of 20 s, three events at known times: their lines, from the SVG's paths."""
    times = (2.0, 7.5, 18.0)
    made = long(timeline, 20.0, tuple(event(t) for t in times))
    lines = onset_lines(plot.plot_report(made, "svg"))
    assert len(lines) == 3
    assert all(x0 == x1 for x0, _, x1, _ in lines)
    x = [x0 for x0, *_ in lines]
    assert (x[1] - x[0]) / (x[2] - x[0]) == pytest.approx(5.5 / 16, abs=1e-3)


def test_rows_wrap_and_hold_every_event(timeline: Timeline) -> None:
    made = long(timeline, 3600.0, tuple(event(k + 0.5) for k in range(3600)))
    rows = plot._rows(made)
    assert len(rows) == plot.MAX_ROWS
    assert rows[0][0] == 0
    assert rows[-1][1] == 3600
    assert len(onset_lines(plot.plot_report(made, "svg"))) == 3600


def test_nothing_found_and_names_that_are_markup(timeline: Timeline) -> None:
    video = replace(timeline.video, path="a<b>&$x^2$\n.mp4")
    says = texts(plot.plot_report(replace(timeline, video=video, events=()), "svg"))
    assert any("a<b>&$x^2$" in text and "0 changes" in text for text in says)


def test_png_is_a_picture(timeline: Timeline, tmp_path: Path) -> None:
    path = tmp_path / "t.png"
    path.write_bytes(plot.plot_report(timeline, "png"))
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    assert frame.width == round(plot.WIDTH_IN * plot.DPI)


def test_other_endings_and_a_missing_library(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"ends in \.png or \.svg"):
        plot.plot_renderer("timeline.jpg")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match=r"pyanalyzer\[plot\]"):
        plot.plot_renderer("timeline.svg")
