"""``pyanalyzer train --locator``: the network that says where a change is."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyanalyzer.score.model import LoadedModel
    from pyanalyzer.train.cache import CachedReplay
    from pyanalyzer.train.locate import LocatorReport, LocatorRun, OnsetWindow

_VALIDATE_EVERY_STEPS, _CHECKPOINT_EVERY_STEPS, _WARM_UP_STEPS = 500, 500, 150
_WEIGHT_DECAY = 0.05  # there are few onsets: it learns them by heart soon


def train_locator_run(
    args: argparse.Namespace,
    start: LoadedModel,
    training: Sequence[CachedReplay],
    validation: Sequence[CachedReplay],
) -> int:
    """Trains a Locator on the local onsets of cached replays, and writes it into the weights
    ``start``, of which all else stays."""
    from pyanalyzer.commands.train_files import begin_or_resume
    from pyanalyzer.errors import UsageError
    from pyanalyzer.score.configuration import LocatorConfiguration
    from pyanalyzer.train.locate import LocatorRun, read_windows
    from pyanalyzer.train.loop import TrainingSettings, best_path

    settings = TrainingSettings(
        steps=args.steps,
        seed=args.seed,
        learning_rate=args.learning_rate,
        bfloat16=args.bfloat16,
        weight_decay=_WEIGHT_DECAY,
        warm_up_steps=min(_WARM_UP_STEPS, args.steps // 4),
        validate_every_steps=_VALIDATE_EVERY_STEPS,
        checkpoint_every_steps=_CHECKPOINT_EVERY_STEPS,
        without_engines=tuple(sorted(set(args.without_engine))),
    )
    configuration = LocatorConfiguration()
    run = LocatorRun(settings, configuration)
    checkpoint = args.out / "locator.pt"
    begin_or_resume(run, checkpoint, args)
    frames = configuration.before, configuration.after
    windows = read_windows(training, frames, args.seed, every_look=True)
    held = read_windows(validation, frames, args.seed)
    if not windows or not held:
        raise UsageError(f"no replay of either split in {args.replays} has a local change")
    _train(run, windows, held, args)
    run.load(best_path(checkpoint))
    _export(run, start, windows, args)
    return 0


def _train(
    run: LocatorRun,
    training: Sequence[OnsetWindow],
    validation: Sequence[OnsetWindow],
    args: argparse.Namespace,
) -> None:
    from rich.progress import MofNCompleteColumn, Progress

    from pyanalyzer.train.locate import train_locator

    with Progress(*Progress.get_default_columns(), MofNCompleteColumn()) as bar:
        task = bar.add_task("train", total=run.settings.steps, completed=run.step)

        def report(told: LocatorReport) -> None:
            bar.update(task, completed=told.step, description=f"loss {told.loss:.3f}")
            if told.pointing:
                right = ", ".join(f"{name} {share:.3f}" for name, share in told.pointing.items())
                bar.console.print(
                    f"step {told.step}: likeliest block in the true box {right}; "
                    f"{told.onsets_per_s:.0f} onsets/s"
                )

        train_locator(run, training, validation, args.out / "locator.pt", report)


def _export(
    run: LocatorRun, start: LoadedModel, windows: Sequence[OnsetWindow], args: argparse.Namespace
) -> None:
    from dataclasses import asdict

    from pyanalyzer.commands.train_files import write_weights
    from pyanalyzer.score.model import weights_bytes

    about = {
        "settings": asdict(run.settings),
        "step": run.step,
        "onsets": len(windows),
        "games": sorted({window.game for window in windows}),
    }
    data = weights_bytes(
        start.network,
        name=args.name,
        timeline=start.timeline,
        timeline_fast=start.timeline_fast,
        training=start.training | {"locator": about},
        locator=run.average,
    )
    write_weights(data, args)
