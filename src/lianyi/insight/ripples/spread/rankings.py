"""Simple orders of people that plans are compared with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles, Ints, Longs, kernel
from lianyi.insight.ripples.spread.coverage import filled, rates_of
from lianyi.insight.ripples.spread.graph import Graph
from lianyi.insight.ripples.spread.rules import Terms

_BEGINNING = 4096
_PULLS = 30  # damping .85: what is left of the start is .85^30 < 1 %


def by_degree(graph: Graph) -> Doubles:
    """Arcs out of each person, shape (nodes,)."""
    return graph.out_degree.astype(np.float64)


def by_pagerank(graph: Graph, damping: float = 0.85) -> Doubles:
    """PageRank on turned arcs (Page et al. 1999), shape (nodes,), sums to 1: high for those who reach many others."""
    return _pulled(graph.start, graph.source, damping, _PULLS)


def by_chance(nodes: int, seed: int) -> Doubles:
    """A random order."""
    return np.random.default_rng(seed).random(nodes)


def best_by(score: NDArray[Any], terms: Terms) -> Longs:
    """Items a plan by this score of people would take under the same rules; the cheapest offer of each person."""
    return _filled_by(score[terms.person], terms)


def best_per_money(score: NDArray[Any], terms: Terms) -> Longs:
    """As `best_by`, by score per money when there is a budget."""
    return _filled_by(rates_of(score[terms.person], terms), terms)


def _filled_by(score: NDArray[Any], terms: Terms) -> Longs:
    """Mostly a small part of the order is enough, so that is sorted first."""
    part = max(_BEGINNING, 8 * terms.limit)
    items = np.flatnonzero(terms.allowed)
    if np.isinf(terms.budget) and not terms.least.any() and part < len(items):
        top = items[np.argpartition(-score[items], part)[:part]]
        chosen = filled(_ordered(top, score, terms), terms)
        if len(chosen) == terms.limit:
            return chosen
    return filled(_ordered(items, score, terms), terms)


def _ordered(items: Longs, score: NDArray[Any], terms: Terms) -> Longs:
    return items[np.lexsort((items, terms.cost[items], -score[items]))]


@kernel
def _pulled(start: Longs, source: Ints, damping: float, pulls: int) -> Doubles:
    people = len(start) - 1
    rank = np.full(people, 1.0 / people)
    for _ in range(pulls):
        fresh = np.zeros(people)
        lost = 0.0  # rank of people without arcs in: shared among all
        for person in range(people):
            size = start[person + 1] - start[person]
            if size == 0:
                lost += rank[person]
                continue
            part = rank[person] / size
            for arc in range(start[person], start[person + 1]):
                fresh[source[arc]] += part
        rank = (1.0 - damping) / people + damping * (fresh + lost / people)
    return rank
