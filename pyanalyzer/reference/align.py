"""View motion between two pictures: the definition."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pyanalyzer.records import U8, Alignment, BoolGrid
from pyanalyzer.reference.align_blocks import Level, measure, sequential_sum
from pyanalyzer.reference.align_model import (
    IDENTITY,
    IDENTITY_Q16,
    Q16,
    Model,
    corner_distance_px,
    plausible,
    quantize,
    to_coarser,
    to_finer,
)
from pyanalyzer.reference.align_refine import confidence_of, objective, refine
from pyanalyzer.reference.align_search import (
    Search,
    hypotheses,
    looks_unrelated,
    score,
    search_blocks,
)
from pyanalyzer.reference.downscale import downscale

MIN_SIDE_PX, MAX_SIDE_PX = 32, 4096
# The coarsest level: halve while the long side exceeds 128 px (from level 2 on: 256 px), as long
# as the short one keeps 48 px, so that there are enough blocks.
COARSE_LONG_PX, COARSER_LONG_PX, COARSE_SHORT_PX = 128, 256, 48
CANDIDATES = 6  # of the search, refined and compared
CANDIDATE_DISTANCE_PX = 3.0  # that they lie apart before
SAME_PX = 0.5  # and after
FINALISTS, FINAL_ITERATIONS = 3, 2  # compared again at the next finer level
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


class Candidate(NamedTuple):
    """A refined model, what speaks for it, and how it is favoured over others."""

    model: Model
    score: float
    share: float
    preference: float


def consider(level: Level, start: Model, preference: float, iterations: int) -> Candidate:
    """Refines a model a little and scores it."""
    model, measured = refine(level, start, iterations=iterations, stop_px=CANDIDATE_STOP_PX)
    spread, share = objective(measured)
    return Candidate(model, spread * preference, share, preference)


def search_candidates(level: Level, search: Search, candidates: list[Candidate]) -> None:
    """Adds the best hypotheses of the search that are unlike each other."""
    height, width = level[1].shape
    found = hypotheses(search)
    scores = [score(search, model) for model in found]
    starts: list[Model] = []
    for index in sorted(range(len(found)), key=lambda i: -scores[i]):
        if len(starts) == CANDIDATES:
            break
        model = found[index]
        known = [candidate.model for candidate in candidates]
        if all(
            corner_distance_px(model, other, height, width) > CANDIDATE_DISTANCE_PX
            for other in starts + known
        ):
            starts.append(model)
            candidate = consider(level, model, 1.0, CANDIDATE_ITERATIONS)
            if all(
                corner_distance_px(candidate.model, other, height, width) > SAME_PX
                for other in known
            ):
                candidates.append(candidate)


def find_model(
    levels: list[Level], starts: list[Model], enough: float
) -> tuple[Model | None, float | None]:
    """The best model at the coarsest level, None where the pictures are unrelated, and the share of
    the texture that it explains, None where that was ``enough``: then nothing but the starts was
    looked at."""
    coarse = levels[-1]
    candidates = [consider(coarse, start, PREFERENCE, CANDIDATE_ITERATIONS) for start in starts]
    best = max(candidates, key=lambda candidate: candidate.score)
    if best.share >= EXPLAINED_SHARE:
        return best.model, best.share
    if best.share >= enough:
        return best.model, None
    texture = sequential_sum(measure(coarse, IDENTITY).weight)
    search = search_blocks(*coarse)
    search_candidates(coarse, search, candidates)
    ranked = sorted(candidates, key=lambda candidate: -candidate.score)
    share = ranked[0].share
    if (
        share < CUT_SHARE
        and texture >= CUT_TEXTURE_SHARE * coarse[2].size
        and looks_unrelated(search, share)
    ):
        return None, 0.0
    if len(levels) == 1:
        return ranked[0].model, share
    # The next level has four times the blocks: it tells the background from a large object.
    finals = [
        consider(levels[-2], to_finer(candidate.model), candidate.preference, FINAL_ITERATIONS)
        for candidate in ranked[:FINALISTS]
    ]
    return to_coarser(max(finals, key=lambda candidate: candidate.score).model), share


def align(
    previous: U8,
    current: U8,
    *,
    valid: BoolGrid | None = None,
    hint: Q16 | None = None,
    enough: float = 1.0,
    threads: int = 1,
    isa: str | None = None,
) -> Alignment:
    """See :func:`pyanalyzer.core.align`."""
    mask = check(previous, current, valid)
    height, width = current.shape
    if np.array_equal(previous, current):
        return Alignment.of(IDENTITY_Q16, 1.0, True, height, width)
    levels = pyramid(previous, current, mask)
    starts = [IDENTITY]
    if hint is not None and tuple(hint) != IDENTITY_Q16:
        a, b, tx, ty = (value / 65536.0 for value in hint)
        hinted: Model = (a, b, tx, ty)
        if plausible(hinted, height, width):
            for _ in levels[1:]:
                hinted = to_coarser(hinted)
            starts.append(hinted)
    found, explained = find_model(levels, starts, enough if len(starts) > 1 else 1.0)
    if found is None:
        return Alignment.of(IDENTITY_Q16, 0.0, False, height, width, explained=0.0)
    model = found
    for k in range(len(levels) - 1, -1, -1):
        detail = min(k, 2)
        model, measured = refine(
            levels[k], model, iterations=ITERATIONS[detail], stop_px=STOP_PX[detail]
        )
        if k > 0:
            model = to_finer(model)
    if corner_distance_px(model, IDENTITY, height, width) < STILL_PX:
        model = IDENTITY
    confidence = confidence_of(measured)
    return Alignment.of(quantize(model), confidence, True, height, width, explained=explained)
