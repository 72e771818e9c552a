"""The luma plane of a decoded picture as 8-bit full range, without a detour through RGB.

8-bit planes are handed out as views on the decoder's own memory; everything else takes one copy.
Deeper planes are brought to 8 bits by a rounding shift, limited range (16..235) is expanded to
0..255 where the luma itself is asked for, and only pictures that hold no luma plane (RGB, palettes,
packed or MSB-aligned YUV) or that changed their size go through libswscale.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeVar, cast

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from pyanalyzer.core.expand import expand_limited_range
from pyanalyzer.records import U8, U16

Depth = TypeVar("Depth", np.uint8, np.uint16)

# Formats whose first plane is luma in the low bits of 1 or 2 bytes; p010 and its kind are not.
_LUMA_PLANE = re.compile(
    r"(?:yuv[aj]?4[0-4][0-4]p|gray|nv(?:12|16|20|21|24|42))(?P<bits>9|1[0246])?(?P<order>le|be)?"
)


@dataclass(frozen=True, slots=True)
class Layout:
    """What every picture of a stream is brought to: the first picture's."""

    width_px: int  # as coded, before rotation
    height_px: int
    full_range: bool
    rotation_deg: int  # clockwise


def layout_of(frame: av.VideoFrame) -> Layout:
    """Size, range and rotation of a stream, from its first picture.

    YUV is of limited range and gray and RGB of full range unless the stream says otherwise; that is
    what libswscale and players assume. Display matrices are brought to the nearest quarter turn,
    mirroring in them is ignored. The sample aspect ratio is not applied.
    """
    name = frame.format.name
    unspecified_is_full = frame.format.is_rgb or name.startswith(
        ("gray", "ya", "yuvj", "mono", "pal")
    )
    color_range = int(frame.color_range)
    specified = color_range in (ColorRange.MPEG, ColorRange.JPEG)
    full = color_range == ColorRange.JPEG if specified else unspecified_is_full
    rotation_deg = -90 * round(frame.rotation / 90) % 360  # libav counts counter-clockwise
    return Layout(frame.width, frame.height, full or frame.format.is_rgb, rotation_deg)


class LumaReader:
    """Reads the luma of one stream's pictures; keeps libswscale's tables between them."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._reformatter = VideoReformatter()

    def read(self, frame: av.VideoFrame) -> U8:
        """Luma of ``frame``: uint8 (height_px, width_px) as displayed, 0..255, read-only.

        The array may be a view on the decoder's memory, which lives as long as the array does.
        """
        luma, limited_range = self.read_plane(frame)
        if limited_range:
            luma = expand_limited_range(luma)
            luma.flags.writeable = False
        return luma

    def read_plane(self, frame: av.VideoFrame) -> tuple[U8, bool]:
        """As ``read``, but what is stored in limited range stays so; and whether that is so."""
        layout = self._layout
        limited_range = False
        match = _LUMA_PLANE.fullmatch(frame.format.name)
        same_size = (frame.width, frame.height) == (layout.width_px, layout.height_px)
        if match and same_size and frame.planes[0].line_size > 0:
            bits = int(match["bits"] or 8)
            if bits == 8:
                luma = _plane(frame, np.dtype(np.uint8))
            else:
                luma = shift_to_8_bits(_plane(frame, _word(match["order"])), bits)
            limited_range = not layout.full_range
        else:
            luma = self._through_swscale(frame)
        if layout.rotation_deg:
            luma = np.ascontiguousarray(np.rot90(luma, -layout.rotation_deg // 90))
        luma.flags.writeable = False
        return luma, limited_range

    def _through_swscale(self, frame: av.VideoFrame) -> U8:
        """Gray by libswscale, with BT.601 weights where the picture is RGB."""
        layout = self._layout
        full = layout.full_range or frame.format.is_rgb
        gray = self._reformatter.reformat(
            frame,
            width=layout.width_px,
            height=layout.height_px,
            format="gray",
            dst_colorspace=Colorspace.ITU601,
            src_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
        )
        return _plane(gray, np.dtype(np.uint8))


def _word(order: str | None) -> np.dtype[np.uint16]:
    return np.dtype(">u2" if order == "be" else "<u2")


def _plane(frame: av.VideoFrame, dtype: np.dtype[Depth]) -> npt.NDArray[Depth]:
    """A strided view on the first plane; it keeps the plane, and so the decoder's buffer, alive."""
    plane = frame.planes[0]
    # PyAV's planes have the buffer protocol, which annotations can express from Python 3.12 on.
    values = np.frombuffer(cast("memoryview[int]", plane), dtype)
    rows = values.reshape(-1, plane.line_size // dtype.itemsize)
    return rows[: frame.height, : frame.width]


def shift_to_8_bits(plane: U16, bits: int) -> U8:
    """``min(255, floor(v / 2**(bits - 8) + 1/2))``: a rounding shift, for 9 to 16 bits."""
    work = plane >> (bits - 9)  # one bit is kept for rounding; nothing can overflow
    work += 1
    work >>= 1
    np.minimum(work, 255, out=work)
    return work.astype(np.uint8)
