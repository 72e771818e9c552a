"""The definition of the core in plain NumPy: the oracle of the tests, and the pure-Python path.

Functions have the names and signatures of :mod:`pyanalyzer.core`; ``threads`` and ``isa`` are
accepted and change nothing.
"""

from pyanalyzer.reference.align import align
from pyanalyzer.reference.block_maps import block_maps
from pyanalyzer.reference.block_vectors import block_vectors
from pyanalyzer.reference.convolve import convolve, convolve_3x3
from pyanalyzer.reference.crops import crops
from pyanalyzer.reference.difference import difference
from pyanalyzer.reference.downscale import downscale
from pyanalyzer.reference.expand import expand_limited_range
from pyanalyzer.reference.flow import flow
from pyanalyzer.reference.mincut import label_grid
from pyanalyzer.reference.propose import block_unaries, propose
from pyanalyzer.reference.warp import warp

__all__ = [
    "align",
    "block_maps",
    "block_unaries",
    "block_vectors",
    "convolve",
    "convolve_3x3",
    "crops",
    "difference",
    "downscale",
    "expand_limited_range",
    "flow",
    "label_grid",
    "propose",
    "warp",
]
