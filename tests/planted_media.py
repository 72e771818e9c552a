"""Little replays with sound, and timelines of them, for what is drawn and cut."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from pyanalyzer.decode import sha256_of
from pyanalyzer.decode.source import probe_source
from pyanalyzer.records import KINDS, Event, ModelSummary, Region, Timeline, VideoSummary
from tests.media import frame_of, marked

WIDTH_PX, HEIGHT_PX = 160, 96
SOUND_HZ = 48_000


def write_replay(
    path: Path,
    pts: Sequence[int],
    time_base: Fraction,
    *,
    rate: Fraction | int = 30,
    b_frames: int = 2,
    sound: str | None = "aac",
    sound_s: float = 0.0,
    layout: str = "mono",
    size: tuple[int, int] = (WIDTH_PX, HEIGHT_PX),
    pixel_format: str = "yuv420p",
) -> Path:
    """Numbered pictures (tests.media) at ``pts``, and a tone from ``sound_s`` on beside them."""
    options = {"movie_timescale": str(time_base.denominator * 3)} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(
            "libx264", rate=rate, options={"bf": str(b_frames), "preset": "ultrafast", "qp": "12"}
        )
        stream.width, stream.height = size
        stream.pix_fmt = pixel_format
        stream.time_base = stream.codec_context.time_base = time_base
        tone = container.add_stream(sound, rate=SOUND_HZ, layout=layout) if sound else None
        for index, tick in enumerate(pts):
            luma = marked(index % 256, *size)
            deep = "10" in pixel_format
            frame = frame_of(luma.astype(np.uint16) << 2 if deep else luma, pixel_format)
            frame.pts, frame.time_base = tick, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if tone is not None:
            length_s = float((pts[-1] - pts[0]) * time_base)
            for frame in _tone(length_s, sound_s):
                container.mux(tone.encode(frame))
            container.mux(tone.encode(None))
    return path


def _tone(length_s: float, begin_s: float) -> Sequence[av.AudioFrame]:
    frames = []
    for k in range(int(length_s * SOUND_HZ / 1024)):
        wave = np.sin(2 * np.pi * 440 * (np.arange(1024) + 1024 * k) / SOUND_HZ)
        frame = av.AudioFrame.from_ndarray((wave[None] * 8000).astype(np.int16), "s16", "mono")
        frame.sample_rate = SOUND_HZ
        frame.pts, frame.time_base = 1024 * k + int(begin_s * SOUND_HZ), Fraction(1, SOUND_HZ)
        frames.append(frame)
    return frames


def timeline_at(
    path: Path, frames: Sequence[int], pts: Sequence[int], **settings: object
) -> Timeline:
    """A timeline of ``path`` with an event at each of ``frames``; ``pts`` are the replay's own."""
    info = probe_source(str(path)).info
    base = info.time_base
    events = tuple(
        Event(
            id=n,
            frame=frame,
            pts=pts[frame],
            time_s=float((pts[frame] - pts[0]) * base),
            interval_frames=(frame, frame + 1),
            kind=KINDS[n % 4],
            cause="player",
            confidence=0.5 + n % 40 / 100,
            region_px=Region(info.width_px // 4, info.height_px // 4, 40, 24),
            motion_before_px_s=(0.0, 0.0),
            motion_after_px_s=(60.0, -20.0) if n % 2 else (0.0, 0.0),
        )
        for n, frame in enumerate(frames, start=1)
    )
    duration_s = float((pts[-1] - pts[0]) * base * len(pts) / max(1, len(pts) - 1))
    video = VideoSummary(
        str(path), info.width_px, info.height_px, len(pts), duration_s, base, info.frame_rate,
        sha256_of(path),
    )  # fmt: skip
    return Timeline(video, ModelSummary("planted-1", "ab" * 32), dict(settings), events)


def picture_times(path: Path | str) -> list[Fraction]:
    """The times of display of all pictures, in s, in order."""
    with av.open(str(path)) as container:
        base = container.streams.video[0].time_base
        return sorted(p.pts * base for p in container.demux(video=0) if p.size)


def sound_packets(path: Path | str) -> list[tuple[Fraction, bytes]]:
    """Time and bytes of every packet of sound."""
    with av.open(str(path)) as container:
        return [(p.pts * p.time_base, bytes(p)) for p in container.demux(audio=0) if p.size]


def stored_pts(path: Path | str) -> list[int]:
    """The pts of all pictures, in order."""
    with av.open(str(path)) as container:
        return sorted(p.pts for p in container.demux(video=0) if p.size)


def pictures(path: Path | str) -> list[np.ndarray]:
    """All pictures, uint8 luma."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
