"""Decode: a replay becomes its description and an iterator of luma planes with exact times.

``probe`` and ``open_replay`` are the way in; ``crop``, ``parse_region`` and ``read_mask`` restrict
what is looked at in a picture; ``sha256_of`` tells one file from another.
"""

from pyanalyzer.decode.identity import sha256_of
from pyanalyzer.decode.reader import MAX_THREADS, ReplayReader, open_replay
from pyanalyzer.decode.restrict import check_region, crop, parse_region, read_mask
from pyanalyzer.decode.source import probe

__all__ = [
    "MAX_THREADS",
    "ReplayReader",
    "check_region",
    "crop",
    "open_replay",
    "parse_region",
    "probe",
    "read_mask",
    "sha256_of",
]
