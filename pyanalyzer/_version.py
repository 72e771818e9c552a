"""The version, here and nowhere else: the build and the compiled core read it from this file."""

__version__ = "0.1.0"
