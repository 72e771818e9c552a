"""Overlays hide what is under them, move by themselves, and stay where they say they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Protocol

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyanalyzer.recapture.draw import CORNERS
from pyanalyzer.recapture.labels import capture_truth
from pyanalyzer.recapture.overlays import Overlays
from pyanalyzer.recapture.placement import Placement, unchanged, visible_part
from pyanalyzer.recapture.plan import (
    ChatPlan,
    CursorPlan,
    HudPlan,
    OverlayPlan,
    TimePlan,
    WebcamPlan,
)
from pyanalyzer.recapture.timing import make_timing
from pyanalyzer.records import U8, Region
from pyanalyzer.simulate.encode import full
from pyanalyzer.simulate.truth import Change
from tests.planted_recapture import HEIGHT_PX, SIDE_PX, WIDTH_PX, planted_truth

WEBCAM = WebcamPlan("top right", 0.4, 0.0, 1.0, 2, False, 30, seed=1)
CHAT = ChatPlan("left", 0.3, 0.2, 0.6, 0.04, 1.0, 0.3, seed=2)
HUD = HudPlan("top left", "bottom", 1.0, "top right", True, 4.0, 0.3, seed=3)
CURSOR = CursorPlan(0.05, False, seed=4)
EACH = {
    "webcam": OverlayPlan(webcam=WEBCAM),
    "round webcam": OverlayPlan(webcam=replace(WEBCAM, round=True)),
    "chat": OverlayPlan(chat=CHAT),
    "hud": OverlayPlan(hud=HUD),
    "cursor": OverlayPlan(cursor=CURSOR),
}
SECONDS = 12


class Draws(Protocol):
    def __call__(self, time_s: float) -> U8: ...


def drawn(plan: OverlayPlan, ground: int, width: int = 320, height: int = 240) -> Draws:
    overlays = Overlays(plan, width, height, SECONDS)

    def draw(time_s: float) -> U8:
        picture = np.full((height, width, 3), ground, np.uint8)
        overlays.draw(picture, time_s)
        return picture

    return draw


@pytest.mark.parametrize("name", EACH)
def test_what_is_called_opaque_lets_nothing_through(name: str) -> None:
    on_black, on_white = drawn(EACH[name], 0), drawn(EACH[name], 255)
    overlays = Overlays(EACH[name], 320, 240, SECONDS)
    count = 0
    for tick in range(0, 40):
        time_s = tick * 0.29
        same = (on_black(time_s) == on_white(time_s)).all(axis=2)
        for x, y, w, h in overlays.opaque(time_s):
            assert same[max(0, y) : y + h, max(0, x) : x + w].all()
            count += 1
    assert count or name == "cursor"


@pytest.mark.parametrize("name", EACH)
def test_overlays_move_and_are_a_function_of_time(name: str) -> None:
    draw, again = drawn(EACH[name], 90), drawn(EACH[name], 90)
    times = [0.31 * k for k in range(36)]
    forward = [draw(time_s) for time_s in times]
    backward = [again(time_s) for time_s in reversed(times)][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(forward, backward, strict=True))
    moves = [not np.array_equal(a, b) for a, b in pairwise(forward)]
    assert sum(moves) >= 5
    assert any((picture != 90).any() for picture in forward)


@pytest.mark.parametrize("size", [(64, 48), (320, 240), (140, 720)])
@pytest.mark.parametrize("corner", CORNERS)
def test_overlays_fit_every_size(size: tuple[int, int], corner: str) -> None:
    plan = OverlayPlan(
        webcam=replace(WEBCAM, corner=corner),
        chat=replace(CHAT, opacity=0.35),
        hud=replace(HUD, logo=corner),
        cursor=CURSOR,
    )
    draw = drawn(plan, 90, *size)
    for time_s in (0.0, 5.0, 9.5):
        assert draw(time_s).shape == (size[1], size[0], 3)


def captured(opaque: Callable[[float], tuple[Region, ...]]) -> tuple[Change, ...]:
    truth = planted_truth()
    timing = make_timing(TimePlan(), truth.frames, truth.frame_rate)
    placement = unchanged(WIDTH_PX, HEIGHT_PX)
    return capture_truth(truth, timing, placement, opaque, video="x.mp4", settings={}).changes


def test_a_change_under_an_opaque_overlay_is_not_observable() -> None:
    changes = captured(lambda _: (Region(118, 18, 40, 40), Region(0, 90, 36, 90)))
    under, _, beside, free, _ = changes
    assert (under.observable, under.onset_frame, under.region_px, under.kind) == (
        False,
        None,
        None,
        None,
    )
    assert under.press_frame == planted_truth().changes[0].press_frame
    assert beside.region_px == Region(36, 96, 12, SIDE_PX)  # its right half is seen
    assert free == planted_truth().changes[3]


def test_two_overlays_hide_together_and_only_at_the_onset() -> None:
    halves = (Region(100, 20, 30, 30), Region(130, 20, 30, 30))
    onset_s = 9 / 60
    assert not captured(lambda t: halves if t == pytest.approx(onset_s) else ())[0].observable
    assert captured(lambda t: halves if t != pytest.approx(onset_s) else ())[0].observable


def test_what_is_cropped_away_is_not_observable() -> None:
    truth = planted_truth()
    timing = make_timing(TimePlan(), truth.frames, truth.frame_rate)
    placement = Placement(Region(0, 0, 130, 144), full(130, 144))
    changes = capture_truth(
        truth, timing, placement, lambda _: (), video="x.mp4", settings={}
    ).changes
    assert changes[0].region_px == Region(120, 20, 10, SIDE_PX)
    assert not changes[3].observable


boxes = st.builds(
    Region, st.integers(0, 30), st.integers(0, 30), st.integers(1, 20), st.integers(1, 20)
)


@settings(max_examples=200)
@given(region=boxes, covers=st.lists(boxes, max_size=4))
def test_the_visible_part_holds_every_pixel_that_is_seen(
    region: Region, covers: list[Region]
) -> None:
    seen = {
        (x, y)
        for x in range(region.x_px, region.x_px + region.w_px)
        for y in range(region.y_px, region.y_px + region.h_px)
        if not any(c.x_px <= x < c.x_px + c.w_px and c.y_px <= y < c.y_px + c.h_px for c in covers)
    }
    part = visible_part(region, covers)
    if not seen:
        assert part is None
        return
    xs, ys = {x for x, _ in seen}, {y for _, y in seen}
    assert part == Region(min(xs), min(ys), max(xs) + 1 - min(xs), max(ys) + 1 - min(ys))
