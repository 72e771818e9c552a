"""``pyanalyzer evaluate``: planted analyses scored, kept, and scored again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from pyanalyzer.__main__ import main
from pyanalyzer.commands.evaluate import ReplayJob, score_replay
from pyanalyzer.evaluate.matching import Counts
from pyanalyzer.evaluate.models import (
    EvaluatedModel,
    false_alarm_promises,
    models_of,
    provenance_lines,
)
from pyanalyzer.evaluate.protocol import DETECTOR, REFERENCE, score_case
from pyanalyzer.evaluate.saved import Baselines, saved_stem, write_model, write_replay
from pyanalyzer.records import ModelSummary, Timeline
from pyanalyzer.score.parts import NetworkParts, ScoringModel
from pyanalyzer.settings import AnalysisSettings
from pyanalyzer.simulate.truth import truth_path, write_truth
from pyanalyzer.timeline import TimelineParameters
from tests.planted_evaluation import MODEL, SHA256, case, event, timeline, truth


@pytest.fixture
def replays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two replays with truth, and an analysis that finds every onset of the even games."""
    from pyanalyzer import pipeline
    from pyanalyzer.evaluate import baselines

    found: dict[str, Timeline] = {}
    for name, split in (("boxing", "train"), ("pong", "test")):
        video = tmp_path / f"{name}.mp4"
        video.write_bytes(b"")
        true = replace(truth([50, 100, 200], name), split=split)
        write_truth(true, truth_path(video))
        events = [event(10, 0.2), event(50), event(100)]
        found[str(video)] = timeline(true, events, sha256(b"").hexdigest())

    def analyse(path: str, settings: AnalysisSettings) -> Timeline:
        assert settings.min_confidence == 0.0
        return found[path]

    parameters = TimelineParameters()
    model = ScoringModel(
        parts=cast(NetworkParts, None),  # nothing is analysed
        name="planted",
        sha256=SHA256,
        timeline=parameters.to_record(),
        training={"settings": {"without_engines": []}, "games": ["ale/boxing"]},
    )
    monkeypatch.setattr(pipeline, "analyse", analyse)
    monkeypatch.setattr(pipeline, "load_weights", lambda settings: model)
    monkeypatch.setattr(baselines, "thumbnail_difference", lambda path: np.zeros(300))
    monkeypatch.setattr(baselines, "scene_cuts", lambda path: np.array([7]))
    return tmp_path


