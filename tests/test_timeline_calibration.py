"""Calibration, parameters and their learning."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer.errors import ModelError
from pyanalyzer.evaluate.matching import NO_MATCH, match_events
from pyanalyzer.timeline import TimelineParameters, fitting
from pyanalyzer.timeline.calibration import Calibration, isotonic, log_odds
from pyanalyzer.timeline.decisions import find_onsets
from pyanalyzer.timeline.duration import DurationPrior
from pyanalyzer.timeline.fitting import LabelledScores
from pyanalyzer.timeline.onsets import (
    credible_interval,
    onset_interval,
    share_out,
    territories,
)


def simulate(seed: int, frames: int = 3600, rate_hz: int = 60) -> LabelledScores:
    """Scores of a network that is perfectly calibrated, and onsets drawn from them.

    A bump every now and then: a Gaussian over 25 frames with the probability of the onset.

    Whether there is one, and where, is then drawn from just that distribution.
    """
    rng = np.random.default_rng(seed)
    p = np.full((frames, 3), 1e-5)
    reach = np.arange(-12, 13)
    onsets: list[int] = []
    at = 20
    while True:
        at += int(np.ceil(rate_hz * rng.gamma(2.5, 0.2))) + 1
        if at >= frames - 20:
            break
        width = rng.choice([0.3, 0.6, 1.5, 3.0])
        bump = np.exp(-(reach**2) / (2 * width**2))
        bump /= bump.sum()
        confidence = rng.beta(2.0, 0.7)
        p[at - 12 : at + 13, 1] += 0.99 * confidence * bump
        if rng.random() < confidence:
            onsets.append(at + int(rng.choice(reach, p=bump)))
    p[:, 1] = np.minimum(p[:, 1], 0.98)
    p[:, 0] = 1 - p[:, 1] - p[:, 2]
    return LabelledScores(
        game=f"game {seed % 3}",
        cause_onset=np.log(p).astype(np.float32),
        times_s=np.arange(frames) / rate_hz,
        onsets=np.unique(np.array(onsets, dtype=np.int64)),
    )


EVENTS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=150)


@given(events=EVENTS, minutes=st.floats(0.1, 100))
def test_calibration_is_monotone(events: list[tuple[float, bool]], minutes: float) -> None:
    raw = np.array([r for r, _ in events])
    hits = np.array([h for _, h in events], dtype=bool)
    calibration = Calibration.fit(raw, hits, minutes)
    confidence = calibration.confidence(np.linspace(0, 1, 101))
    assert (np.diff(confidence) >= 0).all()
    assert confidence.min() > 0
    assert confidence.max() < 1
    alarms = [calibration.false_alarms(t) for t in np.linspace(0, 1, 51)]
    assert (np.diff(alarms) <= 0).all()
    if events:
        assert alarms[0] == pytest.approx((~hits).sum() / minutes)


def test_few_false_alarms_are_told_apart_among_thousands() -> None:
    """Of 10,000 false events in ten minutes at 1 a minute about ten come through, not none."""
    rng = np.random.default_rng(3)
    raw = np.concatenate([rng.beta(0.3, 3, 10_000), rng.beta(3, 1, 2_000)])
    hit = np.arange(raw.size) >= 10_000
    calibration = Calibration.fit(raw, hit, 10.0)
    confidence = calibration.confidence(raw)
    for asked in (0.5, 1.0, 2.0, 5.0, 20.0, 100.0):
        passed = confidence >= calibration.threshold_for_false_alarms(asked)
        assert 0.85 * asked <= (passed & ~hit).sum() / 10 <= asked


@given(events=EVENTS, per_min=st.floats(0, 60))
def test_false_alarms_keep_to_the_threshold(
    events: list[tuple[float, bool]], per_min: float
) -> None:
    raw = np.array([r for r, _ in events])
    hits = np.array([h for _, h in events], dtype=bool)
    calibration = Calibration.fit(raw, hits, minutes=1.0)
    threshold = calibration.threshold_for_false_alarms(per_min)
    false = calibration.confidence(raw) >= threshold
    assert (false & ~hits).sum() <= per_min or not events


def test_isotonic_by_hand() -> None:
    x = np.repeat([0.0, 1.0, 2.0], 20)
    hits = np.concatenate([np.arange(20) < k for k in (4, 2, 15)])
    middles, shares = isotonic(x, hits)
    assert middles.tolist() == pytest.approx([0.5, 2.0])
    assert shares.tolist() == pytest.approx([6.5 / 41, 15.5 / 21])


def test_calibration_finds_the_truth() -> None:
    """Events true with probability raw**2: at 0.7 about half are."""
    rng = np.random.default_rng(5)
    raw = rng.random(20_000)
    calibration = Calibration.fit(raw, rng.random(20_000) < raw**2, 100.0)
    for r in (0.3, 0.5, 0.7, 0.9):
        assert calibration.confidence(r) == pytest.approx(r**2, abs=0.03)
    assert calibration.false_alarms(0.5) == pytest.approx(
        200 * (1 - 0.5**0.5) - 200 * (1 - 0.5**1.5) / 3, rel=0.1
    )


def test_identity_believes_the_model() -> None:
    raw = np.linspace(0.01, 0.99, 21)
    np.testing.assert_allclose(Calibration.identity().confidence(raw), raw, atol=2e-3)
    assert Calibration.identity().threshold_for_false_alarms(1.0) == 1.0
    assert Calibration.fit([], [], 1.0) == Calibration.identity()
    np.testing.assert_allclose(log_odds([0.5, 0.0, 1.0]), [0, -13.8155, 13.8155], atol=1e-4)


@pytest.mark.parametrize(
    "changed",
    [
        {"raw_log_odds": (1.0, 0.0)},
        {"raw_log_odds": (), "probability": ()},
        {"probability": (0.9, 0.1)},
        {"probability": (0.1, 1.1)},
        {"probability": (0.1,)},
        {"thresholds": (0.0, 0.5), "false_alarms_per_min": (1.0, 2.0)},
        {"thresholds": (0.0,), "false_alarms_per_min": ()},
        {"thresholds": (0.0,), "false_alarms_per_min": (float("inf"),)},
        {"interval_temperature": 0.0},
        {"interval_margin_frames": -1},
    ],
)
def test_calibration_rejects(changed: dict[str, Any]) -> None:
    good = Calibration((0.0, 1.0), (0.1, 0.9), (0.0, 0.5), (2.0, 1.0))
    with pytest.raises(ValueError, match=r"must"):
        replace(good, **changed)


def test_parameters_survive_json() -> None:
    rng = np.random.default_rng(2)
    raw = rng.random(300)
    parameters = TimelineParameters(
        DurationPrior.fit(rng.gamma(2, 0.3, 500)),
        0.5,
        2.0,
        -1.0,
        0.4,
        replace(
            Calibration.fit(raw, rng.random(300) < raw, 3.0),
            interval_temperature=1.5,
            interval_margin_frames=2,
        ),
    )
    text = json.dumps(parameters.to_record())
    assert TimelineParameters.from_record(json.loads(text)) == parameters
    assert TimelineParameters.from_record(TimelineParameters().to_record()) == TimelineParameters()


def damaged(path: str, value: object) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(json.dumps(TimelineParameters().to_record()))
    *parents, last = path.split(".")
    inner = record
    for name in parents:
        inner = inner[name]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return record


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({}, "of schema None"),
        ([], "of schema None"),
        (damaged("schema", "pyanalyzer/timeline-parameters/9"), "reads"),
        (damaged("prior", None), r"missing \['prior'\]"),
        (damaged("extra", 1), r"unknown \['extra'\]"),
        (damaged("prior.mass", None), "missing"),
        (damaged("prior.mass", ["a"]), "not a number"),
        (damaged("prior.mass", 0.5), "damaged"),
        (damaged("prior.mass", [True]), "not a number"),
        (damaged("calibration.probability", [2.0]), "damaged"),
        (damaged("calibration", 3), "missing"),
        (damaged("threshold", "high"), "not a number"),
        (damaged("threshold", 1.5), "threshold in 0..1"),
        (damaged("threshold", [0.5]), "damaged"),
        (damaged("bias_player", float("nan")), "finite"),
    ],
)
def test_damaged_parameters(record: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        TimelineParameters.from_record(record)


@given(
    marginal=st.lists(st.floats(0, 1), min_size=1, max_size=15),
    data=st.data(),
    temperature=st.sampled_from([0.5, 1.0, 4.0]),
)
def test_interval_is_the_shortest(
    marginal: list[float], data: st.DataObject, temperature: float
) -> None:
    mass = np.maximum(np.array(marginal), 1e-15)
    at = data.draw(st.integers(0, mass.size - 1))
    begin, end = credible_interval(np.array(marginal), at, temperature)
    assert begin <= at < end
    flat = mass ** (1 / temperature)
    flat /= flat.sum()
    assert flat[begin:end].sum() >= 0.95 - 1e-9
    for b in range(mass.size):
        for e in range(b + 1, mass.size + 1):
            if b <= at < e and e - b < end - begin:
                assert flat[b:e].sum() < 0.95 + 1e-9


def test_a_higher_temperature_widens() -> None:
    bump = np.exp(-(np.arange(-10, 11) ** 2) / 2)
    widths = [np.ptp(credible_interval(bump, 10, t)) for t in (0.5, 1.0, 2.0, 4.0)]
    assert widths == sorted(widths)
    assert len(set(widths)) == 4


def test_faint_background_does_not_stretch_intervals() -> None:
    """A clear onset among many frames that each have a small chance of another."""
    p = np.tile([0.994, 0.003, 0.003], (200, 1))
    p[100] = [0.05, 0.9, 0.05]
    parameters = TimelineParameters(bias_player=1.0, bias_world=1.0)
    onsets = find_onsets(np.log(p), np.arange(200) / 60, parameters)
    (n,) = np.flatnonzero(onsets.positions == 100)
    begin = int(onsets.territories[n, 0])
    assert onsets.marginals[n].sum() == pytest.approx(1.0)
    assert credible_interval(onsets.marginals[n], 100 - begin) == (100 - begin, 101 - begin)


def found_at(
    claims: dict[int, tuple[float, int]], frames: int = 200
) -> tuple[list[int], list[int]]:
    """Path of frames that are quiet but for claims: {frame: (probability, cause)}."""
    p = np.tile([0.998, 0.001, 0.001], (frames, 1))
    for at, (probability, cause) in claims.items():
        p[at] = [1 - probability - 0.001, 0.001, 0.001]
        p[at, 1 + cause] = probability
    parameters = TimelineParameters(prior_weight=0.0, bias_player=2.0, bias_world=2.0)
    onsets = find_onsets(np.log(p), np.arange(frames) / 60, parameters)
    return onsets.positions.tolist(), onsets.causes.tolist()


def test_spread_evidence_is_one_event_and_enough_of_it_are_several() -> None:
    assert found_at({100: (0.45, 0), 101: (0.5, 0), 103: (0.02, 0)})[0] == [101]
    assert found_at({100: (0.9, 0), 101: (0.9, 0)})[0] == [100, 101]
    # 2.9 onsets' worth.
    close = {100: (0.6, 0), 102: (0.9, 0), 104: (0.6, 0), 107: (0.8, 0)}
    assert found_at(close)[0] == [100, 102, 104, 107]
    assert found_at({50: (0.5, 1), 52: (0.46, 1)}) == ([50], [1])
    # The world's claim is about something else.
    assert found_at({100: (0.9, 0), 102: (0.9, 1)}) == ([100, 102], [0, 1])


def test_sharing_out_a_worked_example() -> None:
    posterior = np.zeros((12, 2))
    posterior[2:5, 0] = 0.3, 0.9, 0.2  # one onset, and 0.4 of another
    posterior[9:11, 0] = 0.2, 0.5
    positions, causes = np.array([2, 3, 4, 10]), np.zeros(4, np.int64)
    kept, found = share_out(posterior, positions, causes, settled=0)
    # The middle one takes its frame's 0.9 and a fifth of the 0.5 beside it. The first one finds
    # 0.24 and takes the 0.16 two frames later too: nothing is left for the third.
    assert kept.tolist() == [True, True, False, True]
    assert found == pytest.approx([0.24, 1.0, 0.0, 0.7])
    # What was decided before takes first, even if it is not the surest.
    kept, found = share_out(posterior, positions[1:], causes[1:], settled=1)
    assert found == pytest.approx([1.0, 0.16, 0.7])
    kept, found = share_out(posterior, np.array([2, 3]), causes[:2], settled=1)
    assert found == pytest.approx([1.0, 0.4])
    # Of equals the earliest.
    posterior[9:, 0] = 0.48, 0.0, 0.48
    kept, found = share_out(posterior, np.array([9, 11]), causes[:2], settled=0)
    assert kept.tolist() == [True, False]


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40),
    st.integers(0, 2**32 - 1),
)
def test_no_evidence_is_given_out_twice(claims: list[tuple[float, bool]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    player = np.array([p for p, _ in claims])
    posterior = np.stack([player, (1 - player) * rng.random(player.size)], axis=1)
    positions = np.flatnonzero([claimed for _, claimed in claims])
    causes = rng.integers(0, 2, positions.size)
    settled = int(rng.integers(0, positions.size + 1))
    before = posterior.copy()
    kept, found = share_out(posterior, positions, causes, settled)
    assert (posterior == before).all()
    assert kept[:settled].all()
    assert ((found >= 0) & (found <= 1)).all()
    for cause in (0, 1):
        of_it = kept & (causes == cause)
        assert found[of_it].sum() <= posterior[:, cause].sum() + 1e-9
        for n in np.flatnonzero(of_it & (np.arange(kept.size) >= settled)):
            near = np.abs(positions - positions[n]) <= 2
            if (near & (causes == cause) & kept).sum() > 1:
                continue
            if (np.abs(positions - positions[n]) <= 4)[causes == cause].sum() == 1:  # alone
                whole = posterior[max(0, positions[n] - 1) : positions[n] + 2, cause].sum()
                assert found[n] == pytest.approx(min(1.0, whole))


def test_a_margin_goes_past_the_territory_but_not_past_the_recording() -> None:
    p = np.tile([0.998, 0.001, 0.001], (60, 1))
    p[[2, 30, 35]] = [0.02, 0.97, 0.01]
    onsets = find_onsets(np.log(p), np.arange(60) / 60, TimelineParameters(prior_weight=0.0))
    assert onsets.positions.tolist() == [2, 30, 35]
    spans = [onset_interval(onsets, n, 60, 0.25, 4) for n in range(3)]
    assert spans == [(0, 7), (26, 35), (31, 40)]


def test_territories_end_half_way() -> None:
    times_s = np.arange(200) / 60
    spans = territories(np.array([50, 54, 59, 100]), times_s)
    assert spans.tolist() == [[35, 52], [52, 57], [57, 75], [85, 116]]
    assert territories(np.array([0]), times_s[:1]).tolist() == [[0, 1]]


def test_learning_gives_honest_confidences_and_intervals() -> None:
    """Learned on some recordings, tried on others."""
    validation = [simulate(seed) for seed in range(8)]
    spells = np.concatenate([np.diff(v.onsets) / 60 for v in validation])
    parameters = fitting.calibrate(
        validation, TimelineParameters(DurationPrior.fit(spells), 1.0, 2.0, 2.0)
    )
    inside = events = 0
    confidences, hits = [], []
    for fresh in (simulate(seed) for seed in range(100, 108)):
        onsets = find_onsets(fresh.cause_onset, fresh.times_s, parameters)
        matched = match_events(onsets.positions, onsets.raw_confidences, fresh.onsets, 2)
        confidences.append(parameters.calibration.confidence(onsets.raw_confidences))
        hits.append(matched != NO_MATCH)
        listed = parameters.calibration.confidence(onsets.raw_confidences) >= parameters.threshold
        near = match_events(onsets.positions, onsets.raw_confidences, fresh.onsets, 6)
        for n in np.flatnonzero(listed & (near != NO_MATCH) & (onsets.causes == 0)):
            low, high = onset_interval(
                onsets,
                int(n),
                fresh.times_s.size,
                parameters.calibration.interval_temperature,
                parameters.calibration.interval_margin_frames,
            )
            events += 1
            inside += low <= fresh.onsets[near[n]] < high
    assert events > 200
    assert 0.92 <= inside / events <= 0.99
    confidence, hit = np.concatenate(confidences), np.concatenate(hits)
    for low, high in ((0.0, 0.5), (0.5, 0.8), (0.8, 1.0)):
        chosen = (confidence >= low) & (confidence < high)
        assert confidence[chosen].mean() == pytest.approx(hit[chosen].mean(), abs=0.1)


def test_fit_parameters_prefers_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "PRIOR_WEIGHTS", (1.0,))
    monkeypatch.setattr(fitting, "BIASES", (-4.0, 2.0))
    monkeypatch.setattr(fitting, "WORLD_BIASES", (0.0, 12.0))
    validation = [simulate(seed, frames=1500) for seed in range(3)]
    spells = np.concatenate([np.diff(v.onsets) / 60 for v in validation])
    parameters = fitting.fit_parameters(validation, spells)
    assert parameters.bias_player == parameters.bias_world == 2.0
    assert 0 < parameters.threshold < 1
    assert parameters.calibration != Calibration.identity()
    with pytest.raises(ValueError, match="at least one validation replay"):
        fitting.fit_parameters([], spells)


def test_threshold_is_that_of_the_best_f1() -> None:
    hits = np.array([True, True, False, True, False, False])
    raw = np.array([0.9, 0.8, 0.7, 0.6, 0.3, 0.2])
    found = [fitting._Found("a", raw, hits, 3)]
    threshold, f1 = fitting.best_common_threshold(found)
    assert 0.3 < threshold < 0.6
    assert f1 == pytest.approx(6 / 7)
    assert fitting.best_common_threshold([fitting._Found("a", raw[:0], hits[:0], 3)]) == (1.0, 0.0)


def test_threshold_is_for_engines_alike() -> None:
    """A hundred replays of one engine outvote one of another no more than one would."""
    high = fitting._Found("a/x", np.array([0.9, 0.8, 0.3, 0.2]), np.array([1, 1, 0, 0], bool), 2)
    low = fitting._Found("b/x", np.array([0.3, 0.2, 0.2, 0.2]), np.array([1, 1, 1, 1], bool), 4)
    one = fitting.best_common_threshold([high, low])
    assert one == fitting.best_common_threshold([high] * 100 + [low])
    assert fitting.best_common_threshold([high, high])[0] > one[0]
