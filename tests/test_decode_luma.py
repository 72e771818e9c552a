"""Luma planes: every pixel format gives the planted values as 8-bit full range."""

from __future__ import annotations

import gc
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyanalyzer.decode import open_replay, probe
from pyanalyzer.decode.luma import LumaReader, expand_limited_range, layout_of, shift_to_8_bits
from pyanalyzer.records import Frame
from tests.media import (
    AV1_FAST,
    VP9_LOSSLESS,
    X264_LOSSLESS,
    X265_LOSSLESS,
    frame_of,
    marked,
    set_matrix,
    write_video,
)

VALUES = np.arange(256)
FULL_OF_LIMITED = np.clip(np.floor((VALUES - 16) * 255 / 219 + 0.5), 0, 255).astype(np.uint8)


def test_limited_range_is_expanded_as_by_its_table() -> None:
    plane = np.tile(np.arange(256, dtype=np.uint8), (3, 1))
    assert np.array_equal(expand_limited_range(plane), FULL_OF_LIMITED[plane])
    assert (FULL_OF_LIMITED[[16, 235]] == [0, 255]).all()


@given(st.integers(1, 400), st.integers(1, 70), st.integers(0, 9))
@settings(max_examples=25)
def test_limited_range_in_bands_and_on_strided_views(w: int, h: int, skip: int) -> None:
    buffer = np.random.default_rng(w * h).integers(0, 256, (h, w + skip + 5), np.uint8)
    plane = buffer[:, skip : skip + w]
    before = buffer.copy()
    assert np.array_equal(expand_limited_range(plane), FULL_OF_LIMITED[plane])
    assert np.array_equal(buffer, before)


def test_large_planes_are_expanded_band_by_band() -> None:
    plane = np.random.default_rng(0).integers(0, 256, (401, 1920), np.uint8)
    assert np.array_equal(expand_limited_range(plane), FULL_OF_LIMITED[plane])


