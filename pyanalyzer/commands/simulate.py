"""``pyanalyzer simulate``: labelled replays from games that can be stepped exactly."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pyanalyzer.commands.arguments import number
from pyanalyzer.commands.outcomes import Outcomes
from pyanalyzer.errors import PyanalyzerError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from pyanalyzer.simulate.replay import Result

DEFAULT_SECONDS = 30.0
SHORTEST_S = 1.0  # a replay that could hold a change and the half second after it


def prepare_parser(parser: argparse.ArgumentParser) -> None:
    """Adds the options of ``pyanalyzer simulate``."""
    from pyanalyzer.simulate.splits import DEFAULT_ENGINES, ENGINES, SPLITS

    parser.add_argument(
        "--out",
        type=Path,
        default=Path("replays"),
        metavar="DIR",
        help="replays go into DIR/ENGINE/SPLIT (default: replays); what is there is kept",
    )
    parser.add_argument(
        "--engines",
        nargs="+",
        choices=ENGINES,
        default=list(DEFAULT_ENGINES),
        help="Atari 2600 games (ale) and Doom on Freedoom's maps (doom) by default; games of "
        "pyanalyzer's own making (maker); where the system can fork, retro games (pyxel), physics "
        "games (gymnasium), 3D games (panda3d), games whose levels are all new (procgen), games "
        "for several players (pettingzoo), pygame's examples (pygame) and traffic (highway)",
    )
    parser.add_argument(
        "--split",
        nargs="+",
        choices=SPLITS,
        default=["train"],
        help="which games; a game stands in one split only (default: train)",
    )
    parser.add_argument(
        "--games",
        nargs="+",
        metavar="GAME",
        help="only these: pong, freedoom2/MAP01, maze/0042 ...",
    )
    parser.add_argument(
        "--families",
        nargs="+",
        metavar="FAMILY",
        help="of the made games (--engines maker) only those of these families: maze, paddle ...",
    )
    parser.add_argument(
        "--first",
        type=int,
        metavar="N",
        help="only the first N games of each engine and split (families take turns)",
    )
    parser.add_argument(
        "--seconds",
        type=number,
        default=DEFAULT_SECONDS,
        help=f"length of a replay (default: {DEFAULT_SECONDS:g})",
    )
    parser.add_argument("--replays", type=int, default=1, help="replays of each game (default: 1)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other replays")


def run(arguments: argparse.Namespace) -> int:
    """Makes the replays that are missing; 1 if one could not be made, else 0."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    from pyanalyzer.simulate import generate, plan_jobs

    if arguments.replays < 1 or arguments.workers < 1 or arguments.seed < 0:
        raise UsageError("replays and workers must be at least 1, the seed at least 0")
    if arguments.first is not None and arguments.first < 1:
        raise UsageError("--first must be at least 1: the number of games of each engine and split")
    if arguments.seconds < SHORTEST_S:
        raise UsageError(f"a replay must be at least {SHORTEST_S:g} s long")
    jobs = plan_jobs(
        arguments.out,
        engines=arguments.engines,
        splits=arguments.split,
        games=arguments.games,
        families=arguments.families,
        seconds=arguments.seconds,
        replays=arguments.replays,
        seed=arguments.seed,
        first=arguments.first,
    )
    console = Console(stderr=True)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        results = generate(jobs, arguments.workers)
        return _report(bar.track(results, total=len(jobs), description="simulate"), bar.console)


def _report(results: Iterable[Result | PyanalyzerError], console: Console) -> int:
    outcomes = Outcomes(console)
    frames = onsets = 0
    for result in outcomes.follow(results):
        frames += result.frames
        onsets += result.onsets
        if result.outcome == "skipped":
            name = f"{result.job.engine}/{result.job.game}"
            console.print(f"{name}: skipped, {result.reason}", markup=False, highlight=False)
    return outcomes.conclude(f"{frames} frames, {onsets} onsets")
