"""The weights of a comparison of two stills, on the compiled core."""

from __future__ import annotations

import os
from pathlib import Path

from pyanalyzer.errors import ModelError
from pyanalyzer.score.native_stills import NativeLook
from pyanalyzer.score.stills_configuration import (
    STILLS_FORMAT,
    read_locate,
    read_stills_configuration,
)
from pyanalyzer.score.weights_file import read_weights
from pyanalyzer.stills.records import StillsModel


def load_for_stills(
    path: Path, *, expected_sha256: str | None = None, threads: int | None = None
) -> StillsModel:
    """Weights that compare stills, on the compiled core with so many threads (None: one for each
    processor), which change nothing but the time.

    Raises ModelError as :func:`pyanalyzer.score.stills_model.load_stills_model` does.
    """
    header, tensors, digest = read_weights(path, STILLS_FORMAT, expected_sha256)
    try:
        read_stills_configuration(header, str(path))
        look = NativeLook(tensors, threads=threads or os.cpu_count() or 1)
        locate = read_locate(header)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"the weights {path} do not fit their configuration: {error}") from error
    name, training = str(header.get("name", path.stem)), header.get("training") or {}
    return StillsModel(look, name, digest, locate, training)
