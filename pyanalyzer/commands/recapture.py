"""``pyanalyzer recapture``: labelled replays as other people would have captured them."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from pyanalyzer.commands.outcomes import Outcomes
from pyanalyzer.errors import PyanalyzerError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from pyanalyzer.recapture.job import Job, Result


def prepare_parser(parser: argparse.ArgumentParser) -> None:
    """Adds the options of ``pyanalyzer recapture``."""
    parser.add_argument(
        "replays",
        nargs="+",
        type=Path,
        metavar="REPLAYS",
        help="folders of labelled replays, or single ones (NAME.mp4 with NAME.truth.json)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="captures go into DIR/ENGINE/SPLIT; what is there is kept",
    )
    parser.add_argument(
        "--captures", type=int, default=1, metavar="N", help="captures of each replay (default: 1)"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="NAME",
        default=[],
        help="these kinds or groups of effects, always, and no others (docs/truth.md lists them); "
        "`none` decodes and encodes only",
    )
    parser.add_argument("--seed", type=int, default=0, help="another seed, other captures")
    parser.add_argument("--workers", type=int, default=2, help="processes (default: 2)")
    parser.add_argument(
        "--dry-run", action="store_true", help="print what each capture would be, and make none"
    )


def run(arguments: argparse.Namespace) -> int:
    """Makes the captures that are missing; 1 if one could not be made, else 0."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    from pyanalyzer.recapture.jobs import find_replays, plan_jobs, recapture
    from pyanalyzer.recapture.kinds import NAMES

    if arguments.captures < 1 or arguments.workers < 1 or arguments.seed < 0:
        raise UsageError("captures and workers must be at least 1, the seed at least 0")
    unknown = [name for name in arguments.only if name not in NAMES]
    if unknown:
        raise UsageError(
            f"no effect is named {', '.join(unknown)}; --only takes {', '.join(NAMES)}"
        )
    jobs, errors = plan_jobs(
        find_replays(arguments.replays),
        arguments.out,
        captures=arguments.captures,
        seed=arguments.seed,
        only=tuple(sorted(set(arguments.only))),
    )
    console = Console(stderr=True)
    if arguments.dry_run:
        return _print_plans(jobs, errors, console)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        results = recapture(jobs, arguments.workers)
        tracked = bar.track(results, total=len(jobs), description="recapture")
        return _report(errors, tracked, bar.console)


def _print_plans(jobs: Sequence[Job], errors: Sequence[PyanalyzerError], console: Console) -> int:
    from pyanalyzer.commands.stdout import write_stdout
    from pyanalyzer.recapture.job import plan_of
    from pyanalyzer.simulate.truth import read_truth, truth_path

    for job in jobs:
        settings = plan_of(job, read_truth(truth_path(job.source))).settings()
        rows = "".join(f"  {key.removeprefix('capture_')}: {v}\n" for key, v in settings.items())
        write_stdout(f"{job.video}\n{rows}".encode())
    return _report(errors, (), console)


def _report(
    errors: Sequence[PyanalyzerError],
    results: Iterable[Result | PyanalyzerError],
    console: Console,
) -> int:
    outcomes = Outcomes(console)
    frames = onsets = of_source = 0
    for result in outcomes.follow(chain(errors, results)):
        frames += result.frames
        onsets += result.onsets
        of_source += result.source_onsets
    return outcomes.conclude(f"{frames} frames, {onsets} of {of_source} onsets still seen")
