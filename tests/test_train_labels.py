"""Labels from planted truths: what is the world's, what is nothing, what nobody knows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pyanalyzer.records import F32, KINDS, MAX_PROPOSALS, Region
from pyanalyzer.score.features import PROPOSAL_FEATURES
from pyanalyzer.simulate.truth import Truth, WorldEvent
from pyanalyzer.train.labels import Labels, make_labels, world_motion_frames
from tests.planted_evaluation import truth

FRAMES = 200
THERE = Region(100, 40, 30, 30)
AVATAR, VIEW = KINDS.index("avatar"), KINDS.index("view")


def world(true: Truth, *events: WorldEvent, known: bool = True) -> Truth:
    return replace(true, world_events=events, world_known=known)


def turn(frame: int, region: Region = THERE) -> WorldEvent:
    return WorldEvent(frame, "avatar", region)


def labels(true: Truth, turns: tuple[int, ...] = ()) -> Labels:
    """``turns``: frames in which a region of the picture turns by 2 px; one box, at THERE."""
    proposals = np.zeros((FRAMES, MAX_PROPOSALS, len(PROPOSAL_FEATURES)), np.float32)
    proposals[..., PROPOSAL_FEATURES.index("track_age")] = 1.0
    for t in turns:  # features hold square roots of px
        proposals[t, 0, PROPOSAL_FEATURES.index("motion_change_x")] = 2**0.5
    boxes: F32 = np.zeros((FRAMES, MAX_PROPOSALS, 4), np.float32)
    boxes[:, 1] = THERE
    return make_labels(true, FRAMES, proposals, boxes)


def test_world_events_are_labelled_with_kind_and_place() -> None:
    made = labels(world(truth([40]), turn(100), WorldEvent(150, "cut")))
    np.testing.assert_allclose(made.world[98:103], [0, 0.1, 0.8, 0.1, 0], rtol=1e-6)
    assert (made.kind[100], made.candidate[100]) == (AVATAR, 2)
    assert (made.kind[150], made.candidate[150]) == (KINDS.index("cut"), 0)
    elsewhere = labels(world(truth([40]), turn(100, Region(0, 0, 8, 8))))
    assert elsewhere.candidate[100] == 0
    assert np.flatnonzero(made.world).tolist() == [99, 100, 101, 149, 150, 151]
    assert made.known.all()  # nothing turns that nobody explains


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_the_player_wins_where_both_have_an_onset(off: int) -> None:
    made = labels(world(truth([40]), turn(40 + off)))
    assert not made.world.any()
    assert np.flatnonzero(made.kind >= 0).tolist() == [40]
    assert made.player[40] == pytest.approx(0.8)
    cut = labels(world(truth([40]), WorldEvent(40, "cut")))
    assert cut.kind[40] == AVATAR
    assert (cut.player + cut.world).max() <= 1


def test_two_frames_beside_the_player_both_are_labelled() -> None:
    made = labels(world(truth([40]), turn(42)))
    assert (made.player[40], made.world[42]) == (pytest.approx(0.8), pytest.approx(0.8))
    assert (made.player + made.world).max() <= 1
    assert (made.kind[40], made.kind[42]) == (AVATAR, AVATAR)


def test_what_turns_unexplained_is_unknown_where_the_truth_is_complete() -> None:
    made = labels(world(truth([40]), turn(100)), turns=(39, 60, 102, 120))
    assert np.flatnonzero(made.known == 0).tolist() == [60, 120]
    assert np.flatnonzero(made.world).tolist() == [99, 100, 101]


def test_incomplete_truths_keep_the_heuristic_and_add_what_they_know() -> None:
    made = labels(world(truth([40]), turn(100), known=False), turns=(60, 102, 150))
    # 60 follows a press within half a second; 102 is the turn that the truth tells of.
    assert np.flatnonzero(made.world).tolist() == [99, 100, 101, 149, 150, 151]
    assert not made.known[60]
    assert made.known[100]
    assert made.known[150]


def test_old_truths_are_labelled_as_before() -> None:
    made = labels(truth([40], world=(150,)), turns=(60, 120, 152))
    assert np.flatnonzero(made.world).tolist() == [119, 120, 121, 149, 150, 151, 152, 153]
    # Half a second from each press on: one at 5 that is never seen, and that of the onset.
    assert np.flatnonzero(made.known == 0).tolist() == [*range(5, 36), *range(38, 69)]


def test_motion_frames_of_the_header() -> None:
    events = (turn(20), turn(20, Region(0, 0, 4, 4)), WorldEvent(30, "effect", THERE))
    true = world(truth([40]), *events, WorldEvent(50, "cut"), WorldEvent(60, "view", THERE))
    assert world_motion_frames(true) == [20, 60]
