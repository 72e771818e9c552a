"""The page in a browser: real clicks and keys, and pictures whose numbers are read back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pyanalyzer.page.render import html_page, page_cards
from pyanalyzer.page.replay import embedded, referenced
from pyanalyzer.records import Region, Timeline
from pyanalyzer.report import words
from tests.chromium import Page, chromium
from tests.planted_page import (
    FRAMES,
    ONSETS,
    crowded_timeline,
    marked_timeline,
    write_marked_replay,
)

EVIL = "<img src=x onerror=alert(1)></script>.mp4"
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
FIRST = next(iter(ONSETS))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A replay, and pages of it."""
    folder = tmp_path_factory.mktemp("pages")
    replay = folder / "marked.mp4"
    write_marked_replay(replay)
    timeline = marked_timeline(replay)
    cards = page_cards(timeline, 3)
    write(folder / "embedded.html", html_page(timeline, embedded(timeline), cards))
    write(
        folder / "referenced.html",
        html_page(timeline, referenced(timeline, str(folder / "r.html"))),
    )
    return folder


def write(path: Path, page: bytes) -> None:
    path.write_bytes(page)


@pytest.fixture
def open_page(browser: Any) -> Iterator[Any]:
    contexts = []

    def open_it(path: Path, **options: Any) -> Page:
        options = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light", **options}
        contexts.append(browser.new_context(**options))
        return Page(contexts[-1], path)

    yield open_it
    for context in contexts:
        context.close()


def test_keys_go_from_change_to_change_exactly(folder: Path, open_page: Any) -> None:
    """In a replay of variable frame rate the picture is the one that the timeline means."""
    page = open_page(folder / "embedded.html")
    page.wait_picture()
    for frame in ONSETS:
        page.press("ArrowRight")
        assert page.frame == frame
        assert page.shows(frame)
    page.press("ArrowLeft", "ArrowLeft")
    assert page.shows(list(ONSETS)[-3])
    page.press("Home")
    assert page.shows(FIRST)
    page.press("End")
    assert page.shows(list(ONSETS)[-1])
    assert page.wrong == []


def test_keys_step_single_frames(folder: Path, open_page: Any) -> None:
    page = open_page(folder / "embedded.html")
    page.wait_picture()
    for frame in range(1, 12):
        page.press(".")
        assert page.frame == frame
        assert page.shows(frame)
    page.press(*"....", *",,,,,,")  # faster than pictures can be found
    assert page.frame == 9
    assert page.shows(9)
    page.press(*[","] * 12)
    assert page.frame == 0
    page.press("End", *["."] * 20)
    assert page.frame == FRAMES - 1
    assert page.wrong == []


def test_playing_slowly_and_looping(folder: Path, open_page: Any) -> None:
    page = open_page(folder / "referenced.html")
    page.until("document.getElementById('video').readyState >= 2")
    page.press("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight")
    page.press("<", "<")
    page.until("document.getElementById('video').playbackRate === 0.25")
    page.press(">", ">", ">")
    page.page.locator("#loop").click()
    assert page.page.locator("#loop").get_attribute("aria-pressed") == "true"
    page.page.locator("#play").click()
    page.until("!document.getElementById('video').paused")
    seen = []
    for _ in range(25):
        page.page.wait_for_timeout(150)
        seen.append(float(page.text("#now").removeprefix("0:")))
    onset_s = marked_timeline(folder / "marked.mp4").events[3].time_s
    assert max(seen) < onset_s + 1.2
    assert min(seen) > onset_s - 0.9
    assert any(later < earlier for earlier, later in pairwise(seen))  # it went back
    page.press("k")
    page.until("document.getElementById('video').paused")
    assert page.wrong == []


