"""Speaker-listener label propagation (Xie, Szymanski & Liu 2011), the peer for overlapping communities."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray


def slpa(nodes: int, ties: NDArray[np.int64], *, seed: int, rounds: int = 21, least: float = 0.1) -> list[set[int]]:
    """Communities, overlapping: labels that make up at least `least` of a node's memory after `rounds` rounds."""
    random = np.random.default_rng(seed)
    near: list[list[int]] = [[] for _ in range(nodes)]
    for a, b in ties.tolist():
        near[a].append(b)
        near[b].append(a)
    memory: list[list[int]] = [[node] for node in range(nodes)]
    for _ in range(rounds):
        for node in random.permutation(nodes).tolist():
            if not near[node]:
                continue
            heard = Counter(memory[other][int(random.random() * len(memory[other]))] for other in near[node])
            loudest = max(heard.values())
            choices = [label for label, times in heard.items() if times == loudest]
            memory[node].append(choices[int(random.random() * len(choices))])
    cover: dict[int, set[int]] = {}
    for node, heard_labels in enumerate(memory):
        for label, times in Counter(heard_labels).items():
            if times >= least * len(heard_labels):
                cover.setdefault(label, set()).add(node)
    groups = {frozenset(group) for group in cover.values()}
    return [set(group) for group in sorted(groups, key=sorted) if not any(group < other for other in groups)]
