"""The fast core on NumPy frames: frame alignment, block differencing, candidate regions.

Every function here has a twin of the same name and signature in :mod:`pyanalyzer.reference`, which
is its definition: the results are equal bit for bit, for every instruction set and number of
threads. Importing this module loads NumPy and the compiled module, nothing else.
"""

from pyanalyzer.core.align import align
from pyanalyzer.core.block_maps import block_maps
from pyanalyzer.core.block_vectors import block_vectors
from pyanalyzer.core.convolve import (
    convolve,
    convolve_3x3,
    pack_bias,
    pack_weights,
    pack_weights_3x3,
)
from pyanalyzer.core.crops import crops
from pyanalyzer.core.difference import difference
from pyanalyzer.core.downscale import downscale
from pyanalyzer.core.expand import expand_limited_range
from pyanalyzer.core.flow import flow
from pyanalyzer.core.isa import default_isa, supported_isas
from pyanalyzer.core.propose import block_unaries, label_grid, propose
from pyanalyzer.core.stream import EvidenceStream, working_factor
from pyanalyzer.core.tracks import Tracks
from pyanalyzer.core.warp import warp

__all__ = [
    "EvidenceStream",
    "Tracks",
    "align",
    "block_maps",
    "block_unaries",
    "block_vectors",
    "convolve",
    "convolve_3x3",
    "crops",
    "default_isa",
    "difference",
    "downscale",
    "expand_limited_range",
    "flow",
    "label_grid",
    "pack_bias",
    "pack_weights",
    "pack_weights_3x3",
    "propose",
    "supported_isas",
    "warp",
    "working_factor",
]
