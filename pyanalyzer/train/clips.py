"""Clips to train on: random, but the same for the same seed and step."""

from __future__ import annotations

import queue
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from pyanalyzer.score.features import GLOBAL_FEATURES, MAP_CHANNELS, PROPOSAL_FEATURES
from pyanalyzer.train.cache import ARRAYS, CachedReplay

CLIP_FRAMES = 128  # two seconds at 60 Hz: the context to either side and as much to learn from
CLIPS_PER_STEP = 6
# How often a clip is varied. Up is rarely down in games, and a wrapped picture is seldom one: those
# two cost more in a short run than they give (docs/experiments.md), so they are rare.
MIRROR_X_SHARE = 0.5
MIRROR_Y_SHARE = 0.1
HIDDEN_APPEARANCE_SHARE = 0.3
SHIFTED_SHARE = 0.15

Batch = dict[str, Tensor]  # names of ARRAYS, each (CLIPS_PER_STEP, CLIP_FRAMES, ...)


@dataclass(frozen=True, slots=True)
class ClipSource:
    """Training replays by grid, since the clips of one step are stacked; games count alike."""

    by_grid: dict[tuple[int, int], tuple[CachedReplay, ...]]
    grids: tuple[tuple[int, int], ...]
    grid_weights: tuple[float, ...]
    replay_weights: dict[tuple[int, int], tuple[float, ...]]


def make_source(replays: Sequence[CachedReplay], engine_shares: dict[str, float]) -> ClipSource:
    """Each engine gets its share of the clips, each game within it the same, each frame alike."""
    long_enough = [r for r in replays if r.frames >= CLIP_FRAMES]
    game_frames: dict[tuple[str, str], int] = defaultdict(int)
    for r in long_enough:
        game_frames[r.engine, r.game] += r.frames
    games_of: dict[str, int] = defaultdict(int)
    for engine, _ in game_frames:
        games_of[engine] += 1

    def weight(r: CachedReplay) -> float:
        share = engine_shares.get(r.engine, 1.0) / games_of[r.engine]
        return share * r.frames / game_frames[r.engine, r.game]

    by_grid: dict[tuple[int, int], list[CachedReplay]] = defaultdict(list)
    for r in long_enough:
        by_grid[r.grid].append(r)
    grids = tuple(sorted(by_grid))
    totals = {g: sum(weight(r) for r in by_grid[g]) for g in grids}
    everything = sum(totals.values())
    return ClipSource(
        by_grid={g: tuple(by_grid[g]) for g in grids},
        grids=grids,
        grid_weights=tuple(totals[g] / everything for g in grids),
        replay_weights={g: tuple(weight(r) / totals[g] for r in by_grid[g]) for g in grids},
    )


def draw(source: ClipSource, seed: int, step: int) -> Batch:
    """The clips of one step."""
    rng = np.random.default_rng((seed, step))
    grid = source.grids[rng.choice(len(source.grids), p=source.grid_weights)]
    replays, weights = source.by_grid[grid], source.replay_weights[grid]
    clips = []
    for _ in range(CLIPS_PER_STEP):
        replay = replays[rng.choice(len(replays), p=weights)]
        begin = int(rng.integers(0, replay.frames - CLIP_FRAMES + 1))
        arrays = replay.read(begin, begin + CLIP_FRAMES)
        clip = {name: torch.from_numpy(np.ascontiguousarray(arrays[name])) for name in ARRAYS}
        clips.append(vary(clip, rng))
    return {name: torch.stack([clip[name] for clip in clips]) for name in ARRAYS}


def mirror(clip: Batch, axis: Literal["x", "y"]) -> Batch:
    """Left and right exchanged, or up and down: a game in a mirror is a game."""
    dimension = -1 if axis == "x" else -2
    maps = clip["maps"].flip(dimension)
    for name in ("motion", "motion_change", "flow", "flow_change"):
        channel = MAP_CHANNELS.index(f"{name}_{axis}")
        maps[:, channel] = (256 - maps[:, channel].int()).clamp(0, 255).to(torch.uint8)
    out = clip | {"maps": maps, "crops": clip["crops"].flip(dimension)}
    reversed_columns = {
        "globals": [
            GLOBAL_FEATURES.index(name)
            for name in (
                f"view_d{axis}",
                "view_rotation",
                f"view_change_d{axis}",
                "view_change_rotation",
                f"flow_change_{axis}",
            )
        ],
        "proposals": [
            PROPOSAL_FEATURES.index(f"{n}_{axis}") for n in ("centre", "motion", "motion_change")
        ],
    }
    for key, columns in reversed_columns.items():
        values = clip[key].clone()
        values[..., columns] *= -1
        out[key] = values
    return out


def hide_appearance(clip: Batch) -> Batch:
    """Without brightness and texture: what moves must be told by how it moves."""
    maps = clip["maps"].clone()
    for name in ("mean", "texture"):
        maps[:, MAP_CHANNELS.index(name)] = 0
    return clip | {"maps": maps}


def shift(clip: Batch, rows: int, cols: int) -> Batch:
    """The picture moved by whole blocks; what leaves at one side comes back at the other."""
    height, width = clip["maps"].shape[-2:]
    proposals = clip["proposals"].clone()
    for name, blocks, extent in (("centre_x", cols, width), ("centre_y", rows, height)):
        column = PROPOSAL_FEATURES.index(name)
        moved = (proposals[..., column] + 1 + 2 * blocks / extent) % 2 - 1
        proposals[..., column] = moved * (proposals[..., 0] > 0)
    return clip | {
        "maps": clip["maps"].roll((rows, cols), dims=(-2, -1)),
        "proposals": proposals,
    }


def vary(clip: Batch, rng: np.random.Generator) -> Batch:
    """The clip as another game might have shown it; labels stay true."""
    if rng.random() < MIRROR_X_SHARE:
        clip = mirror(clip, "x")
    if rng.random() < MIRROR_Y_SHARE:
        clip = mirror(clip, "y")
    if rng.random() < HIDDEN_APPEARANCE_SHARE:
        clip = hide_appearance(clip)
    if rng.random() < SHIFTED_SHARE:
        height, width = clip["maps"].shape[-2:]
        rows = int(rng.integers(-(height // 4), height // 4 + 1))
        cols = int(rng.integers(-(width // 4), width // 4 + 1))
        clip = shift(clip, rows, cols)
    return clip


def stream(source: ClipSource, seed: int, first_step: int, steps: int) -> Iterator[Batch]:
    """The batches of steps ``first_step`` .. ``steps``, read ahead by a thread of their own."""
    ready: queue.Queue[Batch | Exception | None] = queue.Queue(maxsize=4)
    stop = threading.Event()

    def put(item: Batch | Exception | None) -> None:
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.2)
                return
            except queue.Full:
                continue

    def work() -> None:
        try:
            for step in range(first_step, steps):
                if stop.is_set():
                    return
                put(draw(source, seed, step))
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
