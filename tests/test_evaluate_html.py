"""The HTML report of an evaluation: whole, safe, self-contained, and the same bytes each time."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from pyanalyzer.evaluate.html_report import html_evaluation
from pyanalyzer.evaluate.plots import (
    Axes,
    PrecisionRecallLine,
    precision_recall_plot,
    reliability_plot,
    tolerance_plot,
    wilson_interval,
)
from pyanalyzer.evaluate.protocol import TOLERANCES, CaseScore, score_case
from pyanalyzer.evaluate.reliability import reliability
from pyanalyzer.evaluate.strips import ROW_S, marks_of, strip
from pyanalyzer.evaluate.summary import summarise
from tests.planted_evaluation import MODEL, case, event, made_up_scores, truth

VOID = {"meta", "link", "br", "wbr", "hr", "img", "input"}


class Nesting(HTMLParser):
    """Fails where a tag is closed that is not the last one opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def scores() -> list[CaseScore]:
    return made_up_scores(12, replays=1)


def test_page_is_whole_and_self_contained(scores: list[CaseScore]) -> None:
    page = html_evaluation(summarise(scores), scores, [MODEL], ["a note"])
    assert page == html_evaluation(summarise(scores), scores, [MODEL], ["a note"])
    text = page.decode()
    nesting = Nesting()
    nesting.feed(text)
    assert nesting.open == []
    assert not {"script", "link", "img", "iframe"} & nesting.seen
    assert "://" not in text  # base64 has no colon
    assert "url(" not in text
    assert "nan" not in text
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport"' in text
    for title in ("F1 by tolerance", "Reliability", "Precision and recall by engine", "Replays"):
        assert title in text
    assert text.count("<figure>") == 1 + 3 + 3  # tolerances of all and each engine; three plots
    assert text.count('<details class="replay"') == 1 + len(scores)
    for score in scores:
        assert score.game.rsplit("/", 1)[-1] in text


def test_names_are_text() -> None:
    game = "<script>alert('x')</script>&\"pong\""
    true = truth([50, 100], game, engine="<b>odd</b>", split="<i>split</i>")
    score = replace(score_case(case(true, [event(50)])), name="replays/<s>pong</s>.mp4")
    other = score_case(case(truth([60]), []))
    model = replace(MODEL, name="<u>weights</u>")
    page = html_evaluation(summarise([score, other]), [score, other], [model], ["<s>note</s>"])
    text = page.decode()
    nesting = Nesting()
    nesting.feed(text)
    assert not {"script", "u", "s"} & nesting.seen
    for raw in ("<script", "<b>odd", "<i>split", "<u>", "<s>", '&"pong'):
        assert raw not in text
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&amp;&quot;pong&quot;" in text
    assert "&lt;b&gt;odd&lt;/b&gt;" in text
    assert "&lt;s&gt;note&lt;/s&gt;" in text


def test_nothing_found_in_nothing() -> None:
    scores = [score_case(case(truth([]), []))]
    text = html_evaluation(summarise(scores), scores, [MODEL]).decode()
    assert "nan" not in text
    assert "0 found, 0 missed, 0 false alarms" in text


def test_marks_tell_failures_apart() -> None:
    true = truth([60, 120, 180], frames=1500, world=[900])
    events = [event(61), event(121, 0.2), event(300, 0.7)]
    marks = marks_of(score_case(case(true, events)))
    assert marks.found_s.tolist() == [1.0]
    assert marks.unsure_s.tolist() == [2.0]
    assert marks.missed_s.tolist() == [3.0]
    assert [a.tolist() for a in marks.right] == [[61 / 60], [0.9]]
    assert [a.tolist() for a in marks.false] == [[5.0], [0.7]]
    assert marks.world_s.tolist() == [15.0]


def test_strip_places_marks_in_their_rows() -> None:
    true = truth([60, 1200], frames=1500)
    text = strip(score_case(case(true, [event(60)])), is_open=True)
    rows = re.findall(r"<svg.*?</svg>", text)
    assert len(rows) == 3  # 25 s
    paths = [{p.get("class"): p.get("d") for p in ElementTree.fromstring(row)} for row in rows]
    assert paths[0]["found"] == f"M{1000 / ROW_S:.1f} 2.0V19.0"
    assert paths[0]["right"] == f"M{1000 / ROW_S:.1f} 21.0V{20 + 1 + 17 * 0.9:.1f}"
    assert set(paths[1]) == {"zero"}
    assert paths[2]["missed"] == "M0.0 2.0V19.0"
    assert paths[2]["zero"] == "M0 20H500.0"


def test_plots_place_what_is_planted() -> None:
    axes = Axes("")
    line = PrecisionRecallLine(
        "a", np.array([0.0, 0.5]), np.array([1.0, 0.25]), (0.5, 0.25), (0.1, 0.2)
    )
    picture = ElementTree.fromstring(precision_recall_plot("a < b", [line]))
    assert picture.get("aria-label") == "a < b"
    (dot,) = picture.iter("circle")
    assert float(dot.get("cx", "")) == pytest.approx(axes.x(0.5), abs=0.06)
    assert float(dot.get("cy", "")) == pytest.approx(axes.y(0.25), abs=0.06)
    (curve,) = [p for p in picture.iter("polyline") if p.get("class") == "line s0"]
    assert curve.get("points") == axes.points([(0.0, 1.0), (0.5, 0.25)])

    bins = reliability([0.95, 0.85, 0.05, 0.05], [1, 0, 0, 1])
    picture = ElementTree.fromstring(reliability_plot("", bins))
    assert len(list(picture.iter("circle"))) == len(bins) == 3
    assert ElementTree.fromstring(reliability_plot("", ())).tag == "svg"

    f1 = [n / 10 for n in range(len(TOLERANCES))]
    intervals = [(value, value + 0.1) for value in f1]
    picture = ElementTree.fromstring(tolerance_plot("", f1, intervals, f1))
    assert len(list(picture.iter("circle"))) == len(TOLERANCES)


def test_long_curves_are_thinned_but_keep_their_ends() -> None:
    recall = np.linspace(0, 1, 20_000)
    precision = 1 - recall / 2
    line = PrecisionRecallLine("", recall, precision, (1.0, 0.5), None)
    picture = ElementTree.fromstring(precision_recall_plot("", [line]))
    (curve,) = [p for p in picture.iter("polyline") if p.get("class") == "line s0"]
    points = curve.get("points", "").split()
    assert 100 < len(points) < 1000
    axes = Axes("")
    assert points[0] == axes.points([(0.0, 1.0)])
    assert points[-1] == axes.points([(1.0, 0.5)])


def test_wilson_interval() -> None:
    # Worked example: 0 of 10 and 10 of 10 at z = 1.96 give 0 to 0.2775 and its mirror image.
    assert wilson_interval(0.0, 10) == (0.0, pytest.approx(0.2775, abs=1e-4))
    assert wilson_interval(1.0, 10) == (pytest.approx(0.7225, abs=1e-4), 1.0)
    low, high = wilson_interval(0.5, 100)
    assert (low, high) == (pytest.approx(0.4038, abs=1e-4), pytest.approx(0.5962, abs=1e-4))
