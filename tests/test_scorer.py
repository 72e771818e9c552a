"""The network run a chunk at a time gives what it gives on the whole replay at once."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from pyanalyzer.errors import ModelError
from pyanalyzer.records import CROP_PX, MAX_PROPOSALS, Scores
from pyanalyzer.score import scorer
from pyanalyzer.score.features import (
    GLOBAL_FEATURES,
    MAP_CHANNELS,
    PROPOSAL_FEATURES,
    FrameFeatures,
)
from pyanalyzer.score.mirror import mirror_crops, mirror_globals, mirror_maps, mirror_proposals
from pyanalyzer.score.model import Network, TorchParts, load_model, weights_bytes
from pyanalyzer.score.parts import AS_IT_IS, BOTH_VIEWS, IN_A_MIRROR, Views
from tests.small_network import SMALL


def random_network(seed: int = 0) -> Network:
    torch.manual_seed(seed)
    network = Network(SMALL)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    return network.eval()


def random_frames(count: int, seed: int = 0) -> list[FrameFeatures]:
    rng = np.random.default_rng(seed)
    frames = []
    for _ in range(count):
        present = rng.random((MAX_PROPOSALS, 1)) < 0.4
        proposals = rng.normal(size=(MAX_PROPOSALS, len(PROPOSAL_FEATURES))) * present
        proposals[:, :1] = present
        frames.append(
            FrameFeatures(
                maps=rng.integers(0, 256, (len(MAP_CHANNELS), 7, 9), dtype=np.uint8),
                globals=rng.normal(size=len(GLOBAL_FEATURES)).astype(np.float32),
                proposals=proposals.astype(np.float32),
                crops=rng.integers(0, 256, (MAX_PROPOSALS, 2, CROP_PX, CROP_PX), dtype=np.uint8),
            )
        )
    return frames


def in_a_mirror(
    maps: Tensor, frame_globals: Tensor, proposals: Tensor, crops: Tensor
) -> list[Tensor]:
    return [
        mirror_maps(maps, "x"),
        mirror_globals(frame_globals, "x"),
        mirror_proposals(proposals, "x"),
        mirror_crops(crops, "x"),
    ]


@pytest.mark.parametrize("views", [AS_IT_IS, IN_A_MIRROR, BOTH_VIEWS])
@pytest.mark.parametrize("count", [1, 2, 5, 16, 17, 63, 150])
def test_chunks_equal_the_whole(count: int, views: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scorer, "BATCH_FRAMES", 16)
    monkeypatch.setattr(scorer, "TEMPORAL_CHUNK_FRAMES", (8, 32))
    network, frames = random_network(), random_frames(count)
    running = scorer.Scorer(TorchParts(network), views=views)
    for i, frame in enumerate(frames):
        running.push(frame, i + 5, i * 100)
    scores = running.finish()
    stacked = [
        torch.from_numpy(np.stack([getattr(f, name) for f in frames])).unsqueeze(0)
        for name in ("maps", "globals", "proposals", "crops")
    ]
    with torch.inference_mode():
        seen = [network(*(in_a_mirror(*stacked) if m else stacked)) for m in views]
    whole = [torch.stack(heads).double() for heads in zip(*seen, strict=True)]
    whole = [heads.exp().mean(dim=0) for heads in whole]
    assert scores.index.tolist() == list(range(5, 5 + count))
    for got, expected in zip(
        (scores.cause_onset, scores.kind, scores.candidate), whole[:3], strict=True
    ):
        np.testing.assert_allclose(np.exp(got), expected[0].numpy(), rtol=5e-5, atol=1e-7)
        np.testing.assert_allclose(np.exp(got).sum(axis=1), 1, atol=1e-5)


def test_what_is_scored_can_be_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken piece by piece it is the same, and nothing is kept of it."""
    monkeypatch.setattr(scorer, "BATCH_FRAMES", 16)
    monkeypatch.setattr(scorer, "TEMPORAL_CHUNK_FRAMES", (8, 32))
    network, frames = random_network(), random_frames(150)
    whole, running = (scorer.Scorer(TorchParts(network)) for _ in range(2))
    pieces, held = [], []
    for i, frame in enumerate(frames):
        whole.push(frame, i, i)
        running.push(frame, i, i)
        pieces.append(running.take())
        state = vars(running)
        held.append(sum(len(state[name]) for name in ("_frames", "_maps", "_pending", "_results")))
    taken = [piece for piece in pieces if piece is not None]
    assert pieces.index(taken[0]) == 31  # the second batch brings the first chunk's context
    assert taken[0].pts.tolist() == list(range(8))
    joined = Scores.join([*taken, running.finish()])
    expected = whole.finish()
    for name in Scores.__slots__:
        np.testing.assert_array_equal(getattr(joined, name), getattr(expected, name))
    assert max(held[50:80]) == max(held[112:144])
    assert sum(getattr(expected, name).nbytes for name in Scores.__slots__) == 68 * 150
    assert running.take() is None


def test_empty() -> None:
    scores = scorer.Scorer(TorchParts(random_network())).finish()
    assert scores.cause_onset.shape == (0, 3)
    assert scores.kind.shape == (0, 5)
    assert scores.candidate.shape == (0, 1 + MAX_PROPOSALS)


def test_weights_round_trip(tmp_path: Path) -> None:
    network = random_network(3)
    path = tmp_path / "w.safetensors"
    data = weights_bytes(network, name="w", timeline={"a": [1, 2]}, training={})
    path.write_bytes(data)
    assert data == weights_bytes(network, name="w", timeline={"a": [1, 2]}, training={})
    loaded = load_model(path, expected_sha256=hashlib.sha256(data).hexdigest())
    assert loaded.timeline == {"a": [1, 2]}
    assert loaded.network.configuration == SMALL
    for key, value in network.state_dict().items():
        assert torch.equal(value, loaded.network.state_dict()[key])


def test_bad_weights(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    with pytest.raises(ModelError, match="cannot read the weights"):
        load_model(path)
    path.write_bytes(b"no tensors here")
    with pytest.raises(ModelError, match="not a safetensors file"):
        load_model(path)
    data = weights_bytes(random_network(), name="w", timeline={}, training={})
    path.write_bytes(data)
    with pytest.raises(ModelError, match="SHA-256"):
        load_model(path, expected_sha256="0" * 64)
    path.write_bytes(data.replace(b"pyanalyzer/weights/1", b"pyanalyzer/weights/9"))
    with pytest.raises(ModelError, match="its format is"):
        load_model(path)
    path.write_bytes(data.replace(b"motion_change_x", b"motion_change_z"))
    with pytest.raises(ModelError, match="other inputs"):
        load_model(path)
    path.write_bytes(data.replace(b'\\"temporal_width\\": 16', b'\\"temporal_width\\": 17'))
    with pytest.raises(ModelError, match="do not fit"):
        load_model(path)
