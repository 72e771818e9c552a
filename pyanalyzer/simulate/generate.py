"""Many replays, by several processes, that can be broken off and taken up again."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TypeVar

from pyanalyzer.errors import PyanalyzerError, UsageError
from pyanalyzer.simulate.engine import SimulationError
from pyanalyzer.simulate.replay import Result, make_replay
from pyanalyzer.simulate.session import Job
from pyanalyzer.simulate.splits import DEFAULT_ENGINES, GAMES, EngineName, Split

J = TypeVar("J")
R = TypeVar("R")


def plan_jobs(
    out: Path,
    *,
    engines: Sequence[EngineName] = DEFAULT_ENGINES,
    splits: Sequence[Split] = ("train",),
    games: Sequence[str] | None = None,
    families: Sequence[str] | None = None,
    seconds: float = 30.0,
    replays: int = 1,
    seed: int = 0,
    first: int | None = None,
) -> list[Job]:
    """The replays to make, into ``out/ENGINE/SPLIT/``: the first replay of every game first.

    Engines take turns, in proportion to their number of games, so that a part of the list is a
    fair sample of the whole. ``games`` (names of any split asked for) narrows the choice,
    ``families`` that of made games to some families, ``first`` both to so many games of each engine
    and split. Raises :class:`~pyanalyzer.errors.UsageError` where a game or a family stands in none
    of the splits asked for.
    """
    _check_families(families, engines, splits)
    chosen: dict[EngineName, list[tuple[str, Split]]] = {
        engine: [
            (game, split)
            for split in splits
            for game in _of_families(engine, split, families)[:first]
            if games is None or game in games
        ]
        for engine in engines
    }
    known = {game for pairs in chosen.values() for game, _ in pairs}
    unknown = sorted(set(games or ()) - known)
    if unknown:
        raise UsageError(
            f"no game named {', '.join(unknown)} in {', '.join(engines)} / {', '.join(splits)}; "
            "see pyanalyzer/simulate/splits.py for the games of each split"
        )
    jobs: list[tuple[float, Job]] = []
    for engine, pairs in chosen.items():
        for replay in range(replays):
            for place, (game, split) in enumerate(pairs):
                name = f"{game.replace('/', '_')}_{replay:02d}.mp4"
                job = Job(engine, game, split, replay, seconds, seed, out / engine / split / name)
                jobs.append((replay + (place + 0.5) / len(pairs), job))
    return [job for _, job in sorted(jobs, key=lambda pair: pair[0])]


def _of_families(
    engine: EngineName, split: Split, families: Sequence[str] | None
) -> tuple[str, ...]:
    games = GAMES[engine][split]
    if engine != "maker" or families is None:
        return games
    of_them = [game for game in games if game.partition("/")[0] in families]
    return tuple(sorted(of_them, key=lambda game: game.partition("/")[2]))  # they take turns


def _check_families(
    families: Sequence[str] | None, engines: Sequence[EngineName], splits: Sequence[Split]
) -> None:
    if families is None:
        return
    if "maker" not in engines:
        raise UsageError("--families are those of made games: they need --engines maker")
    known = {game.partition("/")[0] for split in splits for game in GAMES["maker"][split]}
    unknown = sorted(set(families) - known)
    if unknown:
        raise UsageError(
            f"no family of made games named {', '.join(unknown)} in {', '.join(splits)}: "
            f"there are {', '.join(sorted(known))}"
        )


def generate(jobs: Sequence[Job], workers: int = 1) -> Iterator[Result | PyanalyzerError]:
    """Make the replays, yielding each result as it comes (in any order with several workers).

    One replay that fails does not stop the others: its error is yielded, and it is for the caller
    to say so and to end with its exit code. Replays that are there already are not made again.
    """
    for folder in {job.video.parent for job in jobs}:
        folder.mkdir(parents=True, exist_ok=True)
    yield from in_processes(_attempt, jobs, workers)


def in_processes(work: Callable[[J], R], jobs: Sequence[J], workers: int) -> Iterator[R]:
    """``work`` of every job, yielded as it comes (in any order with several workers).

    Processes are started anew, not forked. Raises
    :class:`~pyanalyzer.simulate.engine.SimulationError` where one of them was killed.
    """
    if workers <= 1:
        yield from map(work, jobs)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context)
    try:
        pending = [pool.submit(work, job) for job in jobs]
        for done in as_completed(pending):
            yield done.result()
    except BrokenProcessPool as error:
        raise SimulationError(
            "a process that makes replays was killed (out of memory?); start again with fewer "
            "--workers: what is made is kept"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _attempt(job: Job) -> Result | PyanalyzerError:
    try:
        return make_replay(job)
    except PyanalyzerError as error:
        return error
