"""Made games: exact, different from each other, moved by the player and by themselves."""

from __future__ import annotations

import pickle
import zlib
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from pyanalyzer.errors import UsageError
from pyanalyzer.records import U8
from pyanalyzer.simulate import plan_jobs
from pyanalyzer.simulate.engine import Action, DivergedError, Recording, SimulationError
from pyanalyzer.simulate.maker import chance
from pyanalyzer.simulate.maker.behaviour import intend
from pyanalyzer.simulate.maker.families import WORLDS
from pyanalyzer.simulate.maker.game import MakerGame
from pyanalyzer.simulate.maker.names import (
    FAMILIES,
    FIRST_FAMILIES,
    LATER_FAMILIES,
    TEST_FAMILY,
    TRAINED_FAMILIES,
    VALIDATION_FAMILY,
    game_names,
    parse,
)
from pyanalyzer.simulate.maker.palette import LEAST_CONTRAST, draw_palette, luma
from pyanalyzer.simulate.maker.state import Actor, State
from pyanalyzer.simulate.policy import change_frames, plan_actions
from pyanalyzer.simulate.replay import label, make_replay
from pyanalyzer.simulate.session import Job, maker_layout
from pyanalyzer.simulate.splits import GAMES
from pyanalyzer.simulate.truth import read_truth, truth_path
from tests.media import assert_same_pictures

SECONDS = 2.0
NUMBERS = (31, 42)  # small pictures, so that the tests are quick
NAMES = [f"{family}/{number:04d}" for family in FAMILIES for number in NUMBERS]


def actions_for(game: MakerGame, seconds: float = SECONDS, seed: int = 5) -> list[Action]:
    rate = float(game.frame_rate)
    rng = np.random.default_rng(seed)
    return plan_actions(game.channels, game.axis, round(seconds * rate), rate, rng)


def played(name: str, seed: int = 1) -> tuple[MakerGame, list[Action], Recording]:
    game = MakerGame(name, seed)
    actions = actions_for(game)
    return game, actions, game.play(actions, change_frames(actions))


def digest(pictures: tuple[U8, ...]) -> int:
    return hash(b"".join(picture.tobytes() for picture in pictures))


@pytest.mark.parametrize("name", NAMES)
def test_a_branch_under_the_same_actions_repeats_every_pixel(name: str) -> None:
    game, actions, recording = played(name)
    again = MakerGame(name, 1).play(actions, ())
    assert digest(again.pictures) == digest(recording.pictures)
    assert again.cuts == recording.cuts
    width, height = game.size_px
    assert all(p.shape == (height, width, 3) and p.dtype == np.uint8 for p in recording.pictures)
    for fork in change_frames(actions)[::3]:
        for _ in range(2):  # a branch leaves the kept state as it was
            pictures = list(game.branch(fork, actions[fork : fork + 10]))
            expected = recording.pictures[fork : fork + len(pictures)]
            assert all(np.array_equal(a, b) for a, b in zip(pictures, expected, strict=True))


@pytest.mark.parametrize("family", FAMILIES)
def test_most_action_changes_can_be_seen(family: str) -> None:
    changes = []
    for number in NUMBERS:
        game, actions, recording = played(f"{family}/{number:04d}")
        changes += label(game, recording, actions)
    assert len(changes) >= 8
    assert sum(change.observable for change in changes) >= 0.45 * len(changes)
    kinds = {change.kind for change in changes if change.observable}
    assert kinds <= {"view", "avatar", "effect", "interface"}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_world_moves_without_the_player(family: str) -> None:
    game = MakerGame(f"{family}/0031", 2)
    idle = [Action()] * round(3 * float(game.frame_rate))
    state = game.world.begin(2)
    before = [(npc.x, npc.y) for npc in state.npcs]
    for action in idle:
        game.world.step(state, action.held, action.turn_deg)
    assert before
    assert [(npc.x, npc.y) for npc in state.npcs] != before


