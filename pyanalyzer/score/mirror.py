"""What the network sees, in a mirror: left and right exchanged, or up and down.

For arrays of NumPy and of PyTorch, on any device.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pyanalyzer.score.features import (
    GLOBAL_FEATURES,
    MAP_CHANNELS,
    PROPOSAL_FEATURES,
)

Axis = Literal["x", "y"]
Array = TypeVar("Array", bound=Any)

_MOTIONS = ("motion", "motion_change", "flow", "flow_change")


def mirror_maps(maps: Array, axis: Axis) -> Array:
    """uint8 (..., len(MAP_CHANNELS), R, C) to the same: motions along the axis turn round."""
    out = _flipped(maps, axis)
    for at in turned_channels(axis):
        channel = out[..., at, :, :]
        out[..., at, :, :] = ~channel + (channel != 0)  # 256 - it, which for 0 is cut off at 255
    return out


def turned_channels(axis: Axis) -> tuple[int, ...]:
    """The channels of the maps that turn round."""
    return tuple(MAP_CHANNELS.index(f"{name}_{axis}") for name in _MOTIONS)


def mirror_globals(frame_globals: Array, axis: Axis) -> Array:
    """float (..., len(GLOBAL_FEATURES)) to the same."""
    names = (
        f"view_d{axis}",
        "view_rotation",
        f"view_change_d{axis}",
        "view_change_rotation",
        f"flow_change_{axis}",
    )
    return _negated(frame_globals, [GLOBAL_FEATURES.index(name) for name in names])


def mirror_proposals(proposals: Array, axis: Axis) -> Array:
    """float (..., MAX_PROPOSALS, len(PROPOSAL_FEATURES)) to the same."""
    names = (f"centre_{axis}", f"motion_{axis}", f"motion_change_{axis}")
    return _negated(proposals, [PROPOSAL_FEATURES.index(name) for name in names])


def mirror_crops(crops: Array, axis: Axis) -> Array:
    """uint8 (..., CROP_PX, CROP_PX) to the same."""
    return _flipped(crops, axis)


def _flipped(pictures: Array, axis: Axis) -> Array:
    """A copy of (..., rows, cols), flipped; PyTorch knows no steps backwards."""
    backwards = list(range(pictures.shape[-1 if axis == "x" else -2] - 1, -1, -1))
    out: Array = pictures[..., backwards] if axis == "x" else pictures[..., backwards, :]
    return out


def _negated(values: Array, columns: list[int]) -> Array:
    out: Array = values + 0  # a copy
    out[..., columns] *= -1
    return out
