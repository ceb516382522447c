"""Random reverse-reachable sets of a graph: the sample on which seeds are chosen and reach is estimated.

The chance that a set of seeds S meets a random set is reach(S) / (total worth of people) (Borgs et al. 2014; Tang,
Shi & Xiao 2015). With several graphs (draws of uncertain probabilities) sets come from them in equal parts, so the
chance is that of the average reach.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lianyi.errors import InputError
from lianyi.insight.kernels import Bytes, Doubles, Ints, Longs
from lianyi.insight.ripples.spread.draws import key_of
from lianyi.insight.ripples.spread.graph import Graph
from lianyi.insight.ripples.spread.rows import Model, inward
from lianyi.insight.ripples.spread.walks import WALKERS, Desk, desk, draw_sets, in_order

_UNMARKED = np.empty(0, np.uint8)
_FIRST_GUESS = 64  # members of a set, before any was drawn
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, kw_only=True, eq=False)
class Sets:
    """Drawn sets in rows: members of set i are members[start[i]:start[i+1]], the root first."""

    start: Longs
    members: Ints

    def __len__(self) -> int:
        return len(self.start) - 1


def joined(parts: Sequence[Sets]) -> Sets:
    """All sets of the parts in their order."""
    if len(parts) == 1:
        return parts[0]
    sizes = np.concatenate([np.diff(part.start) for part in parts])
    return Sets(start=starts(sizes), members=np.concatenate([part.members for part in parts]))


def starts(sizes: NDArray[np.integer]) -> Longs:
    """Where rows of these sizes start, shape (rows + 1,)."""
    start = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=start[1:])
    return start


class Sampler:
    """Draws sets of one graph; set i of a (seed, purpose) is always the same, whatever the threads.

    worth: what reaching a person is worth, shape (nodes,), not negative; None means 1 each, so reach counts people.
    """

    def __init__(
        self, graph: Graph, *, model: Model = "cascade", worth: Doubles | None = None, seed: int = 0, threads: int = 1
    ) -> None:
        self.graph = graph
        self.model = model
        self.total = float(graph.nodes) if worth is None else _total(worth, graph.nodes)
        self._roots = np.empty(0) if worth is None else np.cumsum(worth, dtype=np.float64)
        self._rows = inward(graph, model)
        self._seed = seed
        self._desks = [desk(graph.nodes) for _ in range(max(1, threads))]
        self._mean = float(_FIRST_GUESS)

    def sets(self, purpose: int, first: int, count: int) -> Sets:
        """Sets first … first+count-1 of a purpose, whole."""
        key = key_of(self._seed, purpose)
        found = joined(self._shared(first, count, lambda mine, at, size: self._collect(mine, key, at, size)))
        self._mean = len(found.members) / max(1, count)
        return found

    def hits(self, purpose: int, first: int, count: int, marked: Bytes) -> int:
        """How many of these sets hold a marked person (shape (nodes,)); faster than `sets`, and keeps nothing."""
        key = key_of(self._seed, purpose)
        return sum(self._shared(first, count, lambda mine, at, size: self._count(mine, key, at, size, marked)))

    def _shared(self, first: int, count: int, work: Callable[[Desk, int, int], _Answer]) -> list[_Answer]:
        """Split the numbers among the desks, answers in order. Few sets are not worth a second thread."""
        desks = self._desks[: max(1, min(len(self._desks), count // 256))]
        edges = [first + count * part // len(desks) for part in range(len(desks) + 1)]
        portions = [(mine, edges[i], edges[i + 1] - edges[i]) for i, mine in enumerate(desks)]
        if len(desks) == 1:
            return [work(*portions[0])]
        with ThreadPoolExecutor(len(desks)) as pool:
            return list(pool.map(lambda portion: work(*portion), portions))

    def _collect(self, desk: Desk, key: np.uint64, first: int, count: int) -> Sets:
        parts: list[Sets] = []
        done = 0
        while done < count:
            wanted = count - done
            loose = np.empty(int(wanted * self._mean * 1.25) + WALKERS * self.graph.nodes, np.int32)
            place, sizes = np.empty(wanted, np.int64), np.empty(wanted, np.int32)
            more, _ = draw_sets(
                self._rows, self._roots, key, first + done, wanted, _UNMARKED, desk, loose, place, sizes
            )  # fmt: skip
            start = starts(sizes[:more])
            parts.append(Sets(start=start, members=in_order(loose, place, start)))
            done += more
        return joined(parts) if parts else Sets(start=np.zeros(1, np.int64), members=np.empty(0, np.int32))

    def _count(self, desk: Desk, key: np.uint64, first: int, count: int, marked: Bytes) -> int:
        none = np.empty(0, np.int32)
        _, hits = draw_sets(
            self._rows, self._roots, key, first, count, marked, desk, none, np.empty(0, np.int64), none
        )  # fmt: skip
        return hits


def _total(worth: Doubles, nodes: int) -> float:
    if worth.shape != (nodes,):
        raise InputError(f"worth has shape {worth.shape}; there are {nodes} people")
    bad = np.flatnonzero(~(worth >= 0) | ~np.isfinite(worth))
    if bad.size:
        raise InputError(f"worth of person {bad[0]} = {worth[bad[0]]}; it must be a number of at least 0")
    if not worth.sum() > 0:
        raise InputError("worth is 0 for everybody; somebody must be worth reaching")
    return float(worth.sum())
