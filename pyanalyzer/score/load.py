"""The weights of an analysis, and who computes with them."""

from __future__ import annotations

from pathlib import Path

from pyanalyzer.errors import ModelError
from pyanalyzer.score.configuration import (
    FORMAT,
    read_configuration,
    read_locator_configuration,
)
from pyanalyzer.score.native import NativeNetwork, supports
from pyanalyzer.score.native_locator import NativeLocator
from pyanalyzer.score.parts import ScoringModel
from pyanalyzer.score.weights_file import read_weights, without_locator


def load_for_analysis(path: Path, *, expected_sha256: str | None = None) -> ScoringModel:
    """Weights on the compiled core; on PyTorch, with one thread, if the core cannot run them (what
    ``train --grow`` makes).

    Raises ModelError as :func:`pyanalyzer.score.model.load_model` does.
    """
    header, tensors, digest = read_weights(path, FORMAT, expected_sha256)
    try:
        configuration = read_configuration(header, str(path))
        if not supports(configuration):
            return _on_torch(path, expected_sha256)
        locator = read_locator_configuration(header, str(path))
        own, others = without_locator(tensors)
        locates = None if locator is None else NativeLocator(locator, others)
        network = NativeNetwork(configuration, own)
        timeline = header["timeline"]
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"the weights {path} do not fit their configuration: {error}") from error
    name, training = header.get("name", path.stem), header.get("training") or {}
    return ScoringModel(
        network, name, digest, timeline, training, header.get("timeline_fast"), locates
    )


def _on_torch(path: Path, expected_sha256: str | None) -> ScoringModel:
    import torch

    from pyanalyzer.score.model import load_model

    torch.set_num_threads(1)  # sums are then grouped alike on every machine
    model = load_model(path, expected_sha256=expected_sha256)
    return ScoringModel(
        model.parts,
        model.name,
        model.sha256,
        model.timeline,
        model.training,
        model.timeline_fast,
        model.locates,
    )
