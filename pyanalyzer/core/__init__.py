"""The fast core on NumPy frames: frame alignment, block differencing, candidate regions.

Every function here has a twin of the same name and signature in :mod:`pyanalyzer.reference`, which
is its definition: the results are equal bit for bit, for every instruction set and number of
threads. Importing this module loads NumPy and the compiled module, nothing else.
"""

from pyanalyzer.core.downscale import downscale
from pyanalyzer.core.isa import default_isa, supported_isas
from pyanalyzer.core.warp import warp

__all__ = ["default_isa", "downscale", "supported_isas", "warp"]
