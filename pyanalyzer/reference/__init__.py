"""The definition of the core in plain NumPy: the oracle of the tests, and the pure-Python path.

Functions have the names and signatures of :mod:`pyanalyzer.core`; ``threads`` and ``isa`` are
accepted and change nothing.
"""

from pyanalyzer.reference.downscale import downscale
from pyanalyzer.reference.warp import warp

__all__ = ["downscale", "warp"]
