"""The hierarchy around the main level: communities of communities above it, parts of communities below it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from lianyi.insight.communities.detection.choosing import Choice
from lianyi.insight.communities.detection.components import connected_parts
from lianyi.insight.communities.detection.leiden import coarsened, partition
from lianyi.insight.communities.detection.merging import merged, numbered
from lianyi.insight.communities.detection.moving import refine
from lianyi.insight.communities.detection.network import Network, inner
from lianyi.insight.kernels import Ints

_COARSER, _FINER = 8.0, 4.0  # between the resolutions of two levels
_FEWER = 0.75  # a level is kept if it has at most this many times the communities of the next finer one
_LEAST = 0.02  # resolution


def levels_around(network: Network, choice: Choice, *, seed: int) -> tuple[tuple[Ints, ...], int]:
    """Partitions from coarse to fine, each fine community inside one coarse one, and the place of the chosen one."""
    with ThreadPoolExecutor(1) as other:  # kernels release the interpreter's lock
        coming = other.submit(_below, network, choice, seed)
        above = _above(network, choice, seed)
        return (*above, choice.label, *coming.result()), len(above)


def _above(network: Network, choice: Choice, seed: int) -> list[Ints]:
    """Communities of communities; the last level is the whole component."""
    found: list[Ints] = []
    level, seat = merged(network, choice.label, int(choice.label.max()) + 1), choice.label
    resolution = choice.resolution
    while level.nodes > 1:
        resolution /= _COARSER
        if resolution < _LEAST:
            label, joined = np.zeros(level.nodes, np.int32), merged(level, np.zeros(level.nodes, np.int32), 1)
        else:
            label, joined = coarsened(level, resolution / network.mass.sum(), seed=seed, steps=3)
        part, parts = connected_parts(level.start, level.target, label)
        if parts <= _FEWER * level.nodes:
            seat = part[seat]
            level = joined if parts == joined.nodes else merged(level, part, parts)
            found.append(seat)
    return found[::-1]


def _below(network: Network, choice: Choice, seed: int) -> list[Ints]:
    rate = choice.resolution * _FINER / network.mass.sum()
    order = np.arange(network.nodes, dtype=np.int32)
    part, parts = numbered(
        refine(network.start, network.target, network.weight, network.mass, rate, choice.label, order)
    )
    whole = np.empty(parts, np.int32)
    whole[part] = choice.label
    small = merged(network, part, parts)
    apart = inner(small, whole)
    label, count = connected_parts(apart.start, apart.target, partition(apart, rate, seed=seed, rounds=1))
    return [label[part]] if int(choice.label.max()) + 1 <= _FEWER * count else []
