"""Opening a replay: the file, its video stream, and what is known before all is decoded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from pyanalyzer.decode.luma import Layout, layout_of
from pyanalyzer.errors import ReplayError
from pyanalyzer.records import VideoInfo

DEFAULT_RATE = Fraction(25)  # libav's own assumption for streams that declare no rate


@dataclass(frozen=True, slots=True)
class Source:
    """An open container and the stream that is looked at."""

    path: str
    container: InputContainer
    stream: VideoStream

    @property
    def time_base(self) -> Fraction:
        return self.stream.time_base or Fraction(1, 90000)

    @property
    def frame_rate(self) -> Fraction:
        """Average over the stream as the container declares it, or libav's guess."""
        stream = self.stream
        return stream.average_rate or stream.guessed_rate or stream.base_rate or DEFAULT_RATE


@dataclass(frozen=True, slots=True)
class Probe:
    """A replay's description, and what decoding needs to know of its first picture."""

    info: VideoInfo
    layout: Layout
    first_pts: int
    container: str  # libav's name of the format


class StoppedError(Exception):
    """Nobody wants the rest: raised by the check that long-running loops call for every packet."""


def never_stopped() -> None:
    """The check of those who want everything."""


@contextmanager
def open_source(path: str) -> Iterator[Source]:
    """Open ``path`` and choose its video stream; closed on leaving.

    Raises ``ReplayError``: no such file, not a file, empty, unreadable, not a video, no video
    stream, no decoder for it.
    """
    _check_file(path)
    try:
        # A local file and nothing else: neither its name nor a playlist in it reaches the network.
        container = av.open(
            f"file:{path}",
            mode="r",
            container_options={"protocol_whitelist": "file"},
            metadata_errors="replace",
        )
    except (av.FFmpegError, ValueError) as error:
        raise ReplayError(
            f"{path}: cannot be opened as a video ({_reason(error)}): it is not one, it is damaged "
            "at its beginning, or the recording was cut off before its index was written"
        ) from error
    try:
        yield Source(path, container, _video_stream(path, container))
    finally:
        container.close()


def _check_file(path: str) -> None:
    if not os.path.exists(path):
        raise ReplayError(f"{path}: no such file; expected a video file")
    if os.path.isdir(path):
        raise ReplayError(f"{path}: is a folder; expected a video file")
    if not os.path.isfile(path):
        raise ReplayError(f"{path}: is not a regular file; expected a video file")
    if os.path.getsize(path) == 0:
        raise ReplayError(f"{path}: is empty; expected a video file")
    if not os.access(path, os.R_OK):
        raise ReplayError(f"{path}: cannot be read; check its permissions")


def _video_stream(path: str, container: InputContainer) -> VideoStream:
    """libav's choice among the video streams, cover pictures excepted."""
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        kinds = ", ".join(sorted({s.type for s in container.streams})) or "none"
        raise ReplayError(f"{path}: holds no video stream (streams: {kinds}); expected a recording")
    best = container.streams.best("video")
    stream = next((s for s in streams if best is not None and s.index == best.index), streams[0])
    # PyAV's annotations do not say that streams without a decoder have no codec context.
    if getattr(stream, "codec_context", None) is None:
        raise ReplayError(
            f"{path}: its video is encrypted or in a format for which there is no decoder; "
            "convert it to H.264, HEVC, VP9 or AV1 first"
        )
    return stream


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def describe(source: Source, frame: av.VideoFrame, first_pts: int) -> Probe:
    """Put together what the container declares and what the first picture shows."""
    stream = source.stream
    layout = layout_of(frame)
    turned = layout.rotation_deg in (90, 270)
    width_px, height_px = layout.width_px, layout.height_px
    duration_s = _declared_duration_s(source)
    frames = stream.frames or None
    if frames is None and duration_s is not None:
        frames = max(1, round(duration_s * source.frame_rate))
    info = VideoInfo(
        path=source.path,
        width_px=height_px if turned else width_px,
        height_px=width_px if turned else height_px,
        time_base=source.time_base,
        frame_rate=source.frame_rate,
        codec=stream.codec.canonical_name,
        pixel_format=frame.format.name,
        bit_depth=max(component.bits for component in frame.format.components),
        full_range=layout.full_range,
        rotation_deg=layout.rotation_deg,
        frames_estimated=frames,
        duration_estimated_s=None if duration_s is None else float(duration_s),
        start_pts=first_pts,
    )
    return Probe(info, layout, first_pts, source.container.format.name)


def _declared_duration_s(source: Source) -> Fraction | None:
    """The stream's own duration; else Matroska's tag for it; else the container's."""
    if source.stream.duration:
        return source.stream.duration * source.time_base
    tagged = _tagged_duration_s(source.stream)
    if tagged is not None:
        return tagged
    duration = source.container.duration
    return Fraction(duration, 1_000_000) if duration else None  # AV_TIME_BASE: microseconds


def _tagged_duration_s(stream: VideoStream) -> Fraction | None:
    """Matroska's DURATION tag of a track, ``HH:MM:SS.fraction``: the time at which it ends."""
    tag = next((v for k, v in stream.metadata.items() if k.upper().startswith("DURATION")), "")
    try:
        hours, minutes, seconds = tag.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class DeclaredEnd:
    """What a container says of its own end: each in its own way, None where it says nothing."""

    last_dts: int | None = None  # of the last packet in the index
    packets: int | None = None  # empty ones counted; each is one tick
    time_s: Fraction | None = None


def declared_end(source: Source) -> DeclaredEnd:
    """Where the video stream ends, as its container wrote it down and not as libav estimates it."""
    name, stream = source.container.format.name, source.stream
    if "mov" in name:
        entries = getattr(stream, "index_entries", ())  # PyAV 17 and later have it
        if len(entries):
            return DeclaredEnd(last_dts=entries[len(entries) - 1].timestamp)
        ticks = (stream.start_time or 0) + (stream.duration or 0)
        return DeclaredEnd(time_s=ticks * source.time_base)
    if name == "avi":
        return DeclaredEnd(packets=stream.frames or None)
    if "matroska" in name:
        single = len(source.container.streams) == 1  # else the longest stream gives the duration
        return DeclaredEnd(
            time_s=_declared_duration_s(source) if single else _tagged_duration_s(stream)
        )
    return DeclaredEnd()


def probe(path: str | Path) -> VideoInfo:
    """What is known of a replay from its header and its first picture; nothing else is decoded.

    Raises ``ReplayError`` with a message for the user where there is no picture to look at.
    """
    return probe_source(str(path)).info


def probe_source(path: str) -> Probe:
    """``probe`` with what decoding needs besides; raises ``ReplayError`` likewise."""
    from pyanalyzer.decode.passes import DecodePass  # it needs Source: imported where it is used

    with open_source(path) as source:
        decode_pass = DecodePass(source, threads=1)
        for picture in decode_pass:
            return describe(source, picture.frame, picture.pts)
    why = "it is encrypted" if decode_pass.encrypted else "the stream is damaged or empty"
    raise ReplayError(f"{path}: not a single picture could be decoded: {why}")
