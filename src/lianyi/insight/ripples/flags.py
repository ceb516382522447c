"""What is set apart and never counted blindly: link scanners, bursts, circles. (Own links opened again are comings of
somebody who is there already: they are kept in `exposures` and make no arrival.)

bot: came within SECONDS of the share and did nothing else in the whole log, or calls itself a robot.
burst: at least CROWD people who did nothing else came through one share within a minute.
ring: a closed circle: people who came only through each other (the exact comings among them lead round, and none of
them came from outside); whoever began it stays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Bytes, Longs
from lianyi.insight.ripples.told import CODE
from lianyi.insight.ripples.tracing import NOBODY, Comings, Forest, Nodes, Passings

SECONDS = 10
CROWD = 20
MINUTE = 60_000_000
BOT, BURST, RING = 1, 2, 4  # bits, in the order of told.FLAGS


def scanned(passings: Passings, comings: Comings, lonely: Bytes, robot: Bytes) -> NDArray[np.bool_]:
    """Per coming: whether nobody but a program came."""
    coded = np.flatnonzero((comings.how == CODE) & (comings.passing >= 0))
    age = comings.at[coded] - passings.at[comings.passing[coded]]
    found: NDArray[np.bool_] = robot == 1
    found[coded] |= (age >= 0) & (age <= SECONDS * 1_000_000) & (lonely[comings.person[coded]] == 1)
    return found


def set_apart(
    comings: Comings, nodes: Nodes, forest: Forest, *, chosen: Longs, lonely: Bytes, fake: NDArray[np.bool_]
) -> Longs:
    """Bits per node. chosen: the coming by which each node came (-1). lonely: per person, 1 where nothing but comings
    is known. fake: per coming, see `scanned`."""
    flags = np.zeros(len(nodes.person), dtype=np.int64)
    came = np.flatnonzero((chosen >= 0) & (nodes.shares == 0))
    coming = chosen[came]
    flags[came[fake[coming]]] |= BOT
    coded = (comings.how[coming] == CODE) & (comings.passing[coming] >= 0)
    alone = came[coded & (lonely[nodes.person[came]] == 1)]
    flags[alone[_crowded(comings.passing[chosen[alone]], comings.at[chosen[alone]])]] |= BURST
    flags[circles(nodes, forest)] |= RING
    return flags


def _crowded(passing: Longs, at: Longs) -> Longs:
    """Entries that lie in a minute with at least CROWD entries of one share."""
    order = np.lexsort((at, passing))
    last = np.arange(CROWD - 1, len(order))
    first = last - (CROWD - 1)
    tight = (passing[order[first]] == passing[order[last]]) & (at[order[last]] - at[order[first]] <= MINUTE)
    edges = np.zeros(len(order) + 1, dtype=np.int64)
    np.add.at(edges, first[tight], 1)
    np.add.at(edges, last[tight] + 1, -1)
    return np.asarray(order[np.cumsum(edges)[:-1] > 0], dtype=np.int64)


def circles(nodes: Nodes, forest: Forest) -> Longs:
    """Nodes in closed circles, but for the one that began each."""
    target = nodes.of_coming
    real = (nodes.from_ >= 0) & (nodes.from_ != target)
    source, target = nodes.from_[real], target[real]
    both = np.intersect1d(source, target)  # only who brought somebody and was brought can lie on a circle
    if not len(both):
        return both
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    keep = np.isin(source, both) & np.isin(target, both)
    one, other = np.searchsorted(both, source[keep]), np.searchsorted(both, target[keep])
    graph = csr_matrix((np.ones(len(one), dtype=np.int8), (one, other)), shape=(len(both), len(both)))
    _, part = connected_components(graph, directed=True, connection="strong")
    size = np.bincount(part)
    found = np.flatnonzero(size > 1)
    into = np.isin(target, both)
    source, target = source[into], target[into]
    mine = part[np.searchsorted(both, target)]
    place = np.minimum(np.searchsorted(both, source), len(both) - 1)
    theirs = np.where(both[place] == source, part[place], NOBODY)
    open_ = np.unique(mine[mine != theirs])
    members = both[np.isin(part, np.setdiff1d(found, open_))]
    return np.asarray(members[forest.parent[members] >= 0])
