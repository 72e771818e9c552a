"""Pairs with known changes: reproducible, split, and true."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pyanalyzer.errors import UsageError
from pyanalyzer.stills.pairs.edits import LEAST_CHANGED_PX, VISIBLE_LEVELS, visible
from pyanalyzer.stills.pairs.nuisance import NuisanceLimits
from pyanalyzer.stills.pairs.pair import Pair, changed_scene, make_pair
from pyanalyzer.stills.pairs.sources import _BUNDLED, PicturePool, read_pool
from pyanalyzer.stills.pairs.things import _FACES, _SHAPES, words
from pyanalyzer.train.stills_crops import CROP_PX, make_crop

POOL = PicturePool("train")
UNMOVED = NuisanceLimits(unmoved_share=1.0)


def pairs(count: int, limits: NuisanceLimits | None = None) -> list[Pair]:
    return [make_pair(POOL, 1, i, (240, 180), limits) for i in range(count)]


def test_same_seed_same_bytes() -> None:
    first, second = make_pair(POOL, 3, 5, (240, 180)), make_pair(POOL, 3, 5, (240, 180))
    for name in ("before", "after", "labels", "homography"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    other = make_pair(POOL, 4, 5, (240, 180))
    assert not np.array_equal(first.before, other.before)


def test_boxes_bound_their_pixels() -> None:
    seen = 0
    for pair in pairs(8):
        assert set(np.unique(pair.labels[pair.labels > 0])) == set(pair.boxes)
        for number, box in pair.boxes.items():
            assert cv2.boundingRect((pair.labels == number).astype(np.uint8)) == tuple(box)
            seen += 1
    assert seen >= 8


def test_a_scene_differs_where_it_says() -> None:
    for seed in range(6):
        scene = changed_scene(np.random.default_rng(seed), POOL, 300, 220)
        differs = visible(scene.before, scene.after) >= VISIBLE_LEVELS
        np.testing.assert_array_equal(differs & (scene.labels > 0), scene.labels > 0)
        # What an inpainting or a soft edge changes beyond that can hardly be seen.
        assert (differs & (scene.labels == 0)).sum() <= 0.2 * max(differs.sum(), 1)
        for number in range(1, scene.count + 1):
            assert (scene.labels == number).sum() >= LEAST_CHANGED_PX


def test_unchanged_pairs_occur_and_hold_no_truth() -> None:
    made = [changed_scene(np.random.default_rng(s), POOL, 200, 160) for s in range(20)]
    unchanged = [scene for scene in made if scene.count == 0]
    assert unchanged
    for scene in unchanged:
        np.testing.assert_array_equal(scene.before, scene.after)


def test_unmoved_pairs_have_the_identity() -> None:
    for pair in pairs(3, UNMOVED):
        np.testing.assert_array_equal(pair.homography, np.eye(3))
        for number, (x, y, w, h) in pair.boxes.items():
            window = slice(y, y + h), slice(x, x + w)
            assert (pair.labels[window] == number).any()


def test_splits_share_nothing() -> None:
    for table in (_BUNDLED, _SHAPES):
        names = [name for split in table for name in table[split]]
        assert len(names) == len(set(names))
    assert not set(_FACES["train"]) & set(_FACES["test"])
    made = {s: make_pair(PicturePool(s), 0, 0, (160, 120)) for s in ("train", "test")}
    assert not np.array_equal(made["train"].before, made["test"].before)


def test_texts_differ() -> None:
    for seed in range(10):
        old, new = words(np.random.default_rng(seed), "train", 16)
        assert old.rgb.shape == new.rgb.shape


def test_crops_are_reproducible_and_aligned() -> None:
    for index in range(4):
        crop = make_crop(POOL, 0, index)
        np.testing.assert_array_equal(crop.pictures, make_crop(POOL, 0, index).pictures)
        assert crop.pictures.shape == (2, CROP_PX, CROP_PX, 3)
        same = (crop.labels == 0) & (crop.covered > 0)
        off = cv2.absdiff(crop.pictures[0], crop.pictures[1]).max(axis=2)
        assert np.median(off[same]) < 25  # noise, blur and JPEG, no misalignment


def test_a_pool_without_replays_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError, match="no replays of the split train"):
        read_pool(tmp_path, "train")
