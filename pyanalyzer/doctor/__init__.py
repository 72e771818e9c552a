"""Whether every part of pyanalyzer works on this machine: versions, and a try of each part."""

from pyanalyzer.doctor.checks import CHECKS, Finding, examine

__all__ = ["CHECKS", "Finding", "examine"]
