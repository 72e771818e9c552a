"""_core.pyi says what the built module has: every function, its arguments, their order, defaults.

pybind11 writes a signature into the first line of each docstring; both are parsed as Python and
compared. Types are not: the stub's are narrower (``U8`` where pybind11 knows any array).
"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import pyanalyzer
from pyanalyzer import _core

STUB = ast.parse((Path(pyanalyzer.__file__).parent / "_core.pyi").read_text(encoding="utf-8"))
STUB_FUNCTIONS = {node.name: node for node in STUB.body if isinstance(node, ast.FunctionDef)}
STUB_VARIABLES = {
    node.target.id
    for node in STUB.body
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
}
BUILT_FUNCTIONS = {name: value for name, value in vars(_core).items() if inspect.isroutine(value)}
# What Python gives every module.
MODULE_NAMES = {"__doc__", "__file__", "__loader__", "__name__", "__package__", "__spec__"}


def built_signature(name: str) -> ast.arguments:
    """The arguments of a function, from the line that pybind11 put into its docstring."""
    line = (BUILT_FUNCTIONS[name].__doc__ or "").splitlines()[0]
    (function,) = ast.parse(f"def {line}: ...").body
    assert isinstance(function, ast.FunctionDef)
    return function.args


def described(arguments: ast.arguments) -> dict[str, object]:
    """Names and defaults by the way they are passed."""

    def defaults(nodes: list[ast.expr | None]) -> list[object]:
        return ["none given" if node is None else ast.literal_eval(node) for node in nodes]

    return {
        "positional only": [argument.arg for argument in arguments.posonlyargs],
        "positional": [argument.arg for argument in arguments.args],
        "keyword": [argument.arg for argument in arguments.kwonlyargs],
        "defaults": defaults(list(arguments.defaults)),
        "keyword defaults": defaults(list(arguments.kw_defaults)),
        "rest": [a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None],
    }


def test_same_names() -> None:
    public = {name for name in vars(_core) if name not in MODULE_NAMES}
    assert public == set(STUB_FUNCTIONS) | STUB_VARIABLES


@pytest.mark.parametrize("name", sorted(set(STUB_FUNCTIONS) & set(BUILT_FUNCTIONS)))
def test_same_signature(name: str) -> None:
    assert described(STUB_FUNCTIONS[name].args) == described(built_signature(name))


def test_every_function_is_typed() -> None:
    for function in STUB_FUNCTIONS.values():
        arguments = function.args
        assert function.returns is not None, function.name
        for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
            assert argument.annotation is not None, f"{function.name}: {argument.arg}"
