"""Which file it was, and which part of its picture is looked at."""

from __future__ import annotations

import hashlib
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer.decode import check_region, crop, parse_region, read_mask, sha256_of
from pyanalyzer.errors import ReplayError, UsageError
from pyanalyzer.records import Frame, Region


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 2304256])
def test_the_hash_is_that_of_the_bytes(tmp_path: Path, size: int) -> None:
    data = np.random.default_rng(size).bytes(size)
    (tmp_path / "a").write_bytes(data)
    assert sha256_of(tmp_path / "a") == hashlib.sha256(data).hexdigest()


def test_the_hash_of_no_file(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="cannot be read"):
        sha256_of(tmp_path / "b")


@given(st.integers(-2, 12), st.integers(-2, 10), st.integers(-1, 14), st.integers(-1, 12))
def test_a_crop_is_a_view_or_an_error(x: int, y: int, w: int, h: int) -> None:
    frame = Frame(3, 4, np.arange(80, dtype=np.uint8).reshape(8, 10))
    region = Region(x, y, w, h)
    inside = x >= 0 and y >= 0 and w >= 1 and h >= 1 and x + w <= 10 and y + h <= 8
    if not inside:
        with pytest.raises(UsageError, match="10x8 px"):
            crop(frame, region)
        return
    part = crop(frame, region)
    assert (part.index, part.pts) == (3, 4)
    assert np.shares_memory(part.luma, frame.luma)
    assert part.luma.tolist() == [[10 * r + c for c in range(x, x + w)] for r in range(y, y + h)]
    check_region(region, 10, 8)


def test_regions_are_read_from_text() -> None:
    assert parse_region("1, 2,30,4") == Region(1, 2, 30, 4)
    for text in (
        "",
        "1,2,3",
        "1,2,3,4,5",
        "a,b,c,d",
        "0,0,0,5",
        "-1,0,5,5",
        "nan,0,5,5",
        "1.5,0,2,2",
    ):
        with pytest.raises(UsageError, match="region"):
            parse_region(text)


def _image(path: Path, gray: np.ndarray, pixel_format: str = "gray") -> Path:
    codec = {"png": "png", "jpg": "mjpeg", "bmp": "bmp"}[path.suffix[1:]]
    frame = av.VideoFrame.from_ndarray(gray, "gray").reformat(format=pixel_format)
    with av.open(str(path), "w", format="image2") as container:
        stream = container.add_stream(codec, rate=1)
        stream.height, stream.width = gray.shape
        stream.pix_fmt = pixel_format
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("name", "pixel_format"),
    [("a.png", "gray"), ("a.png", "rgba"), ("a.png", "monob"), ("a.bmp", "bgr24")],
)
def test_masks(tmp_path: Path, name: str, pixel_format: str) -> None:
    wanted = np.random.default_rng(0).integers(0, 2, (31, 45), np.uint8)
    path = _image(tmp_path / name, wanted * np.uint8(255), pixel_format)
    mask = read_mask(path, 45, 31)
    assert mask.dtype == np.uint8
    assert np.array_equal(mask, wanted)


def test_a_mask_as_jpeg_and_in_grays(tmp_path: Path) -> None:
    wanted = np.zeros((64, 96), np.uint8)
    wanted[:, 48:] = 1
    path = _image(tmp_path / "a.jpg", wanted * np.uint8(255), "yuvj420p")
    assert np.array_equal(read_mask(path, 96, 64), wanted)
    grays = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
    mask = read_mask(_image(tmp_path / "b.png", grays), 256, 4)
    assert np.array_equal(mask, (grays >= 128).astype(np.uint8))


def test_masks_that_cannot_be_used(tmp_path: Path) -> None:
    white = _image(tmp_path / "white.png", np.full((8, 10), 255, np.uint8))
    with pytest.raises(ReplayError, match=r"white\.png.*10x8 px.*20x8 px"):
        read_mask(white, 20, 8)
    black = _image(tmp_path / "black.png", np.zeros((8, 10), np.uint8))
    with pytest.raises(ReplayError, match=r"black\.png.*black all over"):
        read_mask(black, 10, 8)
    text = tmp_path / "text.png"
    text.write_text("no picture")
    with pytest.raises(ReplayError, match=r"text\.png.*image"):
        read_mask(text, 10, 8)
    with pytest.raises(ReplayError, match="no such file"):
        read_mask(tmp_path / "missing.png", 10, 8)
