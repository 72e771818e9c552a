"""The pictures of a labelled replay, and whether they are those that its truth speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from pyanalyzer.errors import ReplayError
from pyanalyzer.records import U8
from pyanalyzer.simulate.truth import Truth

MAKE_AGAIN = "make the replay again with `pyanalyzer simulate`"


def pictures(video: Path, truth: Truth) -> Iterator[U8]:
    """Every frame in display order: uint8 RGB (height_px, width_px, 3).

    Raises :class:`~pyanalyzer.errors.ReplayError` where the video is missing or damaged, or has
    not the size or the number of frames of its truth.
    """
    count = 0
    try:
        with av.open(str(video)) as container:
            if not container.streams.video:
                raise ReplayError(f"{video} has no video stream; {MAKE_AGAIN}")
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            for frame in container.decode(stream):
                if frame.is_corrupt:
                    raise ReplayError(f"{video} is damaged at frame {count}; {MAKE_AGAIN}")
                if (frame.width, frame.height) != (truth.width_px, truth.height_px):
                    raise ReplayError(
                        f"{video} is {frame.width} x {frame.height} px, but its truth speaks of "
                        f"{truth.width_px} x {truth.height_px}; {MAKE_AGAIN}"
                    )
                count += 1
                yield np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
    except (OSError, av.FFmpegError) as error:
        raise ReplayError(f"{video} cannot be decoded: {error}; {MAKE_AGAIN}") from error
    if count != truth.frames:
        raise ReplayError(
            f"{video} has {count} frames, but its truth speaks of {truth.frames}; {MAKE_AGAIN}"
        )
