"""Loading a library of the extra ``[export]``, with a message that names the extra."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable
from typing import Any

from pyanalyzer.errors import PyanalyzerError


class MissingLibraryError(PyanalyzerError):
    """A format needs a library that is not installed."""


def check_libraries(format_name: str, names: Iterable[str]) -> None:
    """Raises MissingLibraryError if one of the modules ``names`` is not installed; loads none."""
    for name in names:
        if importlib.util.find_spec(name) is None:
            raise MissingLibraryError(
                f"the format {format_name} needs {name}, which is not installed:"
                ' pip install "pyanalyzer[export]"'
            )


def load(name: str) -> Any:
    """The module ``name``. Untyped: these libraries ship no types, or not every version does."""
    return importlib.import_module(name)