def test_filters_and_what_they_expect(folder: Path, open_page: Any) -> None:
    timeline = marked_timeline(folder / "marked.mp4")
    page = open_page(folder / "embedded.html")
    minutes = timeline.video.duration_s / 60
    false = sum(1 - event.confidence for event in timeline.events) / minutes
    assert page.listed == "all 6 changes listed"
    assert rate_of(page.text("#expected")) == pytest.approx(false, rel=0.01)
    page.page.locator("#least").focus()
    for _ in range(30):  # from 35 % on
        page.press("ArrowRight")
    kept = [event for event in timeline.events if event.confidence >= 0.65]
    assert page.listed == f"{len(kept)} of 6 changes listed"
    false = sum(1 - event.confidence for event in kept) / minutes
    assert rate_of(page.text("#expected")) == pytest.approx(false, rel=0.01)
    page.page.locator(".chip", has_text="avatar").click()
    kept = [event for event in kept if event.kind != "avatar"]
    assert page.listed == f"{len(kept)} of 6 changes listed"
    page.page.locator("#causes .chip", has_text="world").click()
    kept = [event for event in kept if event.cause != "world"]
    assert page.listed == f"{len(kept)} of 6 changes listed"
    assert shown_ids(page) == [event.id for event in kept]
    assert page.wrong == []


def rate_of(text: str) -> float:
    (number,) = re.findall(r"[\d.]+", text)
    return float(number)


def shown_ids(page: Page) -> list[int]:
    return [int(text) for text in page.page.locator("#table td.id").all_inner_texts()]


def test_the_table_sorts_and_chooses(folder: Path, open_page: Any) -> None:
    timeline = marked_timeline(folder / "marked.mp4")
    page = open_page(folder / "embedded.html")
    page.wait_picture()
    by_confidence = sorted(timeline.events, key=lambda event: event.confidence)
    page.page.locator("th.confidence button").click()
    assert shown_ids(page) == [event.id for event in reversed(by_confidence)]
    page.page.locator("th.confidence button").click()
    assert shown_ids(page) == [event.id for event in by_confidence]
    assert page.page.locator("th.confidence").get_attribute("aria-sort") == "ascending"
    page.page.locator("#table tr[data-i]").nth(2).click()
    assert page.shows(by_confidence[2].frame)
    page.page.locator("#rows").focus()
    page.press("ArrowDown")
    assert page.shows(by_confidence[3].frame)
    assert page.page.locator("#table tr[aria-selected=true] td.id").inner_text() == str(
        by_confidence[3].id
    )
    assert page.wrong == []


def test_the_evidence_of_a_change(folder: Path, open_page: Any) -> None:
    page = open_page(folder / "embedded.html")
    assert "Choose a change" in page.text("#evidence")
    page.press("ArrowRight")
    first = marked_timeline(folder / "marked.mp4").events[0]
    shown = page.text("#evidence")
    assert first.kind in shown
    assert words.percent(first.confidence) in shown
    assert f"frame {first.frame}" in shown
    assert page.page.locator("#evidence .crop img:not(.blocks)").count() == 2
    loaded = "[...document.querySelectorAll('.crop img')].every(i => i.complete && i.naturalWidth)"
    page.until(loaded)
    page.page.locator("#evidence .switch input").click()
    assert page.page.locator("#evidence .blocks:visible").count() == 0
    page.press("Escape")
    assert "Choose a change" in page.text("#evidence")
    assert page.wrong == []


def test_the_timeline_takes_clicks_drags_and_wheels(folder: Path, open_page: Any) -> None:
    page = open_page(folder / "embedded.html")
    page.wait_picture()
    box = page.page.locator("#lanes-live").bounding_box()
    gutter, ruler = 92, 24

    def x_of(share: float) -> float:
        return float(box["x"] + gutter + share * (box["width"] - gutter))

    page.page.mouse.click(x_of(0.5), box["y"] + ruler / 2)
    timeline = marked_timeline(folder / "marked.mp4")
    assert page.frame == pytest.approx(FRAMES / 2, abs=3)
    page.page.mouse.move(x_of(0.5), box["y"] + 60)
    page.page.keyboard.down("Control")
    for _ in range(6):
        page.page.mouse.wheel(0, -300)
    page.page.keyboard.up("Control")
    page.page.wait_for_timeout(100)
    page.page.mouse.click(x_of(0.9), box["y"] + ruler / 2)
    assert page.frame == pytest.approx(FRAMES / 2, abs=8)  # close by now, as it is zoomed in
    before = page.frame
    page.page.mouse.move(x_of(0.2), box["y"] + 60)
    page.page.mouse.down()
    page.page.mouse.move(x_of(0.9), box["y"] + 60, steps=4)
    page.page.mouse.up()
    page.page.mouse.click(x_of(0.9), box["y"] + ruler / 2)
    assert page.frame < before
    page.press("0")
    page.page.mouse.click(
        x_of(0.02 + 0.96 * timeline.events[0].time_s / 2.9), box["y"] + ruler + 50
    )
    assert page.wrong == []


