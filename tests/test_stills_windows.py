"""The network looks at windows around what differs, and says there what it says of the whole."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pyanalyzer.records import U8
from pyanalyzer.score.stills import StillsNetwork
from pyanalyzer.score.stills_configuration import StillsConfiguration
from pyanalyzer.score.stills_model import TorchLook, folded
from pyanalyzer.stills import look
from pyanalyzer.stills.look import change_maps
from pyanalyzer.stills.planes import planes_of
from pyanalyzer.stills.windows import MARGIN_PX, Window, windows_of

TINY = StillsConfiguration(picture_width=4, place_width=4, widths=(4, 6, 8, 8))
WIDTH_PX, HEIGHT_PX = 1280, 992


def scene() -> U8:
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 256, (HEIGHT_PX // 8, WIDTH_PX // 8, 3), np.uint8)
    return np.ascontiguousarray(np.kron(coarse, np.ones((8, 8, 1), np.uint8)))


def with_blocks(before: U8, places: list[tuple[int, int]], side: int = 8) -> U8:
    after = before.copy()
    for x, y in places:
        block = slice(y, y + side), slice(x, x + side)
        after[block] = before[block] ^ 0x80
    return after


def everywhere(before: U8, after: U8) -> tuple[list[Window], tuple[int, int]]:
    planes = planes_of(before, after, np.ones(before.shape[:2], np.bool_))
    return windows_of(planes), planes.luma_residual.shape


def test_nothing_differs_nothing_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    before = scene()
    assert everywhere(before, before)[0] == []
    network = folded(StillsNetwork(TINY))
    monkeypatch.setattr(network, "forward", lambda _: pytest.fail("looked at"))
    planes = planes_of(before, before, np.ones(before.shape[:2], np.bool_))
    maps = change_maps(TorchLook(network), planes, (WIDTH_PX, HEIGHT_PX))
    assert maps.changed.max() == maps.mask.max() == look._UNCHANGED_NATS


def test_noise_does_not_make_a_window() -> None:
    before = scene()
    rng = np.random.default_rng(4)
    after = np.clip(before + rng.integers(-3, 4, before.shape), 0, 255).astype(np.uint8)
    assert everywhere(before, after)[0] == []


@given(
    st.lists(
        st.tuples(st.integers(0, WIDTH_PX - 8), st.integers(0, HEIGHT_PX - 8)),
        min_size=1,
        max_size=6,
    )
)
@example([(344, 255)])  # a single row of it lies in the cell above
@settings(max_examples=25, deadline=None)
def test_each_change_is_in_one_window_and_far_from_its_sides(
    places: list[tuple[int, int]],
) -> None:
    before = scene()
    windows, (height, width) = everywhere(before, with_blocks(before, places))
    looked = np.zeros((height, width), np.uint8)
    for rows, columns in windows:
        looked[rows, columns] += 1
        for side, length in ((rows, height), (columns, width)):
            assert 0 <= side.start < side.stop <= length
            assert side.start % 64 == 0
    assert looked.max() == 1  # disjoint
    for x, y in places:
        assert looked[y : y + 8, x : x + 8].all()


def test_a_window_says_what_the_whole_says(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(2)
    network = folded(StillsNetwork(TINY))
    before = scene()
    after = with_blocks(before, [(300, 200), (900, 700)], side=40)
    planes = planes_of(before, after, np.ones(before.shape[:2], np.bool_))
    windows = windows_of(planes)
    assert len(windows) == 2
    parts = change_maps(TorchLook(network), planes, (WIDTH_PX, HEIGHT_PX))
    everything = [(slice(0, HEIGHT_PX), slice(0, WIDTH_PX))]
    monkeypatch.setattr(look, "windows_of", lambda _: everything)
    whole = change_maps(TorchLook(network), planes, (WIDTH_PX, HEIGHT_PX))
    for rows, columns in windows:
        assert rows.stop - rows.start < HEIGHT_PX / 2 + 2 * MARGIN_PX
        np.testing.assert_allclose(parts.mask[rows, columns], whole.mask[rows, columns], atol=1e-3)
    assert (parts.mask != whole.mask).any()  # or nothing was left out


def test_a_picture_full_of_changes_is_looked_at_whole() -> None:
    before = scene()
    places = [(x, y) for x in range(0, WIDTH_PX, 160) for y in range(0, HEIGHT_PX, 160)]
    windows, (height, width) = everywhere(before, with_blocks(before, places))
    assert windows == [(slice(0, height), slice(0, width))]
