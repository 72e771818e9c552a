"""Damaged and truncated streams: what is whole comes out, the break is named, nothing hangs."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyanalyzer.decode import open_replay
from pyanalyzer.errors import ReplayError
from tests.media import AV1_FAST, moving, write_video

FRAMES = 60
KEYFRAMES_APART = 20
RATE = 30
X264 = {"preset": "medium", "bf": "2", "g": str(KEYFRAMES_APART), "crf": "20"}
X265 = {"preset": "ultrafast", "x265-params": f"keyint={KEYFRAMES_APART}:log-level=none"}
VP9 = {"cpu-used": "8", "deadline": "realtime", "g": str(KEYFRAMES_APART)}
AV1 = AV1_FAST | {"g": str(KEYFRAMES_APART), "crf": "30"}
CODECS = {"x264": ("libx264", X264), "x265": ("libx265", X265), "vp9": ("libvpx-vp9", VP9)}
CODECS["av1"] = ("libsvtav1", AV1)

Read = tuple[dict[int, int], list[int], str | None]


def _read(path: Path, **options: int) -> Read:
    """CRC of the luma by pts, the indexes, and what is said of damage."""
    with open_replay(path, **options) as replay:  # type: ignore[arg-type]
        frames = [(f.pts, f.index, zlib.crc32(np.ascontiguousarray(f.luma))) for f in replay]
        pts = [f[0] for f in frames]
        assert pts == sorted(set(pts))
        return {p: crc for p, _, crc in frames}, [i for _, i, _ in frames], replay.damage


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same 60 pictures in several containers; MP4 with its index in front."""
    folder = tmp_path_factory.mktemp("whole")
    files = {}
    for name in ("x264.mp4", "x264.mkv", "x264.ts", "x264.avi", "x265.ts", "vp9.webm", "av1.mp4"):
        codec, options = CODECS[name.split(".")[0]]
        files[name] = write_video(
            folder / name,
            [moving(i) for i in range(FRAMES)],
            codec=codec,
            options=options,
            rate=RATE,
            container_options={"movflags": "faststart"} if name.endswith("mp4") else None,
        )
    return files


def _place(damage: str | None) -> tuple[int, float]:
    match = re.search(r"after frame (\d+) at ([0-9.]+) s", damage or "")
    assert match is not None, damage
    return int(match[1]), float(match[2])


def test_whole_streams_are_not_called_damaged(whole: dict[str, Path]) -> None:
    for name, path in whole.items():
        lumas, indexes, damage = _read(path)
        assert (len(lumas), indexes, damage) == (FRAMES, list(range(FRAMES)), None), name


@pytest.mark.parametrize("name", ["x264.mp4", "x264.mkv", "x264.avi", "vp9.webm", "av1.mp4"])
@pytest.mark.parametrize("share", [0.35, 0.6, 0.72])
def test_a_truncated_file_gives_its_beginning(
    tmp_path: Path, whole: dict[str, Path], name: str, share: float
) -> None:
    clean, _, _ = _read(whole[name])
    data = whole[name].read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: int(len(data) * share)])
    lumas, indexes, damage = _read(path)
    assert 5 < len(lumas) < FRAMES
    assert indexes == list(range(len(lumas)))
    assert list(lumas.items()) == list(clean.items())[: len(lumas)]
    assert "ends early" in (damage or "")
    frame, time_s = _place(damage)
    assert frame == len(lumas) - 1
    assert time_s == pytest.approx(frame / RATE, abs=0.002)
    assert _read(path, threads=1) == _read(path, threads=4) == (lumas, indexes, damage)


