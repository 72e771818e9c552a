"""A video file being written: H.264 (VP9 in WebM) at the times of the replay, with its sound."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import PurePath

import av
from av.container import OutputContainer
from av.video.stream import VideoStream

from pyanalyzer.annotate.frames import Stage
from pyanalyzer.annotate.sound import Sound
from pyanalyzer.annotate.worker import Worker
from pyanalyzer.atomic_file import open_atomically
from pyanalyzer.decode.source import Probe, open_source
from pyanalyzer.errors import OutputError, UsageError

# libav's names of the containers.
FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
MATROSKA = ("matroska", "webm")
MATROSKA_CLOCK = Fraction(1, 1000)  # libav's muxer counts in ms
MAX_TIMESCALE = 2**31 - 1
KEY_FRAMES_EVERY_S = 2  # players jump to key frames
QUEUE_PICTURES = 3  # drawn ahead of the encoder at most: enough to even out, 12 MB each at 4k
# Threads are a fixed number, since x264 writes it into the file. They encode whole pictures, not
# slices of one: files are smaller, and the caller goes on. Either way the bytes are the same,
# whatever the load (x264's ``deterministic``, on by default).
_H264 = {"crf": "20", "threads": "4"}
# x264's superfast takes about two thirds of veryfast's time, for larger files at the same crf. A
# fixed pattern of B-frames and no refinement below half a pixel spare a third of what is left, for
# files 1 % smaller (scrolling texture) to 3 % larger (Doom).
_H264_SMALL = {"preset": "superfast", "x264-params": "subme=0:b-adapt=0"}
# Of larger pictures even that takes longer than they are shown. ultrafast takes half of it; files
# are 16 to 29 % larger, the picture is 1.6 dB worse (Doom, 45.0 dB) to 1.7 dB better (texture).
_H264_LARGE = {"preset": "ultrafast"}
_LARGE_PX = 1280 * 800
VP9 = {
    "deadline": "realtime",
    "cpu-used": "7",
    "crf": "31",
    "b:v": "0",
    "row-mt": "1",
    "threads": "4",
}
# AVCOL_SPC_* of what Stage makes of RGB: ITU-T H.273, table 4.
_MARKED = {"bt709": 1, "bt601": 6, "bt2020": 9}
_UNSPECIFIED = 2


def h264(picture_px: int) -> dict[str, str]:
    """x264's options for pictures of so many pixels: at least real time at 1080p60 on two cores."""
    return _H264 | (_H264_LARGE if picture_px > _LARGE_PX else _H264_SMALL)


def movie_format(path: str, option: str) -> str:
    """libav's name of the container that a file's ending asks for. Raises UsageError."""
    ending = PurePath(path).suffix.lower()
    if ending not in FORMATS:
        raise UsageError(f"{option} {path}: expected a name that ends in {', '.join(FORMATS)}")
    return FORMATS[ending]


@dataclass(frozen=True, slots=True)
class Stretch:
    """The part of a replay that a file shows, in its ticks, half-open; None: no bound.

    ``shift_pts`` is subtracted from every time; with ``from_zero`` it is the first picture's.
    """

    begin_pts: int | None = None
    end_pts: int | None = None
    shift_pts: int = 0
    from_zero: bool = False


Handed = tuple[av.VideoFrame, Fraction]  # a picture, and its time on the replay's clock in s


class Movie:
    """Takes pictures in the order of time and hands them over to be encoded."""

    def __init__(
        self, path: str, container: str, time_base: Fraction, shift_pts: int, worker: Worker[Handed]
    ) -> None:
        self._path, self._worker = path, worker
        self._time_base, self._shift_pts = time_base, shift_pts
        self._coarse = container in MATROSKA
        self._last_tick: int | None = None

    def add(self, frame: av.VideoFrame, pts: int, duration: int) -> None:
        """Hand a picture over to another thread, to be encoded; nobody may draw on it any more.

        ``pts``, ``duration``: in the replay's ticks. Raises what went wrong in that thread up to
        now, and OutputError where the container's clock is too coarse to tell the picture from the
        last one.
        """
        frame.pts, frame.time_base = pts - self._shift_pts, self._time_base
        frame.duration = duration
        if self._coarse:
            tick = round(frame.pts * self._time_base / MATROSKA_CLOCK)
            if tick == self._last_tick:
                raise OutputError(
                    f"cannot write {self._path}: Matroska and WebM count in ms, and two pictures of"
                    " the replay are nearer to each other; write .mp4"
                )
            self._last_tick = tick
        self._worker.put((frame, pts * self._time_base))


