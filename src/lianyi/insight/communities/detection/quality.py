"""How good a partition is: modularity, and how well it explains where the ties are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lianyi.insight.communities.detection.network import Network
from lianyi.insight.kernels import Doubles, Ints, Longs, kernel


@dataclass(frozen=True, kw_only=True, eq=False)
class Division:
    """What a partition does with the weight of all ties, in shares of it; arrays of shape (communities,).

    inside: weight of ties inside each community. chance: what would lie there if ties fell by the masses of their ends
    (the square of the community's share of all mass). ties: how many ties the weights are worth, (Σw)² / Σw² (Kish).
    """

    inside: Doubles
    chance: Doubles
    ties: float

    @property
    def excess(self) -> float:
        """How many times more weight lies inside communities than chance would put there."""
        return float(self.inside.sum() / self.chance.sum())

    @property
    def shortfall(self) -> float:
        """The same between communities: below 1 where communities keep apart."""
        apart = 1.0 - self.chance.sum()
        return float((1.0 - self.inside.sum()) / apart) if apart > 1e-12 else 1.0

    @property
    def evidence(self) -> float:
        """Log-likelihood of the ties above that of one community of all, per tie (nats), less what the rates cost.

        Each community has a rate of ties inside of its own, all share one between them (degree-corrected, Poisson:
        Karrer & Newman 2011); a rate costs ln(ties) / 2 (Schwarz 1978). 0 for one community; -inf for communities that
        have fewer ties inside than chance gives, which are the opposite of communities.
        """
        if len(self.inside) < 2:
            return 0.0
        if self.excess < self.shortfall:
            return -np.inf
        between = max(0.0, 1.0 - float(self.inside.sum()))
        gain = float(_times_log(self.inside, self.chance).sum())
        gain += float(_times_log(np.array([between]), np.array([1.0 - self.chance.sum()])).sum())
        return gain - len(self.inside) * float(np.log(self.ties)) / (2.0 * self.ties)

    @property
    def resolution(self) -> float:
        """The resolution at which modularity is the likelihood with two rates (Newman 2016, eq. 16)."""
        high, low = self.excess, self.shortfall
        if low <= 1e-12 or high <= low:
            return 1.0
        return float((high - low) / (np.log(high) - np.log(low)))


def worth_of(network: Network) -> float:
    """How many ties of equal weight the network's ties are worth: (Σw)² / Σw², Kish's effective size."""
    return float(network.weight.sum() ** 2 / (network.weight @ network.weight) / 2.0)


def division_of(network: Network, label: Ints, ties: float) -> Division:
    """How a partition, shape (nodes,) with communities 0 … k-1, divides a network that has ties."""
    count = int(label.max()) + 1
    inside = _inside(network.start, network.target, network.weight, network.inside, label, count)
    mass = np.bincount(label, network.mass, count) / network.mass.sum()
    return Division(inside=inside / network.total, chance=mass**2, ties=ties)


def division_by_nodes(level: Network, ties: float) -> Division:
    """The same where each node of the network is one community."""
    mass = level.mass / level.mass.sum()
    return Division(inside=level.inside / level.total, chance=mass**2, ties=ties)


def modularity(network: Network, label: Ints, resolution: float = 1.0) -> float:
    """Newman's modularity with a resolution (Reichardt & Bornholdt 2006)."""
    division = division_of(network, label, 1.0)
    return float(division.inside.sum() - resolution * division.chance.sum())


def _times_log(share: Doubles, chance: Doubles) -> Doubles:
    some = share > 0
    return share[some] * np.log(share[some] / chance[some])


@kernel
def _inside(start: Longs, target: Ints, weight: Doubles, inside: Doubles, label: Ints, count: int) -> Doubles:
    sums = np.zeros(count)
    for node in range(len(label)):
        name = label[node]
        sums[name] += inside[node]
        for tie in range(start[node], start[node + 1]):
            if label[target[tie]] == name:
                sums[name] += weight[tie] / 2
    return sums
