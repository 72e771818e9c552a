"""Games in processes that fork: the same state at every branch, and nothing left behind."""

from __future__ import annotations

import importlib.util
import os
import random
import socket
from collections.abc import Collection, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pyanalyzer.simulate import (
    gymnasium,
    highway,
    panda3d,
    pettingzoo,
    procgen,
    pygame,
    pyxel,
)
from pyanalyzer.simulate.encode import full
from pyanalyzer.simulate.engine import Action, Channel, DivergedError, SimulationError
from pyanalyzer.simulate.forked import ForkedGame
from pyanalyzer.simulate.layouts import enlarged, framed, shrunk
from pyanalyzer.simulate.policy import change_frames, plan_actions
from pyanalyzer.simulate.replay import label, make_replay
from pyanalyzer.simulate.session import FORKED, Job, set_up
from pyanalyzer.simulate.splits import GAMES, SPLITS, EngineName, split_of
from pyanalyzer.simulate.truth import read_truth, truth_path
from tests.simulate_forked_toy import picture

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
# By engine, a package that it needs and the extra that brings it.
PACKAGES = {
    "pyxel": ("pyxel", "train"),
    "gymnasium": ("Box2D", "train"),
    "panda3d": ("panda3d", "train"),
    "procgen": ("procgen", "procgen"),
    "pettingzoo": ("pettingzoo", "train"),
    "pygame": ("pygame", "train"),
    "highway": ("highway_env", "train"),
}
ENGINE_GAMES: dict[EngineName, Collection[str]] = {
    "pyxel": pyxel.GAMES,
    "gymnasium": gymnasium.GAMES,
    "panda3d": panda3d.GAMES,
    "procgen": procgen.GAMES,
    "pettingzoo": pettingzoo.GAMES,
    "pygame": pygame.GAMES,
    "highway": highway.GAMES,
}
SMALL = full(320, 240)
SIDE = Channel(("left", "right"))


def needs(engine: EngineName) -> None:
    """Skip where the engine's package is missing; looked for, not imported: it may print."""
    package, extra = PACKAGES[engine]
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"the extra `{extra}` is not installed")


def toy(**options: int) -> ForkedGame:
    return ForkedGame(
        "toy",
        packages=("numpy",),
        module="tests.simulate_forked_toy",
        options={"seed": 3, **options},
        frame_rate=Fraction(30),
        channels=(SIDE,),
    )


@pytest.fixture
def game() -> Iterator[ForkedGame]:
    made = toy()
    yield made
    made.close()


def walk(*spells: tuple[str, int]) -> list[Action]:
    return [Action(frozenset(names.split())) for names, frames in spells for _ in range(frames)]


def test_branches_have_the_state_of_their_frame(game: ForkedGame) -> None:
    actions = walk(("", 5), ("right", 3), ("", 4), ("left", 4))
    game.set_lead_in(walk(("left", 2)))
    recording = game.play(actions, change_frames(actions))
    bits = random.Random(3)
    noise = np.random.default_rng(3).integers(256, size=18)
    noise = np.array([n ^ bits.getrandbits(8) for n in noise])[2:]  # two are the lead-in's
    places = np.cumsum([0] * 5 + [1] * 3 + [0] * 4 + [-1] * 4) + 8 - 2
    for t, (x, n) in enumerate(zip(places, noise, strict=True)):
        assert np.array_equal(recording.pictures[t], picture(int(x), int(n)))
    for fork in (8, 5, 12, 5):  # in any order, more than once
        again = list(game.branch(fork, actions[fork:]))
        assert all(map(np.array_equal, again, recording.pictures[fork:]))
    idle = list(game.branch(5, walk(("", 11))))
    assert all(np.array_equal(p, picture(6, int(n))) for p, n in zip(idle, noise[5:], strict=True))
    assert [(c.press_frame, c.onset_frame) for c in label(game, recording, actions)] == [
        (5, 5),
        (8, 8),
        (12, 12),
    ]


def test_a_branch_may_be_left_and_close_ends_every_process(game: ForkedGame) -> None:
    actions = walk(("", 3), ("left", 40))
    game.play(actions, [3])
    for _ in range(3):
        next(game.branch(3, actions[3:]))
    assert game._folder is not None
    folder = Path(game._folder.name)
    process = game._process
    assert process is not None
    game.close()
    assert process.poll() == 0  # it waits for its forks before it ends
    assert not folder.exists()
    game.close()
    with pytest.raises(DivergedError, match="no state was kept for frame 3"):
        next(game.branch(3, actions))


def test_resets_and_early_ends() -> None:
    game = toy(resets_at=4, ends_at=7)
    recording = game.play(walk(("right", 20)), ())
    game.close()
    assert (len(recording.pictures), recording.cuts, recording.resets) == (6, (3,), (3,))


