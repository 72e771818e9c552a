"""``python -m benchmarks.flow_error [REPLAY ...]``: how far off the dense flow is.

Frames of real replays and generated textures, at 320 x 240 px, are moved by known motions: a shift
of random direction, with a little zoom and rotation (as fast at the corners as a quarter of the
shift). An ellipse of other content over a tenth of the picture moves its own way, equally far. Both
pictures get Gaussian noise of standard deviation 1.5.

The error of a block of 8 x 8 px is the distance between its true mean motion and the one found; the
dense fields of OpenCV are averaged over the same block. Blocks that lie wholly in the background or
wholly in the object count, if what they show could be seen in the previous picture.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.alignment_error import (
    F64,
    NOISE,
    Inverse,
    fit,
    frames_of,
    read_arguments,
    warp,
)
from benchmarks.measure import describe_host
from pyanalyzer import core
from pyanalyzer.records import U8, BoolGrid

Contestant = Callable[[U8, U8], F64]

WIDTH_PX, HEIGHT_PX = 320, 240  # the working picture of the sample
BLOCK_PX = 8
MOTIONS_PX = {"small": (0.1, 1.0), "medium": (1.0, 8.0), "large": (8.0, 32.0)}
CORNER_SHARE = 0.25  # of the shift: what zoom and rotation add at the corners, each
OBJECT_SHARE = 0.10
GROSS_PX = 1.0
TEXTURES = 40
TEXTURE_CELLS_PX = (4, 9, 20, 45, 100)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures and, per block, the true motion (rows, cols, 2) from previous to current."""

    previous: U8
    current: U8
    truth_px: F64
    background: BoolGrid  # blocks of the background whose content was seen before
    own: BoolGrid  # blocks of the object


def texture(rng: np.random.Generator) -> U8:
    """Smooth noise on several scales: detail everywhere, edges nowhere."""
    luma = np.full((HEIGHT_PX, WIDTH_PX), 128.0)
    for cell in TEXTURE_CELLS_PX:
        coarse = rng.normal(0, 22, (HEIGHT_PX // cell + 2, WIDTH_PX // cell + 2))
        luma += cv2.resize(coarse, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC)
    return np.clip(np.rint(luma), 0, 255).astype(np.uint8)


def shift_of(rng: np.random.Generator, length_px: float) -> F64:
    """A shift (x, y) in a random direction."""
    turn = rng.uniform(0.0, 2.0 * np.pi)
    return length_px * np.array([np.cos(turn), np.sin(turn)])


def view_of(rng: np.random.Generator, length_px: float) -> Inverse:
    """The inverse of a shift with a little zoom and rotation about the picture's centre."""
    most = CORNER_SHARE * length_px / np.hypot(WIDTH_PX / 2, HEIGHT_PX / 2)
    scale, turn = 1.0 + rng.uniform(-most, most), rng.uniform(-most, most)
    centre = np.array([(WIDTH_PX - 1) / 2, (HEIGHT_PX - 1) / 2])
    linear = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) / scale
    return np.column_stack([linear, centre - linear @ (centre + shift_of(rng, length_px))])


def make_pair(rng: np.random.Generator, ground: U8, other: U8, lengths_px: F64) -> Pair:
    """Moves ``ground`` by the first length and an ellipse of ``other`` by the second."""
    inverse, own_px = view_of(rng, lengths_px[0]), shift_of(rng, lengths_px[1])
    radius = np.sqrt(OBJECT_SHARE * WIDTH_PX * HEIGHT_PX / np.pi)
    aspect = rng.uniform(0.7, 1.4)
    rx, ry = radius * np.sqrt(aspect), radius / np.sqrt(aspect)
    x0, y0 = rng.uniform(rx, WIDTH_PX - rx), rng.uniform(ry, HEIGHT_PX - ry)
    y, x = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX].astype(np.float64)

    def ellipse(at_x: F64, at_y: F64) -> BoolGrid:
        inside: BoolGrid = ((at_x - x0) / rx) ** 2 + ((at_y - y0) / ry) ** 2 < 1
        return inside

    before, now = ellipse(x, y), ellipse(x - own_px[0], y - own_px[1])
    straight = np.column_stack([np.eye(2), -own_px])
    previous = np.where(before, other, ground)
    current = np.where(now, warp(other, straight), warp(ground, inverse))
    # Where each pixel's content was, in the background and in the object.
    source_x = inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2]
    source_y = inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2]
    shown = ~now & ~ellipse(source_x, source_y) & _inside(source_x, source_y)
    own = now & _inside(x - own_px[0], y - own_px[1])
    view_px = np.stack([x - source_x, y - source_y], axis=-1)
    noisy = [
        np.clip(np.rint(p + rng.normal(0, NOISE, p.shape)), 0, 255).astype(np.uint8)
        for p in (previous, current)
    ]
    truth_px = block_means(np.where(now[..., np.newaxis], own_px, view_px))
    whole = [
        block_means(mask[..., np.newaxis].astype(np.float64))[..., 0] == 1 for mask in (shown, own)
    ]
    return Pair(noisy[0], noisy[1], truth_px, whole[0], whole[1])


def _inside(x: F64, y: F64) -> BoolGrid:
    inside: BoolGrid = (x >= 0) & (x <= WIDTH_PX - 1) & (y >= 0) & (y <= HEIGHT_PX - 1)
    return inside


