"""Simple orders of people that plans are compared with."""

from __future__ import annotations

import numpy as np

from lianyi.insight.ripples.spread.compiled import Doubles, Ints, Longs, kernel
from lianyi.insight.ripples.spread.coverage import filled
from lianyi.insight.ripples.spread.graph import Graph
from lianyi.insight.ripples.spread.rules import Terms

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


def best_by(score: Doubles, terms: Terms) -> Longs:
    """Items a plan by this score of people would take under the same rules; the cheapest offer of each person."""
    return filled(np.lexsort((terms.cost, -score[terms.person])), terms)


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
