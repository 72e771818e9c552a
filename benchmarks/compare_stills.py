"""``python -m benchmarks.compare_stills REPLAYS``: how well changes between two stills are found.

Pairs of pictures and pasted things that are in no training (pyanalyzer/stills/pairs), with rotation
to 5 degrees, translation to 5 %, scale 0.9 to 1.1, a little perspective, JPEG 60 to 95, brightness
and contrast +-15 %, gamma, noise and blur; beside it what is commonly done: a thresholded
difference, SSIM, and OpenCV's ECC alignment with a thresholded difference, each with the threshold
that is best on the validation pairs. Needs the extra [bench].
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from benchmarks.measure import describe_host
from pyanalyzer.errors import UnalignableError
from pyanalyzer.evaluate.reliability import reliability
from pyanalyzer.evaluate.stills import Found, PairScore, StillsScore, judge_pair, sum_up
from pyanalyzer.records import U8, Region
from pyanalyzer.score.load_stills import load_for_stills
from pyanalyzer.stills.compare import bring_together, compare, maps_of
from pyanalyzer.stills.locate import locate
from pyanalyzer.stills.pairs.pair import Pair, make_pair
from pyanalyzer.stills.pairs.sources import PicturePool, read_pool
from pyanalyzer.stills.read import read_pictures
from pyanalyzer.stills.records import StillsModel
from pyanalyzer.weights import STILLS_SHA256, stills_path

F32 = npt.NDArray[np.float32]
Difference = Callable[[Pair], F32]  # how much each pixel differs, 0 and up

SIZES_PX = ((640, 480), (480, 360), (800, 608), (1280, 720))
TEST_SEED, VALIDATION_SEED = 3_000_003, 4_000_003
THRESHOLDS = {
    "difference": (10.0, 20.0, 30.0, 45.0, 60.0, 80.0, 110.0),
    "SSIM difference": (0.2, 0.35, 0.5, 0.65, 0.8, 0.9),
    "ECC + difference": (10.0, 20.0, 30.0, 45.0, 60.0, 80.0, 110.0),
    "our alignment + difference": (10.0, 20.0, 30.0, 45.0, 60.0, 80.0, 110.0),
}
LEAST_AREA_PX = 24  # smaller spots of a rule are noise
BLUR_PX = 1.0  # before differences are taken, which helps all rules
ECC_LONG_PX, ECC_ITERATIONS, ECC_EPSILON = 480, 60, 1e-4


@dataclass(frozen=True, slots=True)
class Row:
    """What one method achieves on the test pairs; ``threshold`` was chosen on validation pairs."""

    method: str
    threshold: float | None
    score: StillsScore


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compare_stills", description=__doc__
    )
    parser.add_argument("replays", type=Path, help="labelled replays, validation and test")
    parser.add_argument("--pairs", type=int, default=200, help="test pairs (validation: a half)")
    parser.add_argument("--weights", type=Path, help="another network than the shipped one")
    parser.add_argument("--without-rules", action="store_true", help="the network alone")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    args = parser.parse_args()
    cv2.setNumThreads(args.threads)
    model = load_for_stills(
        args.weights or stills_path(),
        threads=args.threads,
        expected_sha256=None if args.weights else STILLS_SHA256,
    )
    host = describe_host()
    rules = {} if args.without_rules else RULES
    thresholds = best_thresholds(rules, read_pool(args.replays, "validation"), args.pairs // 2)
    test = read_pool(args.replays, "test")
    scores: list[PairScore] = []
    judged: dict[str, list[PairScore]] = {name: [] for name in rules}
    for pair in pairs(test, TEST_SEED, args.pairs):
        scores.append(ours(pair, model))
        for name, difference in rules.items():
            judged[name].append(judge_difference(difference(pair), pair, thresholds[name]))
    rows = [Row("pyanalyzer compare", None, sum_up(scores))]
    rows += [Row(name, thresholds[name], sum_up(judged[name])) for name in rules]
    times_s = time_1080p(test, model)
    console = Console()
    console.print(table(rows))
    for text in (*sizes_text(scores), *reliability_text(scores)):
        console.print(text)
    console.print(f"1920 x 1080 on {args.threads} threads: {1e3 * times_s:.0f} ms a comparison")
    if args.json:
        result = {"host": host, "rows": [asdict(r) for r in rows], "median_1080p_s": times_s}
        args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def pairs(pool: PicturePool, seed: int, count: int) -> Iterator[Pair]:
    """The pairs of a seed, one after the other, as all would fill the memory."""
    for index in range(count):
        yield make_pair(pool, seed, index, SIZES_PX[index % len(SIZES_PX)])


def ours(pair: Pair, model: StillsModel) -> PairScore:
    """What the network finds; nothing where the pictures are said to be no pair."""
    try:
        stills = bring_together(pair.before, pair.after)
    except UnalignableError:
        return judge_pair([], np.zeros(pair.labels.shape, bool), pair.labels, pair.boxes)
    maps = maps_of(stills, model)
    found = locate(maps, stills.covered, model.locate)
    mask = np.zeros(pair.labels.shape, bool)
    for f in found:
        if f.confidence >= 0.5:
            x, y, w, h = f.region
            mask[y : y + h, x : x + w] |= maps.mask[y : y + h, x : x + w] > 0
    return judge_pair([Found(f.region, f.confidence) for f in found], mask, pair.labels, pair.boxes)


def judge_difference(values: F32, pair: Pair, threshold: float) -> PairScore:
    """Connected pixels that differ by more than the threshold; the more they differ, the surer."""
    mask = (values > threshold).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, numbers, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    sums = np.bincount(numbers.ravel(), values.ravel(), minlength=count)
    found = [
        Found(Region(*(int(v) for v in stats[n, :4])), float(sums[n] / stats[n, 4]))
        for n in range(1, count)
        if stats[n, 4] >= LEAST_AREA_PX
    ]
    return judge_pair(found, mask > 0, pair.labels, pair.boxes)


def best_thresholds(
    rules: dict[str, Difference], pool: PicturePool, count: int
) -> dict[str, float]:
    """Each rule's threshold with the highest average precision on validation pairs."""
    judged: dict[tuple[str, float], list[PairScore]] = {
        (name, threshold): [] for name in rules for threshold in THRESHOLDS[name]
    }
    for pair in pairs(pool, VALIDATION_SEED, count if rules else 0):
        values = {name: difference(pair) for name, difference in rules.items()}
        for (name, threshold), scores in judged.items():
            scores.append(judge_difference(values[name], pair, threshold))
    sums = {key: sum_up(scores) for key, scores in judged.items()}
    merit = {key: (score.average_precision, score.pixel_f1) for key, score in sums.items()}
    return {name: max(THRESHOLDS[name], key=lambda t, name=name: merit[name, t]) for name in rules}


