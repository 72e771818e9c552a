"""How the picture moves at every block, view and own motion together, and how that changes.

A similarity is no perspective: in a 3D game the view's fit jumps from one compromise to another
where the picture itself flows smoothly, and what is left over for the blocks jumps against it.
Their sum does not jump, and its change from frame to frame is the acceleration that a control
gives to what it moves. NumPy only.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import BLOCK_PX, F32, STILL_REPEATS, FrameEvidence

_SUBPIXEL = 16  # block motion is in 1/16 px
_TEXTURED = 256  # sum of gradients in a block of 64 px: 4 a pixel, above usual coding noise


def block_flow(frame: FrameEvidence) -> F32:
    """Displacement of the picture from the frame before to this one, at every block's centre.

    float32 (rows, cols, 2), px of the working picture, last axis (x, y). A block that moves by
    ``m`` against the view and is now at ``c`` came from ``inverse(c - m)``; zero at a cut, where
    nothing is known of it.
    """
    motion = frame.evidence.motion_q4
    rows, cols = motion.shape[:2]
    if not frame.alignment.aligned:
        return np.zeros((rows, cols, 2), np.float32)
    middle = (BLOCK_PX - 1) / 2
    x = np.arange(cols)[None, :] * BLOCK_PX + middle
    y = np.arange(rows)[:, None] * BLOCK_PX + middle
    a, b, tx, ty = (value / 65536 for value in frame.alignment.inverse_q16)
    from_x, from_y = x - motion[..., 0] / _SUBPIXEL, y - motion[..., 1] / _SUBPIXEL
    flow = [x - (a * from_x - b * from_y + tx), y - (b * from_x + a * from_y + ty)]
    return np.stack(flow, axis=-1).astype(np.float32)


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
        flow = block_flow(frame)
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
