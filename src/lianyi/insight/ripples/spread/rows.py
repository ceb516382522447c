"""Tables that let a kernel draw the live arcs of one row in time proportional to how many there are.

An arc with probability p is live exactly when a Poisson count of rate -ln(1-p) is not zero. A row's counts together
are one Poisson count of the summed rate, its points falling on arcs in proportion to their rates (alias table, Vose
1991). So a row of a thousand weak arcs costs about as much as its live ones: no pass over the row, and no logarithm
per skipped arc as in geometric skipping (SUBSIM, Guo et al., SIGMOD 2020), whose speed this beats at the same law.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from lianyi.errors import InputError
from lianyi.insight.kernels import Doubles, Floats, Ints, Longs, kernel
from lianyi.insight.ripples.spread.graph import Graph

Model = Literal["cascade", "threshold"]

EVEN, UNEVEN, EVEN_THRESHOLD, UNEVEN_THRESHOLD = range(4)
TRY_EACH = -1.0  # in `quiet`: draw each arc of the row by itself
CERTAIN = -2.0  # in `quiet`: the only arc of the row, with probability 1
_FEW_POINTS = 4.0  # up to this rate points are quicker than trying arcs, however few there are
_MOST_POINTS = 512.0  # exp(-rate) must stay a number, and a row's points must fit in the queue
_SLACK = 1e-4  # weights of a row may pass 1 by rounding of float32


class Rows(NamedTuple):
    """One graph as kernels see it; row = arcs that share the end from which the walk comes.

    kind: EVEN… when all arcs of a row are alike (1 / row length); `quiet` and `rate` are then indexed by row length,
    otherwise by its owner. rate: summed Poisson rate (cascade) or summed weight (threshold). quiet: exp(-rate) or
    TRY_EACH or CERTAIN. keep, other: alias table per arc, empty when even.
    """

    kind: int
    start: Longs
    end: Ints
    probability: Floats
    quiet: Doubles
    rate: Doubles
    keep: Floats
    other: Ints


def inward(graph: Graph, model: Model) -> Rows:
    """Tables for walks against the arcs (reverse-reachable sets). InputError: weights into one person pass 1."""
    if graph.probability is None:
        return _even(graph.start, graph.source, EVEN if model == "cascade" else EVEN_THRESHOLD)
    if model == "threshold":
        return _weighted(graph)
    return _uneven(graph.start, graph.source, graph.probability)


def outward(graph: Graph) -> Rows:
    """Tables for walks along the arcs (forward simulation of cascades)."""
    arcs = graph.outward
    return _uneven(arcs.start, arcs.target, arcs.probability)


def _even(start: Longs, end: Ints, kind: int) -> Rows:
    length = np.arange(max(2, int(np.diff(start).max()) + 1), dtype=np.float64)
    rate = np.zeros(len(length))
    rate[2:] = -length[2:] * np.log1p(-1.0 / length[2:])
    quiet = np.exp(-rate)
    none = np.empty(0, np.float32)
    return Rows(kind, start, end, none, quiet, rate, none, np.empty(0, np.int32))


def _uneven(start: Longs, end: Ints, probability: Floats) -> Rows:
    with np.errstate(divide="ignore"):
        arc_rate = -np.log1p(-probability.astype(np.float64))
    rate = _sums(start, arc_rate)
    length = np.diff(start)
    apart = rate > np.clip(length / 2.0, _FEW_POINTS, _MOST_POINTS)
    quiet = np.where(apart, TRY_EACH, np.exp(-np.where(apart, 0.0, rate)))
    quiet[(length == 1) & np.isinf(rate)] = CERTAIN
    keep, other = _alias(start, end, arc_rate, rate)
    return Rows(UNEVEN, start, end, probability, quiet, rate, keep, other)


def _weighted(graph: Graph) -> Rows:
    assert graph.probability is not None  # noqa: S101  its caller asked
    weight = graph.probability.astype(np.float64)
    total = _sums(graph.start, weight)
    if total.max(initial=0.0) > 1.0 + _SLACK:
        person = int(total.argmax())
        raise InputError(
            f"person {person}: weights of arcs into it sum to {total[person]:.6f}; for the threshold model the sum "
            "must be at most 1. Divide them by their sum"
        )
    keep, other = _alias(graph.start, graph.source, weight, total)
    return Rows(
        UNEVEN_THRESHOLD, graph.start, graph.source, graph.probability, np.zeros(0), np.minimum(total, 1.0), keep, other
    )


@kernel
def _sums(start: Longs, values: Doubles) -> Doubles:
    total = np.zeros(len(start) - 1)
    for row in range(len(start) - 1):
        for arc in range(start[row], start[row + 1]):
            total[row] += values[arc]
    return total


@kernel
def _alias(start: Longs, end: Ints, weight: Doubles, total: Doubles) -> tuple[Floats, Ints]:
    """Alias tables of all rows: slot a is `end[a]` with chance keep[a], else `other[a]`. Linear in the arcs."""
    keep = np.ones(len(end), np.float32)
    other = end.copy()
    longest = 0
    for row in range(len(start) - 1):
        longest = max(longest, start[row + 1] - start[row])
    share = np.empty(longest)
    small = np.empty(longest, np.int64)
    large = np.empty(longest, np.int64)
    for row in range(len(start) - 1):
        low = start[row]
        size = start[row + 1] - low
        if size == 0 or not 0.0 < total[row] < np.inf:
            continue
        smalls = 0
        larges = 0
        for slot in range(size):
            share[slot] = weight[low + slot] * size / total[row]
            if share[slot] < 1.0:
                small[smalls] = slot
                smalls += 1
            else:
                large[larges] = slot
                larges += 1
        while smalls and larges:
            smalls -= 1
            poor = small[smalls]
            rich = large[larges - 1]
            keep[low + poor] = share[poor]
            other[low + poor] = end[low + rich]
            share[rich] -= 1.0 - share[poor]
            if share[rich] < 1.0:
                larges -= 1
                small[smalls] = rich
                smalls += 1
    return keep, other
