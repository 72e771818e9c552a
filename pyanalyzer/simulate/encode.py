"""Pictures to H.264 as a screen recorder would write them (PyAV, libx264, yuv420p)."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from pyanalyzer.errors import OutputError
from pyanalyzer.records import U8, Region


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the game's picture stands in the video: scaled to a box, the rest black.

    Sizes and offsets are even, because yuv420p keeps one colour for 2 x 2 px.
    """

    width_px: int
    height_px: int
    box: Region
    smooth: bool  # bilinear; otherwise nearest neighbour

    def region(self, region: Region, source_width_px: int, source_height_px: int) -> Region:
        """The box in the video that holds every pixel that a region of the source has an effect on.

        Bilinear interpolation spreads a source pixel by one source pixel to each side.
        """
        spread = int(self.smooth)
        sx = Fraction(self.box.w_px, source_width_px)
        sy = Fraction(self.box.h_px, source_height_px)
        x0 = math.floor(max(0, region.x_px - spread) * sx)
        y0 = math.floor(max(0, region.y_px - spread) * sy)
        x1 = math.ceil(min(source_width_px, region.x_px + region.w_px + spread) * sx)
        y1 = math.ceil(min(source_height_px, region.y_px + region.h_px + spread) * sy)
        return Region(self.box.x_px + x0, self.box.y_px + y0, x1 - x0, y1 - y0)


def full(width_px: int, height_px: int, smooth: bool = False) -> Layout:
    """The picture fills the video."""
    return Layout(width_px, height_px, Region(0, 0, width_px, height_px), smooth)


# An Atari picture is 160 x 210 px that a television showed about 4:3.
ATARI_LAYOUTS: tuple[Layout, ...] = (
    full(320, 210),
    full(320, 420),
    full(480, 420),
    full(320, 240, smooth=True),
    full(480, 360, smooth=True),
    full(640, 480, smooth=True),
    Layout(640, 360, Region(80, 0, 480, 360), smooth=True),
    Layout(854, 480, Region(106, 0, 640, 480), smooth=True),
)


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """x264's settings. ``gop_frames``: the longest distance between key frames."""

    crf: int
    b_frames: int
    gop_frames: int
    preset: str = "veryfast"


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """A video stream: its encoder by libav's name, and the encoder's options.

    ``frame_rate`` is what the container declares; frames have their own pts in ``time_base``.
    """

    codec: str
    width_px: int
    height_px: int
    frame_rate: Fraction
    time_base: Fraction
    options: Mapping[str, str]


def write_video(
    path: Path,
    pictures: Iterable[U8],
    frame_rate: Fraction,
    layout: Layout,
    settings: EncoderSettings,
) -> int:
    """Encode uint8 (h, w, 3) RGB pictures; returns how many.

    One frame per picture, at a constant rate: pts ``t`` in a time base of one frame. The file is
    written whole or not at all. One thread: with several, the same pictures often give other bytes.
    Raises :class:`~pyanalyzer.errors.OutputError`.
    """
    stream = StreamSettings(
        codec="libx264",
        width_px=layout.width_px,
        height_px=layout.height_px,
        frame_rate=frame_rate,
        time_base=1 / frame_rate,
        options={
            "preset": settings.preset,
            "crf": str(settings.crf),
            "bf": str(settings.b_frames),
            "g": str(settings.gop_frames),
            "threads": "1",
        },
    )
    placed = ((t, _place(picture, layout)) for t, picture in enumerate(pictures))
    return write_frames(path, placed, stream)


def write_frames(
    path: Path, frames: Iterable[tuple[int, av.VideoFrame]], settings: StreamSettings
) -> int:
    """Encode yuv420p frames at their pts, in ``settings.time_base``; returns how many.

    The file is written whole or not at all. Raises :class:`~pyanalyzer.errors.OutputError`; what
    the frames' source raises goes through.
    """
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    count = 0
    try:
        with av.open(str(part), "w") as container:
            stream = container.add_stream(settings.codec, rate=settings.frame_rate)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height = settings.width_px, settings.height_px
            stream.pix_fmt = "yuv420p"
            stream.time_base = stream.codec_context.time_base = settings.time_base
            stream.options = dict(settings.options)
            for pts, frame in frames:
                frame.pts, frame.time_base = pts, settings.time_base
                container.mux(stream.encode(frame))
                count += 1
            container.mux(stream.encode(None))
        os.replace(part, path)
    except (OSError, av.FFmpegError) as error:
        raise OutputError(f"{path}: the video cannot be written: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return count


def _place(picture: U8, layout: Layout) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    box = layout.box
    scaled = frame.reformat(
        width=box.w_px,
        height=box.h_px,
        format="yuv420p",
        interpolation="BILINEAR" if layout.smooth else "POINT",
    )
    if (box.w_px, box.h_px) == (layout.width_px, layout.height_px):
        return scaled
    # (height * 3 / 2, width): Y, then U and V at half the size
    planes: U8 = scaled.to_ndarray().astype(np.uint8, copy=False)
    canvas = np.full((layout.height_px * 3 // 2, layout.width_px), 128, np.uint8)
    canvas[: layout.height_px] = 16  # black in limited range
    _paste(canvas, planes, layout)
    return av.VideoFrame.from_ndarray(canvas, format="yuv420p")


def _paste(canvas: U8, planes: U8, layout: Layout) -> None:
    box, height, width = layout.box, layout.height_px, layout.width_px
    rows, columns = box.h_px, box.w_px
    canvas[box.y_px : box.y_px + rows, box.x_px : box.x_px + columns] = planes[:rows]
    for k in range(2):
        size = height * width // 4
        flat = canvas.reshape(-1)[height * width + k * size :][:size]
        target = flat.reshape(height // 2, width // 2)
        part = planes.reshape(-1)[rows * columns + k * rows * columns // 4 :][: rows * columns // 4]
        y, x = box.y_px // 2, box.x_px // 2
        target[y : y + rows // 2, x : x + columns // 2] = part.reshape(rows // 2, columns // 2)
