"""The reader: parts of a replay, exactly, and the thread that decodes them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pyanalyzer.decode import (
    open_replay,
    probe,
)
from pyanalyzer.decode.luma import LumaReader
from pyanalyzer.decode.passes import DecodePass
from pyanalyzer.decode.seek import find_seek
from pyanalyzer.decode.source import probe_source
from pyanalyzer.errors import ReplayError, UsageError
from pyanalyzer.records import Frame
from tests.media import AV1_FAST, VP9_LOSSLESS, moving, write_video

RATE = 25
FRAMES = 60


def _key(frame: Frame) -> tuple[int, int, int]:
    return frame.index, frame.pts, zlib.crc32(np.ascontiguousarray(frame.luma))


def _read(path: Path, **options: float | None) -> list[tuple[int, int, int]]:
    with open_replay(path, **options) as replay:  # type: ignore[arg-type]
        frames = [_key(frame) for frame in replay]
        assert replay.damage is None
    return frames


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 pictures at 25 Hz with B-frames and a keyframe every 12."""
    path = tmp_path_factory.mktemp("plain") / "plain.mp4"
    lumas = [moving(i) for i in range(FRAMES)]
    return write_video(path, lumas, rate=RATE, options={"bf": "3", "g": "12"})


# Parts of a replay

