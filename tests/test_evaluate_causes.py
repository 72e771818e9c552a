"""Player or world, on planted scores: every number here can be counted by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from pyanalyzer.evaluate.causes import CauseCounts, count_causes, sum_causes
from pyanalyzer.evaluate.protocol import score_case
from pyanalyzer.evaluate.report import cause_table, share
from pyanalyzer.evaluate.summary import summarise
from pyanalyzer.records import FrameCurves, Kind
from pyanalyzer.simulate.truth import Truth, WorldEvent
from tests.planted_curves import planted_curves
from tests.planted_evaluation import BOX, case, truth


def world(true: Truth, *frames: int, kind: Kind = "avatar") -> Truth:
    events = tuple(WorldEvent(at, kind, None if kind == "cut" else BOX) for at in frames)
    return replace(true, world_events=(*true.world_events, *events))


def curves(scores: Mapping[int, tuple[float, float]], frames: int = 300) -> FrameCurves:
    """Probabilities of the player and of the world in some frames, elsewhere 0."""
    player, onset = np.zeros(frames, np.float32), np.zeros(frames, np.float32)
    for at, (of_player, of_world) in scores.items():
        player[at], onset[at] = of_player, of_player + of_world
    return replace(planted_curves(range(frames)), player_score=player, onset_score=onset)


def test_the_likelier_cause_within_two_frames_is_the_answer() -> None:
    true = world(truth([50, 101, 150]), 200, 220, 240, 260)
    scores = {
        50: (0.3, 0.2),
        99: (0.1, 0.3),  # two frames before: for the world
        103: (0.1, 0.0),
        147: (0.9, 0.0),  # three frames before: not looked at
        150: (0.0, 0.1),
        200: (0.2, 0.4),
        219: (0.1, 0.2),
        221: (0.2, 0.0),  # together for the player
        240: (0.0, 0.0),  # equal: half a change
        260: (0.1, 0.1),
    }
    counts = count_causes(true, curves(scores))
    assert counts == CauseCounts(players=3, players_right=1, worlds=4, worlds_right=2)
    assert counts.player_recall == pytest.approx(1 / 3)
    assert counts.world_recall == pytest.approx(1 / 2)
    assert counts.balanced_accuracy == pytest.approx(5 / 12)


def test_only_lone_changes_of_motion_are_asked_about() -> None:
    near = world(truth([50, 100, 150]), 54, 105, 105, 146)
    assert (near_counts := count_causes(near, curves({}))).players == 1
    assert near_counts.worlds == 1  # two in one frame are one
    other = world(world(truth([50]), 100, kind="effect"), 120)
    assert count_causes(other, curves({})).worlds == 1
    beside_a_cut = world(world(truth([50, 80]), 52, kind="cut"), 120)
    assert count_causes(beside_a_cut, curves({})).players == 1


def test_without_world_events_there_is_nothing_to_ask() -> None:
    nothing = CauseCounts()
    assert count_causes(truth([50], world=(100,)), curves({50: (1.0, 0.0)})) == nothing
    assert count_causes(world(truth([50]), 100), None) == nothing
    assert nothing.balanced_accuracy is None
    assert share(nothing.balanced_accuracy) == "-"
    only_world = sum_causes([CauseCounts(worlds=2, worlds_right=1)])
    assert (only_world.player_recall, only_world.balanced_accuracy) == (None, None)
    assert only_world.world_recall == 0.5


def test_saying_the_player_always_is_chance() -> None:
    true = world(truth(range(20, 140, 12)), *range(150, 290, 9))
    always = curves(dict.fromkeys(range(300), (0.5, 0.1)))
    assert count_causes(true, always).balanced_accuracy == 0.5


def test_causes_are_summed_by_engine() -> None:
    made = world(truth([50, 100], "maze", engine="maker"), 200)
    right = replace(case(made, []), curves=curves({50: (0.9, 0.0), 200: (0.1, 0.6)}))
    wrong = replace(case(made, []), curves=curves({50: (0.9, 0.0), 200: (0.6, 0.1)}))
    real = replace(case(truth([50], "pong"), []), curves=curves({50: (0.9, 0.0)}))
    evaluation = summarise([score_case(c) for c in (right, wrong, real)])
    by_engine = {engine.score.name: engine.score.causes for engine in evaluation.engines}
    assert by_engine["ale"] == CauseCounts()
    # Of frame 100 nothing is said: half of it is right.
    assert by_engine["maker"] == CauseCounts(4, 3.0, 2, 1.0)
    assert evaluation.everything.score.causes == by_engine["maker"]
    table = cause_table(evaluation)
    columns = [list(column.cells) for column in table.columns]
    assert columns[-1] == ["-", "62.5%", "62.5%"]
    assert columns[1] == ["0", "4", "4"]
