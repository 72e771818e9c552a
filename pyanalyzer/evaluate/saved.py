"""What was found in replays, kept in a folder, so that scoring again needs no analysis.

    FOLDER/models/SHA256.json                    whose timelines they are: threshold, training
    FOLDER/ENGINE/SPLIT/NAME.timeline.json       the timeline of every confidence
    FOLDER/ENGINE/SPLIT/NAME.baselines.json      what the trivial rules need of the pictures

Several runs, each with weights of its own, can share a folder; so the replays of every engine can
be scored together, each engine by the weights that were trained without it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pyanalyzer.atomic_file import write_atomically
from pyanalyzer.decode.identity import sha256_of
from pyanalyzer.errors import OutputError, TimelineFileError, UsageError
from pyanalyzer.evaluate.models import EvaluatedModel
from pyanalyzer.records import Timeline
from pyanalyzer.report.json_report import json_report, read_timeline
from pyanalyzer.settings import AnalysisSettings
from pyanalyzer.simulate.truth import SUFFIX, Truth

MODEL_SCHEMA = "pyanalyzer/evaluated-model/1"
BASELINES_SCHEMA = "pyanalyzer/baselines/1"
TIMELINE_SUFFIX, BASELINES_SUFFIX = ".timeline.json", ".baselines.json"

# The events of every confidence: the threshold is chosen when they are scored.
EVERYTHING: dict[str, object] = AnalysisSettings(min_confidence=0.0, cause="player").as_record()

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, eq=False)
class Baselines:
    """What the trivial rules need of a replay's pictures: see :class:`~.protocol.Case`."""

    difference: npt.NDArray[np.float64]
    cuts: npt.NDArray[np.int64] | None


def saved_stem(folder: Path, truth_file: Path, truth: Truth) -> Path:
    """Where a replay's files lie, without their suffixes. Names from the truth cannot leave
    ``folder``: all but letters, digits, ``-`` and ``_`` becomes ``_``."""
    name = truth_file.name.removesuffix(SUFFIX)
    return folder.joinpath(*(_UNSAFE.sub("_", part) for part in (truth.engine, truth.split, name)))


def check_stems(folder: Path, truths: Iterable[tuple[Path, Truth]]) -> None:
    """Raises UsageError where two replays would share their files in the folder."""
    taken: dict[Path, Path] = {}
    for path, truth in truths:
        other = taken.setdefault(saved_stem(folder, path, truth), path)
        if other != path:
            raise UsageError(
                f"{other} and {path} are of one engine, split and name, and would share a saved "
                "timeline; evaluate them one at a time, into folders of their own"
            )


def make_folder(folder: Path) -> None:
    """Raises OutputError if it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write to {folder}: {error.strerror or error}") from error


def write_model(folder: Path, model: EvaluatedModel) -> None:
    """Raises OutputError."""
    make_folder(folder / "models")
    data = json.dumps({"schema": MODEL_SCHEMA, **asdict(model)}, indent=1) + "\n"
    write_atomically(_model_path(folder, model.sha256), data.encode("ascii"))


def write_replay(stem: Path, timeline: Timeline, baselines: Baselines) -> None:
    """Write a replay's files, each whole or not at all. Raises OutputError."""
    make_folder(stem.parent)
    cuts = None if baselines.cuts is None else baselines.cuts.tolist()
    record = {
        "schema": BASELINES_SCHEMA,
        "difference": baselines.difference.tolist(),
        "cuts": cuts,
    }
    write_atomically(_with(stem, BASELINES_SUFFIX), (json.dumps(record) + "\n").encode("ascii"))
    write_atomically(_with(stem, TIMELINE_SUFFIX), json_report(timeline))


def read_replay(stem: Path, video: Path, truth: Truth) -> tuple[Timeline, Baselines]:
    """What :func:`write_replay` kept of the replay that ``truth`` is about.

    Raises TimelineFileError if it is not there, is damaged or of another schema, leaves out events,
    or is of another replay: other frames or size, or, where ``video`` still is there, other bytes.
    """
    path = _with(stem, TIMELINE_SUFFIX)
    if not path.exists():
        raise TimelineFileError(
            f"{video} has a truth, but no saved timeline ({path}); analyse it with "
            "`pyanalyzer evaluate ... --save-timelines`"
        )
    timeline = read_timeline(path)
    either = {"fast": True, "doubled": True}
    if {**timeline.settings, **either} != {**EVERYTHING, **either}:
        raise TimelineFileError(
            f"{path} does not hold the whole replay's events of every confidence; make it with "
            "`pyanalyzer evaluate ... --save-timelines`"
        )
    found = (timeline.video.frames, timeline.video.width_px, timeline.video.height_px)
    true = (truth.frames, truth.width_px, truth.height_px)
    if found != true:
        raise TimelineFileError(
            f"{path} is of another replay than {video}: {_shape(found)}, but its truth speaks of "
            f"{_shape(true)}; analyse it again with --save-timelines"
        )
    if video.is_file() and sha256_of(video) != timeline.video.sha256:
        raise TimelineFileError(
            f"{video} is not the file that {path} was made from (their SHA-256 differ); analyse it "
            "again with --save-timelines"
        )
    return timeline, _read_baselines(_with(stem, BASELINES_SUFFIX), truth.frames)


def read_model(folder: Path, sha256: str) -> EvaluatedModel:
    """Raises TimelineFileError if it is missing, damaged or of another schema."""
    path = _model_path(folder, sha256)
    record = _read(path, MODEL_SCHEMA)
    try:
        return EvaluatedModel(
            name=str(record["name"]),
            sha256=str(record["sha256"]),
            threshold=float(record["threshold"]),
            without_engines=tuple(map(str, record["without_engines"])),
            games=tuple(map(str, record["games"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TimelineFileError(f"{path} lacks or misstates a field: {error}") from error


def _read_baselines(path: Path, frames: int) -> Baselines:
    record = _read(path, BASELINES_SCHEMA)
    try:
        difference = np.array(record["difference"], dtype=np.float64)
        cuts = None if record["cuts"] is None else np.array(record["cuts"], dtype=np.int64)
    except (KeyError, TypeError, ValueError) as error:
        raise TimelineFileError(f"{path} lacks or misstates a field: {error}") from error
    if difference.shape != (frames,) or not np.isfinite(difference).all():
        raise TimelineFileError(
            f"{path} must hold a finite difference for each of {frames} frames; analyse the replay "
            "again with --save-timelines"
        )
    return Baselines(difference, cuts)


def _read(path: Path, schema: str) -> dict[str, Any]:
    try:
        record = json.loads(path.read_bytes())
    except OSError as error:
        raise TimelineFileError(
            f"cannot read {path}: {error.strerror or error}; it is written by "
            "`pyanalyzer evaluate ... --save-timelines`"
        ) from error
    except (ValueError, RecursionError) as error:
        raise TimelineFileError(f"{path} is not JSON: {error}") from error
    found = record.get("schema") if isinstance(record, dict) else None
    if found != schema:
        raise TimelineFileError(f"{path} has the schema {found!r}; this version reads {schema!r}")
    return dict(record)


def _model_path(folder: Path, sha256: str) -> Path:
    return folder / "models" / f"{_UNSAFE.sub('_', sha256)}.json"


def _with(stem: Path, suffix: str) -> Path:
    return stem.with_name(stem.name + suffix)


def _shape(shape: tuple[int, int, int]) -> str:
    frames, width_px, height_px = shape
    return f"{frames} frames of {width_px} x {height_px} px"
