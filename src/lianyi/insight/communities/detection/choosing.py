"""The resolution, chosen by the network: the partition that explains best where the ties are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lianyi.insight.communities.detection.leiden import partition
from lianyi.insight.communities.detection.merging import merged, numbered
from lianyi.insight.communities.detection.network import Network
from lianyi.insight.communities.detection.quality import split_of
from lianyi.insight.kernels import Ints

_STEP = 1.5  # of the ladder of resolutions
_SMALL = 400_000  # ends of ties up to which each rung is found anew instead of merged from finer ones


@dataclass(frozen=True, kw_only=True, eq=False)
class Choice:
    """A partition, shape (nodes,), 0 … k-1, the resolution that gave it and its log-likelihood per unit of weight."""

    label: Ints
    resolution: float
    gain: float


def best_partition(network: Network, *, seed: int) -> Choice:
    """The partition of highest gain on a ladder of resolutions, improved at the one that Newman's formula names."""
    found = _searched(network, seed) if len(network.target) <= _SMALL else _climbed(network, seed)
    return _settled(network, found, seed)


def _searched(network: Network, seed: int) -> Choice:
    ladder = 0.5 * _STEP ** np.arange(0, 40)
    best = Choice(label=np.zeros(network.nodes, np.int32), resolution=0.0, gain=0.0)
    falls = 0
    for resolution in ladder:
        choice = _at(network, float(resolution), seed, None)
        if choice.gain > best.gain:
            best, falls = choice, 0
        else:
            falls += 1
        if falls >= 5:
            break
    return best


def _climbed(network: Network, seed: int) -> Choice:
    """Down the ladder, each rung merging what the finer one found: the networks soon are small."""
    level, seat = network, np.arange(network.nodes, dtype=np.int32)
    best = Choice(label=seat, resolution=np.inf, gain=-np.inf)
    top = float(network.mass.sum() / (network.mass**2).mean())
    for resolution in top / 8 / _STEP ** np.arange(60):
        if resolution < 0.4:
            break
        label = partition(level, resolution / network.mass.sum(), seed=seed, rounds=1)
        label, count = numbered(label)
        seat, level = label[seat], merged(level, label, count)
        gain = split_of(level, np.arange(count, dtype=np.int32)).gain
        if gain > best.gain:
            best = Choice(label=seat, resolution=float(resolution), gain=gain)
    return best


def _settled(network: Network, choice: Choice, seed: int) -> Choice:
    for turn in range(4):
        resolution = split_of(network, choice.label).resolution
        better = _at(network, resolution, seed + turn + 1, choice.label)
        if better.gain <= choice.gain:
            break
        choice = better
    return choice


def _at(network: Network, resolution: float, seed: int, label: Ints | None) -> Choice:
    found = partition(network, resolution / network.mass.sum(), seed=seed, label=label)
    return Choice(label=found, resolution=resolution, gain=split_of(network, found).gain)