def test_command(replays: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = replays / "scores.json"
    assert main(["evaluate", str(replays), "--split", "test", "--json", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "ale/pong" in printed
    assert "boxing" not in printed
    assert "trained on" not in printed
    record = json.loads(out.read_text())
    assert record["models"] == [
        {"name": "planted", "sha256": SHA256, "threshold": 0.5, "without_engines": []}
    ]
    assert [split["name"] for split in record["splits"]] == ["test"]
    # To list the false event, too, 1 false alarm in 5 s must be allowed: 12 a minute.
    assert "asked for and found at 2 frames: 1: 0.0, 2: 0.0, 5: 0.0, 10: 0.0, 20: 12.0" in printed
    assert record["false_alarm_promises"][4]["false_alarms_per_min"] == 12.0
    assert record["all"]["methods"]["pyanalyzer"]["f1"][REFERENCE] == 0.8
    assert record["all"]["average_precision"][REFERENCE] == pytest.approx(2 / 3, abs=1e-4)

    videos = [str(replays / f"{name}.mp4") for name in ("boxing", "pong")]
    assert main(["evaluate", *videos, "--min-confidence", "0.1", "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert "1 of 2 games were trained on: ale/boxing" in printed
    assert "0.667" in printed  # F1 with the false alarm listed


def test_command_refuses(replays: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = replays / "empty"
    empty.mkdir()
    (replays / "alone.mp4").write_bytes(b"")
    cases = [
        ([str(empty)], 2, "no labelled replays"),
        ([str(replays), "--split", "validation"], 2, "of the split validation"),
        ([str(replays / "missing.mp4")], 1, "no such file or folder"),
        ([str(replays / "alone.mp4")], 1, "no such truth file"),
        ([str(replays), "--workers", "0"], 2, "workers must be at least 1"),
        ([str(replays), "--min-confidence", "2"], 2, "min-confidence must be"),
        ([str(replays), "--json", str(replays / "no" / "scores.json")], 1, "there is no folder"),
        ([str(replays), "--html", str(replays)], 1, "it is a folder"),
        ([str(replays), "--from-timelines", "x", "--save-timelines", "x"], 2, "not allowed with"),
        ([str(replays), "--from-timelines", "x", "--weights", "y"], 2, "either --weights or"),
    ]
    for arguments, code, message in cases:
        assert main(["evaluate", *arguments]) == code
        captured = capsys.readouterr()
        assert message in captured.err
        assert captured.out == ""


def test_command_refuses_the_truth_of_another_replay(
    replays: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyanalyzer.evaluate import baselines

    monkeypatch.setattr(baselines, "thumbnail_difference", lambda path: np.zeros(299))
    assert main(["evaluate", str(replays)]) == 1
    assert "299 frames, but its truth speaks of 300" in capsys.readouterr().err


def test_kept_timelines_score_alike_without_analysis(
    replays: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyanalyzer import pipeline
    from pyanalyzer.evaluate import baselines

    kept = replays / "kept"
    files = [replays / name for name in ("a.json", "a.html", "b.json", "b.html")]
    outputs = [["--json", str(files[n]), "--html", str(files[n + 1])] for n in (0, 2)]
    assert main(["evaluate", str(replays), "--save-timelines", str(kept), *outputs[0]]) == 0
    saved = sorted(str(p.relative_to(kept)) for p in kept.rglob("*.json"))
    assert saved == [
        "ale/test/pong.baselines.json",
        "ale/test/pong.timeline.json",
        "ale/train/boxing.baselines.json",
        "ale/train/boxing.timeline.json",
        f"models/{SHA256}.json",
    ]
    printed = capsys.readouterr().out

    def refuse(*_: object) -> None:
        raise AssertionError("analysed again")

    for room, name in (
        (pipeline, "analyse"),
        (pipeline, "load_weights"),
        (baselines, "thumbnail_difference"),
        (baselines, "scene_cuts"),
    ):
        monkeypatch.setattr(room, name, refuse)
    assert main(["evaluate", str(replays), "--from-timelines", str(kept), *outputs[1]]) == 0
    assert capsys.readouterr().out == printed
    assert files[0].read_bytes() == files[2].read_bytes()
    assert files[1].read_bytes() == files[3].read_bytes()
    # The threshold can be another; the video need not be there.
    (replays / "pong.mp4").unlink()
    again = ["evaluate", str(replays / "pong.truth.json"), "--from-timelines", str(kept)]
    assert main([*again, "--min-confidence", "0.1", "--json", str(files[0])]) == 0
    record = json.loads(files[0].read_text())
    assert record["models"][0]["threshold"] == 0.1
    assert record["all"]["methods"][DETECTOR]["predictions"] == 3


def edited(change: Callable[[dict[str, object]], object]) -> Callable[[Path], None]:
    """Changes a JSON file in place."""

    def edit(path: Path) -> None:
        record = json.loads(path.read_text())
        change(record)
        path.write_text(json.dumps(record))

    return edit


@pytest.mark.parametrize(
    ("file", "spoil", "message"),
    [
        ("ale/test/pong.timeline.json", Path.unlink, "has a truth, but no saved timeline"),
        (
            "ale/test/pong.timeline.json",
            edited(lambda r: r.update(schema="pyanalyzer/timeline/2")),
            "has the schema 'pyanalyzer/timeline/2'",
        ),
        (
            "ale/test/pong.timeline.json",
            edited(lambda r: r.update(schema="other")),
            "is not a timeline of pyanalyzer",
        ),
        (
            "ale/test/pong.timeline.json",
            edited(lambda r: r.update(settings={})),
            "does not hold the whole replay's events of every confidence",
        ),
        (
            "ale/test/pong.timeline.json",
            edited(lambda r: r["video"].update(frames=299)),  # type: ignore[attr-defined]
            "299 frames of 160 x 120 px, but its truth speaks of 300 frames",
        ),
        (
            "ale/test/pong.timeline.json",
            edited(lambda r: r["video"].update(sha256="0" * 64)),  # type: ignore[attr-defined]
            "is not the file that",
        ),
        ("ale/test/pong.timeline.json", lambda p: p.write_text("[}"), "is not JSON"),
        ("ale/test/pong.baselines.json", Path.unlink, "cannot read"),
        ("ale/test/pong.baselines.json", lambda p: p.write_text("{"), "is not JSON"),
        ("ale/test/pong.baselines.json", lambda p: p.write_text("[]"), "has the schema None"),
        (
            "ale/test/pong.baselines.json",
            edited(lambda r: r.pop("cuts")),
            "lacks or misstates a field: 'cuts'",
        ),
        (
            "ale/test/pong.baselines.json",
            edited(lambda r: r.update(difference=[0.0])),
            "a finite difference for each of 300 frames",
        ),
        (f"models/{SHA256}.json", Path.unlink, "cannot read"),
        (
            f"models/{SHA256}.json",
            edited(lambda r: r.update(schema="pyanalyzer/evaluated-model/9")),
            "has the schema 'pyanalyzer/evaluated-model/9'",
        ),
        (
            f"models/{SHA256}.json",
            edited(lambda r: r.update(threshold="much")),
            "lacks or misstates a field",
        ),
    ],
)
def test_kept_timelines_that_do_not_fit_are_refused(
    replays: Path,
    capsys: pytest.CaptureFixture[str],
    file: str,
    spoil: Callable[[Path], object],
    message: str,
) -> None:
    kept, pong = replays / "kept", str(replays / "pong.mp4")
    assert main(["evaluate", pong, "--save-timelines", str(kept)]) == 0
    capsys.readouterr()
    spoil(kept / file)
    assert main(["evaluate", pong, "--from-timelines", str(kept)]) == 1
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


def test_missing_truth_is_refused(replays: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth_path(replays / "pong.mp4").unlink()
    arguments = ["evaluate", str(replays / "pong.mp4"), "--from-timelines", str(replays)]
    assert main(arguments) == 1
    assert "no such truth file" in capsys.readouterr().err


def test_replays_that_would_share_files_are_refused(
    replays: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = replays / "copy" / "pong.mp4"
    copy.parent.mkdir()
    write_truth(truth([50], "pong"), truth_path(copy))
    kept = replays / "kept"
    assert main(["evaluate", str(replays), "--save-timelines", str(kept)]) == 2
    assert "are of one engine, split and name" in capsys.readouterr().err
    assert not kept.exists()


def test_names_cannot_leave_the_folder(tmp_path: Path) -> None:
    true = truth([50], engine="../../etc", split="/x", frames=300)
    stem = saved_stem(tmp_path / "kept", tmp_path / "..mp4.truth.json", true)
    assert stem.parent.parent.parent == tmp_path / "kept"
    assert ".." not in stem.parts


def test_engines_left_out_can_be_scored_together(tmp_path: Path) -> None:
    """Each engine by weights that never saw it, from one folder."""
    models = {
        engine: EvaluatedModel(f"no-{engine}", digest * 32, threshold, (engine,), ("ale/pong",))
        for engine, digest, threshold in (("ale", "aa", 0.8), ("doom", "bb", 0.1))
    }
    scored = []
    for engine, model in models.items():
        write_model(tmp_path, model)
        true = truth([50, 100], engine=engine)
        found = timeline(true, [event(50, 0.5), event(100, 0.9)])
        found = replace(found, model=ModelSummary(model.name, model.sha256))
        path = tmp_path / engine / "pong.truth.json"
        path.parent.mkdir()
        write_truth(true, path)
        stem = saved_stem(tmp_path, path, true)
        write_replay(stem, found, Baselines(np.zeros(300), None))
        job = ReplayJob(path, AnalysisSettings(), None, tmp_path)
        scored.append(score_replay(job))
    # Each with the threshold of its own weights.
    counts = [score.counts[DETECTOR][REFERENCE] for score, _ in scored]
    assert counts == [Counts(1, 1, 2), Counts(2, 2, 2)]
    assert [m.name for m in models_of(scored)] == ["no-ale", "no-doom"]
    lines = provenance_lines(scored)
    assert lines[0] == "1 of 2 games were trained on: ale/pong"
    assert "weights used on them: ale, doom" in lines[1]


def test_false_alarms_found_for_those_asked() -> None:
    # Two replays of 5 s whose surest event is right: 0.1, 0.2, 0.6 and 1 false alarms to expect in
    # the first, if ever more of its events are listed; hardly any in the second.
    events = [event(50, 0.9), event(120, 0.9), event(180, 0.6), event(240, 0.6)]
    sure = [event(50, 0.999), event(120, 0.999)]
    scores = [score_case(case(truth([50]), each)) for each in (events, sure)]
    minutes = 2 * 300 / 60 / 60
    promises = false_alarm_promises(scores)
    assert [p.asked_per_min for p in promises] == [1, 2, 5, 10, 20]
    found = [p.false_alarms_per_min * minutes for p in promises]
    # Of the first replay none at 1/12, the one at 1/6, two at 5/12, three at 10/12, all at 20/12.
    assert found == pytest.approx([0 + 1, 0 + 1, 1 + 1, 2 + 1, 3 + 1])
    assert [p.hits_per_min * minutes for p in promises] == pytest.approx([1, 2, 2, 2, 2])


def test_provenance_of_splits() -> None:
    scores = [
        score_case(case(truth([50], split=split), [])) for split in ("train", "validation", "test")
    ]
    lines = provenance_lines([(score, MODEL) for score in scores])
    assert [line.split(":")[0] for line in lines] == [
        "Of the split train",
        "Of the split validation",
    ]
    assert provenance_lines([(scores[2], MODEL)]) == []
    unseen = replace(MODEL, without_engines=("ale",))
    assert provenance_lines([(score, unseen) for score in scores]) == [
        "Left out of the training of the weights used on them: ale"
    ]
