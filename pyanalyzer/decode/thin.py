"""Looking at some of the frames only: those of a fast recording that lie far enough apart, and
of these rather such as the decoder needs anyway."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from fractions import Fraction
from typing import Generic, Protocol, TypeVar

# Of 60 or 50 frames a second every second one is then looked at, of 120 every third, of 144 every
# fourth; recordings of up to 45 a second are left whole. The network knows games of 24 a second.
LEAST_INTERVAL_S = Fraction(22, 1000)
# Where that saves the decoder a picture, the next frame may lie this far away: three of 60 a
# second. In the mean of two intervals there still are 24 frames a second.
LONGEST_INTERVAL_S = Fraction(51, 1000)
LONGEST_PAIR_S = Fraction(84, 1000)

_BEFORE_ALL = -(2**63)  # ticks: libav's own least time


class Fate(Enum):
    """What becomes of a packet's picture."""

    LOOKED_AT = "looked at"
    DECODED = "decoded"  # but not looked at: others may be built on it
    LEFT_OUT = "left out"  # not even decoded
    UNDECIDED = "undecided"  # by its packet; see ``Thinning.takes``


class TimedPacket(Protocol):
    """What is asked of a packet: times in ticks of the stream's time base, and if it is shown."""

    @property
    def pts(self) -> int | None: ...
    @property
    def dts(self) -> int | None: ...
    @property
    def is_discard(self) -> bool: ...


P = TypeVar("P", bound=TimedPacket)


class _Waiting(Generic[P]):
    """A packet on its way through."""

    __slots__ = ("droppable", "fate", "packet")

    def __init__(self, packet: P, fate: Fate | None, *, droppable: bool = False) -> None:
        self.packet, self.fate, self.droppable = packet, fate, droppable


class Thinning(Generic[P]):
    """Chooses among a stream's frames, by their packets where these tell enough.

    The first frame from ``from_pts`` on, and then each that comes at least ``LEAST_INTERVAL_S``
    after the last one. Where frames are left out at all, one that is not ``droppable`` is preferred
    to one that is, within ``LONGEST_INTERVAL_S`` and ``LONGEST_PAIR_S``. Packets are held back
    until all are known that are shown before what is decided on: dts never falls, and no pts is
    below its dts. From a packet on that breaks this, and of streams without such a test (None), the
    decoded pictures are chosen by their times alone.
    """

    def __init__(
        self, time_base: Fraction, from_pts: int, droppable: Callable[[P], bool] | None
    ) -> None:
        self._least = LEAST_INTERVAL_S / time_base
        self._longest = LONGEST_INTERVAL_S / time_base
        self._longest_pair = LONGEST_PAIR_S / time_base
        self._from_pts = from_pts
        self._droppable = droppable
        self._held: deque[_Waiting[P]] = deque()  # in coding order
        self._undecided: list[tuple[int, int, _Waiting[P]]] = []  # a heap, in display order
        self._read = 0
        self._known_until: int = _BEFORE_ALL  # every packet with a pts below it has been read
        self._chosen_pts: int | None = None
        self._deadline: Fraction | float = 0  # pts until which the next one may be waited for
        self._taken_pts: int | None = None
        self._left_out_pts: deque[int] = deque()

    def through(self, packets: Iterable[P]) -> Iterator[tuple[P, Fate]]:
        """The packets in the same order, each with its fate."""
        for packet in packets:
            self._take_in(packet)
            yield from self._ready()
        self._known_until = -_BEFORE_ALL
        self._decide()
        yield from self._ready()

    def takes(self, pts: int, fate: Fate) -> bool:
        """Whether a decoded picture is looked at; asked of every one, in display order."""
        if fate is Fate.UNDECIDED:
            last = self._taken_pts
            passed = None if last is None else pts - last
            due = passed is None or passed <= 0 or passed >= self._least
            taken = due and pts >= self._from_pts
        else:
            taken = fate is Fate.LOOKED_AT
        if taken:
            self._taken_pts = pts
        return taken

    def left_out_before(self, pts: float) -> Iterator[int]:
        """The pts of those left out that lie before ``pts``, in order, each once."""
        while self._left_out_pts and self._left_out_pts[0] < pts:
            yield self._left_out_pts.popleft()

    def _ready(self) -> Iterator[tuple[P, Fate]]:
        while self._held and self._held[0].fate is not None:
            waiting = self._held.popleft()
            if waiting.fate is not None:
                yield waiting.packet, waiting.fate

    def _take_in(self, packet: P) -> None:
        if self._droppable is None:
            self._held.append(_Waiting(packet, Fate.UNDECIDED))
            return
        if packet.is_discard:
            self._held.append(_Waiting(packet, Fate.DECODED))
            return
        waiting = _Waiting(packet, None, droppable=self._droppable(packet))
        self._held.append(waiting)
        decided_until = _BEFORE_ALL if self._chosen_pts is None else self._chosen_pts
        if packet.pts is None or packet.pts <= decided_until:
            self._give_up()
            return
        heapq.heappush(self._undecided, (packet.pts, self._read, waiting))
        self._read += 1
        if packet.dts is not None:
            self._known_until = max(self._known_until, packet.dts)
        self._decide()

    def _give_up(self) -> None:
        self._droppable = None
        self._undecided.clear()
        for waiting in self._held:
            waiting.fate = waiting.fate or Fate.UNDECIDED

    def _decide(self) -> None:
        """On all packets that can be decided on."""
        while self._undecided and self._undecided[0][0] < self._known_until:
            pts = self._undecided[0][0]
            if pts < self._from_pts:
                self._pass_by()
                continue
            chosen = self._choice()
            if chosen is None:
                return
            while self._undecided and self._undecided[0][0] < chosen:
                self._pass_by()
            if self._undecided and self._undecided[0][0] == chosen:
                self._choose()

    def _choice(self) -> int | Fraction | None:
        """The pts of the next frame to be looked at, or of a time before which there is none; None
        where packets that have not been read may have a say. The first one left lies before."""
        last, first = self._chosen_pts, self._undecided[0][0]
        if last is None or first - last >= self._least:
            return first  # nothing is left out before it
        reach = last + self._longest
        if self._known_until <= reach:
            return None
        due = [
            (pts, waiting.droppable)
            for pts, _, waiting in sorted(self._undecided)
            if last + self._least <= pts <= reach
        ]
        if not due:
            return last + self._least
        needed = (pts for pts, droppable in due if not droppable and pts <= self._deadline)
        return next(needed, due[0][0])

    def _pass_by(self) -> None:
        pts, _, waiting = heapq.heappop(self._undecided)
        waiting.fate = Fate.LEFT_OUT if waiting.droppable else Fate.DECODED
        if waiting.droppable:
            self._left_out_pts.append(pts)

    def _choose(self) -> None:
        pts, _, waiting = heapq.heappop(self._undecided)
        waiting.fate = Fate.LOOKED_AT
        last = pts - self._least if self._chosen_pts is None else self._chosen_pts
        self._deadline = min(pts + self._longest, last + self._longest_pair)
        self._chosen_pts = pts