def test_a_game_that_fails_says_why() -> None:
    game = toy(fails_at=4)
    with pytest.raises(SimulationError, match=r"(?s)toy: the game failed: .*the toy broke"):
        game.play(walk(("right", 20)), ())
    game.play(walk(("", 3)), [2])
    with pytest.raises(SimulationError, match=r"(?s)failed in a branch: .*the toy broke"):
        list(game.branch(2, walk(("", 9))))
    game.close()


def test_systems_that_cannot_fork_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")
    with pytest.raises(SimulationError, match="can fork"):
        toy()


@pytest.mark.parametrize("engine", FORKED)
def test_unknown_games_are_named(engine: EngineName) -> None:
    with pytest.raises(SimulationError, match="'chess'"):
        FORKED[engine].make("chess", 0, SMALL)


@pytest.mark.parametrize("engine", FORKED)
def test_missing_packages_are_named_with_their_extra(
    monkeypatch: pytest.MonkeyPatch, engine: EngineName
) -> None:
    _, extra = PACKAGES[engine]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for game in ENGINE_GAMES[engine]:
        with pytest.raises(SimulationError, match=rf'pip install "pyanalyzer\[{extra}\]"'):
            FORKED[engine].make(game, 0, SMALL)


def test_every_game_stands_in_a_split_and_every_layout_can_be_encoded() -> None:
    for engine, games in ENGINE_GAMES.items():
        assert sorted(games) == sorted(g for split in SPLITS for g in GAMES[engine][split])
        for name in games:
            for layout in FORKED[engine].layouts(name):
                sizes = (layout.width_px, layout.height_px, *layout.box)
                assert all(size % 2 == 0 for size in sizes)
                assert layout.box.x_px + layout.box.w_px <= layout.width_px
                assert layout.box.y_px + layout.box.h_px <= layout.height_px


def test_layouts_enlarge_shrink_and_frame() -> None:
    assert [(s.width_px, s.height_px) for s in enlarged(160, 120)[:3]] == [
        (320, 240),
        (480, 360),
        (640, 480),
    ]
    assert [(s.width_px, s.height_px) for s in shrunk(600, 400)[:3]] == [
        (600, 400),
        (450, 300),
        (300, 200),
    ]
    assert framed(160, 120, 854, 480).box == (106, 0, 640, 480)


@pytest.mark.parametrize(
    ("engine", "game", "seconds"),
    [
        ("pyxel", "platformer", 2.0),
        ("gymnasium", "lunar_lander", 1.5),
        ("panda3d", "forest_walk", 1.0),
        ("procgen", "plunder", 2.0),
        ("pygame", "moveit", 1.0),
    ],
)
def test_a_replay_repeats(tmp_path: Path, engine: EngineName, game: str, seconds: float) -> None:
    needs(engine)
    first = Job(engine, game, split_of(engine, game), 0, seconds, 0, tmp_path / "x.mp4")
    result = make_replay(first)
    truth = read_truth(truth_path(first.video))
    rate = truth.frame_rate
    assert truth.frames == round(seconds * rate)
    assert result.onsets == len(truth.onsets()) > 0
    seen = [change for change in truth.changes if change.observable]
    assert len(seen) > 0.4 * len(truth.changes)
    channels = FORKED[engine].make(game, 0, SMALL).channels
    controls = {option for channel in channels for option in channel.options}
    controls |= {"mouse_left", "mouse_right"}
    assert {c for change in truth.changes for c in change.controls_after} <= controls

    recordings = []
    for _ in range(2):
        session = set_up(first)
        recordings.append(session.game.play(session.actions, ()))
        session.game.close()
    one, other = recordings
    assert all(map(np.array_equal, one.pictures, other.pictures))
    assert (one.cuts, one.resets) == (other.cuts, other.resets)


@pytest.mark.parametrize(
    ("engine", "game"),
    [
        ("pyxel", "mega_wing"),
        ("gymnasium", "car_racing"),
        ("panda3d", "forest_chase"),
        ("procgen", "ninja"),
        ("pettingzoo", "cooperative_pong"),
        ("pygame", "aliens"),
        ("highway", "highway"),
    ],
)
def test_branches_repeat_the_recording_exactly(engine: EngineName, game: str) -> None:
    needs(engine)
    made = FORKED[engine].make(game, 1, SMALL)
    rng = np.random.default_rng(2)
    actions = plan_actions(made.channels, False, 45, float(made.frame_rate), rng)
    forks = [10, 30]
    recording = made.play(actions, forks)
    for fork in forks:
        pictures = list(made.branch(fork, actions[fork:]))
        expected = recording.pictures[fork:]
        assert all(np.array_equal(a, b) for a, b in zip(pictures, expected, strict=True))
    made.close()


