"""What the core measures of labelled replays, kept on disk: training never decodes twice."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from io import FileIO
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import safe_open
from safetensors.numpy import save as serialise

from pyanalyzer.atomic_file import write_atomically
from pyanalyzer.core.looks import Looks, coarse_factor, frames_back
from pyanalyzer.core.repeats import stands_twice, unrepeated
from pyanalyzer.core.stream import EvidenceStream
from pyanalyzer.decode import ReplayReader, open_replay
from pyanalyzer.errors import ReplayError
from pyanalyzer.records import MAX_PROPOSALS, FrameEvidence
from pyanalyzer.score.features import FeatureEncoder, FrameFeatures
from pyanalyzer.score.looks import LooksEncoder
from pyanalyzer.simulate.truth import Truth, every, of_frames, read_truth, truth_path
from pyanalyzer.train.labels import make_labels, world_motion_frames

FORMAT = "pyanalyzer/cache/5"
LABELS = ("player", "world", "known", "kind", "candidate", "box")
# After the name of a replay's cache: where its look further back lies, and the smaller picture.
FURTHER, SMALLER = ".look", ".small.safetensors"
ARRAYS = ("maps", "globals", "proposals", "crops", *LABELS)


# A safetensors file: the length of its header, the header as JSON, the arrays one after the other
# (https://github.com/huggingface/safetensors#format).
_HEADER_LENGTH = struct.Struct("<Q")
_DTYPES = {"U8": np.uint8, "I8": np.int8, "F32": np.float32}


@dataclass(frozen=True, slots=True)
class CachedReplay:
    """One replay in the cache. ``grid``: rows and columns of blocks. ``onsets``: frames of the
    player's observable changes, ascending; ``world_onsets``: those in which the truth knows that
    something of the world changed its motion, ascending; ``world_known``: whether it knows all
    that NPC and the wind do (:class:`~pyanalyzer.simulate.truth.Truth`). ``further``: the replays
    of the look further back (:class:`~pyanalyzer.core.looks.Looks`), each of every so many frames;
    empty where there is none. ``smaller``: where there is none, the replay as it would be seen if
    there were one, to train on."""

    path: Path
    engine: str
    game: str
    split: str
    frames: int
    frame_rate: float
    grid: tuple[int, int]
    onsets: tuple[int, ...]
    world_onsets: tuple[int, ...]
    world_known: bool
    further: tuple[CachedReplay, ...] = ()
    smaller: CachedReplay | None = None

    def read(self, begin: int = 0, end: int | None = None) -> dict[str, npt.NDArray[np.generic]]:
        """The arrays of frames begin .. end (half-open), named as in ARRAYS.

        Reads the rows from the file rather than mapping it into memory: a read lets other threads
        go on while the disk is at work, a page fault does not.
        """
        stop = self.frames if end is None else end
        with self.path.open("rb", buffering=0) as file:
            (header_bytes,) = _HEADER_LENGTH.unpack(file.read(_HEADER_LENGTH.size))
            header = json.loads(file.read(header_bytes))
            data_begin = _HEADER_LENGTH.size + header_bytes
            return {name: _rows(file, header[name], data_begin, begin, stop) for name in ARRAYS}


def _rows(
    file: FileIO, entry: dict[str, Any], data_begin: int, begin: int, stop: int
) -> npt.NDArray[np.generic]:
    """Rows begin .. stop (half-open) of the array that the header's ``entry`` describes."""
    frames, *shape = entry["shape"]
    stop = min(stop, frames)
    rows: npt.NDArray[np.generic] = np.empty((stop - begin, *shape), _DTYPES[entry["dtype"]])
    row_bytes = rows.itemsize * math.prod(shape)
    file.seek(data_begin + entry["data_offsets"][0] + begin * row_bytes)
    unread = rows.reshape(-1).view(np.uint8).data
    while unread.nbytes:
        count = file.readinto(unread)
        if not count:
            raise ReplayError(f"the cache {file.name} breaks off; delete it and build it again")
        unread = unread[count:]
    return rows


def cache_path(video: Path, folder: Path) -> Path:
    """Where the cache of a replay lies: engine and split of its path keep names apart."""
    return folder / ("-".join(video.with_suffix("").parts[-3:]) + ".safetensors")


