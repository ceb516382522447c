"""Local moving with a queue: nodes go where they gain most, and only neighbours of what moved are looked at again.

Traag, Waltman & van Eck, "From Louvain to Leiden" (2019), algorithm A.2. The gain of node v in community C is
w(v, C) - rate · mass(v) · mass(C), so one kernel serves modularity (mass = weight of ties, rate = resolution / twice
the weight of all ties) and the constant Potts model (mass = people, rate = resolution).
"""

from __future__ import annotations

import numpy as np

from lianyi.insight.kernels import Doubles, Ints, Longs, kernel

_TOLERANCE = 1e-12


@kernel
def move(  # noqa: C901  one loop on purpose: calls would copy what they share
    start: Longs, target: Ints, weight: Doubles, mass: Doubles, rate: float, label: Ints, order: Ints
) -> int:
    """Move nodes between communities until none gains; changes `label` (values below nodes), returns how many moves.

    `order` is the queue at the start: a permutation of the nodes.
    """
    nodes = len(mass)
    heavy = np.zeros(nodes)
    people = np.zeros(nodes, np.int32)
    for node in range(nodes):
        heavy[label[node]] += mass[node]
        people[label[node]] += 1
    free = np.empty(nodes + 1, np.int32)
    free_count = 0
    for name in range(nodes - 1, -1, -1):
        if people[name] == 0:
            free[free_count] = name
            free_count += 1
    queue = order.copy()
    waits = np.ones(nodes, np.uint8)
    head = 0
    waiting = nodes
    near = np.zeros(nodes)
    met = np.empty(nodes, np.int32)
    moves = 0
    while waiting:
        node = queue[head]
        head = head + 1 if head + 1 < nodes else 0
        waiting -= 1
        waits[node] = 0
        own = label[node]
        count = 0
        for tie in range(start[node], start[node + 1]):
            name = label[target[tie]]
            if near[name] == 0.0:
                met[count] = name
                count += 1
            near[name] += weight[tie]
        push = rate * mass[node]
        stay = near[own] - push * (heavy[own] - mass[node])
        best = own
        gain = stay
        slack = _TOLERANCE * (abs(near[own]) + push * heavy[own])
        for place in range(count):
            name = met[place]
            if name != own:
                here = near[name] - push * heavy[name]
                if here > gain + slack:
                    gain = here
                    best = name
            near[name] = 0.0
        near[own] = 0.0
        if gain < -slack and people[own] > 1:
            free_count -= 1
            best = free[free_count]
        if best == own:
            continue
        heavy[own] -= mass[node]
        people[own] -= 1
        if people[own] == 0:
            heavy[own] = 0.0
            free[free_count] = own
            free_count += 1
        heavy[best] += mass[node]
        people[best] += 1
        label[node] = best
        moves += 1
        for tie in range(start[node], start[node + 1]):
            other = target[tie]
            if waits[other] == 0 and label[other] != best:
                waits[other] = 1
                slot = head + waiting
                queue[slot if slot < nodes else slot - nodes] = other
                waiting += 1
    return moves


@kernel
def refine(  # noqa: C901  as above
    start: Longs, target: Ints, weight: Doubles, mass: Doubles, rate: float, label: Ints, order: Ints
) -> Ints:
    """Well connected parts of each community, shape (nodes,): what Leiden aggregates instead of whole communities.

    Each node starts alone; one that is still alone and well tied to its community joins the part of it where it gains
    most, if that part is well tied to the rest too (algorithm A.3, without its random choice).
    """
    nodes = len(mass)
    heavy = np.zeros(nodes)
    for node in range(nodes):
        heavy[label[node]] += mass[node]
    part = np.arange(nodes).astype(np.int32)
    part_mass = mass.copy()
    alone = np.ones(nodes, np.uint8)
    outward = np.zeros(nodes)  # weight between a part and the rest of its community
    for node in range(nodes):
        for tie in range(start[node], start[node + 1]):
            if label[target[tie]] == label[node]:
                outward[node] += weight[tie]
    near = np.zeros(nodes)
    met = np.empty(nodes, np.int32)
    for place in range(nodes):
        node = order[place]
        whole = heavy[label[node]]
        if alone[node] == 0 or outward[node] < rate * mass[node] * (whole - mass[node]):
            continue
        count = 0
        for tie in range(start[node], start[node + 1]):
            if label[target[tie]] == label[node]:
                name = part[target[tie]]
                if near[name] == 0.0:
                    met[count] = name
                    count += 1
                near[name] += weight[tie]
        best = -1
        gain = 0.0
        for seen in range(count):
            name = met[seen]
            here = near[name] - rate * mass[node] * part_mass[name]
            if here > gain and outward[name] >= rate * part_mass[name] * (whole - part_mass[name]):
                best = name
                gain = here
        if best >= 0:
            outward[best] += outward[node] - 2.0 * near[best]
            part_mass[best] += mass[node]
            part[node] = best
            alone[best] = 0
            alone[node] = 0
        for seen in range(count):
            near[met[seen]] = 0.0
    return part
