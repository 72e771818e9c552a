"""Planted curves of frames: a view that pans and turns and stands still, a few onsets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pyanalyzer.records import FrameCurves


def planted_curves(
    pts: Sequence[int],
    *,
    start_pts: int = 0,
    first: int = 0,
    cuts: Sequence[int] = (),
    onsets: Sequence[int] = (),
) -> FrameCurves:
    """Curves of frames with these ``pts``; ``cuts``, ``onsets``: positions among them."""
    frames = len(pts)
    at = np.arange(frames)
    moving = (at % 100 < 40) & (at > 0)
    aligned = np.ones(frames, bool)
    aligned[list(cuts)] = False
    score = np.where(moving, 0.002 * (at % 7), 0.0)
    score[list(onsets)] = 0.9
    seen = moving & aligned
    return FrameCurves(
        start_pts,
        _frozen(at + first, np.int64),
        _frozen(pts, np.int64),
        _frozen(aligned, np.bool_),
        _frozen(np.where(seen, np.sin(at / 9) * 20, 0), np.float32),
        _frozen(np.where(seen, np.cos(at / 7) * 3, 0), np.float32),
        _frozen(np.where(seen, 1 + np.sin(at / 5) / 50, 1), np.float32),
        _frozen(np.where(seen, np.sin(at / 11) * 4, 0), np.float32),
        _frozen(np.where(moving, (at % 13) / 20, 0), np.float32),
        _frozen(score, np.float32),
        _frozen(score * 0.8, np.float32),
    )


def _frozen(values: Any, dtype: Any) -> Any:
    array = np.array(values, dtype)
    array.setflags(write=False)
    return array
