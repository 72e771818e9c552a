"""The whole network, and its weights on disk: safetensors that carry their configuration."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pyanalyzer.errors import ModelError
from pyanalyzer.records import F32, MAX_PROPOSALS, U8, BoolGrid
from pyanalyzer.score.comparator import CandidateComparator, SideComparator
from pyanalyzer.score.configuration import (
    FORMAT,
    NetworkConfiguration,
    read_configuration,
    read_locator_configuration,
)
from pyanalyzer.score.course import CourseComparator, Heads
from pyanalyzer.score.extractor import CropExtractor, MapExtractor
from pyanalyzer.score.locator import Locator
from pyanalyzer.score.mirror import mirror_maps
from pyanalyzer.score.native import NativeNetwork, supports
from pyanalyzer.score.native_locator import NativeLocator
from pyanalyzer.score.parts import NetworkParts, Views
from pyanalyzer.score.place_chunks import PlacesInChunks
from pyanalyzer.score.weights_file import read_weights, weights_file, without_locator


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
    ``timeline_fast`` those of a fast analysis (None: the same), ``training`` what their header says
    of what they were trained on; ``locator``: the network that says where a change is, if there is
    one."""

    network: Network
    name: str
    sha256: str
    timeline: dict[str, Any]
    training: dict[str, Any] = field(default_factory=dict)
    timeline_fast: dict[str, Any] | None = None
    locator: Locator | None = None

    @property
    def locates(self) -> NativeLocator | None:
        """The Locator as an analysis runs it."""
        if self.locator is None:
            return None
        tensors = {name: tensor.numpy() for name, tensor in self.locator.state_dict().items()}
        return NativeLocator(self.locator.configuration, tensors)

    @property
    def parts(self) -> NetworkParts:
        """What a Scorer asks of it: as an analysis runs it, on the compiled core where that can."""
        configuration = self.network.configuration
        if not supports(configuration):
            return TorchParts(self.network)
        tensors = {name: tensor.numpy() for name, tensor in self.network.state_dict().items()}
        return NativeNetwork(configuration, tensors)


class TorchParts:
    """:class:`~pyanalyzer.score.parts.NetworkParts` of a network on the processor. Sums depend on
    torch's number of threads: who wants the same bits everywhere sets it to one."""

    def __init__(self, network: Network) -> None:
        self._network = network

    @property
    def temporal_context_frames(self) -> int:
        """See :class:`~pyanalyzer.score.parts.NetworkParts`."""
        return self._network.configuration.temporal_context_frames

    def follow_places(self, *, views: Views, batch_frames: int) -> PlacesInChunks:
        """See :class:`~pyanalyzer.score.parts.NetworkParts`."""
        around = self._network.configuration.place_context_frames

        def compare(maps: U8) -> F32:
            return self.compare_places(maps, views)

        return PlacesInChunks(compare, around, batch_frames)

    @torch.inference_mode()
    def compare_places(self, maps: U8, views: Views) -> F32:
        """uint8 (T, len(MAP_CHANNELS), R, C) to float32 (V, T, places, compared_width)."""
        seen = np.stack([mirror_maps(maps, "x") if mirrored else maps for mirrored in views])
        places: F32 = self._network.compare_places(torch.from_numpy(seen)).numpy()
        return places

    @torch.inference_mode()
    def compare_candidates(self, crops: U8, proposals: F32) -> F32:
        """See :class:`~pyanalyzer.score.parts.NetworkParts`."""
        inputs = (torch.from_numpy(array).flatten(0, 1) for array in (crops, proposals))
        candidates: F32 = self._network.compare_candidates(*inputs).numpy()
        return candidates.reshape(*proposals.shape[:2], *candidates.shape[1:])

    @torch.inference_mode()
    def compare(
        self, places: F32, frame_globals: F32, candidates: F32, present: BoolGrid
    ) -> tuple[F32, F32, F32]:
        """See :class:`~pyanalyzer.score.parts.NetworkParts`."""
        inputs = (places, frame_globals, candidates, present)
        heads = self._network.compare(*(torch.from_numpy(array) for array in inputs))
        return heads.cause_onset.numpy(), heads.kind.numpy(), heads.candidate.numpy()


def weights_bytes(
    network: Network,
    *,
    name: str,
    timeline: dict[str, Any],
    training: dict[str, Any],
    timeline_fast: dict[str, Any] | None = None,
    locator: Locator | None = None,
) -> bytes:
    """The safetensors file: tensors, and in its header the configuration, the timeline's
    parameters (``timeline_fast``: of a fast analysis, if they are others), what the weights were
    trained on, and the ``locator``'s configuration, if there is one."""
    header = {
        "format": FORMAT,
        "name": name,
        "configuration": asdict(network.configuration),
        "timeline": timeline,
        "training": training,
    }
    if timeline_fast is not None:
        header["timeline_fast"] = timeline_fast
    if locator is None:
        return weights_file(network, header)
    header["locator"] = asdict(locator.configuration)
    return weights_file(network, header, locator=locator)


def load_model(path: Path, *, expected_sha256: str | None = None) -> LoadedModel:
    """Loads weights strictly. Raises ModelError if the file is missing, is not of this format, does
    not fit this version's inputs, or has another hash than ``expected_sha256``."""
    header, tensors, digest = read_weights(path, FORMAT, expected_sha256)
    try:
        network = Network(read_configuration(header, str(path)))
        own, others = without_locator(tensors)
        _fill(network, own)
        configuration = read_locator_configuration(header, str(path))
        locator = None if configuration is None else Locator(configuration)
        if locator is not None:
            _fill(locator, others)
        timeline = header["timeline"]
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"the weights {path} do not fit their configuration: {error}") from error
    name, training = header.get("name", path.stem), header.get("training") or {}
    fast = header.get("timeline_fast")
    return LoadedModel(network, name, digest, timeline, training, fast, locator)


def _fill(network: nn.Module, tensors: dict[str, Any]) -> None:
    state = {key: torch.from_numpy(value) for key, value in tensors.items()}
    network.load_state_dict(state, strict=True)
    network.eval()
