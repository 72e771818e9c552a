"""How the picture moves at every block, and how that changes from frame to frame.

A similarity is no perspective: in a 3D game the view's fit jumps from one compromise to another
where the picture itself flows smoothly. The flow does not jump, and its change from frame to frame
is the acceleration that a control gives to what it moves. NumPy only.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import BLOCK_PX, F32, STILL_REPEATS, FrameEvidence

_PARTS_OF_PX = 256  # flow is in 1/256 px
_TEXTURED = 256  # sum of gradients in a block of 64 px: 4 a pixel, above usual coding noise


def median_over_texture(values: F32, frame: FrameEvidence) -> tuple[float, float]:
    """Median of values (rows, cols, 2) over the blocks whose motion can be seen; else zero."""
    textured = _textured(frame)
    if not textured.any():
        return 0.0, 0.0
    middle = np.median(values[textured], axis=0)
    return float(middle[0]), float(middle[1])


def median_expansion(values: F32, frame: FrameEvidence) -> float:
    """Median over textured blocks of how fast values (rows, cols, 2) lead away from the centre.

    Per frame: 0.01 is a picture that grows by a hundredth. A walk forward expands the picture by a
    different rate at every distance, so that no similarity fits it; its start moves the median.
    Blocks closer to the centre than a quarter of the short side say too little and are left out.
    """
    rows, cols = values.shape[:2]
    x = ((np.arange(cols) - (cols - 1) / 2) * BLOCK_PX)[None, :]
    y = ((np.arange(rows) - (rows - 1) / 2) * BLOCK_PX)[:, None]
    squared = x**2 + y**2
    outer = _textured(frame) & (squared >= (min(rows, cols) * BLOCK_PX / 4) ** 2)
    if not outer.any():
        return 0.0
    rates = (values[..., 0] * x + values[..., 1] * y)[outer] / squared[outer]
    return float(np.median(rates))


def _textured(frame: FrameEvidence) -> npt.NDArray[np.bool_]:
    textured: npt.NDArray[np.bool_] = frame.evidence.texture >= _TEXTURED
    return textured


class FlowHistory:
    """Remembers the flow of the frame before, past repeated frames, as the core does."""

    def __init__(self) -> None:
        self._before: tuple[F32, npt.NDArray[np.float64]] | None = None
        self._started = False
        self._repeats = 0

    def push(self, frame: FrameEvidence) -> tuple[F32, F32, npt.NDArray[np.float64]]:
        """The flow, its change, and the change of the view's motion, for the next frame in order.

        Flow and its change are float32 (rows, cols, 2) in px per frame; the view's change is
        float64 (4,): dx and dy in px, log scale, rotation in rad. A repeated frame has none of
        them, and the next one is compared with the last that was not repeated. The first frame and
        a cut have no motion, so that the frame after them has no change.
        """
        flow: F32 = (frame.flow.flow_q8 / _PARTS_OF_PX).astype(np.float32)
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
