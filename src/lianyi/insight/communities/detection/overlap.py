"""Who belongs to several communities: those whose ties to another one are nearly as heavy as to their own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lianyi.insight.communities.detection.network import Network
from lianyi.insight.kernels import Doubles, Ints, Longs, kernel

_SHARE = 0.5  # of the weight to one's best community


class Memberships(NamedTuple):
    """One entry per node and community that it belongs to; the weights of one node sum to 1."""

    node: Ints
    community: Ints
    weight: Doubles


def memberships_of(network: Network, label: Ints) -> Memberships:
    """Overlapping membership around a partition, shape (nodes,); nodes with label -1 belong nowhere."""
    count = int(label.max()) + 1 if label.size else 0
    node, community, weight = _memberships(network.start, network.target, network.weight, label, count, _SHARE)
    return Memberships(node, community, weight)


@kernel
def _memberships(
    start: Longs, target: Ints, weight: Doubles, label: Ints, count: int, share: float
) -> tuple[Ints, Ints, Doubles]:
    nodes = len(label)
    size = nodes + 16
    node_of = np.empty(size, np.int32)
    community = np.empty(size, np.int32)
    amount = np.empty(size)
    near = np.zeros(count)
    ties = np.zeros(count, np.int32)
    met = np.empty(count, np.int32)
    filled = 0
    for node in range(nodes):
        if label[node] < 0:
            continue
        found = 0
        best = 0.0
        for tie in range(start[node], start[node + 1]):
            name = label[target[tie]]
            if ties[name] == 0:
                met[found] = name
                found += 1
            near[name] += weight[tie]
            ties[name] += 1
            best = max(best, near[name])
        first = filled
        total = 0.0
        if filled + found + 1 > size:
            size = 2 * size + found
            node_of = _longer_ints(node_of, size, filled)
            community = _longer_ints(community, size, filled)
            amount = _longer(amount, size, filled)
        own = label[node]
        for seen in range(-1, found):
            name = own if seen < 0 else met[seen]
            if seen < 0 or (name != own and ties[name] >= 3 and near[name] >= share * best):
                node_of[filled] = node
                community[filled] = name
                amount[filled] = near[name]
                total += near[name]
                filled += 1
        for place in range(first, filled):
            amount[place] = amount[place] / total if total > 0 else 1.0
        for seen in range(found):
            near[met[seen]] = 0.0
            ties[met[seen]] = 0
    return node_of[:filled].copy(), community[:filled].copy(), amount[:filled].copy()


@kernel
def _longer_ints(array: Ints, size: int, filled: int) -> Ints:
    longer = np.empty(size, np.int32)
    longer[:filled] = array[:filled]
    return longer


@kernel
def _longer(array: Doubles, size: int, filled: int) -> Doubles:
    longer = np.empty(size)
    longer[:filled] = array[:filled]
    return longer
