"""The shipped weights: which file, and the hash it must have. See MODEL_CARD.md beside it."""

from __future__ import annotations

from pathlib import Path

SHIPPED_NAME = "gameplay-11"
SHIPPED_SHA256 = "386cf6a89a3e2252e4c10cd2ba5abf0628e432378ef43fa37901b3814653b1d6"
STILLS_NAME = "stills-1"
STILLS_SHA256 = "fde4c52e9bec30e267f7272a90630d1615d9a9065522c2e796cd170834c3b421"


def shipped_path() -> Path:
    """Where the shipped weights lie."""
    return Path(__file__).with_name(f"{SHIPPED_NAME}.safetensors")


def stills_path() -> Path:
    """Where the shipped weights of the comparison of stills lie."""
    return Path(__file__).with_name(f"{STILLS_NAME}.safetensors")
