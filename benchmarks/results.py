"""The figures as JSON, of the form that docs/benchmark-schema.json describes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

SCHEMA = "pyanalyzer/benchmark/2"
SCHEMA_FILE = Path(__file__).parents[1] / "docs" / "benchmark-schema.json"


def results_text(host: dict[str, object], tables: dict[str, object]) -> str:
    """The result as JSON text. ``tables``: by name, a list of rows (dataclasses), or a number.

    Raises jsonschema.ValidationError if that is not what the schema describes.
    """
    import jsonschema

    result: dict[str, Any] = {"schema": SCHEMA, "host": host}
    for name, table in tables.items():
        result[name] = [asdict(row) for row in table] if isinstance(table, list) else table
    jsonschema.validate(result, json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
    return json.dumps(result, indent=1, allow_nan=False) + "\n"
