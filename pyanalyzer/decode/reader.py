"""Frames of a replay, decoded by a thread of their own ahead of whoever looks at them."""

from __future__ import annotations

import math
import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from types import TracebackType

from pyanalyzer.decode.damage import Damage
from pyanalyzer.decode.luma import LumaReader
from pyanalyzer.decode.passes import DamageMetError, DecodePass, Picture, SeekMissedError
from pyanalyzer.decode.seek import SeekPoint, ShownPackets, find_seek
from pyanalyzer.decode.source import (
    Probe,
    StoppedError,
    never_stopped,
    open_source,
    probe_source,
)
from pyanalyzer.errors import ReplayError, UsageError
from pyanalyzer.records import Frame, VideoInfo

# Made for broadcasts, where bytes get lost: a single thread notices most broken pictures, by far.
UNPROTECTED_FORMATS = frozenset({"mpegts"})
MAX_THREADS = 16  # libav's own bound for automatic frame threads


def open_replay(
    path: str | Path,
    *,
    start_s: float | None = None,
    end_s: float | None = None,
    threads: int | None = None,
    queue_frames: int = 8,
    loop_filter: bool = True,
) -> ReplayReader:
    """Open a replay for reading its frames in display order.

    ``start_s``/``end_s``: half-open interval in seconds since the stream's first frame, read as the
    decimal numbers that they print as; a frame belongs to it by its pts. ``threads``: of libav's
    decoder, None for as many as there are processors; their number changes no frame.
    ``queue_frames``: how many frames are decoded ahead at most. ``loop_filter``: False decodes
    H.264, HEVC and VP9 faster and a little wrong: block borders are not smoothed.

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
    return ReplayReader(
        probe_source(str(path)), start, end, threads, queue_frames, loop_filter=loop_filter
    )


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
    """

    def __init__(
        self,
        probed: Probe,
        start: Fraction | None,
        end: Fraction | None,
        threads: int | None,
        queue_frames: int,
        *,
        loop_filter: bool,
    ) -> None:
        self._probed = probed
        self._loop_filter = loop_filter
        self._start, self._end = start, end
        self._threads = threads or (0 if (os.cpu_count() or 1) > 1 else 1)
        self._damage = Damage()
        self._channel = _Channel(queue_frames)
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
        start_pts = self._ticks(self._start)
        end_pts = None if self._end is None else self._ticks(self._end)
        pictures = Pictures(
            probed,
            start_pts,
            self._damage,
            check=self._channel.check,
            loop_filter=self._loop_filter,
        )
        wanted = pictures.decode(self._threads)
        handed_out = 0
        with closing(wanted):
            for frame, index, pts in wanted:
                if end_pts is not None and pts >= end_pts:
                    break
                self._channel.put(Frame(index, pts, luma.read(frame)))
                handed_out += 1
        if not handed_out:
            raise self._nothing_in_interval()

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


class _Channel:
    """A bounded queue with an end: of its items, of the reader's interest, or by an error."""

    def __init__(self, size: int) -> None:
        self._items: deque[Frame] = deque()
        self._size = size
        self._closed = False
        self._finished = False
        self._error: BaseException | None = None
        self._changed = threading.Condition()

    def check(self) -> None:
        """Raise ``StoppedError`` once nobody reads any more."""
        if self._closed:
            raise StoppedError

    def put(self, item: Frame) -> None:
        """Append, waiting while the queue is full; ``StoppedError`` once nobody reads any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._items) < self._size)
            self.check()
            self._items.append(item)
            self._changed.notify()

    def get(self) -> Frame | None:
        """The next item, waiting for it; None after the last; raises the other side's error."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._finished or self._closed)
            if self._items:
                self._changed.notify()
                return self._items.popleft()
            error, self._error = self._error, None
        if error is not None:
            raise error
        return None

    def finish(self, error: BaseException | None) -> None:
        """No more items come, because of ``error`` if there is one."""
        with self._changed:
            self._finished, self._error = True, error
            self._changed.notify_all()

    def close(self) -> None:
        """No more items are wanted; those that wait are dropped."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()


class Pictures:
    """Whole pictures from a start on; ``Picture.ordinal`` is the index in the whole stream.

    ``packets``: where they were counted before, so that they are not for every start anew.
    """

    def __init__(
        self,
        probed: Probe,
        start_pts: int,
        damage: Damage,
        *,
        check: Callable[[], None] = never_stopped,
        loop_filter: bool = True,
        packets: ShownPackets | None = None,
    ) -> None:
        self._probed = probed
        self._start_pts = start_pts
        self._damage = damage
        self._check = check
        self._loop_filter = loop_filter
        self._packets = packets

    def decode(self, threads: int) -> Generator[Picture, None, None]:
        """From the keyframe before the start, or from the beginning where that is not exact."""
        seek = None
        if self._packets is not None:
            seek = self._packets.seek_point(self._start_pts)
        elif self._start_pts > self._probed.first_pts:
            seek = find_seek(self._probed, self._start_pts, self._check)
        if seek is not None:
            try:
                yield from self._repeatable(seek, threads)
                return
            except SeekMissedError:  # raised before the first picture, if at all
                self._damage.clear()
        yield from self._repeatable(None, threads)

    def _repeatable(self, seek: SeekPoint | None, threads: int) -> Generator[Picture, None, None]:
        """The same pictures for any number of threads: past damage a single one goes on."""
        last_index = -1
        if threads != 1 and self._probed.container not in UNPROTECTED_FORMATS:
            try:
                for picture in self._from_start(seek, threads):
                    last_index = picture.ordinal
                    yield picture
                return
            except DamageMetError:
                self._damage.clear()
        for picture in self._from_start(seek, 1):
            if picture.ordinal > last_index:
                yield picture

    def _from_start(self, seek: SeekPoint | None, threads: int) -> Generator[Picture, None, None]:
        """One pass, without what lies before the start, counted from the stream's first picture."""
        with open_source(self._probed.info.path) as source:
            decode_pass = DecodePass(
                source,
                threads=threads,
                damage=self._damage,
                first_pts=self._probed.first_pts,
                key_pts=None if seek is None else seek.key_pts,
                check=self._check,
                loop_filter=self._loop_filter,
            )
            arrived = seek is None
            for frame, ordinal, pts in decode_pass:
                if pts < self._start_pts:
                    continue
                if seek is not None and not arrived:
                    if pts != seek.pts:
                        raise SeekMissedError
                    decode_pass.index_of_first = seek.index - ordinal
                    arrived = True
                yield Picture(frame, decode_pass.index_of_first + ordinal, pts)
            if not arrived:
                raise SeekMissedError
