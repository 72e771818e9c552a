"""Clips to train on: random, but the same for the same seed and step."""

from __future__ import annotations

import math
import queue
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch

from pyanalyzer.train.cache import ARRAYS, CachedReplay
from pyanalyzer.train.pad import Grid, pad, padded_grid
from pyanalyzer.train.vary import Batch, Variation, draw_variation, vary

# Three seconds at 60 Hz: half of it is context (1.7 s to either side would be all of it).
CLIP_FRAMES = 192
# Where a replay is looked at once, the same in a smaller picture is drawn so often against it: what
# 3D games and others of few frames a second are like there is learned for those of many.
SMALLER_SHARE = 0.4
# Twice as many clips of smaller grids than this make about as much work.
_MANY_BLOCKS = 640


@dataclass(frozen=True, slots=True)
class ClipSource:
    """Training replays by padded grid, since clips that are stacked have one; games count alike."""

    by_grid: dict[Grid, tuple[CachedReplay, ...]]
    grids: tuple[Grid, ...]
    grid_weights: tuple[float, ...]
    replay_weights: dict[Grid, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """Which frames of which replay, where in a larger ``grid`` they lie, how they are varied."""

    replay: CachedReplay
    begin: int
    variation: Variation
    grid: Grid
    place_share: tuple[float, float]


class ClipStore(Protocol):
    """Where the frames of clips come from."""

    def read(self, replay: CachedReplay, begin: int, end: int) -> Batch:
        """The arrays of frames begin .. end (half-open), names of ARRAYS."""
        ...


class DiskStore:
    """Reads from the cache's files."""

    def read(self, replay: CachedReplay, begin: int, end: int) -> Batch:
        """See :class:`ClipStore`."""
        arrays = replay.read(begin, end)
        return {name: torch.from_numpy(np.ascontiguousarray(arrays[name])) for name in ARRAYS}


class DeviceStore:
    """Holds all replays in a device's memory (27 kB a frame): nothing is read while it trains."""

    def __init__(self, replays: Sequence[CachedReplay], device: torch.device) -> None:
        disk = DiskStore()
        self._held = {
            r.path: {name: a.to(device) for name, a in disk.read(r, 0, r.frames).items()}
            for r, _ in _looks(replays)
        }

    def read(self, replay: CachedReplay, begin: int, end: int) -> Batch:
        """See :class:`ClipStore`."""
        return {name: array[begin:end] for name, array in self._held[replay.path].items()}


def make_source(replays: Sequence[CachedReplay], engine_shares: dict[str, float]) -> ClipSource:
    """Each engine gets its share of the clips, each game within it the same, each frame alike in
    every look; see also ``SMALLER_SHARE``."""
    shares = {r: share for r, share in _looks(replays) if r.frames >= CLIP_FRAMES}
    game_frames: dict[tuple[str, str], float] = defaultdict(float)
    for r, share in shares.items():
        game_frames[r.engine, r.game] += share * r.frames
    games_of: dict[str, int] = defaultdict(int)
    for engine, _ in game_frames:
        games_of[engine] += 1

    def weight(r: CachedReplay) -> float:
        share = engine_shares.get(r.engine, 1.0) / games_of[r.engine]
        return share * shares[r] * r.frames / game_frames[r.engine, r.game]

    by_grid: dict[Grid, list[CachedReplay]] = defaultdict(list)
    for r in shares:
        by_grid[padded_grid(r.grid)].append(r)
    grids = tuple(sorted(by_grid))
    totals = {g: sum(weight(r) for r in by_grid[g]) for g in grids}
    everything = sum(totals.values())
    return ClipSource(
        by_grid={g: tuple(by_grid[g]) for g in grids},
        grids=grids,
        grid_weights=tuple(totals[g] / everything for g in grids),
        replay_weights={g: tuple(weight(r) / totals[g] for r in by_grid[g]) for g in grids},
    )


def _looks(replays: Sequence[CachedReplay]) -> Iterator[tuple[CachedReplay, float]]:
    """Every look at them as a replay of its own, and how often its frames are drawn."""
    for r in replays:
        yield replace(r, further=(), smaller=None), 1.0
        for part in r.further:
            yield part, 1.0
        if r.smaller is not None:
            yield r.smaller, SMALLER_SHARE


@dataclass(frozen=True, slots=True)
class StepSize:
    """``parts`` of ``clips`` each, or of twice as many of a small grid; those of a part have one
    grid."""

    parts: int
    clips: int


def plan_step(source: ClipSource, seed: int, step: int, size: StepSize) -> list[list[ClipPlan]]:
    """The clips of each part of one step."""
    rng = np.random.default_rng((seed, step))
    return [_plan_part(source, rng, size.clips) for _ in range(size.parts)]


def _plan_part(source: ClipSource, rng: np.random.Generator, clips: int) -> list[ClipPlan]:
    grid = source.grids[rng.choice(len(source.grids), p=source.grid_weights)]
    replays, weights = source.by_grid[grid], source.replay_weights[grid]
    planned = []
    for _ in range(clips if math.prod(grid) > _MANY_BLOCKS else 2 * clips):
        replay = replays[rng.choice(len(replays), p=weights)]
        begin = int(rng.integers(0, replay.frames - CLIP_FRAMES + 1))
        place = float(rng.random()), float(rng.random())
        planned.append(ClipPlan(replay, begin, draw_variation(rng), grid, place))
    return planned


def collect(store: ClipStore, plans: Sequence[ClipPlan]) -> Batch:
    """The planned clips, stacked: each array (clips, CLIP_FRAMES, ...)."""
    clips = [
        pad(store.read(p.replay, p.begin, p.begin + CLIP_FRAMES), p.grid, p.place_share)
        for p in plans
    ]
    batch = {name: torch.stack([clip[name] for clip in clips]) for name in ARRAYS}
    vary(batch, [p.variation for p in plans])
    return batch


def stream(
    source: ClipSource, store: ClipStore, seed: int, steps: range, size: StepSize
) -> Iterator[list[Batch]]:
    """The parts of each of the ``steps``, made ahead by a thread of their own."""
    ready: queue.Queue[list[Batch] | Exception | None] = queue.Queue(maxsize=4)
    stop = threading.Event()

    def put(item: list[Batch] | Exception | None) -> None:
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.2)
                return
            except queue.Full:
                continue

    def work() -> None:
        try:
            for step in steps:
                if stop.is_set():
                    return
                plans = plan_step(source, seed, step, size)
                put([collect(store, part) for part in plans])
            put(None)
        except Exception as error:  # handed over to the caller, who raises it
            put(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()
