"""``pyanalyzer train --stills``: the network that compares two still pictures."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyanalyzer.stills.pairs.sources import PicturePool
    from pyanalyzer.train.stills import StillsReport, StillsRun

DEFAULT_NAME = "stills-1"
_FIT_SEED = 2_000_003  # pairs that nothing else is measured on
_VALIDATE_EVERY_STEPS, _CHECKPOINT_EVERY_STEPS, _WARM_UP_STEPS = 500, 100, 100


def train_stills_run(args: argparse.Namespace) -> int:
    """Trains on pairs made of the replays' frames and of scikit-image's pictures, fits how regions
    are located, writes the weights."""
    import cv2

    from pyanalyzer.commands.train_files import begin_or_resume
    from pyanalyzer.score.stills_configuration import StillsConfiguration
    from pyanalyzer.stills.pairs.sources import read_pool
    from pyanalyzer.train.loop import TrainingSettings, best_path
    from pyanalyzer.train.stills import StillsRun

    cv2.setNumThreads(args.threads)
    settings = TrainingSettings(
        steps=args.steps,
        seed=args.seed,
        learning_rate=args.learning_rate,
        bfloat16=args.bfloat16,
        warm_up_steps=_WARM_UP_STEPS,
        validate_every_steps=_VALIDATE_EVERY_STEPS,
        checkpoint_every_steps=_CHECKPOINT_EVERY_STEPS,
    )
    run = StillsRun(settings, StillsConfiguration())
    checkpoint = args.out / "checkpoint.pt"
    begin_or_resume(run, checkpoint, args)
    training, validation = (read_pool(args.replays, split) for split in ("train", "validation"))
    _train(run, training, validation, args)
    run.load(best_path(checkpoint))
    _export(run, training, validation, args)
    return 0


def _train(
    run: StillsRun, training: PicturePool, validation: PicturePool, args: argparse.Namespace
) -> None:
    from rich.progress import MofNCompleteColumn, Progress

    from pyanalyzer.train.stills import train_stills

    with Progress(*Progress.get_default_columns(), MofNCompleteColumn()) as bar:
        task = bar.add_task("train", total=run.settings.steps, completed=run.step)

        def report(told: StillsReport) -> None:
            bar.update(task, completed=told.step, description=f"loss {told.losses['total']:.3f}")
            if told.validation:
                f1, loss = told.validation["pixel_f1"], told.validation["total"]
                bar.console.print(
                    f"step {told.step}: pixel F1 {f1:.3f}, loss {loss:.3f}, "
                    f"{told.crops_per_s:.1f} crops/s"
                )

        path = args.out / "checkpoint.pt"
        train_stills(run, training, validation, path, report, workers=args.workers)


def _export(
    run: StillsRun, training: PicturePool, validation: PicturePool, args: argparse.Namespace
) -> None:
    from dataclasses import asdict

    from rich.console import Console

    from pyanalyzer.commands.train_files import write_weights
    from pyanalyzer.score.stills_model import TorchLook, folded, stills_weights_bytes
    from pyanalyzer.stills.records import LocateParameters, StillsModel
    from pyanalyzer.train.stills import BATCH_CROPS
    from pyanalyzer.train.stills_fit import FIT_PAIRS, average_precision_of, fit_locate, see

    model = StillsModel(TorchLook(folded(run.average)), args.name, "", LocateParameters())
    seen = see(validation, model, _FIT_SEED, FIT_PAIRS)
    locate = fit_locate(seen)
    about = {
        "settings": asdict(run.settings),
        "step": run.step,
        "crops": run.step * BATCH_CROPS,
        "pictures": len(training.replays) + len(training.bundled),
    }
    data = stills_weights_bytes(run.average, name=args.name, locate=locate, training=about)
    average_precision = average_precision_of(seen, locate)
    Console().print(f"average precision in validation {average_precision:.3f}")
    write_weights(data, args)
