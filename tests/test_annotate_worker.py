"""Encoding beside drawing: in order, and nothing is left behind however it ends."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from pyanalyzer.annotate import movie, video
from pyanalyzer.annotate.worker import Worker
from pyanalyzer.decode.pictures import Pictures
from pyanalyzer.errors import ReplayError
from pyanalyzer.settings import Progress
from tests.media import number_of
from tests.planted_media import pictures, timeline_at, write_replay

PTS, BASE = [512 * n for n in range(60)], Fraction(1, 15360)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert [t.name for t in threading.enumerate() if t.name.startswith("pyanalyzer-")] == []


@pytest.fixture
def replay(tmp_path: Path) -> Path:
    return write_replay(tmp_path / "a.mp4", PTS, BASE)


def worker(work: Any, queue: int = 2) -> Worker[int]:
    return Worker(work, queue, "pyanalyzer-test")


def test_items_are_done_in_order_before_finish_returns() -> None:
    done: list[int] = []

    def work(item: int) -> None:
        time.sleep(0.001 * (item % 3))
        done.append(item)

    with worker(work) as w:
        for n in range(30):
            w.put(n)
        w.finish()
        assert done == list(range(30))


def test_an_error_comes_back_once_and_ends_the_work() -> None:
    done: list[int] = []

    def work(item: int) -> None:
        done.append(item)
        if item == 3:
            raise OSError(28, "No space left on device")

    def run(items: int) -> None:
        with worker(work) as w:
            for n in range(items):
                w.put(n)
            w.finish()

    for items in (4, 100):  # seen by finish, and by put
        done.clear()
        with pytest.raises(OSError, match="No space left"):
            run(items)
        assert done == [0, 1, 2, 3]


def test_leaving_waits_for_the_item_at_hand_and_drops_the_rest() -> None:
    begun, may_end = threading.Event(), threading.Event()
    done: list[int] = []

    def work(item: int) -> None:
        begun.set()
        may_end.wait()
        done.append(item)

    def leave() -> None:
        with worker(work) as w:
            w.put(0)
            w.put(1)
            begun.wait()
            threading.Timer(0.02, may_end.set).start()
            raise ReplayError("damaged")

    with pytest.raises(ReplayError):
        leave()
    assert done == [0]


def test_an_interrupt_waits_for_the_item_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second Ctrl-C, while the first one is being cleaned up after."""
    done: list[int] = []
    join, interrupts = threading.Thread.join, [KeyboardInterrupt("second"), None]

    def interrupted(thread: threading.Thread, timeout: float | None = None) -> None:
        if interrupts and (interrupt := interrupts.pop(0)):
            raise interrupt
        join(thread, timeout)

    def work(item: int) -> None:
        time.sleep(0.01)
        done.append(item)

    def leave() -> None:
        with worker(work) as w:
            w.put(7)
            while not done and w._channel._items:  # until the worker has it
                time.sleep(0.001)
            monkeypatch.setattr(threading.Thread, "join", interrupted)
            raise KeyboardInterrupt("first")

    with pytest.raises(KeyboardInterrupt, match="second"):
        leave()
    assert done == [7]


def annotate(replay: Path, name: str, progress: Any = None) -> bytes:
    out = replay.with_name(name)
    video.write_annotated(timeline_at(replay, [10, 30], PTS), str(out), progress)
    return out.read_bytes()


def test_the_same_bytes_whoever_waits_for_whom(
    replay: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = annotate(replay, "even.mp4")
    drawn = video.Marks.draw

    def slowly(*args: Any) -> None:
        time.sleep(0.005)
        drawn(*args)

    with monkeypatch.context() as patch:
        patch.setattr(video.Marks, "draw", slowly)
        assert annotate(replay, "slow-drawing.mp4") == expected
    advance = movie.Sound.advance

    def slow_encoder(sound: Any, until: Fraction | None) -> None:
        time.sleep(0.005)
        advance(sound, until)

    monkeypatch.setattr(movie.Sound, "advance", slow_encoder)
    monkeypatch.setattr(movie, "QUEUE_PICTURES", 1)
    assert annotate(replay, "slow-encoder.mp4") == expected
    assert [number_of(p) for p in pictures(replay.with_name("slow-encoder.mp4"))] == [*range(60)]


def test_an_interrupt_leaves_nothing(replay: Path) -> None:
    # A shell starts what runs in the background with this signal ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupt(progress: Progress) -> None:
        if progress.frames_done > 20:
            signal.raise_signal(signal.SIGINT)

    try:
        with pytest.raises(KeyboardInterrupt):
            annotate(replay, "seen.mp4", interrupt)
    finally:
        signal.signal(signal.SIGINT, before)
    assert os.listdir(replay.parent) == ["a.mp4"]


def test_an_error_of_decoding_leaves_nothing(replay: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decode = Pictures.decode

    def failing(pictures: Pictures, threads: int) -> Iterator[Any]:
        for picture in decode(pictures, threads):
            if picture.ordinal == 25:
                raise ReplayError("a.mp4: cannot be read on")
            yield picture

    monkeypatch.setattr(Pictures, "decode", failing)
    with pytest.raises(ReplayError, match="cannot be read on"):
        annotate(replay, "seen.mp4")
    assert os.listdir(replay.parent) == ["a.mp4"]


def test_an_error_of_the_encoder_leaves_nothing(
    replay: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance = movie.Sound.advance

    def failing(sound: Any, until: Fraction | None) -> None:
        if until is not None and until > 1:
            raise MemoryError("no room for a picture")
        advance(sound, until)

    monkeypatch.setattr(movie.Sound, "advance", failing)
    with pytest.raises(MemoryError, match="no room"):
        annotate(replay, "seen.mp4")
    assert os.listdir(replay.parent) == ["a.mp4"]
