"""The picture of a capture: fields, crop, scale, bars, tone, filters, grain."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pyanalyzer.recapture.placement import Interpolation, Placement
from pyanalyzer.recapture.plan import Interlace, PicturePlan
from pyanalyzer.records import U8

_INTERPOLATIONS: dict[Interpolation, int] = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "area": cv2.INTER_AREA,
    "cubic": cv2.INTER_CUBIC,
    "lanczos": cv2.INTER_LANCZOS4,
}
GROUND_BLUR_SHARE = 0.03  # sigma of a blurred ground, of the video's height
GROUND_SHRINK = 8  # it is blurred at an eighth of the size: nobody sees the difference
GRAIN_FIELDS_PX = 61  # a frame's grain is a window of one large field, shifted by up to so much
LIMITED_BLACK, LIMITED_WHITE = 16, 235  # of full 0..255 (ITU-R BT.601)
REC601 = (0.299, 0.587, 0.114)


def woven(newer: U8, older: U8, mode: Interlace | None, *, top_newer: bool, frame: int) -> U8:
    """One picture of the fields of two; ``frame`` is the ordinal in the capture.

    ``weave``: even rows of one, odd rows of the other. ``blend``: their mean. ``bob``: of one
    picture the even or the odd rows in turn, the rows between interpolated.
    """
    if mode is None:
        return newer
    if mode == "blend":
        return _u8(cv2.addWeighted(newer, 0.5, older, 0.5, 0))
    if mode == "weave":
        picture: U8 = older.copy()
        picture[int(not top_newer) :: 2] = newer[int(not top_newer) :: 2]
        return picture
    height = newer.shape[0]
    rows = np.arange(1 - frame % 2, height, 2)
    above = np.where(rows > 0, rows - 1, rows + 1)
    below = np.where(rows < height - 1, rows + 1, rows - 1)
    bobbed: U8 = newer.copy()
    bobbed[rows] = cv2.addWeighted(newer[above], 0.5, newer[below], 0.5, 0)
    return bobbed


def placed(picture: U8, placement: Placement) -> U8:
    """The source's picture in the capture's: uint8 RGB (height_px, width_px, 3), a new array."""
    crop, layout = placement.crop, placement.layout
    cut = picture[crop.y_px : crop.y_px + crop.h_px, crop.x_px : crop.x_px + crop.w_px]
    box = layout.box
    if cut.shape[:2] == (box.h_px, box.w_px):
        scaled: U8 = cut.copy()  # what is drawn on it must not be drawn on the source
    else:
        method = _INTERPOLATIONS[placement.interpolation]
        scaled = _u8(cv2.resize(cut, (box.w_px, box.h_px), interpolation=method))
    if (layout.width_px, layout.height_px) == (box.w_px, box.h_px):
        return scaled
    video = _ground(scaled, placement)
    video[box.y_px : box.y_px + box.h_px, box.x_px : box.x_px + box.w_px] = scaled
    return video


def _ground(scaled: U8, placement: Placement) -> U8:
    width, height = placement.layout.width_px, placement.layout.height_px
    if placement.ground != "blurred":
        return np.full((height, width, 3), placement.ground_rgb, np.uint8)
    small_w, small_h = max(2, width // GROUND_SHRINK), max(2, height // GROUND_SHRINK)
    fill = max(small_w / scaled.shape[1], small_h / scaled.shape[0])
    size = (
        max(small_w, round(fill * scaled.shape[1])),
        max(small_h, round(fill * scaled.shape[0])),
    )
    small = cv2.resize(scaled, size, interpolation=cv2.INTER_AREA)
    x, y = (size[0] - small_w) // 2, (size[1] - small_h) // 2
    small = small[y : y + small_h, x : x + small_w]
    small = cv2.GaussianBlur(small, (0, 0), max(0.5, GROUND_BLUR_SHARE * small_h))
    small = cv2.convertScaleAbs(small, alpha=0.6)
    return _u8(cv2.resize(small, (width, height)))


class Filters:
    """Tone, colour, sharpness and grain of a plan, for pictures of one size.

    The tables and the field of grain are made once. The same plan, picture and frame give the same
    bytes.
    """

    def __init__(self, plan: PicturePlan, width_px: int, height_px: int) -> None:
        self._plan = plan
        self._table = _table(plan)
        self._colour = _colour(plan.saturation)
        self._grain = _grain_field(plan, width_px, height_px)
        self._size = (height_px, width_px)

    def apply(self, picture: U8, frame: int) -> U8:
        """Uint8 RGB; ``frame`` chooses the grain."""
        plan = self._plan
        out = picture
        if plan.blur_px:
            out = _u8(cv2.GaussianBlur(out, (0, 0), plan.blur_px))
        if plan.sharpen:
            soft = cv2.GaussianBlur(out, (0, 0), plan.sharpen_px)
            out = _u8(cv2.addWeighted(out, 1 + plan.sharpen, soft, -plan.sharpen, 0))
        if self._colour is not None:
            out = _u8(cv2.transform(out, self._colour))
        if self._table is not None:
            out = _u8(cv2.LUT(out, self._table))
        if self._grain is not None:
            rng = np.random.default_rng((plan.seed, frame))
            y, x = (int(k) for k in rng.integers(GRAIN_FIELDS_PX, size=2))
            window = self._grain[y : y + self._size[0], x : x + self._size[1]]
            out = _u8(cv2.add(out, window, dtype=cv2.CV_8U))
        return out


def _colour(saturation: float) -> npt.NDArray[np.float32] | None:
    """Away from or towards the grey of the same luma: (3, 3)."""
    if saturation == 1:
        return None
    grey = np.tile(np.array(REC601, np.float32), (3, 1))
    return np.asarray(saturation * np.eye(3, dtype=np.float32) + (1 - saturation) * grey)


def _table(plan: PicturePlan) -> U8 | None:
    """What becomes of each value of each channel: uint8 (256, 1, 3)."""
    values = np.repeat(np.arange(256, dtype=np.float64)[:, None], 3, axis=1)
    out = 255 * (values / 255) ** plan.gamma
    out = (out - 128) * plan.contrast + 128 + plan.brightness
    out *= np.array([1.0, 1 - plan.warmth / 3, 1 - plan.warmth])
    if plan.bands:
        step = 255 / (plan.bands - 1)
        out = np.rint(out / step) * step
    span = LIMITED_WHITE - LIMITED_BLACK
    if plan.range_slip == "washed":  # limited range taken for full: blacks are grey
        out = np.clip(out, 0, 255) * span / 255 + LIMITED_BLACK
    elif plan.range_slip == "crushed":  # full range taken for limited: blacks drown
        out = (out - LIMITED_BLACK) * 255 / span
    table = np.clip(np.rint(out), 0, 255).astype(np.uint8)
    return None if np.array_equal(table, values) else table.reshape(256, 1, 3)


def _grain_field(plan: PicturePlan, width_px: int, height_px: int) -> npt.NDArray[np.int16] | None:
    if not plan.grain:
        return None
    rng = np.random.default_rng(plan.seed)
    height, width = height_px + GRAIN_FIELDS_PX, width_px + GRAIN_FIELDS_PX
    size = (-(-height // plan.grain_px), -(-width // plan.grain_px))
    grey = rng.normal(0, 1, (*size, 1))
    noise = (0.85 * grey + 0.5 * rng.normal(0, 1, (*size, 3))).astype(np.float32)
    if plan.grain_px > 1:
        noise = np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC))
    scaled = noise[:height, :width] * (plan.grain / float(noise.std()))
    return np.ascontiguousarray(np.rint(scaled).astype(np.int16))


def _u8(picture: npt.ArrayLike) -> U8:
    """What OpenCV returns, as the type that it is."""
    return np.asarray(picture, dtype=np.uint8)
