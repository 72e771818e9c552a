"""Is the event where the change was seen?"""

from __future__ import annotations

from pyanalyzer.records import Region


def intersection_over_union(a: Region, b: Region) -> float:
    """Area that both boxes share over the area that either covers; 0 for empty boxes."""
    width = min(a.x_px + a.w_px, b.x_px + b.w_px) - max(a.x_px, b.x_px)
    height = min(a.y_px + a.h_px, b.y_px + b.h_px) - max(a.y_px, b.y_px)
    shared = max(0, width) * max(0, height)
    covered = a.w_px * a.h_px + b.w_px * b.h_px - shared
    return shared / covered if covered > 0 else 0.0


def points_into(predicted: Region, true: Region) -> bool:
    """Whether the middle of the predicted box lies inside the true one (the pointing game).

    Zhang et al., *Top-down neural attention by excitation backprop*, ECCV 2016.
    """
    x_px = predicted.x_px + predicted.w_px / 2
    y_px = predicted.y_px + predicted.h_px / 2
    return true.x_px <= x_px < true.x_px + true.w_px and true.y_px <= y_px < true.y_px + true.h_px
