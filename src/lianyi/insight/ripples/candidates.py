"""Who may have brought somebody who came without a code: the shares of the same thing that were there before.

For each coming the latest RECENT shares of the same scope and thing, and the latest share of each person whom the
newcomer was in contact with; beside them one alternative for all others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lianyi.insight.kernels import Doubles, Longs
from lianyi.insight.ripples.tracing import QUIET, Comings, Passings

RECENT = 16
CHUNK = 200_000


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Unordered pairs of persons with a count each; both directions, in order of `one`. begin: first entry of each
    person (people + 1)."""

    begin: Longs
    other: Longs
    count: Longs

    @classmethod
    def of(cls, people: int, one: Longs, other: Longs, count: Longs) -> Pairs:
        """From unordered pairs, once each or several times (their counts add up)."""
        a, b = np.concatenate([one, other]), np.concatenate([other, one])
        code, place = np.unique(a * people + b, return_inverse=True)
        total = np.bincount(place, np.concatenate([count, count]), len(code)).astype(np.int64)
        begin = np.searchsorted(code // max(people, 1), np.arange(people + 1))
        return cls(begin=begin, other=code % max(people, 1), count=total)

    def counts(self, one: Longs, other: Longs) -> Longs:
        """The count of each of these pairs, 0 where there is none."""
        people = len(self.begin) - 1
        mine = np.repeat(np.arange(people), np.diff(self.begin)) * people + self.other
        return look_up(mine, self.count, one * people + other)


def look_up(keys: Longs, values: Longs, wanted: Longs) -> Longs:
    """values[i] where keys[i] (sorted) is what is wanted, else 0."""
    if not len(keys):
        return np.zeros(len(wanted), dtype=np.int64)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0)


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """Alternatives in order of the comings: row (place among the comings asked for), passing; pool: per coming how
    many shares of the thing within the window are not listed."""

    row: Longs
    passing: Longs
    pool: Doubles


def candidates(passings: Passings, comings: Comings, contacts: Pairs, asked: Longs, *, anything: int) -> Candidates:
    """The alternatives of the comings `asked` (entries). anything: the number of the empty thing; who came to it may
    have come through any share of the scope."""
    parts = []
    for start in range(0, len(asked), CHUNK):
        rows = np.arange(start, min(start + CHUNK, len(asked)))
        exact = comings.thing[asked[rows]] != anything
        for here, by_thing in ((rows[exact], True), (rows[~exact], False)):
            parts.append(_listed(passings, comings, contacts, asked, here, by_thing))
    row, passing, pool_row, pool = (np.concatenate(part) for part in zip(*parts, strict=True)) if parts else _none()
    order = np.lexsort((passing, row))
    size = np.zeros(len(asked))
    size[pool_row] = pool
    size -= np.bincount(row, minlength=len(asked))
    return Candidates(row=row[order], passing=passing[order], pool=np.maximum(size, 0))


def _none() -> tuple[Longs, Longs, Longs, Doubles]:
    empty = np.zeros(0, dtype=np.int64)
    return empty, empty, empty, np.zeros(0)


def _listed(
    passings: Passings,
    comings: Comings,
    contacts: Pairs,
    asked: Longs,
    rows: Longs,
    by_thing: bool,  # noqa: FBT001
) -> tuple[Longs, Longs, Longs, Doubles]:
    """(row, passing) of the alternatives of these rows, and (row, shares within the window)."""
    things = int(max(passings.thing.max(initial=0), comings.thing.max(initial=0))) + 1
    where = passings.scope * things + passings.thing if by_thing else passings.scope
    entry = asked[rows]
    place = comings.scope[entry] * things + comings.thing[entry] if by_thing else comings.scope[entry]
    order = np.lexsort((passings.at, where))
    spans = Spans(where[order], passings.at[order])
    low, high = spans.find(place, comings.at[entry] - QUIET, comings.at[entry])
    size = np.minimum(high - low, RECENT)
    row, step = np.repeat(np.arange(len(rows)), size), _steps(size)
    recent = order[np.repeat(high, size) - 1 - step]
    friend_row, friend = _friends(passings, comings, contacts, entry, where, place)
    row, passing = np.concatenate([row, friend_row]), np.concatenate([recent, friend])
    keep = passings.person[passing] != comings.person[entry[row]]
    code = np.unique(row[keep] * max(len(passings.at), 1) + passing[keep])
    count = max(len(passings.at), 1)
    return rows[code // count], code % count, rows, (high - low).astype(np.float64)


def _friends(
    passings: Passings, comings: Comings, contacts: Pairs, entry: Longs, where: Longs, place: Longs
) -> tuple[Longs, Longs]:
    """(row, passing): the latest share of each contact before the coming, within the window."""
    person = comings.person[entry]
    size = contacts.begin[person + 1] - contacts.begin[person]
    row = np.repeat(np.arange(len(entry)), size)
    friend = contacts.other[np.repeat(contacts.begin[person], size) + _steps(size)]
    people = len(contacts.begin) - 1
    order = np.lexsort((passings.at, where * people + passings.person))
    spans = Spans((where * people + passings.person)[order], passings.at[order])
    at = comings.at[entry][row]
    low, high = spans.find(place[row] * people + friend, at - QUIET, at)
    found = high > low
    return row[found], order[high[found] - 1]


def _steps(size: Longs) -> Longs:
    """0 … size − 1 for each size, one after the other."""
    return np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size)


class Spans:
    """Sorted (place, time) entries in which spans of time are looked up by one binary search each.

    Place and time become one rising number; in milliseconds a century of 2 million places fits into 63 bits.
    """

    def __init__(self, place: Longs, at: Longs) -> None:
        self.places, first = np.unique(place, return_index=True)
        self.start = int(at.min(initial=0)) // 1000
        self.width = int(at.max(initial=0)) // 1000 - self.start + 2
        rank = np.repeat(np.arange(len(self.places)), np.diff(np.append(first, len(place))))
        self.code = rank * self.width + (at // 1000 - self.start)

    def find(self, place: Longs, since: Longs, until: Longs) -> tuple[Longs, Longs]:
        """Per question the first entry and the one after the last with since < time <= until; none: equal."""
        if not len(self.places):
            return np.zeros(len(place), dtype=np.int64), np.zeros(len(place), dtype=np.int64)
        rank = np.minimum(np.searchsorted(self.places, place), len(self.places) - 1)
        low, high = self._after(rank, since), self._after(rank, until)
        return low, np.where(self.places[rank] == place, np.maximum(high, low), low)

    def _after(self, rank: Longs, at: Longs) -> Longs:
        offset = np.clip(at // 1000 - self.start, -1, self.width - 1)
        return np.asarray(np.searchsorted(self.code, rank * self.width + offset, side="right"))
