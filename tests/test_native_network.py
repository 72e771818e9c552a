"""The network on the compiled core is PyTorch's but for rounding, and needs no PyTorch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from pyanalyzer.errors import ModelError
from pyanalyzer.records import CROP_PX, MAX_PROPOSALS
from pyanalyzer.score import native_places, scorer
from pyanalyzer.score.configuration import NetworkConfiguration
from pyanalyzer.score.features import GLOBAL_FEATURES, MAP_CHANNELS, PROPOSAL_FEATURES
from pyanalyzer.score.load import load_for_analysis
from pyanalyzer.score.model import Network, TorchParts, load_model, weights_bytes
from pyanalyzer.score.native import NativeNetwork, supports
from pyanalyzer.score.native_places import PlaceView
from pyanalyzer.score.parts import AS_IT_IS, BOTH_VIEWS, IN_A_MIRROR
from pyanalyzer.weights import shipped_path
from tests.media import moving, write_video
from tests.planted_stills import scene, with_block, write_png
from tests.small_network import SMALL, SMALL_COARSE, SMALL_PLAIN
from tests.test_scorer import random_frames

VIEWS, FRAMES = 2, 9


def random_network(configuration: NetworkConfiguration) -> Network:
    """Every weight and statistic away from what it begins as."""
    torch.manual_seed(1)
    network = Network(configuration)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                assert module.running_mean is not None
                assert module.running_var is not None
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)
            if isinstance(module, torch.nn.BatchNorm2d | torch.nn.LayerNorm):
                module.weight.uniform_(-1, 2)
                module.bias.normal_()
    return network.eval()


def both(configuration: NetworkConfiguration) -> tuple[NativeNetwork, TorchParts]:
    network = random_network(configuration)
    tensors = {k: v.numpy() for k, v in network.state_dict().items()}
    return NativeNetwork(configuration, tensors), TorchParts(network)


CONFIGURATIONS = pytest.mark.parametrize(
    "configuration",
    [SMALL_PLAIN, SMALL_COARSE, NetworkConfiguration()],
    ids=["small", "coarse", "shipped"],
)


@CONFIGURATIONS
@pytest.mark.parametrize("grid", [(4, 4), (7, 9), (33, 60)])
def test_places_are_pytorchs(configuration: NetworkConfiguration, grid: tuple[int, int]) -> None:
    native, theirs = both(configuration)
    rng = np.random.default_rng(2)
    maps = rng.integers(0, 256, (FRAMES, len(MAP_CHANNELS), *grid), dtype=np.uint8)
    maps[:, :, 1] = 0
    expected = theirs.compare_places(maps, BOTH_VIEWS)
    assert len(expected) == VIEWS
    for mirrored, want in zip((False, True), expected, strict=True):
        places = PlaceView(native.place_layers, mirrored=mirrored).push(maps, last=True)
        got = places.reshape(*places.shape[:1], -1, places.shape[-1])
        assert got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4 * np.abs(want).max())


@CONFIGURATIONS
def test_places_do_not_depend_on_how_many_frames_come_at_a_time(
    configuration: NetworkConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mean and largest of all places, of the replay as it is and in a mirror."""
    network, _ = both(configuration)
    rng = np.random.default_rng(4)
    maps = rng.integers(0, 256, (FRAMES, len(MAP_CHANNELS), 9, 12), dtype=np.uint8)
    whole = [
        PlaceView(network.place_layers, mirrored=mirrored).push(maps, last=True)
        for mirrored in (False, True)
    ]
    flat = np.stack(whole).reshape(VIEWS, FRAMES, -1, configuration.compared_width)
    for at_once in (1, 2, 4, 16):
        monkeypatch.setattr(native_places, "_AT_ONCE_FRAMES", at_once)
        monkeypatch.setattr(native_places, "_ENTER_FRAMES", at_once)
        for frames in (1, 2, 4, 5, FRAMES, FRAMES + 1):
            for chosen in (BOTH_VIEWS, AS_IT_IS, IN_A_MIRROR):
                following = network.follow_places(views=chosen, batch_frames=frames)
                batches = [maps[i : i + frames] for i in range(0, FRAMES, frames)]
                found = [following.push([*batch], last=False) for batch in batches]
                found.append(following.push([], last=True))
                seen = np.concatenate(found, axis=1)
                views = flat[[int(mirrored) for mirrored in chosen]]
                assert seen.shape == (*views.shape[:2], 2, views.shape[3])
                np.testing.assert_array_equal(seen[:, :, 0], views.mean(axis=2))
                np.testing.assert_array_equal(seen[:, :, 1], views.max(axis=2))