def plain_difference(pair: Pair) -> F32:
    """Pixel against pixel, in the channel that differs most."""
    return _difference(pair.before, pair.after)


def ssim_difference(pair: Pair) -> F32:
    """One minus the structural similarity (Wang et al. 2004), as scikit-image has it."""
    from skimage.metrics import structural_similarity

    grey = [cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) for p in (pair.before, pair.after)]
    _, similarity = structural_similarity(grey[0], grey[1], full=True)
    return np.asarray(1 - similarity, np.float32)


def ecc_difference(pair: Pair) -> F32:
    """After OpenCV's ECC alignment with a homography (Evangelidis and Psarakis 2008)."""
    height, width = pair.labels.shape
    scale = ECC_LONG_PX / max(height, width)
    grey = [
        cv2.resize(
            cv2.cvtColor(p, cv2.COLOR_RGB2GRAY),
            None,
            fx=scale,
            fy=scale,
            interpolation=cv2.INTER_AREA,
        )
        for p in (pair.before, pair.after)
    ]
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, ECC_ITERATIONS, ECC_EPSILON)
    motion = np.eye(3, dtype=np.float32)
    try:
        _, motion = cv2.findTransformECC(
            grey[1], grey[0], motion, cv2.MOTION_HOMOGRAPHY, criteria, None, 5
        )
    except cv2.error:  # it did not converge
        motion = np.eye(3, dtype=np.float32)
    zoom = np.diag([scale, scale, 1.0])
    inverse = np.linalg.inv(zoom) @ motion @ zoom
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpPerspective(pair.before, inverse, (width, height), flags=flags)
    inside = cv2.warpPerspective(
        np.ones((height, width), np.uint8), inverse, (width, height), flags=flags
    )
    return np.asarray(
        _difference(np.asarray(warped, np.uint8), pair.after) * (inside > 0), np.float32
    )


