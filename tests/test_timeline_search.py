"""Duration prior, transition model, path search and posterior against enumeration."""

from __future__ import annotations

import itertools
import math
import tracemalloc
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyanalyzer.timeline.duration import TAIL_START_S, DurationPrior
from pyanalyzer.timeline.observation import MAX_LOG_ODDS, onset_log_odds
from pyanalyzer.timeline.posterior import onset_posterior
from pyanalyzer.timeline.search import find_path
from pyanalyzer.timeline.transition import TransitionModel, frame_times

F64 = npt.NDArray[np.float64]

# Reaches only 0.25 s, so that a few frames are enough to come into the tail.
SHORT = DurationPrior((0.0, 0.03, 0.1, 0.25), (0.05, 0.4, 0.2), 2.5)


@st.composite
def streams(draw: st.DrawFn, max_frames: int = 6) -> tuple[F64, F64, float]:
    """Frame times with gaps (variable frame rate), log-odds, weight of the prior."""
    frames = draw(st.integers(1, max_frames))
    steps = draw(st.lists(st.sampled_from([1, 2, 3, 17, 40]), min_size=frames, max_size=frames))
    pts = np.cumsum(steps)
    odds = draw(st.lists(st.floats(-6, 6), min_size=2 * frames, max_size=2 * frames))
    weight = draw(st.sampled_from([0.0, 0.3, 1.0, 2.0]))
    return frame_times(pts, Fraction(1, 60)), np.array(odds).reshape(frames, 2), weight


def slow_mass(prior: DurationPrior, begin_s: float, end_s: float) -> float:
    """Probability of a spell between the two, straight from the definition."""
    total = 0.0
    for left, right, mass in zip(prior.edges_s, prior.edges_s[1:], prior.mass, strict=False):
        total += mass * max(0.0, min(end_s, right) - max(begin_s, left)) / (right - left)
    tail_from, rate = prior.edges_s[-1], prior.tail_rate_per_s
    begin, end = max(begin_s, tail_from) - tail_from, max(end_s, tail_from) - tail_from
    return total + (1 - sum(prior.mass)) * (math.exp(-rate * begin) - math.exp(-rate * end))


def slow_survival(prior: DurationPrior, after_s: float) -> float:
    return slow_mass(prior, after_s, 1e6)


def slow_excess(prior: DurationPrior, wait_s: float) -> float:
    fine = np.linspace(0, 60, 600_001)
    alive, after = prior.survival(fine), fine >= wait_s
    return float(np.trapezoid(alive[after], fine[after]) / np.trapezoid(alive, fine))


def enumerate_paths(
    times_s: F64, odds: F64, prior: DurationPrior, weight: float
) -> dict[tuple[tuple[int, int], ...], float]:
    """Score of every sequence of (position, cause)."""
    frames = times_s.size
    model = TransitionModel(prior, times_s, weight)
    scores: dict[tuple[tuple[int, int], ...], float] = {(): model.none}
    for size in range(1, frames + 1):
        for positions in itertools.combinations(range(frames), size):
            score = model.first[positions[0]]
            for s, t in itertools.pairwise(positions):
                mass = slow_mass(prior, times_s[t - 1] - times_s[s], times_s[t] - times_s[s])
                score += weight * math.log(mass)
            score += weight * math.log(slow_survival(prior, times_s[-1] - times_s[positions[-1]]))
            for causes in itertools.product((0, 1), repeat=size):
                path = tuple(zip(positions, causes, strict=True))
                scores[path] = score + sum(odds[t, c] for t, c in path)
    return scores


@given(stream=streams())
@settings(deadline=None, max_examples=60)
def test_path_and_posterior_equal_enumeration(stream: tuple[F64, F64, float]) -> None:
    times_s, odds, weight = stream
    scores = enumerate_paths(times_s, odds, SHORT, weight)
    model = TransitionModel(SHORT, times_s, weight)

    path = find_path(odds, model)
    found = tuple(zip(path.positions.tolist(), path.causes.tolist(), strict=True))
    assert path.score == pytest.approx(max(scores.values()), abs=1e-7)
    assert scores[found] == pytest.approx(path.score, abs=1e-7)

    posterior = onset_posterior(odds, model)
    evidence = math.log(sum(math.exp(score) for score in scores.values()))
    expected = np.zeros((times_s.size, 2))
    for one, score in scores.items():
        for t, c in one:
            expected[t, c] += math.exp(score - evidence)
    assert posterior.log_evidence == pytest.approx(evidence, abs=1e-7)
    np.testing.assert_allclose(posterior.onset, expected, atol=1e-7)


