"""The changed regions: MAP labelling of the grid, boxes to the pixel, confidence."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from pyanalyzer.core.propose import label_grid
from pyanalyzer.records import I32, Region
from pyanalyzer.stills.planes import CELL_PX
from pyanalyzer.stills.records import F64, ChangeMaps, FoundRegion, LocateParameters

NAT = 16  # unaries are integers in 1/16 nat, as those of the core's proposals
_MOST_NATS = 12.0
MOST_REGIONS = 400  # largest first; pictures with more have nothing in common
FIGURES = ("constant", "cell odds", "pixel odds", "log area", "box agreement", "fill")
_EPSILON = 1e-6


def locate(
    maps: ChangeMaps, covered: npt.NDArray[np.bool_], parameters: LocateParameters
) -> tuple[FoundRegion, ...]:
    """The changed regions of a pair, surest first.

    The grid's cells are labelled changed or unchanged by an exact minimum cut
    (:func:`pyanalyzer.core.propose.label_grid`); 8-connected cells are a region, and so are several
    whose cells point at one box (the letters of a word). Its box is that of its changed pixels.
    ``covered``: bool (h, w); regions outside it are not looked for.
    """
    labels = label_grid(_unary(maps, covered, parameters), round(NAT * parameters.potts))
    count, numbers, stats, _ = cv2.connectedComponentsWithStats(labels, connectivity=8)
    if count <= 1:
        return ()
    order = np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")[:MOST_REGIONS] + 1
    grid, sizes = np.asarray(numbers, np.int32), np.asarray(stats, np.int32)
    parts = [_Part(maps, grid, int(n), sizes[n]) for n in order]
    found = [_region(maps, group, parameters) for group in _grouped(parts, parameters.merge_iou)]
    kept = [region for region in found if region is not None]
    return tuple(sorted(kept, key=lambda r: (-r.confidence, r.region)))


def confidence_of(figures: Sequence[float], weights: Sequence[float]) -> float:
    """The logistic regression of a region's figures."""
    score = float(np.dot(figures, weights))
    return float(1 / (1 + np.exp(-np.clip(score, -30, 30))))


def _unary(maps: ChangeMaps, covered: npt.NDArray[np.bool_], parameters: LocateParameters) -> I32:
    """Log-odds of each cell in 1/NAT nat; a cell that is not covered did not change."""
    rows, columns = maps.changed.shape
    inside = cv2.resize(
        covered.astype(np.uint8) * 255, (columns, rows), interpolation=cv2.INTER_AREA
    )
    nats = np.clip(maps.changed + parameters.bias, -_MOST_NATS, _MOST_NATS)
    nats = np.where(inside > 127, nats, -_MOST_NATS)
    return np.ascontiguousarray(np.rint(nats * NAT), dtype=np.int32)


class _Part:
    """An 8-connected component of changed cells and the box that its cells point at."""

    def __init__(self, maps: ChangeMaps, numbers: I32, number: int, stats: I32) -> None:
        x, y, w, h = (int(v) for v in stats[:4])
        inside = numbers[y : y + h, x : x + w] == number
        rows, columns = np.nonzero(inside)
        self.rows, self.columns = rows + y, columns + x
        self.odds = maps.changed[self.rows, self.columns]
        sides = maps.sides_px[:, self.rows, self.columns]
        cx, cy = (self.columns + 0.5) * CELL_PX, (self.rows + 0.5) * CELL_PX
        votes = np.stack([cx - sides[0], cy - sides[1], cx + sides[2], cy + sides[3]])
        self.box: F64 = np.median(votes, axis=1)
        own = (CELL_PX * v for v in (x, y, x + w, y + h))
        self.cells_box: F64 = np.array([float(v) for v in own])


def _grouped(parts: list[_Part], merge_iou: float) -> list[list[_Part]]:
    """Parts that point at one box, together; largest first."""
    groups: list[list[_Part]] = []
    for part in parts:
        for group in groups:
            if _iou(group[0].box, part.box) > merge_iou or (
                len(part.odds) < len(group[0].odds)
                and _inside(part.cells_box, group[0].box) > 0.8
                and _iou(group[0].box, part.box) > 0.5 * merge_iou
            ):
                group.append(part)
                break
        else:
            groups.append([part])
    return groups


def _region(
    maps: ChangeMaps, group: list[_Part], parameters: LocateParameters
) -> FoundRegion | None:
    """The box of the group's changed pixels, and what speaks for it."""
    height, width = maps.mask.shape
    x0, y0 = (int(min(p.cells_box[i] for p in group)) - CELL_PX for i in (0, 1))
    x1, y1 = (int(max(p.cells_box[i] for p in group)) + CELL_PX for i in (2, 3))
    x0, y0, x1, y1 = max(0, x0), max(0, y0), min(width, x1), min(height, y1)
    if x1 <= x0 or y1 <= y0:
        return None
    near = np.zeros((y1 - y0, x1 - x0), np.uint8)
    for part in group:
        for row, column in zip(part.rows * CELL_PX - y0, part.columns * CELL_PX - x0, strict=True):
            near[
                max(0, row - CELL_PX) : row + 2 * CELL_PX,
                max(0, column - CELL_PX) : column + 2 * CELL_PX,
            ] = 1
    odds = maps.mask[y0:y1, x0:x1]
    changed = ((odds > 0) & (near > 0)).astype(np.uint8)
    if not changed.any():
        return None
    x, y, w, h = cv2.boundingRect(changed)
    region = Region(x0 + x, y0 + y, w, h)
    voted = np.average([p.box for p in group], axis=0, weights=[len(p.odds) for p in group])
    cells = np.concatenate([p.odds for p in group])
    area = int(changed.sum())
    figures = (
        1.0,
        float(np.sort(cells)[-max(1, len(cells) // 4) :].mean()),
        float(odds[changed > 0].mean()),
        float(np.log(area)),
        float(_iou(_corners(region), voted)),
        area / (w * h),
    )
    return FoundRegion(region, area, figures, confidence_of(figures, parameters.weights))


def _corners(region: Region) -> F64:
    x, y, w, h = region
    return np.array([x, y, x + w, y + h], np.float64)


def _iou(a: F64, b: F64) -> float:
    both = _both(a, b)
    union = np.prod(np.maximum(a[2:] - a[:2], 0)) + np.prod(np.maximum(b[2:] - b[:2], 0)) - both
    return float(both / max(union, _EPSILON))


def _inside(a: F64, b: F64) -> float:
    return _both(a, b) / max(float(np.prod(a[2:] - a[:2])), _EPSILON)


def _both(a: F64, b: F64) -> float:
    return float(np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0)))