def test_help_theme_and_focus(folder: Path, open_page: Any) -> None:
    page = open_page(folder / "embedded.html")
    page.press("?")
    assert page.page.locator("#keys").is_visible()
    assert "single" in page.text("#keys-list") or "frame" in page.text("#keys-list")
    page.press("Escape")
    # The browser closes a dialog, and gives the focus back, in its own time.
    page.until("!document.getElementById('keys').open")
    page.until("!document.activeElement.closest('dialog')")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.page.evaluate(background)
    page.press("t", "t")
    page.until(f"{background} !== '{light}'")  # styles come with the next frame, not with the key
    order = []
    for _ in range(40):
        page.press("Tab")
        order.append(
            page.page.evaluate("document.activeElement.id || document.activeElement.tagName")
        )
    for earlier, later in [
        ("theme", "play"),
        ("play", "least"),
        ("least", "zoom-in"),
        ("zoom-in", "lanes-live"),
    ]:
        assert order.index(earlier) < order.index(later)
    names = page.page.evaluate(
        "[...document.querySelectorAll('button, input, select, canvas[tabindex]')]"
        ".filter(e => !(e.textContent.trim() || e.ariaLabel || e.labels?.length)).map(e => e.id)"
    )
    assert names == []
    assert page.wrong == []


def test_a_file_name_that_is_markup(folder: Path, open_page: Any) -> None:
    timeline = marked_timeline(folder / "marked.mp4")
    evil = replace(timeline, video=replace(timeline.video, path=EVIL), warnings=(EVIL,))
    write(folder / "evil.html", html_page(evil, referenced(evil, str(folder / "evil.html"))))
    page = open_page(folder / "evil.html")
    assert page.text("#warnings li") == EVIL
    assert EVIL.rpartition("/")[2] in page.text("#name")
    assert page.page.locator("img").count() == 0
    page.page.wait_for_selector("#missing:visible")
    assert [text for text in page.wrong if "ERR_FILE_NOT_FOUND" not in text] == []


def test_a_replay_elsewhere_is_opened_by_hand(folder: Path, tmp_path: Path, open_page: Any) -> None:
    page_path = tmp_path / "moved.html"
    page_path.write_bytes((folder / "referenced.html").read_bytes())
    page = open_page(page_path)
    page.page.wait_for_selector("#missing:visible")
    assert "does not lie where" in page.text("#missing-why")
    page.press("ArrowRight")  # the timeline works without the picture
    assert page.frame == FIRST
    page.page.locator("#file").set_input_files(str(folder / "marked.mp4"))
    page.page.wait_for_selector("#missing", state="hidden")
    assert page.shows(FIRST)  # where the timeline was left
    page.press("ArrowRight")
    assert page.shows(list(ONSETS)[1])


def test_old_timelines_without_curves(folder: Path, open_page: Any) -> None:
    old = marked_timeline(folder / "marked.mp4", curves=False)
    write(folder / "old.html", html_page(old, embedded(old)))
    page = open_page(folder / "old.html")
    page.wait_picture()
    page.press("ArrowRight")
    assert page.shows(FIRST)
    for frame in list(ONSETS)[1:]:
        page.press("ArrowRight")
        assert page.frame == frame
    nothing = replace(old, events=())
    write(folder / "nothing.html", html_page(nothing, embedded(nothing)))
    page = open_page(folder / "nothing.html")
    page.press("ArrowRight", ".", "l")
    assert "No change" in page.text("#evidence")
    assert page.wrong == []


def test_a_phone(folder: Path, open_page: Any) -> None:
    page = open_page(folder / "embedded.html", **PHONE)
    page.wait_picture()
    assert page.page.evaluate("document.documentElement.scrollWidth") == 390
    page.page.locator("#next").tap()
    assert page.shows(FIRST)
    page.page.locator("#changes").scroll_into_view_if_needed()
    page.page.locator("#table tr[data-i]").nth(1).tap()
    assert page.shows(list(ONSETS)[1])
    assert page.page.locator("#video").bounding_box()["y"] >= 0  # still in sight
    assert page.wrong == []