def own_difference(pair: Pair) -> F32:
    """After pyanalyzer's own alignment and light, without its network."""
    try:
        stills = bring_together(pair.before, pair.after)
    except UnalignableError:
        return np.zeros(pair.labels.shape, np.float32)
    return np.asarray(_difference(stills.before, stills.after) * stills.covered, np.float32)


def _difference(a: U8, b: U8) -> F32:
    soft = [cv2.GaussianBlur(p, (0, 0), BLUR_PX) for p in (a, b)]
    return np.asarray(cv2.absdiff(soft[0], soft[1]).max(axis=2), np.float32)


RULES: dict[str, Difference] = {
    "difference": plain_difference,
    "SSIM difference": ssim_difference,
    "ECC + difference": ecc_difference,
    "our alignment + difference": own_difference,
}


def time_1080p(pool: PicturePool, model: StillsModel, samples: int = 7) -> float:
    """Median seconds from two PNG files to the changes, after start-up."""
    import tempfile

    from pyanalyzer.stills.draw import png_bytes

    pair = make_pair(pool, TEST_SEED, 1, (1920, 1080))
    times = []
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("before.png", "after.png")]
        for path, picture in zip(paths, (pair.before, pair.after), strict=True):
            path.write_bytes(png_bytes(picture))
        for _ in range(samples + 1):
            begin = time.perf_counter()
            before, after = read_pictures(paths)
            compare(before, after, model)
            times.append(time.perf_counter() - begin)
    return float(np.median(times[1:]))


def table(rows: Sequence[Row]) -> Table:
    """A line per method."""
    shown = Table(title=f"{rows[0].score.pairs} test pairs, {rows[0].score.truths} changes")
    shown.add_column("method")
    for header in (
        "threshold",
        "AP at IoU 0.5",
        "pixel F1",
        "false pairs",
        "ECE",
    ):
        shown.add_column(header, justify="right")
    for row in rows:
        own = row.threshold is None
        shown.add_row(
            row.method,
            "" if own else f"{row.threshold:g}",
            f"{row.score.average_precision:.3f}",
            f"{row.score.pixel_f1:.3f}",
            f"{row.score.false_pairs:.2f}",
            f"{row.score.calibration_error:.3f}" if own else "",
        )
    return shown


def sizes_text(scores: Sequence[PairScore]) -> Iterator[str]:
    """Recall by the size of the change, all boxes counted."""
    sides = np.array([side for s in scores for side in s.truth_px])
    found = np.array([hit for s in scores for hit in s.truth_hit])
    for low, high in ((0, 12), (12, 24), (24, 48), (48, 10_000)):
        inside = (sides >= low) & (sides < high)
        if inside.any():
            share = found[inside].mean()
            yield f"shorter side {low} to {high} px: {inside.sum()} changes, recall {share:.2f}"


def reliability_text(scores: Sequence[PairScore]) -> Iterator[str]:
    """Mean confidence and precision in bins of confidence."""
    confidences = [c for s in scores for c in s.confidences]
    hits = [hit for s in scores for hit in s.hits]
    for b in reliability(confidences, hits):
        yield f"confidence {b.confidence:.2f}: {b.events} boxes, precision {b.precision:.2f}"


if __name__ == "__main__":
    main()