@pytest.mark.parametrize("family", FAMILIES)
def test_games_and_runs_of_a_family_differ(family: str) -> None:
    games = [MakerGame(f"{family}/{number:04d}", 1) for number in range(6)]
    firsts = {game.play([Action()], ()).pictures[0].tobytes() for game in games}
    assert len(firsts) == len(games)
    assert len({(game.size_px, game.frame_rate) for game in games}) > 1
    runs = [MakerGame(f"{family}/0001", seed) for seed in (1, 2)]
    idle = [Action()] * 60
    assert len({digest(run.play(idle, ()).pictures) for run in runs}) == 2


@pytest.mark.parametrize("family", FAMILIES)
def test_states_are_small_and_hold_all_that_changes(family: str) -> None:
    game = MakerGame(f"{family}/0042", 4)
    world, state = game.world, game.world.begin(4)
    for action in actions_for(game, 1.0):
        world.step(state, action.held, action.turn_deg)
    kept = pickle.dumps(state, pickle.HIGHEST_PROTOCOL)
    assert len(kept) < 30_000
    first, second = world.draw(state), world.draw(state)
    assert np.array_equal(first, second)  # drawing changes nothing
    assert pickle.dumps(state, pickle.HIGHEST_PROTOCOL) == kept


def test_held_out_families_train_nothing() -> None:
    def families(split: str) -> set[str]:
        return {parse(name)[0] for name in GAMES["maker"][split]}  # type: ignore[index]

    assert not families("train") & {VALIDATION_FAMILY, TEST_FAMILY}
    assert VALIDATION_FAMILY in families("validation") - families("test")
    assert TEST_FAMILY in families("test") - families("validation")
    trained = len(TRAINED_FAMILIES)
    assert families("train") | families("validation") | families("test") == set(WORLDS)
    assert [len(GAMES["maker"][s]) for s in ("train", "validation", "test")] == [
        400 * trained,
        50 * trained + 50,
        50 * trained + 50,
    ]
    for one, other in combinations(("train", "validation", "test"), 2):
        assert not set(GAMES["maker"][one]) & set(GAMES["maker"][other])  # type: ignore[index]


@pytest.mark.parametrize("name", ["platformer", "platformer/7", "chess/0001", "maze/0500", "pong"])
def test_unknown_games_are_named(name: str) -> None:
    with pytest.raises(SimulationError, match=f"no game named '{name}'.*maze/0042"):
        MakerGame(name, 0)


def test_a_frame_that_was_not_kept_cannot_be_branched() -> None:
    game = MakerGame("maze/0001", 0)
    game.play([Action()] * 5, {2})
    with pytest.raises(DivergedError, match="frame 3"):
        list(game.branch(3, [Action()]))


def test_a_replay_is_made_twice_alike(tmp_path: Path) -> None:
    job = Job("maker", "maze/0401", "validation", 0, 3.0, 0, tmp_path / "x.mp4")
    assert make_replay(job).outcome == "made"
    truth = read_truth(truth_path(job.video))
    assert (truth.engine, truth.game) == ("maker", "maze/0401")
    again = replace(job, video=tmp_path / "again" / "x.mp4")
    again.video.parent.mkdir()
    make_replay(again)
    assert truth_path(again.video).read_bytes() == truth_path(job.video).read_bytes()
    assert_same_pictures(again.video, job.video)


def test_the_first_games_are_a_fair_part_of_the_families(tmp_path: Path) -> None:
    jobs = plan_jobs(tmp_path, engines=["maker"], splits=["train", "test"], first=14)
    names = [job.game for job in jobs if job.split == "train"]
    assert len(jobs) == 28
    assert {parse(name)[0] for name in names[:6]} == set(FIRST_FAMILIES)
    assert {int(job.game[-4:]) for job in jobs if job.split == "test"} == {450, 451}


def test_later_families_leave_the_order_of_the_first_as_it_was() -> None:
    """What `--first` made before them is made still."""
    old = game_names(FIRST_FAMILIES, 0, 400)
    assert GAMES["maker"]["train"][: len(old)] == old
    old = game_names((*FIRST_FAMILIES, VALIDATION_FAMILY), 400, 450)
    assert GAMES["maker"]["validation"][: len(old)] == old
    old = game_names((*FIRST_FAMILIES, TEST_FAMILY), 450, 500)
    assert GAMES["maker"]["test"][: len(old)] == old


