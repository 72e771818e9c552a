"""Frames in, evidence out: the steps of the core in their order, with what they remember."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pyanalyzer.core.tracks import Tracks
from pyanalyzer.errors import ReplayError
from pyanalyzer.records import (
    BLOCK_PX,
    CROP_PX,
    MAX_PROPOSALS,
    STILL_REPEATS,
    U8,
    Alignment,
    BoolGrid,
    Evidence,
    Flow,
    Frame,
    FrameEvidence,
    Memory,
    Proposal,
)

MIN_WORKING_PX = 32  # on a side: a search window and its displacement must fit in
# The working picture is at most this large: sprites of old games are then kept as they are, and a
# modern picture is reduced until one frame costs about as much as its decoding.
MAX_SHORT_SIDE_PX = 270
MAX_LONG_SIDE_PX = 640
MAX_FACTOR = 16
# A coarse stream reduces large pictures further, to about 0.6 of the pixels: 1080p to 216 px on the
# short side instead of 270, 720p to 180 instead of 240. Nothing is reduced below the latter.
COARSE_SHORT_SIDE_PX = 216
LEAST_COARSE_SHORT_SIDE_PX = 180

# Where the view goes on to move as it did, and that explains as much of the picture as when all
# other motions were looked at, they are looked at in every so many frames alone. (Not never: what
# is found once may be an object's motion rather than the view's.)
FRAMES_OF_ONE_SEARCH = 6

IDENTITY = Alignment(0.0, 0.0, 1.0, 0.0, 1.0, True, (65536, 0, 0, 0))


class Kernels(Protocol):
    """What :mod:`pyanalyzer.core` and :mod:`pyanalyzer.reference` both offer."""

    def downscale(
        self, luma: U8, factor: int, *, limited_range: bool = False, threads: int = 1
    ) -> U8: ...
    def align(
        self,
        previous: U8,
        current: U8,
        *,
        valid: BoolGrid | None = None,
        hint: tuple[int, int, int, int] | None = None,
        enough: float = 1.0,
        threads: int = 1,
    ) -> Alignment: ...
    def warp(
        self, previous: U8, inverse_q16: tuple[int, int, int, int], *, threads: int = 1
    ) -> U8: ...
    def difference(
        self,
        previous: U8,
        current: U8,
        alignment: Alignment,
        memory: Memory,
        *,
        valid: BoolGrid | None = None,
        threads: int = 1,
    ) -> tuple[Evidence, Memory]: ...
    def flow(
        self, previous: U8, current: U8, *, valid: BoolGrid | None = None, threads: int = 1
    ) -> Flow: ...
    def propose(self, evidence: Evidence, *, threads: int = 1) -> tuple[Proposal, ...]: ...
    def crops(self, previous_warped: U8, current: U8, proposals: Sequence[Proposal]) -> U8: ...


def working_factor(width_px: int, height_px: int, *, coarse: bool = False) -> int:
    """How many source px make one working px on either axis, for a picture of that size."""
    short, long = sorted((width_px, height_px))
    factor = max(1, -(-short // MAX_SHORT_SIDE_PX), -(-long // MAX_LONG_SIDE_PX))
    coarser = min(-(-short // COARSE_SHORT_SIDE_PX), MAX_FACTOR)
    if coarse and coarser > factor and short // coarser >= LEAST_COARSE_SHORT_SIDE_PX:
        return coarser
    return factor


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A frame's working picture and the one before it; None where there is nothing to compare with:
    at the first frame, and at the ``repeats``-th repeat of one."""

    frame: Frame
    before: U8 | None
    working: U8
    repeats: int


