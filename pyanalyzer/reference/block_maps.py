"""Definition of :func:`pyanalyzer.core.block_maps`."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import BLOCK_PX, I16, I32, U8, U16, BlockSummary, Evidence

F64 = npt.NDArray[np.float64]

MAPS = 16
PARTS_OF_PX = 256  # flow is in 1/256 px
TEXTURED_SUM = 256  # of gradients in a block of 64 px: 4 a pixel, above usual coding noise


@cache
def root_table() -> U8:
    """For every uint16 twice its square root, as a byte: 0 .. 16320 becomes 0 .. 255."""
    root = np.sqrt(np.arange(65536, dtype=np.float32)) * np.float32(2)
    table: U8 = np.minimum(root + np.float32(0.5), np.float32(255)).astype(np.uint8)
    return table


@cache
def signed_table(gain: float, parts: int = 1) -> U8:
    """For every int16, by its bits, 128 + sign * gain * square root of it / parts, as a byte."""
    values = np.arange(65536).astype(np.uint16).view(np.int16).astype(np.float32)
    values = values / np.float32(parts)
    root = np.sign(values) * np.sqrt(np.abs(values)) * np.float32(gain)
    table: U8 = np.clip(np.rint(root) + 128, 0, 255).astype(np.uint8)
    return table


def bits(values: I16 | I32) -> U16:
    """16 bits of each value; what does not fit is far beyond what the tables tell apart."""
    return np.asarray(np.clip(values, -32768, 32767).astype(np.int16).view(np.uint16))


def block_maps(
    evidence: Evidence, flow_match: U16, flow_q8: I16 | None, flow_before_q8: I16 | None
) -> tuple[U8, BlockSummary]:
    """See :func:`pyanalyzer.core.block_maps`."""
    still = np.zeros_like(evidence.motion_q4, np.int32)
    flow = still if flow_q8 is None else flow_q8.astype(np.int32)
    change = still if flow_q8 is None or flow_before_q8 is None else flow - flow_before_q8
    excess = evidence.residual - np.minimum(evidence.residual, evidence.noise_floor)
    amounts = (
        evidence.texture,
        evidence.difference,
        evidence.residual,
        excess,
        evidence.match,
        flow_match,
    )
    maps = np.empty((MAPS, *evidence.mean.shape), np.uint8)
    maps[0] = evidence.mean
    maps[1:7] = [root_table()[amount] for amount in amounts]
    maps[7] = signed_table(1.0)[bits(evidence.signed)]
    vectors: tuple[tuple[U8, I16 | I32], ...] = (
        (signed_table(8.0), evidence.motion_q4),
        (signed_table(8.0), evidence.motion_change_q4),
        (signed_table(16.0, PARTS_OF_PX), flow),
        (signed_table(32.0, PARTS_OF_PX), change),
    )
    for planes, (table, vector) in zip(
        maps[8:].reshape(4, 2, *maps.shape[1:]), vectors, strict=True
    ):
        planes[:] = np.moveaxis(table[bits(vector)], 2, 0)
    textured = evidence.texture >= TEXTURED_SUM
    return maps, BlockSummary(
        difference=int(evidence.difference.sum(dtype=np.uint64)),
        residual=int(evidence.residual.sum(dtype=np.uint64)),
        active=int(np.count_nonzero(excess)),
        change_x_px=median(change[textured][:, 0]),
        change_y_px=median(change[textured][:, 1]),
        expansion=expansion(flow, textured),
        expansion_change=expansion(change, textured),
    )


def median(values: I32 | F64) -> float:
    """Of values in 1/256 px, in px; zero where there are none, and without a sign."""
    return float(np.median(values)) / PARTS_OF_PX + 0.0 if values.size else 0.0


def expansion(vectors_q8: I32, textured: npt.NDArray[np.bool_]) -> float:
    """Median of how fast vectors (rows, cols, 2), in 1/256 px, lead away from the centre, over the
    blocks that are ``textured``.

    Per frame: 0.01 is a picture that grows by a hundredth. A walk forward expands the picture by a
    different rate at every distance, so that no similarity fits it; its start moves the median.
    Blocks closer to the centre than a quarter of the short side say too little and are left out.
    """
    rows, cols = textured.shape
    y, x = np.meshgrid(
        (np.arange(rows) - (rows - 1) / 2) * BLOCK_PX,
        (np.arange(cols) - (cols - 1) / 2) * BLOCK_PX,
        indexing="ij",
    )
    squared = x**2 + y**2
    seen = textured & (squared >= (min(rows, cols) * BLOCK_PX / 4) ** 2)
    along = vectors_q8[seen][:, 0] * x[seen] + vectors_q8[seen][:, 1] * y[seen]
    return median(along / squared[seen])
