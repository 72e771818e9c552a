"""The shipped weights on planted pairs: what is new is found, what is no change is not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pyanalyzer.evaluate.regions import intersection_over_union
from pyanalyzer.records import U8, Region
from pyanalyzer.score.load_stills import load_for_stills
from pyanalyzer.stills.compare import compare
from pyanalyzer.stills.pairs.nuisance import jpeg
from pyanalyzer.stills.records import StillsModel
from pyanalyzer.weights import STILLS_SHA256, stills_path
from tests.planted_stills import moved, scene, with_block

PLACE = Region(200, 120, 40, 30)


@pytest.fixture(scope="module")
def model() -> StillsModel:
    return load_for_stills(stills_path(), expected_sha256=STILLS_SHA256)


def softened(picture: U8) -> U8:
    """As another camera and JPEG show it."""
    lit = cv2.convertScaleAbs(cv2.GaussianBlur(picture, (0, 0), 0.6), alpha=0.92, beta=14)
    return jpeg(np.asarray(lit, np.uint8), 80)


@pytest.mark.parametrize("turned", [False, True])
def test_a_new_block_is_found(model: StillsModel, turned: bool) -> None:
    before = scene(11, 480, 360)
    view = moved(before, 3.0, 1.04, 8, -5) if turned else before
    after = softened(with_block(view, *PLACE))
    (change,) = compare(before, after, model).changes
    assert intersection_over_union(change.region, PLACE) > 0.7
    assert change.confidence > 0.5


def test_light_blur_jpeg_and_a_turn_are_no_change(model: StillsModel) -> None:
    before = scene(12, 480, 360)
    after = softened(moved(before, -2.0, 0.97, -6, 9))
    assert compare(before, after, model).changes == ()


def test_the_file_is_small() -> None:
    assert stills_path().stat().st_size < 3_000_000
