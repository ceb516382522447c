"""`find`: from ties to communities, their hierarchy and overlapping memberships, with a resolution of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.communities.detection.choosing import best_partition
from lianyi.insight.communities.detection.levels import levels_around
from lianyi.insight.communities.detection.network import Network, network_of
from lianyi.insight.communities.detection.overlap import Memberships, memberships_of
from lianyi.insight.kernels import Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """Communities of one network. Communities of each level are numbered 0 … k-1, in no meaning.

    levels: label arrays of shape (nodes,) from coarse to fine, each fine community inside one coarse one; -1 marks
    nodes without ties, which are in none. levels[main] is the level that the network's own resolution gives.
    memberships: overlapping membership at the main level. resolution: of modularity, 1 = Newman's. stability: how much
    better the communities explain where ties are than chance does, in nats per unit of weight; 0 = not at all.
    """

    levels: tuple[Ints, ...]
    main: int
    memberships: Memberships
    resolution: float
    stability: float

    @property
    def label(self) -> Ints:
        """The main level, shape (nodes,)."""
        return self.levels[self.main]


def find(
    nodes: int,
    source: NDArray[np.integer],
    target: NDArray[np.integer],
    weight: NDArray[np.floating],
    *,
    seed: int = 0,
) -> Found:
    """Communities of undirected ties source[i] – target[i] with weights, each tie once, arrays of shape (ties,).

    Nodes are 0 … nodes-1. Equal input and seed give equal output. InputError as in `network_of`.
    """
    network = network_of(nodes, source, target, weight)
    tied = np.diff(network.start) > 0
    if not tied.any():
        nobody = np.full(nodes, -1, np.int32)
        none = np.empty(0, np.int32)
        return Found(
            levels=(nobody,), main=0, memberships=Memberships(none, none, np.empty(0)), resolution=1.0, stability=0.0
        )
    kept, seat = _tied_only(network, tied)
    choice = best_partition(kept, seed=seed)
    levels, main = levels_around(kept, choice, seed=seed)
    members = memberships_of(kept, choice.label, choice.label)
    back = np.flatnonzero(tied).astype(np.int32)
    return Found(
        levels=tuple(_spread(label, seat, tied) for label in levels),
        main=main,
        memberships=members._replace(node=back[members.node]),
        resolution=choice.resolution,
        stability=choice.gain,
    )


def _tied_only(network: Network, tied: NDArray[np.bool_]) -> tuple[Network, Ints]:
    """The network without nodes that have no ties, and where each node sits in it (-1: nowhere)."""
    seat = np.where(tied, np.cumsum(tied) - 1, -1).astype(np.int32)
    start = np.append(network.start[:-1][tied], network.start[-1:])
    kept = Network(
        start=start,
        target=seat[network.target],
        weight=network.weight,
        inside=network.inside[tied],
        mass=network.mass[tied],
    )
    return kept, seat


def _spread(label: Ints, seat: Ints, tied: NDArray[np.bool_]) -> Ints:
    return np.where(tied, label[np.maximum(seat, 0)], -1).astype(np.int32)
