"""Tracks keep their numbers while regions move, rest a little, and meet."""

from __future__ import annotations

from pyanalyzer.core import Tracks
from pyanalyzer.core.tracks import SURVIVES_FRAMES
from pyanalyzer.records import Alignment, Proposal, Region

IDENTITY = Alignment(0.0, 0.0, 1.0, 0.0, 1.0, True, (65536, 0, 0, 0))
CUT = Alignment(0.0, 0.0, 1.0, 0.0, 0.0, False, (65536, 0, 0, 0))


def box(x: int, y: int, motion_px: tuple[int, int] = (0, 0), side: int = 16) -> Proposal:
    motion = (motion_px[0] * 16, motion_px[1] * 16)
    return Proposal(Region(x, y, side, side), 1.0, motion, (0, 0), 4, 0)


def numbers(tracks: Tracks, *proposals: Proposal, view: Alignment = IDENTITY) -> list[int]:
    return [p.track for p in tracks.follow(proposals, view)]


def test_a_moving_region_keeps_its_number() -> None:
    tracks = Tracks()
    for step in range(20):
        assert numbers(tracks, box(12 * step, 40, (12, 0))) == [1]


def test_two_regions_that_cross_keep_theirs() -> None:
    """By their motions, although the list's order changes."""
    tracks = Tracks()
    seen = []
    for step in range(30):
        right, left = box(4 * step, 40, (4, 0)), box(116 - 4 * step, 44, (-4, 0))
        both = (right, left) if step % 2 else (left, right)
        found = numbers(tracks, *both)
        seen.append(found if step % 2 else found[::-1])
    assert all(pair == seen[0] for pair in seen[:13] + seen[18:])


def test_a_track_survives_a_pause_and_then_ends() -> None:
    tracks = Tracks()
    assert numbers(tracks, box(40, 40)) == [1]
    for _ in range(SURVIVES_FRAMES):
        assert numbers(tracks) == []
    assert numbers(tracks, box(44, 40)) == [1]
    for _ in range(SURVIVES_FRAMES + 1):
        numbers(tracks)
    assert numbers(tracks, box(44, 40)) == [2]


def test_the_view_moves_the_boxes() -> None:
    tracks = Tracks()
    numbers(tracks, box(40, 40))
    moved = Alignment(30.0, 0.0, 1.0, 0.0, 1.0, True, (65536, 0, -30 << 16, 0))
    assert numbers(tracks, box(70, 40), view=moved) == [1]
    assert numbers(tracks, box(105, 40)) == [2]


def test_a_cut_ends_every_track() -> None:
    tracks = Tracks()
    numbers(tracks, box(40, 40))
    assert numbers(tracks, box(40, 40), view=CUT) == [2]


def test_far_regions_are_not_linked() -> None:
    tracks = Tracks()
    numbers(tracks, box(0, 0))
    assert numbers(tracks, box(100, 100), box(4, 0)) == [2, 1]
