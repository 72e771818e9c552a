"""What of a frame's evidence the timeline still needs, until the frame's block is decided."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pyanalyzer.records import (
    I32,
    RESIDUAL_OFFSET,
    RESIDUAL_SLOPE,
    U8,
    U16,
    BoolGrid,
    Evidence,
    FrameEvidence,
    Region,
)

_COLUMNS = 7


@dataclass(frozen=True, slots=True, eq=False)
class FrameTrace:
    """View motion and proposals of one frame. ``factor`` px of the replay make one working px.

    ``view_dx_px``, ``view_dy_px``: displacement of the picture's content since the previous frame,
    working px; of no meaning where ``aligned`` is False. ``proposals``: int32 (n, 7), one row per
    proposal in the order of the network's candidates: region x, y, w, h in working px; motion
    against the view x, y in 1/16 working px per frame; track. ``view_zoom``: factor by which the
    content grew; ``view_roll_deg``: by which it turned, clockwise as seen; ``changed_share``: see
    :func:`changed_share`. ``excess``: uint16 (rows, cols), the residual above the noise floor of
    each block; ``maps``: uint8 (channels, rows, cols), what the network sees of it; ``picture``:
    the working picture. None: not known. ``inverse_q16``: where each px of it was in the one before
    (:class:`~pyanalyzer.records.Alignment`). ``valid``: bool (rows, cols), the blocks that are
    looked at; None: all of them.
    """

    index: int
    pts: int
    view_dx_px: float
    view_dy_px: float
    factor: int
    aligned: bool
    proposals: I32
    view_zoom: float = 1.0
    view_roll_deg: float = 0.0
    changed_share: float = 0.0
    excess: U16 | None = None
    maps: U8 | None = None
    picture: U8 | None = None
    inverse_q16: tuple[int, int, int, int] = (65536, 0, 0, 0)
    valid: BoolGrid | None = None

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


def trace_of(
    evidence: FrameEvidence, factor: int, maps: U8 | None = None, valid: BoolGrid | None = None
) -> FrameTrace:
    """The trace of a frame measured on a picture ``factor`` times smaller than the replay's.
    ``maps``: what the network sees of it; ``valid``: see :class:`FrameTrace`."""
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
        view_zoom=evidence.alignment.scale,
        view_roll_deg=math.degrees(evidence.alignment.rotation_rad),
        changed_share=changed_share(evidence.evidence),
        excess=np.maximum(evidence.evidence.residual, evidence.evidence.noise_floor)
        - evidence.evidence.noise_floor,
        maps=maps,
        picture=evidence.picture,
        inverse_q16=evidence.alignment.inverse_q16,
        valid=valid,
    )


def changed_share(evidence: Evidence) -> float:
    """Of the blocks that were measured, the share that is likelier changed than not by its residual
    (0..1; 0 if none was measured).

    The residual is what the view's motion leaves over, and its likelihoods against the noise floor
    are those of ``propose``; see docs/evidence.md. A block is measured where it has such a floor.
    """
    floor = evidence.noise_floor.astype(np.int32)
    measured = int(np.count_nonzero(floor))
    if measured == 0:
        return 0.0
    odds = RESIDUAL_SLOPE * evidence.residual.astype(np.int32) + RESIDUAL_OFFSET * floor
    return int(np.count_nonzero((odds > 0) & (floor > 0))) / measured
