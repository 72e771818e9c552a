"""What the Scorer asks of a network, whoever computes it: the compiled core, or PyTorch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from pyanalyzer.records import F32, U8, BoolGrid


class NetworkParts(Protocol):
    """Steps on NumPy arrays. V views of a replay (as it is, or in a mirror), T frames."""

    @property
    def place_context_frames(self) -> int:
        """How many frames to either side :meth:`compare_places` takes into account."""
        ...

    @property
    def temporal_context_frames(self) -> int:
        """How many frames to either side :meth:`compare` takes into account."""
        ...

    def compare_places(self, maps: U8, *, mirrored: bool) -> F32:
        """uint8 (T, len(MAP_CHANNELS), R, C) to float32 (V, T, ..., compared_width), what
        :meth:`compare` wants to know of the places: as they are and, if ``mirrored``, as they are
        seen in a mirror, left and right exchanged."""
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
    header says of what they were trained on."""

    parts: NetworkParts
    name: str
    sha256: str
    timeline: dict[str, Any]
    training: dict[str, Any] = field(default_factory=dict)
    timeline_fast: dict[str, Any] | None = None

    def timeline_of(self, *, fast: bool) -> dict[str, Any]:
        """The parameters of the timeline for either kind of analysis."""
        return self.timeline_fast if fast and self.timeline_fast is not None else self.timeline
