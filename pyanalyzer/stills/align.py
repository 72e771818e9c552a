"""The first still brought onto the second: a homography, or the finding that there is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np

from pyanalyzer import core
from pyanalyzer.records import F32, U8, BoolGrid
from pyanalyzer.stills.records import F64, Method, StillAlignment

_SEARCH_LONG_PX = 640  # the core's search looks at pictures of this size
_SEARCH_SHORT_PX = 32  # what core.align takes at least
_FEATURES = 1500
_FEATURES_LONG_PX = 960
_POINTS = 512  # tracked corners
_POINT_GRID = 8  # the picture is cut in so many columns and rows, and each gives its share
_WINDOW_PX = 21
_COARSE_LONG_PX = 960  # corners are found, and tracked first, in copies of this size
_PYRAMIDS = 3, 1  # halvings for tracking: from the coarse motion, and from the refined one
_AGREE_PX = 1.5  # a tracked point that is off by less follows the homography
_RETURN_PX = 0.5  # a point tracked there and back again ends so near its start
_LEAST_POINTS = 12
_LIGHT_SAMPLES = 100_000  # pixels that tell the mean and contrast
_JUDGED_LONG_PX = 960
_JUDGED_BLOCK_PX = 32
_STRUCTURE_LEVELS = 2.0  # standard deviation of a block's fine structure
# Of unrelated pictures no block in a hundred does, and the median correlation is 0.00; of a dark
# scene in noise it can be 0.1.
_LEAST_SHARE = 0.1  # of the structured blocks, that resemble each other
_LEAST_CORRELATION = 0.08
_CERTAIN_SHARE = 0.9  # as they lie: nothing else needs to be tried
_CERTAIN_CORRELATION = 0.9
_GAIN = 0.005  # by which another motion must be better than none
_LEAST_SHARED = 0.4  # of the second picture, that the first must cover
_FLAT_LEVELS = 1.5  # standard deviation of luma: less has no structure to be aligned by


def align_stills(before: U8, after: U8) -> StillAlignment:
    """How ``before`` has to be warped to lie on ``after``; uint8 luma (h, w), of any two sizes.

    The core's similarity search on small pictures (:func:`pyanalyzer.core.align`), or, where that
    finds none, matched SIFT features (Lowe 2004); then corners tracked in small copies and at full
    resolution (pyramidal Lucas-Kanade, Bouguet 2000), and each time a homography through those that
    agree (MAGSAC++, Barath et al. 2020). The identity is kept where it explains as much.
    ``aligned`` is False where the aligned pictures do not resemble each other.
    """
    flat = [_spread(picture) < _FLAT_LEVELS for picture in (before, after)]
    if any(flat):
        return _flat(before, after, both=all(flat))
    best = _judged(scaling(before, after), before, after, "identity")
    if best.aligned and best.share > _CERTAIN_SHARE and best.correlation > _CERTAIN_CORRELATION:
        return best
    for method, start in _starts(before, after):
        found = _judged(_refined(before, after, start), before, after, method)
        if (found.aligned, found.correlation) > (best.aligned, best.correlation + _GAIN):
            best = found
        if best.aligned:
            break
    return best


def scaling(before: U8, after: U8) -> F64:
    """The homography that only makes the first picture as large as the second."""
    return _scaling((before.shape[1], before.shape[0]), (after.shape[1], after.shape[0]))


def warp_to(picture: U8, homography: F64, size_px: tuple[int, int]) -> U8:
    """A picture of any channels as the homography shows it, in ``size_px`` (width, height)."""
    if is_identity(homography) and (picture.shape[1], picture.shape[0]) == size_px:
        return picture
    return np.asarray(
        cv2.warpPerspective(
            picture, homography, size_px, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        ),
        np.uint8,
    )


def covered_by(before_size: tuple[int, int], homography: F64, size_px: tuple[int, int]) -> BoolGrid:
    """Where the warped first picture, of ``before_size`` (width, height), covers the second."""
    if is_identity(homography) and before_size == size_px:
        return np.ones((size_px[1], size_px[0]), bool)
    inside = np.full((before_size[1], before_size[0]), 255, np.uint8)
    return np.asarray(cv2.warpPerspective(inside, homography, size_px) == 255)


def is_identity(homography: F64) -> bool:
    """Whether nothing moves at all."""
    return bool(np.array_equal(homography, np.eye(3)))


def _starts(before: U8, after: U8) -> Iterator[tuple[Method, F64]]:
    """Coarse motions. SIFT costs more than all else, so it is asked only when its turn comes."""
    searches: tuple[tuple[Method, Callable[[U8, U8], F64 | None]], ...] = (
        ("similarity", _core_search),
        ("features", _feature_search),
    )
    for name, search in searches:
        found = search(before, after)
        if found is not None:
            yield name, found


def _core_search(before: U8, after: U8) -> F64 | None:
    """The core's similarity between small copies, as a homography at full resolution."""
    height, width = after.shape
    scale = min(1.0, _SEARCH_LONG_PX / max(height, width))
    size = (round(width * scale), round(height * scale))
    if min(size) < _SEARCH_SHORT_PX:
        return None
    small = [
        np.ascontiguousarray(cv2.resize(p, size, interpolation=cv2.INTER_AREA), np.uint8)
        for p in (before, after)
    ]
    found = core.align(small[0], small[1])
    if not found.aligned:
        return None
    a, b, tx, ty = (value / 65536.0 for value in found.inverse_q16)
    forward = np.linalg.inv(np.array([[a, -b, tx], [b, a, ty], [0, 0, 1]]))
    into = _scaling((before.shape[1], before.shape[0]), size)
    out = _scaling(size, (width, height))
    return _normal(out @ forward @ into)


