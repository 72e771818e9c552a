"""The world's own changes: planted ones are found, made games tell of theirs where they are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from pyanalyzer.records import U8, Region
from pyanalyzer.simulate import replay
from pyanalyzer.simulate.counterfactual import find_world_onset
from pyanalyzer.simulate.engine import Action, OpenWorld, Recording, WorldChange
from pyanalyzer.simulate.maker.behaviour import intend, turn_back
from pyanalyzer.simulate.maker.game import MakerGame
from pyanalyzer.simulate.maker.names import FAMILIES
from pyanalyzer.simulate.maker.state import WIND, Actor, Hold, State
from pyanalyzer.simulate.policy import change_frames, plan_actions
from pyanalyzer.simulate.replay import label_world
from tests.simulate_toy import ToyGame

SIDE_PX, ROW_PX = 4, 30
TURNS = ((20, 1), (33, 0), (60, -1), (90, 1))  # frame and direction from then on, in px per frame
HIDDEN = range(55, 200)  # frames in which a wall stands before the NPC


class NpcGame(ToyGame):
    """A square that walks, stands and walks back at TURNS, from some frame on behind a wall."""

    def play(self, actions: Sequence[Action], forks: Collection[int]) -> Recording:
        """Nothing but the NPC moves."""
        pictures = tuple(self._shown(self._place(t), t) for t in range(len(actions)))
        return Recording(pictures, (), ())

    def world_changes(self) -> list[WorldChange]:
        """The turns."""
        ends = [t for t, _ in TURNS[1:]] + [120]
        ways = [0] + [way for _, way in TURNS]
        return [
            WorldChange(t, end, 1, (before, 0, False), "move_figure" if way else "act")
            for (t, way), end, before in zip(TURNS, ends, ways, strict=False)
        ]

    def world_branch(
        self, change: WorldChange, actions: Sequence[Action], frames: Collection[int]
    ) -> Iterator[tuple[int, U8]]:
        """The NPC goes on as before the change until the next."""
        off = 0
        for t in range(change.frame, change.frame + len(actions)):
            if t < change.following:
                off += change.before[0] - self._way(t)
            if t in frames:
                yield t, self._shown(self._place(t) + off, t)

    def _way(self, t: int) -> int:
        return next((way for at, way in reversed(TURNS) if t >= at), 0)

    def _place(self, t: int) -> int:
        return 10 + sum(self._way(k) for k in range(t + 1))

    def _shown(self, x: int, t: int) -> U8:
        picture = np.zeros((48, 64, 3), np.uint8)
        if t not in HIDDEN:
            picture[ROW_PX : ROW_PX + SIDE_PX, x : x + SIDE_PX] = 250
        return picture


def npc_recording(frames: int = 120) -> tuple[NpcGame, list[Action], Recording]:
    game, actions = NpcGame(), [Action()] * frames
    return game, actions, game.play(actions, ())


def test_planted_turns_are_found_in_their_frame() -> None:
    game, actions, recording = npc_recording()
    labels = label_world(game, recording, actions)
    assert labels.is_complete
    assert [d.frame for d in labels.onsets] == [20, 33]  # the others are behind the wall
    assert [d.kind for d in labels.onsets] == ["avatar", "effect"]
    # At 20 one px: the square here and there. 10 px from where it was: [10, 15) and [11, 15).
    assert labels.onsets[0].region_px == Region(10, ROW_PX, SIDE_PX + 1, SIDE_PX)


@pytest.mark.parametrize("shown", range(22, 50))
def test_what_shows_late_is_found_in_its_first_frame(
    shown: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not every frame is looked at first; the one that is found is the first all the same."""
    monkeypatch.setattr("tests.test_simulate_world.HIDDEN", range(shown))
    game, actions, recording = npc_recording()
    change = game.world_changes()[0]
    found = find_world_onset(game, recording, actions, change)
    assert found is not None
    assert found.frame == shown
    halved = find_world_onset(game, recording, actions, change, stride=2)
    assert (halved and halved.frame) == (None if shown > 48 else -(-shown // 2) * 2)


def test_other_games_know_nothing_of_their_world() -> None:
    game = ToyGame()
    assert not isinstance(game, OpenWorld)
    actions = [Action()] * 30
    labels = label_world(game, game.play(actions, ()), actions)
    assert (labels.onsets, labels.is_complete) == ((), False)


def test_too_many_changes_are_thinned_out_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    game, actions, recording = npc_recording()
    monkeypatch.setattr(replay, "WORLD_SHARE", 6 / 240)  # two branches of three looks each
    labels = label_world(game, recording, actions)
    assert not labels.is_complete
    assert [d.frame for d in labels.onsets] == [33]  # the second and the fourth of four


def made(name: str, seconds: float = 3.0) -> tuple[MakerGame, list[Action], Recording]:
    game = MakerGame(name, 3)
    rate = float(game.frame_rate)
    rng = np.random.default_rng(5)
    actions = plan_actions(game.channels, game.axis, round(seconds * rate), rate, rng)
    return game, actions, game.play(actions, change_frames(actions))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_made_game_tells_of_its_world_alike_every_time(family: str) -> None:
    name = f"{family}/0031"
    game, actions, recording = made(name)
    assert isinstance(game, OpenWorld)
    changes = game.world_changes()
    assert changes
    assert changes == sorted(changes, key=lambda c: c.frame)
    assert all(c.frame < c.following <= len(actions) for c in changes)
    labels = label_world(game, recording, actions)
    for onset in labels.onsets:
        window = float(game.frame_rate) / 2
        assert any(0 <= onset.frame - c.frame <= window for c in changes)
        width, height = game.size_px
        x, y, w, h = onset.region_px
        assert x >= 0 <= y
        assert x + w <= width
        assert y + h <= height
    again, _, repeated = made(name)
    assert label_world(again, repeated, actions) == labels


def test_the_region_holds_the_npc_that_turned() -> None:
    """In a maze seen from above, the region of an event is about the size of a figure."""
    game, actions, recording = made("maze/0031", 6.0)
    found = [
        (change, find_world_onset(game, recording, actions, change))
        for change in game.world_changes()
        if change.purpose == "move_figure"
    ]
    seen = [(change, onset) for change, onset in found if onset is not None]
    assert len(seen) >= 5
    state = game.world.begin(3)
    places: list[dict[int, tuple[float, float]]] = []
    eyes: list[tuple[float, float]] = []
    for action in actions:
        game.world.step(state, action.held, action.turn_deg)
        places.append({npc.ident: (npc.x, npc.y) for npc in state.npcs})
        eyes.append(game.world.camera.corner(state, game.world.hz))  # type: ignore[attr-defined]
    near = 0
    for change, onset in seen:
        x, y = places[onset.frame][change.ident]
        left, top = eyes[onset.frame]
        box, margin = onset.region_px, game.world.unit_px
        near += (
            box.x_px - margin <= x - left <= box.x_px + box.w_px + margin
            and box.y_px - margin <= y - top <= box.y_px + box.h_px + margin
        )
    assert near == len(seen)


def test_a_hold_lets_hands_go_on_and_nothing_else() -> None:
    free, held = (Actor(0, 0, ident=k, style="puppet") for k in (1, 1))
    first, second = State(9, Actor(0, 0)), State(9, Actor(0, 0))
    said = []
    for tick in range(1, 200):
        first.tick = second.tick = tick
        said.append(intend(free, first, 60.0))
        second.hold = Hold(1, (7, 7, True), 150)
        assert intend(held, second, 60.0) == ((7, 7, True) if tick < 150 else held.intent)
        assert intend(Actor(0, 0, ident=2, style="circler"), second, 60.0) != (7, 7, True)
    assert len(set(said)) > 3
    assert held.decided is not None


def test_a_wall_turns_a_patrol_and_that_is_a_decision() -> None:
    npc = Actor(0, 0, ident=1, style="patrol")
    state = State(9, Actor(0, 0), tick=1)
    before = intend(npc, state, 60.0)
    turn_back(npc)
    assert npc.decided == npc.intent == (-before[0], -before[1], before[2])


def test_gusts_are_changes_of_the_wind() -> None:
    game = MakerGame("platformer/0031", 3)
    game.world.gusts, game.world.gust_s = True, 0.5
    game.play([Action()] * round(20 * float(game.frame_rate)), ())
    gusts = [c for c in game.world_changes() if c.ident == WIND]
    assert gusts
    period = max(1, round(0.5 * game.world.hz))
    assert all((c.frame + 1) % period == 0 for c in gusts)
    assert {c.purpose for c in gusts} == {"move"}
    state = State(3, Actor(0, 0), hold=Hold(WIND, (1, -1, False), 10**6))
    assert game.world.gust(replace(state, tick=777)) == (1, -1)
