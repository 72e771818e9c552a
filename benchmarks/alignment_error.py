"""``python -m benchmarks.alignment_error [REPLAY ...]``: how far off the view motion is.

Frames of real replays are warped by known similarities (translation up to 10 % of width and
height, scale 0.9 to 1.1, rotation up to 5 degrees). An ellipse of other content covers 30 % of the
picture and moves its own way (up to 10 %), a strip of 12 % at the bottom stands still, and both
pictures get Gaussian noise of standard deviation 1.5. The error of a pair is the mean distance,
over the pixels of the background, between where a pixel came from and where the motion says that
it came from.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from benchmarks.measure import describe_host
from pyanalyzer import core
from pyanalyzer.decode import open_replay
from pyanalyzer.records import U8, BoolGrid

F64 = npt.NDArray[np.float64]
Inverse = F64  # (2, 3): from a pixel of the current picture to the previous one
Contestant = Callable[[U8, U8], Inverse]

_DEFAULT = Path(__file__).parents[1] / "samples" / "freedoom.mp4"
SIZES = ((320, 240), (480, 270), (640, 480))
TRANSLATION, SCALE, ROTATION_DEG = 0.10, 0.10, 5.0
OBJECT_SHARE, HUD_SHARE = 0.30, 0.12
NOISE = 1.5  # standard deviation, luma levels
GROSS_PX = 1.0
ECC_ITERATIONS, ECC_EPSILON = 100, 1e-4
IDENTITY = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures and what is true of them. ``background``: which current pixels belong to it."""

    previous: U8
    current: U8
    inverse: Inverse
    background: BoolGrid


def similarity(rng: np.random.Generator, width: int, height: int) -> Inverse:
    """The inverse of a random motion about the picture's centre."""
    scale = rng.uniform(1.0 - SCALE, 1.0 + SCALE)
    turn = np.deg2rad(rng.uniform(-ROTATION_DEG, ROTATION_DEG))
    shift = rng.uniform(-TRANSLATION, TRANSLATION, 2) * (width, height)
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    linear = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) / scale
    return np.column_stack([linear, centre - linear @ (centre + shift)])


def fit(picture: U8, width: int, height: int) -> U8:
    """The middle of the picture, scaled to cover the size."""
    factor = max(width / picture.shape[1], height / picture.shape[0])
    size = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(picture, size, interpolation=method)
    y, x = (size[1] - height) // 2, (size[0] - width) // 2
    return np.ascontiguousarray(scaled[y : y + height, x : x + width])


def warp(picture: U8, inverse: Inverse) -> U8:
    """The picture after the motion, its border mirrored."""
    height, width = picture.shape
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    border = cv2.BORDER_REFLECT_101
    moved = cv2.warpAffine(picture, inverse, (width, height), flags=flags, borderMode=border)
    return np.asarray(moved, np.uint8)


def make_pair(rng: np.random.Generator, picture: U8, other: U8, *, disturbed: bool) -> Pair:
    """Warps ``picture``; ``other`` lends the moving object and the standing strip their content."""
    height, width = picture.shape
    inverse = similarity(rng, width, height)
    previous, current = picture.copy(), warp(picture, inverse)
    background = np.ones((height, width), np.bool_)
    if disturbed:
        aspect, radius = rng.uniform(0.6, 1.6), np.sqrt(OBJECT_SHARE * width * height / np.pi)
        rx, ry = radius * np.sqrt(aspect), radius / np.sqrt(aspect)
        x0 = rng.uniform(min(rx, width / 2), max(width - rx, width / 2))
        y0 = rng.uniform(min(ry, height / 2), max(height - ry, height / 2))
        dx, dy = (int(v) for v in rng.uniform(-TRANSLATION, TRANSLATION, 2) * (width, height))
        y, x = np.ogrid[0:height, 0:width]
        before = ((x - x0) / rx) ** 2 + ((y - y0) / ry) ** 2 < 1
        after = ((x - x0 - dx) / rx) ** 2 + ((y - y0 - dy) / ry) ** 2 < 1
        shift = np.array([[1.0, 0.0, -dx], [0.0, 1.0, -dy]])
        moved = warp(other, shift)
        previous[before], current[after] = other[before], moved[after]
        strip = round(HUD_SHARE * height)
        previous[-strip:] = current[-strip:] = other[-strip:]
        background = ~after
        background[-strip:] = False
    noisy = [
        np.clip(np.rint(p + rng.normal(0, NOISE, p.shape)), 0, 255).astype(np.uint8)
        for p in (previous, current)
    ]
    return Pair(noisy[0], noisy[1], inverse, background)


def error_px(pair: Pair, found: Inverse) -> float:
    """Mean distance between true and found sources over the background."""
    height, width = pair.current.shape
    y, x = np.mgrid[0:height, 0:width]
    d = pair.inverse - found
    apart = np.hypot(d[0, 0] * x + d[0, 1] * y + d[0, 2], d[1, 0] * x + d[1, 1] * y + d[1, 2])
    return float(apart[pair.background].mean())