def _feature_search(before: U8, after: U8) -> F64 | None:
    """A homography through SIFT features of small copies that match."""
    sift: Any = cv2.SIFT_create(nfeatures=_FEATURES)  # type: ignore[attr-defined,unused-ignore]
    sides, points = [], []
    for picture in (before, after):
        height, width = picture.shape
        scale = min(1.0, _FEATURES_LONG_PX / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        sides.append((_scaling((width, height), size), size, (width, height)))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        points.append(sift.detectAndCompute(small, None))
    (keys_a, features_a), (keys_b, features_b) = points
    if min(len(keys_a), len(keys_b)) < _LEAST_POINTS:
        return None
    pairs = cv2.BFMatcher().knnMatch(features_a, features_b, k=2)
    good = [m for m, n in (p for p in pairs if len(p) == 2) if m.distance < 0.8 * n.distance]
    if len(good) < _LEAST_POINTS:
        return None
    source = np.array([keys_a[m.queryIdx].pt for m in good], np.float32)
    target = np.array([keys_b[m.trainIdx].pt for m in good], np.float32)
    found = _through(source, target, 2.0)
    if found is None:
        return None
    (into, _, _), (_, size, whole) = sides
    return _normal(_scaling(size, whole) @ found @ into)


def _refined(before: U8, after: U8, motion: F64) -> F64:
    """The motion through corners, in small copies and then at full resolution."""
    scale = min(1.0, _COARSE_LONG_PX / max(after.shape))
    small = [_resized(picture, scale) for picture in (before, after)]
    into = [_scaling(_size(p), _size(q)) for p, q in zip((before, after), small, strict=True)]
    coarse = _normal(into[1] @ motion @ np.linalg.inv(into[0]))
    corners = _corners(small[1], covered_by(_size(small[0]), coarse, _size(small[1])))
    coarse = _refine((small[0], small[1]), corners, coarse, _PYRAMIDS[0])
    motion = _normal(np.linalg.inv(into[1]) @ coarse @ into[0])
    corners = np.asarray((corners - into[1][:2, 2]) / np.diag(into[1])[:2], np.float32)
    return _refine((before, after), corners, motion, _PYRAMIDS[1])


def _refine(pictures: tuple[U8, U8], corners: F32, motion: F64, pyramid: int) -> F64:
    """The motion through corners that are tracked from the warped first picture to the second.

    ``corners``: of the second picture, float32 (n, 2) of x and y; those that the first does not
    cover are left out. ``pyramid``: how often pictures are halved, for larger errors of the motion.
    """
    before, after = pictures
    warped = warp_to(before, motion, _size(after))
    covered = covered_by(_size(before), motion, _size(after))
    places = np.rint(corners).astype(int)
    inside = covered[
        np.clip(places[:, 1], 0, after.shape[0] - 1), np.clip(places[:, 0], 0, after.shape[1] - 1)
    ]
    corners = corners[inside]
    if len(corners) < _LEAST_POINTS:
        return motion
    lit = _same_light(warped, after, covered)
    there, found = _track(after, lit, corners, pyramid)
    again, found_again = _track(lit, after, there, pyramid)
    kept = found & found_again & (np.linalg.norm(again - corners, axis=1) < _RETURN_PX)
    if kept.sum() < _LEAST_POINTS:
        return motion
    step = _through(there[kept], corners[kept], _AGREE_PX)
    return motion if step is None else _normal(step @ motion)


def _track(first: U8, second: U8, points: F32, pyramid: int) -> tuple[F32, BoolGrid]:
    """Where the points of the first picture are in the second, and which were found."""
    found, status, _ = cv2.calcOpticalFlowPyrLK(  # type: ignore[call-overload,unused-ignore]
        first, second, points, None, winSize=(_WINDOW_PX, _WINDOW_PX), maxLevel=pyramid
    )
    return np.asarray(found, np.float32), status[:, 0] > 0


def _same_light(picture: U8, like: U8, covered: BoolGrid) -> U8:
    """The picture with the mean and contrast of the other: tracking compares levels."""
    step = max(1, math.isqrt(covered.size // _LIGHT_SAMPLES))
    seen = covered[::step, ::step]
    a, b = (p[::step, ::step][seen].astype(np.float32) for p in (picture, like))
    if len(a) < _LEAST_POINTS or a.std() < _FLAT_LEVELS:
        return picture
    gain = float(np.clip(b.std() / a.std(), 0.5, 2.0))
    shift = float(np.median(b) - gain * np.median(a))
    return np.asarray(cv2.convertScaleAbs(picture, alpha=gain, beta=shift), np.uint8)


def _corners(picture: U8, covered: BoolGrid) -> F32:
    """Corners (Shi and Tomasi 1994), spread over the picture: float32 (n, 2)."""
    height, width = picture.shape
    found = []
    inside = covered.astype(np.uint8)
    per_field = max(1, _POINTS // _POINT_GRID**2)
    apart = max(3, min(height, width) // 60)
    for i in range(_POINT_GRID):
        for j in range(_POINT_GRID):
            y = slice(i * height // _POINT_GRID, (i + 1) * height // _POINT_GRID)
            x = slice(j * width // _POINT_GRID, (j + 1) * width // _POINT_GRID)
            field = np.ascontiguousarray(picture[y, x])
            mask = np.ascontiguousarray(inside[y, x])
            if min(field.shape) < 8:
                continue
            corners = cv2.goodFeaturesToTrack(field, per_field, 0.02, apart, mask=mask)
            if corners is not None:
                found.append(corners[:, 0] + (x.start, y.start))
    return np.concatenate(found).astype(np.float32) if found else np.zeros((0, 2), np.float32)


def _through(source: F32, target: F32, agree_px: float) -> F64 | None:
    """The homography from source to target points, float32 (n, 2), by MAGSAC++."""
    found, kept = cv2.findHomography(
        source, target, cv2.USAC_MAGSAC, agree_px, maxIters=2000, confidence=0.999
    )
    if found is None or kept is None or int(kept.sum()) < _LEAST_POINTS:
        return None
    return np.asarray(found, np.float64)


def _judged(motion: F64, before: U8, after: U8, method: Method) -> StillAlignment:
    """The motion with what speaks for it: blocks of the aligned pictures that resemble each other.

    The fine structure of both (less their means over 15 px) is correlated per block of 32 px where
    both have structure.
    """
    height, width = after.shape
    scale = min(1.0, _JUDGED_LONG_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = _scaling((width, height), size)
    warped = warp_to(before, _normal(small @ motion), size)
    covered = covered_by((before.shape[1], before.shape[0]), _normal(small @ motion), size)
    target = cv2.resize(after, size, interpolation=cv2.INTER_AREA)
    share, correlation = _resemblance(warped, np.asarray(target, np.uint8), covered)
    alike = share >= _LEAST_SHARE or correlation >= _LEAST_CORRELATION
    aligned = alike and _plausible(motion, before.shape, after.shape)
    values = tuple(float(v) for v in motion.ravel())
    return StillAlignment(values, aligned, share, correlation, method)


def _resemblance(a: U8, b: U8, covered: BoolGrid) -> tuple[float, float]:
    """The share of structured blocks that resemble each other, and the median correlation."""
    fine = [p - cv2.blur(p, (15, 15)) for p in (x.astype(np.float32) for x in (a, b))]
    size = (max(1, a.shape[1] // _JUDGED_BLOCK_PX), max(1, a.shape[0] // _JUDGED_BLOCK_PX))

    def mean(x: F32) -> F32:
        return np.asarray(cv2.resize(x, size, interpolation=cv2.INTER_AREA), np.float32)

    var_a, var_b = mean(fine[0] ** 2), mean(fine[1] ** 2)
    inside = mean(covered.astype(np.float32)) > 0.9
    structured = inside & (np.maximum(var_a, var_b) > _STRUCTURE_LEVELS**2)
    if structured.sum() < 4:
        return 0.0, 0.0
    correlation = mean(fine[0] * fine[1]) / np.sqrt((var_a + 1) * (var_b + 1))
    seen = correlation[structured]
    return float((seen > 0.5).mean()), float(np.median(seen))


def _plausible(motion: F64, before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """Whether enough of the second picture lies in the first, and nothing is folded or far
    resized."""
    h, w = before[:2]
    corners = np.array([[[0, 0]], [[w, 0]], [[w, h]], [[0, h]]], np.float32)
    moved = np.asarray(cv2.perspectiveTransform(corners, motion), np.float32)
    if not np.isfinite(moved).all() or not cv2.isContourConvex(moved):
        return False
    frame = np.array(
        [[[0, 0]], [[after[1], 0]], [[after[1], after[0]]], [[0, after[0]]]], np.float32
    )
    shared, _ = cv2.intersectConvexConvex(moved, frame)
    whole = after[0] * after[1]
    return shared > _LEAST_SHARED * whole and 0.25 < cv2.contourArea(moved) / whole < 4.0


def _flat(before: U8, after: U8, *, both: bool) -> StillAlignment:
    """Pictures without structure: taken as they lie, if ``both`` are so."""
    values = tuple(float(v) for v in scaling(before, after).ravel())
    return StillAlignment(values, both, 1.0 if both else 0.0, 1.0 if both else 0.0, "flat")


def _spread(picture: U8) -> float:
    """The standard deviation, in levels."""
    return float(cv2.meanStdDev(picture)[1][0, 0])


def _size(picture: U8) -> tuple[int, int]:
    """Width and height."""
    return picture.shape[1], picture.shape[0]


def _resized(picture: U8, scale: float) -> U8:
    """Smaller by averaging; at 1 the picture itself."""
    if scale == 1:
        return picture
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _scaling(source: tuple[int, int], target: tuple[int, int]) -> F64:
    """From pixels of a picture of size ``source`` (width, height) to those of its resized copy."""
    x, y = target[0] / source[0], target[1] / source[1]
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])


def _normal(motion: F64) -> F64:
    return np.asarray(motion / motion[2, 2])
