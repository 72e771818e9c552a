"""How the picture, or a region of it, moved just before and just after an onset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import Region
from pyanalyzer.timeline.traces import FrameTrace

F64 = npt.NDArray[np.float64]

# Long enough to even out duplicated frames and motion in eighths of a pixel, short enough that most
# spells are longer.
AVERAGED_S = 0.1

Motion = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Followed:
    """A region whose own motion is asked for: where it is at the onset (working px), its track."""

    region: Region
    track: int


def motion_around(
    traces: Sequence[FrameTrace],
    times_s: F64,
    at: int,
    spells: tuple[int, int],
    followed: Followed | None,
) -> tuple[Motion, Motion]:
    """Mean motion before and after the onset at position ``at``, px of the replay per second.

    What a frame shows has moved since the frame before it. So the onset's own frame is the first
    of the motion after; before are the frames that lead up to it. Each side is averaged over up to
    ``AVERAGED_S``, but not beyond ``spells`` (the previous onset's frame, included, and the next
    one's, excluded) nor across a cut. ``followed``: the content of that region, that is the view's
    motion and the region's against it; None: the view's alone. 0 where nothing can be measured.
    """
    begin, end = spells
    before = range(at - 1, max(begin, 1) - 1, -1)
    after = range(at, end)
    if not traces[at].aligned:  # the onset is a cut: what moved, moved since
        after = range(at + 1, end)
    return (
        _mean(traces, times_s, before, followed),
        _mean(traces, times_s, after, followed),
    )


def _mean(
    traces: Sequence[FrameTrace], times_s: F64, frames: range, followed: Followed | None
) -> Motion:
    """Displacement over time: frames that repeat the one before add time, as they should."""
    dx_px = dy_px = lasted_s = 0.0
    for k in frames:
        if k == 0 or not traces[k].aligned:
            break
        step_s = float(times_s[k] - times_s[k - 1])
        # Half a step of grace: 0.1 s is six frames of 60 Hz however the pts were rounded.
        if lasted_s > 0 and lasted_s + step_s / 2 > AVERAGED_S:
            break
        own_x, own_y = (0.0, 0.0) if followed is None else _own_motion(traces[k], followed)
        dx_px += (traces[k].view_dx_px + own_x) * traces[k].factor
        dy_px += (traces[k].view_dy_px + own_y) * traces[k].factor
        lasted_s += step_s
    return (dx_px / lasted_s, dy_px / lasted_s) if lasted_s > 0 else (0.0, 0.0)


def _own_motion(trace: FrameTrace, followed: Followed) -> Motion:
    """Against the view: of the same track, else of the proposal that overlaps most, else none.

    A region without a proposal is one that moves with the view.
    """
    best, best_px = None, 0
    for n in range(trace.proposals.shape[0]):
        if trace.track(n) == followed.track:
            return trace.motion_px(n)
        overlap = _overlap_px(trace.region(n), followed.region)
        if overlap > best_px:
            best, best_px = n, overlap
    return (0.0, 0.0) if best is None else trace.motion_px(best)


def _overlap_px(a: Region, b: Region) -> int:
    width = min(a.x_px + a.w_px, b.x_px + b.w_px) - max(a.x_px, b.x_px)
    height = min(a.y_px + a.h_px, b.y_px + b.h_px) - max(a.y_px, b.y_px)
    return max(0, width) * max(0, height)
