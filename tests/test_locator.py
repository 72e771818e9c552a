"""The Locator: on the core it is PyTorch's, it learns what is planted, and weights carry it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from pyanalyzer.__main__ import main
from pyanalyzer.commands import train
from pyanalyzer.errors import ModelError
from pyanalyzer.records import Kind, Region
from pyanalyzer.score.configuration import LocatorConfiguration, NetworkConfiguration
from pyanalyzer.score.features import MAP_CHANNELS, PROPOSAL_FEATURES
from pyanalyzer.score.load import load_for_analysis
from pyanalyzer.score.locator import Locator
from pyanalyzer.score.model import Network, load_model, weights_bytes
from pyanalyzer.score.native_locator import NativeLocator
from pyanalyzer.timeline import TimelineParameters
from pyanalyzer.train import cache, locate, timeline_fit
from pyanalyzer.train.labels import make_labels
from pyanalyzer.train.loop import TrainingSettings, best_path
from tests.planted_evaluation import change, truth
from tests.small_network import SMALL_PLAIN
from tests.test_train import plant

SMALL = LocatorConfiguration(frame_width=4, width=16, before=2, after=3, dilations=(1, 2))
FRAMES = SMALL.before, SMALL.after


def random_locator(configuration: LocatorConfiguration) -> Locator:
    """Every weight and statistic away from what it begins as."""
    torch.manual_seed(2)
    locator = Locator(configuration)
    with torch.no_grad():
        for module in locator.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                assert module.running_mean is not None
                assert module.running_var is not None
                module.running_mean.normal_(0, 0.3)
                module.running_var.uniform_(0.5, 2)
                module.weight.uniform_(0.2, 1.5)
                module.bias.normal_(0, 0.3)
    return locator.eval()


def native(locator: Locator) -> NativeLocator:
    tensors = {k: v.numpy() for k, v in locator.state_dict().items()}
    return NativeLocator(locator.configuration, tensors)


@pytest.mark.parametrize("grid", [(4, 4), (17, 30), (21, 13)])
@pytest.mark.parametrize("configuration", [SMALL, LocatorConfiguration()], ids=["small", "shipped"])
def test_the_core_says_what_pytorch_says(
    configuration: LocatorConfiguration, grid: tuple[int, int]
) -> None:
    locator = random_locator(configuration)
    shape = configuration.frames, len(MAP_CHANNELS), *grid
    maps = np.random.default_rng(3).integers(0, 256, shape, np.uint8)
    for rate in (24.0, 60.0):
        with torch.inference_mode():
            odds = locator(torch.from_numpy(maps)[None], torch.tensor([math.log(rate)]))
        expected = torch.log_softmax(odds.flatten(1), dim=1).view(grid).numpy()
        found = native(locator)(maps, rate)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, atol=2e-5)
        assert np.exp(found).sum() == pytest.approx(1, abs=1e-4)
    with pytest.raises(ValueError, match="frames are looked at, not"):
        native(locator)(maps[1:], 60.0)


def planted(folder: Path) -> list[cache.CachedReplay]:
    """The replays of test_train, of 16 x 16 blocks, with the boxes of what they plant; three others
    turn at the same time, otherwise."""
    for seed, split in ((0, "train"), (1, "train"), (2, "validation")):
        path = folder / f"{seed}.safetensors"
        plant(path, seed, split, grid=16)
        arrays = load_file(path)
        rng = np.random.default_rng(seed)
        header = cache.read_index(folder)[seed]
        turns = MAP_CHANNELS.index("flow_change_x")
        arrays["maps"][:, MAP_CHANNELS.index("motion_change_x")] = 128
        for onset in header.onsets:
            for decoy in ("motion_change_x", "motion_change_y", "flow_change_y"):
                row, col = rng.integers(1, 14, 2)
                channel = MAP_CHANNELS.index(decoy)
                arrays["maps"][onset, channel, row : row + 2, col : col + 2] = 220
            row, col = rng.integers(1, 14, 2)
            arrays["maps"][onset, turns, row : row + 2, col : col + 2] = 220
            arrays["box"][onset] = col / 16, row / 16, (col + 2) / 16, (row + 2) / 16
        record = {k: getattr(header, k) for k in header.__slots__ if k not in {"path", "further"}}
        del record["smaller"]
        save_file(arrays, path, {"pyanalyzer": json.dumps({"format": cache.FORMAT} | record)})
    return cache.read_index(folder)


def test_it_learns_where(tmp_path: Path) -> None:
    first, second, held = planted(tmp_path)
    training = locate.read_windows([first, second], FRAMES, 0)
    validation = locate.read_windows([held], FRAMES, 0)
    assert len(validation) == min(len(held.onsets), locate.ONSETS_PER_REPLAY)
    looks = replace(held, smaller=first, further=(second,))
    every = locate.read_windows([looks], FRAMES, 0, every_look=True)
    most = locate.ONSETS_PER_REPLAY
    assert [window.game for window in every] == [
        *["ale/planted2"] * min(len(held.onsets), most),
        *["ale/planted0"] * min(len(first.onsets), most // 2),
        *["ale/planted1"] * min(len(second.onsets), most // 4),
    ]
    assert training[0].maps.shape == (sum(FRAMES) + 2, len(MAP_CHANNELS), 16, 16)
    settings = TrainingSettings(
        steps=60, learning_rate=1e-2, warm_up_steps=5, validate_every_steps=30
    )
    run = locate.LocatorRun(settings, SMALL)
    (before,) = locate.validate_locator(run.average, validation).values()
    reports: list[locate.LocatorReport] = []
    checkpoint = tmp_path / "locator.pt"
    locate.train_locator(run, training, validation, checkpoint, reports.append)
    assert before < 0.5
    assert reports[-1].pointing["ale"] > 0.9
    assert run.best == pytest.approx(max(r.pointing.get("ale", 0.0) for r in reports))
    best = locate.LocatorRun(settings, SMALL)
    best.load(best_path(checkpoint))
    assert best.best == run.best


def test_training_resumes_exactly(tmp_path: Path) -> None:
    windows = locate.read_windows(planted(tmp_path), FRAMES, 0)
    settings = TrainingSettings(steps=6, warm_up_steps=2, checkpoint_every_steps=3)

    def trained(run: locate.LocatorRun, name: str) -> dict[str, torch.Tensor]:
        locate.train_locator(run, windows, windows, tmp_path / name, lambda _: None)
        return {k: v.clone() for k, v in run.average.state_dict().items()}

    def plain_run() -> locate.LocatorRun:
        torch.manual_seed(0)
        run = locate.LocatorRun(settings, SMALL)
        run.network.dropout.p = 0.0
        return run

    whole = trained(plain_run(), "whole.pt")
    half = plain_run()
    for batch in locate._batches(windows, FRAMES, settings.seed, range(3)):
        half.take_step([batch])
    half.save(tmp_path / "half.pt")
    again = plain_run()
    again.load(tmp_path / "half.pt")
    assert again.step == 3
    for name, tensor in trained(again, "half.pt").items():
        assert torch.equal(tensor, whole[name]), name


def test_mirrored_windows_keep_their_box() -> None:
    """Wherever a window is put and however it is turned, the box covers the planted block."""
    maps = np.full((sum(FRAMES) + 2, len(MAP_CHANNELS), 9, 7), 128, np.uint8)
    maps[:, 0, 2, 5] = 255
    maps[:, 0] -= 128
    window = locate.OnsetWindow("ale/x", 60.0, maps, (5 / 7, 2 / 9, 6 / 7, 3 / 9))
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(60):
        batch = locate.batch_of([window], FRAMES, rng)
        (inside,) = np.argwhere(batch.inside[0].numpy())
        (block,) = np.argwhere(batch.maps[0, 0, 0].numpy() == 127)
        assert inside.tolist() == block.tolist()
        seen.add(tuple(block.tolist()))
    assert seen == {(2, 5), (2, 1), (6, 5), (6, 1)}


@pytest.mark.parametrize(
    ("kind", "share", "local"),
    [("view", 0.9, False), ("view", 0.3, True), ("avatar", 0.1, True), ("cut", 1.0, False)],
)
def test_only_local_changes_have_a_box(kind: Kind, share: float, local: bool) -> None:
    """A view that fills less than half of the picture is local, too."""
    boxes = np.zeros((200, 4, 4), np.float32)
    proposals = np.zeros((200, 4, len(PROPOSAL_FEATURES)), np.float32)
    true = truth([])
    region = Region(0, 0, true.width_px, round(true.height_px * share))
    true = replace(true, changes=(change(40, kind, region),))
    made = make_labels(true, 200, proposals, boxes)
    assert bool(made.box.any()) == local


def test_the_command_writes_it_into_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All else of the weights stays; fitting the timeline anew keeps it, too."""
    timeline = TimelineParameters().to_record()
    about = {"games": ["ale/planted0"]}
    start = tmp_path / "start.safetensors"
    network = Network(NetworkConfiguration())
    start.write_bytes(weights_bytes(network, name="start", timeline=timeline, training=about))
    assert load_for_analysis(start).locates is None
    cached = tmp_path / "cache"
    cached.mkdir()
    planted(cached)
    monkeypatch.setattr(train, "_cached", lambda *_: cache.read_index(cached))
    out = tmp_path / "out"
    asked = ["train", str(tmp_path), "--locator", "--steps", "2"]
    asked += ["--name", "with", "--out", str(out)]
    assert main(asked) == 2
    begun = [*asked, "--start-from", str(start)]
    assert "--locator needs --start-from" in capsys.readouterr().err
    for other in (["--grow"], ["--keep-start", "0.5"], ["--engine-shares", "ale=2"]):
        assert main([*begun, *other]) == 2
        assert "--locator goes with none of" in capsys.readouterr().err
    assert main(begun) == 0
    assert "likeliest block in the true box ale" in capsys.readouterr().out
    found = load_for_analysis(out / "with.safetensors")
    assert found.locates is not None
    assert found.timeline == timeline
    assert found.training["games"] == ["ale/planted0"]
    assert found.training["locator"]["games"] == ["ale/planted0", "ale/planted1"]
    old = load_file(start)
    new = load_file(out / "with.safetensors")
    assert all((new[name] == tensor).all() for name, tensor in old.items())
    assert main(begun) == 2
    assert "go on from it with --resume" in capsys.readouterr().err
    assert main([*begun, "--resume"]) == 0
    fit = ["--steps", "0", "--start-from", str(out / "with.safetensors"), "--name", "fitted"]
    monkeypatch.setattr(timeline_fit, "fit_timeline", lambda *_: TimelineParameters())
    assert main(["train", str(tmp_path), *fit, "--out", str(out)]) == 0
    fitted = load_file(out / "fitted.safetensors")
    assert all((fitted[name] == tensor).all() for name, tensor in new.items())


