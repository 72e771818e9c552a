"""A trained network made larger: its answers stay what they were until it is trained on."""

from __future__ import annotations

from dataclasses import asdict

from pyanalyzer.errors import ModelError
from pyanalyzer.score.configuration import GROWN
from pyanalyzer.score.model import LoadedModel, Network


def grow_into(network: Network, start: LoadedModel) -> None:
    """Gives ``network`` the weights ``start``, and leaves what ``start`` has no part of as it is.

    New parts begin as nothing (:class:`~pyanalyzer.score.course.CourseComparator`), so that a
    network just made then answers as ``start`` does (Chen, Goodfellow and Shlens, "Net2Net", 2016,
    with residual branches that end in zeros). The step from place to place has no weights: with
    another one the same are asked at more places. Raises ModelError if another dimension differs.
    """
    mine, theirs = asdict(network.configuration), asdict(start.network.configuration)
    grown = {key for key in mine if mine[key] != theirs[key]} - {"place_step"}
    if any(key not in GROWN or theirs[key] for key in grown):
        raise ModelError(f"the weights {start.name} are of a network of other dimensions")
    result = network.load_state_dict(start.network.state_dict(), strict=not grown)
    if result.unexpected_keys:
        raise ModelError(f"the weights {start.name} have parts that the network lacks")
