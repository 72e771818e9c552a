"""View motion between two pictures."""

from __future__ import annotations

from pyanalyzer import _core
from pyanalyzer.records import U8, Alignment, BoolGrid


def align(
    previous: U8,
    current: U8,
    *,
    valid: BoolGrid | None = None,
    hint: tuple[int, int, int, int] | None = None,
    enough: float = 1.0,
    threads: int = 1,
    isa: str | None = None,
) -> Alignment:
    """The motion of the whole picture from ``previous`` to ``current``: shift, scale, rotation.

    ``previous``, ``current``: uint8 (height, width), 32 to 4096 px a side, any row stride.
    ``valid``: bool (height // 8, width // 8), C-contiguous; blocks of 8 x 8 px where it is False
    are not looked at. ``hint``: an ``inverse_q16``, usually that of the frame before, tried as one
    more hypothesis; it can only save time or help where the texture repeats. ``enough``: where a
    hint other than the identity was given, and it or the identity explains so large a share of the
    texture, nothing else is looked at, and ``explained`` is None: what was explained a few frames
    before, to save time.

    Robust to objects that move by themselves, static overlays, and changes of brightness that are
    smooth over a block. ``aligned`` is False where the pictures have nothing to do with each other
    (a cut). Identical or flat pictures are aligned by the identity; a motion of less than 1/16 px
    at every corner is the identity too.

    Method: exhaustive block search at a coarse pyramid level, hypotheses drawn from pairs of blocks
    (Fischler and Bolles 1981) under a fixed seed, the best ones refined from coarse to fine by
    Gauss-Newton steps with gradients of both pictures (Benhimane and Malis 2004) and robust block
    weights; see docs/alignment.md. Raises TypeError or ValueError on arrays it cannot take.
    """
    inverse_q16, confidence, aligned, explained = _core.align(
        previous, current, valid=valid, hint=hint, enough=enough, threads=threads, isa=isa
    )
    height, width = current.shape
    return Alignment.of(inverse_q16, confidence, aligned, height, width, explained=explained)
