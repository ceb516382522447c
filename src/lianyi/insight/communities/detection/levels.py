"""The hierarchy around the main level: communities of communities above it, parts of communities below it."""

from __future__ import annotations

import numpy as np

from lianyi.insight.communities.detection.choosing import Choice
from lianyi.insight.communities.detection.leiden import partition
from lianyi.insight.communities.detection.merging import merged, numbered
from lianyi.insight.communities.detection.network import Network
from lianyi.insight.kernels import Doubles, Ints, Longs, kernel

_STEP = 4.0  # between the resolutions of two levels
_FEWER = 0.75  # a level is kept if it has at most this many times the communities of the next finer one


def levels_around(network: Network, choice: Choice, *, seed: int) -> tuple[tuple[Ints, ...], int]:
    """Partitions from coarse to fine, each fine community inside one coarse one, and the place of the chosen one."""
    above = _above(network, choice, seed)
    below = _below(network, choice, seed)
    return (*above, choice.label, *below), len(above)


def _above(network: Network, choice: Choice, seed: int) -> list[Ints]:
    found: list[Ints] = []
    count = int(choice.label.max()) + 1
    level, seat = merged(network, choice.label, count), choice.label
    resolution = choice.resolution
    for _ in range(12):
        resolution /= _STEP
        label, fewer = numbered(partition(level, resolution / network.mass.sum(), seed=seed))
        if fewer > _FEWER * level.nodes:
            if resolution < 1e-3:
                break
            continue
        seat, level = label[seat], merged(level, label, fewer)
        found.append(seat)
    return found[::-1]


def _below(network: Network, choice: Choice, seed: int) -> list[Ints]:
    start, target, weight = _inner(network.start, network.target, network.weight, choice.label)
    inner = Network(start=start, target=target, weight=weight, inside=network.inside, mass=network.mass)
    label = partition(inner, choice.resolution * _STEP / network.mass.sum(), seed=seed)
    count = int(choice.label.max()) + 1
    return [label] if count <= _FEWER * (int(label.max()) + 1) else []


@kernel
def _inner(start: Longs, target: Ints, weight: Doubles, label: Ints) -> tuple[Longs, Ints, Doubles]:
    """Only the ties inside communities."""
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
