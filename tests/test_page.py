"""The page as a file: whole, safe, self-contained, of bounded size, the same bytes each time."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyanalyzer.__main__ import main
from pyanalyzer.errors import ReplayError, UsageError
from pyanalyzer.page import render
from pyanalyzer.page.render import SCRIPTS, STYLES, html_page, page_renderer, script_json
from pyanalyzer.page.replay import embedded, referenced
from pyanalyzer.records import KINDS, Timeline
from pyanalyzer.report.html_theme import DARK, LIGHT
from pyanalyzer.report.json_report import json_report
from pyanalyzer.report.palette import kind_style
from tests.planted_analysis import planted_timeline
from tests.planted_page import (
    ONSETS,
    START_PTS,
    TIME_BASE,
    crowded_timeline,
    marked_timeline,
    variable_pts,
    write_marked_replay,
)
from tests.test_evaluate_html import Nesting

PAGE_FOLDER = Path(render.__file__).parent
# What a file's name may hold: markup, quotes, ends of elements, a comment, other scripts, controls.
EVIL = "a</script><script>alert(1)</script><!--\"'&amp;{{script}}\u2028\u202eé.mp4"

FROM_ELSEWHERE = r"""https?:|["'(=]//\w|@import|url\(|srcset|<link|<iframe|<object"""


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("replay") / "marked.mp4"
    write_marked_replay(path)
    return path


def page_of(timeline: Timeline, path: str = "report.html") -> str:
    return html_page(timeline, referenced(timeline, path)).decode()


def contents_of(page: str) -> dict[str, Any]:
    found = re.findall(r'<script type="application/json" id="contents">(.*?)</script>', page)
    (text,) = found
    contents: dict[str, Any] = json.loads(text)
    return contents


def named(timeline: Timeline, path: str) -> Timeline:
    return replace(timeline, video=replace(timeline.video, path=path))


def test_page_is_whole_and_the_same_each_time() -> None:
    page = page_of(planted_timeline())
    assert page == page_of(planted_timeline())
    nesting = Nesting()
    nesting.feed(page)
    assert nesting.open == []
    assert {"video", "canvas", "table", "dialog"} <= nesting.seen


def test_nothing_comes_from_a_network(replay: Path) -> None:
    """No address anywhere, and a policy that would not let one be fetched."""
    for page in (page_of(marked_timeline(replay)), page_of(crowded_timeline(50, 1000))):
        assert not re.search(FROM_ELSEWHERE, page)
        assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|sendBeacon|import)\s*\(", page)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_policy_names_the_pages_own_script_and_style() -> None:
    page = page_of(planted_timeline())
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.S)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.S)
    for source, text in (("style-src", style), ("script-src", script)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{source} 'sha256-{digest}'" in policy
    assert not re.search(r'\son[a-z]+="|\sstyle="', page)  # the policy would block them


@pytest.mark.parametrize("name", [EVIL, "{{contents}}", "</title>", "\udcff.mp4", "javascript:x"])
def test_names_are_text(name: str) -> None:
    """A name cannot end an element, open another, or become a scheme; the data holds it whole."""
    plain = planted_timeline()
    page = page_of(named(plain, name))
    for tag in ("<script", "</script", "<!--", "</title"):
        assert page.count(tag) == page_of(plain).count(tag)
    contents = contents_of(page)
    assert contents["video"]["name"].encode("utf-8", "replace") in (
        Path(name).name.encode("utf-8", "replace"),
        name.encode("utf-8", "replace"),
    )
    assert re.fullmatch(r"\./[\w.~%/!$&'()*+,;=@-]*", contents["replay"]["href"], re.ASCII)


def test_texts_of_the_timeline_are_data() -> None:
    evil = replace(planted_timeline(), warnings=(EVIL,), settings={"mask": EVIL})
    page = page_of(evil)
    assert page.count("</script") == page_of(planted_timeline()).count("</script")
    assert contents_of(page)["warnings"] == [EVIL]
    assert contents_of(page)["settings"] == [["mask", EVIL]]


def test_script_json() -> None:
    text = script_json({"x": "</script><!--&\u2028é"})
    assert not set("<>&") & set(text)
    assert text.isascii()
    assert json.loads(text) == {"x": "</script><!--&\u2028é"}
    with pytest.raises(ValueError, match="JSON"):
        script_json(float("nan"))


def test_frames_have_their_exact_times(replay: Path) -> None:
    frames = contents_of(page_of(marked_timeline(replay)))["frames"]
    assert (frames["first"], frames["ticks"]) == (0, 0)
    ticks, lengths = [0], iter(frames["runs"])
    for length, count in zip(lengths, lengths, strict=True):
        for _ in range(count):
            ticks.append(ticks[-1] + length)
    assert ticks == [pts - START_PTS for pts in variable_pts()]
    assert frames["time_base"] == [TIME_BASE.numerator, TIME_BASE.denominator]


def test_frames_of_a_part_keep_their_place() -> None:
    whole = crowded_timeline(20, 600)
    assert whole.curves is not None
    fields = {name: getattr(whole.curves, name)[90:] for name in whole.curves.__slots__[1:]}
    part = replace(whole, curves=replace(whole.curves, **fields))
    frames = contents_of(page_of(part))["frames"]
    assert (frames["first"], frames["ticks"], frames["runs"]) == (90, 90, [1, 509])


def test_curves_come_back(replay: Path) -> None:
    timeline = marked_timeline(replay)
    curves = contents_of(page_of(timeline))["curves"]
    for name in ("view_dx_px", "changed_share"):
        packed = curves[name]
        levels = np.frombuffer(base64.b64decode(packed["levels"]), "<i2")
        values = levels / 32767 * packed["most"]
        np.testing.assert_allclose(values, getattr(timeline.curves, name), atol=2e-4)
    assert curves["view_zoom"]["most"] == 0  # zoom 1 is no zoom


def test_events_are_columns_in_order_of_time(replay: Path) -> None:
    events = contents_of(page_of(marked_timeline(replay)))["events"]
    assert events["frame"] == list(ONSETS)
    assert events["confidence"] == list(ONSETS.values())
    assert len(events["region_px"]) == 4 * len(ONSETS)


def test_old_and_empty_timelines(replay: Path) -> None:
    old = contents_of(page_of(marked_timeline(replay, curves=False)))
    assert old["frames"] is None
    assert old["curves"] is None
    nothing = replace(planted_timeline(), events=())
    assert contents_of(page_of(nothing))["events"]["id"] == []


def test_an_hour_with_ten_thousand_changes_is_a_small_file() -> None:
    """Not by a word more than it needs: 130 bytes per change, 16 per frame of curves."""
    few, many = (len(page_of(crowded_timeline(n, 1000 + 21 * n))) for n in (100, 5100))
    assert (many - few) / 5000 < 130 + 21 * 16
    assert len(page_of(planted_timeline())) < 142_000


def test_embedded_replay_is_the_file(replay: Path) -> None:
    timeline = marked_timeline(replay)
    page = html_page(timeline, embedded(timeline)).decode()
    (text,) = re.findall(r'<script type="text/plain" id="embedded">(.*?)</script>', page)
    assert base64.b64decode(text) == replay.read_bytes()
    assert contents_of(page)["replay"] == {"name": "marked.mp4", "type": "video/mp4", "href": None}


def test_references_are_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    timeline = named(planted_timeline(), "my replays/a#1?.mp4")
    assert referenced(timeline, "report.html").href == "./my%20replays/a%231%3F.mp4"
    assert referenced(timeline, "out/report.html").href == "./../my%20replays/a%231%3F.mp4"
    assert referenced(timeline, "-").href == "./my%20replays/a%231%3F.mp4"


def test_cards_are_of_the_likeliest(replay: Path) -> None:
    timeline = marked_timeline(replay)
    page = page_renderer("report.html", embed=False, cards=2)(timeline).decode()
    cards = contents_of(page)["cards"]
    likeliest = sorted(timeline.events, key=lambda event: -event.confidence)[:2]
    assert {card["id"] for card in cards} == {event.id for event in likeliest}
    for card in cards:
        assert base64.b64decode(card["before"].removeprefix("data:image/jpeg;base64,"))
        assert len(card["score_frames"]) == len(card["scores"])


@pytest.mark.parametrize("path", ["gone.mp4", "."])
def test_a_replay_that_is_gone_leaves_a_page_without_cards(path: str) -> None:
    timeline = named(marked_timeline(Path("gone.mp4")), path)
    page = page_renderer("report.html", embed=False)(timeline).decode()
    assert contents_of(page)["cards"] == []


def test_another_file_in_the_replays_place(replay: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.mp4"
    other.write_bytes(b"another")
    timeline = named(marked_timeline(replay), str(other))
    for embed in (True, False):
        with pytest.raises(ReplayError, match="is not the replay of this timeline"):
            page_renderer("report.html", embed=embed)(timeline)


def test_what_cannot_be_embedded(replay: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ReplayError, match=r"cannot read gone\.mp4.*--replay"):
        page_renderer("report.html", embed=True, replay="gone.mp4")
    monkeypatch.setattr("pyanalyzer.page.replay.MAX_EMBEDDED_MIB", 0)
    with pytest.raises(UsageError, match="leave --embed away"):
        page_renderer("report.html", embed=True, replay=str(replay))
    with pytest.raises(UsageError, match="--cards"):
        page_renderer("report.html", embed=False, cards=-1)


def test_commands(replay: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From a saved timeline; a folder that is not there is found before anything is done."""
    saved = tmp_path / "timeline.json"
    saved.write_bytes(json_report(marked_timeline(replay)))
    page = tmp_path / "report.html"
    assert main(["report", str(saved), "--html", str(page), "--embed"]) == 0
    assert base64.b64encode(replay.read_bytes()) in page.read_bytes()
    assert "written to" in capsys.readouterr().err
    assert main(["report", str(saved), "--html", str(tmp_path / "no" / "report.html")]) == 1
    assert "there is no folder" in capsys.readouterr().err
    for option in (["--embed"], ["--cards", "3"]):
        assert main(["report", str(saved), *option]) == 2
        assert "give --html FILE too" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "timeline.json"]


def test_every_part_is_used() -> None:
    for folder, names, ending in (("script", SCRIPTS, ".js"), ("style", STYLES, ".css")):
        assert {path.stem for path in (PAGE_FOLDER / folder).glob(f"*{ending}")} == set(names)
    elements = set(re.findall(r'\bid="([\w-]+)"', (PAGE_FOLDER / "page.html").read_text()))
    for path in (PAGE_FOLDER / "script").glob("*.js"):
        text = path.read_text()
        made = set(re.findall(r'\bid: "([\w-]+)"', text)) | {"scores", "rate", "spells", "heat"}
        about = {f"{name}-about" for name in made}
        asked = set(re.findall(r'\b(?:byId|icon|click)\("([\w-]+)"', text))
        assert asked <= elements | made | about | {"tiles"}, path.name


def test_theme_has_the_colours_of_the_other_reports() -> None:
    page = page_of(planted_timeline())
    assert LIGHT in page
    assert DARK in page
    for kind in KINDS:
        assert f"--{kind}: {kind_style(kind)};" in page
