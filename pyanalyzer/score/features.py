"""What the network sees of a frame: the core's evidence as compact arrays.

Maps are quantised to bytes, so that a cache for training is small and a training run sees exactly
what an analysis sees. Square roots spread the small values, where the decisions lie. NumPy only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from pyanalyzer.core.tracks import SURVIVES_FRAMES
from pyanalyzer.records import (
    BLOCK_PX,
    CROP_PX,
    F32,
    I32,
    MAX_PROPOSALS,
    U8,
    U16,
    Evidence,
    FrameEvidence,
    Proposal,
)
from pyanalyzer.score.flow import FlowHistory, TexturedBlocks

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

    ``maps``: uint8 (len(MAP_CHANNELS), R, C). ``globals``: float32 (len(GLOBAL_FEATURES),).
    ``proposals``: float32 (MAX_PROPOSALS, len(PROPOSAL_FEATURES)), zero where there is none.
    ``crops``: uint8 (MAX_PROPOSALS, 2, CROP_PX, CROP_PX).
    """

    maps: U8
    globals: F32
    proposals: F32
    crops: U8


def _root_table() -> U8:
    """For every uint16 twice its square root, as a byte: 0 .. 16320 becomes 0 .. 255."""
    root = np.sqrt(np.arange(65536, dtype=np.float32)) * 2
    table: U8 = np.minimum(root + 0.5, 255).astype(np.uint8)
    return table


def _signed_table(gain: float, parts: int = 1) -> U8:
    """For every int16, by its bits, 128 + sign * gain * square root of it / parts, as a byte."""
    values = np.arange(65536).astype(np.uint16).view(np.int16).astype(np.float32) / parts
    root = np.sign(values) * np.sqrt(np.abs(values)) * gain
    table: U8 = np.clip(np.rint(root) + 128, 0, 255).astype(np.uint8)
    return table


_ROOT = _root_table()
_SIGNED_SUM = _signed_table(1.0)
_MOTION = _signed_table(8.0)  # 1/16 px becomes 8 steps, 15 px (the farthest search) 124
_FLOW = _signed_table(16.0, 256)  # 1/256 px becomes 1 step, and 63 px fit in: a fast turn
_FLOW_CHANGE = _signed_table(32.0, 256)  # as finely as motion


def encode_maps(evidence: Evidence, flow_match: U16, flow_q8: I32, flow_change_q8: I32) -> U8:
    """Evidence on the block grid as bytes, uint8 (len(MAP_CHANNELS), R, C).

    ``flow_match``: as in :class:`~pyanalyzer.records.Flow`. ``flow_q8``, ``flow_change_q8``: (R, C,
    2), in 1/256 px per frame; see :mod:`pyanalyzer.score.flow`.
    """
    excess = evidence.residual - np.minimum(evidence.residual, evidence.noise_floor)
    maps = np.empty((len(MAP_CHANNELS), *evidence.mean.shape), np.uint8)
    maps[0] = evidence.mean
    amounts = (
        evidence.texture,
        evidence.difference,
        evidence.residual,
        excess,
        evidence.match,
        flow_match,
    )
    for plane, amount in zip(maps[1:7], amounts, strict=True):
        _look_up(_ROOT, amount, plane)
    _look_up(_SIGNED_SUM, evidence.signed.view(np.uint16), maps[7])
    vectors = (
        (_MOTION, evidence.motion_q4),
        (_MOTION, evidence.motion_change_q4),
        (_FLOW, _bits(flow_q8)),
        (_FLOW_CHANGE, _bits(flow_change_q8)),
    )
    for planes, (table, vector) in zip(
        maps[8:].reshape(4, 2, *maps.shape[1:]), vectors, strict=True
    ):
        for axis in (0, 1):
            _look_up(table, vector[..., axis].view(np.uint16), planes[axis])
    return maps


def _look_up(table: U8, index: U16, out: U8) -> None:
    """``out[:] = table[index]``; 16 bits name no place beyond the table, so none is checked."""
    table.take(index, out=out, mode="clip")


def _bits(values: I32) -> npt.NDArray[np.int16]:
    """To 16 bits; what does not fit is far beyond what the tables tell apart."""
    # np.clip takes longer to look at its bounds than at these values.
    limited = np.minimum(np.maximum(values, np.int32(-32768)), np.int32(32767))
    narrow: npt.NDArray[np.int16] = limited.astype(np.int16)
    return narrow


def _mean(values: U16) -> float:
    """The mean in float64: of whole numbers, so that their sum is exact, whatever its order."""
    return int(values.sum(dtype=np.uint64)) / values.size


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
        flow_q8, flow_change_q8, view_change = self._history.push(frame)
        textured = TexturedBlocks(frame.evidence.texture)
        acceleration = (
            *view_change,
            *textured.median(flow_change_q8),
            textured.expansion(flow_q8),
            textured.expansion(flow_change_q8),
        )
        return FrameFeatures(
            maps=encode_maps(frame.evidence, frame.flow.match, flow_q8, flow_change_q8),
            globals=_global_features(frame, interval_s, acceleration),
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
    frame: FrameEvidence, interval_s: float, acceleration: tuple[float, ...]
) -> F32:
    alignment, evidence = frame.alignment, frame.evidence
    dx, dy, log_scale, rotation, flow_x, flow_y, expansion, expansion_change = acceleration
    active = evidence.residual > evidence.noise_floor
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
            math.log1p(_mean(evidence.difference)) / 4,
            math.log1p(_mean(evidence.residual)) / 4,
            np.count_nonzero(active) / active.size,
            len(frame.proposals) / MAX_PROPOSALS,
            # Compressed after the subtraction: half a pixel more is as plain in a fast turn.
            _compress(dx),
            _compress(dy),
            _compress(log_scale * 100),
            _compress(rotation * 100),
            _compress(flow_x),
            _compress(flow_y),
            _compress(expansion * 100),
            _compress(expansion_change * 100),
        ],
        np.float32,
    )


assert CROP_PX == 32, "the crop extractor halves the crop's side three times"
