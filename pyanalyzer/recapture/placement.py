"""Where the picture of a replay stands in the capture: cropped, scaled, with bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pyanalyzer.records import Region
from pyanalyzer.simulate.encode import Layout, full

Interpolation = Literal["nearest", "linear", "area", "cubic", "lanczos"]
Ground = Literal["black", "plain", "blurred"]


@dataclass(frozen=True, slots=True)
class Placement:
    """``crop`` of the source is scaled to ``layout.box``; around it lies ``ground``.

    ``ground``: black, one colour (``ground_rgb``), or the picture itself, enlarged and blurred.
    """

    crop: Region
    layout: Layout
    interpolation: Interpolation = "nearest"
    ground: Ground = "black"
    ground_rgb: tuple[int, int, int] = (0, 0, 0)

    def region(self, region: Region) -> Region | None:
        """Where a region of the source is seen in the capture; None where it was cropped away.

        The box holds what the region has an effect on by the main lobe of the interpolation, as
        :meth:`pyanalyzer.simulate.encode.Layout.region` has it. The side lobes of cubic and Lanczos
        interpolation, a few hundredths of the contrast, are left out.
        """
        kept = intersection(region, self.crop)
        if kept is None:
            return None
        inside = Region(
            kept.x_px - self.crop.x_px, kept.y_px - self.crop.y_px, kept.w_px, kept.h_px
        )
        return self.layout.region(inside, self.crop.w_px, self.crop.h_px)


def unchanged(width_px: int, height_px: int) -> Placement:
    """The source as it is."""
    return Placement(Region(0, 0, width_px, height_px), full(width_px, height_px))


def intersection(a: Region, b: Region) -> Region | None:
    """What two boxes share; None if nothing."""
    x0, y0 = max(a.x_px, b.x_px), max(a.y_px, b.y_px)
    x1 = min(a.x_px + a.w_px, b.x_px + b.w_px)
    y1 = min(a.y_px + a.h_px, b.y_px + b.h_px)
    return Region(x0, y0, x1 - x0, y1 - y0) if x0 < x1 and y0 < y1 else None


def visible_part(region: Region, covers: Sequence[Region]) -> Region | None:
    """The bounding box of what no opaque cover hides of a region; None if all of it is hidden."""
    seen = np.ones((region.h_px, region.w_px), dtype=bool)
    for cover in covers:
        hidden = intersection(region, cover)
        if hidden is not None:
            y, x = hidden.y_px - region.y_px, hidden.x_px - region.x_px
            seen[y : y + hidden.h_px, x : x + hidden.w_px] = False
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not rows.size:
        return None
    x0, y0 = int(columns[0]), int(rows[0])
    return Region(
        region.x_px + x0, region.y_px + y0, int(columns[-1]) + 1 - x0, int(rows[-1]) + 1 - y0
    )
