"""The shipped weights: which file, and the hash it must have. See MODEL_CARD.md beside it."""

from __future__ import annotations

from pathlib import Path

SHIPPED_NAME = "gameplay-4"
SHIPPED_SHA256 = "1e070d5652f062fa8ca2ddbe35358c2008dc85c1b2b1567589ff9d7f46f3cdde"
STILLS_NAME = "stills-1"
STILLS_SHA256 = "fde4c52e9bec30e267f7272a90630d1615d9a9065522c2e796cd170834c3b421"


def shipped_path() -> Path:
    """Where the shipped weights lie."""
    return Path(__file__).with_name(f"{SHIPPED_NAME}.safetensors")


def stills_path() -> Path:
    """Where the shipped weights of the comparison of stills lie."""
    return Path(__file__).with_name(f"{STILLS_NAME}.safetensors")
