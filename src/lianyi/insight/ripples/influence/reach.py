"""How many people, and how much revenue, come through each person: read off reverse-reachable sets.

A random set holds those who would have reached a random person; who is in a share s of them reaches s × all people
(Borgs et al. 2014). One sample thus gives everybody's reach at once, with the error of a share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lianyi.insight.kernels import Doubles, Longs
from lianyi.insight.ripples.spread import Graph, Sampler
from lianyi.insight.ripples.spread.coverage import count_members

_INFLUENCE = 23  # purpose of the random numbers
_PORTION = 16_384
FEWEST, MOST = 50_000, 2_000_000  # sets
MEMBERS = 60_000_000  # of all sets together
Z = 1.959964


@dataclass(frozen=True, kw_only=True, eq=False)
class Reaches:
    """Per person what they bring beside themselves; `error` = half the 95 % interval. sets: size of the sample."""

    reach: Doubles
    error: Doubles
    sets: int


def reaches(graph: Graph, *, worth: Doubles | None = None, seed: int = 0, threads: int = 1) -> Reaches:
    """Everybody's own reach without themselves: in people, or in worth where it is given."""
    if not graph.arcs:
        return Reaches(reach=np.zeros(graph.nodes), error=np.zeros(graph.nodes), sets=0)
    sampler = Sampler(graph, worth=worth, seed=seed, threads=threads)
    counts = np.zeros(graph.nodes, np.int32)
    own = np.zeros(graph.nodes, np.int64)
    drawn, members = 0, 0
    while drawn < FEWEST or (drawn < min(MOST, 20 * graph.nodes) and members < MEMBERS):
        found = sampler.sets(_INFLUENCE, drawn, _PORTION)
        count_members(found.members, counts)
        roots: Longs = found.members[found.start[:-1]].astype(np.int64)
        own += np.bincount(roots, minlength=graph.nodes)
        drawn, members = drawn + _PORTION, members + len(found.members)
    share = (counts - own) / drawn  # sets that hold the person, who is not their root
    error = Z * np.sqrt(np.maximum(share, 1.0 / drawn) * (1.0 - share) / drawn)
    return Reaches(reach=share * sampler.total, error=error * sampler.total, sets=drawn)
