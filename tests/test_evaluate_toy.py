"""The whole way on the toy game: played, recorded, analysed by untrained weights, kept, scored.

Untrained weights find nothing of worth; what is checked is that nothing is lost on the way.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from pyanalyzer.__main__ import main
from pyanalyzer.core.looks import Looks
from pyanalyzer.decode import open_replay
from pyanalyzer.records import Region
from pyanalyzer.score.configuration import NetworkConfiguration
from pyanalyzer.score.looks import LooksEncoder, LooksScorer
from pyanalyzer.score.model import LoadedModel, Network, weights_bytes
from pyanalyzer.simulate import generate, read_truth
from pyanalyzer.simulate import replay as replay_module
from pyanalyzer.simulate.encode import EncoderSettings, Layout
from pyanalyzer.simulate.policy import plan_actions
from pyanalyzer.simulate.session import Job, Look, Session
from pyanalyzer.simulate.truth import every, truth_path, write_truth
from pyanalyzer.timeline import TimelineParameters
from pyanalyzer.timeline.places import FEATURES, PlaceWeights, fit_places
from pyanalyzer.train.cache import build, read_index
from pyanalyzer.train.place_fit import fit_place_weights, known_places
from pyanalyzer.train.timeline_fit import fit_fast_timeline, label_fast_scores
from pyanalyzer.train.validate import score_cached
from tests.media import moving, write_video
from tests.simulate_toy import ToyGame

SMALL = NetworkConfiguration(
    map_width=8, crop_width=8, candidate_width=8, temporal_width=16, dilations=(1, 2)
)


@pytest.fixture
def replays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One replay of the toy game, of two seconds."""
    look = Look(
        Layout(160, 96, Region(16, 0, 128, 96), smooth=False),
        EncoderSettings(crf=20, b_frames=2, gop_frames=30),
        stride=1,
    )
    actions = plan_actions(ToyGame.channels, False, 120, 60.0, np.random.default_rng(7))
    monkeypatch.setattr(
        replay_module, "set_up", lambda job: Session(ToyGame(), list(actions), look, {})
    )
    (made,) = generate([Job("ale", "toy", "test", 0, 2.0, 0, tmp_path / "toy_00.mp4")])
    assert getattr(made, "outcome", made) == "made"
    return tmp_path


def test_analysed_kept_and_scored_again(replays: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(0)
    weights = replays / "untrained.safetensors"
    parameters = TimelineParameters().to_record()
    training = {"settings": {"without_engines": ["ale"]}, "games": ["doom/freedoom2/MAP01"]}
    weights.write_bytes(
        weights_bytes(Network(SMALL), name="untrained", timeline=parameters, training=training)
    )
    kept, first, again = replays / "kept", replays / "first.json", replays / "again.json"
    save = ["--weights", str(weights), "--save-timelines", str(kept), "--json", str(first)]
    assert main(["evaluate", str(replays), *save]) == 0
    load = ["--from-timelines", str(kept), "--json", str(again)]
    assert main(["evaluate", str(replays), *load, "--html", str(replays / "report.html")]) == 0
    assert "Left out of the training of the weights used on them: ale" in capsys.readouterr().out
    assert first.read_bytes() == again.read_bytes()
    record = json.loads(first.read_text())
    assert record["models"][0]["without_engines"] == ["ale"]
    assert record["all"]["onsets"] == len(read_truth(replays / "toy_00.truth.json").onsets()) > 3
    assert "ale/toy" in (replays / "report.html").read_text(encoding="utf-8")


def test_the_fast_timeline_is_fitted_to_fast_analyses(replays: Path) -> None:
    torch.manual_seed(0)
    model = LoadedModel(Network(SMALL).eval(), "untrained", "", {})
    (video,) = replays.glob("*.mp4")
    scores = label_fast_scores(model.parts, video)
    assert scores.frames is not None
    steps = np.diff(scores.frames)
    assert scores.frames[0] == 0
    assert set(steps) <= {2, 3}
    assert np.diff(scores.times_s) == pytest.approx(steps / 60, abs=1e-6)
    assert scores.onsets.tolist() == [o.frame for o in read_truth(truth_path(video)).onsets()]
    parameters = TimelineParameters(bias_player=2.0)
    fitted = fit_fast_timeline(model.parts, [video], parameters)
    assert fitted.prior == parameters.prior
    assert fitted.bias_player == 2.0
    assert fitted.calibration != parameters.calibration
    assert fit_fast_timeline(model.parts, [], parameters) is parameters


def test_places_are_learned_from_the_local_changes_that_are_found(replays: Path) -> None:
    torch.manual_seed(0)
    model = LoadedModel(Network(SMALL).eval(), "untrained", "", {})
    (video,) = replays.glob("*.mp4")
    parameters = TimelineParameters(bias_player=6.0)  # an untrained network finds something, then
    found = list(known_places(model.parts, video, parameters))
    truth = read_truth(truth_path(video))
    assert 0 < len(found) <= len(truth.onsets())
    for known in found:
        assert known.game == f"{truth.engine}/{truth.game}"
        assert known.features.shape == (known.hits.size, len(FEATURES))
        assert np.isfinite(known.features).all()
    assert any(known.hits.any() for known in found)
    assert fit_place_weights(model.parts, [video], parameters) == fit_places(found)
    assert fit_place_weights(model.parts, [], parameters) == PlaceWeights()


def test_the_cache_holds_every_look(replays: Path) -> None:
    """Scored from the cache, a replay is what an analysis sees of it."""
    torch.manual_seed(0)
    model = LoadedModel(Network(SMALL).eval(), "untrained", "", {})
    (video,) = replays.glob("*.mp4")
    folder = replays / "cache"
    folder.mkdir()
    assert build(video, folder) == build(video, folder)
    (cached,) = read_index(folder)
    far = cached.further
    assert [part.frames for part in (cached, *far)] == [120, 60, 60]
    assert cached.smaller is None
    assert [part.frame_rate for part in far] == [30.0, 30.0]
    for first, part in enumerate(far):
        shown = {-((first - onset) // 2) for onset in cached.onsets}
        assert set(part.onsets) == {frame for frame in shown if frame < 60}
    with open_replay(str(video)) as replay:
        info = replay.info
        looks = Looks(info.width_px, info.height_px, back=2)
        encoder, scorer = LooksEncoder(info.time_base, 2), LooksScorer(model.parts, back=2)
        for frame in replay:
            scorer.push(encoder.encode(looks.push(frame)), frame.index, frame.pts)
    expected, scores = scorer.finish(), score_cached(model, cached)
    for name in ("index", "cause_onset", "kind", "candidate"):
        np.testing.assert_array_equal(getattr(scores, name), getattr(expected, name))


def test_the_cache_holds_a_slow_replay_smaller_as_well(replays: Path) -> None:
    folder = replays / "cache"
    folder.mkdir()
    truth = read_truth(truth_path(replays / "toy_00.mp4"))
    slow = dataclasses.replace(every(truth, 2, 0), width_px=320, height_px=240)
    video = replays / "slow_00.mp4"
    write_video(video, [moving(i, 320, 240) for i in range(slow.frames)], rate=30)
    write_truth(slow, truth_path(video))
    build(video, folder)
    (cached,) = read_index(folder)
    assert (cached.frame_rate, cached.grid, cached.further) == (30.0, (30, 40), ())
    assert cached.smaller is not None
    assert (cached.smaller.grid, cached.smaller.frames) == ((15, 20), slow.frames)
    assert cached.smaller.onsets == cached.onsets
