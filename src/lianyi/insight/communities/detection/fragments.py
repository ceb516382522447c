"""Communities that are only where others overlap: dissolved, their nodes go home to those others.

A partition has no place for nodes of several communities but one of their own: those who share the same two or four
communities are found as a small community between them. Once everyone has joined what else they belong to, such a
fragment explains nothing: most ties inside it run between people who share another community too.
"""

from __future__ import annotations

import numpy as np

from lianyi.insight.communities.detection.components import connected_parts
from lianyi.insight.communities.detection.network import Network
from lianyi.insight.communities.detection.overlap import Memberships, memberships_of
from lianyi.insight.kernels import Bytes, Doubles, Ints, Longs, inlined, kernel

_OWN = 0.5  # of the weight of a community's ties must be between ends that share no other community


def without_fragments(network: Network, label: Ints) -> Ints:
    """The partition, shape (nodes,), 0 … k-1, with fragments dissolved; communities stay connected."""
    if not label.any():
        return label
    members = memberships_of(network, label)
    if len(members.node) == network.nodes:
        return label
    starts = np.searchsorted(members.node, np.arange(network.nodes + 1))
    gone = _fragments(network, starts, members, int(label.max()) + 1)
    if not gone.any():
        return label
    home = _rehomed(network.start, network.target, network.weight, label, starts, members, gone)
    return connected_parts(network.start, network.target, home)[0]


@inlined
def _shared(starts: Longs, community: Ints, own: int, other: int, gone: Bytes, common: Ints) -> int:
    """Communities of two nodes in common that are not gone, written to `common`; how many there are."""
    count = 0
    for mine in range(starts[own], starts[own + 1]):
        name = community[mine]
        for yours in range(starts[other], starts[other + 1]):
            if community[yours] == name and gone[name] == 0 and count < len(common):
                common[count] = name
                count += 1
    return count


def _fragments(network: Network, starts: Longs, members: Memberships, count: int) -> Bytes:
    """Which communities are fragments, lightest first; what one explained together with another is then the other's."""
    whole, alone = _explained(network.start, network.target, network.weight, starts, members.community, count)
    order = np.argsort(members.community, kind="stable")
    seats = np.searchsorted(members.community[order], np.arange(count + 1))
    gone = np.zeros(count, np.uint8)
    for name in np.argsort(whole, kind="stable"):
        if alone[name] < _OWN * whole[name]:
            gone[name] = 1
            people = members.node[order[seats[name] : seats[name + 1]]]
            _hand_over(
                network.start, network.target, network.weight, starts, members.community, gone, int(name), people, alone
            )
    return gone


@kernel
def _explained(
    start: Longs, target: Ints, weight: Doubles, starts: Longs, community: Ints, count: int
) -> tuple[Doubles, Doubles]:
    """Per community the weight of ties inside it, and of those whose ends share no other community."""
    none = np.zeros(count, np.uint8)
    common = np.empty(64, np.int32)
    whole, alone = np.zeros(count), np.zeros(count)
    for node in range(len(start) - 1):
        for tie in range(start[node], start[node + 1]):
            if target[tie] < node:
                continue
            found = _shared(starts, community, node, target[tie], none, common)
            for place in range(found):
                whole[common[place]] += weight[tie]
            if found == 1:
                alone[common[0]] += weight[tie]
    return whole, alone


@kernel
def _hand_over(
    start: Longs, target: Ints, weight: Doubles, starts: Longs, community: Ints, gone: Bytes, name: int, people: Ints,
    alone: Doubles,
) -> None:  # fmt: skip
    """Ties inside a fragment whose ends share one other community are now that one's alone."""
    common = np.empty(64, np.int32)
    for node in people:
        for tie in range(start[node], start[node + 1]):
            other = target[tie]
            inside = False
            for seat in range(starts[other], starts[other + 1]):
                inside = inside or community[seat] == name
            if other > node and inside and _shared(starts, community, node, other, gone, common) == 1:
                alone[common[0]] += weight[tie]


@kernel
def _rehomed(
    start: Longs, target: Ints, weight: Doubles, label: Ints, starts: Longs, members: Memberships, gone: Bytes
) -> Ints:
    """A home for nodes of fragments: the heaviest other community that they joined, or else that they have ties to."""
    home = label.copy()
    near = np.zeros(len(gone))
    for node in range(len(label)):
        if gone[label[node]] == 0:
            continue
        most = 0.0
        for seat in range(starts[node], starts[node + 1]):
            if gone[members.community[seat]] == 0 and members.weight[seat] > most:
                most = members.weight[seat]
                home[node] = members.community[seat]
        if most > 0.0:
            continue
        for tie in range(start[node], start[node + 1]):
            name = label[target[tie]]
            near[name] += weight[tie]
            if gone[name] == 0 and near[name] > most:
                most = near[name]
                home[node] = name
        for tie in range(start[node], start[node + 1]):
            near[label[target[tie]]] = 0.0
    return home
