"""The annotated video and clips: the replay's own times and sound, and what is seen when."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from pyanalyzer.annotate.clips import AFTER_S, BEFORE_S, moments, write_clips
from pyanalyzer.annotate.movie import movie_format
from pyanalyzer.annotate.video import write_annotated
from pyanalyzer.errors import OutputError, ReplayError, UsageError
from pyanalyzer.records import Timeline
from tests.media import number_of, set_matrix
from tests.planted_analysis import ENVIRONMENT
from tests.planted_media import (
    HEIGHT_PX,
    WIDTH_PX,
    picture_times,
    pictures,
    sound_packets,
    stored_pts,
    timeline_at,
    write_replay,
)

CONSTANT = [512 * n for n in range(60)], Fraction(1, 15360)
RNG = np.random.default_rng(3)
VARIABLE = [int(t) for t in np.cumsum(RNG.integers(700, 4000, 60))], Fraction(1, 90000)
OFFSET = [30000 + 1001 * n for n in range(60)], Fraction(1, 30000)
COARSE = [33 * n + n // 3 for n in range(60)], Fraction(1, 1000)
CLOCKS = {"constant": CONSTANT, "variable": VARIABLE, "offset": OFFSET, "coarse": COARSE}


def annotated(path: Path, frames: list[int], name: str = "seen.mp4", **settings: object) -> Path:
    out = path.with_name(name)
    write_annotated(timeline_at(path, frames, stored_pts(path), **settings), str(out))
    return out


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("b_frames", [0, 3])
def test_pictures_keep_their_times(tmp_path: Path, clock: str, b_frames: int) -> None:
    pts, base = CLOCKS[clock]
    replay = write_replay(tmp_path / "a.mp4", pts, base, b_frames=b_frames)
    assert picture_times(replay) == [p * base for p in pts]  # the planted replay has them
    seen = annotated(replay, [10, 30])
    assert picture_times(seen) == picture_times(replay)
    assert [number_of(luma) for luma in pictures(seen)] == list(range(60))


def test_sound_goes_over_packet_by_packet(tmp_path: Path) -> None:
    for name, sound_s in (("a.mp4", 0.0), ("b.mp4", 0.5), ("c.mkv", 0.25)):
        replay = write_replay(tmp_path / name, *COARSE, sound_s=sound_s)
        seen = annotated(replay, [10], f"seen{replay.suffix}")
        assert len(sound_packets(replay)) > 50
        assert sound_packets(seen) == sound_packets(replay)
        assert picture_times(seen) == picture_times(replay)


@pytest.mark.parametrize("ending", ["mkv", "webm", "mov"])
def test_other_containers(tmp_path: Path, ending: str) -> None:
    """Matroska's clock is 1 ms; WebM holds no AAC, so that it becomes Opus at the same times."""
    replay = write_replay(tmp_path / "a.mkv", *COARSE)
    seen = annotated(replay, [10], f"seen.{ending}")
    assert picture_times(seen) == picture_times(replay)
    old, new = sound_packets(replay), sound_packets(seen)
    if ending == "webm":
        assert abs(new[-1][0] - old[-1][0]) < 0.05
    else:
        assert new == old


@pytest.mark.parametrize(
    ("endings", "sound", "layout", "expected"),
    [
        ("mkv mp4", "libopus", "stereo", "opus"),  # goes over
        ("mkv mov", "libopus", "5.1", "aac"),  # MOV has a mark for Opus, and refuses it
        ("mkv mov", "flac", "stereo", "aac"),
        ("avi mp4", "pcm_s16le", "stereo", "aac"),  # AVI does not name its channels
        ("avi mp4", "pcm_s16le", "mono", "pcm_s16le"),
        ("avi mov", "pcm_s16le", "stereo", "pcm_s16le"),
        ("avi mkv", "pcm_alaw", "mono", "aac"),
    ],
)
def test_sound_that_a_container_refuses(
    tmp_path: Path, endings: str, sound: str, layout: str, expected: str
) -> None:
    source, ending = endings.split()
    pts = list(range(60))
    replay = write_replay(
        tmp_path / f"a.{source}", pts, Fraction(1, 30), sound=sound, layout=layout, b_frames=0
    )
    with av.open(str(annotated(replay, [10], f"seen.{ending}"))) as container:
        stream = container.streams.audio[0]
        heard = list(container.decode(stream))
        assert stream.codec.canonical_name == expected
        assert stream.channels == {"mono": 1, "stereo": 2, "5.1": 6}[layout]
    wave = np.concatenate([frame.to_ndarray().ravel() for frame in heard]).astype(float)
    assert np.ptp(wave) > 0
    length_s = sum(frame.samples / frame.sample_rate for frame in heard)
    assert abs(length_s - 59 / 30) < 0.06
    assert float(heard[0].pts * heard[0].time_base) == pytest.approx(0.0, abs=0.03)