@CONFIGURATIONS
def test_candidates_and_answers_are_pytorchs(configuration: NetworkConfiguration) -> None:
    native, theirs = both(configuration)
    rng = np.random.default_rng(3)
    size = VIEWS, FRAMES, MAX_PROPOSALS
    crops = rng.integers(0, 256, (*size, 2, CROP_PX, CROP_PX), dtype=np.uint8)
    proposals = rng.normal(size=(*size, len(PROPOSAL_FEATURES))).astype(np.float32)
    proposals[..., 0] = rng.random(size) < 0.5
    proposals *= proposals[..., :1]
    present = proposals[..., 0] > 0.5
    candidates = native.compare_candidates(crops, proposals)
    expected = theirs.compare_candidates(crops, proposals)
    np.testing.assert_allclose(candidates, expected, rtol=1e-4, atol=1e-4)
    assert not candidates[~present].any()
    nothing = native.compare_candidates(crops, np.zeros_like(proposals))
    assert not nothing.any()
    width = configuration.compared_width
    places = np.abs(rng.normal(size=(VIEWS, FRAMES, 6, width))).astype(np.float32)
    frame_globals = rng.normal(size=(VIEWS, FRAMES, len(GLOBAL_FEATURES))).astype(np.float32)
    seen = np.stack([places.mean(axis=2), places.max(axis=2)], axis=2)
    answers = native.compare(seen, frame_globals, candidates, present)
    wanted = theirs.compare(places, frame_globals, candidates, present)
    for got, want in zip(answers, wanted, strict=True):
        assert got.dtype == np.float32
        np.testing.assert_allclose(np.exp(got), np.exp(want), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("count", [1, 5, 150])
def test_the_shipped_weights_answer_alike(count: int) -> None:
    frames = random_frames(count)
    answers = []
    native, trained = load_for_analysis(shipped_path()).parts, load_model(shipped_path())
    assert isinstance(native, NativeNetwork)
    assert isinstance(trained.parts, NativeNetwork)  # validation and fits see what an analysis does
    for parts in (native, TorchParts(trained.network)):
        running = scorer.Scorer(parts)
        for i, frame in enumerate(frames):
            running.push(frame, i, i)
        answers.append(running.finish())
    for name in ("cause_onset", "kind", "candidate"):
        got, want = (np.exp(getattr(answer, name)) for answer in answers)
        np.testing.assert_allclose(got, want, atol=1e-4)


def test_a_grown_network_is_left_to_pytorch(tmp_path: Path) -> None:
    assert not supports(SMALL)
    network = random_network(SMALL)
    with pytest.raises(ValueError, match="PyTorch only"):
        NativeNetwork(SMALL, {})
    path = tmp_path / "grown.safetensors"
    path.write_bytes(weights_bytes(network, name="grown", timeline={"a": 1}, training={}))
    model = load_for_analysis(path)
    assert isinstance(model.parts, TorchParts)
    assert (model.name, model.timeline) == ("grown", {"a": 1})


def test_old_weights_keep_their_places(tmp_path: Path) -> None:
    path = tmp_path / "old.safetensors"
    network = random_network(SMALL_COARSE)
    data = weights_bytes(network, name="old", timeline={}, training={})
    assert data.count(b'\\"place_step\\": 2, ') == 1
    shorter = data.replace(b'\\"place_step\\": 2, ', b"")
    length = int.from_bytes(data[:8], "little") - (len(data) - len(shorter))
    path.write_bytes(length.to_bytes(8, "little") + shorter[8:])
    assert load_model(path).network.configuration == SMALL_COARSE


def test_weights_that_lack_a_tensor_are_refused(tmp_path: Path) -> None:
    network = random_network(SMALL_PLAIN)
    del network.temporal_comparator.whole
    path = tmp_path / "broken.safetensors"
    path.write_bytes(weights_bytes(network, name="w", timeline={}, training={}))
    with pytest.raises(ModelError, match="do not fit their configuration"):
        load_for_analysis(path)


ANALYSIS = "from pyanalyzer.pipeline import analyse; analyse('replay.mp4')"
COMPARISON = "from pyanalyzer.__main__ import main; main(['compare', 'a.png', 'b.png', '--quiet'])"


@pytest.mark.parametrize(
    ("code", "unneeded"),
    [
        (ANALYSIS, ("torch", "cv2", "pyanalyzer.reference", "pyanalyzer.stills")),
        (COMPARISON, ("torch", "pyanalyzer.simulate")),
    ],
    ids=["analysis", "comparison"],
)
def test_neither_loads_what_it_does_not_need(
    code: str, unneeded: tuple[str, ...], tmp_path: Path
) -> None:
    write_video(tmp_path / "replay.mp4", [moving(i) for i in range(60)], rate=30)
    write_png(tmp_path / "a.png", scene(1, 320, 240))
    write_png(tmp_path / "b.png", with_block(scene(1, 320, 240), 100, 80, 40, 30))
    script = f"import sys; {code}; print({set(unneeded)!r} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.strip() == "set()"
