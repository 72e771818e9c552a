"""Candidate regions of one frame, from the evidence on its block grid."""

from __future__ import annotations

from pyanalyzer import _core
from pyanalyzer.records import I32, MAX_PROPOSALS, U8, Evidence, Proposal, Region


def block_unaries(evidence: Evidence) -> I32:
    """Log-likelihood ratio changed : unchanged of every block, int32 (rows, cols) in 1/16 nat.

    From the residual against the noise floor, the motion against the view, and the change of
    motion; docs/evidence.md gives the model.
    """
    return _core.block_unaries(
        evidence.residual, evidence.noise_floor, evidence.motion_q4, evidence.motion_change_q4
    )


def label_grid(unary: I32, potts: int) -> U8:
    """Labels a grid exactly: the minimum of a binary Markov random field with a Potts prior.

    ``unary``: int32 (rows, cols), the log-likelihood ratio of label 1 against label 0 in any unit;
    ``potts``: the price, in the same unit, of two 4-neighbours that differ. Returns uint8
    (rows, cols), the labels that minimise
    ``potts * #(4-neighbours that differ) - sum(unary where the label is 1)`` and, where several
    do, the one with the fewest ones. Solved as a minimum cut (Greig, Porteous
    and Seheult 1989) with the algorithm of Boykov and Kolmogorov (2004).

    Raises TypeError or ValueError on another dtype or layout, a negative ``potts``, or magnitudes
    above 2**28.
    """
    return _core.label_grid(unary, potts)


def propose(
    evidence: Evidence,
    *,
    limit: int = MAX_PROPOSALS,
    threads: int = 1,
    isa: str | None = None,
) -> tuple[Proposal, ...]:
    """Finds the changed regions of one frame, at most ``limit``, best score first.

    The grid is labelled changed or unchanged (:func:`block_unaries`, :func:`label_grid`), and each
    8-connected component of changed blocks becomes a proposal: its bounding box, the sum of its
    unaries in nats, and the median motion and change of motion of its moving blocks. Those below
    three nats are dropped. Of more than ``limit``, half are the best scores and the others the
    smallest of the rest, because a score grows with the size and an avatar is small. Ties go to
    the upper, then the left one. ``track`` is 0: see :class:`pyanalyzer.core.Tracks`.
    ``threads`` and ``isa`` change nothing: the labelling is a small, serial problem.
    """
    del threads, isa
    rows = _core.propose(
        evidence.residual,
        evidence.noise_floor,
        evidence.motion_q4,
        evidence.motion_change_q4,
        limit,
    )
    return tuple(
        Proposal(Region(x, y, w, h), score / 16, (mx, my), (cx, cy), blocks, 0)
        for x, y, w, h, score, mx, my, cx, cy, blocks in rows
    )