def block_means(dense: F64) -> F64:
    """(height, width, n) to (height // 8, width // 8, n)."""
    rows, cols = dense.shape[0] // BLOCK_PX, dense.shape[1] // BLOCK_PX
    whole = dense[: rows * BLOCK_PX, : cols * BLOCK_PX]
    means: F64 = whole.reshape(rows, BLOCK_PX, cols, BLOCK_PX, -1).mean(
        axis=(1, 3), dtype=np.float64
    )
    return means


def by_flow(previous: U8, current: U8) -> F64:
    """pyanalyzer."""
    found: F64 = core.flow(previous, current).flow_q8 / 256.0
    return found


def by_dis(previous: U8, current: U8) -> F64:
    """DIS, preset medium, whose finest level is half the size. Its vectors start at the pixels of
    the first picture: it is asked for the way back from the current one, whose blocks are judged.
    """
    return -block_means(_dis().calc(current, previous, None))


def by_dis_plain(previous: U8, current: U8) -> F64:
    """The same without its variational refinement."""
    engine = _dis()
    engine.setVariationalRefinementIterations(0)
    return -block_means(engine.calc(current, previous, None))


def by_dis_halved(previous: U8, current: U8) -> F64:
    """Preset medium on pictures halved as in the core: its finest level is then a quarter."""
    back = _dis().calc(halved(current), halved(previous), None)
    return -2.0 * block_means(np.repeat(np.repeat(back, 2, axis=0), 2, axis=1))


def by_nothing(previous: U8, current: U8) -> F64:
    """Nothing moves: the errors are the motions."""
    return np.zeros((HEIGHT_PX // BLOCK_PX, WIDTH_PX // BLOCK_PX, 2))


def _dis() -> cv2.DISOpticalFlow:
    return cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)


def halved(picture: U8) -> U8:
    """Means of 2 x 2 px."""
    half = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.asarray(half, np.uint8)


CONTESTANTS: dict[str, Contestant] = {
    "flow": by_flow,
    "DIS medium": by_dis,
    "DIS, not refined": by_dis_plain,
    "DIS on halved": by_dis_halved,
    "nothing": by_nothing,
}


def pairs_of(pictures: list[U8], limits_px: tuple[float, float], count: int) -> Iterator[Pair]:
    """The same pairs each time."""
    rng = np.random.default_rng(1)
    for _ in range(count):
        ground, other = (pictures[i] for i in rng.integers(len(pictures), size=2))
        yield make_pair(rng, ground, other, rng.uniform(*limits_px, 2))


@dataclass(frozen=True, slots=True)
class Errors:
    """Of the blocks of one kind in all pairs, px."""

    median_px: float
    upper_decile_px: float
    gross_share: float

    @classmethod
    def of(cls, errors_px: list[F64]) -> Errors:
        """Blocks of all pairs count alike."""
        pooled = np.concatenate(errors_px)
        median, upper = np.quantile(pooled, (0.5, 0.9))
        return cls(float(median), float(upper), float((pooled > GROSS_PX).mean()))


def measure(contestant: Contestant, pairs: list[Pair]) -> tuple[Errors, Errors, float]:
    """Errors over the background and over the objects, and the median time of a pair, seconds."""
    background, own, times_s = [], [], []
    for pair in pairs:
        begin = time.perf_counter()
        found = contestant(pair.previous, pair.current)
        times_s.append(time.perf_counter() - begin)
        errors = np.hypot(*np.moveaxis(found - pair.truth_px, -1, 0))
        background.append(errors[pair.background])
        own.append(errors[pair.own])
    return Errors.of(background), Errors.of(own), statistics.median(times_s)


def main() -> None:
    """Prints the table."""
    args = read_arguments("flow_error", __doc__, pairs=100)
    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    sources = {
        "frames": [fit(p, WIDTH_PX, HEIGHT_PX) for p in frames_of(args.replays, args.every)],
        "textures": [texture(rng) for _ in range(TEXTURES)],
    }
    console = Console()
    console.print("  ".join(f"{name} [b]{value}[/b]" for name, value in describe_host().items()))
    console.print(f"{len(sources['frames'])} frames, {args.pairs} pairs in each row")
    table = Table(title="Endpoint error per block, px: background, then object")
    for header in ("pictures", "motion px", "by"):
        table.add_column(header, no_wrap=True)
    for header in 2 * ("median", "90 %", f"> {GROSS_PX:g} px") + ("ms",):
        table.add_column(header, justify="right", no_wrap=True)
    for source, pictures in sources.items():
        for limits_px in MOTIONS_PX.values():
            pairs = list(pairs_of(pictures, limits_px, args.pairs))
            for name, contestant in CONTESTANTS.items():
                *kinds, seconds = measure(contestant, pairs)
                cells = [source, "{:g}-{:g}".format(*limits_px), name]
                for errors in kinds:
                    cells += [f"{errors.median_px:.3f}", f"{errors.upper_decile_px:.3f}"]
                    cells.append(f"{errors.gross_share:.1%}")
                table.add_row(*cells, f"{1e3 * seconds:.2f}")
            table.add_section()
    console.print(table)


if __name__ == "__main__":
    main()
