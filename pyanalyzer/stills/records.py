"""The records of a comparison of two stills."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import F32, U8, Region
from pyanalyzer.stills.planes import Planes

F64 = npt.NDArray[np.float64]
Levels = U8  # (3, 256): what each channel's level became
ChangeKind = Literal["appeared", "vanished", "moved", "changed"]
CHANGE_KINDS: tuple[ChangeKind, ...] = ("appeared", "vanished", "moved", "changed")
Method = Literal["identity", "similarity", "features", "flat"]


@dataclass(frozen=True, slots=True)
class StillAlignment:
    """How the first picture lies on the second.

    ``homography``: nine numbers, row by row, from pixels of the first to pixels of the second.
    ``aligned`` is False where they do not show the same. ``share``: of the blocks with structure,
    those that resemble each other (0..1); ``correlation``: their median correlation. ``method``:
    what found it.
    """

    homography: tuple[float, ...]
    aligned: bool
    share: float
    correlation: float
    method: Method

    @property
    def matrix(self) -> F64:
        """The homography as float64 (3, 3)."""
        return np.array(self.homography).reshape(3, 3)


@dataclass(frozen=True, slots=True, eq=False)
class ChangeMaps:
    """What the network says of two aligned pictures, at the size of the second.

    ``changed``: float32 (rows, cols), log-odds that a cell of CELL_PX changed; ``sides_px``:
    float32 (4, rows, cols), distances from the cell's centre to the left, upper, right and lower
    side of its change's box; ``mask``: float32 (h, w), log-odds that a pixel changed.
    """

    changed: F32
    sides_px: F32
    mask: F32


@dataclass(frozen=True, slots=True, eq=False)
class StillsAnswer:
    """What the network says of a window of two pictures: the fields of :class:`ChangeMaps`, of the
    window's cells and pixels."""

    changed: F32
    sides_px: F32
    mask: F32


@dataclass(frozen=True, slots=True)
class LocateParameters:
    """How regions follow from the network's log-odds; fitted on validation pairs.

    ``bias``: added to a cell's log-odds, ``potts``: the price of two neighbours that differ, both
    in nats; ``merge_iou``: regions whose boxes, as their cells see them, overlap by more are one;
    ``weights``: of the logistic regression from a region's figures to its confidence, see
    :func:`pyanalyzer.stills.locate.figures_of`.
    """

    bias: float = 0.0
    potts: float = 1.0
    merge_iou: float = 0.5
    weights: tuple[float, ...] = (0.0, 1.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class FoundRegion:
    """A changed region, px of the second picture: its box, the number of its changed pixels, its
    figures, and the probability that it is a change."""

    region: Region
    changed_px: int
    figures: tuple[float, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Change:
    """A change. ``region``: where, in px of the second picture; ``before_region``: the same place
    in px of the first. ``from_region``: where the thing was, if it moved (px of the second)."""

    region: Region
    before_region: Region
    kind: ChangeKind
    confidence: float
    changed_px: int
    from_region: Region | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two pictures compared. Sizes are (width, height) in px. ``changes``: surest first.

    ``aligned_before``: the first picture on the second, in its light, uint8 RGB (h, w, 3);
    ``after``: the second; ``mask``: bool (h, w), the pixels that changed; ``covered``: bool (h, w),
    where both pictures look. ``model`` and ``model_sha256``: the weights.
    """

    before_path: str
    after_path: str
    before_size_px: tuple[int, int]
    after_size_px: tuple[int, int]
    alignment: StillAlignment
    changes: tuple[Change, ...]
    min_confidence: float
    model: str
    model_sha256: str
    aligned_before: U8
    after: U8
    mask: npt.NDArray[np.bool_]
    covered: npt.NDArray[np.bool_]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StillsModel:
    """Weights ready to run. ``look``: the network, whoever computes it; ``locate``: the parameters
    that were fitted to them."""

    look: Callable[[Planes], StillsAnswer]
    name: str
    sha256: str
    locate: LocateParameters
    training: dict[str, Any] = field(default_factory=dict)
