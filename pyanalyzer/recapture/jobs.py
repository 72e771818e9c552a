"""Many captures: which replays there are, where their captures go, and all of them made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pyanalyzer.errors import OutputError, PyanalyzerError, ReplayError, UsageError
from pyanalyzer.recapture.job import Job, Result, is_capture, make_capture
from pyanalyzer.simulate.generate import in_processes
from pyanalyzer.simulate.truth import SUFFIX, Truth, TruthError, read_truth, truth_path


def find_replays(paths: Sequence[Path]) -> list[Path]:
    """The labelled replays among files and below folders, sorted, each once.

    Below a folder a replay is an ``.mp4`` with a truth file; captures are passed over. A file must
    have its truth beside it. Raises :class:`~pyanalyzer.errors.ReplayError` where there is nothing.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            labelled = sorted(
                truth.with_name(truth.name.removesuffix(SUFFIX) + ".mp4")
                for truth in path.rglob("*" + SUFFIX)
            )
        elif path.is_file():
            if not truth_path(path).is_file():
                raise ReplayError(
                    f"{path} has no truth beside it ({truth_path(path).name}); only replays of "
                    "`pyanalyzer simulate` can be recaptured"
                )
            labelled = [path]
        else:
            raise ReplayError(f"{path}: no such file or folder")
        found.update(dict.fromkeys(labelled))
    if not found:
        raise ReplayError(
            f"no labelled replays below {', '.join(map(str, paths))}: a replay is NAME.mp4 with "
            f"NAME{SUFFIX} beside it; make some with `pyanalyzer simulate`"
        )
    return list(found)


def plan_jobs(
    replays: Sequence[Path], out: Path, *, captures: int, seed: int, only: tuple[str, ...] = ()
) -> tuple[list[Job], list[TruthError]]:
    """The captures to make, the first of every replay first, into ``out/ENGINE/SPLIT/``.

    Engine and split are the truth's. A replay whose truth cannot be read has no job, but an error.
    Captures are passed over. Raises :class:`~pyanalyzer.errors.UsageError` where two replays have
    one name.
    """
    named: dict[str, Path] = {}
    errors: list[TruthError] = []
    for replay in replays:
        try:
            truth = read_truth(truth_path(replay))
            name = _name(replay, truth)
        except TruthError as error:
            errors.append(error)
            continue
        if is_capture(truth):
            continue
        if name in named:
            raise UsageError(f"{named[name]} and {replay} would both be captured as {name}")
        named[name] = replay
    jobs = [
        Job(replay, name, capture, seed, only, out / f"{name}_capture{capture:02d}.mp4")
        for capture in range(captures)
        for name, replay in named.items()
    ]
    return jobs, errors


def recapture(jobs: Sequence[Job], workers: int = 1) -> Iterator[Result | PyanalyzerError]:
    """Make the captures, yielding each result as it comes (in any order with several workers).

    One that fails does not stop the others: its error is yielded. Captures that are there already
    are not made again. Raises :class:`~pyanalyzer.errors.OutputError` where no folder can be made.
    """
    for folder in sorted({job.video.parent for job in jobs}):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make the folder {folder}: {error.strerror}") from error
    yield from in_processes(_attempt, jobs, workers)


def _attempt(job: Job) -> Result | PyanalyzerError:
    try:
        return make_capture(job)
    except PyanalyzerError as error:
        return error


def _name(replay: Path, truth: Truth) -> str:
    """ENGINE/SPLIT/NAME. Raises TruthError where a part of it could leave the folder."""
    for part in (truth.engine, truth.split):
        if Path(part).name != part or part in (".", ".."):
            raise TruthError(f"{truth_path(replay)}: {part!r} can be no name of a folder")
    return f"{truth.engine}/{truth.split}/{replay.stem}"
