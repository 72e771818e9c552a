"""Single pictures of a replay in colour, without decoding what lies between them.

For what people look at; the analysis reads lumas (:mod:`pyanalyzer.decode.luma`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from pyanalyzer.decode.damage import Damage
from pyanalyzer.decode.luma import Layout, LumaReader
from pyanalyzer.decode.passes import Picture
from pyanalyzer.decode.reader import Pictures
from pyanalyzer.decode.seek import ShownPackets, count_packets
from pyanalyzer.decode.source import Probe, probe_source
from pyanalyzer.errors import ReplayError
from pyanalyzer.records import U8

# What players assume where a stream does not say: BT.709 from here on, BT.601 below.
HD_HEIGHT_PX = 720
_UNSPECIFIED = 2  # AVCOL_SPC_UNSPECIFIED
_FROM_LIBAV = {1: Colorspace.ITU709, 4: Colorspace.FCC, 5: Colorspace.ITU601, 6: Colorspace.ITU601}


@dataclass(frozen=True, slots=True, eq=False)
class ColourPicture:
    """One picture as displayed. ``rgb``: uint8 (height_px, width_px, 3); ``luma``: uint8
    (height_px, width_px), full range, as the analysis sees it."""

    pts: int
    rgb: U8
    luma: U8


def pictures_at(path: str, pts: Iterable[int], *, threads: int = 0) -> Iterator[ColourPicture]:
    """The pictures of the replay at ``path`` with these ``pts``, rising, each once.

    Decoding goes from the keyframe before a wanted picture to the last wanted one that depends on
    it, and on to the next where that is nearer than a new start; containers that cannot be sought
    exactly (AVI, transport streams) are decoded from the beginning. ``threads`` (0: as many as
    there are processors) changes no picture. Raises ReplayError where the replay cannot be read or
    has no picture of such a pts.
    """
    wanted = sorted(set(pts))
    if not wanted:
        return
    probed = probe_source(path)
    packets = count_packets(probed)
    reader = _ColourReader(probed.layout)
    at = 0
    while at < len(wanted):
        run = _run_length(wanted[at:], packets)
        with closing(_decoded(probed, wanted[at], packets, threads)) as decoded:
            for picture in decoded:
                if picture.pts > wanted[at]:
                    raise _missing(path, wanted[at])
                if picture.pts < wanted[at]:
                    continue
                yield reader.read(picture)
                at, run = at + 1, run - 1
                if run == 0:
                    break
            else:
                raise _missing(path, wanted[at])


def _missing(path: str, pts: int) -> ReplayError:
    return ReplayError(
        f"{path}: has no whole picture of pts {pts}; is it the replay that was analysed?"
    )


def _decoded(
    probed: Probe, start_pts: int, packets: ShownPackets | None, threads: int
) -> Generator[Picture, None, None]:
    pictures = Pictures(probed, start_pts, Damage(), packets=packets)
    if packets is None:  # counting failed for the whole stream: from the beginning
        pictures = Pictures(probed, probed.first_pts, Damage())
    return pictures.decode(threads)


def _run_length(wanted: list[int], packets: ShownPackets | None) -> int:
    """How many of the ``wanted`` come from one start: those up to a group of pictures without any.

    Only within a group, or from one to the very next, going on costs no more than seeking.
    """
    if packets is None:
        return len(wanted)
    groups = [bisect_right(packets.keyframes, pts) for pts in wanted]
    for n in range(1, len(groups)):
        if groups[n] > groups[n - 1] + 1:
            return n
    return len(wanted)


class _ColourReader:
    """Brings the pictures of one stream to RGB and to luma; keeps libswscale's tables."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._luma = LumaReader(layout)
        self._reformatter = VideoReformatter()

    def read(self, picture: Picture) -> ColourPicture:
        """``picture``, turned as it is displayed."""
        luma = self._luma.read(picture.frame)
        rgb = self._rgb(picture.frame)
        if self._layout.rotation_deg:
            rgb = np.ascontiguousarray(np.rot90(rgb, -self._layout.rotation_deg // 90))
        rgb.setflags(write=False)
        return ColourPicture(picture.pts, rgb, luma)

    def _rgb(self, frame: av.VideoFrame) -> U8:
        layout = self._layout
        converted = self._reformatter.reformat(
            frame,
            width=layout.width_px,
            height=layout.height_px,
            format="rgb24",
            src_colorspace=_colourspace(frame, layout),
            src_color_range=ColorRange.JPEG if layout.full_range else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
        )
        return np.asarray(converted.to_ndarray(), np.uint8)


def _colourspace(frame: av.VideoFrame, layout: Layout) -> Colorspace:
    """The matrix that the stream names, or the one that players assume."""
    named = int(frame.colorspace)
    if named in _FROM_LIBAV:
        return _FROM_LIBAV[named]
    if named == _UNSPECIFIED and layout.height_px < HD_HEIGHT_PX:
        return Colorspace.ITU601
    return Colorspace.ITU709
