"""The shipped weights: which file, and the hash it must have. See MODEL_CARD.md beside it."""

from __future__ import annotations

from pathlib import Path

SHIPPED_NAME = "gameplay-2"
SHIPPED_SHA256 = "f71f9bf7196112ee8db3926d65473f0b24426cc883fe75582b246b61867f64cb"


def shipped_path() -> Path:
    """Where the shipped weights lie."""
    return Path(__file__).with_name(f"{SHIPPED_NAME}.safetensors")
