"""The list of replays, what is skipped, and the command around it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pyanalyzer.__main__ import main
from pyanalyzer.errors import UsageError
from pyanalyzer.records import Region
from pyanalyzer.simulate import generate, plan_jobs, read_truth
from pyanalyzer.simulate import replay as replay_module
from pyanalyzer.simulate.encode import EncoderSettings, Layout
from pyanalyzer.simulate.engine import Action, SimulationError
from pyanalyzer.simulate.policy import plan_actions
from pyanalyzer.simulate.session import Job, Look, Session, job_rng
from pyanalyzer.simulate.splits import GAMES
from pyanalyzer.simulate.truth import truth_path
from tests.simulate_toy import FLASH, ToyGame

LAYOUT = Layout(160, 96, Region(16, 0, 128, 96), smooth=False)
LOOK = Look(LAYOUT, EncoderSettings(crf=20, b_frames=2, gop_frames=30), stride=1)


def toy_job(folder: Path, game: str = "toy") -> Job:
    return Job("ale", game, "train", 0, 3.0, 0, folder / "toy_00.mp4")


def use_toy(monkeypatch: pytest.MonkeyPatch, actions: Sequence[Action], look: Look = LOOK) -> None:
    """Jobs play the toy game under ``actions``; ``broken`` cannot, ``glitch`` diverges."""

    def set_up(job: Job) -> Session:
        if job.game == "broken":
            raise SimulationError("broken: cannot be played")
        glitch = 25 if job.game == "glitch" else None
        return Session(ToyGame([100], glitch), list(actions), look, {"turning": "keys"})

    monkeypatch.setattr(replay_module, "set_up", set_up)


def busy() -> list[Action]:
    return plan_actions(ToyGame.channels, False, 180, 60.0, np.random.default_rng(7))


def fire_only() -> list[Action]:
    return [Action(frozenset({"fire"} if t % 40 >= 20 else ())) for t in range(180)]


def test_first_replay_of_every_game_comes_first_and_engines_take_turns(tmp_path: Path) -> None:
    jobs = plan_jobs(tmp_path, splits=["train"], replays=2, seconds=5)
    games = len(GAMES["ale"]["train"]) + len(GAMES["doom"]["train"])
    assert len(jobs) == 2 * games
    assert {job.replay for job in jobs[:games]} == {0}
    first = [job.engine for job in jobs[:20]]
    assert 5 <= first.count("doom") <= 10
    assert len({job.video for job in jobs}) == len(jobs)
    assert plan_jobs(tmp_path, splits=["train"], replays=2, seconds=5) == jobs


def test_replays_of_different_games_numbers_and_seeds_differ(tmp_path: Path) -> None:
    job = toy_job(tmp_path)
    others = [replace(job, game="toy2"), replace(job, replay=1), replace(job, seed=1)]
    draws = {float(job_rng(j).random()) for j in [job, *others, replace(job, seconds=9.0)]}
    assert len(draws) == 4


def test_unknown_games_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no game named pong in ale / train"):
        plan_jobs(tmp_path, engines=["ale"], splits=["train"], games=["pong", "alien"])


def test_truth_is_in_frames_and_px_of_the_video(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_toy(monkeypatch, fire_only())
    (result,) = generate([toy_job(tmp_path)])
    assert getattr(result, "outcome", result) == "made"
    truth = read_truth(tmp_path / "toy_00.truth.json")
    assert (truth.width_px, truth.height_px, truth.frames) == (160, 96, 180)
    assert [event.frame for event in truth.world_events] == [100]
    scaled = Region(16 + 2 * FLASH.x_px, 2 * FLASH.y_px, 2 * FLASH.w_px, 2 * FLASH.h_px)
    seen = [c for c in truth.changes if c.observable]
    assert {c.region_px for c in seen} == {scaled}
    assert all(c.onset_frame == c.press_frame + 3 for c in seen)
    assert 100 not in {c.press_frame for c in truth.changes}
    assert truth.settings["turning"] == "keys"


def test_half_rate_maps_frames_to_those_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_toy(monkeypatch, fire_only(), replace(LOOK, stride=2))
    list(generate([toy_job(tmp_path)]))
    truth = read_truth(tmp_path / "toy_00.truth.json")
    assert (truth.frames, truth.frame_rate) == (90, 30)
    first = truth.changes[0]  # pressed at 20 of 60 a second, seen at 23: in the frame of 24
    assert (first.press_frame, first.onset_frame) == (10, 12)


def test_what_is_there_is_kept_and_what_does_not_match_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_toy(monkeypatch, busy())
    job = toy_job(tmp_path)

    def outcome(job: Job) -> str:
        (result,) = generate([job])
        return getattr(result, "outcome", str(result))

    assert outcome(job) == "made"
    before = truth_path(job.video).read_bytes()
    assert outcome(job) == "kept"
    assert outcome(replace(job, seed=1)) == "made"
    assert outcome(job) == "made"
    assert truth_path(job.video).read_bytes() == before
    truth_path(job.video).write_text("{")
    assert outcome(job) == "made"
    job.video.unlink()
    assert outcome(job) == "made"


def test_a_replay_that_shows_nothing_is_skipped_once_and_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = [Action(frozenset({"dead"} if t % 20 >= 10 else ())) for t in range(180)]
    use_toy(monkeypatch, dead)
    for _ in range(2):
        (result,) = generate([toy_job(tmp_path)])
        assert getattr(result, "outcome", result) == "skipped"
    assert [file.name for file in tmp_path.iterdir()] == ["toy_00.skipped.json"]
    reason = json.loads((tmp_path / "toy_00.skipped.json").read_text())["reason"]
    assert reason.startswith("only 0 visible onsets of 16 changes")


def test_one_failure_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_toy(monkeypatch, busy())
    results = list(generate([toy_job(tmp_path, "broken"), toy_job(tmp_path)]))
    assert isinstance(results[0], SimulationError)
    assert getattr(results[1], "outcome", None) == "made"


def test_a_game_that_diverges_is_named_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_toy(monkeypatch, fire_only())
    (result,) = generate([toy_job(tmp_path, "glitch")])
    assert str(result).startswith("ale/glitch, replay 0: the game does not repeat itself")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "options",
    [
        ["--seconds", "0.5"],
        ["--replays", "0"],
        ["--workers", "0"],
        ["--seed", "-1"],
        ["--first", "0"],
        ["--games", "no_such_game"],
        ["--engines", "nes"],
        ["--seconds", "nan"],
    ],
)
def test_bad_options_are_usage_errors(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", "--out", str(tmp_path / "replays"), *options]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert not (tmp_path / "replays").exists()


def test_command_makes_replays_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_toy(monkeypatch, busy())
    options = ["--engines", "ale", "--split", "validation", "--games", "pong", "--workers", "1"]
    assert main(["simulate", "--out", str(tmp_path), *options]) == 0
    assert "1 made; 180 frames" in capsys.readouterr().err
    assert (tmp_path / "ale" / "validation" / "pong_00.mp4").is_file()


def test_command_fails_where_a_replay_could_not_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def set_up(job: Job) -> Session:
        raise SimulationError(f"{job.game}: cannot be played")

    monkeypatch.setattr(replay_module, "set_up", set_up)
    options = ["--engines", "ale", "--split", "test", "--games", "tennis", "--workers", "1"]
    assert main(["simulate", "--out", str(tmp_path), *options]) == 1
    assert "tennis: cannot be played" in capsys.readouterr().err
