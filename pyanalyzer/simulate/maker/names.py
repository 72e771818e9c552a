"""The maker's games by name, ``FAMILY/NUMBER``, without drawing any: splits need no more."""

from __future__ import annotations

import re
import zlib

FIRST_FAMILIES = ("platformer", "maze", "shooter", "racer", "corridor", "cursor")
# Came later, and stand behind all of the first in a split's list: `--first` and every replay that
# was made before them stay what they were.
LATER_FAMILIES: tuple[str, ...] = ("paddle", "grid", "thrust", "runner", "chase", "sports")
TRAINED_FAMILIES = (*FIRST_FAMILIES, *LATER_FAMILIES)
VALIDATION_FAMILY = "twinstick"  # in no training set: chooses among detectors
TEST_FAMILY = "fighter"  # in no training set and no choice: judges
FAMILIES = (*TRAINED_FAMILIES, VALIDATION_FAMILY, TEST_FAMILY)
GAMES_PER_FAMILY = 500
_NAME = re.compile(r"([a-z]+)/(\d{4})")


def game_names(families: tuple[str, ...], first: int, end: int) -> tuple[str, ...]:
    """Games ``first .. end`` (half-open) of each family; families take turns."""
    return tuple(f"{family}/{number:04d}" for number in range(first, end) for family in families)


def split_names(first: int, end: int, held_out: tuple[str, ...] = ()) -> tuple[str, ...]:
    """A split's games ``first .. end``: the first families and those held out, then the later."""
    return (
        *game_names((*FIRST_FAMILIES, *held_out), first, end),
        *game_names(LATER_FAMILIES, first, end),
    )


def parse(name: str) -> tuple[str, int]:
    """``platformer/0007`` -> (``platformer``, seed of its design).

    Raises ValueError where the name is none of the maker's.
    """
    match = _NAME.fullmatch(name)
    if not match or match[1] not in FAMILIES or int(match[2]) >= GAMES_PER_FAMILY:
        raise ValueError(name)
    return match[1], zlib.crc32(name.encode())