@contextmanager
def new_movie(
    path: str,
    probed: Probe,
    stage: Stage,
    height_px: int,
    stretch: Stretch,
) -> Iterator[Movie]:
    """A video of ``stage``'s width and ``height_px``, whole at ``path`` when the block is left.

    Times are those of the replay, less the stretch's shift, tick by tick; in Matroska and WebM to
    the ms. Raises OutputError: not writable, disk full, a picture that cannot be encoded.
    """
    info = probed.info
    form = FORMATS[PurePath(path).suffix.lower()]
    with open_atomically(path) as file:
        try:
            with av.open(file, "w", format=form, options=_muxer(form, probed)) as output:
                stream = _video_stream(output, probed, stage, height_px)
                sound = Sound(
                    info.path,
                    output,
                    begin=_seconds(stretch.begin_pts, info.time_base),
                    end=_seconds(stretch.end_pts, info.time_base),
                    shift=stretch.shift_pts * info.time_base,
                )

                def encode(handed: Handed) -> None:
                    frame, time = handed
                    output.mux(stream.encode(frame))
                    sound.advance(time)

                with closing(sound), Worker(encode, QUEUE_PICTURES, "pyanalyzer-encode") as worker:
                    yield Movie(path, form, info.time_base, stretch.shift_pts, worker)
                    worker.finish()
                    output.mux(stream.encode(None))
                    sound.finish()
        except OSError:  # libav's errors of the system among them; open_atomically names the file
            raise
        except av.FFmpegError as error:
            raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def _seconds(pts: int | None, time_base: Fraction) -> Fraction | None:
    return None if pts is None else pts * time_base


def _muxer(form: str, probed: Probe) -> dict[str, str]:
    """Options of the container: no dates and versions in it; a clock as fine as the replay's."""
    options = {"fflags": "+bitexact"}
    if form in MATROSKA:
        return options
    base = probed.info.time_base
    if base.denominator <= MAX_TIMESCALE:
        # Where a stream begins is told on the clock of the whole file: 1/1000 s unless told.
        with_sound = math.lcm(base.denominator, 48_000)
        scale = with_sound if with_sound <= MAX_TIMESCALE else base.denominator
        options |= {"video_track_timescale": str(base.denominator), "movie_timescale": str(scale)}
    return options


def _video_stream(
    output: OutputContainer, probed: Probe, stage: Stage, height_px: int
) -> VideoStream:
    info = probed.info
    webm = output.format.name == "webm"
    key_frames = str(max(1, round(KEY_FRAMES_EVERY_S * info.frame_rate)))
    stream = output.add_stream("libvpx-vp9" if webm else "libx264", rate=info.frame_rate)
    assert isinstance(stream, VideoStream)
    stream.width, stream.height = stage.even_width_px, height_px
    stream.pix_fmt = "yuv420p"
    stream.time_base = stream.codec_context.time_base = info.time_base
    stream.options = {**(VP9 if webm else h264(stage.width_px * stage.height_px)), "g": key_frames}
    context, first = stream.codec_context, stage.first
    context.thread_type = "FRAME"
    with open_source(info.path) as source:
        aspect = source.stream.sample_aspect_ratio
    if aspect:
        turned = info.rotation_deg in (90, 270)
        context.sample_aspect_ratio = 1 / aspect if turned else aspect
    context.color_range = 2 if stage.full_range else 1  # AVCOL_RANGE_JPEG, _MPEG
    context.colorspace = _MARKED[stage.standard] if first.format.is_rgb else int(first.colorspace)
    if not first.format.is_rgb:
        context.color_primaries, context.color_trc = first.color_primaries, first.color_trc
    return stream
