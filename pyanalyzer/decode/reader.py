"""Frames of a replay, decoded by a thread of their own ahead of whoever looks at them."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from pyanalyzer.decode.channel import Channel
from pyanalyzer.decode.damage import Damage
from pyanalyzer.decode.luma import LumaReader
from pyanalyzer.decode.pictures import Pictures
from pyanalyzer.decode.source import Probe, StoppedError, probe_source
from pyanalyzer.errors import ReplayError, UsageError
from pyanalyzer.records import Frame, VideoInfo

MAX_THREADS = 16  # libav's own bound for automatic frame threads


def open_replay(
    path: str | Path,
    *,
    start_s: float | None = None,
    end_s: float | None = None,
    threads: int | None = None,
    queue_frames: int = 8,
    fast: bool = False,
) -> ReplayReader:
    """Open a replay for reading its frames in display order.

    ``start_s``/``end_s``: half-open interval in seconds since the stream's first frame, read as the
    decimal numbers that they print as; a frame belongs to it by its pts. ``threads``: of libav's
    decoder, None for as many as there are processors; their number changes no frame.
    ``queue_frames``: how many frames are decoded ahead at most. ``fast``: of more than 45 frames a
    second only those are given that lie far enough apart (``decode/thin.py``), and of H.264 and
    HEVC in MP4 and Matroska some of the others are not even decoded; H.264, HEVC and VP9 are
    decoded a little wrong: block borders are not smoothed.

    Raises ``ReplayError`` where there is no picture to look at, ``UsageError`` for options without
    a meaning (not finite, negative, an end that is not after the start).
    """
    if queue_frames < 1:
        raise UsageError(f"queue_frames is {queue_frames}; expected 1 or more")
    if threads is not None and not 1 <= threads <= MAX_THREADS:
        raise UsageError(f"threads is {threads}; expected 1 to {MAX_THREADS}")
    start, end = _seconds("start", start_s), _seconds("end", end_s)
    if start is not None and end is not None and end <= start:
        raise UsageError(f"the end, {end_s} s, is not after the start, {start_s} s")
    if end == 0:
        raise UsageError("the end is 0 s: nothing is left to look at")
    return ReplayReader(probe_source(str(path)), start, end, threads, queue_frames, fast=fast)


class Passed(NamedTuple):
    """Frames of the stream that were handed out or passed by, and when the first and the last of
    them are shown."""

    frames: int = 0
    first_pts: int = 0
    last_pts: int = 0

    def duration_s(self, time_base: Fraction) -> float:
        """From the first frame's time to the last one's, and one frame interval more."""
        span = (self.last_pts - self.first_pts) * time_base
        return float(span + span / max(self.frames - 1, 1))


def _seconds(name: str, value: float | None) -> Fraction | None:
    if value is None:
        return None
    if not math.isfinite(value) or value < 0:
        raise UsageError(f"the {name} is {value} s; expected a number of seconds from 0")
    return Fraction(str(value))


class ReplayReader:
    """A context manager and an iterator over the frames of a replay, once.

    ``info`` describes the replay. Decoding begins on entering, in a thread of its own; its errors
    are raised here, by ``next``. Leaving stops the thread and waits for it. ``damage`` says, once
    the frames are exhausted, where the stream broke; None where it is whole. Where pictures are
    damaged they are left out up to the next keyframe, and ``Frame.index`` goes on counting them.
    ``passed`` counts the frames so far, those too that a fast reader passes by.
    """

    def __init__(
        self,
        probed: Probe,
        start: Fraction | None,
        end: Fraction | None,
        threads: int | None,
        queue_frames: int,
        *,
        fast: bool,
    ) -> None:
        self.passed = Passed()
        self._probed = probed
        self._fast = fast
        self._start, self._end = start, end
        self._start_pts = self._ticks(start)
        self._end_pts = math.inf if end is None else self._ticks(end)
        self._threads = threads or (0 if (os.cpu_count() or 1) > 1 else 1)
        self._damage = Damage()
        self._channel = Channel[Frame](queue_frames)
        self._thread: threading.Thread | None = None

    @property
    def info(self) -> VideoInfo:
        """What is known of the replay before its frames are decoded."""
        return self._probed.info

    @property
    def damage(self) -> str | None:
        """Where the stream broke (time and frame) as a sentence, after the last frame."""
        return self._damage.text()

    def __enter__(self) -> ReplayReader:
        if self._thread is not None:
            raise RuntimeError("a ReplayReader can be entered once")
        self._thread = threading.Thread(target=self._run, name="pyanalyzer-decode", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._channel.close()
        if self._thread is not None:
            self._thread.join()

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        if self._thread is None:
            raise RuntimeError("enter the ReplayReader with 'with' before reading from it")
        frame = self._channel.get()
        if frame is None:
            raise StopIteration
        return frame

    def _run(self) -> None:
        try:
            self._decode()
        except StoppedError:
            self._channel.finish(None)
        except BaseException as error:  # whatever it is, it belongs to the caller
            self._channel.finish(error)
        else:
            self._channel.finish(None)

    def _decode(self) -> None:
        probed = self._probed
        luma = LumaReader(probed.layout)
        pictures = Pictures(
            probed,
            self._start_pts,
            self._damage,
            check=self._channel.check,
            fast=self._fast,
            passed_by=self._count,
        )
        wanted = pictures.decode(self._threads)
        handed_out = 0
        with closing(wanted):
            for frame, index, pts in wanted:
                if pts >= self._end_pts:
                    break
                self._count(pts)
                self._channel.put(Frame(index, pts, *luma.read_plane(frame)))
                handed_out += 1
        if not handed_out:
            raise self._nothing_in_interval()

    def _count(self, pts: int) -> None:
        """Of those in the interval, each once."""
        frames, first_pts, last_pts = self.passed
        if not self._start_pts <= pts < self._end_pts:
            return
        if not frames:
            self.passed = Passed(1, pts, pts)
        elif pts > last_pts:
            self.passed = Passed(frames + 1, first_pts, pts)

    def _ticks(self, time: Fraction | None) -> int:
        """The first pts at or after a time since the first frame."""
        ticks = 0 if time is None else math.ceil(time / self.info.time_base)
        return self._probed.first_pts + ticks

    def _nothing_in_interval(self) -> ReplayError:
        start = f"from {float(self._start or 0):g} s"
        end = "" if self._end is None else f" to {float(self._end):g} s"
        duration_s = self.info.duration_estimated_s
        length = "" if duration_s is None else f" of about {duration_s:.3f} s"
        return ReplayError(
            f"{self.info.path}: no frame {start}{end}; choose times within the replay{length}"
        )
