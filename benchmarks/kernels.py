"""The core's kernels: native beside NumPy, and beside what OpenCV offers for the same step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt
import torch

from benchmarks.measure import Timing, time_call
from pyanalyzer import core, reference
from pyanalyzer.records import U8, Memory

SIZES = {"720p": (1280, 720), "1080p": (1920, 1080)}
BUDGET_S = 1.0  # per contestant and size
# Arithmetic of each step per pixel of the picture: additions, multiplications, shifts and
# comparisons that its definition asks for. A search is counted as if its first step were its last,
# and a pyramid's levels are a third more; what a step really does depends on the pictures.
OPERATIONS_PER_PX = {
    "expand limited range": 7.0,  # offset, two bounds, product, shift, rounding, sum
    "downscale by 4": 1.125,  # a sum of every pixel; rounding and shift of every sixteenth
    "warp": 15.0,  # position 4, three interpolations of 3, rounding 2
    "align": 49.0,  # warp 15, gradients 6, nine sums of 16 in all; a third more
    "difference and block motion": 25.0,  # warp 15, difference 2, seven sums
    "flow": 64.0,  # two comparisons of 17, gradients and sums of 14; a third more
}


@dataclass(frozen=True, slots=True)
class Contest:
    """One step on one size. ``native`` (given a number of threads) and ``numpy`` must agree;
    ``others`` do a like thing. ``inputs``: the arrays, or records of arrays, that must be read."""

    step: str
    native: Callable[[int], object]
    numpy: Callable[[], object]
    inputs: tuple[object, ...]
    others: dict[str, Callable[[], object]]


@dataclass(frozen=True, slots=True)
class Row:
    """One measured contestant. ``traffic_bytes``: what any way of doing the step must at least move
    between memory and processor, its inputs once and its results once. ``operations``: how much
    arithmetic it at least is (OPERATIONS_PER_PX); None for steps on a few pixels or blocks."""

    step: str
    size: str
    contestant: str
    timing: Timing
    traffic_bytes: int
    operations: int | None


def frame_pair(picture: U8, width: int, height: int) -> tuple[U8, U8]:
    """A real picture brought to the size, and the same moved as a turning player sees it: shifted,
    a little larger, with an object that moves by itself."""
    first = cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 0.3, 1.01)
    matrix[:, 2] += (0.01 * width, 0.004 * height)
    second = cv2.warpAffine(first, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    x, y, side = width // 3, height // 3, height // 8
    patch = first[y : y + side, x : x + side]
    second[y + 5 : y + 5 + side, x - 7 : x - 7 + side] = patch
    noise = np.random.default_rng(1).normal(0, 1.5, second.shape)
    return first, np.clip(second + noise, 0, 255).astype(np.uint8)


def contests(previous: U8, current: U8) -> Iterator[Contest]:
    """All steps on one pair of pictures."""
    height, width = current.shape
    alignment = core.align(previous, current)
    warped = core.warp(previous, alignment.inverse_q16)
    memory = Memory.initial(height // 8, width // 8)
    evidence, _ = core.difference(previous, current, alignment, memory)
    proposals = core.propose(evidence)
    matrix = np.array(_affine(alignment.inverse_q16))
    yield Contest(
        "expand limited range",
        lambda _: core.expand_limited_range(current),  # on one thread always
        lambda: reference.expand_limited_range(current),
        (current,),
        {"cv2.LUT": _look_up(current)},
    )
    yield Contest(
        "downscale by 4",
        lambda threads: core.downscale(current, 4, threads=threads),
        lambda: reference.downscale(current, 4),
        (current,),
        {
            "cv2.resize INTER_AREA": lambda: cv2.resize(
                current, (width // 4, height // 4), interpolation=cv2.INTER_AREA
            )
        },
    )
    yield Contest(
        "warp",
        lambda threads: core.warp(previous, alignment.inverse_q16, threads=threads),
        lambda: reference.warp(previous, alignment.inverse_q16),
        (previous,),
        {
            "cv2.warpAffine": lambda: cv2.warpAffine(
                previous, matrix, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            )
        },
    )
    yield Contest(
        "align",
        lambda threads: core.align(previous, current, threads=threads),
        lambda: reference.align(previous, current),
        (previous, current),
        {
            "cv2.phaseCorrelate (shift only)": _phase_correlate(previous, current),
            "cv2.findTransformECC": _ecc(previous, current),
        },
    )
    yield Contest(
        "difference and block motion",
        lambda threads: core.difference(previous, current, alignment, memory, threads=threads),
        lambda: reference.difference(previous, current, alignment, memory),
        (previous, current, memory),
        {
            "cv2.absdiff + boxFilter (no motion)": lambda: cv2.boxFilter(
                cv2.absdiff(current, warped), cv2.CV_32F, (8, 8), normalize=False
            ),
            "cv2 DIS flow, medium": _dis(warped, current),
        },
    )
    yield _flow(previous, current)
    changed = (evidence.residual > evidence.noise_floor).astype(np.uint8)
    yield Contest(
        "propose",
        lambda threads: core.propose(evidence, threads=threads),
        lambda: reference.propose(evidence),
        (evidence,),
        {
            "cv2.connectedComponentsWithStats (threshold)": (
                lambda: cv2.connectedComponentsWithStats(changed)
            )
        },
    )
    yield Contest(
        "crops",
        lambda threads: core.crops(warped, current, proposals),  # too small to be shared
        lambda: reference.crops(warped, current, proposals),
        (),  # the pixels under the proposals: known only to the step
        {},
    )
    flow = core.flow(previous, current)
    before = np.zeros_like(flow.flow_q8)
    yield Contest(
        "block maps",
        lambda _: core.block_maps(evidence, flow.match, flow.flow_q8, before),  # on one thread
        lambda: reference.block_maps(evidence, flow.match, flow.flow_q8, before),
        (evidence, flow.match, flow.flow_q8, before),
        {},
    )
    yield _layer(height // 64, width // 64)


def _layer(rows: int, cols: int) -> Contest:
    """A layer of the network's Comparator: 3 x 3, 64 to 64 channels, on a coarse grid."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    picture, weights, bias = (
        rng.normal(size=size).astype(np.float32)
        for size in ((1, rows, cols, 64), (64, 64, 3, 3), (64,))
    )
    packed = core.pack_weights_3x3(weights), core.pack_bias(bias)
    sizes = {"padding": (1, 1), "out_channels": 64}
    layer = partial(core.convolve_3x3, picture, *packed, **sizes)
    theirs = torch.from_numpy(picture).permute(0, 3, 1, 2), *map(torch.from_numpy, (weights, bias))
    numpy = partial(reference.convolve_3x3, picture, *packed, **sizes)
    return Contest(
        "layer of the network",
        lambda threads: layer(threads=threads),
        numpy,
        (picture, weights, bias),
        {"torch conv2d": lambda: torch.nn.functional.conv2d(*theirs, padding=1)},
    )


