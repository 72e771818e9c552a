"""The sound of a replay in a new file: its packets as they are, or encoded anew where need be."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer

from pyanalyzer.decode.source import open_source

MICROSECONDS = 1_000_000
OPUS_RATE_HZ = 48_000
# ISO/IEC 14496-3, table 1.18; sound of another rate is brought to Opus'.
AAC_RATES_HZ = (
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
)  # fmt: skip
# What so many channels are where the replay does not say (AVI, WAVE).
_LAYOUTS = ("mono", "stereo", "2.1", "quad", "5.0", "5.1", "6.1", "7.1")


class Sound:
    """Copies the audio streams of a replay into ``output``, as far as the video has come.

    Packets go over byte by byte, with their times; where the container cannot hold their codec they
    are decoded and encoded again (Opus for WebM, AAC otherwise). ``begin`` and ``end``, in s of the
    replay's clock, half-open, choose whole packets; ``shift`` is subtracted from every time.
    """

    def __init__(
        self,
        path: str,
        output: OutputContainer,
        *,
        begin: Fraction | None = None,
        end: Fraction | None = None,
        shift: Fraction = Fraction(0),
    ) -> None:
        self._output = output
        self._begin, self._end, self._shift = begin, end, shift
        self._source = open_source(path)
        container = self._source.__enter__().container
        # PyAV's annotations do not say that streams without a decoder have no codec context.
        known = [s for s in container.streams.audio if getattr(s, "codec_context", None)]
        self._targets: dict[int, tuple[AudioStream, bool]] = {}
        for stream in known:
            self._targets[stream.index] = self._target(stream)
        if begin is not None and known:
            with suppress(av.FFmpegError):  # then it is read from its beginning
                container.seek(max(0, int((begin - 1) * MICROSECONDS)))
        self._packets = self._wanted(container.demux(known) if known else iter(()))
        self._held: Any = None

    def advance(self, until: Fraction | None) -> None:
        """Hand over the packets up to a time of the replay's clock; None: all that are left."""
        while True:
            packet = self._held if self._held is not None else next(self._packets, None)
            self._held = None
            if packet is None:
                return
            if until is not None and packet.pts * packet.time_base > until:
                self._held = packet
                return
            self._hand_over(packet)

    def finish(self) -> None:
        """Hand over all the rest, and what encoders hold back."""
        self.advance(None)
        for target, copied in self._targets.values():
            if not copied:
                self._output.mux(target.encode(None))

    def close(self) -> None:
        """Close the replay."""
        self._source.__exit__(None, None, None)

    def _target(self, stream: AudioStream) -> tuple[AudioStream, bool]:
        copied = _holds(self._output.format.name, stream)
        layout = _layout(stream)
        if copied:
            target = self._output.add_stream_from_template(stream)
        elif "libopus" in av.codecs_available and self._output.format.name == "webm":
            target = self._output.add_stream("libopus", rate=OPUS_RATE_HZ, layout=layout)
        else:
            rate = stream.rate if stream.rate in AAC_RATES_HZ else OPUS_RATE_HZ
            target = self._output.add_stream("aac", rate=rate, layout=layout)
        for key in ("language", "title"):
            if key in stream.metadata:
                target.metadata[key] = stream.metadata[key]
        return target, copied

    def _wanted(self, packets: Iterator[Any]) -> Iterator[Any]:
        """Those within the bounds; damage ends them."""
        over: set[int] = set()
        with suppress(av.FFmpegError):
            for packet in packets:
                if not packet.size or packet.pts is None or packet.dts is None:
                    continue
                time_s = packet.pts * packet.time_base
                if self._end is not None and time_s >= self._end:
                    over.add(packet.stream_index)
                    if len(over) == len(self._targets):
                        return
                elif self._begin is None or time_s >= self._begin:
                    yield packet

    def _hand_over(self, packet: Any) -> None:
        target, copied = self._targets[packet.stream_index]
        ticks = round(self._shift / packet.time_base)
        if copied:
            packet.pts -= ticks
            packet.dts -= ticks
            packet.stream = target
            self._output.mux(packet)
            return
        with suppress(av.InvalidDataError):
            for frame in packet.decode():
                if frame.pts is not None:
                    frame.pts -= round(self._shift / frame.time_base)
                self._output.mux(target.encode(frame))


def _holds(container: str, stream: AudioStream) -> bool:
    """Whether a container takes this stream as it is, tried on a file in memory.

    The list of codecs that libav has for a container does not tell: MOV has a mark for Opus and
    FLAC and refuses both. That MP4 takes PCM only where it knows what its channels are is found out
    at the end of the file, too late for a trial.
    """
    if container == "mp4" and stream.channels > 1 and _is_unnamed(stream):
        return not stream.codec.canonical_name.startswith("pcm_")
    with av.open(io.BytesIO(), "w", format=container) as trial:
        try:
            trial.add_stream_from_template(stream)
            trial.start_encoding()
        except (av.FFmpegError, ValueError):
            return False
    return True


def _layout(stream: AudioStream) -> str:
    """The name of the stream's channels, for an encoder: not only their number."""
    if not _is_unnamed(stream):
        return stream.layout.name
    channels = stream.channels
    return _LAYOUTS[channels - 1] if channels <= len(_LAYOUTS) else "stereo"


def _is_unnamed(stream: AudioStream) -> bool:
    """Whether only the number of channels is known (libav calls it ``2 channels``)."""
    return stream.layout.name.endswith("channels")
