"""What a game must be able to do so that its replays can be labelled by counterfactuals.

A game is stepped one frame at a time; frame ``t`` of a recording is the picture *after* the step
that was made with ``actions[t]``. From any frame named beforehand it can be played again under
other actions ("branch"), starting from exactly the state it had there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, Protocol, runtime_checkable

from pyanalyzer.errors import PyanalyzerError
from pyanalyzer.records import U8, Kind, Region

Purpose = Literal["move_view", "move", "move_figure", "act"]


class SimulationError(PyanalyzerError):
    """A game cannot be simulated: its engine is missing, or it does not know the game."""


class DivergedError(SimulationError):
    """A game did not come back to the state it had: its labels cannot be trusted."""


@dataclass(frozen=True, slots=True)
class Action:
    """What the player does in one step.

    ``held`` names the controls held, and the direction of a moved axis (``mouse_left``); an action
    change is a change of ``held``. ``turn_deg`` is the axis' amount in this step, right positive.
    """

    held: frozenset[str] = frozenset()
    turn_deg: float = 0.0


IDLE = Action()


@dataclass(frozen=True, slots=True)
class Channel:
    """Controls of which a player holds at most one: the two directions of a stick's axis.

    ``weight`` says how often the scripted player picks the channel, against the other channels.
    """

    options: tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A played game: ``pictures[t]`` is uint8 (height_px, width_px, 3), RGB.

    ``cuts`` are the frames that do not continue the frame before: resets, respawns, new episodes.
    ``resets`` are those cuts at which the game began anew, so that no branch may cross them.
    """

    pictures: tuple[U8, ...]
    cuts: tuple[int, ...]
    resets: tuple[int, ...]


class Game(Protocol):
    """A game that can be branched. Engines: :mod:`.ale`, :mod:`.doom`; a toy one in the tests."""

    @property
    def frame_rate(self) -> Fraction:
        """Steps per second."""

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The controls that do something in this game."""

    @property
    def axis(self) -> bool:
        """Whether the view can also be turned by an amount (``mouse_left``, ``mouse_right``)."""

    @property
    def repeat_tolerance(self) -> float:
        """Share of the picture in which the median frame of a branch under the same actions may
        differ from the recording. Two branches from one frame differ by their actions alone.
        """

    @property
    def interface_px(self) -> Region | None:
        """Where the game draws its status bar, in px of its own picture, if that is known."""

    def play(self, actions: Sequence[Action], forks: Collection[int]) -> Recording:
        """Play ``actions`` from the start; frames in ``forks`` will be branched from later."""

    def branch(self, frame: int, actions: Sequence[Action]) -> Iterator[U8]:
        """Pictures from the state before frame ``frame`` on, under ``actions``.

        Ends early where the game ends. Raises :class:`DivergedError` where that state could not be
        reached again.
        """

    def kind_of(self, controls: frozenset[str]) -> Purpose:
        """What the changed ``controls`` are for: the camera, a figure (``move``: the camera may go
        with it), or neither."""

    def close(self) -> None:
        """Let the engine go."""


@dataclass(frozen=True, slots=True)
class WorldChange:
    """A change of what something other than the player does, first in the step of ``frame``.

    ``ident``: whose; ``before``: what it did until then, in the game's own terms; ``following``:
    the frame of its next change, or the number of frames; ``purpose``: what the change is for.
    """

    frame: int
    following: int
    ident: int
    before: tuple[int, int, bool]
    purpose: Purpose


@runtime_checkable
class OpenWorld(Protocol):
    """A game that knows what its NPC do, and can be branched there as well. It must repeat every
    pixel."""

    @property
    def frame_rate(self) -> Fraction:
        """Steps per second."""

    def world_changes(self) -> Sequence[WorldChange]:
        """All of them in what was played last, in order of time."""

    def world_branch(
        self, change: WorldChange, actions: Sequence[Action], frames: Collection[int]
    ) -> Iterator[tuple[int, U8]]:
        """Those of ``frames`` and their pictures, from the state before ``change.frame`` on under
        ``actions``, had nothing changed there until ``following``."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first frame in which a change can be seen, and where.

    ``region_px`` is the bounding box of the differing pixels of the game's own picture,
    ``share`` their share of the picture's area.
    """

    frame: int
    kind: Kind
    region_px: Region
    share: float
