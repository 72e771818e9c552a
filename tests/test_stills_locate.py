"""Regions from maps, their confidence, what they are, and how they are judged."""

from __future__ import annotations

import numpy as np
import pytest

from pyanalyzer.evaluate.stills import Found, judge_pair, sum_up
from pyanalyzer.records import Region
from pyanalyzer.stills.locate import FIGURES, locate
from pyanalyzer.stills.moves import describe
from pyanalyzer.stills.records import FoundRegion, LocateParameters
from tests.planted_stills import maps_from, scene, with_block

SIZE = (120, 160)
EVERYWHERE = np.ones(SIZE, bool)
PARAMETERS = LocateParameters()


def differing(*regions: Region) -> np.ndarray:  # type: ignore[type-arg]
    mask = np.zeros(SIZE, bool)
    for x, y, w, h in regions:
        mask[y : y + h, x : x + w] = True
    return mask


@pytest.mark.parametrize(
    "regions",
    [
        [Region(13, 22, 8, 8)],
        [Region(0, 0, 30, 11), Region(90, 70, 33, 41)],
        [Region(152, 112, 8, 8)],
        [],
    ],
)
def test_boxes_are_exact_to_the_pixel(regions: list[Region]) -> None:
    found = locate(maps_from(differing(*regions)), EVERYWHERE, PARAMETERS)
    assert sorted(f.region for f in found) == sorted(regions)
    assert all(len(f.figures) == len(FIGURES) for f in found)


def test_a_lone_doubtful_cell_is_smoothed_away() -> None:
    maps = maps_from(differing(Region(40, 40, 4, 4)))
    maps.changed[maps.changed > 0] = 1.0
    assert not locate(maps, EVERYWHERE, LocateParameters(potts=1.0))
    assert locate(maps, EVERYWHERE, LocateParameters(potts=0.0))


def test_letters_of_a_word_are_one() -> None:
    letters = [Region(20, 20, 6, 12), Region(32, 20, 6, 12), Region(44, 20, 6, 12)]
    maps = maps_from(differing(*letters))
    rows, columns = np.nonzero(maps.changed > 0)
    cx, cy = (columns + 0.5) * 4, (rows + 0.5) * 4
    maps.sides_px[:, rows, columns] = (cx - 20, cy - 20, 50 - cx, 32 - cy)
    (found,) = locate(maps, EVERYWHERE, PARAMETERS)
    assert found.region == Region(20, 20, 30, 12)
    apart = locate(maps_from(differing(*letters)), EVERYWHERE, PARAMETERS)
    assert len(apart) == 3


def test_nothing_is_found_where_the_first_picture_does_not_look() -> None:
    covered = EVERYWHERE.copy()
    covered[:, :60] = False
    found = locate(maps_from(differing(Region(10, 10, 30, 30))), covered, PARAMETERS)
    assert not found


def region(x: int, y: int, w: int = 24, h: int = 24) -> FoundRegion:
    return FoundRegion(Region(x, y, w, h), w * h, (1.0,) * len(FIGURES), 0.9)


@pytest.mark.parametrize("plain", [False, True])
def test_what_moved_is_one_change_with_two_places(plain: bool) -> None:
    ground = scene(1, 160, 120) // 3 + 60
    rows, columns = np.mgrid[:24, :24]
    disc = (rows - 11.5) ** 2 + (columns - 11.5) ** 2 < 144  # its corners are ground
    thing = np.full((24, 24, 3), (200, 40, 60), np.uint8) if plain else scene(2, 24, 24)
    before, after = ground.copy(), ground.copy()
    mask = np.zeros(SIZE, bool)
    for picture, (x, y) in ((before, (20, 20)), (after, (110, 70))):
        picture[y : y + 24, x : x + 24][disc] = thing[disc]
        mask[y : y + 24, x : x + 24] = disc
    found = (region(20, 20), region(110, 70))
    ((to, kind, origin),) = describe(before, after, mask, found)
    assert kind == "moved"
    assert to.region == Region(110, 70, 24, 24)
    assert origin is not None
    assert origin.region == Region(20, 20, 24, 24)


def test_appeared_and_vanished() -> None:
    ground = np.full((*SIZE, 3), 90, np.uint8)
    shown = with_block(ground, 60, 40, 24, 24)
    mask = differing(Region(60, 40, 24, 24))
    assert describe(ground, shown, mask, (region(60, 40),))[0][1] == "appeared"
    assert describe(shown, ground, mask, (region(60, 40),))[0][1] == "vanished"
    other = with_block(ground, 60, 40, 24, 24, 0)
    assert describe(with_block(ground, 60, 40, 24, 24, 190), other, mask, (region(60, 40),))[0][
        1
    ] == ("changed")


def test_judging_counts_each_truth_once() -> None:
    labels = np.zeros(SIZE, np.int16)
    boxes = {1: Region(10, 10, 20, 20), 2: Region(80, 50, 10, 10)}
    for number, (x, y, w, h) in boxes.items():
        labels[y : y + h, x : x + w] = number
    labels[100:, 100:] = -1
    found = [
        Found(Region(11, 11, 20, 20), 0.9),
        Found(Region(10, 10, 20, 20), 0.8),  # the same truth again: false
        Found(Region(105, 105, 10, 10), 0.7),  # where nothing is asked
        Found(Region(0, 60, 10, 10), 0.6),
    ]
    score = judge_pair(found, labels > 0, labels, boxes)
    assert score.confidences == (0.9, 0.8, 0.6)
    assert score.hits == (True, False, False)
    assert score.truth_hit == (True, False)
    assert score.pixels == (500, 0, 0)
    whole = sum_up([score])
    assert whole.average_precision == pytest.approx(0.5)
    assert whole.pixel_f1 == 1.0
    assert whole.recall == 0.5
    assert whole.truths == 2
