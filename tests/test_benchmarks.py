"""The benchmarks compare like with like, and their figures are what they say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from benchmarks import kernels
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
    assert len(steps) == len(set(steps)) == 6


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
