"""What the core measures of labelled replays, kept on disk: training never decodes twice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import safe_open
from safetensors.numpy import save as serialise

from pyanalyzer.atomic_file import write_atomically
from pyanalyzer.core.stream import EvidenceStream
from pyanalyzer.decode import open_replay
from pyanalyzer.errors import ReplayError
from pyanalyzer.records import MAX_PROPOSALS, FrameEvidence
from pyanalyzer.score.features import FeatureEncoder, FrameFeatures
from pyanalyzer.simulate.truth import read_truth, truth_path
from pyanalyzer.train.labels import make_labels

FORMAT = "pyanalyzer/cache/1"
ARRAYS = ("maps", "globals", "proposals", "crops", "player", "world", "known", "kind", "candidate")


@dataclass(frozen=True, slots=True)
class CachedReplay:
    """One replay in the cache. ``grid``: rows and columns of blocks. ``onsets``: frames of the
    player's observable changes, ascending."""

    path: Path
    engine: str
    game: str
    split: str
    frames: int
    frame_rate: float
    grid: tuple[int, int]
    onsets: tuple[int, ...]

    def read(self, begin: int = 0, end: int | None = None) -> dict[str, npt.NDArray[np.generic]]:
        """The arrays of frames begin .. end (half-open), named as in ARRAYS."""
        stop = self.frames if end is None else end
        with safe_open(str(self.path), framework="np") as file:
            return {name: file.get_slice(name)[begin:stop] for name in ARRAYS}


def cache_path(video: Path, folder: Path) -> Path:
    """Where the cache of a replay lies: engine and split of its path keep names apart."""
    return folder / ("-".join(video.with_suffix("").parts[-3:]) + ".safetensors")


def build(video: Path, folder: Path) -> Path:
    """Measures one replay with the native core and writes its cache, unless it is there."""
    path = cache_path(video, folder)
    if path.exists():
        return path
    truth = read_truth(truth_path(video))
    features: list[FrameFeatures] = []
    boxes: list[npt.NDArray[np.float32]] = []
    with open_replay(str(video), threads=1) as replay:
        stream = EvidenceStream(replay.info.width_px, replay.info.height_px)
        encoder = FeatureEncoder(replay.info.time_base)
        for frame in replay:
            evidence = stream.push(frame)
            features.append(encoder.encode(evidence))
            boxes.append(_boxes_px(evidence, stream.factor))
    if len(features) != truth.frames:
        raise ReplayError(
            f"{video} has {len(features)} frames, but its truth speaks of {truth.frames}; "
            "make the replay again"
        )
    proposals = np.stack([f.proposals for f in features])
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "maps": np.stack([f.maps for f in features]),
        "globals": np.stack([f.globals for f in features]),
        "proposals": proposals,
        "crops": np.stack([f.crops for f in features]),
    }
    labels = make_labels(truth, len(features), proposals, np.stack(boxes))
    for name in ("player", "world", "known", "kind", "candidate"):
        arrays[name] = getattr(labels, name)
    header = {
        "format": FORMAT,
        "engine": truth.engine,
        "game": truth.game,
        "split": truth.split,
        "frames": len(features),
        "frame_rate": float(truth.frame_rate),
        "grid": arrays["maps"].shape[2:],
        "onsets": [onset.frame for onset in truth.onsets()],
    }
    write_atomically(path, serialise(arrays, {"pyanalyzer": json.dumps(header)}))
    return path


def _boxes_px(frame: FrameEvidence, factor: int) -> npt.NDArray[np.float32]:
    boxes = np.zeros((MAX_PROPOSALS, 4), np.float32)
    for slot, proposal in zip(boxes, frame.proposals, strict=False):
        slot[:] = np.array(proposal.region, np.float32) * factor
    return boxes


def build_all(videos: Iterable[Path], folder: Path, workers: int) -> Iterator[Path]:
    """Builds what is missing in worker processes; yields each path as it is ready."""
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(build, video, folder) for video in videos]
        for future in as_completed(futures):
            yield future.result()


def find_replays(folder: Path) -> list[Path]:
    """Every video below the folder with a truth file beside it, sorted."""
    return sorted(
        truth.with_name(truth.name.removesuffix(".truth.json") + ".mp4")
        for truth in folder.rglob("*.truth.json")
    )


def read_index(folder: Path) -> list[CachedReplay]:
    """The replays of a cache folder, sorted by path."""
    found = []
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(str(path), framework="np") as file:
            header = json.loads((file.metadata() or {}).get("pyanalyzer", "{}"))
        if header.pop("format", None) != FORMAT:
            raise ReplayError(f"{path} is not a cache of this version; delete it and build again")
        header["grid"] = tuple(header["grid"])
        header["onsets"] = tuple(header["onsets"])
        found.append(CachedReplay(path=path, **header))
    return found
