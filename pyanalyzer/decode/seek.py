"""Where to begin decoding for a start time, and which ordinal in the stream that is.

Counting a stream's packets gives the ordinals of its pictures without decoding them, where every
packet holds exactly one picture and its time. Where that cannot be relied on, or the container does
not seek as it should, ``find_seek`` says so with None, and decoding begins at the beginning.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

import av

from pyanalyzer.decode.source import Probe, Source, never_stopped, open_source

# One packet is one picture in these: ISO/IEC 14496-12 (a sample), RFC 9559 (a block). Transport
# streams may split a picture into two fields, AVI stores no times.
COUNTED_FORMATS = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"})
COUNTED_CODECS = frozenset({"h264", "hevc", "vp9", "av1"})


@dataclass(frozen=True, slots=True)
class SeekPoint:
    """Begin at the keyframe of ``key_pts``; the picture of ``pts`` is the first one wanted."""

    key_pts: int
    pts: int
    index: int


def find_seek(
    probed: Probe, start_pts: int, check: Callable[[], None] = never_stopped
) -> SeekPoint | None:
    """The keyframe from which the first picture at or after ``start_pts`` can be decoded.

    None where decoding from the beginning is the exact way, or as short. ``check`` is called for
    every packet that is counted and may raise.
    """
    shown = count_packets(probed, start_pts, check)
    return None if shown is None else shown.seek_point(start_pts)


@dataclass(frozen=True, slots=True)
class ShownPackets:
    """pts of the packets that are shown, each a picture, and of the keyframes among them: sorted.

    ``times[n]`` is that of the picture with the ordinal n.
    """

    times: list[int]
    keyframes: list[int]

    def seek_point(self, start_pts: int) -> SeekPoint | None:
        """As :func:`find_seek`."""
        if self.times[-1] < start_pts:
            return None
        index = bisect_right(self.times, start_pts - 1)
        wanted = self.times[index]
        key = bisect_right(self.keyframes, wanted) - 1
        if key < 0 or self.keyframes[key] <= self.times[0]:
            return None
        return SeekPoint(self.keyframes[key], wanted, index)


def count_packets(
    probed: Probe, until_pts: int | None = None, check: Callable[[], None] = never_stopped
) -> ShownPackets | None:
    """The packets at least up to the first picture at or after ``until_pts`` (None: all of them).

    None where they do not tell the pictures: see the module.
    """
    with open_source(probed.info.path) as source:
        if source.container.format.name not in COUNTED_FORMATS:
            return None
        if probed.info.codec not in COUNTED_CODECS:
            return None
        shown = _packet_times(source, math.inf if until_pts is None else until_pts, check)
    if shown is None or shown.times[0] != probed.first_pts:
        return None
    return shown


def _packet_times(
    source: Source, start_pts: float, check: Callable[[], None]
) -> ShownPackets | None:
    """The packets up to ``start_pts``.

    Reading stops where every later packet is decoded, and so shown, after the first wanted one.
    None where a packet is damaged or has no time, or two have the same.
    """
    times: list[int] = []
    keyframes: list[int] = []
    wanted: int | None = None
    try:
        for packet in source.container.demux(source.stream):
            check()
            if not packet.size:
                continue
            if packet.is_corrupt or packet.pts is None:
                return None
            if wanted is not None and packet.dts is not None and packet.dts > wanted:
                break
            if packet.is_discard:
                continue
            times.append(packet.pts)
            if packet.is_keyframe:
                keyframes.append(packet.pts)
            if packet.pts >= start_pts:
                wanted = packet.pts if wanted is None else min(wanted, packet.pts)
    except av.FFmpegError:
        return None
    times.sort()
    keyframes.sort()
    if not times or len(set(times)) != len(times):
        return None
    return ShownPackets(times, keyframes)
