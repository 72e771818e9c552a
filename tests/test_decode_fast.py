"""A fast reader: fewer pictures, some of the others not even decoded, and all of it counted."""

from __future__ import annotations

import zlib
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from pyanalyzer.decode import open_replay
from pyanalyzer.decode.passes import DecodePass
from pyanalyzer.decode.references import droppable_in, nothing_droppable
from pyanalyzer.records import Frame
from tests.media import moving, number_of, write_video

FRAMES = 66
X264 = {"preset": "veryfast", "crf": "20", "bf": "3", "g": "30"}
X265 = {"preset": "ultrafast", "x265-params": "keyint=30:bframes=3:log-level=none"}
VP9 = {"cpu-used": "8", "deadline": "realtime", "g": "30"}
REPLAYS = {
    "x264.mp4": ("libx264", X264),
    "x264.mkv": ("libx264", X264),
    "x264-no-b.mp4": ("libx264", X264 | {"bf": "0"}),
    "x265.mp4": ("libx265", X265),
    "x265.mkv": ("libx265", X265),
    "x264.ts": ("libx264", X264),
    "x264.avi": ("libx264", X264),
    "vp9.webm": ("libvpx-vp9", VP9),
}
LEFT_OUT = ("x264.mp4", "x264.mkv", "x265.mp4", "x265.mkv")  # where packets need not be decoded

Row = tuple[int, int, int]


