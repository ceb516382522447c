"""Exact reach on tiny graphs by going through all random worlds: the oracle of the tests in this folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from lianyi.insight.ripples.spread import Graph, Model, from_arcs

Arc = tuple[int, int, float]


@dataclass(frozen=True)
class Tiny:
    """A graph small enough to know everything about: arcs (source, target, probability)."""

    nodes: int
    arcs: tuple[Arc, ...]
    model: Model = "cascade"

    def graph(self) -> Graph:
        """The same graph for the kernels."""
        source, target, probability = zip(*self.arcs, strict=True)
        return from_arcs(self.nodes, np.array(source), np.array(target), np.array(probability))

    def reaches(self) -> list[tuple[float, list[int]]]:
        """For each random world its probability and, per person, the bit mask of those whom the person reaches."""
        return [(chance, _reach(self.nodes, live)) for chance, live in self._worlds() if chance > 0]

    def _worlds(self) -> Iterator[tuple[float, list[tuple[int, int]]]]:
        if self.model == "cascade":
            for kept in product((True, False), repeat=len(self.arcs)):
                chance = 1.0
                for (_, _, p), live in zip(self.arcs, kept, strict=True):
                    chance *= p if live else 1.0 - p
                yield chance, [(s, t) for (s, t, _), live in zip(self.arcs, kept, strict=True) if live]
            return
        incoming = [[(s, p) for s, t, p in self.arcs if t == node] for node in range(self.nodes)]
        options = [[*row, (-1, 1.0 - sum(p for _, p in row))] for row in incoming]
        for picked in product(*options):
            chance = float(np.prod([p for _, p in picked]))
            yield chance, [(s, node) for node, (s, _) in enumerate(picked) if s >= 0]


def _reach(nodes: int, live: Iterable[tuple[int, int]]) -> list[int]:
    reached = [1 << node for node in range(nodes)]
    for _ in range(nodes):
        for source, target in live:
            reached[source] |= reached[target]
    return reached


def reach(worlds: list[tuple[float, list[int]]], seeds: Iterable[int], worth: np.ndarray | None = None) -> float:
    """Exact expected reach of the seeds, in people or in worth."""
    total = 0.0
    chosen = list(seeds)
    for chance, reached in worlds:
        mask = 0
        for seed in chosen:
            mask |= reached[seed]
        people = [node for node in range(len(reached)) if mask >> node & 1]
        total += chance * (len(people) if worth is None else float(worth[people].sum()))
    return total


def best(worlds: list[tuple[float, list[int]]], candidates: Iterable[Iterable[int]]) -> float:
    """The largest reach among the candidate sets of seeds."""
    return max(reach(worlds, seeds) for seeds in candidates)


def subsets(people: Iterable[int], size: int) -> Iterator[tuple[int, ...]]:
    """All sets of at most `size` people."""
    pool = list(people)
    for count in range(size + 1):
        yield from combinations(pool, count)


def random_tiny(seed: int, nodes: int = 7, arcs: int = 10, model: Model = "cascade") -> Tiny:
    """A random graph; some arcs certain, some impossible, some weak."""
    rng = np.random.default_rng(seed)
    pairs = [(s, t) for s in range(nodes) for t in range(nodes) if s != t]
    chosen = [pairs[i] for i in rng.choice(len(pairs), arcs, replace=False)]
    chances = rng.choice([0.0, 0.05, 0.2, 0.5, 0.8, 1.0], arcs, p=[0.05, 0.3, 0.3, 0.2, 0.1, 0.05])
    if model == "threshold":
        into = np.bincount([t for _, t in chosen], chances, nodes)
        chances = chances / np.maximum(1.0, into)[[t for _, t in chosen]]
    # float32 as the kernels keep them, so that sums agree
    exact = [float(np.float32(chance)) for chance in chances]
    return Tiny(nodes, tuple((s, t, p) for (s, t), p in zip(chosen, exact, strict=True)), model)
