"""The benchmarks compare like with like, and their figures are what they say."""

from __future__ import annotations

import dataclasses
import json
import sys
import threading
from pathlib import Path

import av
import jsonschema
import numpy as np
import pytest

from benchmarks import flow_error, kernels, memory
from benchmarks.measure import (
    MIN_SAMPLES,
    copy_rate_bytes_s,
    describe_host,
    time_call,
    timing_of,
)
from benchmarks.results import results_text
from benchmarks.threads import thread_times
from tests.media import moving, number_of, write_video


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
    assert host["isa"] in {"scalar", "avx2", "avx512"}


def test_contestants_agree_and_run() -> None:
    steps = []
    for contest in kernels.contests(*kernels.frame_pair(picture(), 320, 240)):
        steps.append(contest.step)
        for threads in (1, 2):
            assert kernels.equal(contest.native(threads), contest.numpy()), contest.step
        for call in contest.others.values():
            call()
    assert len(steps) == len(set(steps)) == 10


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


def test_sizes_are_of_arrays_however_deep() -> None:
    first, second = kernels.frame_pair(picture(), 320, 240)
    assert kernels.size_bytes((first, second)) == 2 * 320 * 240
    memory = kernels.Memory.initial(30, 40)
    assert kernels.size_bytes((memory, 7, "x")) == 30 * 40 * (2 * 2 + 4)


def test_figures_are_of_the_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "SIZES", {"small": (160, 120)})
    rows = list(kernels.run(picture(), 0.0))
    assert {"native", "native, 2 threads", "NumPy"} <= {row.contestant for row in rows}
    tables = {"copy_bytes_s": copy_rate_bytes_s(budget_s=0.0), "kernels": rows}
    figures = json.loads(results_text(describe_host(), tables))
    assert len(figures["kernels"]) == len(rows)
    downscale = next(row for row in figures["kernels"] if row["step"] == "downscale by 4")
    assert downscale["traffic_bytes"] == 160 * 120 + 40 * 30
    assert downscale["operations"] == 160 * 120 + 2 * 40 * 30
    assert {row["operations"] for row in figures["kernels"] if row["step"] == "crops"} == {None}
    assert figures["copy_bytes_s"] > 1e6
    with pytest.raises(jsonschema.ValidationError, match="commit"):
        results_text({k: v for k, v in describe_host().items() if k != "commit"}, tables)
    with pytest.raises(jsonschema.ValidationError, match="is not of type"):
        results_text(describe_host(), {"copy_bytes_s": "fast"})


def test_packets_are_put_behind_one_another(tmp_path: Path) -> None:
    """Every picture again and again, a frame apart throughout, B-frames and all."""
    lumas = [moving(i) for i in range(12)]
    source = write_video(tmp_path / "short.mp4", lumas, rate=24, options={"bf": "2"})
    frames, duration_s = memory.loop_packets(source, tmp_path / "long.mp4", 1.9)
    assert (frames, duration_s) == (48, 2.0)
    with av.open(str(tmp_path / "long.mp4")) as container:
        shown = [(f.time, number_of(f.to_ndarray()[:96])) for f in container.decode(video=0)]
    assert [number for _, number in shown] == [*range(12)] * 4
    times_s = np.array([time_s for time_s, _ in shown])
    np.testing.assert_allclose(np.diff(times_s), 1 / 24, atol=1e-3)


def test_peaks_are_of_the_run_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small process after a large one has its own, small peak; a failure is told."""
    code = "import sys; x = bytearray(int(sys.argv[1])); x[::4096] = b'x' * len(x[::4096])"
    monkeypatch.setattr(memory, "_ANALYSE", code)
    large, _, _ = memory.measure_run(Path("200000000"))
    small, cpu_s, wall_s = memory.measure_run(Path("1000"))
    assert large > 200e6
    assert 1e6 < small < 100e6
    assert cpu_s > 0
    assert wall_s > 0
    with pytest.raises(RuntimeError, match="invalid literal"):
        memory.measure_run(Path("x"))


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


@pytest.mark.skipif(sys.platform != "linux", reason="threads are read from /proc")
def test_every_thread_is_measured() -> None:
    """Python's by their names, and without the time before; the clock's own is not among them."""

    def work() -> None:
        picture = np.arange(1 << 20, dtype=np.float64)
        for _ in range(20):
            picture = np.sqrt(picture + 1)

    work()
    over, done = threading.Event(), threading.Event()

    def busy() -> None:
        work()
        done.set()
        over.wait()

    def call() -> None:
        for name, target in (("idle", over.wait), ("busy", busy)):
            threading.Thread(target=target, name=name).start()
        done.wait()

    try:
        spent = {t.name: t.cpu_s for t in thread_times(call)}
    finally:
        over.set()
    assert {"MainThread", "busy", "idle"} <= set(spent)
    assert "clock" not in spent
    assert spent["busy"] > spent["idle"] >= 0.0