def by_align(previous: U8, current: U8) -> Inverse:
    """pyanalyzer; where it says that there is no alignment, the identity, like everywhere in it."""
    a, b, tx, ty = (value / 65536 for value in core.align(previous, current).inverse_q16)
    return np.array([[a, -b, tx], [b, a, ty]])


def by_nothing(previous: U8, current: U8) -> Inverse:
    """No alignment at all."""
    return IDENTITY


def by_phase(previous: U8, current: U8) -> Inverse:
    """Phase correlation under a Hanning window: translation only."""
    height, width = current.shape
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(
        previous.astype(np.float32), current.astype(np.float32), window
    )
    return np.array([[1.0, 0.0, -dx], [0.0, 1.0, -dy]])


def by_ecc(previous: U8, current: U8) -> Inverse:
    """Enhanced correlation coefficient, affine, from the identity; that too where it gives up."""
    return _ecc(previous, current, IDENTITY)


def by_phase_and_ecc(previous: U8, current: U8) -> Inverse:
    """The same from what phase correlation says."""
    return _ecc(previous, current, by_phase(previous, current))


def _ecc(previous: U8, current: U8, start: Inverse) -> Inverse:
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, ECC_ITERATIONS, ECC_EPSILON)
    everywhere = np.full(previous.shape, 255, np.uint8)
    try:
        _, found = cv2.findTransformECC(
            current, previous, start.astype(np.float32), cv2.MOTION_AFFINE, stop, everywhere, 5
        )
    except cv2.error:
        return start
    return np.asarray(found, np.float64)


CONTESTANTS: dict[str, Contestant] = {
    "align": by_align,
    "phaseCorrelate": by_phase,
    "findTransformECC": by_ecc,
    "phase, then ECC": by_phase_and_ecc,
    "nothing": by_nothing,
}


def frames_of(replays: list[Path], every: int) -> list[U8]:
    """Every so many frames of each replay."""
    found: list[U8] = []
    for replay in replays:
        with open_replay(str(replay)) as frames:
            found += [frame.luma.copy() for frame in islice(frames, 0, None, every)]
    return found


def pairs_of(
    pictures: list[U8], size: tuple[int, int], count: int, *, disturbed: bool
) -> Iterator[Pair]:
    """The same pairs each time."""
    rng = np.random.default_rng(1)
    for _ in range(count):
        picture, other = (fit(pictures[i], *size) for i in rng.integers(len(pictures), size=2))
        yield make_pair(rng, picture, other, disturbed=disturbed)


@dataclass(frozen=True, slots=True)
class Row:
    """Errors of one contestant on the pairs of one kind."""

    median_px: float
    upper_decile_px: float
    gross_share: float
    median_s: float


def measure(contestant: Contestant, pairs: list[Pair]) -> Row:
    """Runs the contestant on every pair."""
    errors, times_s = [], []
    for pair in pairs:
        begin = time.perf_counter()
        found = contestant(pair.previous, pair.current)
        times_s.append(time.perf_counter() - begin)
        errors.append(error_px(pair, found))
    return Row(
        statistics.median(errors),
        float(np.quantile(errors, 0.9)),
        sum(error > GROSS_PX for error in errors) / len(errors),
        statistics.median(times_s),
    )


def read_arguments(program: str, description: str | None, pairs: int) -> argparse.Namespace:
    """Arguments of a benchmark that makes pairs of replays' frames: REPLAY, --pairs, --every."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{program}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("replays", nargs="*", type=Path, default=[_DEFAULT], metavar="REPLAY")
    parser.add_argument("--pairs", type=int, default=pairs, help="for each row of the table")
    parser.add_argument("--every", type=int, default=12, help="frames between those that are used")
    return parser.parse_args()


def main() -> None:
    """Prints the table."""
    args = read_arguments("alignment_error", __doc__, pairs=200)
    pictures = frames_of(args.replays, args.every)
    console = Console()
    console.print("  ".join(f"{name} [b]{value}[/b]" for name, value in describe_host().items()))
    console.print(f"{len(pictures)} frames, {args.pairs} pairs in each row")
    table = Table(title="Mean displacement error over the background, px")
    for header in ("size", "picture", "by"):
        table.add_column(header, no_wrap=True)
    for header in ("median", "90 %", f"> {GROSS_PX:g} px", "ms"):
        table.add_column(header, justify="right", no_wrap=True)
    for size in SIZES:
        for disturbed in (False, True):
            pairs = list(pairs_of(pictures, size, args.pairs, disturbed=disturbed))
            for name, contestant in CONTESTANTS.items():
                row = measure(contestant, pairs)
                table.add_row(
                    f"{size[0]}x{size[1]}",
                    "object, HUD" if disturbed else "background",
                    name,
                    f"{row.median_px:.3f}",
                    f"{row.upper_decile_px:.3f}",
                    f"{row.gross_share:.1%}",
                    f"{1e3 * row.median_s:.2f}",
                )
            table.add_section()
    console.print(table)


if __name__ == "__main__":
    main()
