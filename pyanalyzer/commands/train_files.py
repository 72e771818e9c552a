"""What every kind of training does with its files: takes up a checkpoint, writes the weights."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyanalyzer.train.loop import TrainingRun


def begin_or_resume(run: TrainingRun, checkpoint: Path, args: argparse.Namespace) -> None:
    """Goes on from ``checkpoint`` with ``--resume``; else there must be none. Raises UsageError if
    there is, and ModelError if it does not fit."""
    from pyanalyzer.errors import UsageError

    if args.resume:
        run.load(checkpoint)
    elif checkpoint.exists():
        raise UsageError(
            f"{checkpoint} exists; go on from it with --resume, or choose another --out"
        )


def write_weights(data: bytes, args: argparse.Namespace) -> None:
    """Writes ``--out``/``--name``.safetensors whole, and says so."""
    import hashlib

    from rich.console import Console

    from pyanalyzer.atomic_file import write_atomically

    path = args.out / f"{args.name}.safetensors"
    write_atomically(path, data)
    digest = hashlib.sha256(data).hexdigest()
    Console().print(f"{path}: {len(data) / 1e6:.2f} MB, SHA-256 {digest}")
