"""The benchmarks compare like with like, and their figures are what they say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from benchmarks import flow_error, kernels
from benchmarks.measure import MIN_SAMPLES, describe_host, time_call, timing_of


def picture() -> np.ndarray:
    """A smooth random picture: something to align."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (15, 20), dtype=np.uint8)
    return np.kron(coarse, np.ones((8, 8), np.uint8))


def test_quartiles() -> None:
    timing = timing_of([5.0, 1.0, 2.0, 4.0, 3.0])
    assert (timing.lower_quartile_s, timing.median_s, timing.upper_quartile_s) == (2.0, 3.0, 4.0)
    assert timing.samples == 5


def test_calls_are_counted() -> None:
    calls = []
    timing = time_call(lambda: calls.append(1), budget_s=0.0)
    assert timing.samples == MIN_SAMPLES
    assert len(calls) > MIN_SAMPLES  # the warm-up is not counted


def test_host_is_described() -> None:
    host = describe_host()
    assert host["processor"]
    assert host["isa"] in {"scalar", "avx2"}


def test_contestants_agree_and_run() -> None:
    steps = []
    for contest in kernels.contests(*kernels.frame_pair(picture(), 320, 240)):
        steps.append(contest.step)
        assert kernels.equal(contest.native(), contest.numpy()), contest.step
        for call in contest.others.values():
            call()
    assert len(steps) == len(set(steps)) == 7


def test_differences_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = kernels.frame_pair(picture(), 320, 240)
    evidence = kernels.core.difference(
        first, second, kernels.core.align(first, second), kernels.Memory.initial(30, 40)
    )
    other = dataclasses.replace(evidence[0], residual=evidence[0].residual + np.uint16(1))
    assert kernels.equal(evidence, evidence)
    assert not kernels.equal(evidence[0], other)
    monkeypatch.setattr(kernels.reference, "downscale", lambda luma, factor: luma)
    monkeypatch.setattr(kernels, "SIZES", {"small": (320, 240)})
    with pytest.raises(RuntimeError, match="downscale by 4 at small"):
        list(kernels.run(picture(), 0.0))


def test_flow_error_knows_the_truth() -> None:
    """Every contestant finds most of what was planted, the core and OpenCV alike."""
    rng = np.random.default_rng(2)
    pictures = [flow_error.texture(rng) for _ in range(2)]
    pairs = list(flow_error.pairs_of(pictures, flow_error.MOTIONS_PX["medium"], 2))
    for pair in pairs:
        assert pair.truth_px.shape == (30, 40, 2)
        assert pair.background.sum() > 600
        assert pair.own.sum() > 60
        assert not (pair.background & pair.own).any()
    for name, contestant in flow_error.CONTESTANTS.items():
        background, own, _ = flow_error.measure(contestant, pairs)
        for errors in (background, own):
            assert (errors.median_px < 0.5) == (name != "nothing"), name
            assert errors.median_px <= errors.upper_decile_px


def test_flow_error_counts_what_it_is_told() -> None:
    errors = flow_error.Errors.of([np.full(9, 0.5), np.full(1, 3.0)])
    assert (errors.median_px, errors.gross_share) == (0.5, 0.1)
    dense = np.zeros((17, 24, 1))
    dense[:8, 8:16] = 2.0
    np.testing.assert_array_equal(flow_error.block_means(dense)[..., 0], [[0, 2, 0], [0, 0, 0]])
