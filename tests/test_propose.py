"""Proposals: native against reference, and planted regions found."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyanalyzer import core, reference
from pyanalyzer.records import (
    CROP_PX,
    MAX_PROPOSALS,
    Alignment,
    Evidence,
    Memory,
    Proposal,
    Region,
)

IDENTITY = Alignment(0.0, 0.0, 1.0, 0.0, 1.0, True, (65536, 0, 0, 0))


def quiet(rows: int, cols: int) -> Evidence:
    u8, u16 = np.zeros((rows, cols), np.uint8), np.zeros((rows, cols), np.uint16)
    motion = np.zeros((rows, cols, 2), np.int16)
    return Evidence(
        mean=u8,
        texture=u16,
        difference=u16,
        residual=u16.copy(),
        signed=u16.astype(np.int16),
        match=u16,
        motion_q4=motion.copy(),
        motion_change_q4=motion.copy(),
        noise_floor=np.full((rows, cols), 32, np.uint16),
    )


@settings(deadline=None)
@given(
    rows=st.integers(1, 34),
    cols=st.integers(1, 60),
    share=st.sampled_from([0.0, 0.02, 0.1, 0.5]),
    limit=st.integers(0, 6),
    seed=st.integers(0, 2**32 - 1),
)
def test_equals_reference(rows: int, cols: int, share: float, limit: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    evidence = quiet(rows, cols)
    moving = rng.random((rows, cols)) < share
    evidence.residual[:] = rng.exponential(30, (rows, cols)) + moving * rng.exponential(500)
    evidence.noise_floor[:] = rng.integers(0, 60, (rows, cols))
    evidence.motion_q4[moving] = rng.integers(-240, 241, (int(moving.sum()), 2))
    evidence.motion_change_q4[moving] = rng.integers(-480, 481, (int(moving.sum()), 2))
    np.testing.assert_array_equal(core.block_unaries(evidence), reference.block_unaries(evidence))
    got = core.propose(evidence, limit=limit)
    assert got == reference.propose(evidence, limit=limit)
    assert len(got) <= limit
    assert [p.score for p in got] == sorted((p.score for p in got), reverse=True)


def test_regions_are_found_best_first() -> None:
    evidence = quiet(20, 30)
    evidence.residual[3:5, 4:7] = 900
    evidence.residual[12:16, 20:25] = 900
    evidence.motion_q4[12:16, 20] = (32, -16)
    evidence.motion_change_q4[3, 4] = (0, -20)
    large, small = core.propose(evidence)
    assert large.region == Region(160, 96, 40, 32)
    assert (large.blocks, large.motion_q4, large.motion_change_q4) == (20, (32, -16), (0, 0))
    assert small.region == Region(32, 24, 24, 16)
    assert small.motion_change_q4 == (0, -20)
    assert core.propose(evidence, limit=1) == (large,)


def test_small_regions_are_not_hidden_by_large_ones() -> None:
    evidence = quiet(30, 40)
    for k in range(5):
        evidence.residual[1:5, 8 * k + 1 : 8 * k + 5] = 900 + k
    evidence.residual[10:12, 3:5] = 900
    evidence.residual[20:22, 3:6] = 900
    assert [p.blocks for p in core.propose(evidence)] == [16, 16, 6, 4]


def test_what_stops_is_proposed() -> None:
    """No residual any more, but the motion changed."""
    evidence = quiet(10, 10)
    evidence.motion_change_q4[4:6, 4:6] = (-32, 0)
    (stopped,) = core.propose(evidence)
    assert stopped.region == Region(32, 32, 16, 16)


def test_noise_is_hardly_ever_proposed() -> None:
    """100,000 blocks of noise as heavy-tailed as the model allows, at half the floor's level."""
    rng = np.random.default_rng(0)
    evidence, count = quiet(34, 60), 0
    for _ in range(50):
        evidence.residual[:] = rng.exponential(16, (34, 60))
        count += len(core.propose(evidence))
    assert count <= 2


def test_one_sprite_moving_by_one_pixel_is_proposed() -> None:
    """8 x 8 px, 40 levels above a flat ground, wherever it lies on the grid."""
    for x in range(40, 48):
        previous = np.full((96, 96), 90, np.uint8)
        current = previous.copy()
        previous[45:53, x : x + 8] = 130
        current[45:53, x + 1 : x + 9] = 130
        evidence, _ = core.difference(previous, current, IDENTITY, Memory.initial(12, 12))
        (proposal,) = core.propose(evidence)
        box = proposal.region
        assert box.x_px <= x + 1
        assert box.x_px + box.w_px >= x + 8
        assert box.w_px <= 32
        assert proposal.motion_q4 == (16, 0)


def proposal(x: int, y: int, w: int, h: int) -> Proposal:
    return Proposal(Region(x, y, w, h), 1.0, (0, 0), (0, 0), 1, 0)


@settings(deadline=None, max_examples=30)
@given(
    height=st.integers(32, 120),
    width=st.integers(32, 120),
    pad=st.integers(0, 3),
    count=st.integers(0, MAX_PROPOSALS),
    seed=st.integers(0, 2**32 - 1),
)
def test_crops_equal_reference(height: int, width: int, pad: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 256, (2, height, width + pad), dtype=np.uint8)[:, :, :width]
    proposals = []
    for _ in range(count):
        w, h = rng.integers(1, width + 1), rng.integers(1, height + 1)
        x, y = rng.integers(0, width - w + 1), rng.integers(0, height - h + 1)
        proposals.append(proposal(int(x), int(y), int(w), int(h)))
    got = core.crops(pictures[0], pictures[1], proposals)
    assert got.shape == (MAX_PROPOSALS, 2, CROP_PX, CROP_PX)
    np.testing.assert_array_equal(got, reference.crops(pictures[0], pictures[1], proposals))
    assert not got[count:].any()


def test_a_crop_of_32_px_is_a_copy() -> None:
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (80, 90), dtype=np.uint8)
    crop = core.crops(picture, picture, [proposal(30, 20, 16, 24)])[0]
    np.testing.assert_array_equal(crop[0], picture[16:48, 22:54])
    ramp = np.repeat(np.arange(64, dtype=np.uint8)[np.newaxis], 64, axis=0)
    halved = core.crops(ramp, ramp, [proposal(0, 0, 56, 56)])[0, 1]
    expected: npt.NDArray[np.uint8] = np.arange(1, 64, 2, dtype=np.uint8)
    np.testing.assert_array_equal(halved[0], expected)  # the mean of 2k and 2k + 1, halves up


def test_rejects_what_it_cannot_take() -> None:
    picture = np.zeros((64, 64), np.uint8)
    evidence = quiet(4, 4)
    for kernels in (core, reference):
        with pytest.raises(ValueError, match="at most 4 proposals"):
            kernels.crops(picture, picture, [proposal(0, 0, 8, 8)] * 5)
        with pytest.raises(ValueError, match="the same shape"):
            kernels.crops(picture, picture[:40], [])
    with pytest.raises(ValueError, match="limit must not be negative"):
        core.propose(evidence, limit=-1)
