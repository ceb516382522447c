"""The graph things spread on: people as numbers 0 … nodes-1, arcs kept together by the person they point at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lianyi.errors import InputError
from lianyi.insight.kernels import Doubles, Floats, Ints, Longs, kernel

_NONE = np.empty(0, np.float32)


class Outward(NamedTuple):
    """The same arcs kept by the person they leave: arcs of u are start[u]:start[u+1]."""

    start: Longs
    target: Ints
    probability: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Graph:
    """Directed arcs with spread probabilities; build it with `from_arcs`.

    Arcs into person v are start[v]:start[v+1]; source[a] is where arc a comes from. probability[a] is the chance that
    the source, once active, activates v (independent cascade), or the weight that v gives the source (linear
    threshold; weights into one person sum to at most 1). None means weighted cascade: 1 / in-degree of v.
    Two arcs between the same people are two independent chances.
    """

    nodes: int
    start: Longs
    source: Ints
    probability: Floats | None

    @property
    def arcs(self) -> int:
        """How many arcs there are."""
        return len(self.source)

    @cached_property
    def in_degree(self) -> Longs:
        """Arcs into each person, shape (nodes,)."""
        return np.diff(self.start)

    @cached_property
    def outward(self) -> Outward:
        """The arcs by the person they leave. Computed at first use, then kept: 8 bytes per arc."""
        start = starts_of(self.source, self.nodes)
        chances = _NONE if self.probability is None else self.probability
        target, probability = _turned(self.start, self.source, chances, start.copy())
        if self.probability is None:
            probability = (1.0 / np.maximum(self.in_degree, 1)).astype(np.float32)[target]
        return Outward(start, target, probability)

    @cached_property
    def out_degree(self) -> Longs:
        """Arcs out of each person, shape (nodes,)."""
        return np.bincount(self.source, minlength=self.nodes)

    @cached_property
    def out_strength(self) -> Doubles:
        """People whom each person activates alone in one step, in expectation, shape (nodes,)."""
        return _strength(self.start, self.source, _NONE if self.probability is None else self.probability)


def from_arcs(
    nodes: int,
    source: NDArray[np.integer],
    target: NDArray[np.integer],
    probability: NDArray[np.floating] | None = None,
) -> Graph:
    """The graph of arcs source[i] → target[i], each of shape (arcs,), in time linear in the arcs.

    Without `probability` it is the weighted cascade. InputError names the first arc with an unknown person, with the
    same person at both ends (one can't activate oneself) or with a probability outside [0, 1].
    """
    source, target = np.asarray(source), np.asarray(target)
    _refuse_bad_ends(nodes, source, target)
    if probability is not None:
        _refuse_bad_probability(len(source), probability)
    start = starts_of(target, nodes)
    chance = _NONE if probability is None else np.asarray(probability, np.float32)
    sources, chances = source.astype(np.int32, copy=False), chance
    if len(source):
        sources, chances = _sorted(target.astype(np.int32, copy=False), sources, chance, start.copy())
    return Graph(nodes=nodes, start=start, source=sources, probability=None if probability is None else chances)


def starts_of(owner: NDArray[np.integer], nodes: int) -> Longs:
    """Where the row of each owner starts when entries are kept by owner, shape (nodes + 1,)."""
    start = np.zeros(nodes + 1, np.int64)
    np.cumsum(np.bincount(owner, minlength=nodes), out=start[1:])
    return start


def _refuse_bad_ends(nodes: int, source: NDArray[np.integer], target: NDArray[np.integer]) -> None:
    if not 0 < nodes < 2**31:
        raise InputError(f"nodes = {nodes}; a graph needs between 1 and 2,147,483,647 people")
    if source.ndim != 1 or source.shape != target.shape:
        raise InputError(f"source and target have shapes {source.shape} and {target.shape}; both must be (arcs,)")
    for name, ends in (("source", source), ("target", target)):
        if ends.size and (ends.min() < 0 or ends.max() >= nodes):
            arc = int(np.flatnonzero((ends < 0) | (ends >= nodes))[0])
            raise InputError(f"arc {arc}: {name} = {ends[arc]}; people are numbered 0 to {nodes - 1}")
    loops = np.flatnonzero(source == target)
    if loops.size:
        raise InputError(f"arc {loops[0]}: source = target = {source[loops[0]]}; leave out arcs of a person to itself")


def _refuse_bad_probability(arcs: int, probability: NDArray[np.floating]) -> None:
    if probability.shape != (arcs,):
        raise InputError(f"probability has shape {probability.shape}; there are {arcs} arcs")
    bad = np.flatnonzero(~((probability >= 0) & (probability <= 1)))
    if bad.size:
        raise InputError(f"arc {bad[0]}: probability = {probability[bad[0]]}; it must be between 0 and 1")


@kernel
def _sorted(target: Ints, source: Ints, probability: Floats, place: Longs) -> tuple[Ints, Floats]:
    """Counting sort of arcs by target; `place` starts as the rows' starts and is used up."""
    sources = np.empty(len(source), np.int32)
    chances = np.empty(len(probability), np.float32)
    for arc in range(len(source)):
        slot = place[target[arc]]
        place[target[arc]] += 1
        sources[slot] = source[arc]
        if len(probability):
            chances[slot] = probability[arc]
    return sources, chances


@kernel
def _strength(start: Longs, source: Ints, probability: Floats) -> Doubles:
    total = np.zeros(len(start) - 1)
    for target in range(len(start) - 1):
        for arc in range(start[target], start[target + 1]):
            chance = probability[arc] if len(probability) else 1.0 / (start[target + 1] - start[target])
            total[source[arc]] += chance
    return total


@kernel
def _turned(start: Longs, source: Ints, probability: Floats, place: Longs) -> tuple[Ints, Floats]:
    """Counting sort of arcs kept by target into arcs kept by source."""
    targets = np.empty(len(source), np.int32)
    chances = np.empty(len(probability), np.float32)
    for target in range(len(start) - 1):
        for arc in range(start[target], start[target + 1]):
            slot = place[source[arc]]
            place[source[arc]] += 1
            targets[slot] = target
            if len(probability):
                chances[slot] = probability[arc]
    return targets, chances
