"""Connected parts: of a network, which are judged apart, and of communities, which must be connected."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lianyi.insight.communities.detection.network import Network
from lianyi.insight.kernels import Doubles, Ints, Longs, kernel


@kernel
def connected_parts(start: Longs, target: Ints, label: Ints) -> tuple[Ints, int]:
    """Parts of communities that hang together by ties inside, numbered in order of their first node; and how many."""
    nodes = len(label)
    part = np.full(nodes, -1, np.int32)
    stack = np.empty(nodes, np.int32)
    count = 0
    for first in range(nodes):
        if part[first] >= 0:
            continue
        part[first] = count
        stack[0] = first
        height = 1
        while height:
            height -= 1
            node = stack[height]
            for tie in range(start[node], start[node + 1]):
                other = target[tie]
                if part[other] < 0 and label[other] == label[node]:
                    part[other] = count
                    stack[height] = other
                    height += 1
        count += 1
    return part, count


def components(network: Network) -> tuple[Ints, int]:
    """The component of each node, shape (nodes,), and how many there are."""
    return connected_parts(network.start, network.target, np.zeros(network.nodes, np.int32))


def cut_out(network: Network, component: Ints, wanted: Ints) -> Iterator[tuple[Ints, Network]]:
    """For each wanted component its nodes, ascending, and its own network, in which they are 0 … size-1."""
    order = np.argsort(component, kind="stable").astype(np.int32)
    sizes = np.bincount(component)
    ends = np.cumsum(sizes)
    seat = np.empty(network.nodes, np.int32)
    for name in wanted:
        nodes = order[ends[name] - sizes[name] : ends[name]]
        if len(nodes) == network.nodes:
            yield nodes, network
            return
        seat[nodes] = np.arange(len(nodes), dtype=np.int32)
        start, target, weight = _rows(network.start, network.target, network.weight, nodes, seat)
        inside, mass = network.inside[nodes], network.mass[nodes]
        yield nodes, Network(start=start, target=target, weight=weight, inside=inside, mass=mass)


@kernel
def _rows(start: Longs, target: Ints, weight: Doubles, nodes: Ints, seat: Ints) -> tuple[Longs, Ints, Doubles]:
    starts = np.zeros(len(nodes) + 1, np.int64)
    for row in range(len(nodes)):
        starts[row + 1] = starts[row] + start[nodes[row] + 1] - start[nodes[row]]
    targets = np.empty(starts[-1], np.int32)
    weights = np.empty(starts[-1])
    filled = 0
    for node in nodes:
        for tie in range(start[node], start[node + 1]):
            targets[filled] = seat[target[tie]]
            weights[filled] = weight[tie]
            filled += 1
    return starts, targets, weights
