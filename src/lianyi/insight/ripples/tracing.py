"""From acts to a forest: who is in a ripple from when on, through whom, in which generation.

A **node** is one person in one scope; for contents a person who comes back after QUIET without any act in it is a new
node, because the same goods passed on half a year later are another stone. Campaigns and rooms know no such pause.

The parent of a node is the sharer of its first exact coming, unless the person had passed the thing on before (then
the person began: a seed). Clocks differ, so "before" leaves SLACK. Where clocks close a circle all the same, the one
of its members with the earliest act began it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lianyi.insight.kernels import Bytes, Longs, kernel

DAY = 86_400_000_000
QUIET = 14 * DAY
SLACK = 300_000_000
NEVER = np.iinfo(np.int64).max
NOBODY = -1


@dataclass(frozen=True, kw_only=True)
class Passings:
    """Shares and invitations: one entry each, in order of time. at: microseconds."""

    person: Longs
    scope: Longs
    thing: Longs
    at: Longs


@dataclass(frozen=True, kw_only=True)
class Comings:
    """Comings: one entry each, in order of time. passing, sharer: -1 where not known. how: see told."""

    person: Longs
    scope: Longs
    thing: Longs
    at: Longs
    passing: Longs
    sharer: Longs
    how: Longs


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """One entry per node. shared_at: first own share (NEVER); shares: how many; began: first act of any kind.
    exact, vague: first coming that counts, of a known and of an unknown sharer (-1). first_passing: first share (-1).

    of_passing, of_coming: the node of each share and coming. from_: the sharer's node of each coming (-1).
    """

    person: Longs
    scope: Longs
    began: Longs
    shared_at: Longs
    shares: Longs
    first_passing: Longs
    exact: Longs
    vague: Longs
    of_passing: Longs
    of_coming: Longs
    from_: Longs


def find_nodes(passings: Passings, comings: Comings, pausing: Bytes) -> Nodes:
    """The nodes of all acts. pausing: per scope, 1 where a pause makes a new node."""
    used = np.flatnonzero((comings.sharer >= 0) & (comings.passing < 0))
    person = np.concatenate([passings.person, comings.person, comings.sharer[used]])
    scope = np.concatenate([passings.scope, comings.scope, comings.scope[used]])
    at = np.concatenate([passings.at, comings.at, comings.at[used]])
    order = np.lexsort((at, person, scope))
    node = _numbers(person[order], scope[order], at[order], pausing)
    of = np.empty(len(order), dtype=np.int64)
    of[order] = node
    first = order[np.flatnonzero(np.diff(node, prepend=-1))]
    count = len(first)
    split = (len(passings.at), len(passings.at) + len(comings.at))
    of_passing, of_coming, of_used = of[: split[0]], of[split[0] : split[1]], of[split[1] :]
    from_ = np.where(comings.passing >= 0, of_passing[np.maximum(comings.passing, 0)] if split[0] else NOBODY, NOBODY)
    from_[used] = of_used
    shared_at = _earliest(count, of_passing, passings.at)
    by_code = _earliest(count, of_used, comings.at[used])  # whose code is used has shared by then
    in_by = np.minimum(shared_at, by_code)
    known = (from_ >= 0) & (person[first][np.maximum(from_, 0)] != comings.person)
    on_time = comings.at <= np.minimum(in_by[of_coming], NEVER - SLACK) + SLACK
    return Nodes(
        person=person[first], scope=scope[first], began=_earliest(count, of, at), shared_at=shared_at,
        shares=np.bincount(of_passing, minlength=count), first_passing=_first(count, of_passing, np.arange(split[0])),
        exact=_first(count, of_coming, np.flatnonzero(known & on_time)),
        vague=_first(count, of_coming, np.flatnonzero((from_ < 0) & on_time)),
        of_passing=of_passing, of_coming=of_coming, from_=from_,
    )  # fmt: skip


def _numbers(person: Longs, scope: Longs, at: Longs, pausing: Bytes) -> Longs:
    """The node of each act, acts in order of scope, person, time."""
    new = (np.diff(person, prepend=-1) != 0) | (np.diff(scope, prepend=-1) != 0)
    new |= (np.diff(at, prepend=0) > QUIET) & (pausing[scope] == 1)
    return np.asarray(np.cumsum(new) - 1)


def _earliest(count: int, node: Longs, at: Longs) -> Longs:
    found = np.full(count, NEVER)
    np.minimum.at(found, node, at)
    return found


def _first(count: int, node: Longs, entries: Longs) -> Longs:
    """Per node the first of these entries (they are in order of time); -1 where there is none."""
    found = np.full(count, NOBODY)
    mine = node[entries]
    found[mine[::-1]] = entries[::-1]
    return found


@dataclass(frozen=True, kw_only=True)
class Forest:
    """parent: node or -1; root: first node of the tree; generation: steps from it."""

    parent: Longs
    root: Longs
    generation: Longs


def grow(parent: Longs, began: Longs) -> Forest:
    """The forest of these parents; where they form a circle, its earliest member has none."""
    parent = parent.copy()
    root, generation = np.full(len(parent), NOBODY), np.zeros(len(parent), dtype=np.int64)
    if len(parent):
        _grow(parent, began, root, generation, np.zeros(len(parent), dtype=np.int64))
    return Forest(parent=parent, root=root, generation=generation)


@kernel
def _grow(parent: Longs, began: Longs, root: Longs, generation: Longs, path: Longs) -> None:
    """Walk up from each node to one whose place is known, then down again. root: -1 unknown, -2 on this walk."""
    for start in range(len(parent)):
        length, node = 0, start
        while node >= 0 and root[node] == -1:
            root[node] = -2
            path[length] = node
            length += 1
            node = parent[node]
        if node >= 0 and root[node] == -2:
            _open_circle(parent, began, node)
            for step in range(length):  # the walk is done again from its start, now without a circle
                root[path[step]] = -1
            length, node = 0, start
            while node >= 0 and root[node] == -1:
                root[node] = -2
                path[length] = node
                length += 1
                node = parent[node]
        for step in range(length - 1, -1, -1):
            here = path[step]
            above = parent[here]
            root[here] = here if above < 0 else root[above]
            generation[here] = 0 if above < 0 else generation[above] + 1


@kernel
def _open_circle(parent: Longs, began: Longs, node: int) -> None:
    """Take the parent from the earliest member of the circle that `node` lies on (the lowest number among equals)."""
    earliest, here = node, parent[node]
    while here != node:
        if began[here] < began[earliest] or (began[here] == began[earliest] and here < earliest):
            earliest = here
        here = parent[here]
    parent[earliest] = -1


def once(nodes_person: Longs, began: Longs, forest: Forest, ripple: Longs) -> Longs:
    """Per node the node that stands for its person in its ripple: of several the earliest."""
    order = np.lexsort((forest.generation, began, nodes_person, ripple))
    person, of = nodes_person[order], ripple[order]
    new = (np.diff(person, prepend=-1) != 0) | (np.diff(of, prepend=-1) != 0)
    stands = np.empty(len(order), dtype=np.int64)
    stands[order] = order[np.flatnonzero(new)][np.cumsum(new) - 1]
    return stands
