"""What the Scorer asks of a network, whoever computes it: the compiled core, or PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pyanalyzer.records import F32, U8, BoolGrid
from pyanalyzer.score.native_locator import NativeLocator

# The views of a replay that are looked at: for each whether it is in a mirror, left and right
# exchanged.
Views = tuple[bool, ...]
AS_IT_IS: Views = (False,)
IN_A_MIRROR: Views = (True,)
BOTH_VIEWS: Views = (False, True)


class PlacesFollowed(Protocol):
    """What changed at the places of one replay, whose frames come batch by batch."""

    def push(self, maps: Sequence[U8], *, last: bool) -> F32:
        """The maps of the next frames, uint8 (len(MAP_CHANNELS), R, C) each, to float32 (V, T, ...,
        compared_width): what :meth:`NetworkParts.compare` wants to know of the places of the next T
        frames. T may be 0; with ``last`` it is all that are left."""
        ...


class NetworkParts(Protocol):
    """Steps on NumPy arrays. V views of a replay, T frames."""

    @property
    def temporal_context_frames(self) -> int:
        """How many frames to either side :meth:`compare` takes into account."""
        ...

    def follow_places(self, *, views: Views, batch_frames: int) -> PlacesFollowed:
        """The places of a replay, of whose frames, as they are, ``batch_frames`` will come at a
        time."""
        ...

    def compare_candidates(self, crops: U8, proposals: F32) -> F32:
        """uint8 (V, T, MAX_PROPOSALS, 2, P, P), float32 (V, T, MAX_PROPOSALS, F) to float32 (V, T,
        MAX_PROPOSALS, candidate_width); zero where there is no candidate."""
        ...

    def compare(
        self, places: F32, frame_globals: F32, candidates: F32, present: BoolGrid
    ) -> tuple[F32, F32, F32]:
        """The first three heads of :class:`~pyanalyzer.score.course.Heads`, float32 (V, T, ...)."""
        ...


@dataclass(frozen=True, slots=True)
class ScoringModel:
    """Weights ready for an analysis: ``timeline`` holds the parameters of the timeline fitted to
    them, ``timeline_fast`` those of a fast analysis (None: the same), ``training`` what their
    header says of what they were trained on; ``locates`` says where a change is (None: the weights
    hold no Locator)."""

    parts: NetworkParts
    name: str
    sha256: str
    timeline: dict[str, Any]
    training: dict[str, Any] = field(default_factory=dict)
    timeline_fast: dict[str, Any] | None = None
    locates: NativeLocator | None = None

    def timeline_of(self, *, fast: bool) -> dict[str, Any]:
        """The parameters of the timeline for either kind of analysis."""
        return self.timeline_fast if fast and self.timeline_fast is not None else self.timeline
