"""The first still brought onto the second, and into its light."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pyanalyzer.errors import UnalignableError
from pyanalyzer.stills.align import align_stills
from pyanalyzer.stills.compare import bring_together
from pyanalyzer.stills.photometry import apply_levels, fit_levels
from tests.planted_stills import motion, moved, scene, with_block

WIDTH, HEIGHT = 480, 360


def grey(picture: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


def corner_error_px(found: np.ndarray, true: np.ndarray) -> float:  # type: ignore[type-arg]
    corners = np.array([[[0, 0]], [[WIDTH, 0]], [[WIDTH, HEIGHT]], [[0, HEIGHT]]], float)
    there = [cv2.perspectiveTransform(corners, m) for m in (found, true)]
    return float(np.linalg.norm(there[0] - there[1], axis=2).max())


@pytest.mark.parametrize(
    ("angle_deg", "scale", "dx", "dy"),
    [
        (0.0, 1.0, 9.5, -6.25),
        (5.0, 1.0, 0.0, 0.0),
        (-5.0, 0.9, 24.0, 18.0),
        (3.0, 1.1, -24.0, 10.0),
    ],
)
def test_planted_motion_is_found(angle_deg: float, scale: float, dx: float, dy: float) -> None:
    before = scene(1, WIDTH, HEIGHT)
    after = with_block(moved(before, angle_deg, scale, dx, dy), 200, 100, 60, 50)
    after = cv2.convertScaleAbs(after, alpha=0.9, beta=20)
    found = align_stills(grey(before), grey(after))
    assert found.aligned
    true = motion(WIDTH, HEIGHT, angle_deg, scale, dx, dy)
    assert corner_error_px(found.matrix, true) < 0.5


def test_same_view_is_left_alone() -> None:
    before = scene(2, WIDTH, HEIGHT)
    found = align_stills(grey(before), grey(with_block(before, 10, 10, 100, 80)))
    assert found.aligned
    assert found.method == "identity"
    np.testing.assert_array_equal(found.matrix, np.eye(3))


def test_a_larger_copy_is_fitted() -> None:
    before = scene(3, WIDTH, HEIGHT)
    after = cv2.resize(before, (720, 540), interpolation=cv2.INTER_AREA)
    stills = bring_together(before, after)
    assert stills.before.shape == after.shape
    assert stills.covered.mean() > 0.98
    assert np.abs(stills.before.astype(int) - after)[stills.covered].mean() < 3


def test_unrelated_pictures_are_refused() -> None:
    with pytest.raises(UnalignableError, match="cannot be aligned"):
        bring_together(scene(4, WIDTH, HEIGHT), scene(5, WIDTH, HEIGHT))


def test_pictures_without_structure() -> None:
    flat = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    assert bring_together(flat, flat + 10).alignment.method == "flat"
    with pytest.raises(UnalignableError):
        bring_together(flat, scene(6, WIDTH, HEIGHT))


def test_light_is_matched_and_changes_do_not_pull() -> None:
    before = scene(7, WIDTH, HEIGHT)
    x = np.arange(256) / 255
    curve = np.rint(255 * np.clip(0.1 + 0.85 * x, 0, 1) ** 1.2).astype(np.uint8)
    after = with_block(cv2.LUT(before, curve), 0, 0, WIDTH // 3, HEIGHT // 2)
    levels = fit_levels(before, after, np.ones((HEIGHT, WIDTH), bool))
    rest = (slice(HEIGHT // 2, None), slice(WIDTH // 3, None))
    off = apply_levels(before, levels)[rest].astype(int) - after[rest]
    assert np.abs(off).mean() < 1.5


def test_light_stays_where_nothing_is_covered() -> None:
    picture = scene(8, WIDTH, HEIGHT)
    levels = fit_levels(picture, 255 - picture, np.zeros((HEIGHT, WIDTH), bool))
    np.testing.assert_array_equal(levels, np.tile(np.arange(256), (3, 1)))
