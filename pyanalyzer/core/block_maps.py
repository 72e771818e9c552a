"""What was measured of a frame as bytes, and in a few numbers: what a network sees of it."""

from __future__ import annotations

from pyanalyzer import _core
from pyanalyzer.records import I16, U8, U16, BlockSummary, Evidence


def block_maps(
    evidence: Evidence, flow_match: U16, flow_q8: I16 | None, flow_before_q8: I16 | None
) -> tuple[U8, BlockSummary]:
    """Evidence on the grid of (rows, cols) blocks as bytes, and what it says in sum.

    ``flow_match``, ``flow_q8``: as in :class:`~pyanalyzer.records.Flow`, None where nothing moves;
    ``flow_before_q8``: int16 (rows, cols, 2), that of the frame before, None where all moves as it
    did.

    The maps, uint8 (16, rows, cols), are in this order. Mean, as it is. As twice its square root,
    at most 255: texture, difference, residual, its excess over the noise floor, match, flow_match.
    With 128 for zero, as 128 and the square root with the sign, times a gain: signed (1), x and y
    of motion and of its change (8, of 1/16 px), of the flow (16, of px), of its change (32). Square
    roots spread the small values, where the decisions lie.

    Raises TypeError or ValueError on arrays of other types, shapes or layouts.
    """
    maps, difference, residual, active, *medians = _core.block_maps(
        evidence.mean,
        evidence.texture,
        evidence.difference,
        evidence.residual,
        evidence.signed,
        evidence.match,
        evidence.motion_q4,
        evidence.motion_change_q4,
        evidence.noise_floor,
        flow_match,
        flow_q8,
        flow_before_q8,
    )
    return maps, BlockSummary(difference, residual, active, *medians)
