"""The downscaling kernel against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer import core, reference


@given(
    size=st.tuples(st.integers(1, 70), st.integers(1, 150)),
    factor=st.integers(1, 16),
    pad=st.integers(0, 5),
    limited_range=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_equals_reference(
    size: tuple[int, int], factor: int, pad: int, limited_range: bool, seed: int
) -> None:
    height, width = size
    if min(height, width) < factor:
        return
    rng = np.random.default_rng(seed)
    luma = rng.integers(0, 256, (height, width + pad), dtype=np.uint8)[:, :width]
    expected = reference.downscale(luma, factor, limited_range=limited_range)
    full = reference.expand_limited_range(luma) if limited_range else luma
    np.testing.assert_array_equal(reference.downscale(full, factor), expected)
    for isa in core.supported_isas():
        for threads in (1, 2, 7):
            got = core.downscale(
                luma, factor, limited_range=limited_range, threads=threads, isa=isa
            )
            np.testing.assert_array_equal(got, expected)


def test_rejects_what_it_cannot_take() -> None:
    luma = np.zeros((8, 8), np.uint8)
    with pytest.raises(TypeError, match="luma must be uint8, not float32"):
        core.downscale(luma.astype(np.float32), 2)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="contiguous pixels"):
        core.downscale(luma.T[::2].T, 2)
    with pytest.raises(ValueError, match=r"factor must be 1\.\.16"):
        core.downscale(luma, 17)
    with pytest.raises(ValueError, match="threads must be at least 1"):
        core.downscale(luma, 2, threads=0)
    with pytest.raises(ValueError, match="this machine has: scalar"):
        core.downscale(luma, 2, isa="sse9")
