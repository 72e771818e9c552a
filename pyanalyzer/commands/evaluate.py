"""``pyanalyzer evaluate``: timelines against the truth of labelled replays."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from pyanalyzer.commands import arguments
from pyanalyzer.errors import ReplayError, UsageError

if TYPE_CHECKING:
    from pyanalyzer.evaluate.models import EvaluatedModel, Promise, Scored
    from pyanalyzer.evaluate.protocol import CaseScore
    from pyanalyzer.evaluate.saved import Baselines
    from pyanalyzer.evaluate.summary import Evaluation
    from pyanalyzer.records import Timeline
    from pyanalyzer.settings import AnalysisSettings
    from pyanalyzer.simulate.truth import Truth

EXAMPLES = """\
examples:
  pyanalyzer evaluate replays --split test        every labelled replay of the split below a folder
  pyanalyzer evaluate pong_00.mp4 --json out.json one replay, and the scores as data
  pyanalyzer evaluate replays --save-timelines found
  pyanalyzer evaluate replays --from-timelines found --html report.html
                                                  scored again, without analysing again
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
    parser.add_argument("--html", metavar="FILE", help="write a report with plots, one HTML file")
    timelines = parser.add_mutually_exclusive_group()
    timelines.add_argument(
        "--save-timelines",
        type=Path,
        metavar="DIR",
        help="keep each replay's events of every confidence there",
    )
    timelines.add_argument(
        "--from-timelines",
        type=Path,
        metavar="DIR",
        help="score what was kept there, without analysing again",
    )
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
    parser.add_argument("--fast", action="store_true", help="as of `analyse`")
    parser.add_argument(
        "--workers", type=arguments.whole_number, default=1, help="processes (default: 1)"
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")


@dataclass(frozen=True, slots=True)
class ReplayJob:
    """One replay to score. ``model`` analyses it and ``folder``, if any, keeps what was found;
    without a model, what is kept in ``folder`` is scored."""

    truth_file: Path
    settings: AnalysisSettings
    model: EvaluatedModel | None
    folder: Path | None


def run(args: argparse.Namespace) -> int:
    """Analyses every replay, or takes up what was found, and prints the scores; the exit code."""
    from pyanalyzer.atomic_file import check_writable, write_atomically
    from pyanalyzer.evaluate.html_report import html_evaluation
    from pyanalyzer.evaluate.json_report import json_evaluation
    from pyanalyzer.evaluate.models import false_alarm_promises, models_of, provenance_lines
    from pyanalyzer.evaluate.saved import check_stems
    from pyanalyzer.evaluate.summary import summarise

    if args.workers < 1:
        raise UsageError(f"workers must be at least 1, not {args.workers}")
    if args.from_timelines is not None and args.weights is not None:
        raise UsageError("give either --weights or --from-timelines: saved timelines have theirs")
    for path in (args.json, args.html):
        if path is not None:
            check_writable(path)
    truths = find_truths(args.replays, args.split)
    folder = args.save_timelines or args.from_timelines
    if folder is not None:
        check_stems(folder, truths)
    scored = list(_scored(_jobs(truths, args), args))
    models = models_of(scored)
    if args.min_confidence is not None:
        models = [replace(model, threshold=args.min_confidence) for model in models]
    evaluation = summarise([score for score, _ in scored])
    notes, promises = provenance_lines(scored), false_alarm_promises([s for s, _ in scored])
    if args.json is not None:
        write_atomically(args.json, json_evaluation(evaluation, models, promises))
    if args.html is not None:
        scores = [score for score, _ in scored]
        write_atomically(args.html, html_evaluation(evaluation, scores, models, notes, promises))
    _print(evaluation, notes, promises)
    return 0


def find_truths(paths: Sequence[Path], splits: Sequence[str] | None) -> list[tuple[Path, Truth]]:
    """Truths of the replays that were named and below the folders, with their files, sorted.

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
    truths = [(path, read_truth(path)) for path in sorted(found)]
    chosen = [(path, truth) for path, truth in truths if splits is None or truth.split in splits]
    if not chosen:
        which = "" if splits is None else f" of the split {' or '.join(splits)}"
        raise UsageError(
            f"no labelled replays{which} in {', '.join(map(str, paths))}; "
            "make some with `pyanalyzer simulate`"
        )
    return chosen


def _jobs(truths: Sequence[tuple[Path, Truth]], args: argparse.Namespace) -> list[ReplayJob]:
    from pyanalyzer.evaluate.models import EvaluatedModel
    from pyanalyzer.evaluate.saved import write_model
    from pyanalyzer.pipeline import load_weights
    from pyanalyzer.settings import AnalysisSettings
    from pyanalyzer.timeline import TimelineParameters

    settings = AnalysisSettings(
        core=args.core,
        threads=1 if args.workers > 1 else None,
        min_confidence=args.min_confidence,
        weights=args.weights,
        fast=args.fast,
    )
    folder, model = args.from_timelines, None
    if folder is None:
        folder, weights = args.save_timelines, load_weights(settings)
        parameters = TimelineParameters.from_record(weights.timeline_of(fast=args.fast))
        model = EvaluatedModel.of_weights(
            weights.name, weights.sha256, parameters, weights.training
        )
        if folder is not None:
            write_model(folder, model)
    return [ReplayJob(path, settings, model, folder) for path, _ in truths]


def _scored(jobs: Sequence[ReplayJob], args: argparse.Namespace) -> Iterator[Scored]:
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TextColumn

    from pyanalyzer.evaluate.matching import Counts
    from pyanalyzer.evaluate.protocol import DETECTOR, HEADLINE, TOLERANCES

    console = Console(stderr=True)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    so_far = TextColumn("{task.fields[f1]}")
    hidden = args.quiet or not console.is_terminal
    sums = Counts(0, 0, 0)
    with Progress(*columns, so_far, console=console, disable=hidden) as bar:
        task = bar.add_task("evaluate", total=len(jobs), f1="")
        for score, model in _results(jobs, args.workers):
            sums += score.counts[DETECTOR][HEADLINE]
            bar.update(task, advance=1, f1=f"F1 {sums.f1:.3f} at {TOLERANCES[HEADLINE]} so far")
            yield score, model


def _results(jobs: Sequence[ReplayJob], workers: int) -> Iterator[Scored]:
    if workers == 1:
        yield from map(score_replay, jobs)
        return
    # Spawned, not forked: the network's library has threads of its own.
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        yield from pool.map(score_replay, jobs)


def score_replay(job: ReplayJob) -> Scored:
    """Score what is, or was, found in one replay, and the trivial rules.

    :raises PyanalyzerError: if the replay cannot be analysed, or is not that of the truth; if what
        was kept of it is missing or damaged.
    """
    from pyanalyzer.evaluate import saved
    from pyanalyzer.simulate.truth import read_truth

    truth = read_truth(job.truth_file)
    video = job.truth_file.with_name(truth.video)
    if job.model is not None:
        timeline, baselines = _analysed(video, truth, job.settings)
        if job.folder is not None:
            stem = saved.saved_stem(job.folder, job.truth_file, truth)
            saved.write_replay(stem, timeline, baselines)
        model = job.model
    else:
        assert job.folder is not None
        stem = saved.saved_stem(job.folder, job.truth_file, truth)
        timeline, baselines = saved.read_replay(stem, video, truth)
        model = saved.read_model(job.folder, timeline.model.sha256)
    chosen = job.settings.min_confidence
    threshold = model.threshold if chosen is None else chosen
    return _score(str(video), truth, timeline, baselines, threshold), model


def _analysed(video: Path, truth: Truth, settings: AnalysisSettings) -> tuple[Timeline, Baselines]:
    from pyanalyzer.evaluate.baselines import has_scene_detector, scene_cuts, thumbnail_difference
    from pyanalyzer.evaluate.saved import Baselines
    from pyanalyzer.pipeline import analyse
    from pyanalyzer.report.json_report import rounded_timeline

    difference = thumbnail_difference(video)
    if difference.size != truth.frames:
        raise ReplayError(
            f"{video} has {difference.size} frames, but its truth speaks of {truth.frames}; "
            "make the replay again with `pyanalyzer simulate`"
        )
    everything = replace(settings, min_confidence=0.0, cause="player")
    # Rounded as a saved timeline is, so that both score alike.
    timeline = rounded_timeline(analyse(str(video), everything))
    return timeline, Baselines(difference, scene_cuts(video) if has_scene_detector() else None)


def _score(
    name: str, truth: Truth, timeline: Timeline, baselines: Baselines, threshold: float
) -> CaseScore:
    from pyanalyzer.evaluate.protocol import Case, score_case

    return score_case(
        Case(
            name=name,
            truth=truth,
            events=timeline.events,
            threshold=threshold,
            difference=baselines.difference,
            cuts=baselines.cuts,
            curves=timeline.curves,
        )
    )


def _print(evaluation: Evaluation, notes: Sequence[str], promises: Sequence[Promise]) -> None:
    from rich.console import Console
    from rich.text import Text

    from pyanalyzer.commands.stdout import stdout_errors
    from pyanalyzer.evaluate.protocol import CUTS
    from pyanalyzer.evaluate.report import print_evaluation

    width = None if sys.stdout.isatty() else TABLE_COLUMNS
    console = Console(file=sys.stdout, width=width, highlight=False)
    with stdout_errors():
        print_evaluation(evaluation, console, promises)
        if CUTS not in evaluation.everything.score.counts:
            console.print("No scene cuts beside it: PySceneDetect (extra `bench`) was not there")
        for note in notes:
            console.print(Text(note))
        sys.stdout.flush()
