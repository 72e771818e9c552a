"""The training of the Locator: onsets of labelled replays, with the steps of the gameplay network's
loop."""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from pyanalyzer.evaluate.protocol import LOCAL_SHARE
from pyanalyzer.records import F32, U8, BoolGrid
from pyanalyzer.score.locator import Locator
from pyanalyzer.score.mirror import mirror_maps
from pyanalyzer.train.cache import CachedReplay
from pyanalyzer.train.loop import TrainingRun, best_path

BATCH_ONSETS = 32
REPORT_EVERY_STEPS = 50
ONSETS_PER_REPLAY = 40  # at most, drawn: long replays say the same again and again
# What a window holds on either side beside what the Locator looks at: an event may be a frame off.
OFF_FRAMES = 1
# A batch of large grids takes as long with half as many.
_LARGE_GRID_BLOCKS = 700
_OFF_SHARE = 0.4  # of the windows that are a frame off
_MIRRORED_SHARE = 0.5
_UPSIDE_DOWN_SHARE = 0.15  # gravity and status bars tell up from down


@dataclass(frozen=True, slots=True, eq=False)
class OnsetWindow:
    """What was measured around an onset: uint8 (before + after + 2 OFF_FRAMES, len(MAP_CHANNELS),
    R, C). ``box``: where it is seen, as shares of the picture (left, top, right, bottom)."""

    game: str
    frame_rate: float
    maps: U8
    box: tuple[float, float, float, float]


