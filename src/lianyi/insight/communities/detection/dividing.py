"""Communities that are two: divided where the places of ties say so.

One resolution for all misses small communities beside large ones: two that share a few people cost modularity more
apart than together, though hardly a tie runs between the others (Fortunato & Barthélemy 2007). The evidence that chose
the resolution sees them, for it gives each community a rate of its own. So each community is parted at finer
resolutions, and the parts stay if they are better evidence, the cost of their rates included.
"""

from __future__ import annotations

import numpy as np

from lianyi.insight.communities.detection.components import connected_parts
from lianyi.insight.communities.detection.leiden import partition
from lianyi.insight.communities.detection.merging import numbered
from lianyi.insight.communities.detection.network import Network, inner
from lianyi.insight.communities.detection.quality import Division, division_of, worth_of
from lianyi.insight.kernels import Doubles, Ints

_FINER = (1.5, 2.0, 3.0)  # times the resolution that was chosen
FEW = 8  # ties: no division of fewer can outweigh the cost of its rates


def divided(network: Network, label: Ints, resolution: float, *, seed: int) -> Ints:
    """The partition, shape (nodes,), 0 … k-1, with communities parted where that is better evidence."""
    worth = worth_of(network)
    whole = division_of(network, label, worth)
    apart = inner(network, label)
    most = np.zeros(len(whole.inside))
    best = label
    for finer in _FINER:
        rate = finer * resolution / network.mass.sum()
        part = connected_parts(apart.start, apart.target, partition(apart, rate, seed=seed))[0]
        part = _with_few_taken_back(network, label, part, worth)
        gain = gains(whole, division_of(network, part, worth), _community_of(label, part))
        better = (gain > most)[label]
        best = np.where(better, part + len(whole.inside), best).astype(np.int32)
        most = np.maximum(most, gain)
    return connected_parts(network.start, network.target, numbered(best)[0])[0]


def gains(whole: Division, parts: Division, community: Ints) -> Doubles:
    """By how much the evidence grows where one community alone is parted, shape (communities,).

    `community` says for each part which one it is of. 0 where a community has one part.
    """
    count = len(whole.inside)
    inside, chance, kept = (
        np.bincount(community, values, count)
        for values in (parts.inside, parts.chance, _times_log(parts.inside, parts.chance))
    )
    between, stray = 1.0 - whole.inside.sum(), 1.0 - whole.chance.sum()
    apart = _times_log(between + whole.inside - inside, stray + whole.chance - chance)
    before = _times_log(whole.inside, whole.chance) + _times_log(np.array([between]), np.array([stray]))
    rates = np.bincount(community, minlength=count) - 1
    return np.where(rates > 0, kept + apart - before - rates * np.log(whole.ties) / (2.0 * whole.ties), 0.0)


def _with_few_taken_back(network: Network, label: Ints, part: Ints, worth: float) -> Ints:
    """The parts, those of fewer than FEW ties joined to the heaviest part of their community."""
    division, community = division_of(network, part, worth), _community_of(label, part)
    order = np.lexsort((division.chance, community))
    last = order[np.searchsorted(community[order], np.arange(int(label.max()) + 1), side="right") - 1]
    home = np.where(division.inside * worth < FEW, last[community], np.arange(len(community)))
    return numbered(home.astype(np.int32)[part])[0]


def _community_of(label: Ints, part: Ints) -> Ints:
    community = np.empty(int(part.max()) + 1, np.int32)
    community[part] = label
    return community


def _times_log(share: Doubles, chance: Doubles) -> Doubles:
    """share · ln(share / chance), 0 where there is no share."""
    some = (share > 0) & (chance > 0)
    result: Doubles = np.where(some, share * np.log(np.where(some, share, 1.0) / np.where(some, chance, 1.0)), 0.0)
    return result
