"""Who belongs to several communities: those tied to another one nearly as much as to their own, and not by chance.

A node joins a community if it has at least two ties into it, they weigh at least half of those into the community that
it is tied to most, and so many would come about by chance in less than 3 % of cases. By chance means: the share of all
ties that runs between communities, spread over communities by their mass (a Poisson count; ties of unequal weight count
as the number of equal ones that they are worth, as in `quality.worth_of`). Everyone belongs to the community of the
partition too, unless one is alone there and belongs elsewhere: then one is between communities, not one of one's own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lianyi.insight.communities.detection.merging import longer, longer_ints
from lianyi.insight.communities.detection.network import Network
from lianyi.insight.communities.detection.quality import division_of
from lianyi.insight.kernels import Bytes, Doubles, Ints, Longs, kernel

_SHARE = 0.5  # of the weight to the community that one is tied to most
_CHANCE = 0.03
_MANY = 500.0  # expected ties from which on a normal law serves for Poisson's


class Memberships(NamedTuple):
    """One entry per node and community that it belongs to; the weights of one node sum to 1."""

    node: Ints
    community: Ints
    weight: Doubles


def memberships_of(network: Network, label: Ints) -> Memberships:
    """Overlapping membership around a partition, shape (nodes,); nodes with label -1 belong nowhere."""
    tied = label >= 0
    if not tied.any():
        return Memberships(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0))
    count = int(label.max()) + 1
    heavy = np.bincount(label[tied], network.mass[tied], count) / network.mass.sum()
    between = 1.0 - float(division_of(network, np.where(tied, label, count).astype(np.int32), 1.0).inside.sum())
    alone = (np.bincount(label[tied], minlength=count) == 1).astype(np.uint8)
    node, community, weight = _memberships(network.start, network.target, network.weight, label, alone, heavy * between)
    return Memberships(node, community, weight)


@kernel
def tail(count: float, expected: float) -> float:
    """The chance that a Poisson number reaches `count`."""
    if expected > _MANY:
        return 0.0 if count > expected + 2.0 * np.sqrt(expected) else 1.0
    term = np.exp(-expected)
    below = 0.0
    number = 0
    while number < count:
        below += term
        number += 1
        term *= expected / number
    return max(0.0, 1.0 - below)


@kernel
def _memberships(
    start: Longs, target: Ints, weight: Doubles, label: Ints, alone: Bytes, stray: Doubles
) -> tuple[Ints, Ints, Doubles]:
    """`stray` is the share of a node's ties that end in each community by chance."""
    nodes, count = len(label), len(stray)
    size = nodes + 16
    node_of = np.empty(size, np.int32)
    community = np.empty(size, np.int32)
    amount = np.empty(size)
    near = np.zeros(count)
    ties = np.zeros(count, np.int32)
    met = np.empty(count, np.int32)
    filled = 0
    for node in range(nodes):
        own = label[node]
        if own < 0:
            continue
        found = 0
        best = 0.0
        whole = 0.0
        squares = 0.0
        for tie in range(start[node], start[node + 1]):
            name = label[target[tie]]
            if ties[name] == 0:
                met[found] = name
                found += 1
            near[name] += weight[tie]
            ties[name] += 1
            whole += weight[tie]
            squares += weight[tie] ** 2
            best = max(best, near[name])
        if filled + found + 1 > size:
            size = 2 * size + found
            node_of = longer_ints(node_of, size, filled)
            community = longer_ints(community, size, filled)
            amount = longer(amount, size, filled)
        first = filled
        total = 0.0
        worth = whole / squares  # equal ties per unit of weight
        for seen in range(found + 1):
            name = met[seen] if seen < found else own
            if seen < found and (name == own or ties[name] < 2 or near[name] < _SHARE * best):
                continue
            if seen < found and tail(near[name] * worth, whole * worth * stray[name]) >= _CHANCE:
                continue
            if seen == found and alone[own] and filled > first:
                continue
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
