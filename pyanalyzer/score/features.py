"""What the network sees of a frame: the core's evidence as compact arrays.

Maps are quantised to bytes, so that a cache for training is small and a training run sees exactly
what an analysis sees.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from pyanalyzer.core.block_maps import block_maps
from pyanalyzer.core.tracks import SURVIVES_FRAMES
from pyanalyzer.records import (
    BLOCK_PX,
    CROP_PX,
    F32,
    MAX_PROPOSALS,
    U8,
    BlockSummary,
    FrameEvidence,
    Proposal,
)
from pyanalyzer.score.flow import FlowHistory

MAP_CHANNELS = (
    "mean",
    "texture",
    "difference",
    "residual",
    "excess",  # residual above the noise floor
    "match",
    "flow_match",  # what is left along the dense flow
    "signed",
    "motion_x",
    "motion_y",
    "motion_change_x",
    "motion_change_y",
    "flow_x",
    "flow_y",
    "flow_change_x",
    "flow_change_y",
)
SIGNED_CHANNELS = frozenset(MAP_CHANNELS[7:])  # 128 stands for zero
GLOBAL_FEATURES = (
    "view_dx",
    "view_dy",
    "view_log_scale",
    "view_rotation",
    "confidence",
    "cut",
    "repeated",
    "frame_interval",
    "log_difference",
    "log_residual",
    "active_share",
    "proposal_count",
    "view_change_dx",
    "view_change_dy",
    "view_change_log_scale",
    "view_change_rotation",
    "flow_change_x",
    "flow_change_y",
    "flow_expansion",
    "flow_change_expansion",
)
PROPOSAL_FEATURES = (
    "present",
    "centre_x",
    "centre_y",
    "width",
    "height",
    "log_score",
    "motion_x",
    "motion_y",
    "motion_change_x",
    "motion_change_y",
    "log_blocks",
    "track_age",
)
_INTERVAL_UNIT_S = 1 / 60  # the most common frame interval of recordings
_TRACK_AGE_UNIT_S = 1.0
# More than can come back: of each frame at most MAX_PROPOSALS, for SURVIVES_FRAMES frames.
_TRACKS_KEPT = MAX_PROPOSALS * (SURVIVES_FRAMES + 2)


@dataclass(frozen=True, slots=True, eq=False)
class FrameFeatures:
    """One frame's input. R x C is the block grid.

    ``maps``: uint8 (len(MAP_CHANNELS), R, C), of :func:`pyanalyzer.core.block_maps`.
    ``globals``: float32 (len(GLOBAL_FEATURES),).
    ``proposals``: float32 (MAX_PROPOSALS, len(PROPOSAL_FEATURES)), zero where there is none.
    ``crops``: uint8 (MAX_PROPOSALS, 2, CROP_PX, CROP_PX).
    """

    maps: U8
    globals: F32
    proposals: F32
    crops: U8


def _compress(value: float) -> float:
    """Sign-preserving square root: motions span three orders of magnitude."""
    return math.copysign(math.sqrt(abs(value)), value)


class FeatureEncoder:
    """Turns a replay's frames, in order, into the network's input; remembers the ages of tracks."""

    def __init__(self, time_base: Fraction) -> None:
        self._time_base = float(time_base)
        self._last_pts: int | None = None
        self._track_start_s: dict[int, float] = {}  # those seen last come last
        self._history = FlowHistory()

    def encode(self, frame: FrameEvidence) -> FrameFeatures:
        """Call once for every frame, in display order."""
        time_s = frame.pts * self._time_base
        interval_s = (
            0.0 if self._last_pts is None else (frame.pts - self._last_pts) * self._time_base
        )
        self._last_pts = frame.pts
        flow_q8, before_q8, view_change = self._history.push(frame)
        maps, summary = block_maps(frame.evidence, frame.flow.match, flow_q8, before_q8)
        return FrameFeatures(
            maps=maps,
            globals=_global_features(frame, interval_s, view_change, summary),
            proposals=self._proposal_features(frame, time_s),
            crops=frame.crops,
        )

    def _proposal_features(self, frame: FrameEvidence, time_s: float) -> F32:
        rows, cols = frame.evidence.mean.shape
        out = np.zeros((MAX_PROPOSALS, len(PROPOSAL_FEATURES)), np.float32)
        for slot, proposal in zip(out, frame.proposals, strict=False):
            start_s = self._track_start_s.pop(proposal.track, time_s)
            self._track_start_s[proposal.track] = start_s
            slot[:] = _proposal_vector(proposal, cols * BLOCK_PX, rows * BLOCK_PX, time_s - start_s)
        while len(self._track_start_s) > _TRACKS_KEPT:
            del self._track_start_s[next(iter(self._track_start_s))]
        return out


def _proposal_vector(
    proposal: Proposal, width_px: int, height_px: int, age_s: float
) -> tuple[float, ...]:
    x, y, w, h = proposal.region
    return (
        1.0,
        (x + w / 2) / width_px * 2 - 1,
        (y + h / 2) / height_px * 2 - 1,
        w / width_px,
        h / height_px,
        math.log1p(max(proposal.score, 0.0)) / 4,
        _compress(proposal.motion_q4[0] / 16),
        _compress(proposal.motion_q4[1] / 16),
        _compress(proposal.motion_change_q4[0] / 16),
        _compress(proposal.motion_change_q4[1] / 16),
        math.log1p(proposal.blocks) / 4,
        min(age_s / _TRACK_AGE_UNIT_S, 4.0),
    )


def _global_features(
    frame: FrameEvidence,
    interval_s: float,
    view_change: tuple[float, float, float, float],
    summary: BlockSummary,
) -> F32:
    alignment = frame.alignment
    dx, dy, log_scale, rotation = view_change
    blocks = frame.evidence.mean.size
    return np.array(
        [
            _compress(alignment.dx_px),
            _compress(alignment.dy_px),
            _compress(math.log(alignment.scale) * 100),
            _compress(alignment.rotation_rad * 100),
            alignment.confidence,
            0.0 if alignment.aligned else 1.0,
            1.0 if frame.repeated else 0.0,
            min(interval_s / _INTERVAL_UNIT_S, 8.0),
            math.log1p(summary.difference / blocks) / 4,
            math.log1p(summary.residual / blocks) / 4,
            summary.active / blocks,
            len(frame.proposals) / MAX_PROPOSALS,
            # Compressed after the subtraction: half a pixel more is as plain in a fast turn.
            _compress(dx),
            _compress(dy),
            _compress(log_scale * 100),
            _compress(rotation * 100),
            _compress(summary.change_x_px),
            _compress(summary.change_y_px),
            _compress(summary.expansion * 100),
            _compress(summary.expansion_change * 100),
        ],
        np.float32,
    )


assert CROP_PX == 32, "the crop extractor halves the crop's side three times"
