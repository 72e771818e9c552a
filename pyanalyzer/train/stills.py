"""The training of the network for two stills, with the steps of the gameplay network's loop."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pyanalyzer.score.stills import StillsInputs, StillsNetwork, inputs_of
from pyanalyzer.stills.pairs.sources import PicturePool
from pyanalyzer.stills.planes import planes_of
from pyanalyzer.train.loop import TrainingRun, best_path
from pyanalyzer.train.stills_crops import CROP_PX, Crop, make_crop
from pyanalyzer.train.stills_loss import StillsBatch, stills_losses

BATCH_CROPS = 8
VALIDATION_CROPS = 240
REPORT_EVERY_STEPS = 50
_VALIDATION_SEED = 1_000_003  # crops of validation are the same in every run


@dataclass(frozen=True, slots=True)
class StillsReport:
    """What is told of a step. ``validation``: pixel F1 at 0.5 and losses, where it was measured."""

    step: int
    losses: dict[str, float]
    crops_per_s: float
    validation: dict[str, float]


class StillsRun(TrainingRun):
    """A network for stills in training."""

    def build(self, configuration: Any) -> StillsNetwork:
        """The network, in the memory layout that convolutions on a processor are fastest in."""
        network = StillsNetwork(configuration)
        return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]

    def losses(self, batch: StillsBatch) -> dict[str, torch.Tensor]:
        """The losses of a batch of crops."""
        return _losses(self.network, batch, self.settings.bfloat16)


def batch_of(crops: Sequence[Crop], rng: np.random.Generator | None) -> StillsBatch:
    """The network's inputs and the truth of some crops; with ``rng`` mirrored, turned and swapped
    at random: a change is one in either order."""
    planes, covered, labels, boxes = [], [], [], []
    for crop in crops:
        turned = crop if rng is None else _turned(crop, rng)
        inside = turned.covered > 0
        planes.append(planes_of(turned.pictures[0], turned.pictures[1], inside))
        covered.append(turned.covered)
        labels.append(turned.labels)
        boxes.append(turned.boxes)
    inputs = inputs_of(
        *(
            torch.from_numpy(np.stack([getattr(p, name) for p in planes]))
            for name in ("luma", "chroma", "luma_residual", "chroma_residual", "covered", "noise")
        )
    )
    truth = torch.from_numpy(np.stack(labels)).long()
    truth[torch.from_numpy(np.stack(covered)) == 0] = -1
    return StillsBatch(inputs, truth, torch.from_numpy(np.stack(boxes)))


def train_stills(
    run: StillsRun,
    training: PicturePool,
    validation: PicturePool,
    checkpoint: Path,
    report: Callable[[StillsReport], None],
    *,
    workers: int = 1,
) -> None:
    """Trains from ``run.step`` to the last step, with a report every REPORT_EVERY_STEPS.

    Writes checkpoints, and beside them ``log.jsonl`` and, whenever the pixel F1 in validation is
    the highest so far, ``best.pt``. The same crops in the same order, whatever the ``workers``.
    """
    settings = run.settings
    held = [make_crop(validation, _VALIDATION_SEED, i) for i in range(VALIDATION_CROPS)]
    sums: dict[str, float] = {}
    started, first = time.monotonic(), run.step
    for crops in _batches(training, settings.seed, run.step, settings.steps, workers):
        rng = np.random.default_rng([settings.seed, 7, run.step])
        for name, value in run.take_step([batch_of(crops, rng)]).items():
            sums[name] = sums.get(name, 0.0) + float(value)
        last = run.step == settings.steps
        if run.step % REPORT_EVERY_STEPS and not last:
            continue
        scores: dict[str, float] = {}
        if run.step % settings.validate_every_steps == 0 or last:
            scores = validate(run.average, held, settings.bfloat16)
            if scores["pixel_f1"] > run.best:
                run.best = scores["pixel_f1"]
                run.save(best_path(checkpoint))
        if run.step % settings.checkpoint_every_steps == 0 or last:
            run.save(checkpoint)
        rate = (run.step - first) * BATCH_CROPS / (time.monotonic() - started)
        means = {name: value / REPORT_EVERY_STEPS for name, value in sums.items()}
        sums = {}
        told = StillsReport(run.step, means, rate, scores)
        with checkpoint.with_name("log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps([told.step, means, round(rate, 2), scores]) + "\n")
        report(told)


def validate(network: StillsNetwork, crops: Sequence[Crop], bfloat16: bool) -> dict[str, float]:
    """Mean losses, and the F1 of pixels whose change is likelier than not."""
    network.eval()
    sums: dict[str, float] = {}
    hit = said = true = 0
    with torch.inference_mode():
        for k in range(0, len(crops), BATCH_CROPS):
            batch = batch_of(crops[k : k + BATCH_CROPS], None)
            outputs = _outputs(network, batch.inputs, bfloat16)
            for name, value in stills_losses(outputs, batch).items():
                sums[name] = sums.get(name, 0.0) + float(value)
            asked = batch.labels >= 0
            found, truth = (outputs.mask > 0) & asked, (batch.labels > 0) & asked
            hit += int((found & truth).sum())
            said, true = said + int(found.sum()), true + int(truth.sum())
    steps = -(-len(crops) // BATCH_CROPS)
    f1 = 2 * hit / max(said + true, 1)
    return {"pixel_f1": f1} | {name: value / steps for name, value in sums.items()}


def _outputs(network: StillsNetwork, inputs: StillsInputs, bfloat16: bool) -> Any:
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
        outputs = network(inputs)
    return type(outputs)(*(head.float() for head in outputs))


def _losses(network: StillsNetwork, batch: StillsBatch, bfloat16: bool) -> dict[str, torch.Tensor]:
    return stills_losses(_outputs(network, batch.inputs, bfloat16), batch)


def _turned(crop: Crop, rng: np.random.Generator) -> Crop:
    """The crop mirrored, transposed, and its pictures exchanged, each with probability 1/2."""
    pictures, covered, labels, boxes = crop.pictures, crop.covered, crop.labels, crop.boxes.copy()
    exists = boxes[:, 2] > 0
    for axis in (0, 1):  # rows, columns
        if rng.random() < 0.5:
            pictures = np.flip(pictures, 1 + axis)
            covered, labels = np.flip(covered, axis), np.flip(labels, axis)
            low, high = (1, 3) if axis == 0 else (0, 2)
            boxes[:, [low, high]] = CROP_PX - boxes[:, [high, low]]
    if rng.random() < 0.5:
        pictures, covered, labels = pictures.transpose(0, 2, 1, 3), covered.T, labels.T
        boxes = boxes[:, [1, 0, 3, 2]]
    if rng.random() < 0.5:
        pictures = pictures[::-1]
    boxes = np.where(exists[:, None], boxes, 0).astype(np.float32)
    return Crop(
        np.ascontiguousarray(pictures),
        np.ascontiguousarray(covered),
        np.ascontiguousarray(labels),
        boxes,
    )


_pool: PicturePool | None = None  # of a worker process


def _remember(pool: PicturePool) -> None:
    global _pool  # noqa: PLW0603 - forked workers share the pictures, nothing is sent
    _pool = pool
    torch.set_num_threads(1)


def _crop(job: tuple[int, int]) -> Crop:
    assert _pool is not None
    return make_crop(_pool, *job)


def _batches(
    pool: PicturePool, seed: int, first: int, steps: int, workers: int
) -> Iterator[list[Crop]]:
    """The crops of each step, made ahead by ``workers`` processes (0: by this one)."""
    jobs = [(seed, i) for i in range(first * BATCH_CROPS, steps * BATCH_CROPS)]
    if workers < 1:
        _remember(pool)
        for k in range(0, len(jobs), BATCH_CROPS):
            yield [_crop(job) for job in jobs[k : k + BATCH_CROPS]]
        return
    context = multiprocessing.get_context("fork")
    ahead = 8 * BATCH_CROPS
    with context.Pool(workers, _remember, (pool,)) as processes:
        waiting = [processes.apply_async(_crop, (job,)) for job in jobs[:ahead]]
        for k in range(0, len(jobs), BATCH_CROPS):
            ready = [waiting.pop(0).get() for _ in jobs[k : k + BATCH_CROPS]]
            more = jobs[k + ahead : k + ahead + BATCH_CROPS]
            waiting += [processes.apply_async(_crop, (job,)) for job in more]
            yield ready
