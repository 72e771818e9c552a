"""The light of the second picture: what the levels of the first one became."""

from __future__ import annotations

import cv2
import numpy as np

from pyanalyzer.records import U8, BoolGrid
from pyanalyzer.stills.records import F64, Levels

SAMPLE_PX = 4  # the fit looks at means of 4 x 4 px: noise and small misalignments matter less
_ITERATIONS = 6
_SCALE_LEVELS = 6.0  # Cauchy's weight is 1/2 at this misfit: changed areas hardly pull
_RIDGE = 0.003  # against the identity: levels that do not occur keep their place
_LEAST_SAMPLES, _MOST_SAMPLES = 64, 20_000


def fit_levels(before: U8, after: U8, valid: BoolGrid) -> Levels:
    """How each channel's levels changed: uint8 (3, 256), to be applied to the first picture.

    ``before``: aligned to ``after``; uint8 RGB (h, w, 3). ``valid``: bool (h, w), where the first
    picture covers the second. Per channel a curve ``a + b x + c x^2 + d sqrt(x)`` (brightness,
    contrast, gamma) by iteratively reweighted least squares with Cauchy weights (Holland and
    Welsch 1977), so that what changed does not pull. The identity where too little is covered.
    """
    size = (max(1, after.shape[1] // SAMPLE_PX), max(1, after.shape[0] // SAMPLE_PX))
    small = [
        np.asarray(cv2.resize(p, size, interpolation=cv2.INTER_AREA), np.uint8)
        for p in (before, after)
    ]
    inside = cv2.resize(valid.astype(np.uint8), size, interpolation=cv2.INTER_AREA) > 0
    x = np.arange(256) / 255.0
    levels = np.empty((3, 256), np.uint8)
    for channel in range(3):
        a, b = (p[..., channel][inside] for p in small)
        curve = _curve(a, b) if len(a) >= _LEAST_SAMPLES else np.array([0.0, 1.0, 0.0, 0.0])
        values = np.maximum.accumulate(_basis(x) @ curve)  # more light never becomes less
        levels[channel] = np.rint(np.clip(values, 0, 1) * 255)
    return levels


def apply_levels(picture: U8, levels: Levels) -> U8:
    """The picture, uint8 RGB (h, w, 3), in the light that ``levels`` describes."""
    return np.asarray(cv2.LUT(picture, np.ascontiguousarray(levels.T)[:, None, :]), np.uint8)


def _basis(x: F64) -> F64:
    return np.stack([np.ones_like(x), x, x * x, np.sqrt(x)], axis=1)


def _curve(before: U8, after: U8) -> F64:
    """Coefficients of the curve from levels to levels, of both 0..1 for uint8 (n,)."""
    step = max(1, len(before) // _MOST_SAMPLES)
    a, b = (values[::step].astype(np.float64) / 255.0 for values in (before, after))
    basis = _basis(a)
    curve = np.array([float(np.median(b - a)), 1.0, 0.0, 0.0])
    kept = np.abs(b - 0.5) < 0.497  # clipped levels say nothing about the curve
    for i in range(_ITERATIONS):
        scale = _SCALE_LEVELS / 255.0 * (4.0 if i < 2 else 1.0)
        weight = kept / (1 + ((basis @ curve - b) / scale) ** 2)
        normal = (basis * weight[:, None]).T @ basis / max(weight.sum(), 1e-9)
        moment = (basis * weight[:, None]).T @ b / max(weight.sum(), 1e-9)
        ridge = _RIDGE * np.diag([0.1, 1.0, 1.0, 1.0])
        curve = np.linalg.solve(
            normal + ridge + 1e-9 * np.eye(4), moment + ridge @ np.array([0.0, 1.0, 0.0, 0.0])
        )
    return curve
