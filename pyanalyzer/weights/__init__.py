"""The shipped weights: which file, and the hash it must have. See MODEL_CARD.md beside it."""

from __future__ import annotations

from pathlib import Path

SHIPPED_NAME = "gameplay-1"
SHIPPED_SHA256 = "e56af51923b1b3521a91fb18f9c7d6fed2f5ece34d33479941882c17afef2ff0"


def shipped_path() -> Path:
    """Where the shipped weights lie."""
    return Path(__file__).with_name(f"{SHIPPED_NAME}.safetensors")