@given(stream=streams(max_frames=40))
@settings(deadline=None, max_examples=40)
def test_transitions_are_probabilities(stream: tuple[F64, F64, float]) -> None:
    times_s = stream[0]
    model = TransitionModel(SHORT, times_s)
    total = np.exp(model.last)  # what leaves each frame: to nowhere ...
    for t, s0, between in model.into():
        total[s0:t] += np.exp(between)  # ... and to every later frame
        total[:s0] += np.exp(model.tail_to[t] + model.tail_from[:s0])
    np.testing.assert_allclose(total, 1.0, atol=1e-9)
    assert np.exp(model.first).sum() + math.exp(model.none) == pytest.approx(1.0, abs=1e-9)
    by_target = {(s0 + n, t): p for t, s0, row in model.into() for n, p in enumerate(row)}
    by_source = {(s, s + 1 + n): p for s, _, row in model.out_of() for n, p in enumerate(row)}
    assert by_target == by_source


@given(stream=streams(max_frames=20))
@settings(deadline=None, max_examples=40)
def test_pairs_near_and_far_follow_the_definition(stream: tuple[F64, F64, float]) -> None:
    times_s, _, weight = stream
    model = TransitionModel(SHORT, times_s, weight)
    source, target = np.triu_indices(times_s.size, 1)
    expected = [
        weight * math.log(slow_mass(SHORT, times_s[t - 1] - times_s[s], times_s[t] - times_s[s]))
        for s, t in zip(source, target, strict=True)
    ]
    np.testing.assert_allclose(model.pairs(source, target), expected, atol=1e-6)


def test_a_pair_longer_than_the_tail_start_is_in_the_tail() -> None:
    model = TransitionModel(SHORT, frame_times([0, 600, 601], Fraction(1, 60)))
    assert model.window_start.tolist() == [0, 0, 1]


@given(durations=st.lists(st.floats(0.01, 30), max_size=50))
def test_fitted_prior_is_a_distribution(durations: list[float]) -> None:
    prior = DurationPrior.fit(durations)
    assert prior.survival(0.0) == 1.0
    x = np.linspace(0, 40, 500)
    assert (np.diff(prior.survival(x)) < 0).all()
    assert (np.diff(prior.log_excess(x)) < 0).all()
    np.testing.assert_allclose(np.exp(prior.log_survival(x)), prior.survival(x), rtol=1e-9)
    assert prior == DurationPrior.fit(durations)


@pytest.mark.parametrize("wait_s", [0.0, 0.02, 0.2, 0.25, 1.0, 4.0])
def test_survival_and_excess_by_quadrature(wait_s: float) -> None:
    assert SHORT.survival(wait_s) == pytest.approx(slow_survival(SHORT, wait_s))
    assert np.exp(SHORT.log_excess(wait_s)) == pytest.approx(slow_excess(SHORT, wait_s), rel=1e-3)
    fine = np.linspace(0, 60, 600_001)
    assert SHORT.mean_s == pytest.approx(np.trapezoid(SHORT.survival(fine), fine), rel=1e-3)


def test_fit_finds_the_shape() -> None:
    rng = np.random.default_rng(3)
    drawn = rng.gamma(4.0, 0.2, 20_000)
    frames = np.ceil(drawn * 60) / 60
    prior = DurationPrior.fit(frames, 1 / 60)
    for x in (0.1, 0.4, 0.8, 1.5, 2.5):
        assert prior.survival(x) == pytest.approx((drawn > x).mean(), abs=0.01)
    assert prior.mean_s == pytest.approx(0.8, abs=0.02)
    exponential = DurationPrior.fit(rng.exponential(4.0, 20_000), 1e-6)
    assert exponential.tail_rate_per_s == pytest.approx(0.25, rel=0.05)
    assert exponential.tail_start_s == TAIL_START_S


@pytest.mark.parametrize("bad", [[0.0], [-1.0], [math.nan], [math.inf]])
def test_fit_rejects(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="must be positive and finite"):
        DurationPrior.fit(bad)


