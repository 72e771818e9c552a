"""Found changes of stills against the truth of pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pyanalyzer.evaluate.matching import average_precision
from pyanalyzer.evaluate.regions import intersection_over_union
from pyanalyzer.evaluate.reliability import expected_calibration_error
from pyanalyzer.records import I16, Region

MATCH_IOU = 0.5
_UNASKED_SHARE = 0.5  # of a found box that lies where nothing may be asked: it is not judged
BoolPicture = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Found:
    """A found box, px of the second picture, and how sure its finder is (any scale)."""

    region: Region
    confidence: float


@dataclass(frozen=True, slots=True)
class PairScore:
    """One pair judged. ``confidences`` and ``hits`` of the judged boxes; ``truth_px``: the shorter
    side of each true box, ``truth_hit``: whether it was found; pixels: found and true, only found,
    only true."""

    confidences: tuple[float, ...]
    hits: tuple[bool, ...]
    truth_px: tuple[int, ...]
    truth_hit: tuple[bool, ...]
    pixels: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class StillsScore:
    """Many pairs: average precision of boxes at MATCH_IOU, F1 of pixels, the share of unchanged
    pairs in which something was found, and the expected calibration error."""

    average_precision: float
    pixel_f1: float
    recall: float
    false_pairs: float
    calibration_error: float
    pairs: int
    truths: int


def judge_pair(
    found: Sequence[Found], mask: BoolPicture, labels: I16, boxes: dict[int, Region]
) -> PairScore:
    """Matches boxes one to one, the surest first, each to the free truth that it covers best.

    ``mask``: bool (h, w), the pixels called changed; ``labels``, ``boxes``: as in
    :class:`pyanalyzer.stills.pairs.pair.Pair`.
    """
    free = dict(boxes)
    confidences, hits = [], []
    for one in sorted(found, key=lambda f: -f.confidence):
        overlaps = {n: intersection_over_union(one.region, box) for n, box in free.items()}
        best = max(overlaps, key=lambda n: overlaps[n], default=None)
        hit = best is not None and overlaps[best] >= MATCH_IOU
        if hit and best is not None:
            del free[best]
        elif _unasked(one.region, labels):
            continue
        confidences.append(one.confidence)
        hits.append(hit)
    asked = labels >= 0
    said, true = mask & asked, labels > 0
    both = int((said & true).sum())
    pixels = both, int(said.sum()) - both, int(true.sum()) - both
    sides = tuple(min(box.w_px, box.h_px) for box in boxes.values())
    found_truths = tuple(number not in free for number in boxes)
    return PairScore(tuple(confidences), tuple(hits), sides, found_truths, pixels)


def sum_up(scores: Sequence[PairScore], threshold: float = 0.5) -> StillsScore:
    """The figures of many pairs. ``threshold``: from which confidence on a box is reported, for
    recall and unchanged pairs; average precision takes all."""
    confidences = [c for score in scores for c in score.confidences]
    hits = [hit for score in scores for hit in score.hits]
    truths = sum(len(score.truth_px) for score in scores)
    tp, fp, fn = (sum(score.pixels[i] for score in scores) for i in range(3))
    unchanged = [score for score in scores if not score.truth_px]
    alarmed = sum(any(c >= threshold for c in score.confidences) for score in unchanged)
    reported = [hit for c, hit in zip(confidences, hits, strict=True) if c >= threshold]
    probabilities = np.clip(confidences, 0, 1)
    return StillsScore(
        average_precision=average_precision(confidences, hits, truths),
        pixel_f1=2 * tp / max(2 * tp + fp + fn, 1),
        recall=sum(reported) / max(truths, 1),
        false_pairs=alarmed / max(len(unchanged), 1),
        calibration_error=expected_calibration_error(probabilities, hits),
        pairs=len(scores),
        truths=truths,
    )


def _unasked(region: Region, labels: I16) -> bool:
    x, y, w, h = region
    return float((labels[y : y + h, x : x + w] < 0).mean()) > _UNASKED_SHARE
