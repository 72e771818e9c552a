"""What the network for stills learns from: aligned crops of pairs, made from a seed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from pyanalyzer.records import F32, I16, U8
from pyanalyzer.simulate.splits import SPLITS
from pyanalyzer.stills.pairs.nuisance import F64, NuisanceLimits, draw_motion, warp
from pyanalyzer.stills.pairs.pair import MOST_CHANGES, changed_scene, second_view
from pyanalyzer.stills.pairs.sources import PicturePool
from pyanalyzer.stills.photometry import apply_levels, fit_levels

CROP_PX = 256
SCENE_PX = 340  # a view of 256 px at 0.9 of the scale, turned by 5 degrees, lies inside
BOXES = 2 * MOST_CHANGES + 1  # a move has two; 0 is no change
_BORDER_SHARE = 0.15  # of the crops, which reach beyond the first picture
# How far alignment errs at the corners: standard deviation in px, and how often.
_ERRORS_PX = ((0.1, 0.55), (0.35, 0.35), (0.9, 0.1))


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """``pictures``: uint8 RGB (2, CROP_PX, CROP_PX, 3), aligned and in the same light;
    ``covered``: uint8 (CROP_PX, CROP_PX), 1 where both pictures are; ``labels``: int16 as in
    :class:`~pyanalyzer.stills.pairs.pair.Pair`; ``boxes``: float32 (BOXES, 4), left, top, right,
    bottom of the change of that number."""

    pictures: U8
    covered: U8
    labels: I16
    boxes: F32


def make_crop(pool: PicturePool, seed: int, index: int) -> Crop:
    """Crop number ``index`` of a seed: the same bytes at every call."""
    rng = np.random.default_rng([seed, 100 + SPLITS.index(pool.split), index])
    limits = NuisanceLimits(translation_share=0.005)
    if rng.random() < _BORDER_SHARE:
        limits = replace(limits, translation_share=0.25)
    scene = changed_scene(rng, pool, SCENE_PX, SCENE_PX)
    middle = (SCENE_PX - CROP_PX) // 2
    motion = draw_motion(rng, limits, SCENE_PX, SCENE_PX)
    still = np.array_equal(motion, np.eye(3))
    view = np.array([[1, 0, -middle], [0, 1, -middle], [0, 0, 1]], float) @ motion
    size = (CROP_PX, CROP_PX)
    pair = second_view(rng, scene, scene.before.copy(), view, (0, 0), limits, size)
    found = view if still and rng.random() < 0.7 else _slightly_wrong(rng) @ view
    before = warp(pair.before, found, size)
    inside = np.full((SCENE_PX, SCENE_PX), 255, np.uint8)
    covered = cv2.warpPerspective(inside, found, size, flags=cv2.INTER_LINEAR) == 255
    before = apply_levels(before, fit_levels(before, pair.after, covered))
    boxes = np.zeros((BOXES, 4), np.float32)
    for number, box in pair.boxes.items():
        boxes[number] = (box.x_px, box.y_px, box.x_px + box.w_px, box.y_px + box.h_px)
    return Crop(np.stack([before, pair.after]), covered.astype(np.uint8), pair.labels, boxes)


def _slightly_wrong(rng: np.random.Generator) -> F64:
    """A homography by which alignment errs."""
    sigmas = [sigma for sigma, _ in _ERRORS_PX]
    sigma = float(rng.choice(sigmas, p=[share for _, share in _ERRORS_PX]))
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32) * CROP_PX
    shared = rng.normal(0, sigma, (1, 2))  # mostly a shift
    moved = corners + (shared + rng.normal(0, sigma / 2, (4, 2))).astype(np.float32)
    return np.asarray(cv2.getPerspectiveTransform(corners, moved.astype(np.float32)))
