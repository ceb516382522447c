"""Who followed whom: counts over past ripples, as sparse rows per person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles, Floats, Ints, Longs, kernel

REACH = 60  # people after (and before) somebody in a ripple that count
SOON = 3


class Rows(NamedTuple):
    """Sparse weights: those of person u are start[u]:start[u+1]."""

    start: Longs
    other: Ints
    weight: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Counts:
    """What past ripples say. after: v came after u. soon: within SOON people. beside: in one ripple, in any order.
    tied: arcs of the graph, both ways. popular: (kinds, people), how often a person took part, forgotten at different
    speeds. All are weights, none is a probability."""

    after: Rows
    soon: Rows
    beside: Rows
    tied: Rows
    popular: Doubles

    @property
    def people(self) -> int:
        """How many people there are."""
        return int(self.popular.shape[1])


FORGETTING = (np.inf, 0.3, 0.06)  # half-lives of popularity, as parts of all past ripples


def count(start: Longs, person: Ints, people: int, *, ties: tuple[NDArray[Any], NDArray[Any]] | None = None) -> Counts:
    """From ripples in order of time (entries of ripple r: start[r]:start[r+1], in order of time) and directed ties."""
    age = np.arange(len(start) - 1)[::-1] / max(len(start) - 1, 1)
    popular = np.stack(
        [
            np.bincount(person, np.repeat(0.5 ** (age / half), np.diff(start)), people) + 0.02
            for half in FORGETTING
        ]
    )  # fmt: skip
    first, second, gap = _pairs(start, person)
    weight = (1.0 / np.sqrt(gap)).astype(np.float32)
    near = gap <= SOON
    source, target = ties if ties is not None else (np.empty(0, np.int32), np.empty(0, np.int32))
    both = np.concatenate([source, target]).astype(np.int32), np.concatenate([target, source]).astype(np.int32)
    return Counts(
        after=_rows(first, second, weight, people),
        soon=_rows(first[near], second[near], weight[near], people),
        beside=_rows(np.concatenate([first, second]), np.concatenate([second, first]), np.tile(weight, 2), people),
        tied=_rows(*both, np.ones(len(both[0]), np.float32), people),
        popular=popular,
    )


def _rows(source: Ints, target: Ints, weight: Floats, people: int) -> Rows:
    """Sum equal pairs; each row's weights are divided by √(their sum), so that who is everywhere says less."""
    code = source.astype(np.int64) * people + target
    distinct, place = np.unique(code, return_inverse=True)
    total = np.bincount(place.reshape(-1), weight, len(distinct))
    row = distinct // people
    scale = np.sqrt(np.maximum(np.bincount(row, total, people), 1e-12))
    return Rows(
        np.searchsorted(row, np.arange(people + 1)).astype(np.int64),
        (distinct % people).astype(np.int32),
        (total / scale[row]).astype(np.float32),
    )


def _pairs(start: Longs, person: Ints) -> tuple[Ints, Ints, Ints]:
    size = np.diff(start)
    whole = np.maximum(size - REACH, 0)
    rest = size - whole
    total = int((whole * REACH + rest * (rest - 1) // 2).sum())
    first, second, gap = (np.empty(total, np.int32) for _ in range(3))
    _fill_pairs(start, person, first, second, gap)
    return first, second, gap


@kernel
def _fill_pairs(start: Longs, person: Ints, first: Ints, second: Ints, gap: Ints) -> None:
    place = 0
    for ripple in range(len(start) - 1):
        for one in range(start[ripple], start[ripple + 1]):
            for other in range(one + 1, min(one + 1 + REACH, start[ripple + 1])):
                first[place], second[place], gap[place] = person[one], person[other], other - one
                place += 1
