"""A thread that does one kind of work, item after item, in order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class OrderedThread(Generic[Item, Result]):
    """Calls ``work`` with every item in a thread of its own; results come in the items' order.

    A context manager: on leaving, the thread does what is left and ends. Futures of
    ``concurrent.futures`` do more, and cost twice as much an item.
    """

    def __init__(self, name: str, work: Callable[[Item], Result]) -> None:
        self._work = work
        self._items = SimpleQueue[tuple[Item] | None]()
        self._results = SimpleQueue[tuple[Result] | BaseException]()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> OrderedThread[Item, Result]:
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._items.put(None)
        self._thread.join()

    def submit(self, item: Item) -> None:
        """The next item."""
        self._items.put((item,))

    def result(self) -> Result:
        """Of the next item whose result was not asked for before, waiting for it; raises what
        ``work`` raised. Items must have been submitted as often as this is called."""
        result = self._results.get()
        if isinstance(result, BaseException):
            raise result
        return result[0]

    def _run(self) -> None:
        while (item := self._items.get()) is not None:
            try:
                self._results.put((self._work(item[0]),))
            except BaseException as error:  # whatever it is, it belongs to the caller
                self._results.put(error)
