"""Exact labelling of a grid by minimum cut: the definition, and a vectorised maximum flow."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import I32, U8

MAX_UNARY = 1 << 28
I64 = npt.NDArray[np.int64]
# Slices of the nodes that have a neighbour in a direction, and of those neighbours: right, left,
# down, up. Direction d and d ^ 1 are opposite.
_ALL, _FIRST, _LAST = slice(None), slice(None, -1), slice(1, None)
_FROM = ((_ALL, _FIRST), (_ALL, _LAST), (_FIRST, _ALL), (_LAST, _ALL))
_TO = ((_ALL, _LAST), (_ALL, _FIRST), (_LAST, _ALL), (_FIRST, _ALL))
_RELABEL_EVERY = 16  # steps between exact labels: a search costs about as much as that many


def label_grid(unary: I32, potts: int) -> U8:
    """See :func:`pyanalyzer.core.label_grid`.

    Goldberg and Tarjan's push-relabel (1988), all nodes at once, with the "changed" terminal as the
    sink: once no excess can reach it, the nodes that still can are the smallest sink side of all
    minimum cuts.
    """
    if not 0 <= potts <= MAX_UNARY:
        raise ValueError("potts must be 0..2^28")
    if np.abs(unary.astype(np.int64)).max() > MAX_UNARY:
        raise ValueError("unaries must lie within -2^28..2^28")
    excess = np.maximum(-unary.astype(np.int64), 0)
    to_sink = np.maximum(unary.astype(np.int64), 0)
    if not to_sink.any():
        return np.zeros(unary.shape, np.uint8)
    # Left over from each node in each direction; the entries at the border stay unused.
    capacity = np.full((4, *unary.shape), potts, np.int64)
    while True:
        height = _distances(capacity, to_sink)
        if not ((excess > 0) & (height < unary.size + 1)).any():
            return (height < unary.size + 1).astype(np.uint8)
        for _ in range(_RELABEL_EVERY):
            _push(excess, to_sink, capacity, height)
            _relabel(excess, to_sink, capacity, height)


def _distances(capacity: I64, to_sink: I64) -> I64:
    """Arcs to the sink in the residual graph, or the number of nodes + 1 where there is no way."""
    far = to_sink.size + 1
    height = np.where(to_sink > 0, 1, far).astype(np.int64)
    level = 1
    frontier = to_sink > 0
    while frontier.any():
        reached = np.zeros(to_sink.shape, bool)
        for d in range(4):
            reached[_FROM[d]] |= (capacity[d][_FROM[d]] > 0) & frontier[_TO[d]]
        frontier = reached & (height == far)
        level += 1
        height[frontier] = level
    return height


def _push(excess: I64, to_sink: I64, capacity: I64, height: I64) -> None:
    """Moves excess to the sink and downhill by one, one direction after the other, in place."""
    amount = np.minimum(excess, to_sink)
    excess -= amount
    to_sink -= amount
    for d in range(4):
        here, there = _FROM[d], _TO[d]
        downhill = height[here] == height[there] + 1
        amount = np.where(downhill, np.minimum(excess[here], capacity[d][here]), 0)
        excess[here] -= amount
        excess[there] += amount
        capacity[d][here] -= amount
        capacity[d ^ 1][there] += amount


def _relabel(excess: I64, to_sink: I64, capacity: I64, height: I64) -> None:
    """Lifts what holds excess just above its lowest neighbour that it has capacity to."""
    far = to_sink.size + 1
    lowest = np.where(to_sink > 0, 0, far).astype(np.int64)
    for d in range(4):
        here, there = _FROM[d], _TO[d]
        neighbour = np.where(capacity[d][here] > 0, height[there], far)
        lowest[here] = np.minimum(lowest[here], neighbour)
    lifted = np.minimum(lowest + 1, far)
    np.copyto(height, np.maximum(height, lifted), where=excess > 0)
