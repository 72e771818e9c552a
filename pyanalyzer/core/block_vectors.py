"""Maps of blocks as vectors: what a layer of a network reads."""

from __future__ import annotations

from collections.abc import Sequence

from pyanalyzer import _core
from pyanalyzer.records import F32, U8


def block_vectors(
    maps: U8, *, first_signed: int, mirrored: bool = False, turned: Sequence[int] = ()
) -> F32:
    """What is known of each block side by side: each map about its zero, in 1/32, then the block's
    row and its column, from -1 to 1.

    ``maps``: uint8 (images, channels, rows, cols), C-contiguous; 128 stands for zero from channel
    ``first_signed`` on. ``mirrored``: with left and right exchanged, and the channels ``turned``,
    which must be signed ones, as 256 minus what they are, at most 255. Returns float32 (images,
    rows, cols, channels + 2). Raises TypeError or ValueError on other dtypes, shapes or layouts.
    """
    return _core.block_vectors(maps, first_signed=first_signed, mirrored=mirrored, turned=turned)
