"""The expansion of limited range against its definition."""

from __future__ import annotations

import numpy as np
import pytest

from pyanalyzer import core, reference


def test_every_value_is_the_nearest() -> None:
    luma = np.arange(256, dtype=np.uint8).reshape(1, 256)
    expected = [min(max(round(255 * (v - 16) / 219), 0), 255) for v in range(256)]
    assert reference.expand_limited_range(luma)[0].tolist() == expected
    for isa in core.supported_isas():
        assert core.expand_limited_range(luma, isa=isa)[0].tolist() == expected


@pytest.mark.parametrize("width", [1, 31, 32, 33, 63, 64, 95, 129])
def test_equals_reference_at_any_stride(width: int) -> None:
    rng = np.random.default_rng(width)
    luma = rng.integers(0, 256, (7, width + 9), dtype=np.uint8)[:, 4 : 4 + width]
    for isa in core.supported_isas():
        np.testing.assert_array_equal(
            core.expand_limited_range(luma, isa=isa), reference.expand_limited_range(luma)
        )


def test_rejects_what_it_cannot_take() -> None:
    with pytest.raises(TypeError, match="luma must be uint8, not uint16"):
        core.expand_limited_range(np.zeros((8, 8), np.uint16))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="luma is empty"):
        core.expand_limited_range(np.zeros((0, 8), np.uint8))
