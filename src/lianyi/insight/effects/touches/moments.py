"""Moments at which a person was touched, was not, or was put into an arm by lot; what they had had, and what followed.

A touch is the k-th where the person had k - 1 touches since their last order and within WINDOW before: an order starts
the count anew, so that who has bought is not at risk as if they had not (recurrent events in gap time: Prentice,
Williams & Peterson 1981, Biometrika 68). All that tells moments apart was known before them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.effects.estimates import Bools, Floats, Ints

DAY = 86_400
WINDOW, WITHIN, BACK, EVERY, ALIVE = 90 * DAY, 7 * DAY, 365 * DAY, 14 * DAY, 28 * DAY
KEPT = BACK + WINDOW  # so far back touches are read
BITS = 26  # of seconds: 776 days, so that adding or taking off a window never reaches another person
MOST = 12  # touches before, from which on all count as one
GAPS = (DAY, 3 * DAY, 7 * DAY, 14 * DAY)  # seconds since the touch before; the last bin has no end
NOT_TOUCHED, TOUCHED, DRAWN = 0, 1, 2
Small = NDArray[np.int16]
Whole = NDArray[np.integer[Any]]


def keys_of(person: Whole, second: Whole) -> Ints:
    """One sortable number of person (from 0) and second (from KEPT before as_of; earlier ones count as 0)."""
    return (person.astype(np.int64) << BITS) | np.clip(second, 0, KEPT).astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class Log:
    """What a brand knows, as sorted keys (`keys_of`). first: second of the first sight of each person; touches: all of
    the kinds that are counted; messages: those among them that we sent; drawn: places in experiments, with arm (True:
    treated) and share; active: beginnings of days on which a person showed life; sample: of these people moments
    without a touch are drawn, every `sample`-th."""

    first: Ints
    touches: Ints
    messages: Ints
    orders: Ints
    drawn: Ints
    arm: Bools
    share: Floats
    active: Ints
    sample: int = 1


@dataclass(frozen=True, kw_only=True)
class Moments:
    """One entry = one moment. what: NOT_TOUCHED, TOUCHED or DRAWN; person; had: touches before that count, up to MOST;
    gap: bin of the seconds since the touch before, -1 where there is none; bought: an order within WITHIN; sent: our
    messages within WITHIN; arm, share: of DRAWN; earlier: orders before; active: days with life in ALIVE before;
    age: days since first sight; recent: days since the last order, large where there is none."""

    what: Small
    person: Ints
    had: Small
    gap: Small
    bought: Bools
    sent: Small
    arm: Bools
    share: Floats
    earlier: Small
    active: Small
    age: Small
    recent: Small

    def __len__(self) -> int:
        return len(self.what)

    def at(self, rows: Ints | Bools) -> Moments:
        """Some of them."""
        return replace(self, **{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})

    @property
    def cell(self) -> Small:
        """Who is alike: orders before (0, 1, 2-3, 4+) × days active (0, 1-2, 3-7, 8+) × days known (28, 180) × gap."""
        orders = np.searchsorted([1, 2, 4], self.earlier, "right")
        active = np.searchsorted([1, 3, 8], self.active, "right")
        known = np.searchsorted([28, 180], self.age, "right")
        return ((orders * 12 + active * 3 + known) * (len(GAPS) + 2) + self.gap + 1).astype(np.int16)

    @property
    def columns(self) -> Floats:
        """Columns that tell beforehand who orders, for precision."""
        return np.stack(
            [self.earlier > 0, np.log1p(self.earlier), self.recent < 30, self.recent < 90, self.active / 28,
             self.age < 28], axis=1,
        ).astype(np.float64)  # fmt: skip


def moments(log: Log) -> Moments:
    """All moments of the last BACK after which WITHIN is over, by person and time."""
    made = [_of(log, TOUCHED, log.touches), _of(log, NOT_TOUCHED, _regular(log)), _of(log, DRAWN, log.drawn)]
    return Moments(**{name: np.concatenate([getattr(one, name) for one in made])
                      for name in Moments.__dataclass_fields__})  # fmt: skip


def _regular(log: Log) -> Ints:
    """Every EVERY one moment of each person of the sample, from their first sight on; each has their own days."""
    people = np.arange(0, len(log.first), log.sample, dtype=np.int64)
    begin = KEPT - BACK + (people * 2_654_435_761 % EVERY)
    grid = begin[:, None] + np.arange(0, BACK - WITHIN, EVERY, dtype=np.int64)
    there = (grid >= log.first[people, None]) & (grid + WITHIN <= KEPT)
    return keys_of(np.broadcast_to(people[:, None], grid.shape)[there], grid[there])


def _of(log: Log, what: int, keys: Ints) -> Moments:
    place = np.arange(len(keys)) if what == TOUCHED else np.searchsorted(log.touches, keys, "left")
    second = keys & ((1 << BITS) - 1)
    kept = (second >= KEPT - BACK) & (second + WITHIN <= KEPT)
    keys, place, second = keys[kept], place[kept], second[kept]
    person = keys >> BITS
    before = np.searchsorted(log.orders, keys, "left")
    earlier = before - np.searchsorted(log.orders, person << BITS, "left")
    last = np.where(earlier > 0, _take(log.orders, before - 1), (person << BITS) - 1)
    had = np.maximum(place - np.searchsorted(log.touches, np.maximum(keys - WINDOW, last + 1), "left"), 0)
    since = keys - _take(log.touches, place - 1)
    midnight = keys - DAY  # of days that were over: the day itself holds what came after
    active = np.searchsorted(log.active, midnight, "right") - np.searchsorted(log.active, midnight - ALIVE, "right")
    drawn = what == DRAWN
    return Moments(
        what=np.full(len(keys), what, dtype=np.int16), person=person, had=np.minimum(had, MOST).astype(np.int16),
        gap=np.where(had > 0, np.searchsorted(GAPS, since, "right"), -1).astype(np.int16),
        bought=np.searchsorted(log.orders, keys + WITHIN, "left") > before,
        sent=_within(log.messages, keys),
        arm=log.arm[kept] if drawn else np.zeros(len(keys), dtype=np.bool_),
        share=log.share[kept] if drawn else np.zeros(len(keys)),
        earlier=_small(earlier), active=_small(active), age=_small((second - log.first[person]) // DAY),
        recent=_small(np.where(earlier > 0, keys - last, 9_999 * DAY) // DAY),
    )  # fmt: skip


def _within(of: Ints, keys: Ints) -> Small:
    return _small(np.searchsorted(of, keys + WITHIN, "left") - np.searchsorted(of, keys, "left"))


def _take(values: Ints, places: Ints) -> Ints:
    """Values at these places; anything where there is none (a place before the first)."""
    return values[np.maximum(places, 0)] if len(values) else np.zeros(len(places), dtype=np.int64)


def _small(values: Ints) -> Small:
    return np.clip(values, 0, 9_999).astype(np.int16)
