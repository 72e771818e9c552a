"""View motion between two pictures: the definition."""

from __future__ import annotations

import numpy as np

from pyanalyzer.records import U8, Alignment, BoolGrid
from pyanalyzer.reference.align_blocks import Level, Measured, sequential_sum
from pyanalyzer.reference.align_model import (
    IDENTITY,
    IDENTITY_Q16,
    Q16,
    Model,
    alignment_record,
    corner_distance_px,
    plausible,
    quantize,
    to_coarser,
    to_finer,
)
from pyanalyzer.reference.align_refine import confidence_of, objective, refine
from pyanalyzer.reference.align_search import hypotheses, looks_unrelated, score, search_blocks
from pyanalyzer.reference.downscale import downscale

MIN_SIDE_PX, MAX_SIDE_PX = 32, 4096
# The coarsest level: halve while the long side exceeds 128 px (from level 2 on: 256 px), as long
# as the short one keeps 48 px, so that there are enough blocks.
COARSE_LONG_PX, COARSER_LONG_PX, COARSE_SHORT_PX = 128, 256, 48
CANDIDATES = 5  # of the search, refined and compared
CANDIDATE_DISTANCE_PX = 3.0
CANDIDATE_ITERATIONS, CANDIDATE_STOP_PX = 4, 0.1
EXPLAINED_SHARE = 0.8  # identity or hint explain the pair: no search
PREFERENCE = 1.02  # in favour of the identity and the hint
ITERATIONS = (5, 5, 8)  # at levels 0, 1, and 2 and above
STOP_PX = (0.01, 0.02, 0.02)
CUT_SHARE = 0.5
CUT_TEXTURE_SHARE = 0.05  # a picture flatter than that cannot show a cut
STILL_PX = 1.0 / 16.0  # a motion below that at every corner is none: the unit of block motion


def pyramid(previous: U8, current: U8, valid: BoolGrid) -> list[Level]:
    """Both pictures and the mask at half the size again and again, the finest first."""
    levels = [(previous, current, valid)]
    while True:
        previous, current, valid = levels[-1]
        height, width = current.shape
        limit = COARSE_LONG_PX if len(levels) <= 2 else COARSER_LONG_PX
        if max(height, width) <= limit or min(height, width) // 2 < COARSE_SHORT_PX:
            return levels
        rows, cols = height // 16, width // 16
        four = valid[: 2 * rows, : 2 * cols].reshape(rows, 2, cols, 2)
        coarser: BoolGrid = np.logical_and.reduce(four, axis=(1, 3))
        levels.append((downscale(previous, 2), downscale(current, 2), coarser))


def check(previous: U8, current: U8, valid: BoolGrid | None) -> BoolGrid:
    """Raises ValueError on other shapes; returns the mask."""
    if previous.shape != current.shape:
        raise ValueError("previous and current must have the same shape")
    height, width = current.shape
    if min(height, width) < MIN_SIDE_PX or max(height, width) > MAX_SIDE_PX:
        raise ValueError("align takes pictures of 32 to 4096 px a side")
    shape = (height // 8, width // 8)
    if valid is None:
        return np.ones(shape, np.bool_)
    if valid.shape != shape:
        raise ValueError(f"valid must have the shape ({shape[0]}, {shape[1]})")
    return valid


def find_candidate(level: Level, starts: list[Model]) -> tuple[Model, bool]:
    """The best model at the coarsest level, and whether the pictures are unrelated."""
    previous, current, valid = level
    height, width = current.shape
    best, best_score, best_share = IDENTITY, -1.0, 0.0

    def consider(start: Model, preference: float) -> Measured:
        nonlocal best, best_score, best_share
        model, measured = refine(
            level, start, iterations=CANDIDATE_ITERATIONS, stop_px=CANDIDATE_STOP_PX
        )
        spread_score, share = objective(measured)
        if spread_score * preference > best_score:
            best, best_score, best_share = model, spread_score * preference, share
        return measured

    texture = 0.0
    for start in starts:
        measured = consider(start, PREFERENCE)
        if start is starts[0]:
            texture = sequential_sum(measured.weight)
    if best_share >= EXPLAINED_SHARE:
        return best, False
    textured = texture >= CUT_TEXTURE_SHARE * valid.size
    search = search_blocks(previous, current, valid)
    found = hypotheses(search)
    order = sorted(range(len(found)), key=[-score(search, model) for model in found].__getitem__)
    chosen = list(starts)
    for index in order:
        if len(chosen) == len(starts) + CANDIDATES:
            break
        model = found[index]
        if all(
            corner_distance_px(model, other, height, width) > CANDIDATE_DISTANCE_PX
            for other in chosen
        ):
            chosen.append(model)
            consider(model, 1.0)
    unrelated = textured and best_share < CUT_SHARE and looks_unrelated(search, best_share)
    return best, unrelated


def align(
    previous: U8,
    current: U8,
    *,
    valid: BoolGrid | None = None,
    hint: Q16 | None = None,
    threads: int = 1,
    isa: str | None = None,
) -> Alignment:
    """See :func:`pyanalyzer.core.align`."""
    mask = check(previous, current, valid)
    height, width = current.shape
    if np.array_equal(previous, current):
        return alignment_record(IDENTITY_Q16, 1.0, True, height, width)
    levels = pyramid(previous, current, mask)
    starts = [IDENTITY]
    if hint is not None and tuple(hint) != IDENTITY_Q16:
        a, b, tx, ty = (value / 65536.0 for value in hint)
        hinted: Model = (a, b, tx, ty)
        if plausible(hinted, height, width):
            for _ in levels[1:]:
                hinted = to_coarser(hinted)
            starts.append(hinted)
    model, unrelated = find_candidate(levels[-1], starts)
    if unrelated:
        return alignment_record(IDENTITY_Q16, 0.0, False, height, width)
    for k in range(len(levels) - 1, -1, -1):
        detail = min(k, 2)
        model, measured = refine(
            levels[k], model, iterations=ITERATIONS[detail], stop_px=STOP_PX[detail]
        )
        if k > 0:
            model = to_finer(model)
    if corner_distance_px(model, IDENTITY, height, width) < STILL_PX:
        model = IDENTITY
    return alignment_record(quantize(model), confidence_of(measured), True, height, width)
