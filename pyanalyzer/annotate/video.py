"""The annotated replay: every picture with its events drawn into it, over a strip of time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain

from pyanalyzer.annotate.frames import Stage, decoded
from pyanalyzer.annotate.marks import Marks
from pyanalyzer.annotate.movie import Stretch, new_movie
from pyanalyzer.annotate.strip import Strip
from pyanalyzer.annotate.style import Style
from pyanalyzer.decode.source import Probe, open_source, probe_source
from pyanalyzer.errors import ReplayError
from pyanalyzer.records import Event, Timeline
from pyanalyzer.settings import Progress

ProgressCallback = Callable[[Progress], None]

# Their clocks begin anywhere: a day's count would be a day of nothing in other containers.
ANY_START_FORMATS = frozenset({"mpegts"})
MICROSECONDS = 1_000_000
_PROGRESS_EVERY_FRAMES = 15


@dataclass(frozen=True, slots=True, eq=False)
class Show:
    """What a video shows of a timeline.

    ``begin_s``, ``end_s``: the stretch of the strip below, in times of events. ``drawn``: whether
    anything is drawn at all; a plain video has no strip either.
    """

    events: tuple[Event, ...]
    begin_s: float
    end_s: float
    frame_s: float
    drawn: bool = True


def write_annotated(
    timeline: Timeline, path: str, progress: ProgressCallback | None = None
) -> None:
    """Writes the replay of a timeline with all of its events drawn, to ``path``.

    The ending names the container (``movie.FORMATS``). Pictures keep the replay's times, tick by
    tick, and sound its packets. A timeline of a part of the replay gives a video of that part,
    which begins at 0. Raises ReplayError if the replay cannot be read or is another one than the
    timeline's size says, OutputError if the file cannot be written.
    """
    probed = probe_replay(timeline)
    begin_s, duration_s = 0.0, timeline.video.duration_s
    start = timeline.settings.get("start_s")
    if isinstance(start, int | float):
        begin_s = float(start)
    show = Show(timeline.events, begin_s, begin_s + duration_s, frame_seconds(timeline))
    write_stretch(path, probed, show, whole_stretch(timeline, probed), progress)


def probe_replay(timeline: Timeline) -> Probe:
    """The replay of a timeline, as it is now. Raises ReplayError, see :func:`write_annotated`."""
    video = timeline.video
    probed = probe_source(video.path)
    info = probed.info
    if (info.width_px, info.height_px) != (video.width_px, video.height_px):
        raise ReplayError(
            f"{video.path} is not the replay of this timeline: it is {info.width_px} x"
            f" {info.height_px} px, the one analysed was {video.width_px} x {video.height_px} px"
        )
    if info.time_base != video.time_base:
        raise ReplayError(
            f"{video.path} is not the replay of this timeline: its clock ticks every"
            f" {info.time_base} s, that of the one analysed every {video.time_base} s"
        )
    return probed


def frame_seconds(timeline: Timeline) -> float:
    """How long a frame lasts on average."""
    return timeline.video.duration_s / max(timeline.video.frames, 1)


def whole_stretch(timeline: Timeline, probed: Probe) -> Stretch:
    """The analysed part of the replay, and how its times are shifted."""
    info = probed.info
    start, end = (timeline.settings.get(key) for key in ("start_s", "end_s"))
    bounds = [
        None if not isinstance(value, int | float) else ticks_from(probed, Fraction(str(value)))
        for value in (start, end)
    ]
    if bounds[0] is not None or bounds[1] is not None:
        return Stretch(bounds[0], bounds[1], from_zero=True)
    if probed.container in ANY_START_FORMATS:
        with open_source(info.path) as source:
            start_time = source.container.start_time or 0
        return Stretch(shift_pts=math.floor(Fraction(start_time, MICROSECONDS) / info.time_base))
    return Stretch()


def ticks_from(probed: Probe, time_s: Fraction) -> int:
    """The first pts at or after a time since the replay's first picture."""
    return probed.first_pts + math.ceil(time_s / probed.info.time_base)


def write_stretch(
    path: str,
    probed: Probe,
    show: Show,
    stretch: Stretch,
    progress: ProgressCallback | None = None,
) -> None:
    """Writes a stretch of the replay as a video. Raises ReplayError and OutputError."""
    info = probed.info
    with decoded(probed, stretch.begin_pts, stretch.end_pts) as pictures:
        first = next(pictures, None)
        if first is None:
            raise ReplayError(f"{info.path}: there is no picture in the part to be written")
        if stretch.from_zero:
            stretch = replace(stretch, begin_pts=first.pts, shift_pts=first.pts)
        stage = Stage(probed.layout, first.frame)
        strip, marks = _drawing(show, stage, info.time_base)
        below_px = strip.height_px if strip else 0
        height_px = stage.even_height_px + below_px
        with new_movie(path, probed, stage, height_px, stretch) as movie:
            for done, picture in enumerate(chain([first], pictures), start=1):
                frame, canvas = stage.place(picture.frame, below_px)
                if strip and marks:
                    marks.draw(canvas, picture.pts)
                    time_s = float((picture.pts - probed.first_pts) * info.time_base)
                    strip.draw(canvas, stage.even_height_px, time_s)
                movie.add(frame, picture.pts, picture.frame.duration or 0)
                if progress is not None and done % _PROGRESS_EVERY_FRAMES == 0:
                    progress(_progress(probed, show, done, picture.pts))


def _drawing(
    show: Show, stage: Stage, time_base: Fraction
) -> tuple[Strip, Marks] | tuple[None, None]:
    if not show.drawn:
        return None, None
    width, height = stage.width_px, stage.height_px
    strip = Strip(
        show.events,
        (show.begin_s, show.end_s),
        show.frame_s,
        strip_width_px=stage.even_width_px,
        style=Style.of(width, height),
        space=stage.space,
    )
    return strip, Marks(show.events, width, height, stage.space, time_base=time_base)


def _progress(probed: Probe, show: Show, done: int, pts: int) -> Progress:
    position_s = float((pts - probed.first_pts) * probed.info.time_base)
    return Progress(
        frames_done=done,
        frames_total_estimated=round((show.end_s - show.begin_s) / show.frame_s),
        position_s=position_s,
        duration_estimated_s=None,
        stage="drawing",
    )
