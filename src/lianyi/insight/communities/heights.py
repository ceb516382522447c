"""The levels of detection as a hierarchy that people can read: parts, communities, fields, fields of fields."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.communities.detection import Found
from lianyi.insight.communities.personas import Crowd
from lianyi.insight.kernels import Doubles, Longs

PART, COMMUNITY = 0, 1
# A view is readable with about so many circles in it.
READABLE = 30
# A step that leaves more than this of what it had would be a click for nothing.
THINNER = 0.6
LEAST_FIELDS = 3.0
LEAST_PEOPLE = 3


@dataclass(frozen=True, kw_only=True)
class Seats:
    """Who sits where at one height: one entry per person and community. person: code; label: community of this
    height, 0 … count-1; weight in (0, 1]. parent: label of the community one height above, per community, or -1.
    anchor: what a new community of this place is called by: its room where one holds half of it, else its firmest
    person.
    """

    height: int
    person: Longs
    label: Longs
    weight: Doubles
    parent: Longs
    anchor: list[str]

    @property
    def count(self) -> int:
        return len(self.parent)


def heights(found: Found, crowd: Crowd, code: Longs, names: NDArray[np.object_]) -> list[Seats]:
    """From the top down. code: number of each persona's person; names: person ids by number."""
    chain = _chain(found)
    made: list[Seats] = []
    above: Longs | None = None  # per persona: its seat's label one height up
    for height, level in sorted(chain.items(), reverse=True):
        label = found.levels[level][: len(crowd.room)].astype(np.int64)
        node, community, weight = np.flatnonzero(label >= 0), label[label >= 0], np.ones(int((label >= 0).sum()))
        if height == COMMUNITY:
            real = found.memberships.node < len(crowd.room)  # rooms are nodes too
            node = found.memberships.node[real].astype(np.int64)
            community = found.memberships.community[real].astype(np.int64)
            weight = found.memberships.weight[real]
        label, seats = _seats(height, label, (node, community, weight), above, crowd, code, names)
        if height == PART:
            seats = _true_parts(seats)
        if seats.count:
            made.append(seats)
        above = label
    return made


def _chain(found: Found) -> dict[int, int]:
    """Height → level: main is COMMUNITY; below it the next finer level; above it levels that thin out."""
    chain = {COMMUNITY: found.main}
    if found.main + 1 < len(found.levels):
        chain[PART] = found.main + 1
    many = [_effective(label.astype(np.int64)) for label in found.levels]
    steps = math.ceil(math.log(max(many[found.main], 1.0)) / math.log(READABLE))
    level, height = found.main, COMMUNITY
    for step in range(steps - 1, 0, -1):
        wanted = many[found.main] ** (step / steps)
        fit = [one for one in range(level) if LEAST_FIELDS <= many[one] <= THINNER * many[level]]
        if not fit:
            break
        level = min(fit, key=lambda one: abs(math.log(many[one] / wanted)))
        height += 1
        chain[height] = level
    return chain


def _effective(label: Longs) -> float:
    """How many communities of equal size would be as mixed (inverse Simpson): small ones hardly count."""
    share = np.bincount(label[label >= 0]) / max(int((label >= 0).sum()), 1)
    return float(1 / (share**2).sum()) if len(share) else 0.0


def _seats(
    height: int,
    label: Longs,
    rows: tuple[Longs, Longs, Doubles],
    above: Longs | None,
    crowd: Crowd,
    code: Longs,
    names: NDArray[np.object_],
) -> tuple[Longs, Seats]:
    """The personas' labels renumbered without those of too few people, and the seats."""
    node, community, weight = rows
    count = int(max(label.max(initial=-1), community.max(initial=-1))) + 1
    person, community, weight = _strongest(code[node], community, weight, count)
    large = np.bincount(community, minlength=count) >= LEAST_PEOPLE
    number = np.where(large, np.cumsum(large) - 1, -1)
    label = np.where(label >= 0, number[label], -1)
    keep = large[community]
    person, community, weight = person[keep], number[community[keep]], weight[keep]
    size = int(large.sum())
    parent = np.full(size, -1, dtype=np.int64)
    if above is not None:
        held = np.flatnonzero((label >= 0) & (above >= 0))
        parent[label[held]] = above[held]  # every persona of a community has the same one: levels are nested
    anchor = _anchors(size, label, crowd, (person, community, weight), names)
    return label, Seats(height=height, person=person, label=community, weight=weight, parent=parent, anchor=anchor)


def _strongest(person: Longs, community: Longs, weight: Doubles, count: int) -> tuple[Longs, Longs, Doubles]:
    """One entry per person and community, with the greatest weight of the person's personas there."""
    code = person * max(count, 1) + community
    order = np.lexsort((-weight, code))
    first = order[np.unique(code[order], return_index=True)[1]]
    return person[first], community[first], weight[first]


def _anchors(
    size: int, label: Longs, crowd: Crowd, rows: tuple[Longs, Longs, Doubles], names: NDArray[np.object_]
) -> list[str]:
    person, community, weight = rows
    order = np.lexsort((person, -weight, community))
    first = order[np.searchsorted(community[order], np.arange(size))] if size else order
    anchor = [str(name) for name in names[person[first]]]
    inside = np.flatnonzero((label >= 0) & (crowd.room >= 0))
    span = max(len(crowd.rooms), 1)
    code, people = np.unique(label[inside] * span + crowd.room[inside], return_counts=True)
    total = np.bincount(label[label >= 0], minlength=size)
    for where, many in zip(code, people, strict=True):
        if 2 * many > total[where // span]:
            anchor[where // span] = crowd.rooms[where % span]
    return anchor


def _true_parts(seats: Seats) -> Seats:
    """Only parts of communities that have several: a community's only part is the community itself."""
    several = np.bincount(seats.parent[seats.parent >= 0], minlength=int(seats.parent.max(initial=-1)) + 1) >= 2
    keep = (seats.parent >= 0) & several[seats.parent] if len(several) else np.zeros(seats.count, dtype=bool)
    number = np.where(keep, np.cumsum(keep) - 1, -1)
    rows = keep[seats.label]
    return Seats(
        height=seats.height,
        person=seats.person[rows],
        label=number[seats.label[rows]],
        weight=seats.weight[rows],
        parent=seats.parent[keep],
        anchor=[name for name, kept in zip(seats.anchor, keep, strict=True) if kept],
    )
