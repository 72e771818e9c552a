"""Small pictures of candidate regions, before and after."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pyanalyzer import _core
from pyanalyzer.records import CROP_PX, MAX_PROPOSALS, U8, Proposal


def crops(previous_warped: U8, current: U8, proposals: Sequence[Proposal]) -> U8:
    """Cuts a square around each proposal out of both pictures, resampled to 32 x 32.

    ``previous_warped`` (the previous picture brought onto the current one), ``current``: uint8
    (height, width), the same size. Returns uint8 (MAX_PROPOSALS, 2, 32, 32), the previous picture
    first, zero where there is no proposal.

    The square has the side ``max(w, h, 24) + 8`` px, at most the picture's shorter side, and is
    centred on the box and shifted into the picture; each output pixel is the mean over the area
    that it covers, rounded to nearest. Raises ValueError on more than MAX_PROPOSALS proposals and
    on pictures of two sizes.
    """
    if len(proposals) > MAX_PROPOSALS:
        raise ValueError(f"at most {MAX_PROPOSALS} proposals have crops, not {len(proposals)}")
    out = np.zeros((MAX_PROPOSALS, 2, CROP_PX, CROP_PX), np.uint8)
    regions = [proposal.region for proposal in proposals]
    out[: len(regions)] = _core.crops(previous_warped, current, regions)
    return out
