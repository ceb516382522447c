"""Aggregation: each community becomes one node, ties between two communities one tie with the sum of the weights."""

from __future__ import annotations

import numpy as np

from lianyi.insight.communities.detection.network import Network
from lianyi.insight.kernels import Doubles, Ints, Longs, kernel


def merged(network: Network, label: Ints, count: int) -> Network:
    """The network of communities; `label` has shape (nodes,) with values 0 … count-1, each in use."""
    start, target, weight, inside = _merged(network.start, network.target, network.weight, network.inside, label, count)
    mass = np.bincount(label, network.mass, count).astype(np.float64)
    return Network(start=start, target=target, weight=weight, inside=inside, mass=mass)


@kernel
def numbered(label: Ints) -> tuple[Ints, int]:
    """The same partition with communities numbered 0, 1, … in order of their first node, and how many there are."""
    most = -1
    for node in range(len(label)):
        most = max(most, label[node])
    new = np.full(most + 1, -1, np.int32)
    out = np.empty(len(label), np.int32)
    count = 0
    for node in range(len(label)):
        if new[label[node]] < 0:
            new[label[node]] = count
            count += 1
        out[node] = new[label[node]]
    return out, count


@kernel
def _merged(
    start: Longs, target: Ints, weight: Doubles, inside: Doubles, label: Ints, count: int
) -> tuple[Longs, Ints, Doubles, Doubles]:
    nodes = len(label)
    member_start = np.zeros(count + 1, np.int64)
    for node in range(nodes):
        member_start[label[node] + 1] += 1
    for name in range(count):
        member_start[name + 1] += member_start[name]
    place = member_start[:count].copy()
    member = np.empty(nodes, np.int32)
    for node in range(nodes):
        member[place[label[node]]] = node
        place[label[node]] += 1
    starts = np.zeros(count + 1, np.int64)
    within = np.zeros(count)
    size = max(1024, len(target) // 4)
    targets = np.empty(size, np.int32)
    weights = np.empty(size)
    near = np.zeros(count)
    met = np.empty(count, np.int32)
    filled = 0
    for name in range(count):
        found = 0
        for seat in range(member_start[name], member_start[name + 1]):
            node = member[seat]
            within[name] += inside[node]
            for tie in range(start[node], start[node + 1]):
                other = label[target[tie]]
                if near[other] == 0.0:
                    met[found] = other
                    found += 1
                near[other] += weight[tie]
        if filled + found > size:
            size = max(2 * size, filled + found)
            targets = longer_ints(targets, size, filled)
            weights = longer(weights, size, filled)
        for seen in range(found):
            other = met[seen]
            if other == name:
                within[name] += near[other] / 2
            else:
                targets[filled] = other
                weights[filled] = near[other]
                filled += 1
            near[other] = 0.0
        starts[name + 1] = filled
    return starts, targets[:filled].copy(), weights[:filled].copy(), within


@kernel
def longer_ints(array: Ints, size: int, filled: int) -> Ints:
    """Room for more: the first `filled` entries in an array of `size`.

    By loop: for `a[:n] = b[:n]` Numba compiles the texts of its errors, which takes longer than the kernel around it.
    """
    longer = np.empty(size, np.int32)
    for place in range(filled):
        longer[place] = array[place]
    return longer


@kernel
def longer(array: Doubles, size: int, filled: int) -> Doubles:
    """The same for numbers with a point."""
    longer = np.empty(size)
    for place in range(filled):
        longer[place] = array[place]
    return longer
