"""Training on planted changes: it learns them, resumes exactly, and mirrors what it should."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from pyanalyzer.errors import ModelError, ReplayError
from pyanalyzer.records import CROP_PX, MAX_PROPOSALS
from pyanalyzer.score.configuration import GROWN, NetworkConfiguration
from pyanalyzer.score.features import GLOBAL_FEATURES, MAP_CHANNELS, PROPOSAL_FEATURES
from pyanalyzer.score.grow import grow_into
from pyanalyzer.score.model import Network, load_model
from pyanalyzer.train import cache, clips, loop
from pyanalyzer.train.loss import onset_loss, place_loss
from pyanalyzer.train.validate import peaks, validate
from pyanalyzer.weights import shipped_path
from tests.small_network import SMALL


def plant(path: Path, seed: int, split: str, engine: str = "ale", grid: int = 8) -> None:
    """A replay in which the motion changes at a block whenever the player acts, and only then."""
    rng = np.random.default_rng(seed)
    frames = 400
    onsets = np.cumsum(rng.integers(6, 40, frames))
    onsets = onsets[onsets < frames]
    maps = rng.integers(0, 20, (frames, len(MAP_CHANNELS), grid, grid), dtype=np.uint8)
    maps[:, 7:] = 128
    maps[onsets, MAP_CHANNELS.index("motion_change_x"), 3:5, 3:5] = 220
    player = np.zeros(frames, np.float32)
    player[onsets] = 1
    kind = np.full(frames, -1, np.int8)
    kind[onsets] = 1
    arrays = {
        "maps": maps,
        "globals": np.zeros((frames, len(GLOBAL_FEATURES)), np.float32),
        "proposals": np.zeros((frames, MAX_PROPOSALS, len(PROPOSAL_FEATURES)), np.float32),
        "crops": np.zeros((frames, MAX_PROPOSALS, 2, CROP_PX, CROP_PX), np.uint8),
        "player": player,
        "world": np.zeros(frames, np.float32),
        "known": np.ones(frames, np.uint8),
        "kind": kind,
        "candidate": np.where(kind >= 0, 0, -1).astype(np.int8),
        "box": np.zeros((frames, 4), np.float32),
    }
    header = {
        "format": cache.FORMAT,
        "engine": engine,
        "game": f"planted{seed}",
        "split": split,
        "frames": frames,
        "frame_rate": 60.0,
        "grid": [grid, grid],
        "onsets": onsets.tolist(),
        "world_onsets": [],
        "world_known": False,
    }
    save_file(arrays, path, {"pyanalyzer": json.dumps(header)})


@pytest.fixture
def replays(tmp_path: Path) -> list[cache.CachedReplay]:
    for seed in range(3):
        plant(tmp_path / f"{seed}.safetensors", seed, "train")
    return cache.read_index(tmp_path)


def settings(steps: int) -> loop.TrainingSettings:
    return loop.TrainingSettings(
        steps=steps, learning_rate=1e-2, warm_up_steps=5, validate_every_steps=10_000
    )


def test_learns_what_is_planted(replays: list[cache.CachedReplay], tmp_path: Path) -> None:
    run = loop.TrainingRun(settings(120), SMALL)
    reports: list[loop.StepReport] = []
    loop.train(run, replays[:2], replays[2:], tmp_path / "checkpoint.pt", reports.append)
    (score,) = reports[-1].validation
    assert score.engine == "ale"
    assert score.f1 > 0.9
    best = loop.TrainingRun(settings(120), SMALL)
    best.load(loop.best_path(tmp_path / "checkpoint.pt"))
    assert best.step == 120
    assert best.best == pytest.approx(score.f1 + score.average_precision)
    assert (tmp_path / "log.jsonl").read_text().count("\n") == len(reports)


def test_untrained_weights_find_little(replays: list[cache.CachedReplay]) -> None:
    (score,) = validate(loop.TrainingRun(settings(1), SMALL).model(), replays)
    assert score.f1 < 0.5


def test_every_look_is_drawn(tmp_path: Path) -> None:
    """Those further back as often as the first; the smaller picture of a slow one less often, and
    twice as many clips of it at once."""
    plant(tmp_path / "fast.safetensors", 0, "train")
    for part in range(2):
        plant(tmp_path / f"fast.look{part:02}.safetensors", 0, "train")
    plant(tmp_path / "slow.safetensors", 1, "train", grid=32)
    plant(tmp_path / "slow.small.safetensors", 1, "train")
    fast, slow = cache.read_index(tmp_path)
    assert [part.path.name for part in fast.further] == [
        "fast.look00.safetensors",
        "fast.look01.safetensors",
    ]
    assert fast.smaller is None
    assert slow.smaller is not None
    source = clips.make_source([fast, slow], {})
    shares = {
        replay.path.name.removesuffix(".safetensors"): share * grid_share
        for grid, grid_share in zip(source.grids, source.grid_weights, strict=True)
        for replay, share in zip(source.by_grid[grid], source.replay_weights[grid], strict=True)
    }
    small = clips.SMALLER_SHARE
    assert shares == pytest.approx(
        {
            "fast": 1 / 6,
            "fast.look00": 1 / 6,
            "fast.look01": 1 / 6,
            "slow": 1 / (1 + small) / 2,
            "slow.small": small / (1 + small) / 2,
        }
    )
    for step in range(8):
        (plans,) = clips.plan_step(source, 0, step, clips.StepSize(parts=1, clips=2))
        assert len(plans) == (2 if plans[0].grid == (32, 32) else 4)
    held = clips.DeviceStore([fast, slow], torch.device("cpu"))
    assert len(held.read(slow.smaller, 3, 7)["maps"]) == 4


def test_resumes_exactly(replays: list[cache.CachedReplay], tmp_path: Path) -> None:
    def run_steps(run: loop.TrainingRun, upto: int) -> None:
        source = clips.make_source(replays, {})
        steps, size = range(run.step, upto), clips.StepSize(parts=2, clips=3)
        for parts in clips.stream(source, clips.DiskStore(), 0, steps, size):
            run.take_step(parts)

    torch.manual_seed(0)
    plain = loop.TrainingRun(settings(6), SMALL)
    for module in plain.network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    run_steps(plain, 3)
    plain.save(tmp_path / "checkpoint.pt")
    run_steps(plain, 6)
    resumed = loop.TrainingRun(settings(6), SMALL)
    for module in resumed.network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    resumed.load(tmp_path / "checkpoint.pt")
    assert resumed.step == 3
    run_steps(resumed, 6)
    for key, value in plain.average.state_dict().items():
        assert torch.equal(value, resumed.average.state_dict()[key]), key


def test_refuses_other_checkpoints(tmp_path: Path) -> None:
    run = loop.TrainingRun(settings(1), SMALL)
    run.save(tmp_path / "checkpoint.pt")
    with pytest.raises(ModelError, match="other dimensions"):
        loop.TrainingRun(settings(1), NetworkConfiguration()).load(tmp_path / "checkpoint.pt")
    with pytest.raises(ModelError, match="cannot go on"):
        run.load(tmp_path / "missing.pt")


def test_an_engine_can_be_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from safetensors import safe_open

    from pyanalyzer.__main__ import main
    from pyanalyzer.commands import train as command
    from pyanalyzer.score import model
    from pyanalyzer.timeline import TimelineParameters
    from pyanalyzer.train import timeline_fit

    for n, (engine, split) in enumerate(
        (e, s) for e in ("ale", "doom") for s in ("train", "validation")
    ):
        plant(tmp_path / f"{n}.safetensors", n, split, engine)
    fitted: list[str] = []

    def fit(
        _: object, training: list[cache.CachedReplay], validation: list[cache.CachedReplay]
    ) -> TimelineParameters:
        fitted.extend(r.engine for r in (*training, *validation))
        return TimelineParameters()

    monkeypatch.setattr(command, "_cached", lambda *_: cache.read_index(tmp_path))
    monkeypatch.setattr(model, "NetworkConfiguration", lambda **_: SMALL)
    monkeypatch.setattr(timeline_fit, "fit_timeline", fit)
    arguments = ["train", str(tmp_path), "--out", str(tmp_path / "out"), "--name", "no-doom"]
    assert main([*arguments, "--steps", "1", "--without-engine", "doom"]) == 0
    assert fitted == ["ale", "ale"]
    with safe_open(str(tmp_path / "out" / "no-doom.safetensors"), framework="pt") as file:
        header = json.loads(file.metadata()["pyanalyzer"])
    assert header["training"]["settings"]["without_engines"] == ["doom"]
    assert header["training"]["games"] == ["ale/planted0"]
    assert header["training"]["settings"]["warm_up_steps"] == 0  # of one step, none
    capsys.readouterr()
    # To go on with everything would make weights that only say that they never saw Doom.
    assert main([*arguments, "--steps", "2", "--resume"]) == 1
    assert "trained with other engines left out: doom" in capsys.readouterr().err
    assert main([*arguments, "--without-engine", "dooom"]) == 2
    assert "no replay is of the engine dooom; there are ale, doom" in capsys.readouterr().err
    # Weights that know an engine do not forget it.
    start = str(tmp_path / "out" / "no-doom.safetensors")
    begun = ["train", str(tmp_path), "--steps", "1", "--start-from", start]
    out = tmp_path / "again"
    assert main([*begun, "--out", str(out), "--without-engine", "ale"]) == 2
    assert "no-doom was trained on ale: left out now, it is not new" in capsys.readouterr().err
    assert main([*begun, "--out", str(out), "--name", "on", "--engine-shares", "doom=2"]) == 0
    with safe_open(str(out / "on.safetensors"), framework="pt") as file:
        header = json.loads(file.metadata()["pyanalyzer"])
    assert header["training"]["started_from"].startswith("no-doom ")
    assert header["training"]["settings"]["engine_shares"] == [["doom", 2.0]]
    # Without a step the weights stay, and what is said of their training.
    assert main(["train", str(tmp_path), "--steps", "0", "--out", str(tmp_path / "none")]) == 2
    assert "0 only with --start-from" in capsys.readouterr().err
    fit = ["--steps", "0", "--start-from", start, "--name", "fitted"]
    assert main(["train", str(tmp_path), *fit, "--out", str(tmp_path / "fit")]) == 0
    with safe_open(str(tmp_path / "fit" / "fitted.safetensors"), framework="np") as file:
        again = json.loads(file.metadata()["pyanalyzer"])
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    assert again["training"]["games"] == ["ale/planted0"]
    assert again["name"] == "fitted"
    for key, value in load_file(start).items():
        assert (tensors[key] == value).all()
    for share in ("doom", "doom=", "=2", "doom=0", "doom=nan", "doom=-1", "doom=inf"):
        assert main([*begun, "--out", str(out), "--engine-shares", share]) == 2
        assert "is not NAME=SHARE" in capsys.readouterr().err


def test_the_timeline_can_be_fitted_on_more_replays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyanalyzer.__main__ import main
    from pyanalyzer.commands import train as command
    from pyanalyzer.score.model import weights_bytes
    from pyanalyzer.timeline import TimelineParameters
    from pyanalyzer.train import timeline_fit

    here, more = tmp_path / "here", tmp_path / "more"
    for folder in (here, more):
        folder.mkdir()
        for n, split in enumerate(("train", "validation")):
            plant(folder / f"{n}.safetensors", n, split, "ale" if folder == here else "doom")
    fitted: list[list[str]] = []

    def fit(
        _: object, training: list[cache.CachedReplay], validation: list[cache.CachedReplay]
    ) -> TimelineParameters:
        fitted.append([r.engine for r in (*training, *validation)])
        return TimelineParameters()

    monkeypatch.setattr(command, "_cached", lambda folder, *_: cache.read_index(folder))
    monkeypatch.setattr(timeline_fit, "fit_timeline", fit)
    start = tmp_path / "start.safetensors"
    network = Network(NetworkConfiguration())
    start.write_bytes(weights_bytes(network, name="start", timeline={}, training={}))
    fixed = ["train", str(here), "--steps", "0", "--start-from", str(start), "--out"]
    assert main([*fixed, str(tmp_path / "few")]) == 0
    assert main([*fixed, str(tmp_path / "all"), "--fit-on", str(more)]) == 0
    assert fitted == [["ale", "ale"], ["ale", "ale", "doom", "doom"]]
    without = ["--fit-on", str(more), "--without-engine", "doom"]
    assert (
        main([*fixed, str(tmp_path / "some"), *without]) == 2
    )  # none of it is in the first folder


def test_starts_from_weights() -> None:
    first = loop.TrainingRun(settings(1), SMALL)
    second = loop.TrainingRun(dataclasses.replace(settings(1), seed=1), SMALL, first.model())
    for mine, theirs in zip(second.average.parameters(), first.network.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    other = dataclasses.replace(SMALL, map_width=16)
    with pytest.raises(ModelError, match="in training are of a network of other dimensions"):
        loop.TrainingRun(settings(1), other, first.model())


def test_unknown_frames_ask_only_for_not_the_player() -> None:
    logits = torch.log_softmax(torch.tensor([[0.0, 0.0, 5.0]]), dim=1)
    zero, one = torch.zeros(1), torch.ones(1)
    unknown = onset_loss(logits, zero, zero, zero)
    known = onset_loss(logits, zero, zero, one)
    assert unknown < 0.05
    assert known > 4


def test_the_place_is_asked_for_where_there_is_a_box() -> None:
    attention = torch.tensor([0.1, 0.2, 0.3, 0.1, 0.1, 0.2]).log().expand(1, 2, 6)
    box = torch.tensor([[[0.4, 0.1, 0.9, 0.4], [0.0, 0.0, 0.0, 0.0]]])
    loss = place_loss(attention, (2, 3), box)
    assert float(loss) == pytest.approx(-np.log(0.2 + 0.3) / 2, abs=1e-6)


def test_the_default_network_is_the_shipped_one_and_can_be_grown() -> None:
    shipped = load_model(shipped_path())
    assert shipped.network.configuration == NetworkConfiguration()
    grown = Network(NetworkConfiguration(**GROWN))
    grow_into(grown, shipped)
    c = grown.configuration
    around = c.place_context_frames + c.temporal_context_frames
    assert around == 108
    mine = grown.state_dict()
    for name, value in shipped.network.state_dict().items():
        assert torch.equal(mine[name], value), name


def test_a_grown_network_answers_as_before(replays: list[cache.CachedReplay]) -> None:
    plain = dataclasses.replace(SMALL, place_dilations=(), heads=0, last_dilations=())
    first = loop.TrainingRun(settings(1), plain)
    grown = loop.TrainingRun(dataclasses.replace(settings(1), seed=3), SMALL, first.model())
    source = clips.make_source(replays, {})
    (plans,) = clips.plan_step(source, 0, 0, clips.StepSize(parts=1, clips=2))
    batch = clips.collect(clips.DiskStore(), plans)
    inputs = [batch[name] for name in ("maps", "globals", "proposals", "crops")]
    with torch.inference_mode():
        before, after = (run.network.eval()(*inputs) for run in (first, grown))
    for name in ("cause_onset", "kind", "candidate"):
        assert torch.equal(getattr(before, name), getattr(after, name))
    grown.take_step([batch])  # and learns with all it has
    gradients = {n: p.grad for n, p in grown.network.named_parameters()}
    assert gradients["temporal_comparator.again.weight"].abs().sum() > 0
    with pytest.raises(ModelError, match="of other dimensions"):
        loop.TrainingRun(settings(1), plain, grown.model())


def test_peaks() -> None:
    p = np.full((20, 3), 1e-3)
    p[4, 1], p[5, 1], p[12, 1] = 0.3, 0.6, 0.4
    at, mass = peaks(np.log(p).astype(np.float32))
    best = dict(zip(at.tolist(), mass.tolist(), strict=True))
    assert best[5] == pytest.approx(0.9, abs=0.01)
    assert best[12] == pytest.approx(0.4, abs=0.01)
    assert 4 not in best


def test_cache_reads_what_was_written(replays: list[cache.CachedReplay], tmp_path: Path) -> None:
    replay = replays[0]
    stored = load_file(replay.path)
    part = replay.read(7, 40)
    assert sorted(part) == sorted(cache.ARRAYS)
    for name, array in part.items():
        assert array.dtype == stored[name].dtype
        np.testing.assert_array_equal(array, stored[name][7:40])
    whole = replay.read()
    assert all(np.array_equal(whole[name], stored[name]) for name in cache.ARRAYS)
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(replay.path.read_bytes()[:-5000])
    with pytest.raises(ReplayError, match=r"broken\.safetensors breaks off"):
        dataclasses.replace(replay, path=broken).read()


def test_what_training_began_with_can_be_mixed_in() -> None:
    run, start = (loop.TrainingRun(replace(settings(1), seed=seed), SMALL) for seed in (1, 2))
    before = {name: value.clone() for name, value in run.average.state_dict().items()}
    run.mix_in(start.model(), 0.25)
    for name, value in run.average.state_dict().items():
        other = start.average.state_dict()[name]
        expected = 0.75 * before[name] + 0.25 * other if value.is_floating_point() else value
        torch.testing.assert_close(value, expected)
    assert any(not torch.equal(before[n], v) for n, v in run.average.state_dict().items())
