"""What of a frame's evidence the timeline still needs, until the frame's block is decided."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pyanalyzer.records import I32, FrameEvidence, Region

_COLUMNS = 7


@dataclass(frozen=True, slots=True, eq=False)
class FrameTrace:
    """View motion and proposals of one frame. ``factor`` px of the replay make one working px.

    ``view_dx_px``, ``view_dy_px``: displacement of the picture's content since the previous frame,
    working px; of no meaning where ``aligned`` is False. ``proposals``: int32 (n, 7), one row per
    proposal in the order of the network's candidates: region x, y, w, h in working px; motion
    against the view x, y in 1/16 working px per frame; track.
    """

    index: int
    pts: int
    view_dx_px: float
    view_dy_px: float
    factor: int
    aligned: bool
    proposals: I32

    def region(self, n: int) -> Region:
        """Region of proposal ``n`` in working px."""
        x, y, w, h = (int(v) for v in self.proposals[n, :4])
        return Region(x, y, w, h)

    def motion_px(self, n: int) -> tuple[float, float]:
        """Motion of proposal ``n`` against the view, working px per frame."""
        return float(self.proposals[n, 4]) / 16, float(self.proposals[n, 5]) / 16

    def track(self, n: int) -> int:
        """Track of proposal ``n``."""
        return int(self.proposals[n, 6])


def trace_of(evidence: FrameEvidence, factor: int) -> FrameTrace:
    """The trace of a frame measured on a picture ``factor`` times smaller than the replay's."""
    rows = [
        (*proposal.region, *proposal.motion_q4, proposal.track) for proposal in evidence.proposals
    ]
    return FrameTrace(
        index=evidence.index,
        pts=evidence.pts,
        view_dx_px=evidence.alignment.dx_px,
        view_dy_px=evidence.alignment.dy_px,
        factor=factor,
        aligned=evidence.alignment.aligned,
        proposals=np.array(rows, dtype=np.int32).reshape(len(rows), _COLUMNS),
    )