@pytest.fixture(scope="module")
def replays(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("replays")
    pictures = [moving(number) for number in range(FRAMES)]
    return {
        name: write_video(folder / name, pictures, codec=codec, options=options, rate=60)
        for name, (codec, options) in REPLAYS.items()
    }


def read(path: Path, **options: float) -> tuple[list[Frame], tuple[int, int, int]]:
    with open_replay(path, **options) as replay:  # type: ignore[arg-type]
        frames = [Frame(f.index, f.pts, f.luma.copy()) for f in replay]
        return frames, replay.passed


def rows(frames: list[Frame]) -> list[Row]:
    return [(f.index, f.pts, zlib.crc32(np.ascontiguousarray(f.luma))) for f in frames]


@pytest.mark.parametrize("name", REPLAYS)
def test_the_frames_given_are_those_of_the_whole_stream(
    replays: dict[str, Path], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, passed = read(replays[name])
    sent = 0
    stamped = DecodePass._stamped

    def counted(self: DecodePass, *arguments: object) -> object:
        nonlocal sent
        sent += 1
        return stamped(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(DecodePass, "_stamped", counted)
    for threads in (1, 2, 7):
        sent = 0
        fast, fast_passed = read(replays[name], fast=True, threads=threads)
        assert fast_passed == passed == (FRAMES, whole[0].pts, whole[-1].pts)
        times = [(f.index, f.pts) for f in whole]
        assert {(f.index, f.pts) for f in fast} <= set(times)
        assert [number_of(f.luma) for f in fast] == [f.index for f in fast]
        assert fast[0].index == 0
        assert {b.index - a.index for a, b in pairwise(fast)} <= {2, 3}
        assert FRAMES * 2 // 5 <= len(fast) <= FRAMES // 2 + 1
        if name in LEFT_OUT:
            assert sent <= FRAMES * 3 // 4 + 2  # two more: the first packets of the probe
        else:
            assert sent >= FRAMES


@pytest.mark.parametrize("name", ["x264.mp4", "x265.mkv", "x264.ts"])
@pytest.mark.parametrize(("start_s", "end_s"), [(0.21, 0.9), (0.55, 0.8), (0.9, 9.0)])
def test_a_part_begins_and_ends_where_it_should(
    replays: dict[str, Path], name: str, start_s: float, end_s: float
) -> None:
    whole, passed = read(replays[name], start_s=start_s, end_s=end_s)
    fast, fast_passed = read(replays[name], start_s=start_s, end_s=end_s, fast=True)
    assert fast_passed == passed
    assert passed[0] == len(whole)
    assert (fast[0].index, fast[0].pts) == (whole[0].index, whole[0].pts)
    assert [number_of(f.luma) for f in fast] == [f.index for f in fast]
    assert {b.index - a.index for a, b in pairwise(fast)} <= {2, 3}
    assert whole[-1].index - fast[-1].index < 3


@pytest.mark.parametrize("at", [0.3, 0.55, 0.8])
def test_damage_gives_the_same_frames_for_any_number_of_threads(
    replays: dict[str, Path], tmp_path: Path, at: float
) -> None:
    data = bytearray(replays["x264.mp4"].read_bytes())
    with av.open(str(replays["x264.mp4"])) as container:
        droppable = droppable_in("h264", container.streams.video[0].codec_context.extradata)
        packets = [p for p in container.demux(video=0) if p.size]
    hit = next(p for p in packets[int(at * len(packets)) :] if not droppable(bytes(p)))
    data[hit.pos + 40 : hit.pos + hit.size] = bytes(hit.size - 40)
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    clean = {row[:2] for row in rows(read(replays["x264.mp4"])[0])}
    found = []
    for threads in (1, 2, 7):
        with open_replay(path, fast=True, threads=threads) as replay:
            frames = rows([Frame(f.index, f.pts, f.luma.copy()) for f in replay])
            found.append((frames, replay.passed, replay.damage))
    assert found[0] == found[1] == found[2]
    frames, passed, damage = found[0]
    assert damage is not None
    assert {row[:2] for row in frames} <= clean
    assert 5 < len(frames) < passed.frames < FRAMES


@pytest.mark.parametrize("share", [0.5, 0.7])
def test_a_file_cut_short_gives_its_beginning(
    replays: dict[str, Path], tmp_path: Path, share: float
) -> None:
    path = tmp_path / "cut.mkv"
    data = replays["x264.mkv"].read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    whole, passed = read(path)
    found = [read(path, fast=True, threads=threads) for threads in (1, 3)]
    assert rows(found[0][0]) == rows(found[1][0])
    fast, fast_passed = found[0]
    assert {(f.index, f.pts) for f in fast} <= {(f.index, f.pts) for f in whole}
    assert fast_passed == found[1][1] == passed


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_may_be_dropped_is_what_changes_nothing_else(
    replays: dict[str, Path], name: str
) -> None:
    """Decoded without the packets that are called droppable, the others' pictures are the same."""
    codec = name[1:4].replace("264", "h264").replace("265", "hevc")
    pictures = []
    for drop in (False, True):
        with av.open(str(replays[name])) as container:
            stream = container.streams.video[0]
            may_drop = droppable_in(codec, stream.codec_context.extradata)
            packets = [p for p in container.demux(stream) if not (drop and may_drop(bytes(p)))]
            shown = [f for packet in packets for f in packet.decode()]
            pictures.append({f.pts: zlib.crc32(f.to_ndarray().tobytes()) for f in shown})
    whole, rest = pictures
    assert len(rest) < 0.75 * len(whole)
    assert rest == {pts: crc for pts, crc in whole.items() if pts in rest}


def test_streams_that_do_not_tell_drop_nothing() -> None:
    slice_nobody_needs = b"\0\0\0\2\x01\x80"
    avcc, hvcc = bytes([1, 66, 0, 30, 255]), bytes([1] + [0] * 20 + [0b00001111])
    two_layers = bytes([1] + [0] * 20 + [0b00010111])
    assert droppable_in("h264", avcc)(slice_nobody_needs)
    assert droppable_in("hevc", hvcc)(slice_nobody_needs)
    for codec, extradata in (
        ("h264", None),
        ("h264", b"\0\0\0\1\x67"),  # units behind start codes
        ("hevc", two_layers),
        ("hevc", avcc),
        ("vp9", avcc),
    ):
        assert droppable_in(codec, extradata) is nothing_droppable
    needed = b"\0\0\0\2\x61\x80"
    parameters = b"\0\0\0\2\x67\x80"
    may_drop = droppable_in("h264", avcc)
    assert not may_drop(needed)
    assert not may_drop(slice_nobody_needs + needed)
    assert not may_drop(parameters)
    assert may_drop(parameters + slice_nobody_needs)
    for broken in (b"", b"\0", slice_nobody_needs[:-1], slice_nobody_needs + b"\0\0\0\1"):
        assert not may_drop(broken)