class EvidenceStream:
    """Turns the frames of one replay, in order, into evidence.

    ``width_px``, ``height_px``: size of every luma plane that will come. ``kernels``: the module
    that does the work, :mod:`pyanalyzer.core` (the default) or :mod:`pyanalyzer.reference`; the
    answer is the same. ``mask``: bool (height_px, width_px), False where nothing is to be looked
    at; a block counts only if all its pixels do. ``threads``: for the kernels; changes nothing but
    the time. ``factor``: by how much pictures are reduced, if not as :func:`working_factor` says.

    Raises ReplayError where the working picture would be smaller than 32 x 32 px or larger than
    can be reduced, and ValueError on a mask of another shape or one that leaves no block.
    """

    def __init__(
        self,
        width_px: int,
        height_px: int,
        *,
        kernels: Kernels | None = None,
        mask: BoolGrid | None = None,
        threads: int = 1,
        factor: int | None = None,
    ) -> None:
        self.factor = factor or working_factor(width_px, height_px)
        self.width_px, self.height_px = width_px, height_px
        if self.factor > MAX_FACTOR:
            raise ReplayError(
                f"the picture is {width_px}x{height_px} px; at most"
                f" {MAX_LONG_SIDE_PX * MAX_FACTOR}x{MAX_SHORT_SIDE_PX * MAX_FACTOR} px can be"
                " analysed: reduce the replay first"
            )
        working_w, working_h = width_px // self.factor, height_px // self.factor
        if min(working_w, working_h) < MIN_WORKING_PX:
            raise ReplayError(
                f"the picture is {width_px}x{height_px} px, which is analysed at"
                f" {working_w}x{working_h} px; at least {MIN_WORKING_PX}x{MIN_WORKING_PX} px are"
                " needed to see anything move"
            )
        self._grid = (working_h // BLOCK_PX, working_w // BLOCK_PX)
        self._kernels = _default_kernels() if kernels is None else kernels
        self._threads = threads
        self._valid = None if mask is None else self._valid_blocks(mask)
        self._hint: tuple[int, int, int, int] | None = None  # the view's last motion
        self._explained = 1.0  # by what was found when all was looked at
        self._searched_ago = 0  # frames
        self._repeats = 0
        self._tracks = Tracks()
        self._memory = Memory.initial(*self._grid)
        self._source: Frame | None = None
        self._working: U8 | None = None
        self._nothing = _no_evidence(self._grid)
        self._still = _no_flow(self._grid)
        self._no_crops = _frozen(np.zeros((MAX_PROPOSALS, 2, CROP_PX, CROP_PX), np.uint8))

    def push(self, frame: Frame) -> FrameEvidence:
        """Measures one frame against the one before.

        The first frame has no evidence. Neither has a frame whose picture is, pixel for pixel, the
        one before: recordings repeat frames, and nothing is remembered of a repeated one, so that
        what moves is not taken to stop and start again. From ``STILL_REPEATS`` repeats on the
        picture really stands still, and all motion has ended.

        Raises ReplayError if the picture's size is not the announced one.
        """
        pair = self.pair(frame, self.reduce(frame))
        alignment = self.align(pair)
        return self.finish(pair, alignment, self.flow(pair) if alignment.aligned else None)

    # The steps. Each remembers only what it alone reads, so that threads may take them apart.

    @property
    def valid(self) -> BoolGrid | None:
        """Which blocks no mask covers; None: all of them."""
        return self._valid

    def reduce(self, frame: Frame) -> U8:
        """The frame's working picture."""
        if frame.plane.shape != (self.height_px, self.width_px):
            height, width = frame.plane.shape
            raise ReplayError(
                f"frame {frame.index} is {width}x{height} px in a replay of"
                f" {self.width_px}x{self.height_px} px; a size that changes cannot be analysed"
            )
        return self._kernels.downscale(
            frame.plane, self.factor, limited_range=frame.limited_range, threads=self._threads
        )

    def pair(self, frame: Frame, working: U8) -> Pair:
        """The frame's working picture beside the one before."""
        before, source = self._working, self._source
        # The small pictures first: they nearly always differ, and are quickly compared.
        if (
            before is not None
            and source is not None
            and _same(before, working)
            and _same_picture(source, frame)
        ):
            self._repeats += 1
            return Pair(frame, None, working, self._repeats)
        self._repeats = 0
        self._source, self._working = frame, working
        return Pair(frame, before, working, 0)

    def align(self, pair: Pair) -> Alignment:
        """How the view moved; the identity where there is nothing to compare with."""
        if pair.before is None:
            if pair.repeats == STILL_REPEATS:
                self._hint = None
            return IDENTITY
        self._searched_ago += 1
        enough = self._explained if self._searched_ago < FRAMES_OF_ONE_SEARCH else 1.0
        alignment = self._kernels.align(
            pair.before,
            pair.working,
            valid=self._valid,
            hint=self._hint,
            enough=enough,
            threads=self._threads,
        )
        if alignment.explained is not None:
            self._explained, self._searched_ago = alignment.explained, 0
        self._hint = alignment.inverse_q16
        return alignment

    def flow(self, pair: Pair) -> Flow:
        """Where each block came from; nowhere else where there is nothing to compare with."""
        if pair.before is None:
            return self._still
        return self._kernels.flow(
            pair.before, pair.working, valid=self._valid, threads=self._threads
        )

    def finish(self, pair: Pair, alignment: Alignment, flow: Flow | None) -> FrameEvidence:
        """The rest of the evidence. ``flow``: not looked at where the pictures are not aligned."""
        frame, before, working = pair.frame, pair.before, pair.working
        if before is None:
            if pair.repeats == STILL_REPEATS:
                self._memory = Memory(np.zeros_like(self._memory.motion_q4), self._memory.quiet_q4)
            return self._without_evidence(frame, working, repeated=pair.repeats > 0)
        kernels, threads = self._kernels, self._threads
        if flow is None or not alignment.aligned:
            flow = self._still
        evidence, self._memory = kernels.difference(
            before, working, alignment, self._memory, valid=self._valid, threads=threads
        )
        proposals = self._tracks.follow(kernels.propose(evidence, threads=threads), alignment)
        crops = self._no_crops
        if proposals:
            if alignment.aligned:
                before = kernels.warp(before, alignment.inverse_q16, threads=threads)
            crops = kernels.crops(before, working, proposals)
        return FrameEvidence(
            frame.index, frame.pts, False, alignment, flow, evidence, proposals, crops, working
        )

    def _without_evidence(self, frame: Frame, working: U8, *, repeated: bool) -> FrameEvidence:
        return FrameEvidence(
            frame.index,
            frame.pts,
            repeated,
            IDENTITY,
            self._still,
            self._nothing,
            (),
            self._no_crops,
            working,
        )

    def _valid_blocks(self, mask: BoolGrid) -> BoolGrid:
        if mask.shape != (self.height_px, self.width_px):
            raise ValueError(
                f"mask must have the shape ({self.height_px}, {self.width_px}), not {mask.shape}"
            )
        rows, cols = self._grid
        side = BLOCK_PX * self.factor
        blocks = mask[: rows * side, : cols * side].reshape(rows, side, cols, side)
        whole: BoolGrid = np.all(blocks, axis=(1, 3))
        if not whole.any():
            raise ValueError(f"mask leaves no whole block of {side}x{side} px to look at")
        return whole


def _same_picture(first: Frame, second: Frame) -> bool:
    """Whether they show the same; planes of limited range may differ beyond black and white."""
    if first.limited_range == second.limited_range and _same(first.plane, second.plane):
        return True
    return (first.limited_range or second.limited_range) and _same(first.luma, second.luma)


def _same(first: U8, second: U8) -> bool:
    """Whether two pictures are equal; most that are not differ in their middle row already."""
    middle = len(first) // 2
    if first.shape != second.shape or first[middle].tobytes() != second[middle].tobytes():
        return False
    return np.array_equal(first, second)


def _default_kernels() -> Kernels:
    from pyanalyzer import core

    return core


def _frozen(array: U8) -> U8:
    array.setflags(write=False)
    return array


def _no_flow(grid: tuple[int, int]) -> Flow:
    """Of a frame without one before it, and at a cut."""
    flow = Flow(np.zeros((*grid, 2), np.int16), np.zeros(grid, np.uint16))
    flow.flow_q8.setflags(write=False)
    flow.match.setflags(write=False)
    return flow


def _no_evidence(grid: tuple[int, int]) -> Evidence:
    """Zero throughout; shared by all frames that have none, so it must not be written to."""
    u8, u16, i16 = np.zeros(grid, np.uint8), np.zeros(grid, np.uint16), np.zeros(grid, np.int16)
    motion = np.zeros((*grid, 2), np.int16)
    for array in (u8, u16, i16, motion):
        array.setflags(write=False)
    return Evidence(
        mean=u8,
        texture=u16,
        difference=u16,
        residual=u16,
        signed=i16,
        match=u16,
        motion_q4=motion,
        motion_change_q4=motion,
        noise_floor=u16,
    )
