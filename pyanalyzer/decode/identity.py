"""Which file it was: a hash that travels with the answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from pyanalyzer.errors import ReplayError

CHUNK_BYTES = 1 << 20  # large enough that reading, not calling, takes the time


def sha256_of(path: str | Path, abandoned: Callable[[], bool] = lambda: False) -> str:
    """The SHA-256 (FIPS 180-4) of a file's bytes, in hexadecimal, read in chunks.

    ``abandoned``: asked now and then; once it says so, nobody wants the answer, and it is not one.
    Raises ``ReplayError`` where the file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while not abandoned() and (chunk := file.read(CHUNK_BYTES)):
                digest.update(chunk)
    except OSError as error:
        raise ReplayError(f"{path}: cannot be read: {error.strerror or error}") from error
    return digest.hexdigest()
