"""The second look: what is kept of the first, what is learned from it, how sure it then is."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pyanalyzer.adapt.learn import Adaptation, adapt
from pyanalyzer.adapt.sample import MOST_STRETCHES, STRETCH_FRAMES, ReplaySample, Run
from pyanalyzer.adapt.scale import OnsetScale, onset_log_odds
from pyanalyzer.adapt.targets import POSSIBLE_SHARE, SURE_SHARE, make_targets
from pyanalyzer.errors import UsageError
from pyanalyzer.pipeline import analyse
from pyanalyzer.records import CROP_PX, KINDS, MAX_PROPOSALS, Scores
from pyanalyzer.report.json_report import json_report, parse_timeline
from pyanalyzer.score.features import (
    GLOBAL_FEATURES,
    MAP_CHANNELS,
    PROPOSAL_FEATURES,
    FrameFeatures,
)
from pyanalyzer.score.model import LoadedModel, Network, weights_bytes
from pyanalyzer.settings import AnalysisSettings
from pyanalyzer.timeline import TimelineParameters
from pyanalyzer.train.cache import read_index
from pyanalyzer.train.timeline_fit import (
    fit_adapted_timeline,
    label_adapted_scores,
    label_scores,
)
from tests.media import moving, write_video
from tests.small_network import SMALL_PLAIN
from tests.test_train import plant

TIME_BASE = Fraction(1, 60)


def features(mark: int) -> FrameFeatures:
    return FrameFeatures(
        maps=np.full((len(MAP_CHANNELS), 4, 4), mark % 256, np.uint8),
        globals=np.full(len(GLOBAL_FEATURES), mark, np.float32),
        proposals=np.zeros((MAX_PROPOSALS, len(PROPOSAL_FEATURES)), np.float32),
        crops=np.zeros((MAX_PROPOSALS, 2, CROP_PX, CROP_PX), np.uint8),
    )


def scores_of(cause_onset: np.ndarray, first: int = 0) -> Scores:
    frames = len(cause_onset)
    at = np.arange(first, first + frames)
    return Scores(
        at,
        at * 2,
        cause_onset.astype(np.float32),
        np.zeros((frames, len(KINDS)), np.float32),
        np.zeros((frames, 1 + MAX_PROPOSALS), np.float32),
    )


def log_p(player: np.ndarray) -> np.ndarray:
    rest = (1 - player) / 2
    return np.log(np.stack([rest, player, rest], axis=1)).astype(np.float32)


@pytest.mark.parametrize("frames", [1, 255, 256, 1000, STRETCH_FRAMES * MOST_STRETCHES])
def test_of_a_short_replay_all_is_kept_in_one_run(frames: int) -> None:
    sample = ReplaySample()
    p = log_p(np.linspace(0.01, 0.5, frames))
    for t in range(frames):
        sample.push(features(t))
        if t % 100 == 99:
            sample.scored(scores_of(p[t - 99 : t + 1], t - 99))
    rest = frames % 100
    sample.scored(scores_of(p[frames - rest :], frames - rest))
    (run,) = sample.runs()
    assert run.globals[:, 0].tolist() == list(range(frames))
    assert run.maps[:, 0, 0, 0].tolist() == [t % 256 for t in range(frames)]
    np.testing.assert_array_equal(run.cause_onset, p)
    assert run.pts.tolist() == [2 * t for t in range(frames)]


@settings(max_examples=8, deadline=None)
@given(st.integers(STRETCH_FRAMES * MOST_STRETCHES + 1, 40_000))
def test_of_a_long_replay_stretches_are_kept_that_lie_evenly(frames: int) -> None:
    sample = ReplaySample()
    one = features(0)
    for _ in range(frames):
        sample.push(one)
    p = log_p(np.linspace(0.001, 0.999, frames))
    sample.scored(scores_of(p))
    runs = sample.runs()
    begins = [int(run.pts[0]) // 2 for run in runs]
    (gap,) = set(np.diff(begins).tolist())
    assert gap % STRETCH_FRAMES == 0
    assert MOST_STRETCHES // 2 <= len(runs) <= MOST_STRETCHES
    assert begins[0] == 0
    assert begins[-1] + gap >= frames
    for run, begin in zip(runs, begins, strict=True):
        np.testing.assert_array_equal(run.cause_onset, p[begin : begin + len(run.maps)])
        assert len(run.maps) == min(STRETCH_FRAMES, frames - begin)


def planted_run(frames: int = 240) -> tuple[Run, list[int], list[int]]:
    """Sure onsets show in the maps, doubtful ones do too, but fainter."""
    rng = np.random.default_rng(3)
    sure, doubtful = [30, 70, 110, 150, 190], [50, 90, 130, 170, 210]
    player = np.full(frames, 0.001)
    player[sure], player[doubtful] = 0.9, 0.2
    maps = rng.integers(0, 20, (frames, len(MAP_CHANNELS), 8, 8), dtype=np.uint8)
    maps[sure, 2:6, 2:6, 2:6] += 120
    maps[doubtful, 2:6, 2:6, 2:6] += 90
    still = features(0)
    run = Run(
        maps=maps,
        globals=np.zeros((frames, len(GLOBAL_FEATURES)), np.float32),
        proposals=np.stack([still.proposals] * frames),
        crops=np.stack([still.crops] * frames),
        cause_onset=log_p(player),
        pts=np.arange(frames),
    )
    return run, sure, doubtful


def test_the_surest_are_learned_and_the_doubtful_left_open() -> None:
    run, sure, doubtful = planted_run()
    targets = make_targets(run, TimelineParameters(bias_player=6.0), TIME_BASE)
    expected = 5 * 0.9 + 5 * 0.2
    assert targets.sure == pytest.approx(SURE_SHARE * expected, abs=1)
    assert targets.sure < POSSIBLE_SHARE * expected
    at = np.flatnonzero(targets.player > 0.5)
    assert set(at.tolist()) <= set(sure)
    assert at.size == targets.sure
    assert targets.known[at].all()
    assert not targets.known[doubtful].any()
    assert targets.player[doubtful].max() == 0
    assert targets.known[:20].all()
    assert targets.player[:20].max() == 0


def test_what_is_like_the_surest_is_found() -> None:
    torch.manual_seed(0)
    run, _, doubtful = planted_run()
    network = Network(SMALL_PLAIN).eval()
    learned = adapt(
        network,
        [run],
        TimelineParameters(bias_player=6.0),
        TIME_BASE,
        adaptation=Adaptation(passes=1000, most_steps=150, learning_rate=1e-2, kept_share=0.0),
    )

    @torch.inference_mode()
    def player(of: Network) -> np.ndarray:
        inputs = (run.maps, run.globals, run.proposals, run.crops)
        heads = of(*(torch.from_numpy(array)[None] for array in inputs))
        return np.exp(heads.cause_onset[0, :, 1].numpy())

    quiet = np.setdiff1d(np.arange(20), doubtful)
    before, after = player(network), player(learned)
    assert after[doubtful].mean() > 5 * after[quiet].mean()
    assert after[doubtful].mean() / after[quiet].mean() > (
        2 * before[doubtful].mean() / before[quiet].mean()
    )


@pytest.mark.parametrize("threads", [2, 7])
def test_threads_change_nothing(threads: int) -> None:
    torch.manual_seed(0)
    run, _, _ = planted_run()
    network = Network(SMALL_PLAIN)
    few = Adaptation(most_steps=3, clip_frames=100)
    parameters = TimelineParameters(bias_player=6.0)
    asked = [run, replace(run, maps=run.maps[::-1].copy())]
    one, several = (
        adapt(network, asked, parameters, TIME_BASE, threads=n, adaptation=few)
        for n in (1, threads)
    )
    changed = False
    start = network.state_dict()
    for name, held in one.state_dict().items():
        assert torch.equal(held, several.state_dict()[name]), name
        changed |= not torch.equal(held, start[name])
    assert changed


def test_where_nothing_is_sure_nothing_is_learned() -> None:
    run, _, _ = planted_run()
    run = replace(run, cause_onset=log_p(np.full(run.pts.size, 1e-5)))
    network = Network(SMALL_PLAIN)
    learned = adapt(network, [run], TimelineParameters(bias_player=6.0), TIME_BASE)
    for name, held in learned.state_dict().items():
        assert torch.equal(held, network.state_dict()[name]), name


@given(st.integers(0, 2**32 - 1))
def test_the_second_look_is_as_sure_as_the_first(seed: int) -> None:
    rng = np.random.default_rng(seed)
    before, after = (log_p(rng.uniform(0.001, 0.999, 50)) for _ in range(2))
    scale = OnsetScale(np.sort(onset_log_odds(after)), np.sort(onset_log_odds(before)))
    scaled = scale(scores_of(after)).cause_onset
    np.testing.assert_allclose(np.exp(scaled).sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(
        np.sort(onset_log_odds(scaled)), np.sort(onset_log_odds(before)), atol=1e-3
    )
    order = np.argsort(onset_log_odds(after))
    assert (np.diff(onset_log_odds(scaled)[order]) >= -1e-3).all()
    # Beyond the sample it goes on as it ended.
    beyond = log_p(np.array([1e-4, 0.9999]))
    shifts = onset_log_odds(scale(scores_of(beyond)).cause_onset) - onset_log_odds(beyond)
    ends = [scale.before[0] - scale.after[0], scale.before[-1] - scale.after[-1]]
    np.testing.assert_allclose(shifts, ends, atol=1e-2)


def test_an_analysis_that_looks_twice(tmp_path: Path) -> None:
    torch.manual_seed(1)
    weights = tmp_path / "small.safetensors"
    timelines = {
        name: TimelineParameters(threshold=threshold).to_record()
        for name, threshold in (("timeline", 0.02), ("timeline_adapted", 0.01))
    }
    weights.write_bytes(weights_bytes(Network(SMALL_PLAIN), name="small", training={}, **timelines))
    replay = write_video(tmp_path / "replay.mp4", [moving(i // 2) for i in range(90)], rate=30)
    stages: list[str] = []
    twice = AnalysisSettings(adapt=True, weights=str(weights), cause="all", threads=1)
    found: list[int] = []
    timeline = analyse(
        str(replay),
        twice,
        lambda progress: stages.append(progress.stage),
        on_event=lambda event, _: found.append(event.id),
    )
    order = list(dict.fromkeys(stages))
    assert order == ["a first look", "learning from it", "analysing", "timeline"]
    assert found == [event.id for event in timeline.events]
    assert timeline.settings == {"adapt": True, "cause": "all"}
    assert parse_timeline(json_report(timeline), "twice.json").settings == timeline.settings
    again = analyse(str(replay), replace(twice, threads=3))
    assert json_report(again) == json_report(timeline)
    once = analyse(str(replay), replace(twice, adapt=False))
    assert once.curves is not None
    assert timeline.curves is not None
    assert not np.array_equal(once.curves.player_score, timeline.curves.player_score)


def test_how_sure_a_second_look_can_be_is_learned(tmp_path: Path) -> None:
    plant(tmp_path / "0.safetensors", 0, "validation")
    (replay,) = read_index(tmp_path)
    torch.manual_seed(0)
    parameters = TimelineParameters(bias_player=6.0, prior_weight=0.5)
    model = LoadedModel(Network(SMALL_PLAIN).eval(), "small", "", parameters.to_record())
    first, second = label_scores(model, replay), label_adapted_scores(model, replay)
    assert second.game == first.game
    assert not np.array_equal(first.cause_onset, second.cause_onset)
    np.testing.assert_allclose(
        np.sort(onset_log_odds(first.cause_onset)),
        np.sort(onset_log_odds(second.cause_onset)),
        atol=1e-3,
    )
    fitted = fit_adapted_timeline(model, [replay], parameters)
    assert (fitted.bias_player, fitted.prior_weight) == (6.0, 0.5)
    assert fitted.calibration != parameters.calibration
    assert fit_adapted_timeline(model, [], parameters) == parameters


def test_one_cannot_hurry_and_look_twice() -> None:
    with pytest.raises(UsageError, match="either fast or adapt"):
        AnalysisSettings(fast=True, adapt=True)