@pytest.mark.parametrize(
    ("edges", "mass", "rate"),
    [
        ((0.0, 1.0), (1.0,), 1.0),
        ((0.0, 1.0), (0.0,), 1.0),
        ((0.0, 1.0), (0.5, 0.1), 1.0),
        ((0.1, 1.0), (0.5,), 1.0),
        ((0.0, 1.0, 1.0), (0.5, 0.1), 1.0),
        ((0.0, 1.0), (0.5,), 0.0),
        ((0.0, math.inf), (0.5,), 1.0),
        ((0.0,), (), 1.0),
    ],
)
def test_prior_rejects(edges: tuple[float, ...], mass: tuple[float, ...], rate: float) -> None:
    with pytest.raises(ValueError, match=r"prior|edges_s|mass|tail_rate"):
        DurationPrior(edges, mass, rate)


def test_frame_times() -> None:
    assert frame_times([100, 103, 109], Fraction(1, 30)).tolist() == pytest.approx([0, 0.1, 0.3])
    assert frame_times([], Fraction(1, 30)).size == 0
    broken = frame_times([0, 100, 100, 40, 0, 200], Fraction(1, 100))
    assert (np.diff(broken) > 0).all()
    assert broken[-1] == pytest.approx(2.0, abs=1e-3)


def test_log_odds() -> None:
    log_p = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]]))
    expected = np.log([[0.5, 0.5], [8, 1]]) + np.array([1, -2])
    np.testing.assert_allclose(onset_log_odds(log_p, 1, -2), expected)
    certain = onset_log_odds(np.array([[0, -np.inf, -np.inf], [-np.inf, 0, -np.inf]]))
    assert certain.tolist() == [[-MAX_LOG_ODDS] * 2, [MAX_LOG_ODDS, 0]]
    with pytest.raises(ValueError, match="NaN"):
        onset_log_odds(np.full((2, 3), np.nan))
    with pytest.raises(ValueError, match=r"\(T, 3\)"):
        onset_log_odds(np.zeros((2, 2)))


def planted(frames: int, every: int, rate_hz: int = 60) -> tuple[F64, F64, list[int]]:
    """Odds of -6 everywhere but +4 at every so many frames, by turns player and world."""
    onsets = list(range(every // 2, frames, every))
    odds = np.full((frames, 2), -6.0)
    for n, t in enumerate(onsets):
        odds[t, n % 2] = 4.0
    return frame_times(np.arange(frames), Fraction(1, rate_hz)), odds, onsets


def test_planted_path_is_found() -> None:
    times_s, odds, onsets = planted(3000, 41)
    path = find_path(odds, TransitionModel(DurationPrior.fit([41 / 60] * 100), times_s))
    assert path.positions.tolist() == onsets
    assert path.causes.tolist() == [n % 2 for n in range(len(onsets))]


def test_prior_decides_between_equals() -> None:
    """Two frames as good as each other: the one that fits the usual spell is taken."""
    times_s = frame_times(np.arange(120), Fraction(1, 60))
    odds = np.full((120, 2), -12.0)
    odds[[40, 46, 80], 0] = [6.0, 3.0, 3.0]
    regular = TransitionModel(DurationPrior.fit([40 / 60] * 1000), times_s)
    assert find_path(odds, regular).positions.tolist() == [40, 80]
    unweighted = TransitionModel(DurationPrior.fit([40 / 60] * 1000), times_s, weight=0.0)
    assert find_path(odds, unweighted).positions.tolist() == [40, 46, 80]


def peak_bytes(frames: int) -> int:
    times_s, odds, _ = planted(frames, 67)
    model = TransitionModel(DurationPrior.fit([67 / 60] * 100), times_s)
    tracemalloc.start()
    find_path(odds, model)
    onset_posterior(odds, model)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_is_linear() -> None:
    small, large = peak_bytes(2_000), peak_bytes(8_000)
    # About 12 arrays of 8 bytes per frame; a table of the pairs within reach would take 1,448.
    assert large - small < 6_000 * 150
    assert large < 16e6


def test_an_hour() -> None:
    """216,000 frames: each is compared only with those that the histogram reaches."""
    frames = 216_000
    times_s, odds, onsets = planted(frames, 67)
    model = TransitionModel(DurationPrior.fit([67 / 60] * 100), times_s)
    assert (np.arange(frames) - model.window_start).max() <= TAIL_START_S * 60 + 1
    assert find_path(odds, model).positions.tolist() == onsets
