"""Still pictures from files: any depth and channels, as RGB with 8 bits."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pyanalyzer.errors import PictureError
from pyanalyzer.records import U8

LEAST_PX, MOST_PX = 16, 8192  # a side: smaller ones hold no change that could be told from noise
_TRANSPARENT_LEVEL = 128  # what is seen through a transparent pixel, in both pictures
AnyPicture = npt.NDArray[Any]
_JPEG = b"\xff\xd8"


def read_picture(path: str | Path) -> U8:
    """A picture, uint8 RGB (h, w, 3).

    Grey ones get three equal channels, 16 bits are scaled to 8, transparent pixels show mid-grey,
    and a JPEG is turned as its EXIF says. Raises PictureError, which names the file, where it is
    missing, no picture, damaged, or has a side outside of LEAST_PX .. MOST_PX.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise PictureError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:  # a NUL in the name
        raise PictureError(f"cannot read {path!r}: {error}") from error
    if not data:
        raise PictureError(f"{path} is empty; give a picture (PNG, JPEG, WebP, TIFF, BMP)")
    picture = _decoded(data)
    if picture is None:
        raise PictureError(
            f"{path} is not a picture that can be read, or is damaged; "
            "give a PNG, JPEG, WebP, TIFF or BMP file"
        )
    height, width = picture.shape[:2]
    if min(height, width) < LEAST_PX or max(height, width) > MOST_PX:
        raise PictureError(
            f"{path} is {width} x {height} px; sides of {LEAST_PX} to {MOST_PX} px can be compared"
        )
    return _rgb(_eight_bits(picture))


def read_pictures(paths: Sequence[str | Path]) -> list[U8]:
    """Several at once, each in a thread. Raises the error of the first that has one."""
    with ThreadPoolExecutor(max_workers=len(paths)) as pool:
        return list(pool.map(read_picture, paths))


def _decoded(data: bytes) -> AnyPicture | None:
    # Unchanged keeps transparency, but ignores how a camera was held; JPEG has the latter only.
    flags = cv2.IMREAD_UNCHANGED
    if data.startswith(_JPEG):
        flags = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:  # more pixels than OpenCV takes
        return None


def _eight_bits(picture: AnyPicture) -> AnyPicture:
    if picture.dtype == np.uint8:
        return picture
    if picture.dtype == np.uint16:
        return np.asarray((picture.astype(np.uint32) + 128) // 257, np.uint8)
    values = np.nan_to_num(picture.astype(np.float32))  # floats: 0..1, as TIFF and EXR have them
    top = 1.0 if values.max(initial=0) <= 1.0 else float(values.max())
    return np.asarray(np.rint(np.clip(values / top, 0, 1) * 255), np.uint8)


def _rgb(picture: AnyPicture) -> U8:
    if picture.ndim == 2 or picture.shape[2] == 1:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), np.uint8)
    if picture.shape[2] == 3:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
    rgba = cv2.cvtColor(picture[..., :4].copy(), cv2.COLOR_BGRA2RGBA).astype(np.float32)
    alpha = rgba[..., 3:] / 255
    return np.asarray(np.rint(rgba[..., :3] * alpha + _TRANSPARENT_LEVEL * (1 - alpha)), np.uint8)
