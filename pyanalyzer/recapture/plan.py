"""What happens to a replay in one capture: frozen records that can be printed and saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from fractions import Fraction
from typing import Literal

from pyanalyzer.recapture.placement import Placement
from pyanalyzer.simulate.truth import Setting

TimeKind = Literal["same", "rate", "doubled", "halved", "dropped", "repeated", "gaps", "jitter"]
Interlace = Literal["weave", "blend", "bob"]
RangeSlip = Literal["washed", "crushed"]
Corner = Literal["top left", "top right", "bottom left", "bottom right"]
Encoding = Literal["crf", "bitrate", "hevc", "vp9"]


@dataclass(frozen=True, slots=True)
class TimePlan:
    """Which frames are shown when. ``seed`` draws the single frames, ``share`` of them is meant.

    ``rate``: of the ticks of ``kind`` "rate". ``phase``: by how much of a tick the first one comes
    after the source's first frame, in thousandths. ``jitter``: of the pts, at most so many source
    frames. ``ticks_per_s``: the time base of a variable rate.
    """

    kind: TimeKind = "same"
    rate: Fraction | None = None
    phase_thousandths: int = 0
    share: float = 0.0
    jitter: float = 0.0
    ticks_per_s: int = 90_000
    seed: int = 0


@dataclass(frozen=True, slots=True)
class PicturePlan:
    """Operations on the picture; the defaults change nothing.

    ``gamma``: out = in ** gamma on 0..1. ``brightness``: added, of 0..255. ``warmth``: the share
    of blue that is lost, and a third of it in green. ``sharpen``: weight of the unsharp mask of
    ``sharpen_px``. ``blur_px``: sigma. ``grain``: standard deviation, of 0..255, in grains of
    ``grain_px``. ``bands``: levels per channel, 0 for all. ``top_newer``: which field of an
    interlaced picture is the later one. ``over_overlays``: applied after the overlays, not before.
    """

    gamma: float = 1.0
    brightness: float = 0.0
    contrast: float = 1.0
    warmth: float = 0.0
    saturation: float = 1.0
    sharpen: float = 0.0
    sharpen_px: float = 1.0
    blur_px: float = 0.0
    grain: float = 0.0
    grain_px: int = 1
    bands: int = 0
    range_slip: RangeSlip | None = None
    interlace: Interlace | None = None
    top_newer: bool = False
    over_overlays: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True)
class WebcamPlan:
    """Somebody in a corner; ``height_share`` and ``margin_share`` of the video's height."""

    corner: Corner
    height_share: float
    margin_share: float
    aspect: float
    border_px: int
    round: bool
    rate: int  # a webcam's own, pictures per second
    seed: int


@dataclass(frozen=True, slots=True)
class ChatPlan:
    """Lines that scroll up in a panel; ``opacity`` of its ground, ``period_s`` between lines."""

    side: Literal["left", "right"]
    width_share: float
    top_share: float
    height_share: float
    line_share: float  # height of a line, of the video's height
    opacity: float
    period_s: float
    seed: int


@dataclass(frozen=True, slots=True)
class HudPlan:
    """A stream's furniture: what of it is there, and where. ``alert_period_s``: 0 for no alerts."""

    logo: Corner | None
    title: Literal["top", "bottom"] | None
    title_opacity: float
    counter: Corner | None
    timer: bool  # hundredths of a second: something changes in every frame
    alert_period_s: float
    alert_top_share: float
    seed: int


@dataclass(frozen=True, slots=True)
class CursorPlan:
    """A mouse pointer, ``height_share`` of the video's height, that wanders and jumps."""

    height_share: float
    dark: bool
    seed: int


@dataclass(frozen=True, slots=True)
class OverlayPlan:
    """What lies over the picture."""

    webcam: WebcamPlan | None = None
    chat: ChatPlan | None = None
    hud: HudPlan | None = None
    cursor: CursorPlan | None = None


@dataclass(frozen=True, slots=True)
class EncodingPlan:
    """How the capture is encoded: by ``crf``, or where that is None by ``bits_per_s``.

    ``peak``: the highest rate over the mean one; ``buffer_s``: the decoder buffer that the peak is
    kept in, seconds of the mean rate.
    """

    kind: Encoding = "crf"
    crf: int | None = 18
    bits_per_s: int = 0
    peak: float = 1.0
    buffer_s: float = 1.0
    preset: str = "veryfast"
    b_frames: int = 0
    gop_frames: int = 60


@dataclass(frozen=True, slots=True)
class Plan:
    """All that happens in one capture, in this order but for ``picture.over_overlays``."""

    time: TimePlan
    placement: Placement
    picture: PicturePlan
    overlays: OverlayPlan
    encoding: EncodingPlan

    def settings(self) -> dict[str, Setting]:
        """As plain values under readable keys, ``capture_PART_FIELD``; what is absent is left out.

        Of the time and the picture only what differs from doing nothing, and the kind of time.
        """
        settings = {f"capture_{key}": value for key, value in _flat("", self)}
        neutral = {
            **{f"capture_{key}": value for key, value in _flat("time", TimePlan())},
            **{f"capture_{key}": value for key, value in _flat("picture", PicturePlan())},
        }
        return {
            key: value
            for key, value in settings.items()
            if key == "capture_time_kind" or key not in neutral or value != neutral[key]
        }


def _flat(prefix: str, value: object) -> Iterator[tuple[str, Setting]]:
    if value is None:
        return
    if isinstance(value, Fraction):
        yield prefix, str(value)
    elif isinstance(value, str | int | float | bool):
        yield prefix, value
    elif isinstance(value, tuple):
        yield prefix, ",".join(map(str, value))
    elif is_dataclass(value):
        for field in fields(value):
            name = f"{prefix}_{field.name}" if prefix else field.name
            yield from _flat(name, getattr(value, field.name))
    else:
        raise TypeError(f"{prefix} is a {type(value).__name__}: no plain value")
