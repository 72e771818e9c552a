"""The real engines, for a few seconds each: exact, reproducible, and honest when missing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from pyanalyzer.records import U8
from pyanalyzer.simulate.ale import AtariGame, Variant
from pyanalyzer.simulate.counterfactual import replay_branch
from pyanalyzer.simulate.doom import DoomGame, DoomOptions, Episode
from pyanalyzer.simulate.encode import full
from pyanalyzer.simulate.engine import Action, SimulationError
from pyanalyzer.simulate.gymnasium import GymnasiumGame
from pyanalyzer.simulate.panda3d import PandaGame
from pyanalyzer.simulate.policy import change_frames, plan_actions
from pyanalyzer.simulate.pyxel import PyxelGame
from pyanalyzer.simulate.replay import label, make_replay
from pyanalyzer.simulate.session import Job, set_up
from pyanalyzer.simulate.splits import EngineName
from pyanalyzer.simulate.truth import read_truth, truth_path
from tests.media import assert_same_pictures

EXTRA = "the extra `train` is not installed"
SMALL = DoomOptions(width_px=320, height_px=240)


def job(tmp_path: Path, engine: EngineName, game: str, seconds: float) -> Job:
    if engine == "ale":
        pytest.importorskip("ale_py", reason=EXTRA)
    else:
        pytest.importorskip("vizdoom", reason=EXTRA)
    return Job(engine, game, "validation", 0, seconds, 0, tmp_path / "x.mp4")


def test_what_a_short_atari_frame_leaves_undrawn_is_no_difference(tmp_path: Path) -> None:
    """A state lacks the pictures that the emulator draws into; some games show what was in them."""
    yars = replace(job(tmp_path, "ale", "yars_revenge", 3.0), split="test", seed=1)
    assert make_replay(yars).outcome == "made"


@pytest.mark.parametrize(
    ("engine", "game", "seconds", "rate"),
    [("ale", "freeway", 4.0, 60), ("doom", "freedoom2/MAP03", 3.0, 35)],
)
def test_a_replay_and_its_truth_agree_and_repeat(
    tmp_path: Path, engine: EngineName, game: str, seconds: float, rate: int
) -> None:
    first = job(tmp_path, engine, game, seconds)
    result = make_replay(first)
    assert result.outcome == "made"
    truth = read_truth(truth_path(first.video))
    assert (truth.frames, truth.frame_rate) == (round(seconds * rate), rate)
    assert (truth.engine, truth.game, truth.split) == (engine, game, "validation")
    assert result.onsets == len(truth.onsets()) > 0
    with av.open(str(first.video)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (truth.width_px, truth.height_px)
        assert sum(1 for _ in container.decode(stream)) == truth.frames

    assert make_replay(first).outcome == "kept"
    again = replace(first, video=tmp_path / "again" / "x.mp4")
    again.video.parent.mkdir()
    make_replay(again)
    assert truth_path(again.video).read_bytes() == truth_path(first.video).read_bytes()
    assert_same_pictures(again.video, first.video)


def test_atari_branches_repeat_the_recording_exactly() -> None:
    pytest.importorskip("ale_py", reason=EXTRA)
    game = AtariGame("pong", seed=1)
    actions = plan_actions(game.channels, False, 240, 60.0, np.random.default_rng(2))
    forks = change_frames(actions)
    recording = game.play(actions, forks)
    for fork in forks:
        pictures = list(game.branch(fork, actions[fork : fork + 20]))
        expected = recording.pictures[fork : fork + 20]
        assert all(np.array_equal(a, b) for a, b in zip(pictures, expected, strict=True))


def test_atari_controls_are_the_games_own() -> None:
    pytest.importorskip("ale_py", reason=EXTRA)
    assert [c.options for c in AtariGame("freeway", 0).channels] == [("up", "down")]
    assert [c.options for c in AtariGame("breakout", 0).channels] == [("left", "right"), ("fire",)]


def test_atari_variants_are_other_games_that_repeat_exactly() -> None:
    pytest.importorskip("ale_py", reason=EXTRA)
    actions = [Action(frozenset({"fire"}))] * 20 + [Action()] * 100
    pictures: dict[Variant, list[U8]] = {}
    for variant in (Variant(0, 0), Variant(8, 1)):
        game = AtariGame("space_invaders", seed=1)
        assert variant in game.variants
        game.set_variant(variant)
        recording = game.play(actions, [60])
        pictures[variant] = list(recording.pictures)
        branch = list(game.branch(60, actions[60:]))
        assert all(map(np.array_equal, branch, recording.pictures[60:]))
    assert any(not np.array_equal(a, b) for a, b in zip(*pictures.values(), strict=True))
    with pytest.raises(SimulationError, match="no such variant of space_invaders: mode 99"):
        AtariGame("space_invaders", 0).set_variant(Variant(99, 0))


def test_later_atari_replays_are_of_random_variants(tmp_path: Path) -> None:
    pytest.importorskip("ale_py", reason=EXTRA)
    first = job(tmp_path, "ale", "space_invaders", 1.0)
    options = [set_up(replace(first, replay=n)).options for n in range(6)]
    assert options[:2] == [{}, {}]
    assert all(set(o) == {"mode", "difficulty"} for o in options[2:])
    assert len({tuple(o.values()) for o in options[2:]}) > 1


def doom(actions: Sequence[Action], **options: bool | float) -> DoomGame:
    pytest.importorskip("vizdoom", reason=EXTRA)
    episodes = [Episode(11, tuple(actions[:10])), Episode(12, ())]
    return DoomGame("freedoom2/MAP03", episodes, 60, replace(SMALL, **options))  # type: ignore[arg-type]


def walk(*spells: tuple[str, int]) -> list[Action]:
    return [Action(frozenset(names.split())) for names, frames in spells for _ in range(frames)]


def test_doom_turns_at_once_and_two_episodes_are_cut() -> None:
    actions = walk(("", 20), ("turn_left", 15), ("", 35), ("turn_right", 20))
    game = doom([Action()] * 10)
    try:
        recording = game.play(actions, ())
        assert recording.cuts == recording.resets == (60,)
        start, stop, second = label(game, recording, actions)
    finally:
        game.close()
    assert (start.press_frame, start.onset_frame, start.kind) == (20, 20, "view")
    assert start.differing_share > 0.3
    assert (stop.press_frame, stop.onset_frame) == (35, 35)
    assert (second.press_frame, second.onset_frame) == (70, 70)


def test_doom_branches_differ_by_their_actions_alone() -> None:
    rng = np.random.default_rng(4)
    game = doom([Action()] * 10, crosshair=True)
    try:
        actions = plan_actions(game.channels, game.axis, 60, 35.0, rng)
        recording = game.play(actions, ())
        for fork in (5, 30, 42):
            first, second = (
                replay_branch(game, recording, actions[: fork + 15], fork) for _ in range(2)
            )
            assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    finally:
        game.close()


def test_doom_use_of_nothing_is_not_observable() -> None:
    actions = walk(("", 20), ("use", 4), ("", 30))
    game = doom([Action()] * 10)
    try:
        changes = label(game, game.play(actions, ()), actions)
    finally:
        game.close()
    assert [change.observable for change in changes] == [False, False]


@pytest.mark.parametrize(
    ("module", "make"),
    [
        ("ale_py", lambda: AtariGame("pong", 0)),
        ("vizdoom", lambda: DoomGame("freedoom2/MAP03", [Episode(1, ())], 10, SMALL)),
        ("pyxel", lambda: PyxelGame("jump", 0)),
        ("Box2D", lambda: GymnasiumGame("lunar_lander", 0)),
        ("panda3d", lambda: PandaGame("marble", 0, full(320, 240))),
    ],
)
def test_missing_engine_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, module: str, make: Callable[[], object]
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SimulationError, match=r'pip install "pyanalyzer\[train\]"'):
        make()


def test_unknown_games_are_named() -> None:
    pytest.importorskip("ale_py", reason=EXTRA)
    with pytest.raises(SimulationError, match="'chess_2'"):
        AtariGame("chess_2", 0)
    with pytest.raises(SimulationError, match="cannot run it"):
        AtariGame("warlords", 0)  # without the check, the emulator ends the process
    pytest.importorskip("vizdoom", reason=EXTRA)
    for name in ("freedoom3/MAP01", "freedoom2", "freedoom2/MAP99"):
        with pytest.raises(SimulationError, match=name):
            DoomGame(name, [Episode(1, ())], 10, SMALL)
