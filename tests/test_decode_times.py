"""Order, ordinals and exact times: every container, B-frames, variable rate, odd beginnings."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer.decode import open_replay, probe
from pyanalyzer.decode.clock import DisplayClock
from pyanalyzer.records import Frame
from tests.media import AV1_FAST, VP9_LOSSLESS, X265_LOSSLESS, marked, number_of, write_video

B_FRAMES = {"preset": "medium", "bf": "3", "b_strategy": "0", "g": "12"}
MS = Fraction(1, 1000)


def _read(path: Path) -> list[Frame]:
    with open_replay(path) as replay:
        frames = list(replay)
        assert replay.damage is None
    return frames


@pytest.mark.parametrize(
    ("suffix", "codec", "options"),
    [
        ("mp4", "libx264", B_FRAMES),
        ("mov", "libx264", B_FRAMES),
        ("mkv", "libx264", B_FRAMES),
        ("avi", "libx264", B_FRAMES),
        ("ts", "libx264", B_FRAMES),
        ("h264", "libx264", B_FRAMES),
        ("mp4", "libx265", X265_LOSSLESS),
        ("mkv", "libx265", X265_LOSSLESS),
        ("ts", "libx265", X265_LOSSLESS),
        ("webm", "libvpx-vp9", VP9_LOSSLESS),
        ("mp4", "libvpx-vp9", VP9_LOSSLESS),
        ("webm", "libsvtav1", AV1_FAST),
        ("mp4", "libsvtav1", AV1_FAST),
        ("avi", "mpeg4", {"bf": "2"}),
    ],
)
def test_frames_come_in_display_order_at_even_times(
    tmp_path: Path, suffix: str, codec: str, options: dict[str, str]
) -> None:
    rate = Fraction(25)
    lumas = [marked(i) for i in range(30)]
    path = write_video(tmp_path / f"a.{suffix}", lumas, codec=codec, options=options, rate=rate)
    frames = _read(path)
    assert [number_of(f.luma) for f in frames] == list(range(30))
    assert [f.index for f in frames] == list(range(30))
    info = probe(path)
    assert info.frame_rate == rate
    first = frames[0].pts
    assert [(f.pts - first) * info.time_base for f in frames] == [i / rate for i in range(30)]
    if suffix != "h264":  # a bare stream declares nothing
        assert info.frames_estimated == 30
        assert info.duration_estimated_s == pytest.approx(1.2, abs=0.041)


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "ts"])
def test_variable_rate_with_b_frames_keeps_exact_times(tmp_path: Path, suffix: str) -> None:
    steps = [16, 17, 17, 50, 1, 16, 200, 3, 7, 33, 34, 16, 1000, 17, 16, 2, 2, 2, 90, 16]
    pts = [sum(steps[:i]) for i in range(len(steps) + 1)]
    lumas = [marked(i) for i in range(len(pts))]
    path = write_video(
        tmp_path / f"a.{suffix}", lumas, options=B_FRAMES, pts=pts, time_base=MS, rate=60
    )
    with av.open(str(path)) as container:
        packets = [p.pts for p in container.demux(video=0) if p.size]
    assert packets != sorted(packets)  # there are B-frames
    frames = _read(path)
    time_base = probe(path).time_base
    assert [(f.pts - frames[0].pts) * time_base for f in frames] == [p * MS for p in pts]
    assert [number_of(f.luma) for f in frames] == list(range(len(pts)))


def test_duplicated_frames_are_kept(tmp_path: Path) -> None:
    numbers = [0, 0, 1, 1, 1, 2, 3, 3, 3, 3, 4]
    path = write_video(tmp_path / "a.mp4", [marked(i) for i in numbers], options=B_FRAMES)
    assert [number_of(f.luma) for f in _read(path)] == numbers


def test_an_edit_list_hides_what_lies_before_zero(tmp_path: Path) -> None:
    lumas = [marked(i) for i in range(20)]
    path = write_video(tmp_path / "a.mp4", lumas, options=B_FRAMES, pts=list(range(-5, 15)))
    frames = _read(path)
    assert [number_of(f.luma) for f in frames] == list(range(5, 20))
    assert [f.index for f in frames] == list(range(15))
    assert frames[0].pts == 0


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_a_late_first_frame_keeps_its_time(tmp_path: Path, suffix: str) -> None:
    lumas = [marked(i) for i in range(8)]
    path = write_video(
        tmp_path / f"a.{suffix}", lumas, options=B_FRAMES, pts=list(range(50, 58)), rate=25
    )
    frames = _read(path)
    time_base = probe(path).time_base
    assert float(frames[0].pts * time_base) == pytest.approx(2.0, abs=0.13)  # less B-frame delay
    assert [(f.pts - frames[0].pts) * time_base * 25 for f in frames] == list(range(8))


def test_a_single_picture_is_a_replay(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.png", [marked(3)], codec="png", pixel_format="gray")
    frames = _read(path)
    assert [(f.index, number_of(f.luma)) for f in frames] == [(0, 3)]


def test_the_video_stream_is_found_beside_sound_and_cover(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=48000, layout="mono")
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        for i in range(10):
            tone = av.AudioFrame(format="fltp", layout="mono", samples=1024)
            tone.planes[0].update(bytes(4096))
            tone.sample_rate, tone.pts = 48000, 1024 * i
            container.mux(sound.encode(tone))
            luma = marked(i)
            frame = av.VideoFrame.from_ndarray(luma, "gray").reformat(format="yuv420p")
            frame.pts = i
            container.mux(video.encode(frame))
        container.mux(sound.encode())
        container.mux(video.encode())
    assert [number_of(f.luma) for f in _read(path)] == list(range(10))


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=40, unique=True))
def test_times_that_go_forward_are_handed_out_as_they_are(stored: list[int]) -> None:
    clock = DisplayClock(Fraction(1, 90000), Fraction(60))
    stored.sort()
    assert [clock.next(pts) for pts in stored] == stored


@given(
    st.lists(st.one_of(st.none(), st.integers(-(10**6), 10**6)), max_size=60),
    st.sampled_from([Fraction(1, 90000), MS, Fraction(1, 30), Fraction(1001, 30000)]),
    st.sampled_from([Fraction(60), Fraction(30000, 1001), Fraction(1, 2)]),
)
def test_times_always_go_forward(
    stored: list[int | None], time_base: Fraction, rate: Fraction
) -> None:
    clock = DisplayClock(time_base, rate)
    pts = [clock.next(value) for value in stored]
    assert all(b > a for a, b in pairwise(pts))


def test_missing_times_follow_the_average_rate_without_drift() -> None:
    clock = DisplayClock(MS, Fraction(60))
    assert [clock.next(None) for _ in range(7)] == [0, 17, 33, 50, 67, 83, 100]
    clock = DisplayClock(MS, Fraction(60))
    assert [clock.next(t) for t in (500, None, None, 560, None)] == [500, 517, 533, 560, 577]


def test_a_slip_costs_one_tick_and_a_new_clock_is_shifted() -> None:
    clock = DisplayClock(MS, Fraction(50))
    assert [clock.next(t) for t in (0, 20, 20, 40)] == [0, 20, 21, 40]
    clock = DisplayClock(MS, Fraction(50))
    assert [clock.next(t) for t in (9000, 9020, 0, 20, 60)] == [9000, 9020, 9040, 9060, 9100]
