"""One pair: a scene, its changes, and the second picture as another camera might have taken it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pyanalyzer.records import I16, U8, BoolGrid, Region
from pyanalyzer.simulate.splits import SPLITS
from pyanalyzer.stills.pairs.edits import CHANGE_SHARES, CHANGES, LEAST_CHANGED_PX, Scene, plant
from pyanalyzer.stills.pairs.nuisance import F64, NuisanceLimits, degrade, draw_motion, jpeg, warp
from pyanalyzer.stills.pairs.sources import PicturePool

UNCHANGED_SHARE = 0.15  # of the pairs
MOST_CHANGES = 6
LEFT_SHARE = 0.6  # of a change's pixels that must lie in both pictures, or it is not asked for


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two pictures of one scene, uint8 RGB (h, w, 3), and the truth in pixels of the second.

    ``labels``: int16 (h, w), the number of the change of each pixel, 0 where nothing changed, -1
    where nothing may be asked (a change that the frame cuts off). ``boxes``: number to its box.
    ``homography``: from the first picture to the second, float64 (3, 3).
    """

    before: U8
    after: U8
    labels: I16
    boxes: dict[int, Region]
    moves: tuple[tuple[int, int], ...]
    homography: F64


def make_pair(
    pool: PicturePool,
    seed: int,
    index: int,
    size_px: tuple[int, int],
    limits: NuisanceLimits | None = None,
) -> Pair:
    """Pair number ``index`` of a seed: the same picture and changes at every call.

    ``size_px``: width and height of both pictures.
    """
    limits = limits or NuisanceLimits()
    rng = np.random.default_rng([seed, SPLITS.index(pool.split), index])
    width, height = size_px
    scene = changed_scene(rng, pool, _margin(width), _margin(height))
    motion = draw_motion(rng, limits, width, height)
    x0, y0 = (scene.labels.shape[1] - width) // 2, (scene.labels.shape[0] - height) // 2
    before = np.ascontiguousarray(scene.before[y0 : y0 + height, x0 : x0 + width])
    return second_view(rng, scene, before, motion, (x0, y0), limits)


def changed_scene(rng: np.random.Generator, pool: PicturePool, width: int, height: int) -> Scene:
    """A picture with some changes, or none."""
    scene = Scene(pool.draw(rng, width, height))
    if rng.random() >= UNCHANGED_SHARE:
        for _ in range(int(rng.integers(1, MOST_CHANGES + 1))):
            plant(scene, rng, pool, CHANGES[int(rng.choice(len(CHANGES), p=CHANGE_SHARES))])
    return scene


def second_view(  # noqa: PLR0917 - as the scene, so the view
    rng: np.random.Generator,
    scene: Scene,
    before: U8,
    motion: F64,
    corner: tuple[int, int],
    limits: NuisanceLimits,
    size_px: tuple[int, int] | None = None,
) -> Pair:
    """The pair, where ``before`` begins at ``corner`` of the scene and ``motion`` leads from it to
    the second picture, whose width and height are ``size_px`` (default: those of the first)."""
    width, height = size_px or (before.shape[1], before.shape[0])
    to_scene = np.array([[1, 0, -corner[0]], [0, 1, -corner[1]], [0, 0, 1]], float)
    whole = motion @ to_scene
    moved = not np.array_equal(motion, np.eye(3))
    how = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC])) if moved else cv2.INTER_NEAREST
    after = degrade(rng, warp(scene.after, whole, (width, height), how), limits)
    if rng.random() < 0.3:
        before = jpeg(before, int(rng.integers(75, 96)))
    labels = cv2.warpPerspective(scene.labels, whole, (width, height), flags=cv2.INTER_NEAREST)
    covered = cv2.warpPerspective(
        np.ones(before.shape[:2], np.uint8), motion, (width, height), flags=cv2.INTER_NEAREST
    )
    truth, boxes = _boxes(np.asarray(labels, np.int16), covered > 0, scene, motion)
    moves = tuple(m for m in scene.moves if m[0] in boxes and m[1] in boxes)
    return Pair(before, after, truth, boxes, moves, motion)


def _boxes(
    labels: I16,
    covered: BoolGrid,
    scene: Scene,
    motion: F64,
) -> tuple[I16, dict[int, Region]]:
    """The changes that can be asked for; the pixels of the others become -1."""
    truth = np.where(covered, labels, np.where(labels > 0, -1, 0)).astype(np.int16)
    full = np.bincount(scene.labels.ravel(), minlength=scene.count + 1)
    here = np.bincount(np.maximum(truth, 0).ravel(), minlength=scene.count + 1)
    zoom = abs(float(np.linalg.det(motion[:2, :2])))
    boxes: dict[int, Region] = {}
    for number in range(1, scene.count + 1):
        if here[number] < max(LEAST_CHANGED_PX / 2, LEFT_SHARE * zoom * full[number]):
            truth[truth == number] = -1
            continue
        x, y, w, h = cv2.boundingRect((truth == number).astype(np.uint8))
        boxes[number] = Region(x, y, w, h)
    return truth, boxes


def _margin(side_px: int) -> int:
    """The scene's side: the second picture must not look beyond it."""
    return round(1.3 * side_px)