def _flow(previous: U8, current: U8) -> Contest:
    """Our finest level is the halved picture with patches every 4 px; that of DIS's preset medium
    is half of what it is given, with patches every 3 px, then refined and brought to every pixel.
    """
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    size = current.shape[1] // 2, current.shape[0] // 2

    def halved(picture: U8) -> U8:
        return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)

    return Contest(
        "flow",
        lambda threads: core.flow(previous, current, threads=threads),
        lambda: reference.flow(previous, current),
        (previous, current),
        {
            "cv2 DIS flow, medium": _dis(previous, current),
            "halved, then cv2 DIS flow, medium": lambda: dis.calc(
                halved(previous), halved(current), None
            ),
        },
    )


def _look_up(luma: U8) -> Callable[[], object]:
    table = reference.expand_limited_range(np.arange(256, dtype=np.uint8).reshape(1, 256))
    return lambda: cv2.LUT(luma, table)


def _affine(inverse_q16: tuple[int, int, int, int]) -> list[list[float]]:
    a, b, tx, ty = (value / 65536 for value in inverse_q16)
    return [[a, -b, tx], [b, a, ty]]


def _phase_correlate(previous: U8, current: U8) -> Callable[[], object]:
    window = cv2.createHanningWindow((current.shape[1], current.shape[0]), cv2.CV_32F)
    return lambda: cv2.phaseCorrelate(
        previous.astype(np.float32), current.astype(np.float32), window
    )


def _ecc(previous: U8, current: U8) -> Callable[[], object]:
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 50, 1e-4)

    def call() -> object:
        start = np.eye(2, 3, dtype=np.float32)
        return cv2.findTransformECC(current, previous, start, cv2.MOTION_EUCLIDEAN, criteria)

    return call


def _dis(previous: U8, current: U8) -> Callable[[], object]:
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return lambda: flow.calc(previous, current, None)


def equal(a: object, b: object) -> bool:
    """Whether two results are the same bit for bit: arrays, records and tuples of them."""
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(equal, a, b))
    if hasattr(a, "__slots__") and type(a) is type(b):
        return all(equal(getattr(a, name), getattr(b, name)) for name in a.__slots__)
    return bool(a == b)


def size_bytes(value: object) -> int:
    """Of arrays, and of records and tuples of them; nothing else counts."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, tuple):
        return sum(map(size_bytes, value))
    names = getattr(value, "__slots__", ())
    return sum(size_bytes(getattr(value, name)) for name in names)


def run(picture: npt.NDArray[np.uint8], budget_s: float = BUDGET_S) -> Iterator[Row]:
    """Measures every contest on one thread, the native kernels also on two.

    Raises RuntimeError where native and NumPy results differ, on either number of threads.
    """
    cv2.setNumThreads(1)
    for size, (width, height) in SIZES.items():
        for contest in contests(*frame_pair(picture, width, height)):
            result = contest.numpy()
            calls: dict[str, Callable[[], object]] = {}
            for name, threads in (("native", 1), ("native, 2 threads", 2)):
                calls[name] = partial(contest.native, threads)
                if not equal(calls[name](), result):
                    raise RuntimeError(f"{contest.step} at {size}: {name} and NumPy results differ")
            calls |= {"NumPy": contest.numpy, **contest.others}
            traffic = size_bytes(contest.inputs) + size_bytes(result)
            per_px = OPERATIONS_PER_PX.get(contest.step)
            operations = None if per_px is None else round(per_px * width * height)
            for name, call in calls.items():
                timing = time_call(call, budget_s)
                yield Row(contest.step, size, name, timing, traffic, operations)
