"""Every frame beside the one before it; in recordings of many frames a second, in a smaller picture
and beside one further back as well.

Games of old draw half of their figures in every second frame, and move them in every second or
fourth: from one frame to the next all of that begins and ends. A thirtieth of a second further back
it is steady motion. And where frames are that near to each other, half the px on either axis tell
as much: fast motion is slow there, and noise is less.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np

from pyanalyzer.core.ordered import OrderedThread
from pyanalyzer.core.stream import (
    MAX_FACTOR,
    EvidenceStream,
    Kernels,
    Pair,
    working_factor,
)
from pyanalyzer.records import U8, Alignment, BoolGrid, Flow, Frame, FrameEvidence

# Recordings of up to 45 frames a second are looked at once: two of their frames lie far apart.
ONE_LOOK_AT_MOST_HZ = 45
FAR_LOOK_HZ = 30
# Two looks see about half as many px on either axis as one does, where so many are left on the
# short side: each costs a quarter of it.
COARSE_LOOK_SHORT_SIDE_PX = 100
# Further back than the network's reach in time is of no use; 240 Hz need 8.
MAX_FRAMES_BACK = 16
# Steps are put together where so much of the background follows each of them.
LEAST_CONFIDENCE = 0.5

# Beside the frame before, and beside the one further back.
Looked = tuple[FrameEvidence, ...]


def frames_back(frame_rate: Fraction | float | None, *, doubled: bool = False) -> int:
    """How far back the second look reaches, in frames: about a thirtieth of a second. 1: there is
    one look alone, as the frames lie far enough apart, or nobody knows their rate. ``doubled``:
    every picture stands twice, and only one of the two is looked at."""
    if frame_rate is not None and doubled:
        frame_rate = frame_rate / 2
    if frame_rate is None or frame_rate <= ONE_LOOK_AT_MOST_HZ:
        return 1
    return min(max(2, round(frame_rate / FAR_LOOK_HZ)), MAX_FRAMES_BACK)


def coarse_factor(width_px: int, height_px: int, factor: int) -> int:
    """How many source px make one working px of two looks, where ``factor`` make one of a single
    look."""
    short = min(width_px, height_px)
    choices = range(min(2 * factor, MAX_FACTOR), factor, -1)
    return next((f for f in choices if short // f >= COARSE_LOOK_SHORT_SIDE_PX), factor)


class Looks:
    """Turns the frames of one replay, in order, into evidence, one piece or two for each.

    ``back``: what :func:`frames_back` says. Of the look further back each ``back``-th frame makes a
    replay of its own, with its own tracks and memory. The view is aligned from frame to frame; how
    it moved further back is put together from these steps, unless one of them is a cut, or unsure
    where figures flicker: what is found from one frame to the next may not be the view there.
    All else as in :class:`~pyanalyzer.core.stream.EvidenceStream`, and so are the errors.
    ``small``: the picture of a single look is as small as that of two. ``coarse``: if not, a large
    one is reduced further than it has to be, for speed.
    """

    def __init__(
        self,
        width_px: int,
        height_px: int,
        *,
        back: int = 1,
        kernels: Kernels | None = None,
        mask: BoolGrid | None = None,
        threads: int = 1,
        small: bool = False,
        coarse: bool = False,
    ) -> None:
        def stream(factor: int) -> EvidenceStream:
            return EvidenceStream(
                width_px, height_px, kernels=kernels, mask=mask, threads=threads, factor=factor
            )

        self.back = back
        small = small or back > 1
        self.factor = working_factor(width_px, height_px, coarse=coarse and not small)
        if small:
            smaller = coarse_factor(width_px, height_px, self.factor)
            try:
                self._near = stream(smaller)
                self.factor = smaller
            except ValueError:  # the mask leaves none of its larger blocks
                self._near = stream(self.factor)
        else:
            self._near = stream(self.factor)
        self._far = [stream(self.factor) for _ in range(back if back > 1 else 0)]
        self._begun = self._aligned = self._traced = self._ended = 0  # frames, of each step
        self._steps: deque[Alignment] = deque(maxlen=back)

    def push(self, frame: Frame) -> Looked:
        """Measures one frame; see :meth:`~pyanalyzer.core.stream.EvidenceStream.push`."""
        pairs = self._pairs(frame)
        return self._finish(pairs, self._align(pairs), self._flow(pairs))

    @property
    def valid(self) -> BoolGrid | None:
        """Which blocks of the working picture no mask covers; None: all of them."""
        return self._near.valid

    def reduce(self, frame: Frame) -> U8:
        """The frame's working picture; raises what ``push`` raises."""
        return self._near.reduce(frame)

    def measure(
        self, frames: Iterable[Frame], *, ahead_frames: int = 0
    ) -> Iterator[tuple[Frame, Looked]]:
        """Measures frames in order as ``push`` does, and gives each back with its evidence.

        ``ahead_frames``: so many frames are taken and begun before the first is given back: one
        thread aligns, another one measures the flow, the caller's does the rest. 0: no thread but
        the caller's. Raises what ``push`` raises.
        """
        if ahead_frames < 1:
            for frame in frames:
                yield frame, self.push(frame)
            return
        begun: deque[tuple[Pair, ...]] = deque()
        with (
            # One thread takes them in order: each alignment begins where the last one ended.
            OrderedThread("pyanalyzer-align", self._align) as aligner,
            OrderedThread("pyanalyzer-flow", self._flow) as tracer,
        ):

            def ended() -> tuple[Frame, Looked]:
                pairs = begun.popleft()
                return pairs[0].frame, self._finish(pairs, aligner.result(), tracer.result())

            for frame in frames:
                pairs = self._pairs(frame)
                aligner.submit(pairs)
                tracer.submit(pairs)
                begun.append(pairs)
                if len(begun) > ahead_frames:
                    yield ended()
            while begun:
                yield ended()

    # The steps. Each remembers only what it alone reads, so that threads may take them apart.

    def _streams(self, ordinal: int) -> tuple[EvidenceStream, ...]:
        if not self._far:
            return (self._near,)
        return self._near, self._far[ordinal % len(self._far)]

    def _pairs(self, frame: Frame) -> tuple[Pair, ...]:
        streams = self._streams(self._begun)
        self._begun += 1
        working = self.reduce(frame)
        return tuple(stream.pair(frame, working) for stream in streams)

    def _align(self, pairs: tuple[Pair, ...]) -> tuple[Alignment, ...]:
        streams = self._streams(self._aligned)
        self._aligned += 1
        step = self._near.align(pairs[0])
        if len(streams) == 1:
            return (step,)
        self._steps.append(step)
        far = pairs[1]
        if far.before is not None and all(how.aligned for how in self._steps):
            sure = all(how.confidence >= LEAST_CONFIDENCE for how in self._steps)
            if sure or not _flickers(*pairs):
                return step, composed(tuple(self._steps), *far.working.shape)
        return step, streams[1].align(far)

    def _flow(self, pairs: tuple[Pair, ...]) -> tuple[Flow, ...]:
        streams = self._streams(self._traced)
        self._traced += 1
        return tuple(stream.flow(pair) for stream, pair in zip(streams, pairs, strict=True))

    def _finish(
        self, pairs: tuple[Pair, ...], alignments: tuple[Alignment, ...], flows: tuple[Flow, ...]
    ) -> Looked:
        streams = self._streams(self._ended)
        self._ended += 1
        looks = zip(streams, pairs, alignments, flows, strict=True)
        return tuple(stream.finish(pair, how, flow) for stream, pair, how, flow in looks)


