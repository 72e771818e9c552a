"""True changes: things that appear, vanish, move or are exchanged, recoloured areas, new texts."""

from __future__ import annotations

import cv2
import numpy as np

from pyanalyzer.records import F32, I16, U8, Region
from pyanalyzer.stills.pairs.sources import PicturePool
from pyanalyzer.stills.pairs.things import LEAST_PX, Thing, draw_thing, words

VISIBLE_LEVELS = 18  # of the largest channel: a pixel that differs by less is not called changed
LEAST_MEAN_LEVELS = 26  # over a change's pixels: fainter ones do not survive JPEG 60
LEAST_CHANGED_PX = 30  # half of an 8 x 8 px thing
LARGEST_SHARE = 0.35  # of the shorter side
CHANGES = ("appear", "vanish", "move", "exchange", "recolour", "text")
CHANGE_SHARES = (0.2, 0.2, 0.15, 0.1, 0.15, 0.2)
_TRIES = 12
_GAP_PX = 10  # between two changes: closer ones would rightly be called one


class Scene:
    """A picture as it was before and after, uint8 RGB (h, w, 3), and ``labels``, int16 (h, w): the
    number of the change that a pixel belongs to, 0 where nothing changed. ``moves``: pairs of
    numbers, where a thing was and where it is."""

    def __init__(self, picture: U8) -> None:
        self.before = picture.copy()
        self.after = picture.copy()
        self.labels: I16 = np.zeros(picture.shape[:2], np.int16)
        self.count = 0
        self.moves: list[tuple[int, int]] = []


def plant(scene: Scene, rng: np.random.Generator, pool: PicturePool, kind: str) -> bool:
    """Makes one change somewhere; False if none was found that can be seen."""
    for _ in range(_TRIES):
        w, h = _size(rng, scene)
        if kind == "text":
            # Letters of a visible size; the box follows from the text.
            old, new = words(rng, pool.split, int(np.clip(min(w, h), 9, 48)))
        elif kind == "recolour":
            old = new = draw_thing(rng, pool, w, h)
        else:
            old, new = draw_thing(rng, pool, w, h), draw_thing(rng, pool, w, h)
        height, width = new.alpha.shape
        at = _place(rng, scene, width, height)
        if at is None:
            continue
        area = Region(*at, width, height)
        if kind == "move":
            to = _place(rng, scene, width, height, avoid=area)
            if to is not None and _move(scene, rng, new, area, Region(*to, width, height)):
                return True
            continue
        before, after = scene.before.copy(), scene.after.copy()
        _edit(kind, (before, after), area, (old, new), rng)
        if _accept(scene, before, after, [area]):
            return True
    return False


def _edit(
    kind: str,
    pictures: tuple[U8, U8],
    area: Region,
    pair: tuple[Thing, Thing],
    rng: np.random.Generator,
) -> None:
    (before, after), (old, new) = pictures, pair
    if kind in ("exchange", "text"):
        paste(before, old, area)
        paste(after, new, area)
    elif kind == "appear":
        paste(after, new, area)
    elif kind == "recolour":
        recolour(after, new.alpha, area, rng)
    elif rng.random() < 0.5:
        paste(before, old, area)
    else:
        inpaint(after, new.alpha, area)


def paste(picture: U8, thing: Thing, area: Region) -> None:
    """Lays a thing on the picture, which it must not leave."""
    target = _window(picture, area)
    alpha = thing.alpha[..., None]
    mixed = target.astype(np.float32) * (1 - alpha) + thing.rgb * alpha
    target[:] = np.rint(mixed).astype(np.uint8)


def recolour(picture: U8, alpha: F32, area: Region, rng: np.random.Generator) -> None:
    """Gives a part of the picture another hue, brightness or saturation."""
    target = _window(picture, area)
    hsv = cv2.cvtColor(target, cv2.COLOR_RGB2HSV).astype(np.float32)
    hsv[..., 0] = (hsv[..., 0] + float(rng.uniform(20, 160))) % 180
    hsv[..., 1] = np.clip(hsv[..., 1] * rng.uniform(0.3, 1.7) + rng.uniform(0, 120), 0, 255)
    hsv[..., 2] = np.clip(hsv[..., 2] * rng.uniform(0.6, 1.5) + rng.uniform(-30, 30), 0, 255)
    new = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)
    paste(picture, Thing(np.asarray(new, np.uint8), alpha), area)


