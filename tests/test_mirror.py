"""A mirrored replay measures (nearly) as the mirror of what the replay measures."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

from pyanalyzer.core.stream import EvidenceStream
from pyanalyzer.records import U8, Frame
from pyanalyzer.score.features import (
    GLOBAL_FEATURES,
    MAP_CHANNELS,
    PROPOSAL_FEATURES,
    FeatureEncoder,
    FrameFeatures,
)
from pyanalyzer.score.mirror import (
    Axis,
    mirror_crops,
    mirror_globals,
    mirror_maps,
    mirror_proposals,
)

WIDTH_PX, HEIGHT_PX, FRAMES = 160, 128, 6


def moving_pictures() -> list[U8]:
    """A smooth texture that scrolls by (3, 1) px a frame, and a square that starts against it."""
    rng = np.random.default_rng(5)
    coarse = rng.integers(40, 216, (40, 48)).astype(np.float64)
    ground = np.kron(coarse, np.ones((8, 8)))
    for _ in range(3):
        ground = (ground + np.roll(ground, 2, 0) + np.roll(ground, 2, 1)) / 3
    square = rng.integers(0, 256, (24, 24))
    pictures = []
    for t in range(FRAMES):
        x, y = 100 - 3 * t, 60 - t
        picture = ground[y : y + HEIGHT_PX, x : x + WIDTH_PX].astype(np.uint8)
        left = 40 + (0 if t < 3 else 7 * (t - 3))
        picture[48:72, left : left + 24] = square
        pictures.append(picture)
    return pictures


def measured(pictures: list[U8]) -> FrameFeatures:
    stream = EvidenceStream(WIDTH_PX, HEIGHT_PX)
    encoder = FeatureEncoder(Fraction(1, 60))
    features = [
        encoder.encode(stream.push(Frame(t, t, np.ascontiguousarray(picture))))
        for t, picture in enumerate(pictures)
    ]
    return features[-1]


@pytest.mark.parametrize("axis", ["x", "y"])
def test_a_mirrored_replay_is_the_mirror(axis: Axis) -> None:
    pictures = moving_pictures()
    seen = measured(pictures)
    flipped = measured([p[:, ::-1] if axis == "x" else p[::-1] for p in pictures])
    maps = mirror_maps(torch.from_numpy(seen.maps), axis).numpy()
    for name, mine, theirs in zip(MAP_CHANNELS, maps, flipped.maps, strict=True):
        difference = np.abs(mine.astype(int) - theirs.astype(int))
        # Searches break ties one way only, so a few blocks differ.
        assert np.median(difference) <= 1, name
        assert (difference > 12).mean() < 0.1, name
    frame_globals = mirror_globals(torch.from_numpy(seen.globals), axis).numpy()
    for name, mine, theirs in zip(GLOBAL_FEATURES, frame_globals, flipped.globals, strict=True):
        assert mine == pytest.approx(theirs, abs=0.15), name
    along = GLOBAL_FEATURES.index(f"view_d{axis}")
    assert abs(frame_globals[along]) > 0.8  # or nothing would have been turned round
    proposals = mirror_proposals(torch.from_numpy(seen.proposals), axis).numpy()
    assert proposals[0, 0] == 1
    for name, mine, theirs in zip(
        PROPOSAL_FEATURES, proposals[0], flipped.proposals[0], strict=True
    ):
        assert mine == pytest.approx(theirs, abs=0.2), name
    crops = mirror_crops(torch.from_numpy(seen.crops), axis).numpy()
    assert np.abs(crops[0].astype(int) - flipped.crops[0]).mean() < 12


@pytest.mark.parametrize("axis", ["x", "y"])
def test_twice_mirrored_is_the_same(axis: Axis) -> None:
    seen = measured(moving_pictures())
    for mirror, values in (
        (mirror_globals, seen.globals),
        (mirror_proposals, seen.proposals),
        (mirror_crops, seen.crops),
    ):
        tensor = torch.from_numpy(values)
        assert torch.equal(mirror(mirror(tensor, axis), axis), tensor)
    maps = torch.from_numpy(seen.maps)
    again = mirror_maps(mirror_maps(maps, axis), axis)
    assert (again.int() - maps.int()).abs().max() <= 1  # -128 has no opposite in a byte
