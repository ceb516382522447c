"""The Leiden algorithm (Traag, Waltman & van Eck 2019): move, refine, aggregate, until nothing is left to merge."""

from __future__ import annotations

import numpy as np

from lianyi.insight.communities.detection.merging import merged, numbered
from lianyi.insight.communities.detection.moving import move, refine
from lianyi.insight.communities.detection.network import Network
from lianyi.insight.kernels import Ints


def partition(network: Network, rate: float, *, seed: int, rounds: int = 2, label: Ints | None = None) -> Ints:
    """Communities at one rate, shape (nodes,), numbered 0 … k-1; each is connected.

    `rounds` times over: a later round starts from the communities of the one before and ends early where nothing moves.
    """
    random = np.random.default_rng(seed)
    current = np.arange(network.nodes, dtype=np.int32) if label is None else label
    for turn in range(rounds):
        current, moves = _round(network, rate, current.copy(), random)
        if turn and not moves:
            break
    return current


def _round(network: Network, rate: float, label: Ints, random: np.random.Generator) -> tuple[Ints, int]:
    level = network
    seat: Ints | None = None  # which node of the level each node of the network is part of
    total = 0
    while True:
        order = random.permutation(level.nodes).astype(np.int32)
        moves = move(level.start, level.target, level.weight, level.mass, rate, label, order)
        total += moves
        part, parts = numbered(refine(level.start, level.target, level.weight, level.mass, rate, label, order))
        label, _ = numbered(label)
        if parts == level.nodes:
            return (label if seat is None else label[seat]), total
        whole = np.empty(parts, np.int32)
        whole[part] = label
        level = merged(level, part, parts)
        label, _ = numbered(whole)
        seat = part if seat is None else part[seat]
