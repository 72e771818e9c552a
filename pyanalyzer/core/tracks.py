"""Following proposals over frames. Plain Python: four boxes a frame cost nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pyanalyzer.records import Alignment, Proposal, Region

SURVIVES_FRAMES = 8  # without a proposal: about 0.25 s at 30 Hz, as long as a sprite hesitates
REACH_PX = 8  # one block: by how much a box may miss its prediction on every side


class _Track(NamedTuple):
    number: int
    region: Region
    motion_q4: tuple[int, int]
    missed_frames: int


class Tracks:
    """Gives each proposal the number of the region that it continues, or a new one, from 1.

    A track's box is moved by the view and by its own motion; proposals whose boxes overlap it (both
    grown by one block) are linked greedily, largest overlap (intersection over union) first, ties
    to the older track and the better proposal. A track ends after ``SURVIVES_FRAMES`` frames
    without a proposal, and at a cut.
    """

    def __init__(self) -> None:
        self._tracks: list[_Track] = []
        self._last_number = 0

    def follow(self, proposals: Sequence[Proposal], alignment: Alignment) -> tuple[Proposal, ...]:
        """Returns the same proposals, in the same order, with ``track`` set."""
        if not alignment.aligned:
            self._tracks = []
        expected = [_moved(track, alignment.inverse_q16) for track in self._tracks]
        linked = _link(expected, proposals)
        out, continued = [], []
        for slot, proposal in enumerate(proposals):
            number = linked.get(slot)
            if number is None:
                self._last_number += 1
                number = self._last_number
            # dataclasses.replace takes several times as long.
            p = proposal
            out.append(
                Proposal(p.region, p.score, p.motion_q4, p.motion_change_q4, p.blocks, number)
            )
            continued.append(_Track(number, proposal.region, proposal.motion_q4, 0))
        taken = set(linked.values())
        waiting = [
            track._replace(missed_frames=track.missed_frames + 1)
            for track in expected
            if track.number not in taken and track.missed_frames < SURVIVES_FRAMES
        ]
        self._tracks = sorted(continued + waiting, key=lambda track: track.number)
        return tuple(out)


def _moved(track: _Track, inverse_q16: tuple[int, int, int, int]) -> _Track:
    """The track one frame on. The view's motion at the box's centre is taken as that of its source.

    For the small rotations and scales between two frames the two differ by far less than a block.
    """
    a, b, tx, ty = inverse_q16
    x, y, w, h = track.region
    cx, cy = x + w // 2, y + h // 2
    dx_q16 = (cx << 16) - (a * cx - b * cy + tx) + (track.motion_q4[0] << 12)
    dy_q16 = (cy << 16) - (b * cx + a * cy + ty) + (track.motion_q4[1] << 12)
    dx, dy = (dx_q16 + (1 << 15)) >> 16, (dy_q16 + (1 << 15)) >> 16
    region = Region(x + dx, y + dy, w, h)
    return _Track(track.number, region, track.motion_q4, track.missed_frames)


def _link(tracks: Sequence[_Track], proposals: Sequence[Proposal]) -> dict[int, int]:
    """Which slot of ``proposals`` continues which track number."""
    pairs = []
    for track in tracks:
        for slot, proposal in enumerate(proposals):
            overlap = _overlap(track.region, proposal.region)
            if overlap > 0:
                pairs.append((-overlap, track.number, slot))
    linked: dict[int, int] = {}
    taken: set[int] = set()
    for _, number, slot in sorted(pairs):
        if slot not in linked and number not in taken:
            linked[slot] = number
            taken.add(number)
    return linked


def _overlap(a: Region, b: Region) -> float:
    """Intersection over union of the boxes, each grown by REACH_PX on every side."""
    grown = 2 * REACH_PX
    ax, ay, aw, ah = a
    bx, by, bw, bh = b
    w = min(ax + aw, bx + bw) - max(ax, bx) + grown
    if w <= 0:
        return 0.0
    h = min(ay + ah, by + bh) - max(ay, by) + grown
    if h <= 0:
        return 0.0
    areas = (aw + grown) * (ah + grown) + (bw + grown) * (bh + grown)
    return w * h / (areas - w * h)
