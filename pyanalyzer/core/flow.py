"""How the picture moves at every block: dense, view and own motion together."""

from __future__ import annotations

from pyanalyzer import _core
from pyanalyzer.records import U8, BoolGrid, Flow


def flow(
    previous: U8,
    current: U8,
    *,
    valid: BoolGrid | None = None,
    threads: int = 1,
    isa: str | None = None,
) -> Flow:
    """Returns where the content of every block of 8 x 8 px came from, within 127 px.

    ``previous``, ``current``: uint8 (height, width), the same size, at least 32 px on a side, any
    row stride. ``valid``: bool (height // 8, width // 8), False where nothing is to be looked at;
    the flow there is zero. Inverse search of patches from coarse to fine, smoothed by likeness and
    texture on every level, exact in integers; see ``docs/evidence.md``.

    S. Baker and I. Matthews, Lucas-Kanade 20 years on, IJCV 2004. T. Kroeger, R. Timofte, D. Dai
    and L. Van Gool, Fast optical flow using dense inverse search, ECCV 2016.

    Raises TypeError or ValueError on another dtype, shape or size.
    """
    return Flow(*_core.flow(previous, current, valid=valid, threads=threads, isa=isa))