def test_ten_thousand_changes(tmp_path: Path, open_page: Any) -> None:
    """Only the rows in sight are elements; far rows and filters come at once."""
    timeline = crowded_timeline()
    write(tmp_path / "crowded.html", html_page(timeline, referenced(timeline, "crowded.html")))
    page = open_page(tmp_path / "crowded.html")
    assert page.listed == "all 10,000 changes listed"
    assert page.page.locator("#table tr").count() < 80
    page.press("End")
    assert shown_ids(page)[-1] == 10_000
    assert page.page.locator("#table tr[aria-selected=true] td.id").inner_text() == "10000"
    page.page.locator("th.confidence button").click()
    best = max(timeline.events, key=lambda event: (event.confidence, -event.id))
    assert shown_ids(page)[0] == best.id
    assert page.page.locator("#table tr").count() < 80


ZOOM = """async () => {
  const canvas = document.getElementById("lanes-live");
  const box = canvas.getBoundingClientRect();
  const at = { clientX: box.left + 0.4 * box.width, clientY: box.top + 60, ctrlKey: true };
  for (let k = 0; k < 40; k++) {
    const deltaY = k < 20 ? -90 : 90;
    canvas.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY, cancelable: true }));
    await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn, 0)));
  }
}"""


def test_ten_thousand_changes_are_quick(tmp_path: Path, open_page: Any) -> None:
    """In time of the processor, which other programs do not change: what a person waits for when
    nothing else runs. The bounds are several times what was measured (docs/page.md)."""
    timeline = crowded_timeline()
    write(tmp_path / "crowded.html", html_page(timeline, referenced(timeline, "crowded.html")))
    page = open_page(tmp_path / "crowded.html")
    session = page.page.context.new_cdp_session(page.page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy_s() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))

    page.page.reload()
    page.until("document.documentElement.dataset.started")
    before_s = busy_s()
    assert before_s < 2.0
    page.page.evaluate(ZOOM)
    assert (busy_s() - before_s) / 40 < 0.06


def test_words_are_those_of_the_other_reports(folder: Path, open_page: Any) -> None:
    """The table's texts, made by the page, against those that Python makes."""
    regions = [
        (0, 0, 320, 192),
        (0, 0, 300, 40),
        (10, 100, 30, 30),
        (120, 70, 60, 50),
        (280, 0, 40, 192),
    ]
    motions = [(0.0, 0.3), (-3.5, 0.0), (2.5, 2.5), (0.0, -120.5), (-77.0, 31.0)]
    times = [0.0005, 59.9996, 61.25, 3599.9999, 36001.5]
    confidences = [0.125, 0.995, 1.0, 0.005, 0.675]
    plain = marked_timeline(folder / "marked.mp4", curves=False)
    events = tuple(
        replace(
            plain.events[0], id=k + 1, frame=9 * k, interval_frames=(9 * k, 9 * k + 1 + k), pts=0,
            time_s=times[k], region_px=Region(*regions[k]), confidence=confidences[k],
            motion_before_px_s=motions[k], motion_after_px_s=motions[-k],
        )
        for k in range(5)
    )  # fmt: skip
    made = replace(plain, events=events)
    write(folder / "words.html", html_page(unordered(made), referenced(made, "words.html")))
    page = open_page(folder / "words.html")
    for event in events:
        row = page.page.locator(f"#table tr[data-i='{event.id - 1}']")
        glyphs = words.UNICODE
        both = (event.motion_before_px_s, event.motion_after_px_s)
        expected = {
            "time": words.clock(event.time_s),
            "frame": f"{event.frame} {words.interval(event.frame, event.interval_frames, glyphs)}",
            "where": words.place(event.region_px, 320, 192),
            "motion": " ▸ ".join(words.motion(motion, glyphs) for motion in both),
            "confidence": words.percent(event.confidence),
        }
        for name, text in expected.items():
            assert row.locator(f"td.{name}").inner_text() == text


def unordered(timeline: Timeline) -> Timeline:
    """With pts that keep the order of the ids."""
    events = tuple(replace(event, pts=event.id) for event in timeline.events)
    return replace(timeline, events=events)


def test_contents_are_json(folder: Path) -> None:
    text = (folder / "embedded.html").read_text(encoding="utf-8")
    (found,) = re.findall(r'id="contents">(.*?)</script>', text)
    assert json.loads(found)["video"]["name"] == "marked.mp4"
