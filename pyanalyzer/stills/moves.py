"""What a change is: something appeared, vanished, moved from elsewhere, or is another now."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pyanalyzer.records import F32, U8, Region
from pyanalyzer.stills.records import Change, ChangeKind, FoundRegion

_ALIKE = 0.85  # correlation of the patch that vanished with the one that appeared
_SIZE_RATIO = 1.35  # of their sides, at most
_SEARCH_PX = 6  # how far their boxes may be off
_PATCH_PX = 64  # larger patches are compared at this size
_EDGE_RATIO = 1.4  # the outline stands out so much more in one picture than in the other
_LEAST_CONTRAST_LEVELS = 4.0  # of a patch: one of one colour is compared by its colour
_COLOUR_LEVELS = 80.0  # colours that differ by so much have nothing in common

Mask = npt.NDArray[np.bool_]


def describe(
    before: U8, after: U8, mask: Mask, found: tuple[FoundRegion, ...]
) -> list[tuple[FoundRegion, ChangeKind, FoundRegion | None]]:
    """Each found region's kind; for one that moved also the region where the thing was, which then
    is not listed by itself.

    ``before`` and ``after``: aligned, in one light, uint8 RGB (h, w, 3); ``mask``: bool (h, w).
    An outline that stands out after and not before means that something appeared.
    """
    kinds = [_kind(before, after, mask, f.region) for f in found]
    partners = _moves((before, after), mask, found, kinds)
    gone = set(partners.values())
    described: list[tuple[FoundRegion, ChangeKind, FoundRegion | None]] = []
    for i, region in enumerate(found):
        if i in partners:
            described.append((region, "moved", found[partners[i]]))
        elif i not in gone:
            described.append((region, kinds[i], None))
    return described


def change_record(
    region: FoundRegion, kind: ChangeKind, origin: FoundRegion | None, before_region: Region
) -> Change:
    """The record; something that moved is as sure as the less sure of its two places."""
    confidence = region.confidence if origin is None else min(region.confidence, origin.confidence)
    return Change(
        region.region,
        before_region,
        kind,
        confidence,
        region.changed_px + (origin.changed_px if origin else 0),
        origin.region if origin else None,
    )


def _kind(before: U8, after: U8, mask: Mask, region: Region) -> ChangeKind:
    """By the mean gradient along the outline of the changed pixels, in either picture."""
    margin = 3
    window = _grown(region, margin, mask.shape)
    inside = mask[window].astype(np.uint8)
    outline = cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    if not outline.any():
        return "changed"
    strength = [float(_gradient(p[window])[outline].mean()) + 2.0 for p in (before, after)]
    if strength[1] > _EDGE_RATIO * strength[0]:
        return "appeared"
    return "vanished" if strength[0] > _EDGE_RATIO * strength[1] else "changed"


def _gradient(patch: U8) -> F32:
    """The gradient's magnitude in the channel where it is largest."""
    blurred = cv2.GaussianBlur(patch, (3, 3), 0)
    x = cv2.Sobel(blurred, cv2.CV_32F, 1, 0)
    y = cv2.Sobel(blurred, cv2.CV_32F, 0, 1)
    return np.asarray(np.hypot(x, y).max(axis=2), np.float32)


def _moves(
    pictures: tuple[U8, U8], mask: Mask, found: tuple[FoundRegion, ...], kinds: list[ChangeKind]
) -> dict[int, int]:
    """Where something appeared to where it vanished: the most alike first, one to one."""
    before, after = pictures
    scored = []
    for j, to in enumerate(found):
        for i, origin in enumerate(found):
            if i == j or kinds[j] == "vanished" or kinds[i] == "appeared":
                continue
            if not _similar_size(origin.region, to.region):
                continue
            inside = mask[_grown(origin.region, 0, mask.shape)]
            score = _alike((before, after), inside, origin.region, to.region)
            # What stands at the old place now must not look like it as well.
            if score > max(_ALIKE, _alike((after, after), inside, origin.region, to.region)):
                scored.append((-score, j, i))
    partners: dict[int, int] = {}
    taken: set[int] = set()
    for _, j, i in sorted(scored):
        if j not in taken and i not in taken:
            partners[j] = i
            taken |= {i, j}
    return partners


def _alike(pictures: tuple[U8, U8], inside: Mask, origin: Region, to: Region) -> float:
    """The best normalised correlation of the first picture's patch, as far as it is ``inside``,
    within the second picture's neighbourhood of ``to``."""
    patch = pictures[0][_grown(origin, 0, pictures[0].shape)]
    around = pictures[1][_grown(to, _SEARCH_PX, pictures[1].shape)]
    scale = min(1.0, _PATCH_PX / max(patch.shape[:2]))
    small, area = (_scaled(p, scale) for p in (patch, around))
    weight = _scaled(inside.astype(np.uint8) * 255, scale) > 127
    height, width = min(small.shape[0], area.shape[0]), min(small.shape[1], area.shape[1])
    small, weight = small[:height, :width], weight[:height, :width]
    if min(height, width) < 3 or not weight.any():
        return 0.0
    if small[weight].std(axis=0).max() < _LEAST_CONTRAST_LEVELS:
        return _same_colour(small[weight], area)
    template = np.ascontiguousarray(np.repeat(weight[..., None], 3, 2).astype(np.float32))
    values = cv2.matchTemplate(
        area.astype(np.float32), small.astype(np.float32), cv2.TM_CCOEFF_NORMED, mask=template
    )
    return float(np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0).max())


def _same_colour(pixels: U8, area: U8) -> float:
    """A patch of one colour: 1 if there is as much of it in the area, falling with the distance."""
    distance = np.abs(area.astype(np.float32) - pixels.mean(axis=0)).max(axis=2)
    nearest = np.sort(distance, axis=None)[: len(pixels)]
    return float(1 - nearest.mean() / _COLOUR_LEVELS)


def _scaled(picture: U8, scale: float) -> U8:
    if scale >= 1:
        return picture
    return np.asarray(
        cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
    )


def _similar_size(a: Region, b: Region) -> bool:
    w, h = a.w_px / b.w_px, a.h_px / b.h_px
    return all(1 / _SIZE_RATIO < r < _SIZE_RATIO for r in (w, h))


def _grown(region: Region, margin: int, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The region with a margin, clipped, as an index."""
    x, y, w, h = region
    rows = slice(max(0, y - margin), min(shape[0], y + h + margin))
    return rows, slice(max(0, x - margin), min(shape[1], x + w + margin))
