"""Items that one thread hands to another: bounded, and either side can end it."""

from __future__ import annotations

from queue import SimpleQueue
from typing import Generic, TypeVar

from pyanalyzer.decode.source import StoppedError

T = TypeVar("T")


class Channel(Generic[T]):
    """A bounded queue with an end: of its items, of the reader's interest, or by an error.

    For one thread on either side. Places that are free wait in a queue of C as well, which costs
    less than half of ``queue.Queue``'s conditions in Python.
    """

    def __init__(self, size: int) -> None:
        self._items = SimpleQueue[tuple[T] | None]()  # None: the end
        self._free = SimpleQueue[None]()
        for _ in range(size):
            self._free.put(None)
        self._closed = False
        self._error: BaseException | None = None

    def check(self) -> None:
        """Raise ``StoppedError`` once nobody reads any more."""
        if self._closed:
            raise StoppedError

    def put(self, item: T) -> None:
        """Append, waiting while the queue is full; ``StoppedError`` once nobody reads any more."""
        self.check()
        self._free.get()
        self.check()
        self._items.put((item,))

    def get(self) -> T | None:
        """The next item, waiting for it; None after the last; raises the other side's error."""
        held = None if self._closed else self._items.get()
        if held is not None and not self._closed:
            self._free.put(None)
            return held[0]
        self._items.put(None)  # for whoever asks again
        error, self._error = self._error, None
        if error is not None:
            raise error
        return None

    def finish(self, error: BaseException | None) -> None:
        """No more items come, because of ``error`` if there is one."""
        self._error = error
        self._items.put(None)

    def close(self) -> None:
        """No more items are wanted; those that wait are dropped."""
        self._closed = True
        self._free.put(None)
        self._items.put(None)
