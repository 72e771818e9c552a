"""The video holds one frame per picture, where and when the layout says."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyanalyzer.errors import OutputError
from pyanalyzer.records import Region
from pyanalyzer.simulate.encode import (
    ATARI_LAYOUTS,
    EncoderSettings,
    Layout,
    _place,
    full,
    write_video,
)

PLAIN = EncoderSettings(crf=20, b_frames=2, gop_frames=30)


def decoded(path: Path) -> tuple[list[np.ndarray], list[Fraction]]:
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return (
        [frame.to_ndarray(format="gray") for frame in frames],
        [frame.pts * frame.time_base for frame in frames],
    )


@pytest.mark.parametrize("rate", [Fraction(60), Fraction(35), Fraction(30)])
@pytest.mark.parametrize("b_frames", [0, 3])
def test_every_picture_is_the_frame_of_its_ordinal(
    tmp_path: Path, rate: Fraction, b_frames: int
) -> None:
    pictures = [np.full((48, 64, 3), 8 * t, np.uint8) for t in range(30)]
    path = tmp_path / "x.mp4"
    encoder = EncoderSettings(crf=18, b_frames=b_frames, gop_frames=12)
    assert write_video(path, pictures, rate, full(64, 48), encoder) == 30
    lumas, times = decoded(path)
    assert [float(time) for time in times] == pytest.approx([t / float(rate) for t in range(30)])
    assert [round(luma.mean() / 8) for luma in lumas] == list(range(30))
    assert [file.name for file in tmp_path.iterdir()] == ["x.mp4"]


def test_same_pictures_same_bytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    pictures = [rng.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in range(12)]
    for name in ("a.mp4", "b.mp4"):
        write_video(tmp_path / name, pictures, Fraction(60), full(64, 48), PLAIN)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_bars_are_black_and_the_picture_is_where_the_layout_says(tmp_path: Path) -> None:
    layout = Layout(96, 48, Region(16, 0, 64, 48), smooth=True)
    white = [np.full((48, 64, 3), 255, np.uint8)] * 3
    write_video(tmp_path / "x.mp4", white, Fraction(60), layout, PLAIN)
    luma = decoded(tmp_path / "x.mp4")[0][1]
    assert luma.shape == (48, 96)
    assert luma[:, :14].max() < 24
    assert luma[:, 82:].max() < 24
    assert luma[:, 18:78].min() > 230


def test_unwritable_folder(tmp_path: Path) -> None:
    picture = np.zeros((48, 64, 3), np.uint8)
    with pytest.raises(OutputError, match="cannot be written"):
        write_video(tmp_path / "no" / "x.mp4", [picture], Fraction(60), full(64, 48), PLAIN)


def test_layouts_are_even_and_low() -> None:
    for layout in ATARI_LAYOUTS:
        numbers = (layout.width_px, layout.height_px, *layout.box)
        assert not any(n % 2 for n in numbers), layout
        assert layout.height_px <= 480


@settings(max_examples=40, deadline=None)
@given(
    layout=st.sampled_from(ATARI_LAYOUTS),
    x=st.integers(0, 150),
    y=st.integers(0, 200),
    w=st.integers(1, 10),
    h=st.integers(1, 10),
)
def test_no_pixel_changes_outside_the_scaled_region(
    layout: Layout, x: int, y: int, w: int, h: int
) -> None:
    picture = np.zeros((210, 160, 3), np.uint8)
    changed = picture.copy()
    changed[y : y + h, x : x + w] = 255
    lumas = [
        _place(p, layout).to_ndarray()[: layout.height_px].astype(int) for p in (picture, changed)
    ]
    rows, columns = np.nonzero(lumas[0] != lumas[1])
    region = layout.region(Region(x, y, w, h), 160, 210)
    assert region.x_px <= columns.min()
    assert columns.max() < region.x_px + region.w_px
    assert region.y_px <= rows.min()
    assert rows.max() < region.y_px + region.h_px
    # and it is not larger than interpolation asks for
    slack_x = 2 * -(-layout.box.w_px // 160)
    slack_y = 2 * -(-layout.box.h_px // 210)
    assert columns.min() - region.x_px <= slack_x + 1
    assert rows.min() - region.y_px <= slack_y + 1
