"""Options from a file: ``pyanalyzer.toml``, or the table ``[tool.pyanalyzer]`` of pyproject.toml.

The keys are the options' names without the dashes. Those of ``analyse`` stand at the top; those of
another verb in a table of its name. What the command line says goes before what the file says.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pyanalyzer.commands import DEFAULT_VERB, VERBS
from pyanalyzer.errors import UsageError

OWN_FILE, SHARED_FILE = "pyanalyzer.toml", "pyproject.toml"
# Two answers to one question: an option on the command line silences the others in the file.
ALTERNATIVES = (("min-confidence", "false-alarms"), ("save-timelines", "from-timelines"))
_NOT_IN_A_FILE = ("help", "config")


def add_option(parser: argparse.ArgumentParser) -> None:
    """Adds ``--config FILE`` to a verb."""
    parser.add_argument(
        "--config",
        metavar="FILE",
        help=f"options from this file (default: {OWN_FILE}, or [tool.pyanalyzer] of {SHARED_FILE})",
    )


def apply(parser: argparse.ArgumentParser, verb: str, given: Sequence[str]) -> None:
    """Makes what the file says the defaults of the verb's ``parser``.

    ``given``: the command line, without the program's name. Raises UsageError, which names the
    file, for a file that cannot be read, an unknown key, or a value that has no meaning there.
    """
    path = _path(given)
    if path is None:
        return
    options = _options(parser)
    for key, value in _table(path, verb).items():
        name = key.replace("_", "-")
        if name not in options:
            raise UsageError(f"{path}: {_unknown(key, options, verb)}")
        if not _silenced(name, given):
            action = options[name]
            parser.set_defaults(**{action.dest: _value(action, value, f"{path}: {key}")})


def _path(given: Sequence[str]) -> Path | None:
    """The file that the command line names, or that lies in the current folder."""
    for i, word in enumerate(given):
        if word == "--":
            break
        if word.startswith("--config="):
            return Path(word.partition("=")[2])
        if word == "--config" and i + 1 < len(given):
            return Path(given[i + 1])
    if Path(OWN_FILE).is_file():
        return Path(OWN_FILE)
    shared = Path(SHARED_FILE)
    return shared if shared.is_file() and b"[tool.pyanalyzer" in shared.read_bytes() else None


def _table(path: Path, verb: str) -> dict[str, Any]:
    """What the file says of one verb."""
    try:
        everything = _parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # not UTF-8, or not TOML
        raise UsageError(f"{path}: is not a TOML file: {error}") from error
    if path.name == SHARED_FILE:
        everything = everything.get("tool", {}).get("pyanalyzer", {})
    tables = {key: value for key, value in everything.items() if key in VERBS}
    for key, value in tables.items():
        if not isinstance(value, dict):
            raise UsageError(f"{path}: {key} is a verb: write its options in a table [{key}]")
    top = {key: value for key, value in everything.items() if key not in VERBS}
    strange = next((key for key, value in top.items() if isinstance(value, dict)), None)
    if strange is not None:
        raise UsageError(f"{path}: [{strange}] is no verb{_closest(strange, VERBS)}")
    own: dict[str, Any] = tables.get(verb, {})
    return {**top, **own} if verb == DEFAULT_VERB else own


def _parse(text: str) -> dict[str, Any]:
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    table: dict[str, Any] = toml.loads(text)
    return table


def _options(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """The verb's options by their long names."""
    return {
        text.removeprefix("--"): action
        for action in parser._actions  # noqa: SLF001: argparse has no other list of them
        for text in action.option_strings
        if text.startswith("--") and text.removeprefix("--") not in _NOT_IN_A_FILE
    }


def _unknown(key: str, options: dict[str, argparse.Action], verb: str) -> str:
    closest = _closest(key, options)
    return f"{key} is no option of {verb}{closest or f' (see pyanalyzer {verb} --help)'}"


def _closest(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word.replace("_", "-"), list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _silenced(name: str, given: Sequence[str]) -> bool:
    """Whether the command line gives the option itself, to which argparse might only add, or an
    alternative to it."""
    rivals = {other for group in ALTERNATIVES if name in group for other in group} | {name}
    return any(word.partition("=")[0].removeprefix("--") in rivals for word in given)


def _value(action: argparse.Action, value: Any, where: str) -> Any:
    """A TOML value as the option would have read it from the command line."""
    if action.nargs == 0:  # a switch
        if not isinstance(value, bool):
            raise UsageError(f"{where} is a switch: write true or false, not {value!r}")
        return value
    if action.nargs in ("+", "*") or isinstance(action, argparse._AppendAction):
        values = value if isinstance(value, list) else [value]
        if not values:
            raise UsageError(f"{where} is an empty list")
        return [_one(action, _text(v, where), where) for v in values]
    if isinstance(value, list):  # a region: [0, 0, 640, 360]
        return _one(action, ",".join(_text(v, where) for v in value), where)
    return _one(action, _text(value, where), where)


def _text(value: Any, where: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError(f"{where}: expected a text or a number, not {value!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"{where}: expected a finite number, not {value!r}")
    return str(value)


def _one(action: argparse.Action, text: str, where: str) -> Any:
    try:
        read: Any = action.type(text) if callable(action.type) else text
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"{where}: {error}") from error
    except (TypeError, ValueError) as error:
        raise UsageError(f"{where}: {text!r} is no value for it") from error
    if action.choices is not None and read not in action.choices:
        choices = ", ".join(map(str, action.choices))
        raise UsageError(f"{where}: {text!r} is none of {choices}")
    return read
