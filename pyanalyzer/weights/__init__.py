"""The shipped weights: which file, and the hash it must have. See MODEL_CARD.md beside it."""

from __future__ import annotations

from pathlib import Path

SHIPPED_NAME = "gameplay-6"
SHIPPED_SHA256 = "b4c6f6c4fd07c8aa9ebd9bb78bf39f287bbe053421adf656454f5385747c7f56"
STILLS_NAME = "stills-1"
STILLS_SHA256 = "fde4c52e9bec30e267f7272a90630d1615d9a9065522c2e796cd170834c3b421"


def shipped_path() -> Path:
    """Where the shipped weights lie."""
    return Path(__file__).with_name(f"{SHIPPED_NAME}.safetensors")


def stills_path() -> Path:
    """Where the shipped weights of the comparison of stills lie."""
    return Path(__file__).with_name(f"{STILLS_NAME}.safetensors")
