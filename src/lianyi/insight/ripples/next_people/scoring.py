"""Steps of a ripple, one after the other: what each way of guessing says about who is next."""

from __future__ import annotations

import numpy as np

from lianyi.insight.kernels import Doubles, Floats, Ints, Longs, inlined, kernel
from lianyi.insight.ripples.next_people.counting import FORGETTING, Counts

# Each way remembers the earlier people of the ripple less and less: (rows, kept per step).
WAYS = (("after", 0.5), ("after", 0.9), ("after", 1.0), ("soon", 0.3), ("soon", 0.8), ("beside", 0.7), ("beside", 1.0),
        ("tied", 0.5), ("tied", 1.0))  # fmt: skip
NAMES = (*(f"{rows} {kept:g}" for rows, kept in WAYS), *(f"popular {half:g}" for half in FORGETTING))
BUCKETS = (1, 2, 3, 6, 12, 25, 50, 100)  # people in the ripple so far, from which another mixture applies
LEAST = 1e-9


def step_bucket(people: int) -> int:
    """Which mixture applies with so many people."""
    return int(np.searchsorted(BUCKETS, people, side="right")) - 1


def walk(
    counts: Counts, start: Longs, person: Ints, mixtures: Doubles, stopping: Doubles, *, longest: int
) -> tuple[Doubles, Longs, Longs]:
    """Through all ripples. Per step (person who came next, or the end): what each way gave, rank, people before.

    mixtures: (buckets, ways), sums of 1. stopping: chance per number of people so far that the ripple ends there, used
    to rank the end among people; the last counts for all longer ones. longest: a ripple is cut to so many entries, the
    end among them (MS-HGAT's protocol: what is longer has no end). Shapes: (steps, ways), (steps,), (steps,).
    """
    size = np.minimum(np.diff(start), longest)
    ended = (np.diff(start) < longest).astype(np.int64)
    steps = int((size - 1 + ended).sum())
    given, rank, before = np.zeros((steps, len(NAMES))), np.zeros(steps, np.int64), np.zeros(steps, np.int64)
    bounds = np.array(BUCKETS, dtype=np.int64)
    _walk(*_arrays(counts), start, person, size, ended, bounds, mixtures, stopping, given, rank, before)
    return given, rank, before


def guess(counts: Counts, sofar: Ints, mixture: Doubles) -> Doubles:
    """Chance of each person to be next, given that there is a next; people in the ripple have none. Sums to 1."""
    return np.asarray(_guess(*_arrays(counts), sofar, mixture), dtype=np.float64)


def _arrays(counts: Counts) -> tuple[Longs, Ints, Floats, Doubles, Doubles]:
    """All rows one after the other: start (ways, people + 1), other, weight, kept, popular."""
    tables = [getattr(counts, rows) for rows, _ in WAYS]
    kinds = list(dict.fromkeys(rows for rows, _ in WAYS))
    distinct = [getattr(counts, rows) for rows in kinds]
    offset = np.concatenate([[0], np.cumsum([len(table.other) for table in distinct])]).astype(np.int64)
    shift = np.array([offset[kinds.index(rows)] for rows, _ in WAYS], dtype=np.int64)
    return (
        np.stack([table.start for table in tables]) + shift[:, None],
        np.concatenate([table.other for table in distinct]),
        np.concatenate([table.weight for table in distinct]),
        np.array([kept for _, kept in WAYS]),
        counts.popular,
    )


@inlined
def _take_in(who: int, begin: Longs, other: Ints, weight: Floats, kept: Doubles, value: Doubles) -> None:
    """Somebody came: every way forgets a little and adds what this person says."""
    for way in range(len(kept)):
        if kept[way] != 1.0:
            for one in range(value.shape[1]):
                value[way, one] *= kept[way]
        for place in range(begin[way, who], begin[way, who + 1]):
            value[way, other[place]] += weight[place]


@inlined
def _sums(value: Doubles, gone: Ints, total: Doubles) -> None:
    """What each way gives to all who are not in the ripple yet."""
    for way in range(value.shape[0]):
        all_of_it = 0.0
        for one in range(value.shape[1]):
            if not gone[one]:
                all_of_it += value[way, one]
        total[way] = all_of_it


@inlined
def _mix(value: Doubles, total: Doubles, mixture: Doubles, score: Doubles) -> None:
    """The chance of each person as the mixture of all ways that give anything."""
    mass = 0.0
    for way in range(len(total)):
        if total[way] > 0:
            mass += mixture[way]
    score[:] = 0.0
    for way in range(len(total)):
        if total[way] > 0:
            share = mixture[way] / total[way] / mass
            for one in range(len(score)):
                score[one] += share * value[way, one]


@inlined
def _ahead(score: Doubles, gone: Ints, wanted: float) -> int:
    """How many who are not in the ripple score more."""
    count = 0
    for one in range(len(score)):
        if not gone[one] and score[one] > wanted:
            count += 1
    return count


@kernel
def _guess(
    begin: Longs, other: Ints, weight: Floats, kept: Doubles, popular: Doubles, sofar: Ints, mixture: Doubles,
) -> Doubles:  # fmt: skip
    ways, people = begin.shape[0] + popular.shape[0], begin.shape[1] - 1
    value, gone, total = np.zeros((ways, people)), np.zeros(people, np.int32), np.zeros(ways)
    value[begin.shape[0] :] = popular
    for who in sofar:
        gone[who] = 1
        _take_in(who, begin, other, weight, kept, value)
    _sums(value, gone, total)
    score = np.zeros(people)
    _mix(value, total, mixture, score)
    for who in sofar:
        score[who] = 0.0
    score /= max(score.sum(), 1e-300)
    return score


@kernel
def _walk(
    begin: Longs, other: Ints, weight: Floats, kept: Doubles, popular: Doubles, start: Longs, person: Ints,
    size: Longs, ended: Longs, bounds: Longs, mixtures: Doubles, stopping: Doubles, given: Doubles, rank: Longs,
    before: Longs,
) -> None:  # fmt: skip
    ways, people = begin.shape[0] + popular.shape[0], begin.shape[1] - 1
    total, score = np.zeros(ways), np.zeros(people)
    step = 0
    for ripple in range(len(size)):
        value, gone = np.zeros((ways, people)), np.zeros(people, np.int32)
        value[begin.shape[0] :] = popular
        for place in range(size[ripple] - 1 + ended[ripple]):
            who = person[start[ripple] + place]
            gone[who] = 1
            _take_in(who, begin, other, weight, kept, value)
            _sums(value, gone, total)
            _mix(value, total, mixtures[np.searchsorted(bounds, place + 1, side="right") - 1], score)
            stop = stopping[min(place + 1, len(stopping) - 1)]
            before[step] = place + 1
            if place + 1 == size[ripple]:  # the end: how many people are likelier than it
                rank[step] = 1 + _ahead(score, gone, stop / max(1.0 - stop, 1e-9))
            else:
                target = person[start[ripple] + place + 1]
                end_first = 1 if stop > (1.0 - stop) * score[target] else 0
                rank[step] = 1 + end_first + _ahead(score, gone, score[target])
                for way in range(ways):
                    given[step, way] = value[way, target] / total[way] if total[way] > 0 and not gone[target] else 0.0
            step += 1
