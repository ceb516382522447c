"""The Leiden algorithm (Traag, Waltman & van Eck 2019): move, refine, aggregate, until nothing is left to merge.

Without refinement it is Louvain's (Blondel et al. 2008), faster and good enough to look around.
"""

from __future__ import annotations

import numpy as np

from lianyi.insight.communities.detection.components import connected_parts
from lianyi.insight.communities.detection.merging import merged, numbered
from lianyi.insight.communities.detection.moving import move, refine
from lianyi.insight.communities.detection.network import Network
from lianyi.insight.kernels import Ints

_NEARBY = 64  # nodes that are visited together: rows of ties are read in one stretch


def partition(network: Network, rate: float, *, seed: int, rounds: int = 2, label: Ints | None = None) -> Ints:
    """Communities at one rate, shape (nodes,), numbered 0 … k-1; each is connected.

    `rounds` times over: a later round starts from the communities of the one before and ends early where nothing moves.
    """
    random = np.random.default_rng(seed)
    current = np.arange(network.nodes, dtype=np.int32) if label is None else label
    for turn in range(rounds):
        current, moves = _refined_round(network, rate, current.copy(), random)
        if turn and not moves:
            break
    return connected_parts(network.start, network.target, current)[0]


def coarsened(network: Network, rate: float, *, seed: int, steps: int = 100) -> tuple[Ints, Network]:
    """Louvain's communities at one rate after so many steps at most, shape (nodes,), and the network of them."""
    random = np.random.default_rng(seed)
    level = network
    seat = np.arange(level.nodes, dtype=np.int32)
    for _ in range(steps):
        label = np.arange(level.nodes, dtype=np.int32)
        if not _moved(level, rate, label, random):
            break
        label, count = numbered(label)
        level = merged(level, label, count)
        seat = label[seat]
    return seat, level


def _refined_round(network: Network, rate: float, label: Ints, random: np.random.Generator) -> tuple[Ints, int]:
    level = network
    seat: Ints | None = None  # which node of the level each node of the network is part of
    total = 0
    while True:
        total += _moved(level, rate, label, random)
        order = _order(level.nodes, random)
        part, parts = numbered(refine(level.start, level.target, level.weight, level.mass, rate, label, order))
        label, _ = numbered(label)
        if parts == level.nodes:
            return (label if seat is None else label[seat]), total
        whole = np.empty(parts, np.int32)
        whole[part] = label
        level = merged(level, part, parts)
        label, _ = numbered(whole)
        seat = part if seat is None else part[seat]


def _moved(level: Network, rate: float, label: Ints, random: np.random.Generator) -> int:
    return move(level.start, level.target, level.weight, level.mass, rate, label, _order(level.nodes, random))


def _order(nodes: int, random: np.random.Generator) -> Ints:
    """A permutation: of nodes in small networks, of stretches of neighbouring nodes in large ones."""
    if nodes < 100_000:
        return random.permutation(nodes).astype(np.int32)
    stretches = random.permutation(-(-nodes // _NEARBY))
    order = (stretches[:, None] * _NEARBY + np.arange(_NEARBY)).ravel()
    return order[order < nodes].astype(np.int32)
