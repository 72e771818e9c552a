"""The shipped weights: which file, and the hash it must have. See MODEL_CARD.md beside it."""

from __future__ import annotations

from pathlib import Path

SHIPPED_NAME = "gameplay-7"
SHIPPED_SHA256 = "a09ef3a4a8e475735c0b149fc9b07cb705b86a3553fa60913aa6b0b6a453ab70"
STILLS_NAME = "stills-1"
STILLS_SHA256 = "fde4c52e9bec30e267f7272a90630d1615d9a9065522c2e796cd170834c3b421"


def shipped_path() -> Path:
    """Where the shipped weights lie."""
    return Path(__file__).with_name(f"{SHIPPED_NAME}.safetensors")


def stills_path() -> Path:
    """Where the shipped weights of the comparison of stills lie."""
    return Path(__file__).with_name(f"{STILLS_NAME}.safetensors")
