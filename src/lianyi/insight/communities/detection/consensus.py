"""What many runs agree on: ties count by how often their ends were put together (Lancichinetti & Fortunato 2012).

Each run leaves out a tenth of the ties by chance and visits nodes in another order, so what is agreed on neither hangs
on a few ties that may as well be missing (Rosvall & Bergstrom 2010) nor on luck. The masses stay those of the network:
a tie that only some runs respect weighs less against chance, and nodes on the fringe stand apart instead of joining by
luck.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lianyi.insight.communities.detection.leiden import partition
from lianyi.insight.communities.detection.network import Network
from lianyi.insight.kernels import Doubles, Ints, Longs, kernel
from lianyi.insight.ripples.spread.draws import key_of, stream, unit

_LEFT_OUT = 0.1  # of the ties
_FAINT = 1e-9  # of its weight is left of a tie whose ends are never together: kernels know no ties of weight 0
_PURPOSE = 5  # of the random numbers


def agreed(network: Network, resolution: float, *, runs: int, seed: int) -> tuple[Ints, float]:
    """The partition on which runs agree, and their stability: 1 if all are equal, 0 if each tie is a coin's toss."""
    together = np.zeros(len(network.target))
    for run in range(runs):
        sample = thinned(network, _LEFT_OUT, seed=seed + run)
        label = partition(sample, resolution / sample.mass.sum(), seed=seed + run)
        _count(network.start, network.target, label, together)
    together /= runs
    common = replace(network, weight=network.weight * np.maximum(together, _FAINT))
    label = partition(common, resolution / network.mass.sum(), seed=seed)
    doubt = float(network.weight @ np.minimum(together, 1.0 - together) / network.weight.sum())
    return label, 1.0 - 2.0 * doubt


def thinned(network: Network, chance: float, *, seed: int) -> Network:
    """The network without a random part of its ties; whole if nothing would be left."""
    key = key_of(seed, _PURPOSE)
    start, target, weight, mass = _thinned(network.start, network.target, network.weight, chance, key)
    if not len(target):
        return network
    return Network(start=start, target=target, weight=weight, inside=network.inside, mass=mass)


@kernel
def _thinned(
    start: Longs, target: Ints, weight: Doubles, chance: float, key: np.uint64
) -> tuple[Longs, Ints, Doubles, Doubles]:
    nodes = len(start) - 1
    starts = np.zeros(nodes + 1, np.int64)
    targets = np.empty(len(target), np.int32)
    weights = np.empty(len(target))
    mass = np.zeros(nodes)
    filled = 0
    for node in range(nodes):
        for tie in range(start[node], start[node + 1]):
            low, high = min(node, target[tie]), max(node, target[tie])
            if unit(stream(key, low * nodes + high)) >= chance:
                targets[filled] = target[tie]
                weights[filled] = weight[tie]
                mass[node] += weight[tie]
                filled += 1
        starts[node + 1] = filled
    return starts, targets[:filled].copy(), weights[:filled].copy(), mass


@kernel
def _count(start: Longs, target: Ints, label: Ints, together: Doubles) -> None:
    for node in range(len(label)):
        for tie in range(start[node], start[node + 1]):
            if label[target[tie]] == label[node]:
                together[tie] += 1.0
