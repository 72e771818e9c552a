"""Folding the normalisations changes how the network is computed, not what it says."""

from __future__ import annotations

import pytest
import torch

from pyanalyzer.score.folding import folded
from tests.test_scorer import random_frames, random_network


def test_folded_network_says_the_same() -> None:
    network = random_network()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    small = folded(network)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in small.modules())
    frames = random_frames(12)
    inputs = [
        torch.stack([torch.from_numpy(getattr(f, name)) for f in frames]).unsqueeze(0)
        for name in ("maps", "globals", "proposals", "crops")
    ]
    with torch.inference_mode():
        for got, expected in zip(small(*inputs), network(*inputs), strict=True):
            torch.testing.assert_close(got, expected, atol=2e-5, rtol=0)
            assert expected.std() > 1e-3  # there is something to agree on
    after = network.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_network_in_training_is_not_folded() -> None:
    with pytest.raises(ValueError, match="evaluation mode"):
        folded(random_network().train())
