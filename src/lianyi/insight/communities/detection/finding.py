"""`find`: from ties to communities, their hierarchy and overlapping memberships, with a resolution of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.communities.detection.choosing import Choice, best_partition
from lianyi.insight.communities.detection.components import components, cut_out
from lianyi.insight.communities.detection.dividing import FEW
from lianyi.insight.communities.detection.fragments import without_fragments
from lianyi.insight.communities.detection.levels import levels_around
from lianyi.insight.communities.detection.merging import numbered
from lianyi.insight.communities.detection.network import network_of
from lianyi.insight.communities.detection.overlap import Memberships, memberships_of
from lianyi.insight.kernels import Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """Communities of one network. Communities of each level are numbered 0 … k-1, in no meaning.

    levels: label arrays of shape (nodes,) from coarse to fine, each fine community inside one coarse one; -1 marks
    nodes without ties, which are in none. levels[main] is the level that the network's own resolution gives.
    memberships: overlapping membership at the main level. resolution, evidence, stability: of the component with most
    ties. resolution: of modularity, 1 = Newman's. evidence: how much better communities explain where ties are than
    chance does, in nats per tie, less the cost of saying so; 0 = one community. stability: 1 if repeated runs agree on
    all ties, 0 if each is a coin's toss, None where runs were not repeated: large networks, single communities.
    """

    levels: tuple[Ints, ...]
    main: int
    memberships: Memberships
    resolution: float
    evidence: float
    stability: float | None

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

    Nodes are 0 … nodes-1. Equal input and seed give equal output. Each component is judged alone, so ties elsewhere
    change nothing. InputError as in `network_of`.
    """
    network = network_of(nodes, source, target, weight)
    if not len(network.target):
        return _nobody(nodes)
    component, count = components(network)
    ends = np.bincount(component, np.diff(network.start), count)
    tied = ends > 0
    levels = Levels(nodes)
    levels.whole(component, tied & (ends < 2 * FEW))
    chief = Choice(label=component, resolution=1.0, evidence=0.0)
    most = 0
    for members, part in cut_out(network, component, np.flatnonzero(ends >= 2 * FEW).astype(np.int32)):
        choice = best_partition(part, seed=seed)
        choice = replace(choice, label=without_fragments(part, choice.label))
        levels.put(members, *levels_around(part, choice, seed=seed))
        if len(part.target) > most:
            chief, most = choice, len(part.target)
    found, main = levels.joined()
    return Found(
        levels=found,
        main=main,
        memberships=memberships_of(network, found[main]),
        resolution=chief.resolution,
        evidence=chief.evidence,
        stability=chief.stability,
    )


def _nobody(nodes: int) -> Found:
    """Without ties nobody belongs anywhere."""
    label = np.full(nodes, -1, np.int32)
    nothing = Memberships(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0))
    return Found(levels=(label,), main=0, memberships=nothing, resolution=1.0, evidence=0.0, stability=None)


class Levels:
    """The levels of components, put side by side."""

    def __init__(self, nodes: int) -> None:
        self._nodes = nodes
        self._parts: list[tuple[Ints, tuple[Ints, ...], int]] = []

    def whole(self, component: Ints, small: NDArray[np.bool_]) -> None:
        """Components that are one community each at every level."""
        members = np.flatnonzero(small[component]).astype(np.int32)
        if len(members):
            self._parts.append((members, (numbered(component[members])[0],), 0))

    def put(self, members: Ints, levels: tuple[Ints, ...], main: int) -> None:
        """The levels of one component whose nodes are `members`."""
        self._parts.append((members, levels, main))

    def joined(self) -> tuple[tuple[Ints, ...], int]:
        """Levels of all nodes, aligned at the main one; a component that has fewer repeats its outermost."""
        above = max((main for _, _, main in self._parts), default=0)
        below = max((len(levels) - 1 - main for _, levels, main in self._parts), default=0)
        return tuple(self._level(step) for step in range(-above, below + 1)), above

    def _level(self, step: int) -> Ints:
        label = np.full(self._nodes, -1, np.int32)
        used = 0
        for members, levels, main in self._parts:
            here = levels[min(max(main + step, 0), len(levels) - 1)]
            label[members] = here + used
            used += int(here.max()) + 1
        return label
