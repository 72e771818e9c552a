"""The network for two stills on PyTorch, and its weights on disk."""

from __future__ import annotations

import copy
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from pyanalyzer.errors import ModelError
from pyanalyzer.score import folding
from pyanalyzer.score.stills import StillsNetwork, inputs_of
from pyanalyzer.score.stills_configuration import (
    STILLS_FORMAT,
    read_locate,
    read_stills_configuration,
)
from pyanalyzer.score.weights_file import read_weights, weights_file
from pyanalyzer.stills.planes import Planes
from pyanalyzer.stills.records import LocateParameters, StillsAnswer, StillsModel


class TorchLook:
    """What the network says of a window of two pictures, by PyTorch."""

    def __init__(self, network: StillsNetwork) -> None:
        self.network = network

    @torch.inference_mode()
    def __call__(self, planes: Planes) -> StillsAnswer:
        """Sides of whole STRIDE_PX."""
        inputs = (
            planes.luma,
            planes.chroma,
            planes.luma_residual,
            planes.chroma_residual,
            planes.covered,
            planes.noise,
        )
        out = self.network(inputs_of(*(torch.from_numpy(plane)[None] for plane in inputs)))
        return StillsAnswer(*(part[0].numpy() for part in out))


def stills_weights_bytes(
    network: StillsNetwork, *, name: str, locate: LocateParameters, training: dict[str, Any]
) -> bytes:
    """The safetensors file of a network, its configuration and its parameters."""
    header = {
        "format": STILLS_FORMAT,
        "name": name,
        "configuration": asdict(network.configuration),
        "locate": asdict(locate),
        "training": training,
    }
    return weights_file(network, header)


def load_stills_model(path: Path, *, expected_sha256: str | None = None) -> StillsModel:
    """Loads weights strictly, and folds the normalisation into the convolutions.

    Raises ModelError as :func:`pyanalyzer.score.weights_file.read_weights`, and where the weights
    do not fit this version.
    """
    header, tensors, digest = read_weights(path, STILLS_FORMAT, expected_sha256)
    try:
        network = StillsNetwork(read_stills_configuration(header, str(path)))
        network.load_state_dict(
            {key: torch.from_numpy(value) for key, value in tensors.items()}, strict=True
        )
        locate = read_locate(header)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"the weights {path} do not fit their configuration: {error}") from error
    name = str(header.get("name", path.stem))
    look = TorchLook(folded(network))
    return StillsModel(look, name, digest, locate, header.get("training") or {})


def folded(network: StillsNetwork) -> StillsNetwork:
    """A copy for use: each normalisation folded into the convolution before it."""
    ready = folding.folded(copy.deepcopy(network).eval())
    return ready.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]