def inpaint(picture: U8, alpha: F32, area: Region) -> None:
    """Takes a part of the picture away: its surroundings grow into it (Telea 2004)."""
    margin = 6
    height, width = picture.shape[:2]
    x0, y0 = max(0, area.x_px - margin), max(0, area.y_px - margin)
    x1 = min(width, area.x_px + area.w_px + margin)
    y1 = min(height, area.y_px + area.h_px + margin)
    part = np.ascontiguousarray(picture[y0:y1, x0:x1])
    mask = np.zeros(part.shape[:2], np.uint8)
    hole = _window(mask, Region(area.x_px - x0, area.y_px - y0, area.w_px, area.h_px))
    hole[:] = (alpha > 0.3).astype(np.uint8)
    small = cv2.inpaint(part, mask, 3, cv2.INPAINT_TELEA)
    picture[y0:y1, x0:x1] = np.where(mask[..., None] > 0, small, part)


def visible(before: U8, after: U8) -> U8:
    """How much each pixel differs, in the channel that differs most: uint8 (h, w)."""
    return np.asarray(cv2.absdiff(before, after).max(axis=2), np.uint8)


def _window(picture: U8, area: Region) -> U8:
    return picture[area.y_px : area.y_px + area.h_px, area.x_px : area.x_px + area.w_px]


def _size(rng: np.random.Generator, scene: Scene) -> tuple[int, int]:
    """Width and height of a thing: small ones are as frequent as large ones."""
    largest = LARGEST_SHARE * min(scene.labels.shape)
    size = float(np.exp(rng.uniform(np.log(LEAST_PX), np.log(largest))))
    aspect = float(np.exp(rng.uniform(-0.6, 0.6)))
    w, h = size * aspect**0.5, size / aspect**0.5
    return max(LEAST_PX, round(w)), max(LEAST_PX, round(h))


def _place(
    rng: np.random.Generator, scene: Scene, w: int, h: int, avoid: Region | None = None
) -> tuple[int, int] | None:
    """Where a thing of this size fits without touching another change."""
    height, width = scene.labels.shape
    if w >= width or h >= height:
        return None
    for _ in range(6):
        x, y = int(rng.integers(width - w + 1)), int(rng.integers(height - h + 1))
        near = scene.labels[
            max(0, y - _GAP_PX) : y + h + _GAP_PX, max(0, x - _GAP_PX) : x + w + _GAP_PX
        ]
        apart = avoid is None or (
            abs(x - avoid.x_px) > w + _GAP_PX or abs(y - avoid.y_px) > h + _GAP_PX
        )
        if not near.any() and apart:
            return x, y
    return None


def _move(scene: Scene, rng: np.random.Generator, thing: Thing, area: Region, to: Region) -> bool:
    """Moves a thing that is pasted in, or a part of the picture itself."""
    before, after = scene.before.copy(), scene.after.copy()
    if rng.random() < 0.5:
        paste(before, thing, area)
        paste(after, thing, to)
    else:
        own = Thing(_window(scene.before, area).copy(), thing.alpha)
        inpaint(after, thing.alpha, area)
        paste(after, own, to)
    if not _accept(scene, before, after, [area, to]):
        return False
    scene.moves.append((scene.count - 1, scene.count))
    return True


def _accept(scene: Scene, before: U8, after: U8, areas: list[Region]) -> bool:
    """Keeps the edited pictures if the change can be seen in all its areas."""
    masks = []
    for area in areas:
        difference = visible(_window(before, area), _window(after, area))
        mask = difference >= VISIBLE_LEVELS
        if mask.sum() < LEAST_CHANGED_PX or difference[mask].mean() < LEAST_MEAN_LEVELS:
            return False
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if min(rows[-1] - rows[0], columns[-1] - columns[0]) < LEAST_PX // 2:
            return False
        masks.append(mask)
    scene.before, scene.after = before, after
    for area, mask in zip(areas, masks, strict=True):
        scene.count += 1
        x, y, w, h = area
        scene.labels[y : y + h, x : x + w][mask] = scene.count
    return True
