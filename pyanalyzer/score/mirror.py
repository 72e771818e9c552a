"""What the network sees, in a mirror: left and right exchanged, or up and down."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from pyanalyzer.score.features import GLOBAL_FEATURES, MAP_CHANNELS, PROPOSAL_FEATURES

Axis = Literal["x", "y"]

_MOTIONS = ("motion", "motion_change", "flow", "flow_change")


def mirror_maps(maps: Tensor, axis: Axis) -> Tensor:
    """uint8 (..., len(MAP_CHANNELS), R, C) to the same: motions along the axis turn round."""
    out = maps.flip(-1 if axis == "x" else -2)
    for name in _MOTIONS:
        channel = out[..., MAP_CHANNELS.index(f"{name}_{axis}"), :, :]
        channel.copy_((256 - channel.int()).clamp(0, 255))
    return out


def mirror_globals(frame_globals: Tensor, axis: Axis) -> Tensor:
    """float (..., len(GLOBAL_FEATURES)) to the same."""
    names = (
        f"view_d{axis}",
        "view_rotation",
        f"view_change_d{axis}",
        "view_change_rotation",
        f"flow_change_{axis}",
    )
    return _negated(frame_globals, [GLOBAL_FEATURES.index(name) for name in names])


def mirror_proposals(proposals: Tensor, axis: Axis) -> Tensor:
    """float (..., MAX_PROPOSALS, len(PROPOSAL_FEATURES)) to the same."""
    names = (f"centre_{axis}", f"motion_{axis}", f"motion_change_{axis}")
    return _negated(proposals, [PROPOSAL_FEATURES.index(name) for name in names])


def mirror_crops(crops: Tensor, axis: Axis) -> Tensor:
    """uint8 (..., CROP_PX, CROP_PX) to the same."""
    return crops.flip(-1 if axis == "x" else -2)


def _negated(values: Tensor, columns: list[int]) -> Tensor:
    out = values.clone()
    out[..., columns] *= -1
    return out
