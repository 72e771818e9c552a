"""Where a local change is: planted boxes and figures must come out, and weights that choose them be
learned."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer.errors import ModelError
from pyanalyzer.records import MAX_PROPOSALS, Region
from pyanalyzer.timeline import FrameTrace, TimelineParameters, build_events
from pyanalyzer.timeline.places import (
    FEATURES,
    KnownPlaces,
    PlaceWeights,
    fit_places,
    places_around,
)
from tests.test_timeline_events import blank, info, plant, trace

ROWS, COLS = 30, 40
LEFT, RIGHT = Region(16, 16, 48, 48), Region(200, 80, 40, 24)


def excess(*boxes: tuple[int, int, int, int, int]) -> npt.NDArray[np.uint16]:
    """``boxes``: first row and column, rows, columns and how much changed in each block."""
    grid = np.zeros((ROWS, COLS), np.uint16)
    for row, col, rows, cols, amount in boxes:
        grid[row : row + rows, col : col + cols] += np.uint16(amount)
    return grid


def two_tracks(frames: int = 60, changed: npt.NDArray[np.uint16] | None = None) -> list[FrameTrace]:
    """Track 3 on the left, track 5 on the right, always there."""
    return [
        replace(trace(k, proposals=[(*LEFT, 0, 0, 3), (*RIGHT, 0, 0, 5)]), excess=changed)
        for k in range(frames)
    ]


def log_candidates(frames: int, left: float, right: float) -> npt.NDArray[np.float32]:
    row = [1 - left - right - 0.002, left, right, *[0.002 / 2] * (MAX_PROPOSALS - 2)]
    return np.tile(np.log(row), (frames, 1)).astype(np.float32)


def test_an_evenly_changed_box_comes_out_exactly() -> None:
    # Blocks of rows 3 and 4, columns 4 to 6, all of them inside the left box.
    left, right = places_around(
        two_tracks(changed=excess((3, 4, 2, 3, 50))), log_candidates(60, 0.5, 0.2), 30
    )
    assert (left.track, right.track) == (3, 5)
    assert left.changed == pytest.approx((32, 24, 56, 40))
    assert left.box == LEFT
    assert right.changed == (200, 80, 240, 104)  # nothing changed there: the box itself


def test_features_are_what_they_are_called() -> None:
    candidate = log_candidates(60, 0.5, 0.2)
    candidate[31:34, 1] = math.log(0.1)
    candidate[34:39, 2] = math.log(0.3)
    changed = excess((3, 4, 1, 1, 30), (11, 26, 1, 1, 10))
    left, right = places_around(two_tracks(changed=changed), candidate, 30)
    picture_px = 64 * ROWS * COLS
    expected = {
        "at_onset": (0.5, 0.2),
        "just_after": (0.3, 0.6),
        "later": (2.5, 1.5),
        "before": (2.0, 0.8),
        "evidence": (0.75, 0.25),
    }
    for name, values in expected.items():
        at = FEATURES.index(name)
        assert left.features[at] == pytest.approx(math.log(values[0] + 0.02), abs=1e-5)
        assert right.features[at] == pytest.approx(math.log(values[1] + 0.02), abs=1e-5)
    area = FEATURES.index("area")
    assert left.features[area] == pytest.approx(math.log(48 * 48 / picture_px))


def test_a_track_that_comes_later_is_no_place_and_one_that_ended_none_either() -> None:
    traces = two_tracks(changed=excess((3, 4, 1, 1, 9)))
    for k, each in enumerate(traces):
        rows = each.proposals
        traces[k] = replace(each, proposals=rows[:1] if 28 <= k < 34 else rows[1:])
    assert [p.track for p in places_around(traces, log_candidates(60, 0.4, 0.4), 30)] == [3]
    assert places_around([trace(k) for k in range(9)], log_candidates(9, 0.4, 0.4), 4) == []
    for at in (0, 59):  # at the ends of a recording
        assert places_around(two_tracks(), log_candidates(60, 0.4, 0.4), at)


@given(
    blocks=st.lists(
        st.tuples(st.integers(2, 7), st.integers(2, 7), st.integers(1, 5000)),
        min_size=1,
        max_size=9,
    ),
    shift=st.tuples(st.integers(0, 10), st.integers(0, 20)),
)
def test_what_changed_moves_with_the_picture(
    blocks: list[tuple[int, int, int]], shift: tuple[int, int]
) -> None:
    found = []
    for rows, cols in ((0, 0), shift):
        grid = excess(*((row + rows, col + cols, 1, 1, amount) for row, col, amount in blocks))
        box = (LEFT.x_px + 8 * cols, LEFT.y_px + 8 * rows, LEFT.w_px, LEFT.h_px)
        traces = [replace(trace(k, proposals=[(*box, 0, 0, 3)]), excess=grid) for k in range(20)]
        (place,) = places_around(traces, log_candidates(20, 0.4, 0.1), 10)
        found.append(place)
    there, moved = found
    x0, y0, x1, y1 = there.changed
    dx, dy = 8 * shift[1], 8 * shift[0]
    assert moved.changed == pytest.approx((x0 + dx, y0 + dy, x1 + dx, y1 + dy))
    assert moved.features == pytest.approx(there.features)
    assert LEFT.x_px <= (x0 + x1) / 2 < LEFT.x_px + LEFT.w_px
    assert LEFT.y_px <= (y0 + y1) / 2 < LEFT.y_px + LEFT.h_px


def test_the_region_of_a_local_change_is_what_changed_of_the_best_place() -> None:
    traces = two_tracks(200, excess((3, 4, 2, 3, 50), (11, 26, 1, 2, 500)))
    scores = blank(200)
    plant(scores, 50, kind="avatar", candidate=1)
    parameters = TimelineParameters(bias_player=1.0, bias_world=1.0)
    (event,) = build_events(scores, traces, info(), parameters)
    assert event.region_px == Region(64, 48, 48, 32)  # twice the working px
    by_evidence = PlaceWeights(tuple(float(name == "evidence") for name in FEATURES))
    (event,) = build_events(scores, traces, info(), replace(parameters, places=by_evidence))
    assert event.region_px == Region(416, 176, 32, 16)
    view = blank(200)
    plant(view, 50, kind="view", candidate=1)
    (event,) = build_events(view, traces, info(), parameters)
    assert event.region_px == Region(32, 32, 96, 96)  # of what is not local the track's box


def known(
    rng: np.random.Generator, weights: npt.NDArray[np.float64], count: int
) -> list[KnownPlaces]:
    """Places whose true one is drawn by ``weights``."""
    out = []
    for n in range(count):
        features = rng.normal(size=(int(rng.integers(2, 5)), len(FEATURES)))
        odds = np.exp(features @ weights)
        hits = np.zeros(len(features), bool)
        hits[rng.choice(len(features), p=odds / odds.sum())] = True
        out.append(KnownPlaces(f"toy/{n % 7}", features, hits))
    return out


def test_planted_weights_are_learned() -> None:
    rng = np.random.default_rng(5)
    planted = np.array([1.5, 0.8, 0.0, -0.6, 0.4, -0.5])
    learned = fit_places(known(rng, planted, 4000))
    assert np.abs(np.array(learned.weights) - planted).max() < 0.15
    fresh = known(rng, planted, 500)
    right = [int(np.argmax(k.features @ np.array(learned.weights))) for k in fresh]
    chance = np.mean([k.hits.mean() for k in fresh])
    assert np.mean([k.hits[n] for k, n in zip(fresh, right, strict=True)]) > chance + 0.25


def test_games_count_alike_and_what_teaches_nothing_is_left_out() -> None:
    rng = np.random.default_rng(6)
    some = known(rng, np.array([2.0, 0, 0, 0, 0, 0]), 70)
    often = [replace(k, game="toy/often") for k in known(rng, np.array([-2.0, 0, 0, 0, 0, 0]), 700)]
    assert fit_places(some).weights[0] > 0.5
    assert fit_places(some + often).weights[0] > 0.0  # one game of eight
    none = [replace(k, hits=np.zeros_like(k.hits)) for k in some[:9]]
    every = [replace(k, hits=np.ones_like(k.hits)) for k in some[:9]]
    assert fit_places([*some, *none, *every]) == fit_places(some)
    assert fit_places(none) == PlaceWeights()


def test_parameters_keep_their_place_weights_and_read_older_ones() -> None:
    weights = PlaceWeights((1.25, 0.5, 0.0, -0.5, 0.25, -1.0))
    record = TimelineParameters(places=weights).to_record()
    assert TimelineParameters.from_record(record).places == weights
    older = {k: v for k, v in record.items() if k != "place_weights"}
    older["schema"] = "pyanalyzer/timeline-parameters/1"
    assert TimelineParameters.from_record(older).places == PlaceWeights()
    for broken in ([1.0], [1.0] * 5 + [math.inf], "abc", None):
        with pytest.raises(ModelError, match="damaged"):
            TimelineParameters.from_record({**record, "place_weights": broken})
    with pytest.raises(ModelError, match="damaged"):
        TimelineParameters.from_record({**older, "place_weights": [1.0] * 6})


def test_the_likeliest_place_is_taken_and_of_equals_the_older_track() -> None:
    left, right = places_around(two_tracks(), log_candidates(60, 0.3, 0.4), 30)
    assert PlaceWeights().best([left, right]) is right
    assert PlaceWeights((0.0,) * len(FEATURES)).best([right, left]) is left
    assert PlaceWeights().best([]) is None
    ranks = [PlaceWeights((w, *[0.0] * 5)).best([left, right]) for w in (-1.0, 1.0)]
    assert [place.track for place in ranks if place] == [3, 5]
    assert all(a is not b for a, b in pairwise(ranks))
