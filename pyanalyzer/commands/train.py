"""``pyanalyzer train``: weights from labelled replays."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyanalyzer.score.model import LoadedModel
    from pyanalyzer.train.cache import CachedReplay
    from pyanalyzer.train.loop import StepReport, TrainingRun


def prepare_parser(parser: argparse.ArgumentParser) -> None:
    """Adds the options of ``pyanalyzer train``."""
    parser.add_argument(
        "replays", type=Path, metavar="DIR", help="labelled replays, as `pyanalyzer simulate` makes"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs/train"),
        metavar="DIR",
        help="checkpoints and weights",
    )
    parser.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="what the core measures of the replays, kept for the next run (default: OUT/cache)",
    )
    parser.add_argument(
        "--stills",
        action="store_true",
        help="train the network of `pyanalyzer compare`, on pairs made of the replays' frames",
    )
    parser.add_argument(
        "--locator",
        action="store_true",
        help="train the network that says where a change is, and write it into the weights of "
        "--start-from, of which all else stays",
    )
    parser.add_argument(
        "--name", help="name of the weights (default: gameplay-11, with --stills stills-1)"
    )
    parser.add_argument(
        "--steps",
        type=int,
        default=12_000,
        help="gradient steps (default: 12000); 0: the weights of --start-from stay as they are, "
        "and only the timeline is fitted to them",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument(
        "--bfloat16", action="store_true", help="faster on processors with bfloat16 arithmetic"
    )
    parser.add_argument(
        "--without-engine",
        nargs="+",
        default=[],
        metavar="NAME",
        help="leave these engines' replays out, to judge the weights on engines never seen",
    )
    parser.add_argument(
        "--engine-shares",
        nargs="+",
        type=_share,
        default=[],
        metavar="NAME=SHARE",
        help="how often each engine's replays are drawn (default: each engine 1)",
    )
    parser.add_argument(
        "--start-from",
        type=Path,
        metavar="FILE",
        help="begin with these weights instead of random ones, to fit them to more games",
    )
    parser.add_argument(
        "--keep-start",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="write the mean of the weights and of those begun with, which count for SHARE: what "
        "these knew and training forgot comes back (default: 0)",
    )
    parser.add_argument(
        "--fit-on",
        type=Path,
        metavar="DIR",
        help="fit the timeline (threshold, confidences, intervals, places) on these replays too, "
        "of whatever split but test; they choose nothing else",
    )
    parser.add_argument(
        "--device",
        choices=("cpu", "cuda"),
        default="cpu",
        help="where to train; a graphics card must hold all replays (27 kB a frame)",
    )
    parser.add_argument(
        "--parts",
        type=int,
        default=1,
        help="parts of a step, each of clips of one size of picture (default: 1)",
    )
    parser.add_argument("--clips", type=int, default=6, help="clips of a part (default: 6)")
    parser.add_argument(
        "--grow",
        action="store_true",
        help="add to the network what sees every place over time and looks at the places again; "
        "with --start-from to those weights",
    )
    parser.add_argument("--threads", type=int, default=2, help="threads of the network")
    parser.add_argument("--workers", type=int, default=2, help="processes that measure replays")
    parser.add_argument(
        "--resume", action="store_true", help="go on from the last checkpoint in OUT"
    )


def _share(text: str) -> tuple[str, float]:
    """``doom=1.5`` -> (``doom``, 1.5)."""
    name, equals, share = text.partition("=")
    try:
        value = float(share)
    except ValueError:
        value = 0.0
    if not (name and equals and 0 < value < float("inf")):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=SHARE with a share above 0")
    return name, value


def run(args: argparse.Namespace) -> int:
    """Measures what is missing from the cache, trains, fits the timeline, writes the weights."""
    import torch

    from pyanalyzer.commands.train_files import begin_or_resume
    from pyanalyzer.errors import UsageError
    from pyanalyzer.score.configuration import GROWN, NetworkConfiguration
    from pyanalyzer.score.model import load_model
    from pyanalyzer.train.loop import WARM_UP_STEPS, TrainingRun, TrainingSettings, best_path

    _check_arguments(args)
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    if args.stills:
        from pyanalyzer.commands.train_stills import DEFAULT_NAME, train_stills_run

        if args.without_engine or args.cache or args.grow or args.fit_on:
            raise UsageError(
                "--stills knows neither engines nor a cache nor a timeline, and grows nothing"
            )
        args.name = args.name or DEFAULT_NAME
        return train_stills_run(args)
    args.name = args.name or "gameplay-11"
    replays = _cached(args.replays, args.cache or args.out / "cache", args.workers)
    _check_engines(replays, [*args.without_engine, *(name for name, _ in args.engine_shares)])
    replays = [r for r in replays if r.engine not in args.without_engine]
    training = [r for r in replays if r.split == "train"]
    validation = [r for r in replays if r.split == "validation"]
    if not training or not validation:
        raise UsageError(
            f"{args.replays} must hold replays of both splits, train and validation; "
            "make them with `pyanalyzer simulate`"
        )
    settings = TrainingSettings(
        steps=args.steps,
        seed=args.seed,
        learning_rate=args.learning_rate,
        warm_up_steps=min(WARM_UP_STEPS, args.steps // 4),  # a short run must get to learning, too
        bfloat16=args.bfloat16,
        engine_shares=tuple(args.engine_shares),
        without_engines=tuple(sorted(set(args.without_engine))),
        parts_per_step=args.parts,
        clips_per_part=args.clips,
        device=args.device,
    )
    start = None if args.start_from is None else load_model(args.start_from)
    if start is not None:
        _check_never_seen(start, args.without_engine)
    if args.locator:
        from pyanalyzer.commands.train_locator import train_locator_run

        assert start is not None
        return train_locator_run(args, start, training, validation)
    training_run = TrainingRun(
        settings, NetworkConfiguration(**(GROWN if args.grow else {})), start
    )
    checkpoint = args.out / "checkpoint.pt"
    if args.steps == 0:
        assert start is not None
        _export(training_run, training, validation, args, start=start, about=start.training)
        return 0
    begin_or_resume(training_run, checkpoint, args)
    _train(training_run, training, validation, checkpoint)
    training_run.load(best_path(checkpoint))
    if start is not None and args.keep_start:
        training_run.mix_in(start, args.keep_start)
    _export(training_run, training, validation, args, start=start)
    return 0


def _check_arguments(args: argparse.Namespace) -> None:
    """Raises UsageError for what does not go together."""
    import torch

    from pyanalyzer.errors import UsageError

    counts = args.threads, args.workers, args.parts, args.clips
    if min(counts) < 1 or not 0 < args.learning_rate < 1:
        raise UsageError(
            "threads, workers, parts and clips must be at least 1, the learning rate in 0..1"
        )
    if args.steps < 1 and (args.steps < 0 or args.start_from is None or args.stills):
        raise UsageError(
            "--steps must be at least 1; 0 only with --start-from, to fit the timeline"
        )
    if args.locator and (args.start_from is None or args.steps < 1):
        raise UsageError("--locator needs --start-from and at least one step")
    others = args.stills, args.grow, args.keep_start, args.fit_on, args.engine_shares
    if args.locator and (any(others) or args.device != "cpu"):
        raise UsageError(
            "--locator goes with none of --stills, --grow, --keep-start, --fit-on, "
            "--engine-shares and --device: it is another network, small, and all else stays"
        )
    if not 0 <= args.keep_start < 1 or (args.keep_start and args.start_from is None):
        raise UsageError("--keep-start is a share, 0 to below 1, of the weights of --start-from")
    if args.device == "cuda" and not torch.cuda.is_available():
        raise UsageError("--device cuda: torch finds no graphics card here; use --device cpu")


def _cached(folder: Path, cache_folder: Path, workers: int) -> list[CachedReplay]:
    from rich.progress import MofNCompleteColumn, Progress

    from pyanalyzer.errors import UsageError
    from pyanalyzer.train.cache import build_all, find_replays, read_index

    videos = [v for v in find_replays(folder) if "test" not in v.parent.parts]
    if not videos:
        raise UsageError(f"no labelled replays in {folder}; make some with `pyanalyzer simulate`")
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn()) as bar:
        for _ in bar.track(
            build_all(videos, cache_folder, workers), total=len(videos), description="measure"
        ):
            pass
    return read_index(cache_folder)


def _check_engines(replays: list[CachedReplay], named: list[str]) -> None:
    """Raises UsageError for a name of no engine: it would change nothing, unnoticed."""
    from pyanalyzer.errors import UsageError

    there = sorted({r.engine for r in replays})
    unknown = sorted(set(named) - set(there))
    if unknown:
        raise UsageError(
            f"no replay is of the engine {', '.join(unknown)}; there are {', '.join(there)}"
        )


def _check_never_seen(start: LoadedModel, engines: list[str]) -> None:
    """Raises UsageError where the weights to begin with know an engine that is to be left out."""
    from pyanalyzer.errors import UsageError

    known = {game.partition("/")[0] for game in start.training.get("games", ())}
    if seen := sorted(known & set(engines)):
        raise UsageError(
            f"{start.name} was trained on {', '.join(seen)}: left out now, it is not new to it"
        )


def _train(
    training_run: TrainingRun,
    training: list[CachedReplay],
    validation: list[CachedReplay],
    checkpoint: Path,
) -> None:
    from rich.progress import MofNCompleteColumn, Progress

    from pyanalyzer.train.loop import train

    with Progress(*Progress.get_default_columns(), MofNCompleteColumn()) as bar:
        task = bar.add_task("train", total=training_run.settings.steps)

        def report(step: StepReport) -> None:
            bar.update(task, completed=step.step, description=f"loss {step.losses['total']:.4f}")
            for score in step.validation:
                bar.console.print(
                    f"step {step.step}: {score.engine:6} F1 at 2 frames {score.f1:.3f}, "
                    f"average precision {score.average_precision:.3f} (frame-difference peaks: "
                    f"F1 {score.difference_peaks_f1:.3f}), {step.clips_per_s:.1f} clips/s"
                )

        train(training_run, training, validation, checkpoint, report)


def _export(
    training_run: TrainingRun,
    training: list[CachedReplay],
    validation: list[CachedReplay],
    args: argparse.Namespace,
    *,
    start: LoadedModel | None,
    about: dict[str, Any] | None = None,
) -> None:
    """Fits the timeline and writes the weights, with the Locator of those begun with; ``about``:
    what they were trained on, None: this run's."""
    from dataclasses import asdict, replace

    from pyanalyzer.commands.train_files import write_weights
    from pyanalyzer.score.model import weights_bytes
    from pyanalyzer.train.place_fit import fit_place_weights
    from pyanalyzer.train.timeline_fit import fit_fast_timeline, fit_timeline

    locator = None if start is None else start.locator
    model = replace(training_run.model(), locator=locator)
    videos = _fitted_videos(args)
    if args.fit_on is not None:
        cache = (args.cache or args.out / "cache") / "fit-on"
        more = _cached(args.fit_on, cache, args.workers)
        validation = validation + [r for r in more if r.engine not in args.without_engine]
    parameters = fit_timeline(model, training, validation)
    parameters = replace(parameters, places=fit_place_weights(model.parts, videos, parameters))
    fast = fit_fast_timeline(model.parts, videos, parameters, model.locates)
    this_run = {
        "settings": asdict(training_run.settings),
        "step": training_run.step,
        "started_from": training_run.started_from,
        "kept_of_start": args.keep_start,
        "replays": len(training),
        "frames": sum(r.frames for r in training),
        "games": sorted({f"{r.engine}/{r.game}" for r in training}),
    }
    data = weights_bytes(
        training_run.average,
        name=args.name,
        timeline=parameters.to_record(),
        timeline_fast=fast.to_record(),
        training=this_run if about is None else about,
        locator=locator,
    )
    write_weights(data, args)


def _fitted_videos(args: argparse.Namespace) -> list[Path]:
    """The validation replays, and those of --fit-on."""
    from pyanalyzer.simulate.truth import read_truth, truth_path
    from pyanalyzer.train.cache import find_replays

    folders = [(args.replays, {"validation"})]
    if args.fit_on is not None:
        folders.append((args.fit_on, {"train", "validation"}))
    videos = [
        (video, read_truth(truth_path(video)), splits)
        for folder, splits in folders
        for video in find_replays(folder)
    ]
    return [
        video
        for video, truth, splits in videos
        if truth.split in splits and truth.engine not in args.without_engine
    ]
