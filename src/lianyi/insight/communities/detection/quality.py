"""How good a partition is: modularity, and how well it explains where the ties are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lianyi.insight.communities.detection.network import Network
from lianyi.insight.kernels import Ints


class Split(NamedTuple):
    """Ties inside communities and between them, in shares of all weight, beside what chance would give."""

    inside: float
    inside_by_chance: float

    @property
    def excess(self) -> float:
        """How many times more weight lies inside communities than chance would put there."""
        return self.inside / self.inside_by_chance if self.inside_by_chance else 0.0

    @property
    def shortfall(self) -> float:
        """The same between communities: below 1 where communities keep apart."""
        apart = 1.0 - self.inside_by_chance
        return (1.0 - self.inside) / apart if apart > 0 else 1.0

    @property
    def gain(self) -> float:
        """Log-likelihood of the ties per unit of weight, above that of one community of all (nats).

        Communities that keep apart from themselves are none: -inf.
        """
        if self.excess < self.shortfall:
            return -np.inf
        return _times_log(self.inside, self.excess) + _times_log(1.0 - self.inside, self.shortfall)

    @property
    def resolution(self) -> float:
        """The resolution at which modularity is the likelihood of these two rates (Newman 2016, eq. 16)."""
        if self.shortfall <= 0 or self.excess <= 0 or self.excess == self.shortfall:
            return 1.0
        return float((self.excess - self.shortfall) / (np.log(self.excess) - np.log(self.shortfall)))


def split_of(network: Network, label: Ints) -> Split:
    """How a partition, shape (nodes,), divides the weight of a network that has some."""
    count = int(label.max()) + 1
    heavy = np.bincount(label, network.mass, count)
    all_mass = network.mass.sum()
    within = float(network.inside.sum() + _within(network, label))
    return Split(within / network.total, float((heavy / all_mass) @ (heavy / all_mass)))


def modularity(network: Network, label: Ints, resolution: float = 1.0) -> float:
    """Newman's modularity with a resolution (Reichardt & Bornholdt 2006)."""
    split = split_of(network, label)
    return split.inside - resolution * split.inside_by_chance


def _within(network: Network, label: Ints) -> float:
    owner = np.repeat(label, np.diff(network.start))
    same = owner == label[network.target]
    return float(network.weight[same].sum() / 2)


def _times_log(share: float, ratio: float) -> float:
    return share * float(np.log(ratio)) if share > 0 and ratio > 0 else 0.0
