"""Pictures of a replay, decoded ahead, as they are displayed, ready to be drawn on and encoded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from pyanalyzer.annotate.canvas import Canvas, ColourSpace, yuv420_space
from pyanalyzer.decode.channel import Channel
from pyanalyzer.decode.damage import Damage
from pyanalyzer.decode.luma import Layout
from pyanalyzer.decode.passes import Picture
from pyanalyzer.decode.pictures import Pictures
from pyanalyzer.decode.source import Probe, StoppedError
from pyanalyzer.records import U8

QUEUE_PICTURES = 6  # decoded ahead at most: enough to even out, 12 MB each at 4k
PLANAR = ("yuv420p", "yuvj420p")

# AVCOL_SPC_*: ITU-T H.273, table 4.
_STANDARDS = {1: "bt709", 5: "bt601", 6: "bt601", 9: "bt2020", 10: "bt2020"}
# libswscale's names; BT.2020 is near enough to BT.709 for a still.
_MATRIX = {"bt709": Colorspace.ITU709, "bt601": Colorspace.ITU601, "bt2020": Colorspace.ITU709}
HD_HEIGHT_PX = 720  # from here on players take unmarked video for BT.709


@contextmanager
def decoded(
    probed: Probe, start_pts: int | None = None, end_pts: int | None = None
) -> Iterator[Iterator[Picture]]:
    """The whole pictures of ``start_pts <= pts < end_pts`` (None: no bound), by another thread.

    The same pictures, numbers and pts as in an analysis. Errors of decoding are raised by ``next``.
    """
    channel = Channel[Picture](QUEUE_PICTURES)
    begin = probed.first_pts if start_pts is None else start_pts
    pictures = Pictures(probed, begin, Damage(), check=channel.check)

    def work() -> None:
        try:
            for picture in pictures.decode(threads=0):
                if end_pts is not None and picture.pts >= end_pts:
                    break
                channel.put(picture)
        except StoppedError:
            channel.finish(None)
        except BaseException as error:  # whatever it is, it belongs to the caller
            channel.finish(error)
        else:
            channel.finish(None)

    thread = threading.Thread(target=work, name="pyanalyzer-decode", daemon=True)
    thread.start()
    try:
        yield iter(channel.get, None)
    finally:
        channel.close()
        thread.join()


def colour_standard(frame: av.VideoFrame) -> str:
    """Which matrix the picture's colours are in; where it does not say, what players assume."""
    guess = "bt709" if frame.height >= HD_HEIGHT_PX else "bt601"
    return _STANDARDS.get(int(frame.colorspace), guess)


class Stage:
    """Brings decoded pictures onto a canvas: upright, 8-bit YUV 4:2:0, even sizes, room below.

    ``width_px``, ``height_px``: of the picture as displayed. A last odd column or row is doubled,
    as 4:2:0 has one colour for 2 x 2 px. ``space``: what the canvas' planes mean.
    """

    def __init__(self, layout: Layout, first: av.VideoFrame) -> None:
        self.first = first
        self._layout = layout
        turned = layout.rotation_deg in (90, 270)
        self.width_px = layout.height_px if turned else layout.width_px
        self.height_px = layout.width_px if turned else layout.height_px
        self.even_width_px = self.width_px + self.width_px % 2
        self.even_height_px = self.height_px + self.height_px % 2
        # RGB is made limited range here, as every player of H.264 expects.
        self.full_range = layout.full_range and not first.format.is_rgb
        self.standard = colour_standard(first)
        self.space: ColourSpace = yuv420_space(self.standard, full_range=self.full_range)
        self._reformatter = VideoReformatter()

    def place(self, frame: av.VideoFrame, below_px: int = 0) -> tuple[av.VideoFrame, Canvas]:
        """A new picture with a copy of ``frame`` and ``below_px`` (even) empty rows under it."""
        height = self.even_height_px + below_px
        target = av.VideoFrame(self.even_width_px, height, "yuv420p")
        planes = planes_of(target)
        for n, (ground, plane) in enumerate(
            zip(planes, planes_of(self._planar(frame)), strict=True)
        ):
            upright = np.rot90(plane, -self._layout.rotation_deg // 90)
            rows, columns = upright.shape
            ground[:rows, :columns] = upright
            if n == 0:
                ground[:rows, columns:] = ground[:rows, columns - 1 : columns]
                ground[rows : self.even_height_px] = ground[rows - 1]
        return target, Canvas(planes, self.space)

    def _planar(self, frame: av.VideoFrame) -> av.VideoFrame:
        layout = self._layout
        same_size = (frame.width, frame.height) == (layout.width_px, layout.height_px)
        if frame.format.name in PLANAR and same_size and frame.planes[0].line_size > 0:
            return frame
        is_rgb = frame.format.is_rgb
        own = ColorRange.JPEG if layout.full_range else ColorRange.MPEG
        wanted = ColorRange.JPEG if self.full_range else ColorRange.MPEG
        return self._reformatter.reformat(
            frame,
            width=layout.width_px,
            height=layout.height_px,
            format="yuv420p",
            dst_colorspace=_MATRIX[self.standard] if is_rgb else None,
            src_color_range=ColorRange.JPEG if is_rgb else own,
            dst_color_range=wanted,
        )


def planes_of(frame: av.VideoFrame) -> tuple[U8, U8, U8]:
    """Views on the three 8-bit planes of a picture, (h, w), which can be written to."""
    y, u, v = frame.planes[:3]
    return _view(y), _view(u), _view(v)


def _view(plane: av.video.plane.VideoPlane) -> U8:
    # PyAV's planes have the buffer protocol, which annotations can express from Python 3.12 on.
    values = np.frombuffer(cast("memoryview[int]", plane), np.uint8)
    return values.reshape(-1, plane.line_size)[: plane.height, : plane.width]


def still(frame: av.VideoFrame, stage: Stage, width_px: int, height_px: int) -> U8:
    """The picture as displayed, RGB (height_px, width_px, 3), averaged down to that size."""
    upright, _ = stage.place(frame)
    upright.colorspace = _MATRIX[stage.standard]
    upright.color_range = ColorRange.JPEG if stage.full_range else ColorRange.MPEG
    rgb = upright.to_ndarray(format="rgb24")[: stage.height_px, : stage.width_px]
    how = cv2.INTER_AREA if width_px <= stage.width_px else cv2.INTER_CUBIC
    small = cv2.resize(rgb, (width_px, height_px), interpolation=how)
    return np.asarray(small, np.uint8)
