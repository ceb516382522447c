"""Arcs that stand for ties nobody sees: how many people a person brings by them is learned, whom is not.

Most people who come through somebody had no known tie to them. A plan on known ties alone would ask those whose ties
the log happens to show, and promise too little. So each person gets a few arcs to people drawn at random, in
proportion to how readily they come by such ties; together they bring as many as is to be expected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lianyi.insight.kernels import Doubles, Longs

PER_ARC = 0.05  # arrivals that one such arc brings at most
MOST_ARCS = 400
LEAST = 1e-3  # who brings fewer gets no arc
SEED = 7  # whom the arcs lead to is part of the graph, not of a plan's chance


@dataclass(frozen=True, kw_only=True, eq=False)
class UnseenArcs:
    """One entry per arc. rate: arrivals to be expected along it; low, high: bounds."""

    source: Longs
    target: Longs
    rate: Doubles
    low: Doubles
    high: Doubles


def unseen_arcs(expected: Doubles, low: Doubles, high: Doubles, ready: Doubles) -> UnseenArcs:
    """expected, low, high: arrivals per person by unseen ties; ready: weight of each person as one who comes."""
    some = np.flatnonzero(expected > LEAST)
    edges = np.cumsum(ready)
    if len(expected) < 2 or not len(some) or not edges[-1] > 0:
        some = some[:0]
    count = np.clip(np.ceil(expected[some] / PER_ARC), 1, MOST_ARCS).astype(np.int64)
    source = np.repeat(some, count)
    draw = np.random.default_rng(SEED).random(len(source)) * (edges[-1] if len(edges) else 0.0)
    target = np.minimum(np.searchsorted(edges, draw, side="right"), len(expected) - 1)
    target = np.where(target == source, (target + 1) % max(len(expected), 1), target)
    each = [np.repeat(values[some] / count, count) for values in (expected, low, high)]
    return UnseenArcs(source=source, target=target, rate=each[0], low=each[1], high=each[2])
