"""The curves of every frame in a saved timeline: whole numbers, one line per curve.

A line is a list of whole numbers, one per analysed frame; the pair ``[n, times]`` in it stands for
a run of equal ones. ``index`` and ``pts`` hold the first frame's value and then each frame's step
from the one before. An hour at 60 frames/s so takes a few MB: runs shorten pauses and the many
frames whose scores are 0, and steps are finer than what was measured:

- shifts in 1/16 px (``q4``: four binary digits of fraction), as the core's own block motion. View
  motions below 1/16 px at every corner of the working picture count as none;
- zoom in 1/10000 less 1 (``e4``), roll in 1/100 degree: a picture is at most 640 working px wide,
  and at its corners a step is 0.04 and 0.06 px;
- shares and probabilities in 1/1000.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import FrameCurves
from pyanalyzer.report.json_fields import Fields, is_integer

I64 = npt.NDArray[np.int64]

# More frames than in a day at 240 per second: what a short text could blow up to fill the memory.
MAX_FRAMES = 24 * 3600 * 240
MIN_RUN = 3  # "[0,3]" is no longer than "0,0,0"
_MOST = 2**61  # of pts and of the sum of their steps: both together stay in 64 bits


@dataclass(frozen=True, slots=True)
class _Curve:
    """How one curve is saved: ``name`` in the file, steps per unit, and what values may be there.

    ``least``, ``most``: of the saved numbers; ``origin``: the value that is saved as 0.
    """

    field: str
    name: str
    steps: int
    least: int
    most: int
    origin: float = 0.0


_WIDEST_Q4 = 2**20  # 65536 px: wider than any picture
CURVES = (
    _Curve("view_dx_px", "view_dx_px_q4", 16, -_WIDEST_Q4, _WIDEST_Q4),
    _Curve("view_dy_px", "view_dy_px_q4", 16, -_WIDEST_Q4, _WIDEST_Q4),
    _Curve("view_zoom", "view_zoom_e4", 10_000, -9_999, 1_000_000, origin=1.0),
    _Curve("view_roll_deg", "view_roll_deg_e2", 100, -18_000, 18_000),
    _Curve("changed_share", "changed_share_e3", 1000, 0, 1000),
    _Curve("onset_score", "onset_score_e3", 1000, 0, 1000),
    _Curve("player_score", "player_score_e3", 1000, 0, 1000),
)


def curve_lines(curves: FrameCurves) -> Iterable[tuple[str, str]]:
    """Names and JSON texts of the fields of ``curves``, in the order of the schema.

    Raises ValueError if a number in it is not finite.
    """
    yield "start_pts", str(curves.start_pts)
    yield "index", _runs(_steps(curves.index))
    yield "pts", _runs(_steps(curves.pts))
    yield "aligned", _runs(curves.aligned.astype(np.int64))
    for curve in CURVES:
        yield curve.name, _runs(_saved(curve, curves))


def rounded_curves(curves: FrameCurves) -> FrameCurves:
    """The curves as they come back from JSON."""
    values = {curve.field: _read(curve, _saved(curve, curves)) for curve in CURVES}
    return FrameCurves(curves.start_pts, curves.index, curves.pts, curves.aligned, **values)


def read_curves(fields: Fields, frames: int, *, thinned: bool = False) -> FrameCurves:
    """What :func:`curve_lines` wrote, for a replay of so many ``frames``. ``thinned``: of
    an analysis that may have looked at fewer.

    Raises TimelineFileError for a field that is missing or unknown, a list of another length, and
    numbers out of their range.
    """
    if frames > MAX_FRAMES:
        raise fields.error("", f"of at most {MAX_FRAMES} frames")
    if thinned:
        frames = min(frames, sum(times for _, times in _pairs(fields, "index")))
    start_pts = fields.integer("start_pts")
    index = _rising(fields, "index", frames, 0)
    pts = _rising(fields, "pts", frames, start_pts)
    aligned = _expanded(fields, "aligned", frames, 0, 1).astype(bool)
    saved = {
        curve.field: _expanded(fields, curve.name, frames, curve.least, curve.most)
        for curve in CURVES
    }
    fields.finish()
    for curve in CURVES:
        if curve.field.startswith("view_") and saved[curve.field][~aligned].any():
            raise fields.error(curve.name, "0 where aligned is 0")
    if (saved["player_score"] > saved["onset_score"]).any():
        raise fields.error("player_score_e3", "at most onset_score_e3")
    values = {curve.field: _read(curve, saved[curve.field]) for curve in CURVES}
    return FrameCurves(start_pts, index, pts, _frozen(aligned), **values)


def _saved(curve: _Curve, curves: FrameCurves) -> I64:
    values = getattr(curves, curve.field).astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError(f"{curve.field} is not JSON compliant: it has values that are not finite")
    steps = np.rint((values - curve.origin) * curve.steps)
    return np.asarray(np.clip(steps, curve.least, curve.most), np.int64)


def _read(curve: _Curve, saved: I64) -> npt.NDArray[np.float32]:
    values: npt.NDArray[np.float32] = _frozen((saved / curve.steps + curve.origin).astype("f4"))
    return values


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.setflags(write=False)
    return array


def _steps(values: I64) -> I64:
    """The first value, and what each adds to the one before."""
    return np.diff(values, prepend=np.int64(0))


def _runs(values: I64) -> str:
    """The list as JSON, runs of ``MIN_RUN`` and more as pairs."""
    if values.size == 0:
        return "[]"
    begins = np.flatnonzero(np.diff(values, prepend=values[0] - 1))
    lengths = np.diff(begins, append=values.size)
    items: list[object] = []
    for value, times in zip(values[begins].tolist(), lengths.tolist(), strict=True):
        items.extend([[value, times]] if times >= MIN_RUN else [value] * times)
    return json.dumps(items, separators=(",", ":"))


def _expanded(fields: Fields, name: str, frames: int, least: int, most: int) -> I64:
    """The numbers of one curve, int64 (frames,). Their count is known before they take memory."""
    values, times = [], []
    for value, repeats in _pairs(fields, name):
        if not least <= value <= most:
            raise fields.error(name, f"numbers in {least}..{most}, not {value}")
        values.append(value)
        times.append(repeats)
    if sum(times) != frames:
        raise fields.error(name, f"{frames} numbers, one per analysed frame, not {sum(times)}")
    return np.repeat(np.array(values, np.int64), np.array(times, np.int64))


def _pairs(fields: Fields, name: str) -> Iterator[tuple[int, int]]:
    """Each number of one curve, and how often it stands in a row."""
    for item in fields.items(name):
        value, repeats = item if isinstance(item, list) and len(item) == 2 else (item, 1)
        if not (is_integer(value) and is_integer(repeats) and repeats >= 1):
            raise fields.error(name, "whole numbers, or pairs of one and how often it stands")
        yield value, repeats


def _rising(fields: Fields, name: str, frames: int, first: int) -> I64:
    """What is saved as steps: ``first`` or later, then each at least 1 after the one before."""
    steps = _expanded(fields, name, frames, -_MOST, _MOST)
    limit = _MOST // max(frames, 1)
    if frames and steps[0] < first:
        raise fields.error(name, f"from {first} on")
    if ((steps[1:] < 1) | (steps[1:] > limit)).any():
        raise fields.error(name, f"steps of 1..{limit} after the first number")
    return _frozen(np.cumsum(steps))
