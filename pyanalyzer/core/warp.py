"""Bringing the previous picture onto the current one."""

from __future__ import annotations

from pyanalyzer import _core
from pyanalyzer.records import U8


def warp(
    previous: U8,
    inverse_q16: tuple[int, int, int, int],
    *,
    threads: int = 1,
    isa: str | None = None,
) -> U8:
    """Returns the previous picture as it would look after the view motion: uint8 (height, width).

    ``previous``: uint8 (height, width), any row stride. ``inverse_q16``: the integers
    ``(a, b, tx, ty)`` of :class:`pyanalyzer.records.Alignment`, in 1/65536: the pixel ``(x, y)`` of
    the result is taken at ``((a*x - b*y + tx)/65536, (b*x + a*y + ty)/65536)``, clamped to the
    picture, with bilinear weights of 8 bits, rounded to nearest. Exact in integers.

    Raises TypeError or ValueError on another dtype or shape, and where ``a`` or ``b`` exceed
    2**24 or ``tx`` or ``ty`` 2**40 in magnitude.
    """
    return _core.warp(previous, inverse_q16, threads=threads, isa=isa)
