"""Weights on disk: safetensors whose header says what they are."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as serialise

from pyanalyzer.errors import ModelError

if TYPE_CHECKING:
    from torch import nn

Tensors = dict[str, npt.NDArray[Any]]


# What the tensors of the Locator are called in the file of an analysis.
LOCATOR_PREFIX = "locator."


def weights_file(network: nn.Module, header: dict[str, Any], **parts: nn.Module) -> bytes:
    """The safetensors file of a network's tensors, with a header that JSON can hold; those of
    ``parts`` bear their name and a full stop."""
    state = network.state_dict()
    for name, part in parts.items():
        state.update({f"{name}.{key}": tensor for key, tensor in part.state_dict().items()})
    tensors = {k: np.ascontiguousarray(v.detach().cpu().numpy()) for k, v in state.items()}
    # One key only: the order of several is not the same in every run.
    return serialise(tensors, {"pyanalyzer": json.dumps(header)})


def without_locator(tensors: Tensors) -> tuple[Tensors, Tensors]:
    """The tensors of the network, and those of the Locator, which are none in older files."""
    own = {k: v for k, v in tensors.items() if not k.startswith(LOCATOR_PREFIX)}
    locator = {k.removeprefix(LOCATOR_PREFIX): v for k, v in tensors.items() if k not in own}
    return own, locator


def read_weights(
    path: Path, expected_format: str, expected_sha256: str | None = None
) -> tuple[dict[str, Any], Tensors, str]:
    """Header, tensors and SHA-256 of a file. Raises ModelError if it cannot be read, is none, is of
    another format, or has another hash than ``expected_sha256``."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read the weights {path}: {error.strerror or error}") from error
    digest = hashlib.sha256(data).hexdigest()
    if expected_sha256 is not None and digest != expected_sha256:
        raise ModelError(
            f"the weights {path} are not the ones that belong to this version: their SHA-256 is "
            f"{digest}, expected {expected_sha256}; install pyanalyzer again"
        )
    try:
        with safe_open(str(path), framework="np") as file:
            header = json.loads((file.metadata() or {}).get("pyanalyzer", "{}"))
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"{path} is not a safetensors file: {error}") from error
    if header.get("format") != expected_format:
        raise ModelError(
            f"{path} is not a pyanalyzer model: its format is {header.get('format')!r}, "
            f"expected {expected_format!r}; weights are made with `pyanalyzer train`"
        )
    return header, tensors, digest
