"""``pyanalyzer evaluate``: timelines against the truth of labelled replays."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from pyanalyzer.commands import arguments
from pyanalyzer.errors import ReplayError, UsageError

if TYPE_CHECKING:
    from pyanalyzer.evaluate.protocol import CaseScore
    from pyanalyzer.evaluate.summary import Evaluation
    from pyanalyzer.settings import AnalysisSettings

EXAMPLES = """\
examples:
  pyanalyzer evaluate replays --split test        every labelled replay of the split below a folder
  pyanalyzer evaluate pong_00.mp4 --json out.json one replay, and the scores as data
"""
TABLE_COLUMNS = 132  # where the output is not a terminal that says how wide it is


def prepare_parser(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this verb."""
    parser.epilog = EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "replays",
        nargs="+",
        type=Path,
        metavar="DIR|FILE",
        help="labelled replays, as `pyanalyzer simulate` makes, or folders of them",
    )
    parser.add_argument("--json", metavar="FILE", help="write the scores as JSON")
    parser.add_argument(
        "--split",
        nargs="+",
        choices=("train", "validation", "test"),
        help="only replays of these splits (default: all that are there)",
    )
    parser.add_argument(
        "--min-confidence",
        metavar="P",
        type=arguments.number,
        help="the timeline's threshold (default: the model's own)",
    )
    parser.add_argument("--weights", metavar="FILE", help="weights of the network to use instead")
    parser.add_argument(
        "--core", choices=("native", "reference"), default="native", help="as of `analyse`"
    )
    parser.add_argument(
        "--workers", type=arguments.whole_number, default=1, help="processes (default: 1)"
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def run(args: argparse.Namespace) -> int:
    """Analyses every replay and prints the scores; the exit code."""
    from pyanalyzer.atomic_file import check_writable, write_atomically
    from pyanalyzer.evaluate.report import json_evaluation
    from pyanalyzer.evaluate.summary import summarise
    from pyanalyzer.pipeline import load_weights
    from pyanalyzer.settings import AnalysisSettings
    from pyanalyzer.timeline import TimelineParameters

    if args.workers < 1:
        raise UsageError(f"workers must be at least 1, not {args.workers}")
    if args.json is not None:
        check_writable(args.json)
    settings = AnalysisSettings(
        core=args.core,
        threads=1 if args.workers > 1 else None,
        min_confidence=args.min_confidence,
        weights=args.weights,
    )
    truths = find_truths(args.replays, args.split)
    splits = sorted({split for _, split in truths})
    model = load_weights(settings)
    threshold = args.min_confidence
    if threshold is None:
        threshold = TimelineParameters.from_record(model.timeline).threshold
    paths = [path for path, _ in truths]
    evaluation = summarise(list(_scored(paths, settings, threshold, args)))
    if args.json is not None:
        about = {
            "model": {"name": model.name, "sha256": model.sha256},
            "threshold": round(threshold, 6),
            "splits": splits,
        }
        write_atomically(args.json, json_evaluation(evaluation, about))
    _print(evaluation, splits)
    return 0


def find_truths(paths: Sequence[Path], splits: Sequence[str] | None) -> list[tuple[Path, str]]:
    """Truth files of the replays that were named and below the folders, with their split, sorted.

    :raises UsageError: if there are none.
    :raises ReplayError: if a named file does not exist.
    """
    from pyanalyzer.simulate.truth import SUFFIX, read_truth, truth_path

    found: set[Path] = set()
    for path in paths:
        if path.is_dir():
            found.update(path.rglob(f"*{SUFFIX}"))
        elif not path.is_file():
            raise ReplayError(f"{path}: no such file or folder; give labelled replays")
        else:
            found.add(path if path.name.endswith(SUFFIX) else truth_path(path))
    truths = [(path, read_truth(path).split) for path in sorted(found)]
    chosen = [(path, split) for path, split in truths if splits is None or split in splits]
    if not chosen:
        which = "" if splits is None else f" of the split {' or '.join(splits)}"
        raise UsageError(
            f"no labelled replays{which} in {', '.join(map(str, paths))}; "
            "make some with `pyanalyzer simulate`"
        )
    return chosen


def _scored(
    paths: Sequence[Path], settings: AnalysisSettings, threshold: float, args: argparse.Namespace
) -> Iterator[CaseScore]:
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    console = Console(stderr=True)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    hidden = args.quiet or not console.is_terminal
    with Progress(*columns, console=console, disable=hidden) as bar:
        if args.workers == 1:
            for path in bar.track(paths, description="evaluate"):
                yield score_replay(path, settings, threshold)
            return
        # Spawned, not forked: the network's library has threads of its own.
        with ProcessPoolExecutor(args.workers, get_context("spawn")) as pool:
            results = pool.map(score_replay, paths, repeat(settings), repeat(threshold))
            yield from bar.track(results, total=len(paths), description="evaluate")


def score_replay(truth_file: Path, settings: AnalysisSettings, threshold: float) -> CaseScore:
    """Analyse the replay beside ``truth_file`` and score it and the trivial rules.

    ``threshold``: from this confidence on, events belong to the timeline.

    :raises PyanalyzerError: if the replay cannot be analysed, or is not that of the truth.
    """
    from pyanalyzer.evaluate.baselines import has_scene_detector, scene_cuts, thumbnail_difference
    from pyanalyzer.evaluate.protocol import Case, score_case
    from pyanalyzer.pipeline import analyse
    from pyanalyzer.simulate.truth import read_truth

    truth = read_truth(truth_file)
    video = truth_file.with_name(truth.video)
    difference = thumbnail_difference(video)
    if difference.size != truth.frames:
        raise ReplayError(
            f"{video} has {difference.size} frames, but its truth speaks of {truth.frames}; "
            "make the replay again with `pyanalyzer simulate`"
        )
    everything = replace(settings, min_confidence=0.0, cause="player")
    case = Case(
        name=str(video),
        truth=truth,
        events=analyse(str(video), everything).events,
        threshold=threshold,
        difference=difference,
        cuts=scene_cuts(video) if has_scene_detector() else None,
    )
    return score_case(case)


def _print(evaluation: Evaluation, splits: list[str]) -> None:
    from rich.console import Console

    from pyanalyzer.commands.stdout import stdout_errors
    from pyanalyzer.evaluate.baselines import has_scene_detector
    from pyanalyzer.evaluate.report import print_evaluation

    width = None if sys.stdout.isatty() else TABLE_COLUMNS
    console = Console(file=sys.stdout, width=width, highlight=False)
    with stdout_errors():
        print_evaluation(evaluation, console)
        if not has_scene_detector():
            console.print("PySceneDetect is not installed (extra `bench`): no scene cuts beside it")
        if splits != ["test"]:
            console.print(f"Of the splits {', '.join(splits)}: some games were used in training")
        sys.stdout.flush()
