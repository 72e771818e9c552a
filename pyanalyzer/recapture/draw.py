"""A capture's plan, drawn from its seed, the replay's name and the capture's number.

Each kind has random numbers of its own, so that ``--only webcam`` shows the webcam that the whole
capture of the same seed would show, if it has one.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

import av
import numpy as np

from pyanalyzer.recapture import kinds
from pyanalyzer.recapture.placement import Ground, Interpolation, Placement
from pyanalyzer.recapture.plan import (
    ChatPlan,
    Corner,
    CursorPlan,
    Encoding,
    EncodingPlan,
    HudPlan,
    Interlace,
    OverlayPlan,
    PicturePlan,
    Plan,
    RangeSlip,
    TimePlan,
    WebcamPlan,
)
from pyanalyzer.recapture.timing import MAX_JITTER, offered
from pyanalyzer.records import Region
from pyanalyzer.simulate.encode import Layout

T = TypeVar("T")

# Pictures per second of what is captured and uploaded, and how often each is met.
RATES: Mapping[Fraction, float] = {
    Fraction(24): 1,
    Fraction(24000, 1001): 1,
    Fraction(25): 2,
    Fraction(30000, 1001): 3,
    Fraction(30): 4,
    Fraction(48): 1,
    Fraction(50): 2,
    Fraction(60000, 1001): 3,
    Fraction(60): 4,
    Fraction(72): 0.5,
    Fraction(75): 0.5,
    Fraction(90): 0.5,
    Fraction(120): 1,
    Fraction(144): 1,
}
HEIGHTS_PX: Mapping[int, float] = {
    240: 1,
    288: 0.7,
    360: 3,
    432: 0.5,
    480: 2.5,
    540: 0.6,
    576: 0.5,
    720: 1,
}
MAX_WIDTH_PX = 1280
ODD_ASPECT_SHARE = 0.25  # of the resized: stretched to another shape
STRETCHES = (3 / 4, 0.9, 1.1, 1.2, 4 / 3)
INTERPOLATIONS: Mapping[Interpolation, float] = {
    "nearest": 0.15,
    "linear": 0.3,
    "area": 0.25,
    "cubic": 0.2,
    "lanczos": 0.1,
}
SHAPES = (16 / 9, 4 / 3, 21 / 9, 1.0, 9 / 16)  # of videos with bars
SHAPE_SHARES = (0.5, 0.2, 0.1, 0.1, 0.1)
GROUNDS: Mapping[Ground, float] = {"black": 0.7, "plain": 0.12, "blurred": 0.18}
CROP_PX = 10  # at each border, at most
PRESETS: Mapping[str, float] = {
    "ultrafast": 0.2,
    "superfast": 0.2,
    "veryfast": 0.4,
    "faster": 0.1,
    "fast": 0.1,
}
# Bits per pixel and picture: 0.04 to 0.1 is what streams of 2 to 6 Mbit/s at 720p60 and 1080p60
# have; their re-uploads have less.
BITS_PER_PX = (0.015, 0.11)
MIN_BITS_PER_S = 100_000
ENCODERS: Mapping[Encoding, str] = {
    "crf": "libx264",
    "bitrate": "libx264",
    "hevc": "libx265",
    "vp9": "libvpx-vp9",
}
CORNERS: tuple[Corner, ...] = ("top left", "top right", "bottom left", "bottom right")


@dataclass(frozen=True, slots=True)
class Source:
    """What a plan depends on. ``name``: ENGINE/SPLIT/NAME, which tells replays apart."""

    name: str
    width_px: int
    height_px: int
    frame_rate: Fraction


def draw_plan(source: Source, seed: int, capture: int, only: tuple[str, ...] = ()) -> Plan:
    """The plan of one capture. With ``only``, the kinds it names happen, and nothing else.

    Of the kinds of time and of encoding, of which there can be one, one of those named is drawn.
    Encoders that PyAV was built without are not drawn.
    """
    dice = _Dice(source.name, seed, capture, kinds.expand(only) if only else None)
    time = _time(dice, source)
    placement = _placement(dice, source)
    picture = _picture(dice)
    if time.kind in ("gaps", "jitter"):  # fields come at a constant rate
        picture = replace(picture, interlace=None)
    rate = time.rate or source.frame_rate
    size_px = (placement.layout.width_px, placement.layout.height_px)
    return Plan(time, placement, picture, _overlays(dice), _encoding(dice, rate, size_px))


@dataclass(frozen=True, slots=True)
class _Dice:
    """Whether and how things happen. ``wanted``: the kinds that must happen, None for chance."""

    name: str
    seed: int
    capture: int
    wanted: frozenset[str] | None

    def of(self, kind: str) -> np.random.Generator:
        keys = (self.seed, zlib.crc32(self.name.encode()), self.capture, zlib.crc32(kind.encode()))
        return np.random.default_rng(keys)

    def roll(self, kind: str, probability: float) -> np.random.Generator | None:
        """The random numbers of a kind if it happens."""
        rng = self.of(kind)
        happens = rng.random() < probability
        if self.wanted is not None:
            happens = kind in self.wanted
        return rng if happens else None


def _one(rng: np.random.Generator, weights: Mapping[T, float]) -> T:
    options = list(weights)
    shares = np.array([weights[option] for option in options], dtype=np.float64)
    return options[int(rng.choice(len(options), p=shares / shares.sum()))]


def _uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return round(float(rng.uniform(low, high)), 4)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(1 << 31))


def _even(length: float) -> int:
    return max(2, round(length / 2) * 2)


def _time(dice: _Dice, source: Source) -> TimePlan:
    rate = source.frame_rate
    rng = dice.of("time")
    happens = rng.random() < sum(kinds.TIME.values())
    shares = {kind: share for kind, share in kinds.TIME.items() if offered(kind, rate)}
    if dice.wanted is not None:
        shares = {kind: share for kind, share in kinds.TIME.items() if kind in dice.wanted}
        happens = bool(shares)
    if not happens:
        return TimePlan()
    kind = _one(rng, shares)
    rng = dice.of(kind)
    others = {option: share for option, share in RATES.items() if option != rate}
    return TimePlan(
        kind=kind,
        rate=_one(rng, others) if kind == "rate" else None,
        phase_thousandths=int(rng.integers(1000)) if kind == "rate" else 0,
        share=_uniform(rng, 0.01, 0.08) if kind in ("dropped", "repeated", "gaps") else 0.0,
        jitter=_uniform(rng, 0.05, MAX_JITTER) if kind == "jitter" else 0.0,
        ticks_per_s=int(rng.choice((1000, 15360, 90_000))) if kind == "jitter" else 90_000,
        seed=_seed(rng),
    )


def _placement(dice: _Dice, source: Source) -> Placement:
    width, height = source.width_px, source.height_px
    crop = Region(0, 0, width, height)
    if rng := dice.roll("crop", kinds.SCALE["crop"]):
        most = min(CROP_PX, width // 16, height // 16)
        left, top, right, bottom = (int(k) for k in rng.integers(0, most + 1, 4))
        w, h = (width - left - right) // 2 * 2, (height - top - bottom) // 2 * 2
        crop = Region(left, top, w, h)
    box_w, box_h = crop.w_px, crop.h_px
    interpolation: Interpolation = "nearest"
    if rng := dice.roll("resize", kinds.SCALE["resize"]):
        aspect = crop.w_px / crop.h_px
        box_h = _one(rng, HEIGHTS_PX)
        if rng.random() < ODD_ASPECT_SHARE:
            aspect *= float(rng.choice(STRETCHES))
        interpolation = _one(rng, INTERPOLATIONS)
        box_h = min(box_h, int(MAX_WIDTH_PX / aspect))
        box_w, box_h = _even(box_h * aspect), _even(box_h)
    layout = Layout(box_w, box_h, Region(0, 0, box_w, box_h), interpolation != "nearest")
    placement = Placement(crop, layout, interpolation)
    if rng := dice.roll("bars", kinds.SCALE["bars"]):
        placement = _with_bars(rng, placement)
    return placement


def _with_bars(rng: np.random.Generator, placement: Placement) -> Placement:
    """A larger video of a common shape around the picture; now and then with a frame all round."""
    box = placement.layout.box
    aspect = box.w_px / box.h_px
    shapes = {s: p for s, p in zip(SHAPES, SHAPE_SHARES, strict=True) if abs(s / aspect - 1) > 0.05}
    shape = _one(rng, shapes)
    room = 1.0 if rng.random() < 0.75 else _uniform(rng, 1.08, 1.4)
    width = _even(room * max(box.w_px, box.h_px * shape))
    height = _even(room * max(box.h_px, box.w_px / shape))
    shrink = min(1.0, MAX_WIDTH_PX / max(width, height))
    w, h = box.w_px, box.h_px
    interpolation = placement.interpolation
    if shrink < 1:
        width, height, w, h = (_even(shrink * length) for length in (width, height, w, h))
        interpolation = "area"
    x, y = _even((width - w) / 2 + 2) - 2, _even((height - h) / 2 + 2) - 2
    x, y = max(0, min(x, width - w)), max(0, min(y, height - h))
    ground = _one(rng, GROUNDS)
    colour = tuple(int(k) for k in rng.integers(10, 90, 3))
    return Placement(
        placement.crop,
        Layout(width, height, Region(x, y, w, h), interpolation != "nearest"),
        interpolation,
        ground,
        (colour[0], colour[1], colour[2]) if ground == "plain" else (0, 0, 0),
    )


def _picture(dice: _Dice) -> PicturePlan:
    shares = kinds.PICTURE
    plan = PicturePlan(
        over_overlays=bool(dice.of("order").random() < 0.4), seed=_seed(dice.of("picture"))
    )
    if rng := dice.roll("tone", shares["tone"]):
        plan = replace(
            plan,
            gamma=round(float(np.exp(rng.normal(0, 0.22))), 4),
            brightness=_uniform(rng, -22, 22),
            contrast=_uniform(rng, 0.75, 1.3),
        )
    if rng := dice.roll("night_light", shares["night_light"]):
        plan = replace(plan, warmth=_uniform(rng, 0.15, 0.55))
    if rng := dice.roll("saturation", shares["saturation"]):
        plan = replace(plan, saturation=_uniform(rng, 0.0 if rng.random() < 0.15 else 0.5, 1.7))
    if rng := dice.roll("sharpen", shares["sharpen"]):
        plan = replace(plan, sharpen=_uniform(rng, 0.3, 1.4), sharpen_px=_uniform(rng, 0.8, 2.0))
    if rng := dice.roll("blur", shares["blur"]):
        plan = replace(plan, blur_px=_uniform(rng, 0.5, 1.6))
    if rng := dice.roll("grain", shares["grain"]):
        plan = replace(plan, grain=_uniform(rng, 1.5, 9.0), grain_px=int(rng.choice((1, 1, 2))))
    if rng := dice.roll("banding", shares["banding"]):
        plan = replace(plan, bands=int(rng.choice((16, 24, 32, 48))))
    if rng := dice.roll("range", shares["range"]):
        slips: Mapping[RangeSlip, float] = {"washed": 1, "crushed": 1}
        slip: RangeSlip = _one(rng, slips)
        plan = replace(plan, range_slip=slip)
    if rng := dice.roll("interlace", shares["interlace"]):
        modes: Mapping[Interlace, float] = {"weave": 0.4, "blend": 0.3, "bob": 0.3}
        mode: Interlace = _one(rng, modes)
        plan = replace(plan, interlace=mode, top_newer=bool(rng.random() < 0.3))
    return plan


def _overlays(dice: _Dice) -> OverlayPlan:
    shares = kinds.OVERLAYS
    plan = OverlayPlan()
    if rng := dice.roll("webcam", shares["webcam"]):
        webcam = WebcamPlan(
            corner=CORNERS[int(rng.choice(4, p=(0.2, 0.25, 0.25, 0.3)))],
            height_share=_uniform(rng, 0.18, 0.36),
            margin_share=_uniform(rng, 0.0, 0.04) if rng.random() < 0.7 else 0.0,
            aspect=float(rng.choice((16 / 9, 4 / 3, 1.0))),
            border_px=int(rng.choice((0, 0, 1, 2, 3))),
            round=bool(rng.random() < 0.12),
            rate=int(rng.choice((15, 25, 30, 30, 60))),
            seed=_seed(rng),
        )
        plan = replace(plan, webcam=replace(webcam, aspect=round(webcam.aspect, 4)))
    if rng := dice.roll("chat", shares["chat"]):
        chat = ChatPlan(
            side="left" if rng.random() < 0.4 else "right",
            width_share=_uniform(rng, 0.18, 0.3),
            top_share=_uniform(rng, 0.0, 0.45),
            height_share=_uniform(rng, 0.3, 0.75),
            line_share=_uniform(rng, 0.028, 0.042),
            opacity=float(rng.choice((0.0, 0.35, 0.6, 1.0))),
            period_s=_uniform(rng, 0.5, 4.0),
            seed=_seed(rng),
        )
        plan = replace(plan, chat=chat)
    if rng := dice.roll("hud", shares["hud"]):
        logo, counter = (CORNERS[int(k)] for k in rng.permutation(4)[:2])
        place = float(rng.random())
        hud = HudPlan(
            logo=logo if rng.random() < 0.6 else None,
            title=None if place < 0.4 else "bottom" if place < 0.75 else "top",
            title_opacity=float(rng.choice((0.5, 0.8, 1.0))),
            counter=counter if rng.random() < 0.7 else None,
            timer=bool(rng.random() < 0.35),
            alert_period_s=_uniform(rng, 4, 20) if rng.random() < 0.6 else 0.0,
            alert_top_share=_uniform(rng, 0.08, 0.6),
            seed=_seed(rng),
        )
        plan = replace(plan, hud=hud)
    if rng := dice.roll("cursor", shares["cursor"]):
        cursor = CursorPlan(
            height_share=_uniform(rng, 0.025, 0.05), dark=bool(rng.random() < 0.2), seed=_seed(rng)
        )
        plan = replace(plan, cursor=cursor)
    return plan


def _encoding(dice: _Dice, rate: Fraction, size_px: tuple[int, int]) -> EncodingPlan:
    shares = {
        kind: share
        for kind, share in kinds.ENCODING.items()
        if ENCODERS[kind] in av.codecs_available
    }
    rng = dice.of("encoding")
    if dice.wanted is not None:
        shares = {kind: share for kind, share in shares.items() if kind in dice.wanted}
        if not shares:
            return EncodingPlan()
    kind = _one(rng, shares)
    rng = dice.of(kind)
    plan = EncodingPlan(
        kind=kind,
        crf=None,
        preset=_one(rng, PRESETS),
        b_frames=int(rng.choice((0, 2, 3))),
        gop_frames=int(rng.choice((30, 60, 120, 250))),
    )
    if kind == "bitrate":
        low, high = (float(np.log(bits)) for bits in BITS_PER_PX)
        bits = float(np.exp(rng.uniform(low, high))) * size_px[0] * size_px[1] * float(rate)
        return replace(
            plan,
            bits_per_s=max(MIN_BITS_PER_S, int(bits) // 1000 * 1000),
            peak=_uniform(rng, 1.0, 1.6),
            buffer_s=_uniform(rng, 0.8, 2.5),
            preset="veryfast",
        )
    if kind == "hevc":
        preset = str(rng.choice(("ultrafast", "superfast")))
        return replace(plan, crf=int(rng.integers(20, 35)), preset=preset)
    if kind == "vp9":
        return replace(plan, crf=int(rng.integers(28, 50)), preset="realtime", b_frames=0)
    return replace(plan, crf=int(rng.integers(16, 36)))
