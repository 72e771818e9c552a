"""The network for stills: trained, taken up again, written, read, and run in tiles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from pyanalyzer.errors import ModelError
from pyanalyzer.score.stills import (
    PointConvolution,
    StillsNetwork,
    _onto,
    inputs_of,
)
from pyanalyzer.score.stills_configuration import StillsConfiguration
from pyanalyzer.score.stills_model import (
    TorchLook,
    folded,
    load_stills_model,
    stills_weights_bytes,
)
from pyanalyzer.stills import look
from pyanalyzer.stills.look import change_maps
from pyanalyzer.stills.pairs.sources import PicturePool
from pyanalyzer.stills.planes import planes_of
from pyanalyzer.stills.records import LocateParameters
from pyanalyzer.train import stills
from pyanalyzer.train.loop import TrainingSettings
from pyanalyzer.train.stills import StillsReport, StillsRun, batch_of, train_stills
from pyanalyzer.train.stills_crops import make_crop
from pyanalyzer.train.stills_loss import stills_losses
from tests.planted_stills import scene, with_block

TINY = StillsConfiguration(picture_width=4, place_width=4, widths=(6, 6, 6, 6))
POOL = PicturePool("train")


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stills, "BATCH_CROPS", 2)
    monkeypatch.setattr(stills, "VALIDATION_CROPS", 2)
    monkeypatch.setattr(stills, "REPORT_EVERY_STEPS", 2)


def settings(steps: int) -> TrainingSettings:
    return TrainingSettings(
        steps=steps, warm_up_steps=2, validate_every_steps=2, checkpoint_every_steps=2
    )


def trained(folder: Path, steps: int, resume: bool = False) -> tuple[StillsRun, list[StillsReport]]:
    folder.mkdir(exist_ok=True)
    run = StillsRun(settings(4), TINY)
    if resume:
        run.load(folder / "checkpoint.pt")
    object.__setattr__(run, "settings", settings(steps))
    reports: list[StillsReport] = []
    pools = POOL, PicturePool("validation")
    train_stills(run, *pools, folder / "checkpoint.pt", reports.append, workers=0)
    return run, reports


def test_a_run_that_was_broken_off_ends_alike(tmp_path: Path) -> None:
    whole, reports = trained(tmp_path / "whole", 4)
    assert [r.step for r in reports] == [2, 4]
    assert reports[-1].validation["pixel_f1"] >= 0.0
    assert (tmp_path / "whole" / "best.pt").exists() or reports[-1].validation["pixel_f1"] == 0.0
    half = StillsRun(settings(4), TINY)
    crops = stills._batches(POOL, 0, 0, 2, 0)
    for batch in crops:
        rng = np.random.default_rng([0, 7, half.step])
        half.take_step([batch_of(batch, rng)])
    (tmp_path / "half").mkdir()
    half.save(tmp_path / "half" / "checkpoint.pt")
    resumed, _ = trained(tmp_path / "half", 4, resume=True)
    for key, value in whole.network.state_dict().items():
        torch.testing.assert_close(resumed.network.state_dict()[key], value, rtol=0, atol=0)


def test_the_losses_fall_on_one_batch() -> None:
    run = StillsRun(settings(30), TINY)
    batch = batch_of([make_crop(POOL, 0, i) for i in (1, 2)], None)
    losses = [run.take_step([batch])["total"] for _ in range(16)]
    assert losses[-1] < 0.9 * losses[0]


def test_perfect_outputs_cost_next_to_nothing() -> None:
    batch = batch_of([make_crop(POOL, 0, i) for i in (1, 2)], None)
    assert (batch.labels > 0).any()
    network = StillsNetwork(TINY)
    outputs = network(batch.inputs)
    cells = torch.nn.functional.avg_pool2d((batch.labels > 0).float()[:, None], 4)[:, 0] * 16
    mask = torch.where(batch.labels > 0, 20.0, -20.0)
    perfect = outputs._replace(changed=torch.where(cells >= 2, 20.0, -20.0), mask=mask)
    losses = stills_losses(perfect, batch)
    assert float(losses["mask"] + losses["dice"] + losses["cell"]) < 0.01


def test_weights_go_to_disk_and_back(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = StillsNetwork(TINY).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.5, 0.5)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
    locate = LocateParameters(0.5, 1.5, 0.4, (1.0, 2.0, 3.0, 4.0, 5.0, 6.0))
    data = stills_weights_bytes(network, name="tiny", locate=locate, training={"step": 3})
    assert data == stills_weights_bytes(network, name="tiny", locate=locate, training={"step": 3})
    path = tmp_path / "tiny.safetensors"
    path.write_bytes(data)
    model = load_stills_model(path)
    assert (model.name, model.locate, model.training) == ("tiny", locate, {"step": 3})
    inputs = batch_of([make_crop(POOL, 0, 1)], None).inputs
    with torch.inference_mode():
        for one, other in zip(network(inputs), model.look.network(inputs), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_weights_of_another_kind_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    with pytest.raises(ModelError, match="cannot read the weights"):
        load_stills_model(path)
    path.write_bytes(b"nothing")
    with pytest.raises(ModelError, match="is not a safetensors file"):
        load_stills_model(path)
    network = StillsNetwork(TINY)
    path.write_bytes(
        stills_weights_bytes(network, name="t", locate=LocateParameters(), training={})
    )
    with pytest.raises(ModelError, match="SHA-256"):
        load_stills_model(path, expected_sha256="0" * 64)


def test_tiles_say_what_the_whole_says(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(1)
    network = folded(StillsNetwork(TINY))
    before = scene(1, 500, 420)
    after = with_block(before, 250, 200, 40, 30)
    planes = planes_of(before, after, np.ones((420, 500), bool))
    whole = change_maps(TorchLook(network), planes, (500, 420))
    assert whole.mask.shape == (420, 500)
    assert whole.changed.shape == (105, 125)
    monkeypatch.setattr(look, "_TILE_PX", 256)
    tiled = change_maps(TorchLook(network), planes, (500, 420))
    np.testing.assert_allclose(tiled.mask, whole.mask, atol=1e-3)
    np.testing.assert_allclose(tiled.sides_px, whole.sides_px, atol=1e-2)


def test_inputs_put_each_pixel_in_its_cell() -> None:
    luma = torch.arange(2 * 32 * 32).reshape(1, 2, 32, 32) % 251
    chroma = torch.zeros(1, 4, 16, 16)
    inputs = inputs_of(
        luma.to(torch.uint8),
        chroma.to(torch.uint8),
        torch.zeros(1, 32, 32, dtype=torch.uint8),
        torch.zeros(1, 2, 16, 16, dtype=torch.uint8),
        torch.full((1, 8, 8), 255, dtype=torch.uint8),
        torch.zeros(1, 2),
    )
    cell = inputs.before[0, :16, 3, 5] * 64 + 128
    torch.testing.assert_close(cell, luma[0, 0, 12:16, 20:24].flatten().float())


def test_cells_are_what_pixel_unshuffle_makes_of_the_planes() -> None:
    rng = np.random.default_rng(5)

    def plane(*shape: int) -> torch.Tensor:
        return torch.from_numpy(rng.integers(0, 256, shape, dtype=np.uint8))

    luma, chroma = plane(2, 2, 64, 96), plane(2, 4, 32, 48)
    strange, strange_chroma, covered = plane(2, 64, 96), plane(2, 2, 32, 48), plane(2, 16, 24)
    noise = torch.tensor([[0.0, 2.0], [3.0, 9.0]])
    # Parts of larger planes, as tiles are.
    wide = torch.cat([luma, luma], 3)[..., :96]
    found = inputs_of(wide, chroma, strange, strange_chroma, covered, noise)
    cells = [
        torch.cat(
            [
                F.pixel_unshuffle(luma[:, i : i + 1], 4),
                F.pixel_unshuffle(chroma[:, 2 * i : 2 * i + 2], 2),
            ],
            1,
        ).float()
        for i in (0, 1)
    ]
    odd = torch.cat(
        [F.pixel_unshuffle(strange[:, None], 4), F.pixel_unshuffle(strange_chroma, 2)], 1
    )
    expected = torch.cat(
        [
            (cells[1] - cells[0]) / 32,
            odd.float() / 32,
            covered[:, None].float() / 255,
            torch.log1p(noise)[:, :, None, None].expand(2, 2, 16, 24),
        ],
        1,
    )
    assert torch.equal(found.before, (cells[0] - 128) / 64)
    assert torch.equal(found.after, (cells[1] - 128) / 64)
    assert torch.equal(found.residual, expected)


def test_parts_are_convolved_as_if_they_were_one() -> None:
    torch.manual_seed(1)
    parts = [torch.randn(2, c, 6, 8) for c in (5, 3, 4)]
    step = PointConvolution(12, 7)
    expected = F.conv2d(torch.cat(parts, 1), step.weight, step.bias)
    assert torch.allclose(step(*parts), expected, atol=1e-5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        halved = step(*parts)
    assert halved.dtype == torch.bfloat16
    assert torch.allclose(halved.float(), expected, atol=0.1)


def test_a_coarse_grid_is_laid_onto_a_fine_one() -> None:
    fine, coarse = torch.randn(2, 3, 8, 12), torch.randn(2, 3, 4, 6)
    expected = fine + F.interpolate(coarse, scale_factor=2.0, mode="nearest")
    assert torch.equal(_onto(fine, coarse), expected)
    assert torch.equal(_onto(fine.to(memory_format=torch.channels_last), coarse), expected)