def build(video: Path, folder: Path) -> Path:
    """Measures one replay with the native core and writes its cache, unless it is there."""
    path = cache_path(video, folder)
    if path.exists():
        return path
    truth = read_truth(truth_path(video))
    doubled = is_doubled(video)
    with open_replay(str(video), threads=1) as replay:
        back = frames_back(replay.info.frame_rate, doubled=doubled)
        near, other, taken = _measured(replay, back, doubled=doubled)
        frames = replay.passed.frames
    if frames != truth.frames:
        raise ReplayError(
            f"{video} has {frames} frames, but its truth speaks of {truth.frames}; "
            "make the replay again"
        )
    if doubled:
        truth = of_frames(truth, taken, truth.frame_rate / 2)
    if back == 1:
        _write(path.with_suffix(SMALLER), other, truth)
    for first in range(min(back, len(other)) if back > 1 else 0):
        part = path.with_suffix(f"{FURTHER}{first:02}.safetensors")
        _write(part, other[first::back], every(truth, back, first))
    _write(path, near, truth)  # last: what is there is whole
    return path


def is_doubled(video: Path) -> bool:
    """Whether an analysis would find that every picture stands twice in a replay."""
    with open_replay(str(video), threads=1) as replay:
        info = replay.info
        back = frames_back(info.frame_rate)
        looks = Looks(info.width_px, info.height_px, back=back)
        return back > 1 and stands_twice(replay, looks.reduce)


def _measured(
    replay: ReplayReader, back: int, *, doubled: bool
) -> tuple[list[_Measured], list[_Measured], list[int]]:
    """Of each frame that is looked at both looks, or one and the same in a smaller picture; and
    the frames' ordinals."""
    info = replay.info
    looks = Looks(info.width_px, info.height_px, back=back)
    encoder = LooksEncoder(info.time_base, back)
    factor = looks.factor
    small_factor = coarse_factor(info.width_px, info.height_px, factor)
    small = EvidenceStream(info.width_px, info.height_px, factor=small_factor)
    small_encoder = FeatureEncoder(info.time_base)
    near, other, taken = list[_Measured](), list[_Measured](), list[int]()
    for frame in unrepeated(replay, looks.reduce) if doubled else replay:
        pieces = looks.push(frame)
        features = encoder.encode(pieces)
        taken.append(frame.index)
        near.append((features[0], _boxes_px(pieces[0], factor)))
        if back > 1:
            other.append((features[1], _boxes_px(pieces[1], factor)))
        else:
            piece = small.push(frame)
            other.append((small_encoder.encode(piece), _boxes_px(piece, small_factor)))
    return near, other, taken


_Measured = tuple[FrameFeatures, npt.NDArray[np.float32]]  # a frame and its proposals' boxes


def _write(path: Path, measured: Sequence[_Measured], truth: Truth) -> None:
    features, boxes = zip(*measured, strict=True)
    frames = len(features)
    proposals = np.stack([f.proposals for f in features])
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "maps": np.stack([f.maps for f in features]),
        "globals": np.stack([f.globals for f in features]),
        "proposals": proposals,
        "crops": np.stack([f.crops for f in features]),
    }
    labels = make_labels(truth, frames, proposals, np.stack(boxes))
    for name in LABELS:
        arrays[name] = getattr(labels, name)
    header = {
        "format": FORMAT,
        "engine": truth.engine,
        "game": truth.game,
        "split": truth.split,
        "frames": frames,
        "frame_rate": float(truth.frame_rate),
        "grid": arrays["maps"].shape[2:],
        "onsets": [onset.frame for onset in truth.onsets() if onset.frame < frames],
        "world_onsets": [frame for frame in world_motion_frames(truth) if frame < frames],
        "world_known": truth.world_known,
    }
    write_atomically(path, serialise(arrays, {"pyanalyzer": json.dumps(header)}))


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
    """The replays of a cache folder, sorted by path; what else was measured of each is its own."""
    paths = [p for p in sorted(folder.glob("*.safetensors")) if not _is_part(p)]
    return [_with_looks(_read_header(path)) for path in paths]


def _is_part(path: Path) -> bool:
    return FURTHER in path.name or path.name.endswith(SMALLER)


def _with_looks(replay: CachedReplay) -> CachedReplay:
    path = replay.path
    further = sorted(path.parent.glob(f"{path.stem}{FURTHER}*.safetensors"))
    smaller = path.with_suffix(SMALLER)
    return replace(
        replay,
        further=tuple(map(_read_header, further)),
        smaller=_read_header(smaller) if smaller.exists() else None,
    )


def _read_header(path: Path) -> CachedReplay:
    with safe_open(str(path), framework="np") as file:
        header = json.loads((file.metadata() or {}).get("pyanalyzer", "{}"))
    if header.pop("format", None) != FORMAT:
        raise ReplayError(f"{path} is not a cache of this version; delete it and build again")
    for name in ("grid", "onsets", "world_onsets"):
        header[name] = tuple(header[name])
    return CachedReplay(path=path, **header)
