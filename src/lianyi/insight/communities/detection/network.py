"""The network that communities are found in: undirected ties with weights, each kept at both of its ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lianyi.errors import InputError
from lianyi.insight.kernels import Doubles, Ints, Longs, kernel


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """Ties of node v are start[v]:start[v+1]; target[i] is the other end, weight[i] > 0.

    A node may stand for many people (an aggregated network): then inside[v] is the weight of the ties among them, each
    counted once, and mass[v] the sum of their masses. The mass of one person is the weight of its ties for modularity.
    """

    start: Longs
    target: Ints
    weight: Doubles
    inside: Doubles
    mass: Doubles

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.start) - 1

    @property
    def total(self) -> float:
        """Weight of all ties, each counted once."""
        return float(self.weight.sum() / 2 + self.inside.sum())


def network_of(
    nodes: int, source: NDArray[np.integer], target: NDArray[np.integer], weight: NDArray[np.floating]
) -> Network:
    """The network of ties source[i] – target[i], each of shape (ties,) and given once.

    Ties of a node with itself and ties of weight 0 say nothing of who belongs together and are left out; two ties
    between the same nodes count with the sum of their weights. Weights are divided by the largest, so that only their
    proportions matter. InputError names the first tie with an unknown node or a weight that is negative or no number.
    """
    source, target = np.asarray(source), np.asarray(target)
    amount = np.asarray(weight, np.float64)
    _refuse_bad_ends(nodes, source, target)
    _refuse_bad_weight(len(source), amount)
    if amount.size and amount.max() > 0:
        amount = amount / amount.max()
    if not amount.any():  # the first kernel of a process costs a second, which brands without ties need not wait
        return Network(
            start=np.zeros(nodes + 1, np.int64), target=np.empty(0, np.int32), weight=np.empty(0),
            inside=np.zeros(nodes), mass=np.zeros(nodes),
        )  # fmt: skip
    ends = source.astype(np.int32, copy=False), target.astype(np.int32, copy=False)
    start, targets, weights = _both_ends(nodes, *ends, amount)
    return Network(start=start, target=targets, weight=weights, inside=np.zeros(nodes), mass=_row_sums(start, weights))


def _refuse_bad_ends(nodes: int, source: NDArray[np.integer], target: NDArray[np.integer]) -> None:
    if not 0 <= nodes < 2**31:
        raise InputError(f"nodes = {nodes}; a network has between 0 and 2,147,483,647 nodes")
    if source.ndim != 1 or source.shape != target.shape:
        raise InputError(f"source and target have shapes {source.shape} and {target.shape}; both must be (ties,)")
    for name, ends in (("source", source), ("target", target)):
        if ends.size and not np.issubdtype(ends.dtype, np.integer):
            raise InputError(f"{name} has type {ends.dtype}; nodes are whole numbers")
        if ends.size and (ends.min() < 0 or ends.max() >= nodes):
            tie = int(np.flatnonzero((ends < 0) | (ends >= nodes))[0])
            raise InputError(f"tie {tie}: {name} = {ends[tie]}; nodes are numbered 0 to {nodes - 1}")


def _refuse_bad_weight(ties: int, weight: Doubles) -> None:
    if weight.shape != (ties,):
        raise InputError(f"weight has shape {weight.shape}; there are {ties} ties")
    bad = np.flatnonzero(~((weight >= 0) & (weight < np.inf)))
    if bad.size:
        raise InputError(f"tie {bad[0]}: weight = {weight[bad[0]]}; it must be 0 or more, and finite")


@kernel
def _both_ends(nodes: int, source: Ints, target: Ints, weight: Doubles) -> tuple[Longs, Ints, Doubles]:
    """Counting sort of both directions by the node that they leave."""
    start = np.zeros(nodes + 1, np.int64)
    for tie in range(len(source)):
        if weight[tie] > 0 and source[tie] != target[tie]:
            start[source[tie] + 1] += 1
            start[target[tie] + 1] += 1
    for node in range(nodes):
        start[node + 1] += start[node]
    place = start[:nodes].copy()
    targets = np.empty(start[nodes], np.int32)
    weights = np.empty(start[nodes])
    for tie in range(len(source)):
        if weight[tie] > 0 and source[tie] != target[tie]:
            for a, b in ((source[tie], target[tie]), (target[tie], source[tie])):
                targets[place[a]] = b
                weights[place[a]] = weight[tie]
                place[a] += 1
    return start, targets, weights


@kernel
def _row_sums(start: Longs, weight: Doubles) -> Doubles:
    sums = np.zeros(len(start) - 1)
    for node in range(len(sums)):
        for tie in range(start[node], start[node + 1]):
            sums[node] += weight[tie]
    return sums


def inner(network: Network, label: Ints) -> Network:
    """The network with the ties inside communities alone, shape (nodes,); masses stay what they were."""
    start, target, weight = _inner(network.start, network.target, network.weight, label)
    return Network(start=start, target=target, weight=weight, inside=network.inside, mass=network.mass)


@kernel
def _inner(start: Longs, target: Ints, weight: Doubles, label: Ints) -> tuple[Longs, Ints, Doubles]:
    starts = np.zeros(len(start), np.int64)
    for node in range(len(label)):
        for tie in range(start[node], start[node + 1]):
            if label[target[tie]] == label[node]:
                starts[node + 1] += 1
    for node in range(len(label)):
        starts[node + 1] += starts[node]
    targets = np.empty(starts[-1], np.int32)
    weights = np.empty(starts[-1])
    filled = 0
    for node in range(len(label)):
        for tie in range(start[node], start[node + 1]):
            if label[target[tie]] == label[node]:
                targets[filled] = target[tie]
                weights[filled] = weight[tie]
                filled += 1
    return starts, targets, weights
