"""Matching of predicted to true onsets, and the scores counted from it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer.evaluate.matching import (
    NO_MATCH,
    Counts,
    average_precision,
    best_threshold,
    evaluate_events,
    kind_average_precisions,
    match_events,
    mean_average_precision,
    precision_recall,
    skill,
    sum_counts,
)

FRAMES = st.lists(st.integers(0, 40), max_size=12)


def test_best_score_chooses_first_and_nearest() -> None:
    # 11 is nearer to 10, but the prediction at 12 is surer and has nothing else within reach.
    matched = match_events([11, 12, 30], [0.5, 0.9, 0.8], [10, 40], 2)
    assert matched.tolist() == [NO_MATCH, 0, NO_MATCH]
    # Of two onsets the nearest; the next prediction gets the other.
    assert match_events([10, 11], [0.9, 0.5], [8, 11], 3).tolist() == [1, 0]
    # As near on either side: the earlier.
    assert match_events([10], [1.0], [11, 9], 1).tolist() == [1]


def test_tolerance_is_included_and_truth_taken_once() -> None:
    assert [c.hits for c in evaluate_events([12, 12], [1, 1], [10], (0, 1, 2, 4))] == [0, 0, 1, 1]


@given(predicted=FRAMES, true=FRAMES, tolerance=st.integers(0, 5), data=st.data())
def test_matching_is_valid_and_maximal(
    predicted: list[int], true: list[int], tolerance: int, data: st.DataObject
) -> None:
    confidences = data.draw(
        st.lists(st.floats(0, 1), min_size=len(predicted), max_size=len(predicted))
    )
    matched = match_events(predicted, confidences, true, tolerance)
    taken = matched[matched != NO_MATCH]
    assert len(set(taken.tolist())) == taken.size
    for at, n in zip(predicted, matched, strict=True):
        if n != NO_MATCH:
            assert abs(at - true[n]) <= tolerance
        else:  # nothing free is left within reach
            free = set(range(len(true))) - set(taken.tolist())
            assert all(abs(at - true[m]) > tolerance for m in free)


@given(predicted=FRAMES, true=FRAMES, tolerance=st.integers(0, 5), data=st.data())
def test_matches_above_a_threshold_do_not_depend_on_the_rest(
    predicted: list[int], true: list[int], tolerance: int, data: st.DataObject
) -> None:
    size = len(predicted)
    confidences = np.array(data.draw(st.lists(st.floats(0, 1), min_size=size, max_size=size)))
    above = confidences >= 0.5
    everything = match_events(predicted, confidences, true, tolerance)
    alone = match_events(np.array(predicted)[above], confidences[above], true, tolerance)
    np.testing.assert_array_equal(everything[above], alone)


@given(predicted=FRAMES, true=FRAMES)
def test_counts_grow_with_tolerance(predicted: list[int], true: list[int]) -> None:
    counts = evaluate_events(predicted, np.ones(len(predicted)), true, (0, 1000))
    assert counts[0].hits <= counts[1].hits == min(len(predicted), len(true))


def test_ratios() -> None:
    counts = sum_counts([Counts(1, 2, 4), Counts(2, 2, 2)])
    assert (counts.precision, counts.recall, counts.f1) == (3 / 4, 3 / 6, 6 / 10)
    assert Counts(0, 0, 0).f1 == Counts(0, 0, 0).precision == 1.0
    assert Counts(0, 0, 3).f1 == Counts(0, 0, 3).precision == 0.0
    assert Counts(0, 3, 0).f1 == Counts(0, 3, 0).recall == 0.0
    assert sum_counts([]) == Counts(0, 0, 0)


def test_average_precision_by_hand() -> None:
    # Precision 1, 1/2, 2/3 at recall 1/4, 1/4, 2/4: the envelope is 1 and 2/3.
    assert average_precision([0.9, 0.8, 0.7], [1, 0, 1], 4) == pytest.approx((1 + 2 / 3) / 4)
    assert average_precision([], [], 3) == 0.0
    assert average_precision([], [], 0) == 1.0
    assert average_precision([0.5], [0], 0) == 0.0


def test_mean_average_precision_by_hand() -> None:
    kinds, confidences, hits = [0, 1, 1, 2, 0], [0.9, 0.8, 0.7, 0.9, 0.3], [1, 0, 1, 0, 1]
    truths = [4, 1, 0, 2]
    # Kind 0: 2 of 4 at precision 1. Kind 1: found second. Kind 2 has no onsets and counts nowhere.
    # Kind 3 is never predicted.
    expected = {0: 1 / 2, 1: 1 / 2, 3: 0.0}
    assert kind_average_precisions(kinds, confidences, hits, truths) == pytest.approx(expected)
    assert mean_average_precision(kinds, confidences, hits, truths) == pytest.approx(1 / 3)
    assert mean_average_precision([], [], [], [0, 0]) == 1.0
    assert mean_average_precision([1], [0.5], [0], [0, 0]) == 0.0


def test_equal_confidences_make_one_threshold() -> None:
    for hits in ([1, 0, 1], [0, 1, 1]):
        thresholds, precision, recall = precision_recall([0.5, 0.5, 0.2], hits, 2)
        assert thresholds.tolist() == [0.5, 0.2]
        assert precision.tolist() == pytest.approx([1 / 2, 2 / 3])
        assert recall.tolist() == pytest.approx([1 / 2, 1])


def test_best_threshold() -> None:
    assert best_threshold([0.9, 0.6, 0.3], [1, 1, 0], 2) == (0.6, 1.0)
    assert best_threshold([], [], 2) == (1.0, 0.0)
    assert best_threshold([0.4], [0], 2)[1] == 0.0


def test_skill() -> None:
    assert skill(1.0, 0.4) == 1.0
    assert skill(0.4, 0.4) == 0.0
    assert skill(0.1, 0.4) == pytest.approx(-0.5)
    assert skill(1.0, 1.0) == 0.0


@pytest.mark.parametrize(
    ("predicted", "confidences", "true", "tolerance", "message"),
    [
        ([1, 2], [1], [1], 1, "2 predictions, but 1 confidences"),
        ([1], [1], [1], -1, "tolerance must be 0 or more"),
        ([1], [1], [1], float("nan"), "tolerance must be 0 or more"),
        ([float("nan")], [1], [1], 1, "predicted must be finite"),
        ([1], [float("inf")], [1], 1, "confidences must be finite"),
    ],
)
def test_rejects(
    predicted: list[float],
    confidences: list[float],
    true: list[float],
    tolerance: float,
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        match_events(predicted, confidences, true, tolerance)
