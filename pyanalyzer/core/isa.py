"""Which instruction sets the core can use on this machine."""

from __future__ import annotations

from pyanalyzer import _core


def supported_isas() -> tuple[str, ...]:
    """Names of the instruction sets that this machine and this build can run, the best last."""
    return tuple(_core.supported_isas())


def default_isa() -> str:
    """The instruction set used when a call names none: the best up to AVX2, or
    ``$PYANALYZER_ISA``.

    Raises ValueError if that variable names one that cannot run here.
    """
    return _core.default_isa()
