"""The protocol over replays: scores, sums, baselines, tables, JSON and the command."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from pyanalyzer.__main__ import main
from pyanalyzer.evaluate.bootstrap import f1_intervals
from pyanalyzer.evaluate.matching import Counts
from pyanalyzer.evaluate.protocol import (
    CUTS,
    DETECTOR,
    GRID,
    PEAKS,
    REFERENCE,
    SHUFFLED,
    SHUFFLES,
    TOLERANCES,
    Case,
    Tolerance,
    score_case,
)
from pyanalyzer.evaluate.regions import intersection_over_union, points_into
from pyanalyzer.evaluate.reliability import covered, expected_calibration_error, reliability
from pyanalyzer.evaluate.report import json_evaluation, print_evaluation
from pyanalyzer.evaluate.summary import summarise
from pyanalyzer.records import Event, Kind, ModelSummary, Region
from pyanalyzer.simulate.truth import Change, Truth, WorldEvent, truth_path, write_truth

BOX = Region(10, 10, 20, 20)


def truth(
    onsets: Sequence[int], game: str = "pong", frames: int = 300, world: Sequence[int] = ()
) -> Truth:
    changes = tuple(
        Change(
            press_frame=max(0, at - 2),
            onset_frame=at,
            observable=True,
            controls_before=(),
            controls_after=("left",),
            kind="avatar" if at % 2 == 0 else "view",
            cause="player",
            region_px=BOX,
            differing_share=0.01,
        )
        for at in onsets
    )
    unseen = Change(5, None, False, (), ("fire",), None, "player", None, 0.0)
    return Truth(
        video=f"{game}.mp4",
        engine="ale",
        game=game,
        split="test",
        seed=0,
        frame_rate=Fraction(60),
        frames=frames,
        width_px=160,
        height_px=120,
        changes=(*changes, unseen),
        world_events=tuple(WorldEvent(at, "cut") for at in world),
        settings={},
    )


def event(
    frame: int,
    confidence: float = 0.9,
    kind: Kind = "avatar",
    region: Region = BOX,
    reach: int = 1,
) -> Event:
    return Event(
        id=1,
        frame=frame,
        pts=frame,
        time_s=frame / 60,
        interval_frames=(frame - reach, frame + reach + 1),
        kind=kind,
        cause="player",
        confidence=confidence,
        region_px=region,
        motion_before_px_s=(0.0, 0.0),
        motion_after_px_s=(0.0, 0.0),
    )


def case(true: Truth, events: Sequence[Event], threshold: float = 0.5) -> Case:
    difference = np.zeros(true.frames)
    difference[[o.frame for o in true.onsets()]] = 1.0
    return Case(true.video, true, tuple(events), threshold, difference, np.array([50]))


def test_one_replay() -> None:
    true = truth([50, 100, 151, 200], world=[250])
    events = [event(51), event(103), event(151), event(250, 0.6), event(200, 0.3)]
    score = score_case(case(true, events))
    detected = {str(t): c for t, c in zip(TOLERANCES, score.counts[DETECTOR], strict=True)}
    assert detected == {
        "0 frames": Counts(1, 4, 4),
        "1 frame": Counts(2, 4, 4),
        "2 frames": Counts(2, 4, 4),
        "4 frames": Counts(3, 4, 4),
        "0.033 s": Counts(2, 4, 4),
        "0.1 s": Counts(3, 4, 4),
    }
    # Peaks of the planted difference are all right; the fifth event is below the threshold.
    assert score.counts[PEAKS][0] == Counts(4, 4, 4)
    assert score.counts[GRID][0].predictions == 4
    assert score.counts[SHUFFLED][0].predictions == 4 * SHUFFLES
    assert score.hits.shape == (len(TOLERANCES), 5)
    assert score.hits[REFERENCE].tolist() == [True, False, True, False, True]
    assert score.world_alarms == 1
    assert [m.true_kind for m in score.matched] == ["avatar", "view"]
    assert all(m.region_iou == 1 and m.region_pointing for m in score.matched)
    assert not score.matched[0].picture_pointing
    # 51, 103 and 151 have an onset within 0.1 s; the interval of 103 does not hold 100.
    assert score.intervals_covered.tolist() == [True, False, True]
    assert score.interval_widths_frames.tolist() == [3, 3, 3]
    assert score.minutes == pytest.approx(300 / 60 / 60)


def test_several_changes_at_one_onset_are_one() -> None:
    true = truth([50, 50, 100])
    score = score_case(case(true, [event(50), event(52)]))
    assert score.onsets == 2
    assert score.counts[DETECTOR][REFERENCE] == Counts(1, 2, 2)


@pytest.mark.parametrize("events", [[], [event(10)]])
def test_nothing_to_find_or_nothing_found(events: list[Event]) -> None:
    score = score_case(case(truth([] if events else [50]), events))
    for name, counts in score.counts.items():
        assert name == CUTS or counts[0].hits == 0
    evaluation = summarise([score])
    assert evaluation.everything.counts[DETECTOR][0].f1 == 0.0
    assert evaluation.details.interval_coverage == 0.0


def test_tolerances_in_seconds() -> None:
    thirtieth = Tolerance(1 / 30, in_seconds=True)
    assert str(thirtieth) == "0.033 s"
    assert [int(thirtieth.frames(rate)) for rate in (30, 35, 60, 59.94, 120)] == [1, 1, 2, 2, 4]
    assert str(Tolerance(1, in_seconds=False)) == "1 frame"
    assert Tolerance(4, in_seconds=False).frames(35) == 4


def test_summary_sums_over_replays_and_means_over_games() -> None:
    good = score_case(case(truth([50, 100]), [event(50), event(100)]))
    more = score_case(case(truth([50, 100]), [event(50)]))
    poor = score_case(case(truth([60, 120, 180, 240], "boxing"), [event(7)]))
    empty = score_case(case(truth([], "chess"), []))
    evaluation = summarise([good, more, poor, empty])
    everything = evaluation.everything.counts[DETECTOR][REFERENCE]
    assert everything == Counts(3, 4, 8)
    assert evaluation.everything.false_alarms_per_min == pytest.approx(1 / (4 * 300 / 3600))
    assert [g.name for g in evaluation.games] == ["ale/boxing", "ale/chess", "ale/pong"]
    # Boxing 0, Pong 6/7; Chess has nothing to find and is left out of the mean.
    assert evaluation.means.f1[DETECTOR][REFERENCE] == pytest.approx((0 + 6 / 7) / 2)
    pong = evaluation.games[2]
    assert pong.average_precision[REFERENCE] == pytest.approx(3 / 4)
    low, high = evaluation.f1_interval[REFERENCE]
    assert low == 0.0
    assert high == pytest.approx(6 / 7)
    assert summarise([good, more, poor, empty]) == evaluation
    with pytest.raises(ValueError, match="no replays"):
        summarise([])


def test_skill_is_over_the_best_rule_with_as_many_guesses() -> None:
    true = truth([30, 110, 180])
    events = [event(30), event(110), event(10)]
    score = score_case(case(true, events))
    group = summarise([score]).everything
    assert group.best_trivial_f1[REFERENCE] == 1.0  # peaks of the planted difference
    assert group.skill[REFERENCE] == 0.0
    flat = replace(case(true, events), difference=np.zeros(300))
    group = summarise([score_case(flat)]).everything
    trivial = group.best_trivial_f1[REFERENCE]
    assert trivial < 2 / 3
    assert group.skill[REFERENCE] == pytest.approx((2 / 3 - trivial) / (1 - trivial))


def test_kinds_are_confused_in_their_place() -> None:
    score = score_case(case(truth([50, 101]), [event(50), event(101, kind="effect")]))
    details = summarise([score]).details
    # Rows view, avatar: the even onset is `avatar`, the odd one `view`.
    assert details.kind_confusion[1][1] == 1
    assert details.kind_confusion[0][2] == 1
    assert sum(map(sum, details.kind_confusion)) == 2
    assert details.kind_accuracy == 0.5
    assert details.commonest_kind_share == 0.5


def test_regions() -> None:
    assert intersection_over_union(BOX, BOX) == 1.0
    assert intersection_over_union(BOX, Region(20, 10, 20, 20)) == pytest.approx(200 / 600)
    assert intersection_over_union(BOX, Region(30, 10, 20, 20)) == 0.0
    assert intersection_over_union(Region(0, 0, 0, 0), Region(0, 0, 0, 0)) == 0.0
    assert points_into(Region(10, 10, 2, 2), BOX)
    assert not points_into(Region(29, 29, 2, 2), BOX)  # the middle is at 30, just outside


def test_reliability_by_hand() -> None:
    confidences, hits = [0.95, 0.85, 0.05, 0.05, 1.0], [1, 0, 0, 1, 1]
    bins = reliability(confidences, hits)
    assert [b.events for b in bins] == [2, 1, 2]
    assert [b.precision for b in bins] == [0.5, 0.0, 1.0]
    expected = (2 * 0.45 + 1 * 0.85 + 2 * 0.025) / 5
    assert expected_calibration_error(confidences, hits) == pytest.approx(expected)
    assert expected_calibration_error([], []) == 0.0


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=40), data=st.data())
def test_calibration_error_is_within_0_and_1(p: list[float], data: st.DataObject) -> None:
    hits = data.draw(st.lists(st.booleans(), min_size=len(p), max_size=len(p)))
    assert 0 <= expected_calibration_error(p, hits) <= 1
    assert sum(b.events for b in reliability(p, hits)) == len(p)


def test_intervals_are_half_open() -> None:
    spans = [[5, 8]] * 4
    assert covered(spans, [4, 5, 7, 8]).tolist() == [False, True, True, False]
    assert covered([], []).size == 0


def test_bootstrap() -> None:
    pooled, mean = f1_intervals([10], [20], [20])
    assert pooled == mean == (0.5, 0.5)
    # Many games, half of them found whole, half not at all: the mean is 0.5 give or take.
    hits = [10, 0] * 50
    pooled, mean = f1_intervals(hits, [10] * 100, [10] * 100)
    assert mean[0] == pytest.approx(0.40, abs=0.02)
    assert mean[1] == pytest.approx(0.60, abs=0.02)
    assert pooled == mean
    uneven = ([3, 0, 7], [11, 5, 9], [13, 4, 8])
    assert f1_intervals(*uneven) == f1_intervals(*uneven, seed=0)
    assert f1_intervals(*uneven)[0] != f1_intervals(*uneven)[1]
    with pytest.raises(ValueError, match="one number per game"):
        f1_intervals([], [], [])
    with pytest.raises(ValueError, match="one number per game"):
        f1_intervals([1], [1, 2], [1, 2])


def test_report() -> None:
    scores = [
        score_case(case(truth([50, 100]), [event(50), event(100)])),
        score_case(case(truth([60, 120], "boxing"), [event(7)])),
    ]
    evaluation = summarise(scores)
    text = io.StringIO()
    print_evaluation(evaluation, Console(file=text, width=132))
    printed = text.getvalue()
    for expected in ("F1 by tolerance", "regular grid", "difference peaks", "shuffled", "mAP"):
        assert expected in printed
    for expected in ("ale/boxing", "scene cuts", "skill", "calibration error", "Kinds"):
        assert expected in printed
    data = json_evaluation(evaluation, {"splits": ["test"]})
    assert data == json_evaluation(summarise(scores), {"splits": ["test"]})
    record = json.loads(data)
    assert record["schema"] == "pyanalyzer/evaluation/1"
    assert record["tolerances"][REFERENCE] == "2 frames"
    assert record["all"]["methods"]["pyanalyzer"]["hits"][REFERENCE] == 2
    assert record["all"]["methods"]["shuffled"]["predictions"] == 3
    assert len(record["games"]) == 2
    assert record["details"]["kind_confusion"][1][1] == 2


@pytest.fixture
def replays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two replays with truth, and an analysis that finds every onset of the even games."""
    from pyanalyzer import pipeline
    from pyanalyzer.evaluate import baselines
    from pyanalyzer.timeline import TimelineParameters

    found = {}
    for name, split in (("boxing", "train"), ("pong", "test")):
        video = tmp_path / f"{name}.mp4"
        video.write_bytes(b"")
        true = replace(truth([50, 100, 200], name), split=split)
        write_truth(true, truth_path(video))
        found[str(video)] = [event(50), event(100), event(10, 0.2)]

    def analyse(path: str, settings: object) -> SimpleNamespace:
        assert settings.min_confidence == 0.0  # type: ignore[attr-defined]
        return SimpleNamespace(events=tuple(found[path]))

    model = SimpleNamespace(**vars_of_model(), timeline=TimelineParameters().to_record())
    monkeypatch.setattr(pipeline, "analyse", analyse)
    monkeypatch.setattr(pipeline, "load_weights", lambda settings: model)
    monkeypatch.setattr(baselines, "thumbnail_difference", lambda path: np.zeros(300))
    monkeypatch.setattr(baselines, "scene_cuts", lambda path: np.array([7]))
    return tmp_path


def vars_of_model() -> dict[str, str]:
    model = ModelSummary(name="planted", sha256="00")
    return {"name": model.name, "sha256": model.sha256}


def test_command(replays: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = replays / "scores.json"
    assert main(["evaluate", str(replays), "--split", "test", "--json", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "ale/pong" in printed
    assert "boxing" not in printed
    assert "used in training" not in printed
    record = json.loads(out.read_text())
    assert record["model"] == vars_of_model()
    assert record["threshold"] == 0.5
    assert record["splits"] == ["test"]
    assert record["all"]["methods"]["pyanalyzer"]["f1"][REFERENCE] == 0.8
    assert record["all"]["average_precision"][REFERENCE] == pytest.approx(2 / 3, abs=1e-4)

    videos = [str(replays / f"{name}.mp4") for name in ("boxing", "pong")]
    assert main(["evaluate", *videos, "--min-confidence", "0.1", "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert "Of the splits test, train: some games were used in training" in printed
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