def read_windows(
    replays: Sequence[CachedReplay],
    frames: tuple[int, int],
    seed: int,
    *,
    every_look: bool = False,
) -> list[OnsetWindow]:
    """The local onsets of cached replays, ``frames`` (before, after) around each.

    ``every_look``: as the replay is seen in a smaller picture and further back as well.
    """
    rng = np.random.default_rng(seed)
    windows = []
    for replay in replays:
        parts = [(replay, ONSETS_PER_REPLAY)]
        if every_look and replay.smaller is not None:
            parts.append((replay.smaller, ONSETS_PER_REPLAY // 2))
        if every_look:
            parts += [(part, ONSETS_PER_REPLAY // 4) for part in replay.further]
        for part, most in parts:
            windows += _windows_of(part, frames, rng, most)
    return windows


def _windows_of(
    replay: CachedReplay, frames: tuple[int, int], rng: np.random.Generator, most: int
) -> list[OnsetWindow]:
    """At most so many of one look at one replay."""
    boxes = replay.read()["box"]
    local = [t for t in replay.onsets if 0 < _area(boxes[t]) < LOCAL_SHARE]
    if len(local) > most:
        local = sorted(rng.choice(local, most, replace=False).tolist())
    windows = []
    for t in local:
        left, top, right, bottom = map(float, boxes[t])
        game, box = f"{replay.engine}/{replay.game}", (left, top, right, bottom)
        windows.append(OnsetWindow(game, replay.frame_rate, _around(replay, t, frames), box))
    return windows


def _area(box: F32) -> float:
    return float((box[2] - box[0]) * (box[3] - box[1]))


def _around(replay: CachedReplay, t: int, frames: tuple[int, int]) -> U8:
    begin, end = t - frames[0] - OFF_FRAMES, t + frames[1] + OFF_FRAMES
    first, last = max(begin, 0), min(end, replay.frames)
    maps: npt.NDArray[Any] = replay.read(first, last)["maps"]
    # Outside the replay its first and its last frame stand in.
    return np.pad(maps, ((first - begin, end - last), (0, 0), (0, 0), (0, 0)), mode="edge")


@dataclass(frozen=True, slots=True, eq=False)
class OnsetBatch:
    """``maps``, ``log_rate``: as the Locator's input; ``inside``: bool (N, R, C), the blocks that
    the box reaches into."""

    maps: Tensor
    log_rate: Tensor
    inside: Tensor


def batch_of(
    windows: Sequence[OnsetWindow], frames: tuple[int, int], rng: np.random.Generator | None
) -> OnsetBatch:
    """Windows of one grid; with ``rng`` a frame off and mirrored at random."""
    maps, rates, inside = [], [], []
    for window in windows:
        seen, box = window.maps, window.box
        off = 0
        if rng is not None:
            if rng.random() < _OFF_SHARE:
                off = int(rng.choice((-OFF_FRAMES, OFF_FRAMES)))
            if rng.random() < _MIRRORED_SHARE:
                seen, box = mirror_maps(seen, "x"), (1 - box[2], box[1], 1 - box[0], box[3])
            if rng.random() < _UPSIDE_DOWN_SHARE:
                seen, box = mirror_maps(seen, "y"), (box[0], 1 - box[3], box[2], 1 - box[1])
        begin = OFF_FRAMES + off
        maps.append(seen[begin : begin + sum(frames)])
        rates.append(math.log(window.frame_rate))
        inside.append(covered_blocks(box, *seen.shape[2:]))
    return OnsetBatch(
        torch.from_numpy(np.stack(maps)), torch.tensor(rates), torch.from_numpy(np.stack(inside))
    )


def covered_blocks(box: tuple[float, float, float, float], rows: int, cols: int) -> BoolGrid:
    """Which blocks of a grid the box reaches into, bool (rows, cols)."""

    def along(low: float, high: float, cells: int) -> npt.NDArray[np.bool_]:
        begin = np.arange(cells) / cells
        return (begin < high) & (begin + 1 / cells > low)

    return np.outer(along(box[1], box[3], rows), along(box[0], box[2], cols))


def location_loss(log_odds: Tensor, inside: Tensor) -> Tensor:
    """Mean of -log of the probability that lies on the box, in nats. (N, R, C) both."""
    log_p = torch.log_softmax(log_odds.float().flatten(1), dim=1)
    on_box = torch.logsumexp(log_p.masked_fill(~inside.flatten(1), -1e4), dim=1)
    return -on_box.mean()


class LocatorRun(TrainingRun):
    """A Locator in training."""

    def build(self, configuration: Any) -> Locator:
        """The network."""
        return Locator(configuration)

    def losses(self, batch: OnsetBatch) -> dict[str, Tensor]:
        """The loss of a batch."""
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.settings.bfloat16):
            log_odds = self.network(batch.maps, batch.log_rate)
        return {"total": location_loss(log_odds, batch.inside)}


@dataclass(frozen=True, slots=True)
class LocatorReport:
    """What is told of a step. ``pointing``: share of the validation onsets of each engine whose
    likeliest block the true box reaches into, where it was measured."""

    step: int
    loss: float
    onsets_per_s: float
    pointing: dict[str, float]


def train_locator(
    run: LocatorRun,
    training: Sequence[OnsetWindow],
    validation: Sequence[OnsetWindow],
    checkpoint: Path,
    report: Callable[[LocatorReport], None],
) -> None:
    """Trains from ``run.step`` to the last step, with a report every REPORT_EVERY_STEPS.

    Writes checkpoints, and beside them ``log.jsonl`` and, whenever the pointing in validation, in
    the mean over engines, is the highest so far, ``best.pt``.
    """
    settings = run.settings
    loss, started, onsets = 0.0, time.monotonic(), 0
    steps = range(run.step, settings.steps)
    for batch in _batches(training, _frames(run), settings.seed, steps):
        loss += float(run.take_step([batch])["total"])
        onsets += len(batch.inside)
        last = run.step == settings.steps
        if run.step % REPORT_EVERY_STEPS and not last:
            continue
        pointing: dict[str, float] = {}
        if run.step % settings.validate_every_steps == 0 or last:
            pointing = validate_locator(run.average, validation)
            merit = float(np.mean(list(pointing.values())))
            if merit >= run.best:
                run.best = merit
                run.save(best_path(checkpoint))
        if run.step % settings.checkpoint_every_steps == 0 or last:
            run.save(checkpoint)
        rate = onsets / (time.monotonic() - started)
        told = LocatorReport(run.step, loss / REPORT_EVERY_STEPS, rate, pointing)
        loss = 0.0
        with checkpoint.with_name("log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps([told.step, told.loss, round(rate, 1), pointing]) + "\n")
        report(told)


@torch.inference_mode()
def validate_locator(network: Locator, windows: Sequence[OnsetWindow]) -> dict[str, float]:
    """See :class:`LocatorReport`."""
    network.eval()
    c = network.configuration
    hits: dict[str, list[bool]] = {}
    for grid in _by_grid(windows).values():
        for k in range(0, len(grid), BATCH_ONSETS):
            some = grid[k : k + BATCH_ONSETS]
            batch = batch_of(some, (c.before, c.after), None)
            found = network(batch.maps, batch.log_rate).flatten(1).argmax(dim=1, keepdim=True)
            right = batch.inside.flatten(1).gather(1, found)[:, 0].tolist()
            for window, hit in zip(some, right, strict=True):
                hits.setdefault(window.game.partition("/")[0], []).append(hit)
    return {engine: float(np.mean(hits[engine])) for engine in sorted(hits)}


def _frames(run: LocatorRun) -> tuple[int, int]:
    c = run.network.configuration
    return c.before, c.after


def _by_grid(windows: Sequence[OnsetWindow]) -> dict[tuple[int, ...], list[OnsetWindow]]:
    grids: dict[tuple[int, ...], list[OnsetWindow]] = {}
    for window in windows:
        grids.setdefault(window.maps.shape[2:], []).append(window)
    return {grid: grids[grid] for grid in sorted(grids)}


def _batches(
    windows: Sequence[OnsetWindow], frames: tuple[int, int], seed: int, steps: range
) -> Iterator[OnsetBatch]:
    """The batch of each step: of one grid, a game drawn by the root of how often it is there."""
    count = Counter(window.game for window in windows)
    grids = list(_by_grid(windows).values())
    weights = [np.array([1 / math.sqrt(count[w.game]) for w in grid]) for grid in grids]
    grid_weights = np.array([w.sum() for w in weights])
    grid_weights /= grid_weights.sum()
    for step in steps:
        rng = np.random.default_rng((seed, step))
        k = int(rng.choice(len(grids), p=grid_weights))
        rows, cols = grids[k][0].maps.shape[2:]
        size = BATCH_ONSETS if rows * cols <= _LARGE_GRID_BLOCKS else BATCH_ONSETS // 2
        drawn = rng.choice(len(grids[k]), size, p=weights[k] / weights[k].sum())
        yield batch_of([grids[k][n] for n in drawn.tolist()], frames, rng)