def _flickers(near: Pair, far: Pair) -> bool:
    """Whether a picture is more like the one further back than like the one before it."""
    if near.before is None or far.before is None:
        return False
    return _difference(far.before, far.working) < _difference(near.before, near.working)


def _difference(first: U8, second: U8) -> int:
    apart = np.maximum(first, second) - np.minimum(first, second)
    return int(apart.sum(dtype=np.uint32))


def composed(steps: tuple[Alignment, ...], height: int, width: int) -> Alignment:
    """One alignment of several in a row, the earliest first: from the picture before the first to
    the last one's. It is as sure as the least sure of them."""
    a, b, tx, ty = steps[-1].inverse_q16
    for step in reversed(steps[:-1]):
        c, d, ux, uy = step.inverse_q16
        # Two similarities as complex numbers: (c + id) ((a + ib) z + t) + u.
        a, b, tx, ty = (
            _rounded(c * a - d * b),
            _rounded(c * b + d * a),
            _rounded(c * tx - d * ty) + ux,
            _rounded(c * ty + d * tx) + uy,
        )
    confidence = min(step.confidence for step in steps)
    return Alignment.of((a, b, tx, ty), confidence, True, height, width)


def _rounded(product_q32: int) -> int:
    """From 1/65536 squared to 1/65536, halves up."""
    return (product_q32 + 32768) >> 16
