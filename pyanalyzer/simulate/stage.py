"""The child's side of :mod:`.forked`: a game that forks itself wherever it will be branched.

A process' fork is the exact state of everything in it: the game's objects, its random numbers, and
the interpreter's own stack. So any program that is stepped frame by frame can be put back into any
of its frames, whether or not it can save itself. At every frame that will be branched the process
forks; the copy waits at a socket, and forks again for every branch that is asked for.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import random
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.simulate.engine import Action

Continuity = Literal["goes_on", "cut", "reset"]
CONTINUITIES: tuple[Continuity, ...] = ("goes_on", "cut", "reset")
END = 255
HEADER = struct.Struct("<BHH")  # continuity or END, height_px, width_px; then the pixels
LENGTH = struct.Struct("<Q")


def send_record(connection: socket.socket, record: Any) -> None:
    """Send ``record`` as JSON behind its length."""
    data = json.dumps(record).encode()
    connection.sendall(LENGTH.pack(len(data)) + data)


def receive_record(connection: socket.socket) -> Any:
    """What :func:`send_record` sent. Raises EOFError where the other side has gone."""
    (length,) = LENGTH.unpack(receive_exactly(connection, LENGTH.size))
    return json.loads(receive_exactly(connection, length))


def receive_exactly(connection: socket.socket, count: int) -> bytearray:
    """``count`` bytes. Raises EOFError where the other side has gone."""
    data = bytearray(count)
    view = memoryview(data)
    while count:
        got = connection.recv_into(view[-count:], count)
        if not got:
            raise EOFError
        count -= got
    return data


def pack_actions(actions: Iterable[Action]) -> list[list[Any]]:
    """Actions in a form that JSON can carry."""
    return [[sorted(action.held), action.turn_deg] for action in actions]


def unpack_actions(packed: Iterable[Any]) -> list[Action]:
    """The actions that :func:`pack_actions` packed."""
    return [Action(frozenset(held), float(turn)) for held, turn in packed]


class Stage:
    """What a game sees of the player: the next action, and where to show its picture.

    ``options`` are the game's own. A game calls :meth:`next_action` and :meth:`show` in turns, once
    a frame; neither returns once nobody looks any more.
    """

    def __init__(self, connection: socket.socket, life: int, folder: Path) -> None:
        order = receive_record(connection)
        self.options: dict[str, Any] = order["options"]
        self._lead_in = unpack_actions(order["lead_in"])
        self._actions: Sequence[Action] = unpack_actions(order["actions"])
        self._forks = frozenset(order["forks"])
        self._connection, self._life, self._folder = connection, life, folder
        self._frame = -len(self._lead_in)
        self._is_branch = False

    def next_action(self) -> Action:
        """What the player does in the next frame."""
        if self._frame < 0:
            return self._lead_in[self._frame]
        if self._frame in self._forks:
            self._fork()
        if self._frame >= len(self._actions):
            self.end()
        return self._actions[self._frame]

    def show(self, draw: Callable[[], U8], continuity: Continuity = "goes_on") -> None:
        """End the frame: ``draw()`` is its picture, uint8 (height_px, width_px, 3), RGB.

        ``draw`` is not called where nobody looks: before the recording begins. ``continuity`` says
        whether the frame goes on from the frame before, jumps away from it, or begins the game
        anew.
        """
        if self._frame >= 0:
            picture = draw()
            height, width, _ = picture.shape
            header = HEADER.pack(CONTINUITIES.index(continuity), height, width)
            self._send(header, np.ascontiguousarray(picture).tobytes())
        self._frame += 1

    def end(self) -> NoReturn:
        """The game has nothing more to show: the process waits until nobody needs its forks."""
        self._send(HEADER.pack(END, 0, 0))
        self._connection.close()
        if not self._is_branch:
            while os.read(self._life, 1):
                pass
        self._leave()

    def _send(self, *parts: bytes) -> None:
        try:
            for part in parts:
                self._connection.sendall(part)
        except OSError:  # a branch that nobody follows any longer
            self._leave()

    def _leave(self) -> NoReturn:
        # The forks end as the process does, when the other end of ``life`` is closed. SIGCHLD is
        # ignored, so that waiting for them lasts until all have gone.
        self._connection.close()
        with contextlib.suppress(ChildProcessError):
            os.wait()
        os._exit(0)

    def _fork(self) -> None:
        """Leave a copy behind that plays on from here, once for each list of actions it gets."""
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self._folder / str(self._frame)))
        listener.listen()
        if _fork():
            listener.close()
            return
        self._connection.close()
        while True:
            ready, _, _ = select.select([listener.fileno(), self._life], [], [])
            if self._life in ready:
                os._exit(0)
            connection, _ = listener.accept()
            if _fork():
                connection.close()
                continue
            listener.close()
            self._connection, self._is_branch = connection, True
            self._forks, self._frame = frozenset(), 0
            try:
                self._actions = unpack_actions(receive_record(connection))
            except (EOFError, OSError):
                os._exit(0)
            return


def _fork() -> int:
    """As os.fork; but Python's module ``random`` seeds itself anew in a fork, and must not here."""
    state = random.getstate()
    process = os.fork()
    random.setstate(state)
    return process


def main() -> None:
    """Play a module's ``perform(stage)`` in this process, for :mod:`.forked` at the other end."""
    module, connection, life, folder = sys.argv[1:]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one says when
    stage = Stage(socket.socket(fileno=int(connection)), int(life), Path(folder))
    importlib.import_module(module).perform(stage)
    stage.end()
