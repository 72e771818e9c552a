"""Two stills compared: aligned, brought into one light, scored, located, described."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from pyanalyzer.errors import UnalignableError
from pyanalyzer.records import U8, Region
from pyanalyzer.stills.align import align_stills, covered_by, warp_to
from pyanalyzer.stills.locate import locate
from pyanalyzer.stills.look import change_maps
from pyanalyzer.stills.moves import change_record, describe
from pyanalyzer.stills.photometry import apply_levels, fit_levels
from pyanalyzer.stills.planes import planes_of
from pyanalyzer.stills.records import F64, Change, ChangeMaps, Comparison, StillAlignment

if TYPE_CHECKING:
    from pyanalyzer.stills.records import StillsModel

DEFAULT_MIN_CONFIDENCE = 0.5
_LESS_THAN_SHARE = 0.8  # covered: the user is told if it is less


@dataclass(frozen=True, slots=True, eq=False)
class AlignedStills:
    """``before``: the first picture on the second and in its light; ``after``: the second; uint8
    RGB (h, w, 3); ``covered``: bool (h, w), where the first covers the second."""

    before: U8
    after: U8
    covered: npt.NDArray[np.bool_]
    alignment: StillAlignment


def bring_together(before: U8, after: U8) -> AlignedStills:
    """Aligns two pictures, uint8 RGB of any sizes, and fits their light.

    Raises UnalignableError where they do not show the same.
    """
    lumas = [np.asarray(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), np.uint8) for p in (before, after)]
    alignment = align_stills(lumas[0], lumas[1])
    if not alignment.aligned:
        raise UnalignableError(
            "the two pictures cannot be aligned: they do not seem to show the same "
            f"({alignment.share:.0%} of their parts resemble each other); "
            "give two pictures of one scene, of which half is seen in both"
        )
    size = after.shape[1], after.shape[0]
    warped = warp_to(before, alignment.matrix, size)
    covered = covered_by((before.shape[1], before.shape[0]), alignment.matrix, size)
    lit = apply_levels(warped, fit_levels(warped, after, covered))
    return AlignedStills(lit, after, covered, alignment)


def maps_of(stills: AlignedStills, model: StillsModel) -> ChangeMaps:
    """What the network says of aligned pictures."""
    planes = planes_of(stills.before, stills.after, stills.covered)
    return change_maps(model.look, planes, (stills.after.shape[1], stills.after.shape[0]))


def compare(
    before: U8,
    after: U8,
    model: StillsModel,
    *,
    names: tuple[str, str] = ("before", "after"),
    min_confidence: float = DEFAULT_MIN_CONFIDENCE,
) -> Comparison:
    """What changed from the first picture to the second, uint8 RGB (h, w, 3) of any sizes.

    Listed are changes of at least ``min_confidence``. Raises UnalignableError where the pictures do
    not show the same.
    """
    stills = bring_together(before, after)
    maps = maps_of(stills, model)
    found = locate(maps, stills.covered, model.locate)
    kept = tuple(region for region in found if region.confidence >= min_confidence)
    mask = _mask(maps, stills.covered, [region.region for region in kept])
    described = describe(stills.before, stills.after, mask, kept)
    back = np.asarray(np.linalg.inv(stills.alignment.matrix), np.float64)
    first_size = before.shape[1], before.shape[0]
    changes: list[Change] = []
    for region, kind, origin in described:
        there = mapped(origin.region if origin else region.region, back, first_size)
        changes.append(change_record(region, kind, origin, there))
    changes.sort(key=lambda c: (-c.confidence, c.region))
    return Comparison(
        before_path=names[0],
        after_path=names[1],
        before_size_px=first_size,
        after_size_px=(after.shape[1], after.shape[0]),
        alignment=stills.alignment,
        changes=tuple(changes),
        min_confidence=min_confidence,
        model=model.name,
        model_sha256=model.sha256,
        aligned_before=stills.before,
        after=stills.after,
        mask=mask,
        covered=stills.covered,
        notes=_notes(stills, first_size),
    )


def mapped(region: Region, homography: F64, size_px: tuple[int, int]) -> Region:
    """The box around a region after a homography, clipped to a picture of ``size_px``."""
    x, y, w, h = region
    corners = np.array([[(x, y)], [(x + w, y)], [(x + w, y + h)], [(x, y + h)]], np.float64) - 0.5
    moved = cv2.perspectiveTransform(corners, homography)[:, 0] + 0.5
    low = np.clip(np.floor(moved.min(0) + 1e-6), 0, np.array(size_px) - 1)
    high = np.clip(np.ceil(moved.max(0) - 1e-6), low + 1, size_px)
    return Region(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))


def _mask(
    maps: ChangeMaps, covered: npt.NDArray[np.bool_], regions: list[Region]
) -> npt.NDArray[np.bool_]:
    """The changed pixels inside the regions that are listed."""
    mask = np.zeros(maps.mask.shape, bool)
    for x, y, w, h in regions:
        window = slice(y, y + h), slice(x, x + w)
        mask[window] |= maps.mask[window] > 0
    return mask & covered


def _notes(stills: AlignedStills, first_size: tuple[int, int]) -> tuple[str, ...]:
    """What a reader of the result must know."""
    notes = []
    if stills.alignment.method == "flat":
        notes.append("the pictures have no structure to be aligned by; compared as they lie")
    share = float(stills.covered.mean())
    if share < _LESS_THAN_SHARE:
        notes.append(
            f"the first picture covers {share:.0%} of the second; the rest is not compared"
        )
    size = stills.after.shape[1], stills.after.shape[0]
    if first_size != size:
        notes.append(
            f"the pictures are of different sizes ({first_size[0]} x {first_size[1]} and "
            f"{size[0]} x {size[1]} px); the first was fitted to the second"
        )
    return tuple(notes)
