"""What differs between two pictures of one scene without being a change."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pyanalyzer.records import U8

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NuisanceLimits:
    """How far the second picture may differ from the first. Shares are probabilities."""

    rotation_deg: float = 5.0
    translation_share: float = 0.05  # of width and height
    scale: float = 0.1  # 0.9 to 1.1
    perspective_share: float = 0.01  # by which a corner moves, of the shorter side
    unmoved_share: float = 0.25  # screenshots of one window
    brightness: float = 0.15  # of the full range
    contrast: float = 0.15
    gamma: float = 0.25  # exponent e^-0.25 to e^0.25
    noise_levels: float = 6.0
    blur_px: float = 1.2
    jpeg_quality: tuple[int, int] = (60, 95)
    jpeg_share: float = 0.8


def draw_motion(rng: np.random.Generator, limits: NuisanceLimits, width: int, height: int) -> F64:
    """A homography from the first picture to the second, float64 (3, 3)."""
    if rng.random() < limits.unmoved_share:
        return np.eye(3)
    angle = math.radians(float(rng.uniform(-limits.rotation_deg, limits.rotation_deg)))
    scale = float(rng.uniform(1 - limits.scale, 1 + limits.scale))
    c, s = scale * math.cos(angle), scale * math.sin(angle)
    cx, cy = (width - 1) / 2, (height - 1) / 2
    dx, dy = rng.uniform(-limits.translation_share, limits.translation_share, 2) * (width, height)
    similar = np.array(
        [[c, -s, cx + dx - c * cx + s * cy], [s, c, cy + dy - s * cx - c * cy], [0, 0, 1]]
    )
    if rng.random() < 0.5:
        return similar
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    reach = limits.perspective_share * min(width, height)
    moved = corners + rng.uniform(-reach, reach, (4, 2)).astype(np.float32)
    return np.asarray(cv2.getPerspectiveTransform(corners, moved) @ similar)


def warp(picture: U8, homography: F64, size: tuple[int, int], how: int = cv2.INTER_LINEAR) -> U8:
    """The picture as the homography shows it, in ``size`` (width, height); grey beyond its edge."""
    warped = cv2.warpPerspective(
        picture,
        homography,
        size,
        flags=how,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(128, 128, 128),
    )
    return np.asarray(warped, np.uint8)


def degrade(rng: np.random.Generator, picture: U8, limits: NuisanceLimits) -> U8:
    """Other light, blur, noise, and JPEG."""
    x = np.arange(256) / 255.0
    contrast = 1 + float(rng.uniform(-limits.contrast, limits.contrast))
    gain = 0.5 + (x - 0.5) * contrast + float(rng.uniform(-limits.brightness, limits.brightness))
    if rng.random() < 0.15:
        gain = x
    elif rng.random() < 0.5:
        gain = np.clip(gain, 0, 1) ** math.exp(float(rng.uniform(-limits.gamma, limits.gamma)))
    levels = np.rint(np.clip(gain, 0, 1) * 255).astype(np.uint8)
    picture = np.asarray(cv2.LUT(picture, levels), np.uint8)
    if rng.random() < 0.4:
        sigma = float(rng.uniform(0.3, limits.blur_px))
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)
    if rng.random() < 0.5:
        sigma = float(rng.uniform(0.5, limits.noise_levels))
        noise = rng.standard_normal(picture.shape, dtype=np.float32) * np.float32(sigma)
        picture = np.asarray(
            cv2.add(picture, noise, dtype=cv2.CV_8U), np.uint8
        )  # rounds and saturates
    if rng.random() < limits.jpeg_share:
        picture = jpeg(picture, int(rng.integers(*limits.jpeg_quality, endpoint=True)))
    return np.asarray(picture, np.uint8)


def jpeg(picture: U8, quality: int) -> U8:
    """The picture after JPEG with 4:2:0 chroma."""
    done, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert done
    assert decoded is not None
    return np.ascontiguousarray(decoded[..., ::-1], np.uint8)
