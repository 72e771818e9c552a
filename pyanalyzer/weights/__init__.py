"""The shipped weights: which file, and the hash it must have. See MODEL_CARD.md beside it."""

from __future__ import annotations

from pathlib import Path

SHIPPED_NAME = "gameplay-10"
SHIPPED_SHA256 = "91093bdfbcdfcfb1c16b07e37474aaf585f7a8e559cd9398b3c9309750802db7"
STILLS_NAME = "stills-1"
STILLS_SHA256 = "fde4c52e9bec30e267f7272a90630d1615d9a9065522c2e796cd170834c3b421"


def shipped_path() -> Path:
    """Where the shipped weights lie."""
    return Path(__file__).with_name(f"{SHIPPED_NAME}.safetensors")


def stills_path() -> Path:
    """Where the shipped weights of the comparison of stills lie."""
    return Path(__file__).with_name(f"{STILLS_NAME}.safetensors")
