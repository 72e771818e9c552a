"""A webcam in a corner: a person of blurred noise who nods, leans, talks and blinks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pyanalyzer.recapture.overlays.drawing import (
    Colour,
    Stamp,
    event_times,
    smooth_noise,
    stamp,
)
from pyanalyzer.recapture.plan import WebcamPlan
from pyanalyzer.records import U8, Region

F32 = npt.NDArray[np.float32]
_WORK_PX = 240  # height that the person is painted at, before it is scaled to its place
SKINS: tuple[Colour, ...] = (
    (236, 198, 176), (222, 176, 148), (198, 148, 116), (160, 112, 82), (112, 76, 56),
)  # fmt: skip
HAIRS: tuple[Colour, ...] = (
    (30, 24, 22),
    (62, 42, 28),
    (110, 78, 46),
    (180, 150, 100),
    (90, 90, 96),
)
SHIRTS: tuple[Colour, ...] = (
    (28, 28, 32), (60, 64, 72), (120, 30, 36), (34, 60, 110), (190, 190, 186), (50, 90, 60),
)  # fmt: skip
GLOWS: tuple[Colour, ...] = ((120, 40, 200), (30, 90, 220), (220, 60, 120), (240, 170, 90))
BLINK_S, NOD_S = 0.16, 0.5


class Webcam:
    """Draws a webcam's picture as of a time. All luck is drawn when it is made."""

    def __init__(self, plan: WebcamPlan, width_px: int, height_px: int, duration_s: float) -> None:
        rng = np.random.default_rng(plan.seed)
        h = max(24, round(plan.height_share * height_px))
        w = max(24, min(round(h * plan.aspect), width_px // 2))
        margin = round(plan.margin_share * height_px)
        x = margin if "left" in plan.corner else width_px - w - margin
        y = margin if "top" in plan.corner else height_px - h - margin
        self.region = Region(x, y, w, h)
        self._plan = plan
        work_w = round(_WORK_PX * w / h)
        self._room = _room(rng, work_w)
        self._person = _Person.painted(rng)
        self._at = (
            work_w * float(rng.uniform(0.36, 0.64)),
            _WORK_PX * float(rng.uniform(0.4, 0.55)),
        )
        self._size = float(rng.uniform(1.0, 1.7))
        self._motion = _Motion(rng, duration_s)
        self._edge = _edge(plan, w, h)
        self._noise = rng.normal(0, float(rng.uniform(1, 4)), (4, h, w, 1)).astype(np.float32)
        self._shown: tuple[int, F32] | None = None

    def opaque(self) -> tuple[Region, ...]:
        """What it hides for certain: of a round one the square within."""
        x, y, w, h = self.region
        if not self._plan.round:
            return (self.region,)
        w_in, h_in = int(w / math.sqrt(2)), int(h / math.sqrt(2))
        return (Region(x + (w - w_in) // 2, y + (h - h_in) // 2, w_in, h_in),)

    def draw(self, picture: U8, time_s: float) -> None:
        """Onto the picture; between two ticks of its own rate a webcam stands still."""
        tick = int(time_s * self._plan.rate)
        if self._shown is None or self._shown[0] != tick:
            self._shown = (tick, self._image(tick))
        stamp(picture, Stamp(self._shown[1], self._edge), self.region.x_px, self.region.y_px)

    def _image(self, tick: int) -> F32:
        pose = self._motion.at(tick / self._plan.rate)
        image = self._room.copy()
        scale = self._size * (1 + pose.lean)
        x, y = self._at[0] + _WORK_PX * pose.x, self._at[1] + _WORK_PX * pose.y
        _lay(image, self._person.body, (self._at[0] + _WORK_PX * 0.4 * pose.x, y), 0, scale)
        face = self._person.faces[(pose.eyes_closed, pose.mouth_open)]
        _lay(image, face, (x, y + _WORK_PX * pose.nod), pose.tilt_rad, scale)
        image *= pose.light
        small = cv2.resize(image, self.region[2:], interpolation=cv2.INTER_AREA)
        small = small + self._noise[tick % len(self._noise)]
        border = self._plan.border_px
        if border and not self._plan.round:
            for edge in (small[:border], small[-border:], small[:, :border], small[:, -border:]):
                edge[:] = 235
        return np.asarray(np.clip(small, 0, 255), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class _Pose:
    """Offsets are shares of the webcam's height."""

    x: float
    y: float
    nod: float
    tilt_rad: float
    lean: float
    light: float
    eyes_closed: bool
    mouth_open: bool


class _Motion:
    """Slow sway, changes of posture, nods, blinks, talk, and the flicker of a screen's light."""

    def __init__(self, rng: np.random.Generator, duration_s: float) -> None:
        self._rates_hz = rng.uniform(0.08, 0.7, (4, 3))
        self._phases = rng.uniform(0, 2 * math.pi, (4, 3))
        self._strength = float(rng.uniform(0.6, 1.5))
        self._blinks = event_times(rng, duration_s, 3.5, 0.4)
        self._nods = event_times(rng, duration_s, 4.0, NOD_S)
        self._shifts = event_times(rng, duration_s, 5.0, 1.0)
        self._postures = rng.normal(0, 1, (self._shifts.size + 1, 4))
        self._talks = event_times(rng, duration_s, 2.5, 0.5)
        self._syllables = rng.random(4096) < 0.5

    def at(self, time_s: float) -> _Pose:
        sway = np.sin(2 * math.pi * self._rates_hz * time_s + self._phases).sum(axis=1) / 3
        now = self._posture(time_s)
        k = self._strength
        nod = _since(self._nods, time_s)
        blink = _since(self._blinks, time_s)
        talking = int(np.searchsorted(self._talks, time_s)) % 2 == 1
        return _Pose(
            x=k * float(0.012 * sway[0] + 0.05 * now[0]),
            y=k * float(0.006 * sway[1] + 0.018 * now[1]),
            nod=k * 0.035 * math.sin(math.pi * nod / NOD_S) if nod < NOD_S else 0.0,
            tilt_rad=k * float(0.04 * sway[2] + 0.07 * now[2]),
            lean=k * float(0.05 * now[3]),
            light=1 + 0.05 * float(sway[3]),
            eyes_closed=blink < BLINK_S,
            mouth_open=talking and bool(self._syllables[int(time_s * 7) % 4096]),
        )

    def _posture(self, time_s: float) -> npt.NDArray[np.float64]:
        """From one posture to the next in 0.6 s, without a jerk at either end (smoothstep)."""
        number = int(np.searchsorted(self._shifts, time_s, side="right"))
        new = np.asarray(self._postures[number], dtype=np.float64)
        if not number:
            return new
        share = min(1.0, (time_s - float(self._shifts[number - 1])) / 0.6)
        share = share * share * (3 - 2 * share)
        return np.asarray(share * new + (1 - share) * self._postures[number - 1])


def _since(times: npt.NDArray[np.float64], time_s: float) -> float:
    number = int(np.searchsorted(times, time_s, side="right"))
    return time_s - float(times[number - 1]) if number else math.inf


def _lay(image: F32, what: Stamp, at: tuple[float, float], angle_rad: float, scale: float) -> None:
    """A stamp with its middle at a place, turned and scaled."""
    h, w = what.alpha.shape
    turn = np.asarray(
        cv2.getRotationMatrix2D((w / 2, h / 2), math.degrees(angle_rad), scale), dtype=np.float64
    )
    turn[:, 2] += np.array((at[0] - w / 2, at[1] - h / 2))
    size = (image.shape[1], image.shape[0])
    alpha = np.asarray(cv2.warpAffine(what.alpha, turn, size), dtype=np.float32)[..., None]
    rgb = np.asarray(
        cv2.warpAffine(what.rgb, turn, size, borderMode=cv2.BORDER_REPLICATE), dtype=np.float32
    )
    image *= 1 - alpha
    image += rgb * alpha


def _room(rng: np.random.Generator, width: int) -> F32:
    """A dim room: a wall, shelves or a window out of focus, a coloured lamp."""
    h, w = _WORK_PX, width
    wall = rng.uniform(20, 90) * np.array([1, rng.uniform(0.85, 1.0), rng.uniform(0.75, 1.1)])
    room = np.ones((h, w, 3), np.float32) * wall.astype(np.float32)
    for _ in range(int(rng.integers(3, 9))):  # things
        x, y = int(rng.integers(-20, w)), int(rng.integers(-20, h * 3 // 4))
        size = (int(rng.integers(12, 90)), int(rng.integers(10, 70)))
        colour = (rng.uniform(0.3, 1.8) * wall * rng.uniform(0.7, 1.3, 3)).tolist()
        cv2.rectangle(room, (x, y), (x + size[0], y + size[1]), colour, -1)
    room = np.asarray(cv2.GaussianBlur(room, (0, 0), float(rng.uniform(2, 7))), dtype=np.float32)
    room *= 1 + 0.15 * smooth_noise(rng, h, w, 35)[..., None]
    glow: F32 = np.zeros((h, w), np.float32)
    cv2.circle(glow, (int(rng.integers(w)), int(rng.integers(h // 2))), 26, 1.0, -1)
    glow = np.asarray(cv2.GaussianBlur(glow, (0, 0), 40), dtype=np.float32)
    colour = np.array(GLOWS[int(rng.integers(len(GLOWS)))], np.float32)
    return np.asarray(room + 1.6 * glow[..., None] * colour, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Person:
    """``faces`` by (eyes closed, mouth open). All stamps have their middle at that of the face."""

    body: Stamp
    faces: dict[tuple[bool, bool], Stamp]

    @staticmethod
    def painted(rng: np.random.Generator) -> _Person:
        """Somebody."""
        look = _Look(
            skin=SKINS[int(rng.integers(len(SKINS)))],
            hair=HAIRS[int(rng.integers(len(HAIRS)))],
            face=(float(rng.uniform(0.155, 0.185)), float(rng.uniform(0.19, 0.22))),
            long_hair=bool(rng.random() < 0.4),
            headset=bool(rng.random() < 0.6),
            glasses=bool(rng.random() < 0.3),
            beard=bool(rng.random() < 0.25),
            light=(-1.0 if rng.random() < 0.5 else 1.0) * float(rng.uniform(0.15, 0.4)),
        )
        side = 2 * _WORK_PX
        grain = smooth_noise(rng, side, side, 5)
        body = _body(SHIRTS[int(rng.integers(len(SHIRTS)))], look, grain)
        states = [(eyes, mouth) for eyes in (False, True) for mouth in (False, True)]
        return _Person(body, {state: _face(look, grain, *state) for state in states})


@dataclass(frozen=True, slots=True)
class _Look:
    skin: Colour
    hair: Colour
    face: tuple[float, float]  # half axes, shares of the height
    long_hair: bool
    headset: bool
    glasses: bool
    beard: bool
    light: float  # how much brighter one side is


def _ellipse(
    rgb: F32, alpha: F32, at: tuple[float, float], axes: tuple[float, float], colour: Colour
) -> None:
    """Painted on a square of two heights, at shares of the height from its middle."""
    centre = tuple(round(_WORK_PX * (1 + k)) for k in at)
    size = tuple(max(1, round(_WORK_PX * k)) for k in axes)
    cv2.ellipse(rgb, centre, size, 0, 0, 360, [float(c) for c in colour], -1, cv2.LINE_AA)
    cv2.ellipse(alpha, centre, size, 0, 0, 360, 1.0, -1, cv2.LINE_AA)


def _darker(colour: Colour, factor: float) -> Colour:
    return (round(colour[0] * factor), round(colour[1] * factor), round(colour[2] * factor))


def _lit(rgb: F32, alpha: F32, light: float, grain: F32, soft_px: float) -> Stamp:
    """Light from one side, some unevenness, and a soft edge."""
    side = rgb.shape[1]
    ramp = 1 + light * np.linspace(-2.5, 2.5, side, dtype=np.float32)
    down = np.linspace(1.25, 0.7, side, dtype=np.float32)[:, None]
    shade = np.clip(ramp[None, :] * down, 0.35, 1.5) * (1 + 0.05 * grain)
    soft = np.asarray(cv2.GaussianBlur(rgb * shade[..., None], (0, 0), soft_px), dtype=np.float32)
    edge = np.asarray(cv2.GaussianBlur(alpha, (0, 0), 1.5), dtype=np.float32)
    return Stamp(soft, edge)


def _blank() -> tuple[F32, F32]:
    side = 2 * _WORK_PX
    return np.zeros((side, side, 3), np.float32), np.zeros((side, side), np.float32)


def _body(shirt: Colour, look: _Look, grain: F32) -> Stamp:
    rgb, alpha = _blank()
    rgb[:] = shirt
    height = look.face[1]
    if look.long_hair:
        _ellipse(rgb, alpha, (0, 0.08), (look.face[0] * 1.45, height * 1.6), look.hair)
    _ellipse(rgb, alpha, (0, height + 0.48), (0.42, 0.42), shirt)
    _ellipse(rgb, alpha, (0, height + 0.65), (0.5, 0.4), shirt)
    _ellipse(rgb, alpha, (0, height + 0.02), (0.075, 0.12), _darker(look.skin, 0.72))
    _ellipse(rgb, alpha, (0, height + 0.11), (0.11, 0.05), _darker(shirt, 0.7))
    return _lit(rgb, alpha, look.light, 0.7 * grain, 3.0)


def _face(look: _Look, grain: F32, eyes_closed: bool, mouth_open: bool) -> Stamp:
    rgb, alpha = _blank()
    w, h = look.face
    rgb[:] = look.hair
    _ellipse(rgb, alpha, (0, -0.05), (w * 1.1, h * 1.0), look.hair)
    for side in (-1, 1):
        _ellipse(rgb, alpha, (side * w * 0.98, 0.01), (0.022, 0.045), _darker(look.skin, 0.85))
    _ellipse(rgb, alpha, (0, 0.03), (w * 0.97, h * 0.88), look.skin)
    _ellipse(rgb, alpha, (0, 0.11), (w * 0.72, h * 0.62), look.skin)
    if look.beard:
        _ellipse(rgb, alpha, (0, 0.14), (w * 0.74, h * 0.5), _darker(look.hair, 1.3))
        _ellipse(rgb, alpha, (0, 0.03), (w * 0.72, h * 0.45), look.skin)
    for side in (-1, 1):
        x = side * w * 0.43
        _ellipse(rgb, alpha, (x, -0.005), (0.034, 0.022), _darker(look.skin, 0.8))
        _ellipse(rgb, alpha, (x, -0.05), (0.036, 0.007), _darker(look.hair, 0.9))
        if eyes_closed:
            _ellipse(rgb, alpha, (x, 0.004), (0.026, 0.004), _darker(look.skin, 0.5))
        else:
            _ellipse(rgb, alpha, (x, 0), (0.026, 0.012), (225, 222, 218))
            _ellipse(rgb, alpha, (x, 0), (0.011, 0.012), (48, 36, 30))
    _ellipse(rgb, alpha, (0, 0.06), (0.016, 0.022), _darker(look.skin, 0.88))
    lip = _darker((look.skin[0], look.skin[1] * 3 // 4, look.skin[2] * 3 // 4), 0.78)
    _ellipse(rgb, alpha, (0, 0.12), (0.042, 0.024 if mouth_open else 0.01), lip)
    if mouth_open:
        _ellipse(rgb, alpha, (0, 0.122), (0.03, 0.013), (60, 24, 24))
    _ellipse(rgb, alpha, (0, -0.15), (w * 0.9, h * 0.36), look.hair)
    if look.glasses:
        for side in (-1, 1):
            centre = (round(_WORK_PX * (1 + side * w * 0.43)), _WORK_PX)
            cv2.ellipse(rgb, centre, (11, 8), 0, 0, 360, [24.0, 24.0, 26.0], 2, cv2.LINE_AA)
        cv2.line(rgb, (_WORK_PX - 5, _WORK_PX - 1), (_WORK_PX + 5, _WORK_PX - 1), [24.0] * 3, 2)
    if look.headset:
        centre, axes = (
            (_WORK_PX, _WORK_PX),
            (round(_WORK_PX * w * 1.16), round(_WORK_PX * h * 1.24)),
        )
        for image, ink in ((rgb, [22.0, 22.0, 26.0]), (alpha, [1.0])):
            cv2.ellipse(image, centre, axes, 0, 180, 360, ink, 9, cv2.LINE_AA)
        for side in (-1, 1):
            _ellipse(rgb, alpha, (side * w * 1.12, 0.02), (0.034, 0.066), (26, 26, 30))
    return _lit(rgb, alpha, look.light, grain, 2.2)


def _edge(plan: WebcamPlan, w: int, h: int) -> F32:
    if not plan.round:
        return np.ones((h, w), np.float32)
    mask = np.zeros((4 * h, 4 * w), np.float32)
    cv2.ellipse(mask, (2 * w, 2 * h), (2 * w, 2 * h), 0, 0, 360, 1.0, -1)
    return np.asarray(cv2.resize(mask, (w, h), interpolation=cv2.INTER_AREA), dtype=np.float32)