def test_procgen_moves_and_fires_in_turns() -> None:
    def number(held: str, step: int = 0) -> int:
        return procgen.action_number(frozenset(held.split()), step)

    assert [number(way) for way in ("", "left", "right", "up", "down")] == [4, 1, 7, 5, 3]
    assert [number(way) for way in ("left down", "left up", "right down", "right up")] == [
        0,
        2,
        6,
        8,
    ]
    assert [number("fire", step) for step in (0, 1, 2)] == [9, 9, 9]
    assert [number("fire left", step) for step in (0, 1, 2, 3)] == [9, 1, 9, 1]
    assert [number(control) for control in procgen.AIMS] != [number("")] * len(procgen.AIMS)
    for channels in procgen.GAMES.values():
        for control in (control for channel in channels for control in channel.options):
            assert number(control) != number(""), control


def test_procgen_is_played_at_several_rates() -> None:
    needs("procgen")
    rates = {procgen.ProcgenGame("maze", seed).frame_rate for seed in range(6)}
    assert rates == set(procgen.RATES_HZ)


def test_what_is_held_reaches_every_player_of_pettingzoo() -> None:
    for spec in pettingzoo.GAMES.values():
        rest = spec.convert(frozenset(), 0)
        for control in (control for channel in spec.channels for control in channel.options):
            assert np.any(spec.convert(frozenset({control}), 0) != rest), control
    both = frozenset({"forward", "turn_left"})
    fighter = pettingzoo.GAMES["knights_archers_zombies"].convert
    assert [fighter(both, frame) for frame in range(4)] == [0, 2, 0, 2]


def test_only_cameras_that_move_show_a_moving_view() -> None:
    needs("pygame")
    assert pygame.PygameGame("aliens", 0).kind_of(frozenset({"left"})) == "move_figure"
    assert pygame.PygameGame("aliens", 0).kind_of(frozenset({"fire"})) == "act"


class Road:
    """A straight lane along x, 4 m wide, from x = 0 to x = 100."""

    def local_coordinates(self, position: np.ndarray) -> tuple[float, float]:
        return float(position[0]), float(position[1])

    def position(self, along: float, across: float) -> np.ndarray:
        return np.array([along, across])

    def heading_at(self, along: float) -> float:
        return 0.0

    def width_at(self, along: float) -> float:
        return 4.0


class Car:
    LENGTH = 5.0

    def __init__(self, x: float, y: float, heading: float, speed: float) -> None:
        self.lane, self.position, self.heading = Road(), np.array([x, y]), heading
        self.speed = speed

    @property
    def on_road(self) -> bool:
        return abs(self.position[1]) <= 2 and self.position[0] <= 100


def test_a_car_steers_itself_back_but_for_the_keys() -> None:
    nobody, left, right = (frozenset(names.split()) for names in ("", "left", "right"))
    assert highway.steering(Car(10, 0, 0, 20), nobody) == 0
    assert (
        highway.steering(Car(10, 1, 0, 20), nobody)
        < 0
        < highway.steering(Car(10, -1, 0, 20), nobody)
    )
    assert highway.steering(Car(10, 0, 0.3, 20), nobody) < 0
    car = Car(10, 0, 0, 20)
    assert highway.steering(car, right) == -highway.steering(car, left) > 0
    pressed = 20**2 / car.LENGTH * np.tan(highway.steering(car, right))
    assert pressed == pytest.approx(highway.SIDEWAYS_M_S2)
    assert highway.steering(Car(10, 0, 0, 0), right) == highway.STEER_RANGE_RAD


def test_pedals_reach_the_top_speed_and_stop() -> None:
    gas, brake, nothing = (frozenset(names.split()) for names in ("gas", "brake", ""))
    assert highway.acceleration(Car(0, 0, 0, 30), gas, 30) == 0
    assert highway.acceleration(Car(0, 0, 0, 20), gas, 30) > 0
    assert highway.acceleration(Car(0, 0, 0, 20), nothing, 30) < 0
    assert highway.acceleration(Car(0, 0, 0, 5), nothing, 30) > 0
    assert highway.acceleration(Car(0, 0, 0, 5), brake, 30) == -highway.BRAKE_M_S2
    assert highway.acceleration(Car(0, 0, 0, 0), brake, 30) == 0


def test_a_guard_rail_holds_a_car_on_its_road() -> None:
    beside = Car(10, 3, 0.4, 20)
    assert highway.keep_on_road(beside)
    assert tuple(beside.position) == (10, 2)
    assert 0 < beside.heading < 0.4
    within = Car(10, 1, 0.4, 20)
    assert highway.keep_on_road(within)
    assert (*within.position, within.heading) == (10, 1, 0.4)
    assert not highway.keep_on_road(Car(101, 0, 0, 20))  # the road's end
