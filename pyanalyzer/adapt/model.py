"""Weights that have learned from a first look, ready for the second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from pyanalyzer.adapt.learn import adapt
from pyanalyzer.adapt.sample import Run
from pyanalyzer.adapt.scale import fit_scale
from pyanalyzer.score.model import Network, TorchParts, load_model
from pyanalyzer.score.native import NativeNetwork, supports
from pyanalyzer.score.parts import NetworkParts, ScoringModel
from pyanalyzer.timeline import TimelineParameters


def adapted_model(
    model: ScoringModel, weights: Path, runs: Sequence[Run], time_base: Fraction, threads: int
) -> ScoringModel:
    """``model``, whose file is ``weights``, after it has learned from ``runs`` (pts in
    ``time_base``). Raises ModelError if the file has changed meanwhile."""
    network = load_model(weights, expected_sha256=model.sha256).network
    parameters = TimelineParameters.from_record(model.timeline)
    parts = parts_of(adapt(network, runs, parameters, time_base, threads=threads))
    return replace(model, parts=parts, scale=fit_scale(runs, parts))


def parts_of(network: Network) -> NetworkParts:
    """On the compiled core, if it can run the network."""
    if not supports(network.configuration):
        return TorchParts(network)
    tensors = {name: held.numpy() for name, held in network.state_dict().items()}
    return NativeNetwork(network.configuration, tensors)
