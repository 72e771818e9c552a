"""Pictures and pairs whose truth is known, for the tests of stills; and a network's stand-in."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.stills.compare import AlignedStills
from pyanalyzer.stills.planes import CELL_PX
from pyanalyzer.stills.records import ChangeMaps


def scene(seed: int = 0, width: int = 320, height: int = 240) -> U8:
    """A picture with structure at every scale: uint8 RGB (height, width, 3)."""
    rng = np.random.default_rng(seed)
    noise = np.zeros((height, width, 3), np.float32)
    for size in (4, 10, 30):
        small = rng.normal(0, 18, (height // size + 2, width // size + 2, 3)).astype(np.float32)
        noise += cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(128 + noise, 0, 255).astype(np.uint8)


def moved(picture: U8, angle_deg: float, scale: float, dx: float, dy: float) -> U8:
    """The picture turned, scaled and shifted about its centre."""
    height, width = picture.shape[:2]
    matrix = motion(width, height, angle_deg, scale, dx, dy)
    return np.asarray(
        cv2.warpPerspective(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT),
        np.uint8,
    )


def motion(  # noqa: PLR0917 - as cv2 has them
    width: int, height: int, angle_deg: float, scale: float, dx: float, dy: float
) -> np.ndarray:  # type: ignore[type-arg]
    """The homography of :func:`moved`."""
    centre = ((width - 1) / 2, (height - 1) / 2)
    matrix = np.eye(3)
    matrix[:2] = cv2.getRotationMatrix2D(centre, angle_deg, scale)
    matrix[:2, 2] += (dx, dy)
    return matrix


def with_block(  # noqa: PLR0917 - a box and its level
    picture: U8, x: int, y: int, w: int, h: int, level: int = 250
) -> U8:
    """A copy with a plain block in it."""
    copy = picture.copy()
    copy[y : y + h, x : x + w] = level
    return copy


def write_png(path: Path, picture: U8) -> Path:
    """Writes a picture, RGB, and returns its path."""
    assert cv2.imwrite(str(path), picture[..., ::-1])
    return path


def difference_maps(stills: AlignedStills, *_: object) -> ChangeMaps:
    """What a perfect network would say of noiseless pictures: log-odds of +6 where they differ."""
    differs = cv2.absdiff(stills.before, stills.after).max(axis=2) > 40
    return maps_from(differs & stills.covered)


def maps_from(differs: np.ndarray) -> ChangeMaps:  # type: ignore[type-arg]
    """Maps that say what ``differs``, bool (h, w), says; each component's cells see its box."""
    height, width = differs.shape
    rows, columns = -(-height // CELL_PX), -(-width // CELL_PX)
    whole = np.zeros((rows * CELL_PX, columns * CELL_PX), np.uint8)
    whole[:height, :width] = differs
    cells = whole.reshape(rows, CELL_PX, columns, CELL_PX).max(axis=(1, 3))
    sides = np.full((4, rows, columns), 8, np.float32)
    count, numbers, stats, _ = cv2.connectedComponentsWithStats(whole, connectivity=8)
    per_cell = numbers.reshape(rows, CELL_PX, columns, CELL_PX).max(axis=(1, 3))
    for n in range(1, count):
        row, column = np.nonzero(per_cell == n)
        x, y, w, h = stats[n, :4]
        cx, cy = (column + 0.5) * CELL_PX, (row + 0.5) * CELL_PX
        sides[:, row, column] = (cx - x, cy - y, x + w - cx, y + h - cy)
    return ChangeMaps(
        np.where(cells > 0, 6, -6).astype(np.float32),
        sides,
        np.where(differs, 6, -6).astype(np.float32),
    )
