"""Tiny replays made on the fly: planted luma ramps and a number in every picture.

``marked(index, ...)`` draws a picture whose number can be read back with ``number_of`` after lossy
coding, so that a test can say which picture it was handed, whatever its time or place.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

BITS = 8  # numbers of pictures are 0..255
CELL_PX = 8  # a bit is a square of this side: one transform block of every codec
X264_LOSSLESS = {"preset": "ultrafast", "qp": "0"}
X265_LOSSLESS = {"preset": "ultrafast", "x265-params": "lossless=1:log-level=none"}
VP9_LOSSLESS = {"lossless": "1", "cpu-used": "8", "deadline": "realtime"}
AV1_FAST = {"preset": "12", "crf": "10", "svtav1-params": "lp=1"}


def marked(
    index: int, width_px: int = 96, height_px: int = 64, *, black: int = 16, white: int = 235
) -> npt.NDArray[np.uint8]:
    """A ramp ``black .. white`` from left to right; ``index`` as bits in the top left corner."""
    ramp = np.linspace(black, white, width_px).round().astype(np.uint8)
    luma = np.repeat(ramp[None, :], height_px, axis=0)
    for bit in range(BITS):
        x = bit * CELL_PX
        luma[:CELL_PX, x : x + CELL_PX] = white if index >> bit & 1 else black
    return luma


def number_of(luma: npt.NDArray[np.uint8]) -> int:
    """The number that ``marked`` drew."""
    cells = luma[:CELL_PX, : BITS * CELL_PX].reshape(CELL_PX, BITS, CELL_PX).mean(axis=(0, 2))
    return int(sum(1 << bit for bit in range(BITS) if cells[bit] > 128))


def moving(index: int, width_px: int = 160, height_px: int = 96) -> npt.NDArray[np.uint8]:
    """A marked picture on a texture that scrolls: every inter picture of it has a residual."""
    texture = np.random.default_rng(1).integers(0, 60, (height_px + 200, width_px + 200))
    luma = marked(index, width_px, height_px)
    part = texture[2 * index :, 3 * index :][: height_px - 10, :width_px]
    luma[10:] = np.minimum(235, 16 + part + luma[10:] // 2)
    return luma


def frame_of(luma: Plane, pixel_format: str) -> av.VideoFrame:
    """``luma`` as the first plane of a picture with neutral chroma (RGB: in all planes)."""
    height_px, width_px = luma.shape
    frame = av.VideoFrame(width_px, height_px, pixel_format)
    order = ">" if frame.format.is_big_endian else "<"
    values = luma.astype(luma.dtype.newbyteorder(order))
    bits = frame.format.components[0].bits
    for number, plane in enumerate(frame.planes):
        if pixel_format == "pal8" and number == 1:
            _gray_palette(plane)
            continue
        rows = np.frombuffer(plane, values.dtype).reshape(-1, plane.line_size // luma.itemsize)
        if frame.format.is_rgb and not frame.format.is_planar:
            rows[:height_px, : 3 * width_px] = np.repeat(values, 3, axis=1)
        elif number == 0 or frame.format.is_rgb:
            rows[:height_px, :width_px] = values
        else:
            rows[:] = 1 << (bits - 1)
    return frame


def _gray_palette(plane: av.video.plane.VideoPlane) -> None:
    colors = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 4, axis=1)
    colors[:, 3] = 255
    np.frombuffer(plane, np.uint8)[:1024] = colors.ravel()


def write_video(
    path: Path,
    lumas: Sequence[Plane],
    *,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    rate: Fraction | int = 30,
    pts: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    options: dict[str, str] | None = None,
    full_range: bool | None = None,
    container_options: dict[str, str] | None = None,
    format_name: str | None = None,
) -> Path:
    """Encode ``lumas``; ``pts`` are in ``time_base`` (1/rate unless told)."""
    time_base = time_base or 1 / Fraction(rate)
    with av.open(str(path), "w", format=format_name, options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=rate, options=dict(options or {}))
        stream.height, stream.width = lumas[0].shape
        stream.pix_fmt = pixel_format
        stream.codec_context.time_base = time_base
        stream.time_base = time_base
        if full_range is not None:
            stream.codec_context.color_range = 2 if full_range else 1
        for index, luma in enumerate(lumas):
            frame = frame_of(luma, pixel_format)
            if full_range is not None:
                frame.color_range = 2 if full_range else 1
            frame.pts = index if pts is None else pts[index]
            frame.time_base = time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def set_matrix(path: Path, matrix: Sequence[int]) -> None:
    """Write a display matrix into the track header of an MP4 or MOV: ISO/IEC 14496-12, 8.3.2.

    Row by row, in 16.16 and 2.30; the box is of version 0: 44 bytes from its name to the matrix.
    """
    data = bytearray(path.read_bytes())
    begin = data.index(b"tkhd") + 44
    data[begin : begin + 36] = struct.pack(">9i", *matrix)
    path.write_bytes(data)


def assert_same_pictures(first: Path, second: Path) -> None:
    """Both show the same, but for what an encoder may make of it: of the same pictures x264 now
    and then writes other bytes (docs/truth.md)."""
    with av.open(str(first)) as one, av.open(str(second)) as other:
        for a, b in zip(one.decode(video=0), other.decode(video=0), strict=True):
            assert a.pts == b.pts
            ours, theirs = (f.to_ndarray(format="gray").astype(np.int16) for f in (a, b))
            assert np.abs(ours - theirs).mean() < 1