def test_a_file_cut_within_any_picture_gives_its_beginning(
    tmp_path: Path, whole: dict[str, Path]
) -> None:
    """Also where the picture that is cut off would be shown before one that is there."""
    clean = list(_read(whole["x264.mp4"])[0].items())
    data = whole["x264.mp4"].read_bytes()
    with av.open(str(whole["x264.mp4"])) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    path = tmp_path / "x264.mp4"
    for packet in packets[10:20]:
        path.write_bytes(data[: packet.pos + packet.size // 2])
        lumas, indexes, damage = _read(path, threads=1)
        assert indexes == list(range(len(lumas)))
        assert list(lumas.items()) == clean[: len(lumas)]
        assert _place(damage)[0] == len(lumas) - 1
        assert _read(path, threads=4) == (lumas, indexes, damage)


def test_a_truncated_transport_stream_gives_its_beginning(
    tmp_path: Path, whole: dict[str, Path]
) -> None:
    clean, _, _ = _read(whole["x264.ts"])
    path = tmp_path / "a.ts"
    path.write_bytes(whole["x264.ts"].read_bytes()[:30000])
    lumas, _, damage = _read(path)
    assert 5 < len(lumas) < FRAMES
    assert list(lumas.items()) == list(clean.items())[: len(lumas)]
    assert _place(damage)[0] == len(lumas) - 1  # its last picture is there in part


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("x264.ts", "overwritten"),
        ("x264.ts", "cut out"),
        ("x265.ts", "overwritten"),
        ("x265.ts", "cut out"),
        ("x264.mp4", "overwritten"),
        ("av1.mp4", "overwritten"),
    ],
)
def test_damage_in_the_middle_is_passed_over(
    tmp_path: Path, whole: dict[str, Path], name: str, how: str
) -> None:
    clean, _, _ = _read(whole[name])
    data = bytearray(whole[name].read_bytes())
    begin, length = int(len(data) * 0.5), 1500
    if how == "overwritten":
        data[begin : begin + length] = np.random.default_rng(2).bytes(length)
    else:
        del data[begin : begin + length]
    path = tmp_path / name
    path.write_bytes(data)
    lumas, indexes, damage = _read(path)
    times = list(clean)
    assert all(lumas.get(p) == clean[p] for p in times[:KEYFRAMES_APART])
    assert all(lumas.get(p) == clean[p] for p in times[-KEYFRAMES_APART:])
    assert len(lumas) < FRAMES
    wrong = [p for p, crc in lumas.items() if clean.get(p) != crc]
    assert len(wrong) <= 2  # pictures shown before the decoder noticed
    assert "is damaged" in (damage or "")
    frame, time_s = _place(damage)
    assert KEYFRAMES_APART <= frame < 2 * KEYFRAMES_APART + 5
    assert time_s == pytest.approx(frame / RATE, abs=0.002)
    assert indexes == sorted(set(indexes))
    for threads in (1, 2, 5):
        assert _read(path, threads=threads) == (lumas, indexes, damage)


def test_a_hole_in_matroska_is_noticed(tmp_path: Path, whole: dict[str, Path]) -> None:
    clean, _, _ = _read(whole["vp9.webm"])
    data = bytearray(whole["vp9.webm"].read_bytes())
    middle = len(data) // 2
    data[middle : middle + 300] = np.random.default_rng(2).bytes(300)
    path = tmp_path / "a.webm"
    path.write_bytes(data)
    lumas, _, damage = _read(path)
    assert len(lumas) < FRAMES
    wrong = [p for p, crc in lumas.items() if clean.get(p) != crc]
    assert len(wrong) <= 1  # the picture whose own bytes were hit; VP9 has no checksum
    assert KEYFRAMES_APART <= _place(damage)[0] < 2 * KEYFRAMES_APART


def test_a_part_after_the_damage_has_the_same_times(tmp_path: Path, whole: dict[str, Path]) -> None:
    data = bytearray(whole["x264.ts"].read_bytes())
    data[20000:21000] = bytes(1000)
    path = tmp_path / "a.ts"
    path.write_bytes(data)
    lumas, indexes, _ = _read(path)
    late, late_indexes, _ = _read(path, start_s=1.5)  # type: ignore[arg-type]
    assert list(late.items()) == list(lumas.items())[-len(late) :]
    assert late_indexes == indexes[-len(late) :]


def test_leaving_a_damaged_replay_early(tmp_path: Path, whole: dict[str, Path]) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(whole["x264.mp4"].read_bytes()[:20000])
    for take in (1, 5, 10):
        with open_replay(path, queue_frames=1) as replay:
            assert [next(replay).index for _ in range(take)] == list(range(take))


NAMES = ["x264.mp4", "x264.mkv", "x264.ts", "x265.ts", "vp9.webm", "av1.mp4"]
HITS = st.tuples(
    st.sampled_from(NAMES), st.floats(0.02, 0.98), st.sampled_from([1, 20, 1000]), st.booleans()
)


@given(HITS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_ends_in_frames_or_a_replay_error(
    tmp_path: Path, whole: dict[str, Path], hit: tuple[str, float, int, bool]
) -> None:
    name, where, length, cut = hit
    data = bytearray(whole[name].read_bytes())
    begin = int(where * len(data))
    if cut:
        del data[begin : begin + length]
    else:
        data[begin : begin + length] = np.random.default_rng(begin).bytes(length)
    path = tmp_path / name
    path.write_bytes(data)
    try:
        lumas, indexes, _ = _read(path)
    except ReplayError:
        return
    assert len(lumas) == len(indexes) <= FRAMES + 1
    assert indexes == sorted(set(indexes))
