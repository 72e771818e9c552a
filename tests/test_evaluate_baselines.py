"""The trivial rules."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer.errors import ReplayError
from pyanalyzer.evaluate import baselines


@given(count=st.integers(0, 50), frames=st.integers(0, 200))
def test_grid_is_regular(count: int, frames: int) -> None:
    grid = baselines.regular_grid(count, frames)
    assert grid.size == min(count, frames)
    assert ((grid >= 0) & (grid < frames)).all()
    gaps = np.diff(grid)
    assert (gaps > 0).all()
    assert gaps.size == 0 or gaps.max() - gaps.min() <= 1


def test_peaks_are_the_highest_local_maxima() -> None:
    #        0  1  2  3  4  5  6  7  8
    values = [0, 5, 9, 8, 8, 1, 7, 7, 2]
    assert baselines.difference_peaks(values, 1).tolist() == [2]
    assert baselines.difference_peaks(values, 2).tolist() == [2, 6]
    # Only two local maxima: the rest by height, of equals the earlier.
    assert baselines.difference_peaks(values, 4).tolist() == [2, 3, 4, 6]
    assert baselines.difference_peaks(values, 99).size == 9
    assert baselines.difference_peaks([], 3).size == 0


@given(
    at=st.sets(st.integers(0, 99), min_size=1, max_size=30),
    seed=st.integers(0, 2**32 - 1),
)
def test_shuffling_keeps_spell_lengths(at: set[int], seed: int) -> None:
    frames = 100
    predicted = np.array(sorted(at))
    shuffled = baselines.shuffled_events(predicted, frames, seed)
    assert shuffled.size == predicted.size
    assert ((shuffled >= 0) & (shuffled < frames)).all()

    def spells(events: npt.NDArray[np.int64]) -> list[int]:
        return sorted(np.diff(np.concatenate(([0], events, [frames - 1]))).tolist())

    assert spells(shuffled) == spells(predicted)
    np.testing.assert_array_equal(shuffled, baselines.shuffled_events(predicted, frames, seed))


def test_frame_difference() -> None:
    lumas = [np.full((4, 4), value, np.uint8) for value in (10, 10, 250, 0)]
    assert baselines.frame_difference(lumas).tolist() == [0, 0, 240, 250]
    assert baselines.frame_difference([]).size == 0


@pytest.fixture
def replay(tmp_path: Path) -> Path:
    """60 frames of a faint texture; a new one, far brighter, from frame 30."""
    import av

    path = tmp_path / "cut.mp4"
    rng = np.random.default_rng(1)
    scenes = [rng.integers(0, 60, (96, 128), dtype=np.uint8) + base for base in (0, 180)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(30))
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for t in range(60):
            picture = np.full((144, 128), 128, np.uint8)
            picture[:96] = scenes[t >= 30]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "yuv420p")))
        container.mux(stream.encode())
    return path


def test_difference_of_a_replay(replay: Path) -> None:
    difference = baselines.thumbnail_difference(replay)
    assert difference.size == 60
    assert baselines.difference_peaks(difference, 1).tolist() == [30]


def test_scene_cuts(replay: Path) -> None:
    pytest.importorskip("scenedetect")
    assert baselines.scene_cuts(replay).tolist() == [30]


def test_not_a_video(tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("not a video")
    for path in (text, tmp_path / "missing.mp4"):
        with pytest.raises(ReplayError, match="cannot be opened as a video"):
            baselines.thumbnail_difference(path)
