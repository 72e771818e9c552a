"""What came of many jobs: errors and counts, told alike by the verbs that make replays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Protocol, TypeVar

from pyanalyzer.errors import PyanalyzerError

if TYPE_CHECKING:
    from rich.console import Console

FAILED = "failed"


class _Result(Protocol):
    @property
    def outcome(self) -> str: ...


ResultT = TypeVar("ResultT", bound=_Result)


class Outcomes:
    """Counts the outcomes of jobs; errors are printed as they come."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._counts: Counter[str] = Counter()

    def follow(self, results: Iterable[ResultT | PyanalyzerError]) -> Iterator[ResultT]:
        """Yields those that are results."""
        for result in results:
            if isinstance(result, PyanalyzerError):
                self._counts[FAILED] += 1
                self._console.print(str(result), style="red", markup=False, highlight=False)
            else:
                self._counts[result.outcome] += 1
                yield result

    def conclude(self, amounts: str) -> int:
        """Prints the counts and ``amounts``; the exit code."""
        counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self._counts.items()))
        self._console.print(f"{counts or 'nothing to make'}; {amounts}")
        return 1 if self._counts[FAILED] else 0
