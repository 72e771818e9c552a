"""Items that one thread hands to another: bounded, and either side can end it."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

from pyanalyzer.decode.source import StoppedError

T = TypeVar("T")


class Channel(Generic[T]):
    """A bounded queue with an end: of its items, of the reader's interest, or by an error."""

    def __init__(self, size: int) -> None:
        self._items: deque[T] = deque()
        self._size = size
        self._closed = False
        self._finished = False
        self._error: BaseException | None = None
        self._changed = threading.Condition()

    def check(self) -> None:
        """Raise ``StoppedError`` once nobody reads any more."""
        if self._closed:
            raise StoppedError

    def put(self, item: T) -> None:
        """Append, waiting while the queue is full; ``StoppedError`` once nobody reads any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._items) < self._size)
            self.check()
            self._items.append(item)
            self._changed.notify()

    def get(self) -> T | None:
        """The next item, waiting for it; None after the last; raises the other side's error."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._finished or self._closed)
            if self._items:
                self._changed.notify()
                return self._items.popleft()
            error, self._error = self._error, None
        if error is not None:
            raise error
        return None

    def finish(self, error: BaseException | None) -> None:
        """No more items come, because of ``error`` if there is one."""
        with self._changed:
            self._finished, self._error = True, error
            self._changed.notify_all()

    def close(self) -> None:
        """No more items are wanted; those that wait are dropped."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()
