"""Where to begin decoding for a start time, and which ordinal in the stream that is.

Counting a stream's packets gives the ordinals of its pictures without decoding them, where every
packet holds exactly one picture and its time. Where that cannot be relied on, or the container does
not seek as it should, ``find_seek`` says so with None, and decoding begins at the beginning.
"""

from __future__ import annotations

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
    info = probed.info
    with open_source(info.path) as source:
        if source.container.format.name not in COUNTED_FORMATS or info.codec not in COUNTED_CODECS:
            return None
        shown = _packet_times(source, start_pts, check)
    if shown is None:
        return None
    times, keyframes = shown
    if times[0] != probed.first_pts or times[-1] < start_pts:
        return None
    index = bisect_right(times, start_pts - 1)
    wanted = times[index]
    key = bisect_right(keyframes, wanted) - 1
    if key < 0 or keyframes[key] <= times[0]:
        return None
    return SeekPoint(keyframes[key], wanted, index)


def _packet_times(
    source: Source, start_pts: int, check: Callable[[], None]
) -> tuple[list[int], list[int]] | None:
    """Sorted pts of the shown packets and of the keyframes among them, up to ``start_pts``.

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
    return times, keyframes
