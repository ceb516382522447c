"""What can be seen of a ripple at a moment: its growth so far, who takes part, what else is going on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles, Ints, Longs, kernel

Array = NDArray[Any]
MEMBERS = 500  # of a ripple, at most, whose following is counted
DAY = 24.0
QUICKEST = 0.1  # hours: what came so lately has its whole momentum
LOG_SPAN = math.log(24.0 * 30 / QUICKEST)


@dataclass(frozen=True, kw_only=True)
class Point:
    """When one looks: `hours` after the first person, or once there are `people`. One of the two is 0."""

    name: str
    hours: float = 0.0
    people: int = 0


POINTS = (
    Point(name="30 min", hours=0.5),
    Point(name="1 h", hours=1.0),
    Point(name="6 h", hours=6.0),
    Point(name="5 people", people=5),
    Point(name="10 people", people=10),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Growth:
    """Ripples as they grew: entries of ripple r are start[r]:start[r+1], sorted by time.

    at: hours since any origin. person: numbers from 0. generation: per entry, -1 = not known.
    """

    start: Longs
    at: Doubles
    person: Ints
    generation: Ints

    @property
    def ripples(self) -> int:
        """How many there are."""
        return len(self.start) - 1

    @property
    def began(self) -> Doubles:
        """Hours of each ripple's first entry."""
        return self.at[self.start[:-1]]

    @property
    def size(self) -> Longs:
        """People in each ripple."""
        return np.diff(self.start)


def growth(*, ripple: Array, at: Array, person: Array, generation: Array | None = None) -> Growth:
    """Sort entries by ripple (numbers from 0, none empty) and time."""
    order = np.lexsort((at, ripple))
    known = np.full(len(order), -1) if generation is None else generation[order]
    count = int(ripple.max(initial=-1)) + 1
    return Growth(
        start=np.searchsorted(ripple[order], np.arange(count + 1)).astype(np.int64),
        at=at[order].astype(np.float64),
        person=person[order].astype(np.int32),
        generation=known.astype(np.int32),
    )


def seen_at(growth: Growth, point: Point) -> tuple[Longs, Doubles]:
    """(people seen, moment) per ripple; people = 0 where a ripple never gets to the point."""
    if point.hours:
        moment = growth.began + point.hours
        late = growth.at > np.repeat(moment, growth.size)
        return growth.size - _per_ripple(growth, late.astype(np.float64)).astype(np.int64), moment
    there = growth.size >= point.people
    last = np.minimum(growth.start[:-1] + point.people - 1, growth.start[1:] - 1)
    return np.where(there, point.people, 0).astype(np.int64), growth.at[last]


def _per_ripple(growth: Growth, values: Doubles) -> Doubles:
    return np.add.reduceat(values, growth.start[:-1]) if growth.ripples else np.empty(0)


FEATURES = (
    "people", "hours", "hours since the last", "mean of the last gaps", "share in the last half", "time to half",
    "momentum", "starter: times before", "starter: people brought", "members: times before",
    "members: people brought", "most brought by one", "generations", "share of later generations",
    "going on elsewhere", "hour sine", "hour cosine",
)  # fmt: skip


def features(growth: Growth, point: Point) -> NDArray[np.float64]:
    """One row per ripple, columns FEATURES; nothing later than the moment of looking is read. NaN = not known."""
    seen, moment = seen_at(growth, point)
    times, brought = histories(growth)
    made = np.full((growth.ripples, len(FEATURES)), np.nan)
    _features(growth.start, growth.at, growth.generation, seen, moment, times, brought, made)
    order = np.sort(growth.at)
    busy = np.searchsorted(order, moment) - np.searchsorted(order, moment - DAY)
    made[:, FEATURES.index("going on elsewhere")] = np.log1p(np.maximum(busy - seen, 0))
    angle = 2 * np.pi * (moment % DAY) / DAY
    made[:, -2:] = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return made


def histories(growth: Growth) -> tuple[Doubles, Doubles]:
    """Per entry, of its person before it: in how many ripples, and how many people came after them per ripple."""
    ripple = np.repeat(np.arange(growth.ripples), growth.size)
    order = np.lexsort((np.arange(len(ripple)), growth.at)).astype(np.int64)
    people = int(growth.person.max(initial=-1)) + 1
    return _histories(order, ripple.astype(np.int64), growth.start, growth.person, people)


@kernel
def _histories(order: Longs, ripple: Longs, start: Longs, person: Ints, people: int) -> tuple[Doubles, Doubles]:
    times, brought = np.zeros(people, np.float64), np.zeros(people, np.float64)
    before, followed = np.empty(len(order), np.float64), np.empty(len(order), np.float64)
    for entry in order:
        who = person[entry]
        before[entry] = times[who]
        followed[entry] = brought[who] / (times[who] + 1.0)
        first = start[ripple[entry]]
        for earlier in range(first, min(entry, first + MEMBERS)):
            brought[person[earlier]] += 1.0
        times[who] += 1.0
    return before, followed


@kernel
def _features(
    start: Longs, at: Doubles, generation: Ints, seen: Longs, moment: Doubles, times: Doubles, brought: Doubles,
    made: Array,
) -> None:  # fmt: skip
    for ripple in range(len(seen)):
        people, low = seen[ripple], start[ripple]
        if people == 0:
            continue
        high, now, began = low + people, moment[ripple], at[low]
        age = max(now - began, 1e-3)
        recent, momentum, known, deep, deepest = 0.0, 0.0, 0.0, 0.0, 0.0
        before, followed, most = 0.0, 0.0, 0.0
        for entry in range(low, high):
            waited = max(now - at[entry], 1e-3)
            recent += 1.0 if waited < age / 2.0 else 0.0
            momentum += 1.0 - min(max(math.log(waited / QUICKEST) / LOG_SPAN, 0.0), 1.0)
            before += math.log1p(times[entry])
            followed += math.log1p(brought[entry])
            most = max(most, brought[entry])
            if generation[entry] >= 0:
                known += 1.0
                deep += 1.0 if generation[entry] > 1 else 0.0
                deepest = max(deepest, float(generation[entry]))
        gaps = min(people - 1, 3)
        made[ripple, 0] = math.log2(people)
        made[ripple, 1] = math.log(age)
        made[ripple, 2] = math.log(max(now - at[high - 1], 1e-3))
        if gaps > 0:
            made[ripple, 3] = math.log(max((at[high - 1] - at[high - 1 - gaps]) / gaps, 1e-3))
        made[ripple, 4] = recent / people
        made[ripple, 5] = math.log(max(at[low + people // 2] - began, 1e-3))
        made[ripple, 6] = momentum / people
        made[ripple, 7] = math.log1p(times[low])
        made[ripple, 8] = math.log1p(brought[low])
        made[ripple, 9] = before / people
        made[ripple, 10] = followed / people
        made[ripple, 11] = math.log1p(most)
        if known > 0:
            made[ripple, 12] = deepest
            made[ripple, 13] = deep / known
