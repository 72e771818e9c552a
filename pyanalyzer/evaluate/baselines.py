"""Trivial rules that know nothing of players, to stand beside every score.

A rule that gets the same number of guesses as the detector shows how much of an F1 comes from the
number of guesses alone. All of them are deterministic; the shuffled one takes a seed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pyanalyzer.errors import ReplayError, UsageError

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

# A thumbnail keeps what fills the picture and drops grain; 5,760 px are averaged in no time.
THUMBNAIL_WIDTH_PX, THUMBNAIL_HEIGHT_PX = 96, 60


def regular_grid(count: int, frames: int) -> I64:
    """``count`` frames at equal distances: the middles of as many equal parts of ``0 .. frames``.

    Fewer if there are fewer frames than that. Returns int64 (min(count, frames),), rising.
    """
    count = min(count, frames)
    return (np.arange(count, dtype=np.int64) * 2 + 1) * frames // (2 * max(count, 1))


def difference_peaks(difference: npt.ArrayLike, count: int) -> I64:
    """The ``count`` highest local maxima of ``difference`` (T,), as rising frames.

    A local maximum is above the frame before it and not below the one after. Where there are too
    few, the largest of the other frames fill up, so that the number of guesses is the same.
    """
    values = np.asarray(difference, dtype=np.float64).reshape(-1)
    padded = np.concatenate(([-np.inf], values, [-np.inf]))
    peak = (padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:])
    # Peaks before the rest, each group by height, of equals the earlier first.
    order = np.lexsort((np.arange(values.size), -values, ~peak))
    return np.sort(order[:count]).astype(np.int64)


def shuffled_events(predicted_frames: npt.ArrayLike, frames: int, seed: int) -> I64:
    """The predictions with the spells between them in another order: same lengths, other times.

    The spells before the first and after the last are shuffled with the others. Says how much the
    mere rhythm is worth. int64 (N,), rising, of as many frames as ``predicted_frames`` (N,).
    """
    at = np.sort(np.asarray(predicted_frames, dtype=np.int64).reshape(-1))
    spells = np.diff(np.concatenate(([0], at, [frames - 1])))
    return np.cumsum(np.random.default_rng(seed).permutation(spells))[:-1].astype(np.int64)


def frame_difference(lumas: Iterable[npt.NDArray[np.uint8]]) -> F64:
    """Mean absolute difference of each picture to the one before, in grey levels: (T,).

    ``lumas``: uint8 (H, W), all of one size. The first frame has none before it and gets 0.
    """
    before: npt.NDArray[np.int16] | None = None
    means: list[float] = []
    for luma in lumas:
        now = luma.astype(np.int16)
        means.append(0.0 if before is None else float(np.abs(now - before).mean()))
        before = now
    return np.array(means, dtype=np.float64)


def thumbnail_difference(path: str | Path) -> F64:
    """:func:`frame_difference` of a replay's pictures, each made small first (area average).

    Decodes the whole file, frame by frame; where it breaks off, the answer ends there.

    :raises ReplayError: if it cannot be opened or has no video stream.
    """
    return frame_difference(_thumbnails(Path(path)))


def _thumbnails(path: Path) -> Iterable[npt.NDArray[np.uint8]]:
    import av
    from av.video.reformatter import Interpolation

    try:
        container = av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        raise ReplayError(f"{path}: cannot be opened as a video ({error})") from error
    with container:
        if not container.streams.video:
            raise ReplayError(f"{path}: has no video stream; give a recording of gameplay")
        try:
            for frame in container.decode(container.streams.video[0]):
                small = frame.reformat(
                    THUMBNAIL_WIDTH_PX,
                    THUMBNAIL_HEIGHT_PX,
                    format="gray",
                    interpolation=Interpolation.AREA,
                )
                yield np.asarray(small.to_ndarray(), dtype=np.uint8)
        except av.FFmpegError:
            return  # a damaged end: the detector, too, sees only what came before


def scene_cuts(path: str | Path) -> I64:
    """Where PySceneDetect's adaptive detector, at its defaults, sees a cut: rising frames.

    Its own number of guesses: it decides by itself how many cuts there are.

    :raises UsageError: if PySceneDetect is not installed (the extra ``bench``).
    """
    try:
        from scenedetect import AdaptiveDetector, detect
    except ImportError as error:
        raise UsageError(
            "PySceneDetect is not installed; install the extra: pip install 'pyanalyzer[bench]'"
        ) from error
    scenes = detect(str(path), AdaptiveDetector())
    return np.array([start.frame_num for start, _ in scenes[1:]], dtype=np.int64)


def has_scene_detector() -> bool:
    """Whether :func:`scene_cuts` can run here."""
    from importlib.util import find_spec

    return find_spec("scenedetect") is not None
