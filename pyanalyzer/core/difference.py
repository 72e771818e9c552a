"""What one pair of pictures shows on the grid of 8 x 8 px blocks."""

from __future__ import annotations

from pyanalyzer import _core
from pyanalyzer.records import U8, Alignment, BoolGrid, Evidence, Memory


def difference(
    previous: U8,
    current: U8,
    alignment: Alignment,
    memory: Memory,
    *,
    valid: BoolGrid | None = None,
    threads: int = 1,
    isa: str | None = None,
) -> tuple[Evidence, Memory]:
    """Measures residual, block motion against the view, and its change since the frame before.

    ``previous``, ``current``: uint8 (height, width), the same size, at least 32 px on a side, any
    row stride. ``alignment``: the view motion between them. ``memory``: what this function returned
    for the frame before, or ``Memory.initial(height // 8, width // 8)``. ``valid``: bool
    (height // 8, width // 8), False where nothing is to be measured.

    Returns the evidence, and the memory for the next frame. A block whose source lies outside the
    previous picture has no residual and no motion; a block that is not valid is zero throughout.
    Where ``alignment.aligned`` is False the residual is the plain difference, nothing moves, and
    the noise floor learns nothing. Exact in integers; docs/evidence.md holds the definitions.

    Raises TypeError or ValueError on other dtypes and shapes.
    """
    arrays = _core.difference(
        previous,
        current,
        alignment.aligned,
        alignment.inverse_q16,
        memory.motion_q4,
        memory.quiet_q4,
        valid,
        threads=threads,
        isa=isa,
    )
    return Evidence(*arrays[:9]), Memory(*arrays[9:])
