"""The whole network, and its weights on disk: safetensors that carry their configuration."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pyanalyzer.errors import ModelError
from pyanalyzer.records import MAX_PROPOSALS
from pyanalyzer.score.comparator import (
    COARSE_PLACE_STEP,
    CandidateComparator,
    SideComparator,
)
from pyanalyzer.score.course import CourseComparator, Heads
from pyanalyzer.score.extractor import CropExtractor, MapExtractor
from pyanalyzer.score.features import GLOBAL_FEATURES, MAP_CHANNELS, PROPOSAL_FEATURES
from pyanalyzer.score.weights_file import read_weights, weights_file

FORMAT = "pyanalyzer/weights/1"


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


# The parts that a network can be grown by: in all it then sees 108 frames to either side. The
# shipped weights lack them: in what training they have had, they did not pay (docs/experiments.md).
GROWN: dict[str, Any] = {
    "place_dilations": (1, 2, 4, 8, 16),
    "heads": 4,
    "last_dilations": (1, 2, 4),
}


class Network(nn.Module):
    """Extractor and Comparator. An analysis calls its parts chunk by chunk; see ``Scorer``."""

    def __init__(self, configuration: NetworkConfiguration) -> None:
        super().__init__()
        c = self.configuration = configuration
        self.map_extractor = MapExtractor(c.map_width, c.map_blocks)
        self.crop_extractor = CropExtractor(c.crop_width)
        self.side_comparator = SideComparator(
            c.map_width, c.compared_width, c.compared_blocks, c.place_step
        )
        self.candidate_comparator = CandidateComparator(c.crop_width, c.candidate_width)
        self.temporal_comparator = CourseComparator(
            c.compared_width,
            c.candidate_width,
            c.temporal_width,
            heads=c.heads,
            place_dilations=c.place_dilations,
            dilations=c.dilations,
            last_dilations=c.last_dilations,
        )

    @property
    def place_context_frames(self) -> int:
        """How many frames to either side :meth:`compare_places` takes into account."""
        return self.map_extractor.context_frames + self.side_comparator.context_frames

    def place_grid(self, rows: int, cols: int) -> tuple[int, int]:
        """Rows and columns of the places on a grid of so many blocks."""
        for stride in (2, 2, self.configuration.place_step):  # with a border of one
            rows, cols = (-(-size // stride) for size in (rows, cols))
        return rows, cols

    def compare_places(self, maps: Tensor) -> Tensor:
        """uint8 (B, T, len(MAP_CHANNELS), R, C) to float (B, T, places, compared_width)."""
        places: Tensor = self.side_comparator(self.map_extractor(maps))
        return places

    def compare_candidates(self, crops: Tensor, proposals: Tensor) -> Tensor:
        """uint8 (N, MAX_PROPOSALS, 2, P, P), float (N, MAX_PROPOSALS, F) to (N, MAX_PROPOSALS, W).

        Only candidates that exist pass through the network.
        """
        n = crops.shape[0]
        present = proposals[..., 0] > 0.5
        out = proposals.new_zeros((n, MAX_PROPOSALS, self.configuration.candidate_width))
        if bool(present.any()):
            pairs = crops[present]
            features = self.crop_extractor(pairs.flatten(0, 1))
            features = features.view(-1, 2, features.shape[1])
            compared = self.candidate_comparator(features[:, 0], features[:, 1], proposals[present])
            out[present] = compared.to(out.dtype)
        return out

    def forward(
        self, maps: Tensor, frame_globals: Tensor, proposals: Tensor, crops: Tensor
    ) -> Heads:
        """Clips of equal length and grid: uint8 (B, T, C, R, C'), float (B, T, G), float (B, T,
        MAX_PROPOSALS, F), uint8 (B, T, MAX_PROPOSALS, 2, P, P)."""
        b, t = maps.shape[:2]
        places = self.compare_places(maps)
        candidates = self.compare_candidates(crops.flatten(0, 1), proposals.flatten(0, 1))
        candidates = candidates.view(b, t, *candidates.shape[1:])
        # Cheap, and sensitive: in full precision, whatever the rest is trained in.
        with torch.autocast(maps.device.type, enabled=False):
            return self.compare(
                places.float(), frame_globals, candidates.float(), proposals[..., 0] > 0.5
            )

    def compare(
        self, places: Tensor, frame_globals: Tensor, candidates: Tensor, present: Tensor
    ) -> Heads:
        """The last step, on what is left of each frame: what an analysis runs over its ring of
        frames. See :class:`~pyanalyzer.score.course.CourseComparator`."""
        heads: Heads = self.temporal_comparator(places, frame_globals, candidates, present)
        return heads


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """Weights ready to run: ``timeline`` holds the parameters of the timeline fitted to them,
    ``training`` what their header says of what they were trained on."""

    network: Network
    name: str
    sha256: str
    timeline: dict[str, Any]
    training: dict[str, Any] = field(default_factory=dict)


def weights_bytes(
    network: Network, *, name: str, timeline: dict[str, Any], training: dict[str, Any]
) -> bytes:
    """The safetensors file: tensors, and in its header the configuration, the timeline's
    parameters and what the weights were trained on."""
    header = {
        "format": FORMAT,
        "name": name,
        "configuration": asdict(network.configuration),
        "timeline": timeline,
        "training": training,
    }
    return weights_file(network, header)


def load_model(path: Path, *, expected_sha256: str | None = None) -> LoadedModel:
    """Loads weights strictly. Raises ModelError if the file is missing, is not of this format, does
    not fit this version's inputs, or has another hash than ``expected_sha256``."""
    header, tensors, digest = read_weights(path, FORMAT, expected_sha256)
    try:
        stored = {"place_step": COARSE_PLACE_STEP} | header["configuration"]  # old ones lack it
        for key, value in stored.items():
            if isinstance(value, list):  # JSON knows no tuples
                stored[key] = tuple(value)
        configuration = NetworkConfiguration(**stored)
        if configuration.inputs != NetworkConfiguration().inputs:
            raise ModelError(f"{path} was trained on other inputs than this version measures")
        network = Network(configuration)
        network.load_state_dict(tensors, strict=True)
        timeline = header["timeline"]
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"the weights {path} do not fit their configuration: {error}") from error
    network.eval()
    name, training = header.get("name", path.stem), header.get("training") or {}
    return LoadedModel(network, name, digest, timeline, training)
