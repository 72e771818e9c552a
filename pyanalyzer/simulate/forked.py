"""Games in a process of their own that is forked at every action change: the exact state, always.

For engines that cannot save and restore themselves, or not exactly. A game is a function
``perform(stage)`` in the engine's module, which steps the game for ever; :mod:`.stage` is the other
end of the line.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

import pyanalyzer
from pyanalyzer.records import U8, Region
from pyanalyzer.simulate.engine import (
    Action,
    Channel,
    DivergedError,
    Purpose,
    Recording,
    SimulationError,
)
from pyanalyzer.simulate.stage import (
    CONTINUITIES,
    END,
    HEADER,
    Continuity,
    pack_actions,
    receive_exactly,
    send_record,
)

COMMAND = "from pyanalyzer.simulate.stage import main; main()"
LAST_WORDS = 400  # characters of what a game said before it failed
DIRECTIONS = frozenset({"up", "down", "left", "right"})


class ForkedGame:
    """A game of which a fork is kept at each frame that will be branched.

    ``module`` holds ``perform``; ``options`` (JSON) reach it as ``stage.options``; ``packages``
    must be importable, and come with the ``extra``. ``lead_in`` is played, not recorded: replays
    start differently. Raises :class:`~pyanalyzer.simulate.engine.SimulationError` where one is
    missing, or on systems that cannot fork.
    """

    repeat_tolerance = 0.0
    still_camera = False  # the whole picture never moves, however little of it is textured
    axis = False
    interface_px: Region | None = None

    def __init__(
        self,
        title: str,
        *,
        packages: tuple[str, ...],
        module: str,
        options: dict[str, Any],
        frame_rate: Fraction,
        channels: tuple[Channel, ...],
        extra: str = "train",
    ) -> None:
        for name in packages:
            if sys.modules.get(name, 0) is None or importlib.util.find_spec(name) is None:
                raise SimulationError(f'{title} needs {name}: pip install "pyanalyzer[{extra}]"')
        if not hasattr(os, "fork") or not hasattr(socket, "AF_UNIX"):
            raise SimulationError(f"{title} needs a system that can fork: Linux or macOS")
        self.frame_rate = frame_rate
        self.channels = channels
        self._title, self._module, self._options = title, module, options
        self._lead_in: Sequence[Action] = ()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._life = -1
        self._forks: Collection[int] = ()

    def set_lead_in(self, lead_in: Sequence[Action]) -> None:
        """Play these actions before the recording starts."""
        self._lead_in = lead_in

    def play(self, actions: Sequence[Action], forks: Collection[int]) -> Recording:
        """See :meth:`pyanalyzer.simulate.engine.Game.play`."""
        self.close()
        self._forks = forks
        with self._start() as connection:
            order = {
                "options": self._options,
                "lead_in": pack_actions(self._lead_in),
                "actions": pack_actions(actions),
                "forks": sorted(forks),
            }
            try:
                send_record(connection, order)
                shown = list(_pictures(connection))
            except (EOFError, OSError) as error:
                raise SimulationError(f"{self._title}: the game failed: {self._end()}") from error
        cuts = [t for t, (_, continuity) in enumerate(shown) if t and continuity != "goes_on"]
        resets = [t for t, (_, continuity) in enumerate(shown) if t and continuity == "reset"]
        return Recording(tuple(picture for picture, _ in shown), tuple(cuts), tuple(resets))

    def branch(self, frame: int, actions: Sequence[Action]) -> Iterator[U8]:
        """See :meth:`pyanalyzer.simulate.engine.Game.branch`."""
        if self._folder is None or frame not in self._forks:
            raise DivergedError(f"no state was kept for frame {frame}")
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(str(Path(self._folder.name) / str(frame)))
                send_record(connection, pack_actions(actions))
                for picture, _ in _pictures(connection):
                    yield picture
            except (EOFError, OSError) as error:
                raise SimulationError(
                    f"{self._title}: the game failed in a branch: {self._last_words()}"
                ) from error

    def kind_of(self, controls: frozenset[str]) -> Purpose:
        """Directions move a figure (or, where the picture says so, the view); the rest acts."""
        if not controls & DIRECTIONS:
            return "act"
        return "move_figure" if self.still_camera else "move"

    def close(self) -> None:
        """End the game's process and its forks."""
        self._end()

    def _start(self) -> socket.socket:
        self._folder = tempfile.TemporaryDirectory(prefix="pyanalyzer-")
        ours, theirs = socket.socketpair()
        life, self._life = os.pipe()
        place = str(Path(pyanalyzer.__file__).parents[1])
        path = os.pathsep.join(filter(None, [place, os.environ.get("PYTHONPATH")]))
        environment = {
            **os.environ,
            "PYTHONPATH": path,
            "PYTHONHASHSEED": "0",  # the order of sets is part of a game's state
            "SDL_VIDEODRIVER": "dummy",
            "SDL_AUDIODRIVER": "none",
            "OMP_NUM_THREADS": "1",  # threads do not survive a fork
            "OPENBLAS_NUM_THREADS": "1",
        }
        arguments = [self._module, str(theirs.fileno()), str(life), self._folder.name]
        with theirs, (Path(self._folder.name) / "words").open("wb") as words:
            self._process = subprocess.Popen(
                [sys.executable, "-c", COMMAND, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                pass_fds=[theirs.fileno(), life],
                env=environment,
            )
        os.close(life)
        return ours

    def _last_words(self) -> str:
        if self._folder is None:
            return ""
        words = (Path(self._folder.name) / "words").read_text(encoding="utf-8", errors="replace")
        return words.strip()[-LAST_WORDS:]

    def _end(self) -> str:
        """End everything that :meth:`_start` started; what the game said last."""
        words = ""
        if self._life >= 0:
            os.close(self._life)
            self._life = -1
        if self._process is not None:
            self._process.wait()
            self._process = None
        if self._folder is not None:
            with contextlib.suppress(OSError):
                words = self._last_words()
            self._folder.cleanup()
            self._folder = None
        return words


def _pictures(connection: socket.socket) -> Iterator[tuple[U8, Continuity]]:
    while True:
        code, height, width = HEADER.unpack(receive_exactly(connection, HEADER.size))
        if code == END:
            return
        pixels = receive_exactly(connection, height * width * 3)
        yield np.frombuffer(pixels, np.uint8).reshape(height, width, 3), CONTINUITIES[code]
