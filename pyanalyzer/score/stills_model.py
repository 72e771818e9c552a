"""The network for two stills: its weights on disk, and how it is run on pictures of any size."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from pyanalyzer.errors import ModelError
from pyanalyzer.score.stills import INPUTS, StillsConfiguration, StillsNetwork, inputs_of
from pyanalyzer.score.weights_file import read_weights, weights_file
from pyanalyzer.stills.planes import CELL_PX, STRIDE_PX, Planes
from pyanalyzer.stills.records import ChangeMaps, LocateParameters
from pyanalyzer.stills.windows import MARGIN_PX, windows_of

FORMAT = "pyanalyzer/stills-weights/1"
_TILE_PX = 2048  # a side: what passes through the network at once, about 200 MB
# Log-odds of what was not looked at, as nothing differs there: surer than the network ever is.
_UNCHANGED_NATS = -20.0


@dataclass(frozen=True, slots=True)
class StillsModel:
    """Weights ready to run. ``locate``: the parameters that were fitted to them."""

    network: StillsNetwork
    name: str
    sha256: str
    locate: LocateParameters
    training: dict[str, Any] = field(default_factory=dict)


def stills_weights_bytes(
    network: StillsNetwork, *, name: str, locate: LocateParameters, training: dict[str, Any]
) -> bytes:
    """The safetensors file of a network, its configuration and its parameters."""
    header = {
        "format": FORMAT,
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
    header, tensors, digest = read_weights(path, FORMAT, expected_sha256)
    try:
        stored = dict(header["configuration"])
        stored["widths"] = tuple(stored["widths"])
        stored["inputs"] = tuple(stored["inputs"])
        configuration = StillsConfiguration(**stored)
        if configuration.inputs != INPUTS:
            raise ModelError(f"{path} was trained on other inputs than this version measures")
        network = StillsNetwork(configuration)
        network.load_state_dict(
            {key: torch.from_numpy(value) for key, value in tensors.items()}, strict=True
        )
        parameters = dict(header["locate"])
        parameters["weights"] = tuple(float(w) for w in parameters["weights"])
        locate = LocateParameters(**parameters)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"the weights {path} do not fit their configuration: {error}") from error
    name = str(header.get("name", path.stem))
    return StillsModel(folded(network), name, digest, locate, header.get("training") or {})


def folded(network: StillsNetwork) -> StillsNetwork:
    """A copy for use: each normalisation folded into the convolution before it."""
    ready = copy.deepcopy(network).eval()
    for module in ready.modules():
        if isinstance(module, nn.Sequential) and len(module) == 3:
            convolution, normalisation = module[0], module[1]
            if isinstance(convolution, nn.Conv2d) and isinstance(normalisation, nn.BatchNorm2d):
                module[0] = fuse_conv_bn_eval(convolution, normalisation)
                module[1] = nn.Identity()
    return ready.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def change_maps(network: StillsNetwork, planes: Planes, size_px: tuple[int, int]) -> ChangeMaps:
    """What the network says, for pictures of ``size_px`` (width, height).

    It looks only where something differs (:func:`~pyanalyzer.stills.windows.windows_of`), and in
    overlapping tiles where that is large, so that memory does not grow with the pictures.
    """
    height, width = planes.luma_residual.shape
    rows, columns = height // CELL_PX, width // CELL_PX
    changed = np.full((rows, columns), _UNCHANGED_NATS, np.float32)
    sides = np.zeros((4, rows, columns), np.float32)
    mask = np.full((height, width), _UNCHANGED_NATS, np.float32)
    tiles = [
        (y, x)
        for window in windows_of(planes)
        for y, x in itertools.product(*(_tiles(part) for part in window))
    ]
    with torch.inference_mode():
        for y, x in tiles:
            outer = _outer(y, height), _outer(x, width)
            out = network(inputs_of(*_tensors(planes, *outer)))
            own = _within(y, outer[0]), _within(x, outer[1])
            (i, j), (row, column) = ((_cells(a), _cells(b)) for a, b in (own, (y, x)))
            changed[row, column] = out.changed[0, i, j].numpy()
            sides[:, row, column] = out.sides_px[0, :, i, j].numpy()
            mask[y, x] = out.mask[0][own].numpy()
    width_px, height_px = size_px
    shown = -(-height_px // CELL_PX), -(-width_px // CELL_PX)
    return ChangeMaps(
        np.ascontiguousarray(changed[: shown[0], : shown[1]]),
        np.ascontiguousarray(sides[:, : shown[0], : shown[1]]),
        np.ascontiguousarray(mask[:height_px, :width_px]),
    )


def _tiles(part: slice) -> Iterator[slice]:
    """Equal parts of at most _TILE_PX, whole strides each but the last."""
    length_px = part.stop - part.start
    parts = -(-length_px // _TILE_PX)
    side = -(-length_px // parts // STRIDE_PX) * STRIDE_PX
    for start in range(part.start, part.stop, side):
        yield slice(start, min(part.stop, start + side))


def _outer(part: slice, length_px: int) -> slice:
    """The part with a margin, inside the picture."""
    return slice(max(0, part.start - MARGIN_PX), min(length_px, part.stop + MARGIN_PX))


def _within(part: slice, outer: slice) -> slice:
    """The part, counted from the start of the larger one."""
    return slice(part.start - outer.start, part.stop - outer.start)


def _cells(part: slice) -> slice:
    return slice(part.start // CELL_PX, part.stop // CELL_PX)


def _tensors(planes: Planes, y: slice, x: slice) -> Iterator[torch.Tensor]:
    """The planes of a part, a batch of one."""
    half = tuple(slice(s.start // 2, s.stop // 2) for s in (y, x))
    yield torch.from_numpy(planes.luma[:, y, x])[None]
    yield torch.from_numpy(planes.chroma[:, half[0], half[1]])[None]
    yield torch.from_numpy(planes.luma_residual[y, x])[None]
    yield torch.from_numpy(planes.chroma_residual[:, half[0], half[1]])[None]
    yield torch.from_numpy(planes.covered[_cells(y), _cells(x)])[None]
    yield torch.from_numpy(planes.noise)[None]
