"""The typed, frozen records that the rooms hand to each other.

Arrays inside records are never written to after the record was made. Times are a stream's ``pts``
with its rational ``time_base``; ``index`` is the ordinal of a frame in decoding order of display,
counted from the first frame that was looked at in the whole stream (0), so that it stays the same
when only a part of the replay is analysed. Regions are half-open boxes ``(x, y, w, h)``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
U16 = npt.NDArray[np.uint16]
I16 = npt.NDArray[np.int16]
I32 = npt.NDArray[np.int32]
F32 = npt.NDArray[np.float32]
BoolGrid = npt.NDArray[np.bool_]

Kind = Literal["view", "avatar", "effect", "interface", "cut"]
Cause = Literal["player", "world"]
KINDS: tuple[Kind, ...] = ("view", "avatar", "effect", "interface", "cut")
CAUSES: tuple[Cause, ...] = ("player", "world")

BLOCK_PX = 8  # side of a block of the evidence, px of the working picture
# Game at 15 frames/s in a recording at 60: three repeats. A picture that stays for longer is still.
STILL_REPEATS = 4
MAX_PROPOSALS = 4  # candidate regions per frame: more than four things seldom change at once
CROP_PX = 32  # side of the square that every candidate is resampled to
# Residuals of unchanged blocks are taken as exponential with the noise floor f as their mean, those
# of changed blocks as exponential with the mean 4 f: LLR = (3/4) r/f - ln 4, in 1/16 nat.
RESIDUAL_SLOPE = 12
RESIDUAL_OFFSET = -22


class Region(NamedTuple):
    """A half-open box in pixels: columns ``x_px .. x_px + w_px``, rows ``y_px .. y_px + h_px``."""

    x_px: int
    y_px: int
    w_px: int
    h_px: int


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What is known of a replay before its frames are decoded.

    ``*_estimated`` values come from the container's header and may be wrong; exact counts are known
    only after decoding. ``width_px``/``height_px`` are as displayed, after ``rotation_deg``.
    """

    path: str
    width_px: int
    height_px: int
    time_base: Fraction
    frame_rate: Fraction  # average over the stream, as the container declares it
    codec: str
    pixel_format: str
    bit_depth: int
    full_range: bool
    rotation_deg: int  # 0, 90, 180 or 270, clockwise, already applied to the frames handed out
    frames_estimated: int | None
    duration_estimated_s: float | None
    start_pts: int = 0  # of the first frame: where the replay's own time is 0


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture. ``plane``: its luma, uint8 (height_px, width_px), any row stride; black
    is 16 and white 235 where it is of ``limited_range``, as most videos are stored."""

    index: int
    pts: int
    plane: U8
    limited_range: bool = False

    @property
    def luma(self) -> U8:
        """In full range, uint8 (height_px, width_px), not to be written to: of a plane of limited
        range a copy, made when asked for."""
        if not self.limited_range:
            return self.plane
        from pyanalyzer.core.expand import expand_limited_range  # the core needs these records

        luma = expand_limited_range(self.plane)
        luma.flags.writeable = False
        return luma


@dataclass(frozen=True, slots=True)
class Alignment:
    """View motion between two lumas, as a similarity about the picture's centre.

    A point of the background at ``p`` in the previous picture lies in the current one at
    ``c + scale * R(rotation_rad) (p - c) + (dx_px, dy_px)``, where ``c = ((w-1)/2, (h-1)/2)``,
    x to the right, y down, and a positive rotation turns x towards y (clockwise as seen).
    ``inverse_q16`` is the exact form that every later step uses: the integers ``(a, b, tx, ty)``
    in 1/65536 with ``x_prev = (a*x - b*y + tx)/65536``, ``y_prev = (b*x + a*y + ty)/65536`` for the
    pixel ``(x, y)`` of the current picture. ``confidence`` in 0..1 is the share of the textured
    background that follows the motion; ``explained`` that of the texture of a much reduced picture,
    None where not all motions were looked at. ``aligned`` is False where there is no alignment (a
    cut); the motion is then the identity.
    """

    dx_px: float
    dy_px: float
    scale: float
    rotation_rad: float
    confidence: float
    aligned: bool
    inverse_q16: tuple[int, int, int, int]
    explained: float | None = None

    @classmethod
    def of(
        cls,
        inverse_q16: tuple[int, int, int, int],
        confidence: float,
        aligned: bool,
        height: int,
        width: int,
        *,
        explained: float | None = None,
    ) -> Alignment:
        """From the exact inverse: displacement, scale and rotation about the centre."""
        a, b, tx, ty = (value / 65536.0 for value in inverse_q16)
        x_centre, y_centre = (width - 1) / 2.0, (height - 1) / 2.0
        # The previous centre c lies at c + d in the current picture: A (c + d) + t = c.
        x_rest, y_rest = x_centre - tx, y_centre - ty
        norm = a * a + b * b
        return cls(
            dx_px=(a * x_rest + b * y_rest) / norm - x_centre,
            dy_px=(a * y_rest - b * x_rest) / norm - y_centre,
            scale=1.0 / math.hypot(a, b),
            rotation_rad=math.atan2(-b, a) + 0.0,
            confidence=confidence,
            aligned=aligned,
            inverse_q16=inverse_q16,
            explained=explained,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What the core measures on the grid of 8 x 8 px blocks of the working picture: (rows, cols).

    Sums are over the 64 pixels of a block. Motion is in 1/16 px of the working picture per frame,
    last axis (x, y), content displacement from the previous to the current picture, relative to
    the view.
    """

    mean: U8  # mean luma of the block in the current picture
    texture: U16  # sum of |horizontal| + |vertical| gradients, saturated
    difference: U16  # sum of |current - previous|, nothing aligned
    residual: U16  # sum of |current - previous aligned to the view|
    signed: I16  # sum of (current - previous aligned to the view)
    match: U16  # sum of |current - previous| along the block's own motion
    motion_q4: I16  # (rows, cols, 2)
    motion_change_q4: (
        I16  # (rows, cols, 2): motion minus the motion one frame before, along the path
    )
    noise_floor: U16  # adaptive: residual that compression noise explains


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """How the picture moves at every block, view and own motion together: (rows, cols).

    Unlike the block motion of :class:`Evidence` it is dense: where a block alone tells nothing, it
    is what its surroundings do, and it reports the smallest motion, too, that the pixels suggest.
    """

    flow_q8: I16  # (rows, cols, 2): from the previous to the current picture, 1/256 px, (x, y)
    # Sum of squared differences over 64 px of the halved picture, mean aside, along the patch's own
    # vector, before it was smoothed over its neighbours.
    match: U16


