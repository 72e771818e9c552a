"""The protocol over replays: scores, sums, baselines, intervals, tables and JSON."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from pyanalyzer.evaluate.bootstrap import (
    f1_intervals,
    interval,
    resampled_f1,
    resampled_mean,
    resampled_skill,
)
from pyanalyzer.evaluate.json_report import json_evaluation
from pyanalyzer.evaluate.matching import NO_MATCH, Counts
from pyanalyzer.evaluate.protocol import (
    CUTS,
    DETECTOR,
    GRID,
    HEADLINE,
    PEAKS,
    REFERENCE,
    SHUFFLED,
    SHUFFLES,
    TOLERANCES,
    Tolerance,
    score_case,
)
from pyanalyzer.evaluate.regions import intersection_over_union, points_into
from pyanalyzer.evaluate.reliability import covered, expected_calibration_error, reliability
from pyanalyzer.evaluate.report import print_evaluation
from pyanalyzer.evaluate.summary import PART_S, part_interval, summarise
from pyanalyzer.records import Event, Region
from tests.planted_evaluation import BOX, MODEL, case, event, made_up_scores, truth


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
    # The onset at 50 is found at 33 ms, 100 is missed; 200 is found below the threshold.
    assert score.onset_events.tolist() == [0, NO_MATCH, 2, 4]
    assert score.listed.tolist() == [True, True, True, True, False]
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
    assert evaluation.everything.score.counts[DETECTOR][0].f1 == 0.0
    assert evaluation.everything.details.interval_coverage == 0.0


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
    everything = evaluation.everything.score.counts[DETECTOR][REFERENCE]
    assert everything == Counts(3, 4, 8)
    assert evaluation.everything.score.false_alarms_per_min[REFERENCE] == pytest.approx(
        1 / (4 * 300 / 3600)
    )
    assert [g.score.name for g in evaluation.games] == ["ale/boxing", "ale/chess", "ale/pong"]
    # Boxing 0, Pong 6/7; Chess has nothing to find and is left out of the mean.
    assert evaluation.everything.means.f1[DETECTOR][REFERENCE] == pytest.approx((0 + 6 / 7) / 2)
    pong = evaluation.games[2].score
    assert pong.average_precision[REFERENCE] == pytest.approx(3 / 4)
    low, high = evaluation.everything.intervals.mean_f1[REFERENCE]
    assert low == 0.0
    assert high == pytest.approx(6 / 7)
    assert summarise([good, more, poor, empty]) == evaluation
    with pytest.raises(ValueError, match="no replays"):
        summarise([])


def test_skill_is_over_the_best_rule_with_as_many_guesses() -> None:
    true = truth([30, 110, 180])
    events = [event(30), event(110), event(10)]
    score = score_case(case(true, events))
    group = summarise([score]).everything.score
    assert group.best_trivial_f1[REFERENCE] == 1.0  # peaks of the planted difference
    assert group.skill[REFERENCE] == 0.0
    flat = replace(case(true, events), difference=np.zeros(300))
    group = summarise([score_case(flat)]).everything.score
    trivial = group.best_trivial_f1[REFERENCE]
    assert trivial < 2 / 3
    assert group.skill[REFERENCE] == pytest.approx((2 / 3 - trivial) / (1 - trivial))


def test_kinds_are_confused_in_their_place() -> None:
    score = score_case(case(truth([50, 101]), [event(50), event(101, kind="effect")]))
    details = summarise([score]).everything.details
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


def test_map_by_hand() -> None:
    # avatar: onsets 50 and 100; events 50 (0.9, right), 101 (0.7, right), 150 (0.8, false).
    # In order of confidence right, false, right: precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1.
    # view: onset 201, found at 201 but called avatar (0.6, one more false avatar); nothing found.
    events = [event(50), event(101, 0.7), event(150, 0.8), event(201, 0.6)]
    group = summarise([score_case(case(truth([50, 100, 201]), events))]).everything.score
    avatar = 1 / 2 * 1 + 1 / 2 * 2 / 3
    assert group.kind_onsets == (1, 2, 0, 0, 0)
    assert group.kind_average_precision["avatar"][REFERENCE] == pytest.approx(avatar)
    assert group.kind_average_precision["view"][REFERENCE] == 0.0
    assert "effect" not in group.kind_average_precision
    assert group.mean_average_precision[REFERENCE] == pytest.approx(avatar / 2)
    # At 0 frames the event at 101 is false too: avatar has recall 1/2 at precision 1.
    assert group.mean_average_precision[0] == pytest.approx(1 / 2 / 2)
    # Kinds aside, 201 is found: right, false, right, right.
    assert group.average_precision[REFERENCE] == pytest.approx((1 + 3 / 4 + 3 / 4) / 3)


def test_engines_and_splits() -> None:
    scores = [
        score_case(case(truth([50, 100], "pong"), [event(50), event(100)])),
        score_case(case(truth([50, 100], "MAP01", engine="doom", split="train"), [event(50)])),
        score_case(case(truth([60, 120], "MAP02", engine="doom"), [])),
    ]
    evaluation = summarise(scores)
    assert [b.score.name for b in evaluation.engines] == ["ale", "doom"]
    assert [b.score.counts[DETECTOR][HEADLINE] for b in evaluation.engines] == [
        Counts(2, 2, 2),
        Counts(1, 1, 4),
    ]
    assert [b.score.name for b in evaluation.splits] == ["test", "train"]
    assert evaluation.splits[0].score.onsets == 4
    # Doom's sums are 2/5, the mean over its games (2/3 + 0) / 2.
    assert evaluation.engines[1].means.f1[DETECTOR][HEADLINE] == pytest.approx(1 / 3)
    means = evaluation.engine_means
    assert means.means.groups == 2
    assert means.means.f1[DETECTOR][HEADLINE] == pytest.approx((1 + 2 / 5) / 2)
    # Drawing Doom's games anew gives 0, 2/5 or 2/3; Pong stays 1.
    low, high = means.f1_interval[HEADLINE]
    assert (low, high) == (pytest.approx(1 / 2), pytest.approx(5 / 6))


def test_skill_in_each_draw_is_over_the_best_rule_of_that_draw() -> None:
    detector = [(9, 10, 10), (5, 10, 10)]
    rules = [[(6, 10, 10), (1, 10, 10)], [(2, 10, 10), (4, 10, 10)]]
    pooled, mean = resampled_skill(detector, rules)
    # Twice the first game, twice the second, or one of each (the sums are 14, 7 and 6).
    expected = {(0.9 - 0.6) / 0.4, (0.5 - 0.4) / 0.6, (0.7 - 0.35) / 0.65}
    assert set(np.round(pooled, 9)) == {round(value, 9) for value in expected}
    both = [(0.9 - 0.6) / 0.4, (0.5 - 0.4) / 0.6]
    assert set(np.round(mean, 9)) == {round(v, 9) for v in (*both, sum(both) / 2)}
    perfect = [[(10, 10, 10), (10, 10, 10)]]
    assert not resampled_skill(detector, perfect)[0].any()
    # The same games are drawn for every score.
    np.testing.assert_array_equal(resampled_f1(detector)[1], resampled_mean([0.9, 0.5]))
    with pytest.raises(ValueError, match="detector and every rule"):
        resampled_skill(detector, [[(1, 2, 3)]])


def test_interval_of_a_game_is_over_parts_of_its_replays() -> None:
    part = int(PART_S * 60)
    onsets = [100, 200, part + 100, part + 200]
    true = truth(onsets, frames=2 * part)
    found = score_case(case(true, [event(100), event(200)]))
    # One part is found whole, the other not at all.
    assert part_interval([found], 0) == (0.0, 1.0)
    everything = score_case(case(true, [event(at) for at in onsets]))
    assert part_interval([everything], 0) == (1.0, 1.0)
    # A replay shorter than a part is one part.
    short = score_case(case(truth([50, 100]), [event(50)]))
    assert part_interval([short], 0) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert interval([0.25] * 5) == (0.25, 0.25)


def test_only_local_changes_count_as_local() -> None:
    whole = Region(0, 0, 160, 120)
    true = truth([50, 100])
    large = replace(true.changes[1], region_px=whole)
    true = replace(true, changes=(true.changes[0], large))
    far = Region(100, 100, 10, 10)
    details = summarise(
        [score_case(case(true, [event(50, region=far), event(100, region=far)]))]
    ).everything.details
    assert (details.region_pointing, details.local_pointing, details.local_events) == (0.5, 0, 1)


def test_same_bytes() -> None:
    one, other = (
        json_evaluation(summarise(made_up_scores(4, replays=1)), [MODEL]) for _ in range(2)
    )
    assert one == other


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
    data = json_evaluation(evaluation, [MODEL])
    assert data == json_evaluation(summarise(scores), [MODEL])
    record = json.loads(data)
    assert record["schema"] == "pyanalyzer/evaluation/1"
    assert record["tolerances"][REFERENCE] == "2 frames"
    assert record["all"]["methods"]["pyanalyzer"]["hits"][REFERENCE] == 2
    assert record["all"]["methods"]["shuffled"]["predictions"] == 3
    assert len(record["games"]) == 2
    assert record["all"]["details"]["kind_confusion"][1][1] == 2
    assert record["mean_over_engines"]["groups"] == 1
    assert record["models"][0]["name"] == "planted"
