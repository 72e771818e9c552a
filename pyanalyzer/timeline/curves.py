"""What a saved timeline keeps of every frame, gathered from the traces and the network's scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import CAUSES, FrameCurves, Scores
from pyanalyzer.timeline.traces import FrameTrace


def frame_curves(scores: Scores, traces: Sequence[FrameTrace], start_pts: int) -> FrameCurves:
    """The curves of one recording.

    ``traces``: one per frame of ``scores``; ``start_pts``: of the replay's first frame, analysed or
    not. Shifts come out in px of the replay.

    :raises ValueError: if the lengths differ.
    """
    if len(traces) != scores.pts.size:
        raise ValueError(f"{scores.pts.size} frames of scores, but {len(traces)} traces")
    aligned = [trace.aligned for trace in traces]
    chance = np.exp(scores.cause_onset.astype(np.float64))
    player = chance[:, 1 + CAUSES.index("player")]
    return FrameCurves(
        start_pts=start_pts,
        index=_frozen(scores.index, np.int64),
        pts=_frozen(scores.pts, np.int64),
        aligned=_frozen(aligned, np.bool_),
        view_dx_px=_where(aligned, [trace.view_dx_px * trace.factor for trace in traces], 0.0),
        view_dy_px=_where(aligned, [trace.view_dy_px * trace.factor for trace in traces], 0.0),
        view_zoom=_where(aligned, [trace.view_zoom for trace in traces], 1.0),
        view_roll_deg=_where(aligned, [trace.view_roll_deg for trace in traces], 0.0),
        changed_share=_frozen([trace.changed_share for trace in traces], np.float32),
        onset_score=_frozen(np.clip(chance[:, 1:].sum(axis=1), 0.0, 1.0), np.float32),
        player_score=_frozen(np.clip(player, 0.0, 1.0), np.float32),
    )


def _where(
    aligned: Sequence[bool], values: Sequence[float], otherwise: float
) -> npt.NDArray[np.float32]:
    """``values`` where the picture is aligned with the one before."""
    pairs = zip(aligned, values, strict=True)
    return _frozen([value if known else otherwise for known, value in pairs], np.float32)


def _frozen(values: npt.ArrayLike, dtype: Any) -> npt.NDArray[Any]:
    array = np.array(values, dtype)
    array.setflags(write=False)
    return array
