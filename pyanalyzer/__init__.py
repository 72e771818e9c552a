"""pyanalyzer: ask a recording of gameplay when the player's action changed.

``from pyanalyzer import core`` gives the fast frame alignment, block differencing and region
proposals on NumPy frames. Nothing heavy (torch, OpenCV, rich) is loaded by importing the package.
"""

from pyanalyzer._version import __version__

__all__ = ["__version__"]
