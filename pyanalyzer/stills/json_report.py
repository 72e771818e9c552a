"""A comparison as JSON: the same comparison gives the same bytes."""

from __future__ import annotations

import json

from pyanalyzer.records import Region
from pyanalyzer.stills.records import Change, Comparison

SCHEMA = "pyanalyzer/comparison/1"
_DIGITS = 6


def comparison_json(comparison: Comparison) -> bytes:
    """The comparison without its pictures; keys in a fixed order, numbers rounded.

    Boxes are ``[x, y, w, h]`` in px, half-open. ``region`` and ``from_region`` are in the second
    picture, ``before_region`` is the same place in the first, or where the thing was if it moved.
    """
    alignment = comparison.alignment
    picture = {
        name: {"path": path, "width_px": size[0], "height_px": size[1]}
        for name, path, size in (
            ("before", comparison.before_path, comparison.before_size_px),
            ("after", comparison.after_path, comparison.after_size_px),
        )
    }
    values = {
        "schema": SCHEMA,
        **picture,
        "model": {"name": comparison.model, "sha256": comparison.model_sha256},
        "settings": {"min_confidence": comparison.min_confidence},
        "alignment": {
            "homography": [float(f"{v:.9g}") for v in alignment.homography],
            "recognised_share": round(alignment.share, _DIGITS),
            "correlation": round(alignment.correlation, _DIGITS),
            "method": alignment.method,
            "covered_share": round(float(comparison.covered.mean()), _DIGITS),
        },
        "notes": list(comparison.notes),
        "changes": [_change(number, c) for number, c in enumerate(comparison.changes, 1)],
    }
    return (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode(
        "utf-8", "surrogateescape"
    )


def _change(number: int, change: Change) -> dict[str, object]:
    return {
        "id": number,
        "kind": change.kind,
        "region": _box(change.region),
        "before_region": _box(change.before_region),
        "from_region": _box(change.from_region),
        "changed_px": change.changed_px,
        "confidence": round(change.confidence, _DIGITS),
    }


def _box(region: Region | None) -> list[int] | None:
    return None if region is None else list(region)
