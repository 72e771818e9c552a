"""Random numbers without a state: each is a hash of what it is for and when.

What an NPC does at tick 700 is a function of the seed, its number and 700. So nothing that the
player does can shift anybody else's luck, and a fork of a game needs no generator's state.
The hash is splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
2014), applied to one key after the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1


def hashed(*keys: int) -> int:
    """A 64-bit number that depends on all ``keys``."""
    value = 0
    for key in keys:
        value = (value + key + 0x9E3779B97F4A7C15) & _MASK
        value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
        value ^= value >> 31
    return value


def uniform(*keys: int) -> float:
    """A number in [0, 1)."""
    return (hashed(*keys) >> 11) * 2.0**-53


def spread(low: float, high: float, *keys: int) -> float:
    """A number in [low, high)."""
    return low + (high - low) * uniform(*keys)


def pick(options: Sequence[T], *keys: int) -> T:
    """One of ``options``, all alike."""
    return options[hashed(*keys) % len(options)]


def spell_ticks(rate: float, *keys: int) -> int:
    """How long somebody goes on with one thing: log-normal, 0.05 to 2.5 s, as the player's spells.

    Two uniform numbers make a normal one (Box and Muller, 1958).
    """
    u, v = 1.0 - uniform(*keys, 1), uniform(*keys, 2)
    normal = math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v)
    median = 0.8 if uniform(*keys, 3) < 0.4 else 0.25
    return max(1, round(rate * min(max(median * math.exp(0.5 * normal), 0.05), 2.5)))
