"""How the picture moves at every block, and how that changes from frame to frame.

A similarity is no perspective: in a 3D game the view's fit jumps from one compromise to another
where the picture itself flows smoothly. The flow does not jump, and its change from frame to frame
is the acceleration that a control gives to what it moves. NumPy only.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import BLOCK_PX, I32, STILL_REPEATS, U16, FrameEvidence

F64 = npt.NDArray[np.float64]

PARTS_OF_PX = 256  # flow is in 1/256 px
_TEXTURED = 256  # sum of gradients in a block of 64 px: 4 a pixel, above usual coding noise


class TexturedBlocks:
    """Medians of vectors over the blocks of one frame whose motion can be seen."""

    def __init__(self, texture: U16) -> None:
        self._blocks = np.flatnonzero(texture.ravel() >= _TEXTURED)
        x, y, squared, outer = _about_centre(*texture.shape)
        self._outer = self._blocks[outer[self._blocks]]
        self._x, self._y = x[self._outer], y[self._outer]
        self._squared = squared[self._outer]

    def median(self, vectors_q8: I32) -> tuple[float, float]:
        """Of vectors (rows, cols, 2) in 1/256 px, in px; zero where no block has texture."""
        if not self._blocks.size:
            return 0.0, 0.0
        seen = vectors_q8.reshape(-1, 2).take(self._blocks, axis=0)
        return _median(seen[:, 0]) / PARTS_OF_PX, _median(seen[:, 1]) / PARTS_OF_PX

    def expansion(self, vectors_q8: I32) -> float:
        """Median of how fast vectors (rows, cols, 2), in 1/256 px, lead away from the centre.

        Per frame: 0.01 is a picture that grows by a hundredth. A walk forward expands the picture
        by a different rate at every distance, so that no similarity fits it; its start moves the
        median. Blocks closer to the centre than a quarter of the short side say too little and are
        left out.
        """
        if not self._outer.size:
            return 0.0
        seen = vectors_q8.reshape(-1, 2).take(self._outer, axis=0)
        rates = (seen[:, 0] * self._x + seen[:, 1] * self._y) / self._squared
        return _median(rates) / PARTS_OF_PX  # a power of two: divided here or before, it is exact


@lru_cache(maxsize=8)
def _about_centre(rows: int, cols: int) -> tuple[F64, F64, F64, npt.NDArray[np.bool_]]:
    """Of each block's centre, row by row: x and y from the picture's, in px, their squared sum, and
    whether it is farther from it than a quarter of the short side."""
    y, x = np.meshgrid(
        (np.arange(rows) - (rows - 1) / 2) * BLOCK_PX,
        (np.arange(cols) - (cols - 1) / 2) * BLOCK_PX,
        indexing="ij",
    )
    x, y = x.ravel(), y.ravel()
    squared = x**2 + y**2
    return x, y, squared, squared >= (min(rows, cols) * BLOCK_PX / 4) ** 2


def _median(values: F64 | I32) -> float:
    """As np.median, which spends most of its time on other cases. At least one value."""
    half = values.size // 2
    if values.size % 2:
        return float(np.partition(values, half)[half])
    low, high = np.partition(values, (half - 1, half))[half - 1 : half + 1]
    return (float(low) + float(high)) / 2


class FlowHistory:
    """Remembers the flow of the frame before, past repeated frames, as the core does."""

    def __init__(self) -> None:
        self._before: tuple[I32, npt.NDArray[np.float64]] | None = None
        self._started = False
        self._repeats = 0

    def push(self, frame: FrameEvidence) -> tuple[I32, I32, npt.NDArray[np.float64]]:
        """The flow, its change, and the change of the view's motion, for the next frame in order.

        Flow and its change are int32 (rows, cols, 2) in 1/256 px per frame; the view's change is
        float64 (4,): dx and dy in px, log scale, rotation in rad. A repeated frame has none of
        them, and the next one is compared with the last that was not repeated. The first frame and
        a cut have no motion, so that the frame after them has no change.
        """
        flow = frame.flow.flow_q8.astype(np.int32)
        still = np.zeros_like(flow)
        if not self._started or not frame.alignment.aligned:
            self._started, self._before, self._repeats = True, None, 0
            return still, still, np.zeros(4)
        if frame.repeated:
            self._repeats += 1
            if self._repeats == STILL_REPEATS or self._before is None:
                self._before = still, np.zeros(4)
            return still, still, np.zeros(4)
        self._repeats = 0
        view = frame.alignment
        now = np.array([view.dx_px, view.dy_px, np.log(view.scale), view.rotation_rad])
        before, view_before = self._before or (flow, now)
        self._before = flow, now
        return flow, flow - before, now - view_before
