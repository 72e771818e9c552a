"""Work that another thread does, item by item and in order, while its caller goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypeVar

from pyanalyzer.decode.channel import Channel
from pyanalyzer.decode.source import StoppedError

T = TypeVar("T")


class Worker(Generic[T]):
    """Calls ``work`` with every item that is put, in another thread, one after the other.

    At most ``queue`` items wait. An error of the work ends it, and is raised by the next ``put`` or
    by ``finish``. Leaving the block, however it is left, drops what waits and returns when the item
    at hand is done: from then on nothing works on what the items refer to.
    """

    def __init__(self, work: Callable[[T], None], queue: int, name: str) -> None:
        self._work = work
        self._channel = Channel[T](queue)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Worker[T]:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._channel.close()
        self._join()

    def put(self, item: T) -> None:
        """Hand an item over, waiting while too many wait. Raises the work's error."""
        try:
            self._channel.put(item)
        except StoppedError:
            self._raise()
            raise

    def finish(self) -> None:
        """Wait until every item is done. Raises the work's error."""
        self._channel.finish(None)
        self._join()
        self._raise()

    def _run(self) -> None:
        try:
            while (item := self._channel.get()) is not None:
                self._work(item)
        except BaseException as error:  # whatever it is, it belongs to the caller
            self._error = error
            self._channel.close()

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _join(self) -> None:
        """An interrupt waits too: what the thread works on must not be closed under it."""
        interrupt: KeyboardInterrupt | None = None
        while self._thread.is_alive():
            try:
                self._thread.join()
            except KeyboardInterrupt as error:
                self._channel.close()
                interrupt = error
        if interrupt is not None:
            raise interrupt
