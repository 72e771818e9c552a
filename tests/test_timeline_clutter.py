"""What events are held against: how much in the replay looks like an onset and is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer.errors import ModelError
from pyanalyzer.records import CAUSES, Event, Scores
from pyanalyzer.timeline import EventStream, FrameTrace, TimelineParameters, build_events
from pyanalyzer.timeline.calibration import log_odds
from pyanalyzer.timeline.clutter import (
    CLAIMS_PER_S,
    FIRST_S,
    PRIOR_S,
    SHARE,
    WINDOW_S,
    Clutter,
    clutter_level,
    duration_s,
)
from pyanalyzer.timeline.decisions import find_onsets
from pyanalyzer.timeline.fitting import LabelledScores, calibrate
from pyanalyzer.timeline.onsets import NO_ONSETS, Onsets
from pyanalyzer.timeline.transition import frame_times
from tests.test_timeline_events import PARAMETERS, blank, info, plant, trace

PLAYER, WORLD = CAUSES.index("player"), CAUSES.index("world")
TYPICAL = -2.0


def claims(*raw: float, cause: int = PLAYER) -> Onsets:
    count = len(raw)
    return replace(
        NO_ONSETS,
        positions=np.arange(count),
        causes=np.full(count, cause, np.int64),
        raw_confidences=np.array(raw, np.float64),
        territories=np.zeros((count, 2), np.int64),
        marginals=(np.ones(1),) * count,
    )


def seconds(length_s: float, rate_hz: int = 30) -> np.ndarray:
    return np.arange(round(length_s * rate_hz)) / rate_hz


def odds(p: float) -> float:
    return float(log_odds(p))


def test_the_level_is_that_of_the_fourth_claim_in_a_second() -> None:
    falling = np.linspace(3, -5, 33)
    assert clutter_level(np.random.default_rng(0).permutation(falling), 2.0) == falling[8]
    assert clutter_level(falling[:5], 2.0) == falling[4]  # there are no more
    assert clutter_level(falling, 0.0) == falling[0]
    assert clutter_level(np.zeros(0), 2.0) is None
    assert CLAIMS_PER_S == 4


def test_events_are_held_against_the_level() -> None:
    clutter = Clutter(TYPICAL)
    sure, unsure = claims(0.9, 0.8), claims(*[0.3] * 400)
    clutter.push(unsure, seconds(20))
    clutter.push(sure, seconds(10))
    share = SHARE * 30 / (30 + PRIOR_S)
    expected = [odds(p) - share * (odds(0.3) - TYPICAL) for p in (0.9, 0.8)]
    assert log_odds(clutter.held_against(sure)) == pytest.approx(expected)


def test_a_replay_of_the_typical_level_stays_as_it_is() -> None:
    clutter = Clutter(odds(0.2))
    block = claims(*[0.2] * 60, 0.95)
    clutter.push(block, seconds(10))
    assert clutter.held_against(block) == pytest.approx(block.raw_confidences)


def test_what_is_left_alone() -> None:
    block, world = claims(*[0.3] * 60), claims(*[0.3] * 60, cause=WORLD)
    for clutter, onsets in (
        (Clutter(None), block),  # older weights
        (Clutter(TYPICAL), world),
    ):
        clutter.push(onsets, seconds(12))
        assert np.array_equal(clutter.held_against(onsets), onsets.raw_confidences)


def test_nothing_is_settled_before_ten_seconds_but_for_those_who_follow() -> None:
    late, early, older = Clutter(TYPICAL), Clutter(TYPICAL, early=True), Clutter(None)
    for second in range(1, 15):
        for clutter in (late, early, older):
            clutter.push(claims(0.1), seconds(1))
        assert late.known is (second >= FIRST_S)
        assert early.known
        assert older.known


def test_what_lies_far_back_is_forgotten() -> None:
    clutter, fresh = Clutter(TYPICAL), Clutter(TYPICAL)
    clutter.push(claims(*[0.9] * 500), seconds(40))
    for _ in range(3):
        block = claims(*[0.2] * 100)
        clutter.push(block, seconds(WINDOW_S / 3))
        fresh.push(block, seconds(WINDOW_S / 3))
    assert np.array_equal(clutter.held_against(block), fresh.held_against(block))


def test_how_long_frames_last() -> None:
    assert duration_s(seconds(2)) == pytest.approx(2)
    assert duration_s(np.array([3.0])) == 0
    assert duration_s(np.zeros(0)) == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=80), st.floats(-6, 2))
def test_the_order_stays_and_numbers_are_probabilities(raw: list[float], typical: float) -> None:
    clutter, block = Clutter(typical), claims(*raw)
    clutter.push(block, seconds(7))
    held = clutter.held_against(block)
    assert ((held > 0) & (held < 1)).all()
    order = np.argsort(raw, kind="stable")
    assert (np.diff(held[order]) >= 0).all()


def noisy(frames: int, seed: int = 3) -> tuple[Scores, list[FrameTrace]]:
    """A replay in which much looks like a change, and a few frames are ones."""
    scores = blank(frames)
    rng = np.random.default_rng(seed)
    p = np.exp(scores.cause_onset.astype(np.float64))
    p[:, 1 + PLAYER] += 0.2 * rng.random(frames) ** 3
    p[:, 0] = 1 - p[:, 1] - p[:, 2]
    scores.cause_onset[:] = np.log(p)
    for at in range(40, frames - 10, 90):
        plant(scores, at)
    return scores, [trace(index) for index in range(frames)]


HELD = replace(PARAMETERS, typical_clutter=TYPICAL, threshold=0.0)


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("parts", [(1,), (7, 60, 500), (333, 2, 900)])
def test_events_do_not_depend_on_how_frames_come(early: bool, parts: tuple[int, ...]) -> None:
    scores, traces = noisy(1500)
    whole = build_events(scores, traces, info(), HELD, early=early)
    stream = EventStream(info(), HELD, early=early)
    events: list[Event] = []
    begin, n = 0, 0
    while begin < 1500:
        end = min(begin + max(parts[n % len(parts)], 20), 1500)
        events += stream.push(scores.part(begin, end), traces[begin:end])
        begin, n = end, n + 1
        if not early and end < FIRST_S * 60:
            assert not events
    assert (*events, *stream.finish()) == whole
    assert [event.id for event in whole] == list(range(1, len(whole) + 1))
    assert len(whole) > 20


def test_the_timeline_fits_what_it_prints() -> None:
    """What parameters are learned from is what events are made of."""
    scores, traces = noisy(2000)
    events = build_events(scores, traces, info(), HELD)
    times_s = frame_times(scores.pts, info().time_base)
    onsets = find_onsets(scores.cause_onset, times_s, HELD)
    assert [event.confidence for event in events] == pytest.approx(
        HELD.calibration.confidence(onsets.raw_confidences)
    )
    plain = find_onsets(scores.cause_onset, times_s, PARAMETERS)
    assert np.array_equal(plain.positions, onsets.positions)
    assert not np.allclose(plain.raw_confidences, onsets.raw_confidences)


def test_a_replay_of_which_little_is_sure_comes_close_to_others() -> None:
    """Two replays differ in nothing but how sure is what is said of them."""
    bold = replace(PARAMETERS, bias_player=6.0, bias_world=6.0)
    true = set(range(40, 2390, 90))

    def sureness(share: float, parameters: TimelineParameters) -> float:
        """The median log-odds of the planted changes."""
        scores, _ = noisy(2400)
        p = np.exp(scores.cause_onset.astype(np.float64))
        p[:, 1 + PLAYER] *= share
        p[:, 0] = 1 - p[:, 1] - p[:, 2]
        times_s = frame_times(scores.pts, info().time_base)
        onsets = find_onsets(np.log(p), times_s, parameters)
        planted = [at in true for at in onsets.positions.tolist()]
        assert sum(planted) > 20
        return float(np.median(log_odds(onsets.raw_confidences[planted])))

    held = replace(bold, typical_clutter=TYPICAL)
    apart = sureness(1.0, bold) - sureness(0.2, bold)
    assert apart > 1.5
    assert 0 < sureness(1.0, held) - sureness(0.2, held) < apart - 0.7


def test_the_level_is_learned_and_kept() -> None:
    scores, _ = noisy(1500)
    times_s = frame_times(scores.pts, info().time_base)
    onsets = np.arange(40, 1490, 90)
    labelled = LabelledScores("toy/noise", scores.cause_onset, times_s, onsets)
    fitted = calibrate([labelled], PARAMETERS)
    assert fitted.typical_clutter is not None
    record = fitted.to_record()
    assert record["schema"] == "pyanalyzer/timeline-parameters/3"
    assert TimelineParameters.from_record(record) == fitted
    older = PARAMETERS.to_record()
    assert older["schema"] == "pyanalyzer/timeline-parameters/2"
    assert TimelineParameters.from_record(older).typical_clutter is None
    for damage in ({"typical_clutter": "high"}, {"typical_clutter": float("nan")}):
        with pytest.raises(ModelError, match="damaged"):
            TimelineParameters.from_record(record | damage)
    with pytest.raises(ModelError, match="typical_clutter"):
        TimelineParameters.from_record(older | {"typical_clutter": 0.0})
