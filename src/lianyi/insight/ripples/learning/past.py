"""What learning reads: past ripples and the arcs along which they could have gone, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles, Ints, Longs

Array = NDArray[Any]

UNKNOWN = -1  # came through somebody, nobody saw through whom
ALONE = -2  # started the ripple, or is known to have come by no tie


@dataclass(frozen=True, kw_only=True, eq=False)
class Past:
    """Who had what, when: one entry = one person in one ripple, sorted by (ripple, time).

    ripple, person: numbers from 0, int32. at: hours since any origin, float64. parent: the entry through which the
    person came, UNKNOWN or ALONE. topic, incentive: numbers per ripple (not per entry), int32. now: hours at which the
    watch ends; later arrivals are not in here.
    """

    ripple: Ints
    person: Ints
    at: Doubles
    parent: Ints
    topic: Ints
    incentive: Ints
    now: float

    @property
    def ripples(self) -> int:
        """How many ripples there are."""
        return len(self.topic)

    @property
    def start(self) -> Longs:
        """Entries of ripple r are start[r]:start[r+1]."""
        return np.searchsorted(self.ripple, np.arange(self.ripples + 1)).astype(np.int64)

    def began(self) -> Doubles:
        """Hours at which each ripple began; inf where nothing of it is here."""
        first = np.full(self.ripples, np.inf)
        np.minimum.at(first, self.ripple, self.at)
        return first

    def until(self, now: float) -> Past:
        """What was known at an earlier moment."""
        return replace(self._kept(self.at <= now), now=now)

    def only(self, ripples: NDArray[np.bool_]) -> Past:
        """Some of the ripples, under the same numbers."""
        return self._kept(ripples[self.ripple])

    def _kept(self, kept: NDArray[np.bool_]) -> Past:
        place = np.cumsum(kept) - 1
        parent = np.where(self.parent >= 0, place[np.maximum(self.parent, 0)], self.parent)[kept]
        columns = {name: getattr(self, name)[kept] for name in ("ripple", "person", "at")}
        return replace(self, **columns, parent=parent.astype(np.int32))


def past(
    *, ripple: Array, person: Array, at: Array, parent_person: Array, topic: Array, incentive: Array, now: float
) -> Past:
    """Sort entries and find parents by person. parent_person: a person's number, UNKNOWN or ALONE.

    A person counts once per ripple, at the first time. A parent who is not in the ripple before the child is UNKNOWN.
    """
    order = np.lexsort((at, person, ripple))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(ripple[order]) != 0) | (np.diff(person[order]) != 0)
    kept = order[first]  # sorted by (ripple, person), each once
    code = ripple[kept].astype(np.int64) * (int(person.max(initial=0)) + 1) + person[kept]
    wanted = ripple[kept].astype(np.int64) * (int(person.max(initial=0)) + 1) + parent_person[kept]
    found = np.minimum(np.searchsorted(code, wanted), max(len(code) - 1, 0))
    known = (parent_person[kept] >= 0) & (code[found] == wanted) & (at[kept[found]] <= at[kept])
    by_time = np.lexsort((at[kept], ripple[kept]))
    place = np.empty(len(kept), dtype=np.int64)
    place[by_time] = np.arange(len(kept))
    unknown = np.where(parent_person[kept] == ALONE, ALONE, UNKNOWN)
    parent = np.where(known, place[found], unknown)[by_time]
    rows = kept[by_time]
    return Past(
        ripple=ripple[rows].astype(np.int32),
        person=person[rows].astype(np.int32),
        at=at[rows].astype(np.float64),
        parent=parent.astype(np.int32),
        topic=topic.astype(np.int32),
        incentive=incentive.astype(np.int32),
        now=now,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Arcs:
    """Directed ties, sorted by (source, target): arcs of person u are start[u]:start[u+1].

    traits: (arcs, kinds) int32, per kind of trait (e.g. strength) the level of the arc; levels are numbers from 0.
    since: hours before which an arc says nothing, because it was found by what is to be learned (-inf otherwise).
    """

    start: Longs
    source: Ints
    target: Ints
    traits: NDArray[np.int32]
    since: Doubles

    @property
    def people(self) -> int:
        """How many people there are."""
        return len(self.start) - 1


def arcs(*, people: int, source: Array, target: Array, traits: Array, since: Array | None = None) -> Arcs:
    """Sort directed ties, each given once. traits: (arcs, kinds)."""
    order = np.lexsort((target, source))
    begins = -np.inf if since is None else since[order]
    return Arcs(
        start=np.searchsorted(source[order], np.arange(people + 1)).astype(np.int64),
        source=source[order].astype(np.int32),
        target=target[order].astype(np.int32),
        traits=np.ascontiguousarray(traits[order], dtype=np.int32),
        since=np.broadcast_to(np.asarray(begins, dtype=np.float64), len(order)).copy(),
    )