def test_weights_carry_it(tmp_path: Path) -> None:
    timeline = TimelineParameters().to_record()
    locator = random_locator(SMALL)
    data = weights_bytes(
        Network(SMALL_PLAIN), name="with", timeline=timeline, training={}, locator=locator
    )
    path = tmp_path / "with.safetensors"
    path.write_bytes(data)
    loaded = load_model(path)
    assert loaded.locator is not None
    maps = np.random.default_rng(0).integers(0, 256, (5, len(MAP_CHANNELS), 6, 7), np.uint8)
    locates = load_for_analysis(path).locates
    assert locates is not None
    np.testing.assert_array_equal(locates(maps, 30.0), native(locator)(maps, 30.0))
    np.testing.assert_array_equal(loaded.locates(maps, 30.0), locates(maps, 30.0))
    broken = {k: v for k, v in load_file(path).items() if k != "locator.out.weight"}
    save_file(broken, path, {"pyanalyzer": json.dumps(_header(data))})
    for load in (load_model, load_for_analysis):
        with pytest.raises(ModelError, match="do not fit"):
            load(path)
    other = _header(data)
    other["locator"]["inputs"] = ["mean"]
    save_file(load_file(path), path, {"pyanalyzer": json.dumps(other)})
    with pytest.raises(ModelError, match="other inputs"):
        load_for_analysis(path)


def _header(data: bytes) -> dict[str, dict[str, object]]:
    length = int.from_bytes(data[:8], "little")
    record = json.loads(data[8 : 8 + length])["__metadata__"]["pyanalyzer"]
    header: dict[str, dict[str, object]] = json.loads(record)
    return header