@pytest.mark.parametrize(
    ("name", "crc"),
    [("platformer/0007", 0x758C0094), ("corridor/0031", 0xEAA375AF), ("fighter/0450", 0x4A1CD02C)],
)
def test_games_stay_what_their_names_drew(name: str, crc: int) -> None:
    """Replays are kept for long: a game must never become another one."""
    game = MakerGame(name, 1)
    world, state = game.world, game.world.begin(1)
    for action in actions_for(game, 1.0):
        world.step(state, action.held, action.turn_deg)
    places = [(round(a.x, 3), round(a.y, 3), a.style) for a in (state.player, *state.npcs)]
    drawn = (world.size_px, world.rate, world.palette, world.channels, places)
    assert zlib.crc32(repr(drawn).encode()) == crc


def test_families_can_be_chosen(tmp_path: Path) -> None:
    families = ["maze", LATER_FAMILIES[0]]
    jobs = plan_jobs(tmp_path, engines=["maker", "ale"], families=families, first=6)
    made = [job.game for job in jobs if job.engine == "maker"]
    assert sorted(made) == sorted(f"{family}/000{k}" for family in families for k in range(3))
    assert sum(job.engine == "ale" for job in jobs) == 6


def test_families_that_cannot_be_chosen_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="need --engines maker"):
        plan_jobs(tmp_path, families=["maze"])
    with pytest.raises(
        UsageError, match=r"no family of made games named chess.*train.*: there are"
    ):
        plan_jobs(tmp_path, engines=["maker"], families=["chess", "maze"])
    with pytest.raises(UsageError, match=TEST_FAMILY):
        plan_jobs(tmp_path, engines=["maker"], families=[TEST_FAMILY])


def test_without_engines_only_real_games_are_played(tmp_path: Path) -> None:
    assert {job.engine for job in plan_jobs(tmp_path)} == {"ale", "doom"}


def test_puppets_hold_and_let_go_as_players_do() -> None:
    """Spells of many lengths, rests among them, the same whatever the player did."""
    npc = Actor(0, 0, ident=7, style="puppet")
    ways = []
    for tick in range(3000):
        state = State(3, Actor(tick, -tick), tick=tick)
        ways.append(intend(npc, state, 60.0)[:2])
    changes = [t for t in range(1, len(ways)) if ways[t] != ways[t - 1]]
    assert 1.0 < len(changes) / 50 < 4.0  # a second
    assert 0.1 < ways.count((0, 0)) / len(ways) < 0.5
    assert len(set(ways)) == 9
    assert len(set(np.diff(changes).tolist())) > 15


def test_layouts_are_even_and_hold_the_picture() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        width, height = int(rng.integers(80, 300)) * 2, int(rng.integers(60, 200)) * 2
        layout = maker_layout(width, height, rng)
        numbers = (layout.width_px, layout.height_px, *layout.box)
        assert all(number % 2 == 0 for number in numbers)
        assert layout.box.x_px + layout.box.w_px <= layout.width_px
        assert layout.box.h_px == layout.height_px


def test_figures_stand_out_from_the_ground() -> None:
    for seed in range(100):
        palette = draw_palette(np.random.default_rng(seed))
        for colour in (palette.player, palette.accent, *palette.foes):
            assert abs(luma(colour) - luma(palette.ground)) >= LEAST_CONTRAST


def test_chance_is_even_and_hangs_on_every_key() -> None:
    numbers = [chance.uniform(1, k) for k in range(4000)]
    counts, _ = np.histogram(numbers, bins=10, range=(0, 1))
    assert counts.min() > 320
    assert counts.max() < 480
    assert len({chance.hashed(1, 2), chance.hashed(2, 1), chance.hashed(1, 2, 0)}) == 3
    spells = [chance.spell_ticks(60.0, k) for k in range(500)]
    assert min(spells) >= 3
    assert max(spells) <= 150