@dataclass(frozen=True, slots=True)
class BlockSummary:
    """What the blocks of one frame say in sum: sums of ``Evidence``, how many blocks have a
    residual above the noise floor, and over the blocks with texture medians of the flow's change
    and of how fast the flow and its change lead away from the picture's centre, per frame."""

    difference: int
    residual: int
    active: int
    change_x_px: float
    change_y_px: float
    expansion: float
    expansion_change: float


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """What ``difference`` remembers from one frame to the next, on the grid of blocks."""

    motion_q4: I16  # (rows, cols, 2): the motion of the frame before, as in Evidence
    quiet_q4: I32  # (rows, cols): running upper quartile of ``match``, in 1/16

    @classmethod
    def initial(cls, rows: int, cols: int) -> Memory:
        """Nothing moved yet, nothing was noisy yet. The grid is height_px // 8 x width_px // 8."""
        return cls(np.zeros((rows, cols, 2), np.int16), np.zeros((rows, cols), np.int32))


@dataclass(frozen=True, slots=True)
class Proposal:
    """A candidate region of one frame, in px of the working picture."""

    region: Region
    score: float  # sum over its blocks of the log-likelihood ratio changed : unchanged
    motion_q4: tuple[int, int]  # median against the view, 1/16 px per frame
    motion_change_q4: tuple[int, int]
    blocks: int  # how many blocks of the grid it is made of
    track: int  # the same number while the region can be followed, from 1


@dataclass(frozen=True, slots=True, eq=False)
class FrameEvidence:
    """All that the core says about one frame. ``factor`` source px make one working px.

    ``crops``: uint8 (MAX_PROPOSALS, 2, 32, 32), the previous picture aligned to the view and the
    current one, around each proposal; zero where there is none. ``picture``: the working picture.
    """

    index: int
    pts: int
    repeated: bool  # the picture is the same as the one before, pixel for pixel
    alignment: Alignment
    flow: Flow
    evidence: Evidence
    proposals: tuple[Proposal, ...]
    crops: U8
    picture: U8


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What the network says of every frame, in order: log-probabilities (natural logarithm).

    ``cause_onset[t] = (log P(no onset), log P(onset, player), log P(onset, world))`` sums to one
    in probability; ``kind`` is conditional on an onset, in the order of ``KINDS``; ``candidate`` is
    conditional too: the whole picture first, then the proposals in order.
    """

    index: npt.NDArray[np.int64]  # (T,)
    pts: npt.NDArray[np.int64]  # (T,)
    cause_onset: F32  # (T, 3)
    kind: F32  # (T, len(KINDS))
    candidate: F32  # (T, 1 + MAX_PROPOSALS)

    def part(self, begin: int, end: int) -> Scores:
        """Those of frames ``begin .. end``, counted from the first of these."""
        return Scores(*(getattr(self, name)[begin:end] for name in self.__slots__))

    @classmethod
    def join(cls, parts: Sequence[Scores]) -> Scores:
        """All frames of ``parts``, at least one, in their order."""
        return cls(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__)
        )


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the timeline.

    ``interval_frames`` is half-open and holds the onset with 95 % probability, given that there is
    one; ``time_s`` counts from the replay's first frame; ``confidence`` is the calibrated
    probability that the event is true. Motions are in px of the replay's picture per second,
    (x to the right, y down).
    """

    id: int
    frame: int
    pts: int
    time_s: float
    interval_frames: tuple[int, int]
    kind: Kind
    cause: Cause
    confidence: float
    region_px: Region
    motion_before_px_s: tuple[float, float]
    motion_after_px_s: tuple[float, float]


