"""Which frame of the source is shown in which frame of the capture, and when.

Of a frame of the capture it is said which source frames its picture is made of: one, or two where
it is interlaced. Both never go back. An onset of the source moves to the first frame of the capture
that shows a source frame at or after it, with all of its picture or with one field.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from pyanalyzer.recapture.plan import Interlace, TimePlan

I64 = npt.NDArray[np.int64]

FIELD_RATE = 48  # pictures per second from which on two of them are taken for fields of one
BURST_SHARE = 0.3  # of the drops: bursts of BURST_FRAMES; the others are single frames
BURST_FRAMES = (2, 3, 4)
# Two frames of a variable rate this near have at most one gap between them, so that a count of
# frames, at the average rate, is the time between them to within a frame. Evaluation matches up to
# 0.1 s; see TOLERANCES_S of pyanalyzer/evaluate/matching.py.
GAP_DISTANCE_S = 0.11
MAX_JITTER = 0.4  # source frames: pts stay within half a frame of a constant rate


@dataclass(frozen=True, slots=True, eq=False)
class Timing:
    """The frames of a capture. ``newest``, ``older``: (T,) ordinals of the source, never falling.

    ``older`` is ``newest`` but for an interlaced frame. ``held``: bool (T,), the whole picture of
    the frame before is shown again, overlays and all. ``pts``: (T,) strictly rising from 0, in
    ``time_base``. ``frame_rate``: the average of a variable rate.
    """

    newest: I64
    older: I64
    held: npt.NDArray[np.bool_]
    pts: I64
    time_base: Fraction
    frame_rate: Fraction

    @property
    def frames(self) -> int:
        """How many frames the capture has."""
        return int(self.newest.size)

    def first_frame(self, source_frame: int) -> int:
        """The first frame that shows ``source_frame`` or a later one; ``frames`` if none does."""
        return int(np.searchsorted(self.newest, source_frame))

    def time_s(self, frame: int) -> float:
        """When a frame is shown."""
        return float(int(self.pts[frame]) * self.time_base)


def offered(kind: str, rate: Fraction) -> bool:
    """Whether a kind of time makes sense for a source of this rate: few show 15 frames a second."""
    return kind != "halved" or rate >= FIELD_RATE


def make_timing(
    plan: TimePlan, frames: int, rate: Fraction, interlace: Interlace | None = None
) -> Timing:
    """The timing of a source of so many frames at a constant rate.

    Raises ValueError where the source has too few frames for a frame of the capture.
    """
    if plan.kind in ("gaps", "jitter"):
        timing = _variable(plan, frames, rate)
    else:
        timing = _constant(plan, frames, rate)
        if interlace in ("weave", "blend"):
            timing = _fields(timing)
    if not timing.frames:
        raise ValueError(f"{frames} frames are too few to capture")
    return timing


def _constant(plan: TimePlan, frames: int, rate: Fraction) -> Timing:
    every: I64 = np.arange(frames, dtype=np.int64)
    newest, tick_rate = every, rate
    if plan.kind == "rate":
        assert plan.rate is not None
        newest, tick_rate = _resampled(frames, rate, plan), plan.rate
    elif plan.kind == "doubled" and rate >= FIELD_RATE:
        newest = every // 2 * 2  # a game of 30 Hz in a recording of 60
    elif plan.kind == "doubled":
        newest, tick_rate = np.repeat(every, 2), 2 * rate
    elif plan.kind == "halved":
        newest, tick_rate = every[::2], rate / 2
    elif plan.kind == "dropped":
        newest = np.maximum.accumulate(np.where(_dropped(plan, frames), 0, every))
    elif plan.kind == "repeated":
        rng = np.random.default_rng(plan.seed)
        newest = np.repeat(every, 1 + (rng.random(frames) < plan.share))
    whole = plan.kind in ("dropped", "repeated") or (plan.kind == "doubled" and tick_rate != rate)
    held = np.zeros(newest.size, dtype=bool)
    if whole:
        held[1:] = newest[1:] == newest[:-1]
    ticks = np.arange(newest.size, dtype=np.int64)
    return Timing(newest, newest, held, ticks, 1 / tick_rate, tick_rate)


def _resampled(frames: int, rate: Fraction, plan: TimePlan) -> I64:
    """The nearest past frame at each tick, in whole numbers: no rounding of times."""
    assert plan.rate is not None
    step = rate / plan.rate  # source frames per tick
    phase = Fraction(plan.phase_thousandths, 1000)
    ticks = max(0, math.ceil(frames / step - phase))
    numerator, denominator = step.numerator, step.denominator * 1000
    counted = np.arange(ticks, dtype=np.int64) * 1000 + plan.phase_thousandths
    return np.asarray(counted * numerator // denominator, dtype=np.int64)


def _dropped(plan: TimePlan, frames: int) -> npt.NDArray[np.bool_]:
    """Which frames were lost: singly and in bursts, never the first."""
    rng = np.random.default_rng(plan.seed)
    lost = np.zeros(frames, dtype=bool)
    mean_length = 1 + BURST_SHARE * (float(np.mean(BURST_FRAMES)) - 1)
    for begin in np.flatnonzero(rng.random(frames) < plan.share / mean_length).tolist():
        burst = rng.random() < BURST_SHARE
        length = int(rng.choice(BURST_FRAMES)) if burst else 1
        lost[begin : begin + length] = True
    lost[0] = False
    return lost


def _variable(plan: TimePlan, frames: int, rate: Fraction) -> Timing:
    """Gaps where frames were lost, or pts that jitter. The pts of the first frame is 0."""
    rng = np.random.default_rng(plan.seed)
    newest: I64 = np.arange(frames, dtype=np.int64)
    at: npt.NDArray[np.float64] = newest.astype(np.float64)  # source frames
    if plan.kind == "gaps":
        newest = newest[~_isolated(rng, frames, plan.share, math.ceil(GAP_DISTANCE_S * rate) + 1)]
        at = newest.astype(np.float64)
    else:
        shift = rng.uniform(-plan.jitter, plan.jitter, frames)
        shift[0] = shift[-1] = 0  # so that the average rate is that of the source
        at = at + shift
    pts = np.rint(at * float(plan.ticks_per_s / rate)).astype(np.int64)
    average = rate
    if pts.size > 1:
        span = Fraction(int(pts[-1] - pts[0]), plan.ticks_per_s)
        average = ((pts.size - 1) / span).limit_denominator(100_000)
    none_held = np.zeros(newest.size, dtype=bool)
    return Timing(newest, newest, none_held, pts, Fraction(1, plan.ticks_per_s), average)


def _isolated(
    rng: np.random.Generator, frames: int, share: float, distance: int
) -> npt.NDArray[np.bool_]:
    """Single lost frames, neither the first nor the last, at least ``distance`` apart."""
    lost = np.zeros(frames, dtype=bool)
    last = 1 - distance
    for frame in np.flatnonzero(rng.random(frames) < share).tolist():
        if frame - last >= distance and 0 < frame < frames - 1:
            lost[frame], last = True, frame
    return lost


def _fields(timing: Timing) -> Timing:
    """Two pictures in a frame: each pair at field rates, below them every frame with the last."""
    newest = timing.newest
    if timing.frame_rate >= FIELD_RATE:
        pairs = newest.size // 2
        older, newest = newest[0 : 2 * pairs : 2], newest[1 : 2 * pairs : 2]
        rate = timing.frame_rate / 2
        held = timing.held[1 : 2 * pairs : 2] & timing.held[0 : 2 * pairs : 2]
    else:
        older, rate = np.concatenate([newest[:1], newest[:-1]]), timing.frame_rate
        held = np.zeros(newest.size, dtype=bool)
    return Timing(newest, older, held, timing.pts[: newest.size], 1 / rate, rate)