@pytest.mark.parametrize("bits", [9, 10, 12, 14, 16])
@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_deep_values_are_rounded_to_8_bits(bits: int, order: str) -> None:
    values = np.arange(1 << bits, dtype=np.uint32)
    step = 1 << (bits - 8)
    expected = np.minimum(255, (values + step // 2) // step)
    assert np.array_equal(shift_to_8_bits(values.astype(order)[None], bits)[0], expected)


H264, HEVC, VP9 = (
    ("libx264", X264_LOSSLESS),
    ("libx265", X265_LOSSLESS),
    ("libvpx-vp9", VP9_LOSSLESS),
)
Case = tuple[str, tuple[str, dict[str, str]], str, int, bool | None]
FFV1, PNG = ("ffv1", {}), ("png", {})


@pytest.mark.parametrize(
    "case",
    [
        ("mp4", H264, "yuv420p", 8, None),
        ("mkv", H264, "yuv422p", 8, False),
        ("mov", H264, "yuv444p", 8, None),
        ("mp4", H264, "yuv420p", 8, True),
        ("mp4", H264, "yuvj420p", 8, True),
        ("mkv", H264, "yuv420p10le", 10, None),
        ("mkv", H264, "yuv444p10le", 10, True),
        ("mp4", HEVC, "yuv420p", 8, None),
        ("mp4", HEVC, "yuv420p10le", 10, None),
        ("mkv", HEVC, "yuv422p12le", 12, None),
        ("mkv", HEVC, "gray", 8, True),
        ("webm", VP9, "yuv420p", 8, None),
        ("webm", VP9, "yuv444p", 8, None),
        ("mkv", VP9, "gbrp", 8, True),
        ("mkv", FFV1, "gray", 8, True),
        ("mkv", FFV1, "gray16le", 16, True),
        ("mkv", FFV1, "yuv410p", 8, None),
        ("mkv", FFV1, "yuva420p", 8, None),
        ("mov", PNG, "gray16be", 16, True),
        ("mov", PNG, "rgb24", 8, True),
        ("mov", PNG, "pal8", 8, True),
        ("mkv", ("libx264rgb", X264_LOSSLESS), "rgb24", 8, True),
    ],
)
def test_planted_ramp(tmp_path: Path, case: Case) -> None:
    suffix, (name, options), pixel_format, bits, full = case
    wanted = [marked(i, black=0 if full else 16, white=255 if full else 235) for i in range(3)]
    deep = [w if bits == 8 else w.astype(np.uint16) << (bits - 8) for w in wanted]
    path = write_video(
        tmp_path / f"a.{suffix}",
        deep,
        codec=name,
        pixel_format=pixel_format,
        options=options,
        full_range=full,
    )
    info = probe(path)
    assert (info.width_px, info.height_px, info.bit_depth) == (96, 64, bits)
    assert info.full_range == bool(full)
    with open_replay(path) as replay:
        lumas = [frame.luma for frame in replay]
    assert len(lumas) == 3
    for luma, planted in zip(lumas, wanted, strict=True):
        assert luma.dtype == np.uint8
        assert luma.shape == (64, 96)
        assert luma.strides[1] == 1
        assert not luma.flags.writeable
        expected = planted if full else FULL_OF_LIMITED[planted]
        tolerance = 1 if pixel_format == "pal8" else 0  # libswscale's palettes round twice
        assert np.abs(luma.astype(int) - expected).max() <= tolerance


@pytest.mark.parametrize(("pixel_format", "bits"), [("yuv420p", 8), ("yuv420p10le", 10)])
def test_av1_within_its_loss(tmp_path: Path, pixel_format: str, bits: int) -> None:
    wanted = [marked(i) for i in range(5)]
    deep = [w if bits == 8 else w.astype(np.uint16) << 2 for w in wanted]
    path = write_video(
        tmp_path / "a.mp4", deep, codec="libsvtav1", options=AV1_FAST, pixel_format=pixel_format
    )
    assert (probe(path).codec, probe(path).bit_depth) == ("av1", bits)
    with open_replay(path) as replay:
        for luma, planted in zip((f.luma for f in replay), wanted, strict=True):
            assert np.abs(luma.astype(int) - FULL_OF_LIMITED[planted]).mean() < 1.5


@pytest.mark.parametrize(("width_px", "height_px"), [(95, 63), (97, 64), (1, 1), (33, 70), (2, 2)])
@pytest.mark.parametrize("suffix", ["mkv", "webm"])
def test_odd_sizes(tmp_path: Path, suffix: str, width_px: int, height_px: int) -> None:
    wanted = [marked(i)[:height_px, :width_px] for i in range(3)]
    wanted = [np.pad(w, ((0, height_px - w.shape[0]), (0, width_px - w.shape[1]))) for w in wanted]
    codec, options = FFV1 if suffix == "mkv" else VP9
    path = write_video(tmp_path / f"a.{suffix}", wanted, codec=codec, options=options)
    with open_replay(path) as replay:
        assert (replay.info.width_px, replay.info.height_px) == (width_px, height_px)
        lumas = [frame.luma for frame in replay]
    assert all(np.array_equal(a, FULL_OF_LIMITED[b]) for a, b in zip(lumas, wanted, strict=True))


def _read(frame: av.VideoFrame) -> np.ndarray:
    return LumaReader(layout_of(frame)).read(frame)


def test_formats_without_a_plain_luma_plane() -> None:
    luma = marked(5)
    expected = FULL_OF_LIMITED[luma]
    planar = frame_of(luma, "yuv444p")
    for name in ("nv12", "p010le", "yuyv422", "uyvy422", "yuv440p", "nv24"):
        frame = planar.reformat(format=name)
        assert frame.format.name == name
        assert np.abs(_read(frame).astype(int) - expected).max() <= 1, name
    gray_alpha = frame_of(luma, "gray").reformat(format="ya8")
    assert np.array_equal(_read(gray_alpha), luma)


def test_rgb_is_weighted_as_bt601_has_it() -> None:
    for color, expected in {
        (255, 0, 0): 76,
        (0, 255, 0): 150,
        (0, 0, 255): 29,
        (255, 255, 255): 255,
        (0, 0, 0): 0,
    }.items():
        pixels = np.tile(np.array(color, np.uint8), (16, 16, 1))
        for name in ("rgb24", "bgra", "gbrp"):
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format=name)
            luma = _read(frame)
            assert abs(int(luma[8, 8]) - expected) <= 1, (name, color)


def test_full_range_planes_are_not_copied_and_outlive_their_frames(tmp_path: Path) -> None:
    wanted = [marked(i, black=0, white=255) for i in range(40)]
    path = write_video(tmp_path / "a.mp4", wanted, options=X264_LOSSLESS, full_range=True)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        luma = _read(frame)
        assert np.shares_memory(luma, np.frombuffer(frame.planes[0], np.uint8))
    with open_replay(path, queue_frames=40) as replay:
        lumas = [frame.luma for frame in replay]
    gc.collect()
    assert all(np.array_equal(a, b) for a, b in zip(lumas, wanted, strict=True))


ONE = 1 << 16  # 1.0 in the matrix's 16.16
TURNS = {  # (x, y) goes to (a x + c y, b x + d y), y down: ISO/IEC 14496-12, 8.3.2
    90: (0, ONE, 0, -ONE, 0, 0, 0, 0, 1 << 30),
    180: (-ONE, 0, 0, 0, -ONE, 0, 0, 0, 1 << 30),
    270: (0, -ONE, 0, ONE, 0, 0, 0, 0, 1 << 30),
}


@pytest.mark.parametrize("suffix", ["mp4", "mov"])
@pytest.mark.parametrize("turn_deg", [0, 90, 180, 270])
def test_rotation_is_applied(tmp_path: Path, suffix: str, turn_deg: int) -> None:
    planted = marked(1, 80, 48)
    path = write_video(tmp_path / f"a.{suffix}", [planted] * 2, options=X264_LOSSLESS)
    if turn_deg:
        set_matrix(path, TURNS[turn_deg])
    expected = FULL_OF_LIMITED[planted]
    for _ in range(turn_deg // 90):
        expected = expected[::-1].T  # clockwise: the bottom row becomes the left column
    with open_replay(path) as replay:
        assert replay.info.rotation_deg == turn_deg
        assert (replay.info.height_px, replay.info.width_px) == expected.shape
        for frame in replay:
            assert np.array_equal(frame.luma, expected)
            assert frame.luma.flags.c_contiguous


def test_a_change_of_size_is_scaled_to_the_first(tmp_path: Path) -> None:
    small = write_video(tmp_path / "a.h264", [marked(0)] * 5, options=X264_LOSSLESS)
    large = write_video(tmp_path / "b.h264", [marked(0, 192, 128)] * 5, options=X264_LOSSLESS)
    joined = tmp_path / "joined.h264"
    joined.write_bytes(small.read_bytes() + large.read_bytes())
    with open_replay(joined) as replay:
        frames = list(replay)
    assert len(frames) == 10
    assert {f.luma.shape for f in frames} == {(64, 96)}
    assert [f.index for f in frames] == list(range(10))
    assert all(b.pts > a.pts for a, b in pairwise(frames))
    below = slice(20, 60)
    assert np.abs(frames[9].luma[below].astype(int) - frames[0].luma[below]).max() <= 4


def test_without_the_loop_filter_the_same_frames_a_little_rougher() -> None:
    """The shipped replay is H.264 with the filter on: same times, other pixels, the same sight."""
    sample = Path(__file__).parents[1] / "samples" / "freedoom.mp4"
    smooth, rough = (
        [(f.pts, f.luma.astype(int)) for f in replay]
        for fast in (False, True)
        for replay in [_frames(sample, fast)]
    )
    assert [pts for pts, _ in smooth] == [pts for pts, _ in rough]
    differences = [np.abs(a - b).mean() for (_, a), (_, b) in zip(smooth, rough, strict=True)]
    assert max(differences) > 0
    assert np.median(differences) < 3


def _frames(path: Path, fast: bool) -> list[Frame]:
    with open_replay(path, end_s=2.0, fast=fast) as replay:
        return list(replay)
