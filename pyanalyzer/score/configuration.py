"""The network's dimensions, and the names of its inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyanalyzer.errors import ModelError
from pyanalyzer.score.features import GLOBAL_FEATURES, MAP_CHANNELS, PROPOSAL_FEATURES

FORMAT = "pyanalyzer/weights/1"
COARSE_PLACE_STEP = 2  # cells of the Extractor's grid from one place to the next
# Frames that make up the picture of "before" and of "after" a frame; it is itself the first of
# "after".
SIDE_FRAMES = 3


@dataclass(frozen=True, slots=True)
class NetworkConfiguration:
    """The network's dimensions, and the names of its inputs so that old weights are refused."""

    map_width: int = 48
    map_blocks: int = 2
    compared_width: int = 64
    compared_blocks: int = 2
    place_step: int = 1
    crop_width: int = 32
    candidate_width: int = 48
    temporal_width: int = 128
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    place_dilations: tuple[int, ...] = ()
    heads: int = 0
    last_dilations: tuple[int, ...] = ()
    inputs: tuple[str, ...] = MAP_CHANNELS + GLOBAL_FEATURES + PROPOSAL_FEATURES

    @property
    def place_context_frames(self) -> int:
        """How many frames to either side are looked at before places are seen over time: each
        block of the Extractor and the Comparator looks at one."""
        return self.map_blocks + SIDE_FRAMES + self.compared_blocks

    @property
    def temporal_context_frames(self) -> int:
        """How many frames to either side are looked at over time."""
        return sum(self.place_dilations) + sum(self.dilations) + sum(self.last_dilations)


@dataclass(frozen=True, slots=True)
class LocatorConfiguration:
    """Dimensions of the network that says where a change is. ``before``, ``after``: how many frames
    it looks at before an onset, and from its frame on."""

    frame_width: int = 12
    width: int = 48
    before: int = 5
    after: int = 7
    dilations: tuple[int, ...] = (1, 2, 4, 1)
    inputs: tuple[str, ...] = MAP_CHANNELS

    @property
    def frames(self) -> int:
        """How many frames it looks at."""
        return self.before + self.after


def read_locator_configuration(header: dict[str, Any], name: str) -> LocatorConfiguration | None:
    """The Locator's configuration in the header of a weights file; None where there is none.

    Raises what :func:`read_configuration` raises.
    """
    if header.get("locator") is None:
        return None
    stored: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in header["locator"].items()
    }
    configuration = LocatorConfiguration(**stored)
    if configuration.inputs != LocatorConfiguration().inputs:
        raise ModelError(f"{name} was trained on other inputs than this version measures")
    return configuration


# The parts that a network can be grown by: in all it then sees 108 frames to either side. The
# shipped weights lack them: in what training they have had, they did not pay (docs/experiments.md).
GROWN: dict[str, Any] = {
    "place_dilations": (1, 2, 4, 8, 16),
    "heads": 4,
    "last_dilations": (1, 2, 4),
}


def read_configuration(header: dict[str, Any], name: str) -> NetworkConfiguration:
    """The configuration in the header of a weights file.

    Raises ModelError where the weights were trained on other inputs, and what the dataclass raises
    where a field is unknown.
    """
    stored = {"place_step": COARSE_PLACE_STEP} | header["configuration"]  # old ones lack it
    for key, value in stored.items():
        if isinstance(value, list):  # JSON knows no tuples
            stored[key] = tuple(value)
    configuration = NetworkConfiguration(**stored)
    if configuration.inputs != NetworkConfiguration().inputs:
        raise ModelError(f"{name} was trained on other inputs than this version measures")
    return configuration