X264 = {"bf": "3", "g": "12"}
X265 = {"preset": "ultrafast", "x265-params": "keyint=12:bframes=3:open-gop=1:log-level=none"}
PARTS = {
    "closed.mp4": ("libx264", X264, True),
    "open.mp4": ("libx264", X264 | {"x264-params": "open-gop=1"}, True),
    "open.mkv": ("libx264", X264 | {"x264-params": "open-gop=1"}, True),
    "refresh.mp4": ("libx264", {"g": "12", "x264-params": "intra-refresh=1"}, False),
    "hevc.mp4": ("libx265", X265, True),
    "hevc.mkv": ("libx265", X265, True),
    "vp9.webm": ("libvpx-vp9", VP9_LOSSLESS | {"g": "12"}, True),
    "av1.mp4": ("libsvtav1", AV1_FAST | {"g": "12"}, True),
    "a.ts": ("libx264", X264, False),
    "a.avi": ("libx264", X264, False),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_the_same_as_in_the_whole(tmp_path: Path, name: str) -> None:
    codec, options, seeks = PARTS[name]
    steps = [40, 41, 39, 120, 10, 30]
    pts = [sum(steps[k % 6] for k in range(i)) for i in range(FRAMES)]
    variable = name.endswith(("mp4", "mkv"))
    path = write_video(
        tmp_path / name,
        [moving(i) for i in range(FRAMES)],
        codec=codec,
        options=options,
        rate=RATE,
        pts=pts if variable else None,
        time_base=Fraction(1, 1000) if variable else None,
    )
    whole = _read(path)
    assert [index for index, _, _ in whole] == list(range(FRAMES))
    time_base, first = probe(path).time_base, whole[0][1]
    times = [(pts - first) * time_base for _, pts, _ in whole]
    for start_s, end_s in [(0, 0.5), (0.001, None), (0.6, 1.7), (1.5, 1.502), (1.93, None)]:
        start, end = Fraction(str(start_s)), Fraction(str(end_s)) if end_s else None
        wanted = [f for f, t in zip(whole, times, strict=True) if start <= t < (end or 99)]
        if wanted:
            assert _read(path, start_s=start_s, end_s=end_s) == wanted, (start_s, end_s)
    # A frame's own time, as a person would type it, is where that frame begins.
    own_s = float(times[45])
    assert _read(path, start_s=own_s)[0] == whole[45]
    assert _read(path, end_s=own_s)[-1] == whole[44]
    if seeks:
        late = find_seek(probe_source(str(path)), whole[45][1])
        assert late is not None
        assert late.index == 45
        assert late.key_pts > first


def test_hidden_pictures_before_an_edit_are_not_counted(tmp_path: Path) -> None:
    lumas = [moving(i) for i in range(50)]
    options = {"bf": "2", "g": "10"}
    path = write_video(tmp_path / "a.mp4", lumas, options=options, pts=list(range(-5, 45)))
    whole = _read(path)
    assert len(whole) == 45
    assert _read(path, start_s=0.8) == whole[24:]


def test_the_number_of_threads_changes_nothing(plain: Path) -> None:
    assert _read(plain, threads=1) == _read(plain, threads=3) == _read(plain)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"start_s": float("nan")}, "start"),
        ({"start_s": -1.0}, "start"),
        ({"end_s": float("inf")}, "end"),
        ({"start_s": 2.0, "end_s": 2.0}, "not after"),
        ({"end_s": 0.0}, "nothing"),
        ({"threads": 0}, "threads"),
        ({"queue_frames": 0}, "queue_frames"),
    ],
)
def test_options_without_a_meaning(plain: Path, options: dict[str, float], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        open_replay(plain, **options)  # type: ignore[arg-type]


def test_a_start_after_the_end_of_the_replay(plain: Path) -> None:
    with (
        open_replay(plain, start_s=100) as replay,
        pytest.raises(ReplayError, match=r"plain\.mp4: no frame from 100 s"),
    ):
        next(iter(replay))


# The thread


def _decode_threads() -> int:
    return sum(t.name == "pyanalyzer-decode" for t in threading.enumerate())


@pytest.mark.parametrize("read", [0, 1, 20])
def test_leaving_early_stops_the_thread(plain: Path, read: int) -> None:
    files = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    for _ in range(3):
        began_s = time.monotonic()
        with open_replay(plain, queue_frames=2) as replay:
            for _ in range(read):
                next(replay)
        assert time.monotonic() - began_s < 5
        assert _decode_threads() == 0
    if sys.platform == "linux":
        assert len(os.listdir("/proc/self/fd")) == files


def test_leaving_by_an_exception_stops_the_thread(plain: Path) -> None:
    with pytest.raises(KeyError), open_replay(plain, queue_frames=1) as replay:
        raise KeyError(next(replay).index)
    assert _decode_threads() == 0


@pytest.mark.parametrize("where", ["_decode", "_demux"])
def test_leaving_before_the_start_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    path = write_video(tmp_path / "a.ts", [moving(i) for i in range(FRAMES)], rate=RATE)
    replay = open_replay(path, start_s=2.3)
    original = getattr(DecodePass, where)

    def slow(self: DecodePass, *arguments: object) -> Iterator[object]:
        for item in original(self, *arguments):
            time.sleep(0.1)
            yield item

    monkeypatch.setattr(DecodePass, where, slow)
    began_s = time.monotonic()
    with replay:
        time.sleep(0.3)
    assert time.monotonic() - began_s < 2  # 60 packets would take 6 s
    assert _decode_threads() == 0


def test_errors_of_the_thread_arrive_in_the_caller(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PlantedError(Exception):
        pass

    original, reads = LumaReader.read_plane, []

    def fail_at_ten(self: LumaReader, frame: av.VideoFrame) -> tuple[np.ndarray, bool]:
        reads.append(frame)
        if len(reads) > 10:
            raise PlantedError
        return original(self, frame)

    monkeypatch.setattr(LumaReader, "read_plane", fail_at_ten)
    got = []
    with open_replay(plain) as replay:
        with pytest.raises(PlantedError):
            got.extend(replay)
        assert next(replay, None) is None  # an error is handed over once
    assert _decode_threads() == 0
    assert len(got) == 10


def test_decoding_waits_for_the_reader(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original, reads = LumaReader.read_plane, []

    def counted(self: LumaReader, frame: av.VideoFrame) -> tuple[np.ndarray, bool]:
        reads.append(1)
        return original(self, frame)

    monkeypatch.setattr(LumaReader, "read_plane", counted)
    with open_replay(plain, queue_frames=3) as replay:
        for taken in range(1, 6):
            next(replay)
            until_s = time.monotonic() + 5
            while len(reads) < taken + 4 and time.monotonic() < until_s:
                time.sleep(0.001)
            time.sleep(0.02)
            assert len(reads) == taken + 4  # three wait in the queue, one for room in it


def test_a_reader_is_entered_once_and_before_reading(plain: Path) -> None:
    replay = open_replay(plain)
    with pytest.raises(RuntimeError, match="with"):
        next(replay)
    with replay:
        assert sum(1 for _ in replay) == FRAMES
        assert list(replay) == []
    with pytest.raises(RuntimeError, match="once"), replay:
        pass


def test_two_replays_at_once(plain: Path) -> None:
    with open_replay(plain, queue_frames=1) as a, open_replay(plain, start_s=0.4) as b:
        pairs = list(zip(map(_key, a), map(_key, b), strict=False))
    assert [x[0] for x, _ in pairs] == list(range(50))
    assert [y[0] for _, y in pairs] == list(range(10, 60))


def test_decoding_loads_neither_torch_nor_opencv_nor_rich(plain: Path) -> None:
    script = (
        "import sys, pyanalyzer.decode as d\n"
        "with d.open_replay(sys.argv[1]) as r: print(sum(1 for _ in r))\n"
        "assert not {'torch', 'cv2', 'rich'} & set(sys.modules)"
    )
    # Not in the sources' folder, whose package has no compiled core unless one was put there.
    done = subprocess.run(
        [sys.executable, "-c", script, str(plain)],
        capture_output=True,
        text=True,
        check=True,
        cwd=plain.parent,
    )
    assert done.stdout.split() == [str(FRAMES)]
