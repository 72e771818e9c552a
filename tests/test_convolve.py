"""The layer of the native network: its definition in NumPy, and PyTorch's, are the oracles."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pyanalyzer import core, reference
from pyanalyzer.core.convolve import pack_bias, pack_weights, pack_weights_3x3
from pyanalyzer.records import F32

ISAS = core.supported_isas()


def values(rng: np.random.Generator, *shape: int) -> F32:
    return rng.normal(size=shape).astype(np.float32)


@st.composite
def layers(draw: st.DrawFn) -> dict[str, object]:
    """Arguments of a call, and the weights before they are packed."""
    kernel = draw(st.sampled_from([(1, 1), (3, 3), (1, 3), (3, 1), (2, 3)]))
    dilation = draw(st.sampled_from([(1, 1), (2, 2), (1, 4), (3, 1)]))
    padding = draw(st.tuples(st.integers(0, 4), st.integers(0, 4)))
    stride = draw(st.integers(1, 2))
    least = [d * (k - 1) + 1 - 2 * p for d, k, p in zip(dilation, kernel, padding, strict=True)]
    rows, cols = (draw(st.integers(max(1, low), max(1, low) + 8)) for low in least)
    images, channels, out = (draw(st.integers(1, high)) for high in (3, 5, 85))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    weights, bias = values(rng, out, channels, *kernel), values(rng, out)
    found: dict[str, object] = {
        "input": values(rng, images, rows, cols, channels),
        "weights": pack_weights(weights),
        "bias": pack_bias(bias),
        "out_channels": out,
        "stride": stride,
        "dilation": dilation,
        "padding": padding,
        "relu": draw(st.booleans()),
    }
    size = reference.convolve(**found).shape  # type: ignore[arg-type]
    if draw(st.booleans()):
        found["residual"] = values(rng, *size)
    return found | {"plain": (weights, bias)}


@given(layers())
@settings(max_examples=60, deadline=None)
def test_every_instruction_set_and_number_of_threads_gives_the_definition(
    layer: dict[str, object],
) -> None:
    weights, bias = layer.pop("plain")  # type: ignore[misc]
    expected = reference.convolve(**layer)  # type: ignore[arg-type]
    for isa in ISAS:
        for threads in (1, 2, 7):
            got = core.convolve(**layer, isa=isa, threads=threads)  # type: ignore[arg-type]
            assert got.dtype == np.float32
            np.testing.assert_array_equal(got, expected)
    theirs = torch.nn.functional.conv2d(
        # In float64: PyTorch's convolution of float32 crashes on some of these sizes.
        torch.from_numpy(layer["input"]).permute(0, 3, 1, 2).double(),  # type: ignore[arg-type]
        torch.from_numpy(weights).double(),  # type: ignore[has-type]
        torch.from_numpy(bias).double(),  # type: ignore[has-type]
        stride=layer["stride"],  # type: ignore[arg-type]
        dilation=layer["dilation"],  # type: ignore[arg-type]
        padding=layer["padding"],  # type: ignore[arg-type]
    ).permute(0, 2, 3, 1)
    if "residual" in layer:
        theirs = theirs + torch.from_numpy(layer["residual"])  # type: ignore[arg-type]
    if layer["relu"]:
        theirs = theirs.relu()
    np.testing.assert_allclose(expected, theirs.numpy(), rtol=1e-4, atol=1e-4)


@st.composite
def layers_3x3(draw: st.DrawFn) -> tuple[F32, dict[str, object]]:
    """Weights as PyTorch has them, and the other arguments of a call."""
    dilation = draw(st.sampled_from([(1, 1), (2, 2), (3, 3), (1, 4), (3, 2)]))
    padding = draw(st.tuples(st.integers(0, 4), st.integers(0, 4)))
    low = [max(1, 2 * d + 1 - 2 * p) for d, p in zip(dilation, padding, strict=True)]
    rows, cols = (draw(st.integers(n, n + 14)) for n in low)
    images, channels = draw(st.integers(1, 4)), draw(st.sampled_from([1, 3, 8, 11, 24, 35]))
    out = draw(st.sampled_from([1, 5, 16, 35, 48, 64, 85]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    found: dict[str, object] = {
        "input": values(rng, images, rows, cols, channels),
        "bias": pack_bias(values(rng, out)),
        "out_channels": out,
        "dilation": dilation,
        "padding": padding,
        "relu": draw(st.booleans()),
    }
    if draw(st.booleans()):
        size = (n + 2 * p - 2 * d for n, p, d in zip((rows, cols), padding, dilation, strict=True))
        found["residual"] = values(rng, images, *size, out)
    if draw(st.booleans()):
        found["shift"] = draw(st.integers(0, channels // 2))
        for around in draw(st.sets(st.sampled_from(["before", "after"]))):
            found[around] = values(rng, rows, cols, channels)
    return values(rng, out, channels, 3, 3), found


@given(layers_3x3())
@settings(max_examples=60, deadline=None)
def test_minimal_filtering_is_its_definition_and_a_convolution(
    layer: tuple[F32, dict[str, object]],
) -> None:
    plain, arguments = layer
    weights = pack_weights_3x3(plain)
    expected = reference.convolve_3x3(weights=weights, **arguments)  # type: ignore[arg-type]
    for isa in ISAS:
        for threads in (1, 2, 7):
            got = core.convolve_3x3(weights=weights, isa=isa, threads=threads, **arguments)  # type: ignore[arg-type]
            assert got.dtype == np.float32
            np.testing.assert_array_equal(got, expected)
    if arguments.pop("shift", 0):
        return
    arguments = {k: v for k, v in arguments.items() if k not in ("before", "after")}
    convolved = core.convolve(weights=pack_weights(plain), **arguments)  # type: ignore[arg-type]
    np.testing.assert_allclose(expected, convolved, rtol=1e-4, atol=2e-4)


def test_minimal_filtering_cuts_off_what_is_no_number_like_zero() -> None:
    picture = np.full((1, 5, 6, 3), np.nan, np.float32)
    weights, bias = pack_weights_3x3(np.ones((16, 3, 3, 3), np.float32)), np.zeros(16, np.float32)
    for isa in ISAS:
        out = core.convolve_3x3(picture, weights, bias, out_channels=16, relu=True, isa=isa)
        assert not out.any()


def test_channels_of_the_images_before_and_after() -> None:
    """A kernel that passes on what stands in its middle: of three images with four channels, the
    first comes from the next one, the second from the one before."""
    images = np.arange(12, dtype=np.float32).reshape(3, 1, 1, 4)
    kernel = np.zeros((4, 4, 3, 3), np.float32)
    kernel[range(4), range(4), 1, 1] = 1
    layer = {
        "weights": pack_weights_3x3(kernel),
        "bias": pack_bias(np.zeros(4, np.float32)),
        "out_channels": 4,
        "padding": (1, 1),
        "shift": 1,
    }
    seen = core.convolve_3x3(images, **layer)  # type: ignore[arg-type]
    wanted = [[4, 0, 2, 3], [8, 1, 6, 7], [0, 5, 10, 11]]
    np.testing.assert_allclose(seen.reshape(3, 4), wanted, atol=1e-5)
    around = {"before": images[2] + 100, "after": images[0] + 100}
    seen = core.convolve_3x3(images, **layer, **around)  # type: ignore[arg-type]
    np.testing.assert_allclose(seen[0, 0, 0], [4, 109, 2, 3], atol=1e-4)
    np.testing.assert_allclose(seen[2, 0, 0], [100, 5, 10, 11], atol=1e-4)


@pytest.mark.parametrize("name", ["convolve", "convolve_3x3"])
@pytest.mark.parametrize("out_channels", [3, 16, 40])
@pytest.mark.parametrize("size", [(2, 5, 7), (1, 4, 1), (3, 1, 1), (1, 1, 1)])
def test_results_are_written_where_they_are_wanted(
    name: str, out_channels: int, size: tuple[int, int, int]
) -> None:
    """Whole arrays, or some channels of a wider one, whose others stay as they are; also where what
    is added stands."""
    rng = np.random.default_rng(1)
    pack = {"convolve": pack_weights, "convolve_3x3": pack_weights_3x3}[name]
    layer = {
        "input": values(rng, *size, 4),
        "weights": pack(values(rng, out_channels, 4, 3, 3)),
        "bias": pack_bias(values(rng, out_channels)),
        "out_channels": out_channels,
        "padding": (1, 1),
        "residual": values(rng, *size, out_channels),
    }
    expected = getattr(reference, name)(**layer)
    for isa in ISAS:
        wide = np.full((*size, out_channels + 7), 5, np.float32)
        part = wide[..., 2 : 2 + out_channels]
        got = getattr(core, name)(**layer, out=part, isa=isa)
        assert got is part
        np.testing.assert_array_equal(part, expected)
        assert (wide[..., :2] == 5).all()
        assert (wide[..., 2 + out_channels :] == 5).all()
        added = layer["residual"].copy()
        getattr(core, name)(**layer | {"residual": added}, out=added, isa=isa)
        np.testing.assert_array_equal(added, expected)
    np.testing.assert_array_equal(getattr(reference, name)(**layer, out=wide[..., 7:]), expected)


def test_a_worked_example() -> None:
    """A picture of 2 x 3 px of one channel, 3 x 3 ones with zeros around, bias -1, cut off at 0."""
    picture = np.array([[1, 2, 3], [-4, 0, 0]], np.float32).reshape(1, 2, 3, 1)
    weights = pack_weights(np.ones((1, 1, 3, 3), np.float32))
    bias = pack_bias(np.array([-1], np.float32))
    out = core.convolve(picture, weights, bias, out_channels=1, padding=(1, 1), relu=True)
    assert out[0, :, :, 0].tolist() == [[0, 1, 4], [0, 1, 4]]
    weights = pack_weights_3x3(np.ones((1, 1, 3, 3), np.float32))
    out = core.convolve_3x3(picture, weights, bias, out_channels=1, padding=(1, 1), relu=True)
    np.testing.assert_allclose(out[0, :, :, 0], [[0, 1, 4], [0, 1, 4]], atol=1e-5)


SMALL = {
    "input": np.zeros((1, 4, 4, 2), np.float32),
    "weights": pack_weights(np.zeros((3, 2, 3, 3), np.float32)),
    "bias": pack_bias(np.zeros(3, np.float32)),
    "out_channels": 3,
}


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"input": np.zeros((4, 4, 2), np.float32)}, ValueError, "input must have the shape"),
        ({"input": np.zeros((1, 4, 4, 2))}, TypeError, "input must be float32"),
        ({"input": np.zeros((1, 4, 4, 3), np.float32)}, ValueError, "weights must have the shape"),
        ({"input": np.zeros((1, 4, 2, 4), np.float32).swapaxes(2, 3)}, ValueError, "C-contiguous"),
        ({"input": np.zeros((1, 2, 4, 2), np.float32)}, ValueError, "no output"),
        ({"input": np.zeros((0, 4, 4, 2), np.float32)}, ValueError, "no output"),
        ({"bias": np.zeros(3, np.float32)}, ValueError, "bias must have the shape"),
        ({"out_channels": 17}, ValueError, "weights must have the shape"),
        ({"out_channels": 0}, ValueError, "out_channels must be at least 1"),
        ({"stride": 0}, ValueError, "no output"),
        ({"padding": (-1, 0)}, ValueError, "no output"),
        ({"dilation": (0, 1)}, ValueError, "no output"),
        ({"residual": np.zeros((1, 2, 2, 4), np.float32)}, ValueError, "residual must have"),
        ({"out": np.zeros((1, 2, 2, 3))}, TypeError, "out must be float32"),
        ({"out": np.zeros((1, 2, 3, 3), np.float32)}, ValueError, "the result's shape"),
        ({"out": np.zeros((1, 2, 2, 6), np.float32)[..., ::2]}, ValueError, "C-contiguous"),
        ({"out": np.zeros((1, 2, 4, 3), np.float32)[:, :, :2]}, ValueError, "C-contiguous"),
        ({"out": np.broadcast_to(np.float32(0), (1, 2, 2, 3))}, ValueError, "read-only"),
        ({"threads": 0}, ValueError, "threads must be at least 1"),
        ({"isa": "mmx"}, ValueError, "instruction set 'mmx'"),
    ],
)
def test_what_does_not_fit_is_refused(
    changed: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        core.convolve(**SMALL | changed)  # type: ignore[arg-type]


SMALL_3X3 = SMALL | {"weights": pack_weights_3x3(np.zeros((3, 2, 3, 3), np.float32))}


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"input": np.zeros((4, 4, 2), np.float32)}, ValueError, "input must have the shape"),
        ({"input": np.zeros((1, 4, 4, 2))}, TypeError, "input must be float32"),
        ({"input": np.zeros((1, 4, 4, 3), np.float32)}, ValueError, "weights must have the shape"),
        ({"weights": SMALL["weights"]}, ValueError, "weights must have the shape"),
        ({"input": np.zeros((1, 2, 4, 2), np.float32)}, ValueError, "no output"),
        ({"input": np.zeros((0, 4, 4, 2), np.float32)}, ValueError, "no output"),
        ({"bias": np.zeros(3, np.float32)}, ValueError, "bias must have the shape"),
        ({"out_channels": 0}, ValueError, "out_channels must be at least 1"),
        ({"padding": (-1, 0)}, ValueError, "no output"),
        ({"dilation": (0, 1)}, ValueError, "no output"),
        ({"residual": np.zeros((1, 2, 2, 4), np.float32)}, ValueError, "residual must have"),
        ({"out": np.zeros((1, 2, 2, 4), np.float32)}, ValueError, "the result's shape"),
        ({"shift": 2}, ValueError, "shift must be at most half"),
        ({"shift": -1}, ValueError, "shift must be at most half"),
        ({"before": np.zeros((4, 4, 3), np.float32)}, ValueError, "before must have the shape"),
        ({"after": np.zeros((1, 4, 4, 2), np.float32)}, ValueError, "after must have the shape"),
        ({"threads": 0}, ValueError, "threads must be at least 1"),
    ],
)
def test_what_does_not_fit_minimal_filtering_is_refused(
    changed: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        core.convolve_3x3(**SMALL_3X3 | changed)  # type: ignore[arg-type]


def test_only_kernels_of_three_by_three_are_packed_for_minimal_filtering() -> None:
    with pytest.raises(ValueError, match=r"3 x 3 cells, not \[1, 3\]"):
        pack_weights_3x3(np.zeros((2, 2, 1, 3), np.float32))
