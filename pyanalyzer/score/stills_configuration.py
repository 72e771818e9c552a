"""The dimensions of the network for two stills, and what stands in its weights' header."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyanalyzer.errors import ModelError
from pyanalyzer.stills.records import LocateParameters

STILLS_FORMAT = "pyanalyzer/stills-weights/1"
LUMA_CHANNELS = 16  # a cell's 4 x 4 px
CHROMA_CHANNELS = 8  # a cell's 2 x 2 px of Cr and Cb
PICTURE_CHANNELS = LUMA_CHANNELS + CHROMA_CHANNELS
# Signed difference of luma and chroma, their residuals, covered, two quartiles of the noise.
RESIDUAL_CHANNELS = 2 * PICTURE_CHANNELS + 3
BOX_SCALE_PX = 16.0  # a distance of this size is softplus(x) = 1
INPUTS = ("luma 4x4", "chroma 2x2", "difference", "residual 3x3", "covered", "noise 50 75")


@dataclass(frozen=True, slots=True)
class StillsConfiguration:
    """Widths of the network, and the names of its inputs so that old weights are refused."""

    picture_width: int = 24
    place_width: int = 40
    widths: tuple[int, int, int, int] = (32, 48, 64, 96)
    inputs: tuple[str, ...] = INPUTS


def read_stills_configuration(header: dict[str, Any], name: str) -> StillsConfiguration:
    """The configuration in the header of a weights file. Raises ModelError where the weights were
    trained on other inputs, and what the dataclass raises where a field is unknown."""
    stored = dict(header["configuration"])
    stored["widths"] = tuple(stored["widths"])
    stored["inputs"] = tuple(stored["inputs"])
    configuration = StillsConfiguration(**stored)
    if configuration.inputs != INPUTS:
        raise ModelError(f"{name} was trained on other inputs than this version measures")
    return configuration


def read_locate(header: dict[str, Any]) -> LocateParameters:
    """The parameters of the location in the header of a weights file."""
    parameters = dict(header["locate"])
    parameters["weights"] = tuple(float(w) for w in parameters["weights"])
    return LocateParameters(**parameters)
