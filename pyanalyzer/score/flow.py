"""How the flow and the view change from frame to frame.

A similarity is no perspective: in a 3D game the view's fit jumps from one compromise to another
where the picture itself flows smoothly. The flow does not jump, and its change from frame to frame
is the acceleration that a control gives to what it moves. NumPy only.
"""

from __future__ import annotations

import math

import numpy as np

from pyanalyzer.records import I16, STILL_REPEATS, FrameEvidence

_View = tuple[float, float, float, float]  # dx and dy in px, log scale, rotation in rad
_STILL: _View = (0.0, 0.0, 0.0, 0.0)


class FlowHistory:
    """Remembers the flow of the frame before, past repeated frames, as the core does."""

    def __init__(self) -> None:
        self._before: tuple[I16, _View] | None = None
        self._started = False
        self._repeats = 0

    def push(self, frame: FrameEvidence) -> tuple[I16 | None, I16 | None, _View]:
        """The flow, the one before, and the change of the view's motion, for the next frame in
        order.

        Flows are int16 (rows, cols, 2) in 1/256 px per frame, None where nothing is known to move.
        A repeated frame has none of them, and the next one is compared with the last that was not
        repeated. The first frame and a cut have no motion, so that the frame after them has no
        change.
        """
        if not self._started or not frame.alignment.aligned:
            self._started, self._before, self._repeats = True, None, 0
            return None, None, _STILL
        flow = frame.flow.flow_q8
        if frame.repeated:
            self._repeats += 1
            if self._repeats == STILL_REPEATS or self._before is None:
                self._before = np.zeros_like(flow), _STILL
            return None, None, _STILL
        self._repeats = 0
        view = frame.alignment
        now = (view.dx_px, view.dy_px, math.log(view.scale), view.rotation_rad)
        before, view_before = self._before or (flow, now)
        self._before = flow, now
        dx, dy, log_scale, rotation = (a - b for a, b in zip(now, view_before, strict=True))
        return flow, before, (dx, dy, log_scale, rotation)