def test_a_transport_stream_counts_from_its_own_start(tmp_path: Path) -> None:
    pts = [900_000 + 3003 * n for n in range(60)]
    replay = write_replay(tmp_path / "a.ts", pts, Fraction(1, 90000), sound_s=10.0)
    old = picture_times(replay)
    new = picture_times(annotated(replay, [10]))
    assert old[0] > 1
    assert new[0] < Fraction(1, 5)
    assert [b - a for a, b in pairwise(new)] == [b - a for a, b in pairwise(old)]


def test_a_clock_too_fine_for_matroska(tmp_path: Path) -> None:
    pts = [3000 * n for n in range(20)]
    pts[7] = pts[6] + 20  # 0.2 ms
    replay = write_replay(tmp_path / "a.mp4", pts, Fraction(1, 90000), sound=None)
    with pytest.raises(OutputError, match=r"count in ms.*write \.mp4"):
        annotated(replay, [3], "seen.mkv")
    assert sorted(os.listdir(tmp_path)) == ["a.mp4"]
    assert picture_times(annotated(replay, [3])) == picture_times(replay)


def test_an_event_is_seen_from_its_onset_on(tmp_path: Path) -> None:
    replay = write_replay(tmp_path / "a.mp4", *CONSTANT)
    old, new = pictures(replay), pictures(annotated(replay, [20]))
    assert new[0].shape[1] == WIDTH_PX
    assert new[0].shape[0] > HEIGHT_PX
    block = np.s_[HEIGHT_PX // 4 : HEIGHT_PX // 4 + 24, WIDTH_PX // 4 : WIDTH_PX // 4 + 40]
    changes = [
        np.abs(a[block].astype(int) - b[:HEIGHT_PX][block]).mean()
        for a, b in zip(old, new, strict=True)
    ]
    assert max(changes[:20]) < 4
    assert min(changes[20:45]) > 8
    strips = np.stack([picture[HEIGHT_PX:] for picture in new]).astype(int)
    assert (np.abs(np.diff(strips, axis=0)).max(axis=(1, 2)) > 20).all()  # clock and playhead


@pytest.mark.parametrize(
    ("size", "pixel_format"),
    [((97, 65), "yuv444p"), ((96, 64), "yuv444p"), ((96, 64), "yuv420p10le"), ((96, 64), "gray")],
)
def test_odd_sizes_and_other_formats(
    tmp_path: Path, size: tuple[int, int], pixel_format: str
) -> None:
    replay = write_replay(
        tmp_path / "a.mp4", CONSTANT[0][:20], CONSTANT[1], size=size, pixel_format=pixel_format
    )
    pts = stored_pts(replay)
    timeline = timeline_at(replay, [], pts)
    write_annotated(timeline, str(tmp_path / "seen.mp4"))
    old, new = pictures(replay), pictures(tmp_path / "seen.mp4")
    assert new[0].shape[1] == size[0] + size[0] % 2
    assert new[0].shape[0] % 2 == 0
    for a, b in zip(old, new, strict=True):
        assert np.abs(a.astype(int) - b[: size[1], : size[0]]).mean() < 4


def test_a_turned_replay_stands_upright(tmp_path: Path) -> None:
    replay = write_replay(tmp_path / "a.mp4", *CONSTANT, sound=None)
    set_matrix(replay, [0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000])  # 90 degrees clockwise
    old, new = pictures(replay), pictures(annotated(replay, []))
    upright = np.rot90(old[5], -1)
    assert new[5].shape[1] == HEIGHT_PX
    assert np.abs(upright.astype(int) - new[5][:WIDTH_PX]).mean() < 4


def test_a_part_of_a_replay_begins_at_zero(tmp_path: Path) -> None:
    replay = write_replay(tmp_path / "a.mp4", *CONSTANT)
    seen = annotated(replay, [30], start_s=0.5, end_s=1.5)
    assert [number_of(luma) for luma in pictures(seen)] == list(range(15, 45))
    assert picture_times(seen) == [Fraction(n, 30) for n in range(30)]
    assert 0 <= sound_packets(seen)[0][0] < 0.03


def test_the_same_bytes(tmp_path: Path) -> None:
    replay = write_replay(tmp_path / "a.mp4", *VARIABLE)
    first = annotated(replay, [10, 30], "one.mp4").read_bytes()
    assert annotated(replay, [10, 30], "two.mp4").read_bytes() == first


def test_moments_merge() -> None:
    replay_timeline: Timeline = _timeline([10, 40, 200, 700, 710])
    found = moments(replay_timeline.events, Fraction(1, 30), 0, 720)
    assert [[e.frame for e in m.events] for m in found] == [[10, 40], [200], [700, 710]]
    assert (found[0].begin_pts, found[0].end_pts) == (0, 40 + 45)
    assert (found[1].begin_pts, found[1].end_pts) == (170, 245)
    assert found[2].end_pts == 720


def _timeline(frames: list[int]) -> Timeline:
    from tests.planted_exports import event_at, timeline_of

    events = [event_at(n, f, f, Fraction(f, 30)) for n, f in enumerate(frames, start=1)]
    return timeline_of(events, 720, Fraction(1, 30), Fraction(30))


def test_clips_begin_and_end_at_the_right_pictures(tmp_path: Path) -> None:
    pts = [512 * n for n in range(240)]
    replay = write_replay(tmp_path / "a.mp4", pts, Fraction(1, 15360))
    timeline = timeline_at(replay, [60, 70, 180], pts)
    for plain in (False, True):
        paths = write_clips(timeline, str(tmp_path / "clips"), plain=plain)
        assert [Path(p).name for p in paths] == [
            "001_0m02.000s_avatar+1.mp4", "002_0m06.000s_interface.mp4",
        ]  # fmt: skip
        numbers = [[number_of(luma) for luma in pictures(path)] for path in paths]
        after = int(30 * AFTER_S)
        assert numbers == [list(range(60 - 30, 70 + after)), list(range(180 - 30, 180 + after))]
        for path in paths:
            times = picture_times(path)
            assert times[0] == 0
            assert times[30] == BEFORE_S
            sound = sound_packets(path)
            assert 0 <= sound[0][0] < 0.025
            assert abs(sound[-1][0] - times[-1]) < 0.06
        height = pictures(paths[0])[0].shape[0]
        assert (height == HEIGHT_PX) == plain
    assert sorted(os.listdir(tmp_path / "clips")) == [Path(p).name for p in paths]


def test_clips_leave_other_files_alone(tmp_path: Path) -> None:
    replay = write_replay(tmp_path / "a.mp4", *CONSTANT)
    folder = tmp_path / "clips"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    write_clips(timeline_at(replay, [30], CONSTANT[0]), str(folder))
    assert sorted(os.listdir(folder)) == ["001_0m01.000s_avatar.mp4", "mine.txt"]
    assert (folder / "mine.txt").read_text() == "mine"
    again = timeline_at(folder / "001_0m01.000s_avatar.mp4", [30], CONSTANT[0])
    with pytest.raises(OutputError, match="is the replay itself"):
        write_clips(again, str(folder))


@pytest.mark.parametrize("name", ["a", "a.avi", "a.gif", "-", "a.mp4.txt"])
def test_names_that_are_no_video(name: str) -> None:
    with pytest.raises(UsageError, match=r"--annotate .*\.mp4"):
        movie_format(name, "--annotate")


def test_another_replay(tmp_path: Path) -> None:
    replay = write_replay(tmp_path / "a.mp4", *CONSTANT, sound=None)
    timeline = timeline_at(replay, [30], CONSTANT[0])
    write_replay(tmp_path / "a.mp4", *CONSTANT, sound=None, size=(96, 64))
    with pytest.raises(ReplayError, match="is not the replay of this timeline: it is 96 x 64 px"):
        write_annotated(timeline, str(tmp_path / "seen.mp4"))
    write_replay(tmp_path / "a.mp4", *VARIABLE, sound=None)
    with pytest.raises(ReplayError, match="its clock ticks every 1/90000 s"):
        write_annotated(timeline, str(tmp_path / "seen.mp4"))
    assert os.listdir(tmp_path) == ["a.mp4"]


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    """Files are not allowed to grow beyond 8 kB: writing fails in the middle and at the end."""
    replay = write_replay(tmp_path / "a.mp4", *CONSTANT)
    (tmp_path / "seen.mp4").write_bytes(b"old")
    program = (
        "import resource, signal, sys\n"
        "from pyanalyzer.annotate.video import write_annotated\n"
        "from pyanalyzer.errors import OutputError\n"
        "from tests.planted_media import timeline_at\n"
        "from pathlib import Path\n"
        "pts = [512 * n for n in range(60)]\n"
        "timeline = timeline_at(Path(sys.argv[1]), [20], pts)\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))\n"
        "try:\n"
        "    write_annotated(timeline, sys.argv[2])\n"
        "except OutputError as error:\n"
        "    print(error)\n"
    )
    root = str(Path(__file__).parents[1])
    path = os.pathsep.join([ENVIRONMENT["PYTHONPATH"], root])
    done = subprocess.run(
        [sys.executable, "-c", program, str(replay), str(tmp_path / "seen.mp4")],
        env={**ENVIRONMENT, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
        cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout == f"cannot write {tmp_path / 'seen.mp4'}: File too large\n", done.stderr
    assert sorted(os.listdir(tmp_path)) == ["a.mp4", "seen.mp4"]
    assert (tmp_path / "seen.mp4").read_bytes() == b"old"
