"""Drawing on planes: the right colours in the right place, and every other pixel as it was."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer.annotate.canvas import OPAQUE, RGB_SPACE, Canvas, make_sprite, yuv420_space
from pyanalyzer.annotate.glyphs import cap_px, letters, mask, width_px
from pyanalyzer.annotate.marks import (
    FADE_S,
    HOLD_S,
    Marks,
    label_lines,
    overlap,
    place_label,
    shown,
)
from pyanalyzer.annotate.strip import PAGE_S, Strip
from pyanalyzer.annotate.style import GROUND, Style, event_colour
from pyanalyzer.records import Event, Region
from pyanalyzer.report.palette import WORLD

BASE = Fraction(1, 30)
EVENT = Event(1, 30, 30, 1.0, (29, 32), "avatar", "player", 0.9, Region(40, 60, 48, 32),
              (0.0, 0.0), (90.0, 0.0))  # fmt: skip


def canvas(w: int = 320, h: int = 240, value: int = 77) -> Canvas:
    space = yuv420_space("bt709", full_range=False)
    y = np.full((h, w), value, np.uint8)
    return Canvas(
        (y, np.full((h // 2, w // 2), 100, np.uint8), np.full((h // 2, w // 2), 150, np.uint8)),
        space,
    )


def copies(c: Canvas) -> list[np.ndarray]:
    return [plane.copy() for plane in c.planes]


def drawn_at(
    event: Event, pts: int, *, w: int = 320, h: int = 240
) -> tuple[Canvas, list[np.ndarray]]:
    c = canvas(w, h)
    before = copies(c)
    Marks([event], w, h, c.space, time_base=BASE).draw(c, pts)
    return c, before


@pytest.mark.parametrize(
    ("standard", "full_range", "rgb", "yuv"),
    [  # ITU-T H.273: white, black, and BT.601's and BT.709's red
        ("bt709", False, (255, 255, 255), (235, 128, 128)),
        ("bt709", False, (0, 0, 0), (16, 128, 128)),
        ("bt709", False, (255, 0, 0), (62.6, 102.3, 240)),
        ("bt601", False, (255, 0, 0), (81.5, 90.2, 240)),
        ("bt601", True, (0, 0, 255), (29.1, 255.5, 107.3)),
    ],
)
def test_colours(
    standard: str, full_range: bool, rgb: tuple[int, ...], yuv: tuple[float, ...]
) -> None:
    space = yuv420_space(standard, full_range=full_range)
    np.testing.assert_allclose(space.encode(rgb), yuv, atol=0.1)


@given(
    st.integers(-9, 30), st.integers(-9, 30), st.integers(0, 30), st.integers(0, 30),
    st.integers(0, OPAQUE),
)  # fmt: skip
def test_fill_touches_its_box_alone(x: int, y: int, w: int, h: int, opacity: int) -> None:
    c = canvas(32, 24)
    before = copies(c)
    c.fill(Region(x, y, w, h), (255, 255, 255), opacity)
    inside = np.zeros((24, 32), bool)
    inside[max(0, y) : max(0, y + h), max(0, x) : max(0, x + w)] = True
    expected = round(77 + (235 - 77) * opacity / OPAQUE)
    assert (np.abs(c.planes[0][inside].astype(int) - expected) <= 1).all()
    assert (c.planes[0][~inside] == before[0][~inside]).all()
    whole = inside.reshape(12, 2, 16, 2).all(axis=(1, 3))
    for plane, old in zip(c.planes[1:], before[1:], strict=True):
        assert (plane[~whole] == old[~whole]).all()


@given(st.integers(-9, 40), st.integers(-9, 30), st.integers(0, OPAQUE), st.integers(0, 2**32 - 1))
def test_blend_is_the_over_operator(x: int, y: int, opacity: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rgba = np.concatenate([rng.uniform(0, 255, (7, 9, 3)), rng.uniform(0, 1, (7, 9, 1))], axis=2)
    planes = tuple(rng.integers(0, 256, (24, 32), dtype=np.uint8) for _ in range(3))
    c = Canvas((planes[0], planes[1], planes[2]), RGB_SPACE)
    expected = np.stack(planes, -1).astype(float)
    for row in range(7):
        for column in range(9):
            if 0 <= y + row < 24 and 0 <= x + column < 32:
                a = rgba[row, column, 3] * opacity / OPAQUE
                at = y + row, x + column
                expected[at] = expected[at] * (1 - a) + rgba[row, column, :3] * a
    c.blend(make_sprite(rgba, x, y, RGB_SPACE), opacity)
    assert np.abs(np.stack(c.planes, -1) - expected).max() <= 3


def test_a_block_is_drawn_in_the_colour_of_its_kind() -> None:
    """From its onset on, at its place: a border of the kind's colour around a tinted inside."""
    c, before = drawn_at(EVENT, 29)
    assert all((a == b).all() for a, b in zip(c.planes, before, strict=True))
    c, before = drawn_at(EVENT, 30)
    x, y, w, h = EVENT.region_px
    wanted = c.space.encode(event_colour(EVENT))
    assert abs(c.planes[0][y, x + w // 2] - wanted[0]) <= 8
    assert abs(c.planes[1][y // 2, (x + w // 2) // 2] - wanted[1]) <= 8
    inside = c.planes[0][y + 6 : y + h - 6, x + 4]
    assert ((inside > before[0][0, 0] + 5) & (inside < wanted[0] - 5)).all()
    changed = np.argwhere(c.planes[0] != before[0])
    assert changed[:, 1].max() < 200  # arrow and label are beside it
    assert changed[:, 0].max() <= y + h + 2
    rest = c.planes[0].copy()
    rest[: y + h + 3, :200] = before[0][: y + h + 3, :200]
    assert (rest == before[0]).all()


def test_an_arrow_points_where_the_motion_goes() -> None:
    x = EVENT.region_px.x_px + EVENT.region_px.w_px // 2
    y = EVENT.region_px.y_px + EVENT.region_px.h_px // 2
    for motion in ((200.0, 0.0), (-200.0, 0.0), (0.0, 200.0), (0.0, -200.0)):
        still = replace(EVENT, motion_after_px_s=(0.0, 0.0))
        with_arrow, _ = drawn_at(replace(EVENT, motion_after_px_s=motion), 60)
        without, _ = drawn_at(still, 60)
        changed = np.argwhere(with_arrow.planes[0] != without.planes[0])
        changed = changed[changed[:, 0] > y - 30]  # the label says it, too
        assert np.sign(changed.mean(axis=0)[1] - x) == np.sign(motion[0]) or not motion[0]
        assert np.sign(changed.mean(axis=0)[0] - y) == np.sign(motion[1]) or not motion[1]


def test_fading() -> None:
    assert shown(-0.01, HOLD_S) == 0
    assert shown(0, HOLD_S) == shown(HOLD_S, HOLD_S) == 1
    assert 0.4 < shown(HOLD_S + FADE_S / 2, HOLD_S) < 0.6
    assert shown(HOLD_S + FADE_S, HOLD_S) == pytest.approx(0, abs=1e-9)
    c, before = drawn_at(EVENT, 30 + round((HOLD_S + FADE_S) * 30) + 1)
    assert all((a == b).all() for a, b in zip(c.planes, before, strict=True))


def test_a_later_one_in_its_place_displaces_it() -> None:
    later = replace(EVENT, id=2, frame=45, pts=45)
    elsewhere = replace(later, region_px=Region(200, 160, 40, 30))
    for second, gone in ((later, True), (elsewhere, False)):
        c, alone = canvas(), canvas()
        Marks([EVENT, second], 320, 240, c.space, time_base=BASE).draw(c, 58)
        Marks([second], 320, 240, c.space, time_base=BASE).draw(alone, 58)
        same = all((a == b).all() for a, b in zip(c.planes, alone.planes, strict=True))
        assert same == gone


def test_the_whole_picture_gets_a_border_and_keeps_its_inside() -> None:
    whole = replace(EVENT, kind="view", region_px=Region(0, 0, 320, 240), motion_after_px_s=(0, 0))
    c, before = drawn_at(whole, 60)
    assert (c.planes[0][80:-8, 8:-8] == before[0][80:-8, 8:-8]).all()
    assert (c.planes[0][0] != before[0][0]).all()


def test_the_world_is_gray_and_named() -> None:
    world = replace(EVENT, cause="world")
    assert "#{:02x}{:02x}{:02x}".format(*event_colour(world)) == WORLD
    assert label_lines(world)[0] == "avatar (world)"
    assert label_lines(EVENT) == ("avatar", "90%  #1", "frame 30 · still ▸ → 90")


@given(
    st.integers(0, 300), st.integers(0, 220), st.integers(1, 20), st.integers(1, 20),
    st.lists(st.integers(0, 5), max_size=4),
)  # fmt: skip
def test_labels_stand_in_the_picture_and_apart(
    x: int, y: int, w: int, h: int, earlier: list[int]
) -> None:
    taken: list[Region] = []
    for k in [*earlier, 0]:
        region = Region(x, min(y + k, 239), w, min(h, 240 - min(y + k, 239)))
        label = place_label((region, False), (80, 20), (320, 240), taken, 6)
        assert label.x_px >= 0
        assert label.y_px >= 0
        assert label.x_px + 80 <= 320
        assert label.y_px + 20 <= 240
        assert not any(overlap(label, other) for other in taken)
        taken.append(label)


@pytest.mark.parametrize("em_px", [11, 12.5, 28, 56, 70])
def test_text_is_sharp_at_every_size(em_px: float) -> None:
    """An E has the height it should, and its edges along rows are no wider than a row."""
    picture, baseline = mask("E", em_px, "bold")
    rows = picture.max(axis=1)
    assert (rows[baseline - cap_px(em_px) : baseline] > 0).all()
    assert rows[: baseline - cap_px(em_px) - 1].max() == 0
    assert rows[baseline + 1 :].max() == 0
    assert rows[baseline - 1] > 200
    assert picture.shape[1] == width_px("E", em_px, "bold")


def test_letters_of_file_names() -> None:
    assert letters("regular").of("é") is not letters("regular").of("\u4e00")
    assert mask("\u4e00", 20.0)[0].any()  # the sign for unknown ones
    assert not mask(" ", 20.0)[0].any()


@pytest.mark.parametrize(
    ("w", "h", "brief"), [(320, 240, True), (1920, 1080, False), (1080, 1920, False)]
)
def test_sizes_follow_the_picture(w: int, h: int, brief: bool) -> None:
    style = Style.of(w, h)
    assert style.brief == brief
    assert 11 <= style.small_em_px <= style.em_px <= h / 18
    label = width_px("interface (world)", style.em_px, "bold")
    assert label < w * 0.6


def strip_of(events: list[Event], end_s: float) -> tuple[Strip, Canvas]:
    strip = Strip(events, (0.0, end_s), 1 / 30, strip_width_px=640, style=Style.of(640, 480),
                  space=RGB_SPACE)  # fmt: skip
    planes = [np.zeros((strip.height_px, 640), np.uint8) for _ in range(3)]
    return strip, Canvas((planes[0], planes[1], planes[2]), RGB_SPACE)


def columns_of(c: Canvas, colour: tuple[int, int, int], rows: int) -> np.ndarray:
    """The columns right of the names that have a pixel of that colour."""
    picture = np.stack(c.planes, -1)[:rows, 100:]
    return 100 + np.flatnonzero((picture == colour).all(-1).any(0))


def test_the_strip_shows_events_where_they_are_and_the_playhead_moves() -> None:
    events = [replace(EVENT, time_s=5.0), replace(EVENT, id=2, time_s=15.0, confidence=0.4)]
    strip, c = strip_of(events, 20.0)
    assert strip.height_px % 2 == 0
    strip.draw(c, 0, 0.0)
    found = columns_of(c, event_colour(EVENT), 18)
    first, second = found.min(), found.max()
    tall, low = (
        (np.stack(c.planes, -1)[:, x] == event_colour(EVENT)).all(-1).sum() for x in (first, second)
    )
    assert tall > 1.8 * low
    heads = []
    for time_s in (5.0, 15.0):
        strip.draw(c, 0, time_s)
        heads.append(columns_of(c, (240, 241, 243), 3).mean())
    assert abs(heads[0] - first) <= 3
    assert abs(heads[1] - second) <= 3


def test_a_long_strip_turns_its_pages() -> None:
    events = [replace(EVENT, time_s=PAGE_S * 1.5)]
    strip, c = strip_of(events, PAGE_S * 3)
    strip.draw(c, 0, 1.0)
    assert not columns_of(c, event_colour(EVENT), 18).size
    strip.draw(c, 0, PAGE_S + 1.0)
    assert columns_of(c, event_colour(EVENT), 18).size
    strip.draw(c, 0, PAGE_S * 4)  # past the end: the last page
    assert not columns_of(c, event_colour(EVENT), 18).size


def test_a_strip_without_events() -> None:
    strip, c = strip_of([], 3.0)
    strip.draw(c, 0, 1.5)
    assert (np.stack(c.planes, -1) != GROUND).any()