@dataclass(frozen=True, slots=True)
class VideoSummary:
    """The replay as it was analysed: exact counts, and the hash of the file."""

    path: str
    width_px: int
    height_px: int
    frames: int
    duration_s: float
    time_base: Fraction
    frame_rate: Fraction
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """Which weights gave the answer."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class FrameCurves:
    """What a saved timeline keeps of every analysed frame, in order: arrays (T,), read-only.

    T is ``VideoSummary.frames``. Motion is that of the view: how the picture's content moved since
    the frame before, in px of the replay, x to the right, y down, about the picture's centre, as in
    :class:`Alignment`. Where ``aligned`` is False (a cut) it has no meaning and is none: shift 0,
    zoom 1, roll 0. So it is in the first frame, and in one that repeats the picture before it.
    The scores are the network's probabilities, not calibrated and spread over a frame to either
    side of an onset; what the timeline made of them is :class:`Event`. Two curves are equal if all
    their values are.
    """

    start_pts: int  # of the replay's first frame, analysed or not: where time is 0
    index: npt.NDArray[np.int64]  # ordinal in the whole stream, rising
    pts: npt.NDArray[np.int64]  # rising
    aligned: npt.NDArray[np.bool_]
    view_dx_px: F32
    view_dy_px: F32
    view_zoom: F32  # factor by which the content grew, 1: none
    view_roll_deg: F32  # by which the content turned, clockwise as seen
    changed_share: F32  # 0..1: of the blocks looked at, those that the view and noise don't explain
    onset_score: F32  # 0..1: that an onset lies in this frame, the player's or the world's
    player_score: F32  # 0..1: that an onset of the player lies in this frame

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FrameCurves):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, field.name), getattr(other, field.name))
            for field in fields(self)
        )

    __hash__ = None  # type: ignore[assignment]  # as of all that compares by its arrays


@dataclass(frozen=True, slots=True)
class Timeline:
    """The answer: what the JSON holds and every report is made from."""

    video: VideoSummary
    model: ModelSummary
    settings: dict[str, object]
    events: tuple[Event, ...]
    warnings: tuple[str, ...] = ()  # for instance where a damaged stream broke off
    curves: FrameCurves | None = None  # None: saved by a version that did not keep them


class RivalFrame(NamedTuple):
    """Another frame that the network took for the onset of the same change."""

    frame: int  # ordinal
    score: float  # 0..1, the network's, of an onset in this frame


@dataclass(frozen=True, slots=True, eq=False)
class EvidenceCard:
    """What can be shown of one event: pictures of before and after, and the scores about it.

    ``crop_px`` is the part of the replay's picture that the pictures show: the event's region with
    a margin, on the grid of blocks. ``after_jpeg`` is brought onto the picture of before by the
    motion of the view between the two, so that it differs only where something changed, and is
    black where it saw nothing; where that cannot be (``aligned`` False: a cut) it is as it was.
    Both are of ``image_px`` = (width, height), the crop or smaller. ``changed_png`` has one pixel
    per block of the crop, red, from transparent (no change beyond noise) to an opacity of 0.7, to
    be laid over them or shown by itself (without smoothing: CSS ``image-rendering: pixelated``).
    The arrows are the event's own motions.
    ``score_frames``: ordinals about the event, with ``scores`` of an onset of its cause at each;
    ``rivals``: other peaks near the onset, the best first.
    """

    event: Event
    before_frame: int  # ordinal: the last frame before the onset
    after_frame: int  # ordinal: shortly after it
    crop_px: Region
    image_px: tuple[int, int]
    aligned: bool
    before_jpeg: bytes
    after_jpeg: bytes
    changed_png: bytes
    score_frames: tuple[int, ...]
    scores: tuple[float, ...]
    rivals: tuple[RivalFrame, ...]
