"""The same community after a refresh: what is kept, what split off, what was taken in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import permutations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.insight.communities.identity import LEAST_LIKENESS, LEAST_STAY, Succession, succession

Sets = Sequence[Iterable[int]]


def follow(old: Sets, new: Sets) -> Succession:
    def rows(sets: Sets) -> tuple[np.ndarray, np.ndarray]:
        pairs = [(item, label) for label, items in enumerate(sets) for item in items]
        return np.array([pair[0] for pair in pairs], dtype=np.int64), np.array([pair[1] for pair in pairs], np.int64)

    return succession(*rows(old), *rows(new), olds=len(old), news=len(new))


def test_a_split_a_merger_a_birth_an_end_and_growth_are_told_apart() -> None:
    old = [range(100), range(100, 150), range(150, 190), range(200, 220), range(300, 320)]
    new = [range(60), range(60, 100), range(100, 190), range(200, 300), range(400, 420)]
    told = follow(old, new)
    assert told.kept.tolist() == [0, -1, 1, 3, -1]
    assert told.came_from.tolist() == [-1, 0, -1, -1, -1]
    assert told.went_to.tolist() == [-1, -1, 2, -1, -1]


def test_nothing_before_and_nothing_after() -> None:
    assert follow([], [range(3)]).kept.tolist() == [-1]
    told = follow([range(3)], [])
    assert (told.kept.tolist(), told.went_to.tolist()) == ([], [-1])


people = st.lists(st.sets(st.integers(0, 14), min_size=1, max_size=9), max_size=5)


def worth(old: Sets, new: Sets, pairs: Iterable[tuple[int, int]]) -> float:
    total = 0.0
    for one, other in pairs:
        before, after = set(old[one]), set(new[other])
        like = len(before & after) / len(before | after)
        stay = len(before & after) / min(len(before), len(after))
        total += like if like >= LEAST_LIKENESS and stay >= LEAST_STAY else 0.0
    return total


@settings(max_examples=150)
@given(people, people)
def test_the_matching_is_one_to_one_and_as_good_as_the_best_of_all(old: Sets, new: Sets) -> None:
    kept = follow(old, new).kept
    pairs = [(int(one), other) for other, one in enumerate(kept) if one >= 0]
    assert len({one for one, _ in pairs}) == len(pairs)
    seats = [*range(len(old)), *[-1] * len(new)]
    best = max(
        (worth(old, new, [(one, other) for other, one in enumerate(choice) if one >= 0])
         for choice in set(permutations(seats, len(new)))),
        default=0.0,
    ) if len(new) <= 3 else None  # fmt: skip
    if best is not None:
        assert worth(old, new, pairs) >= best - 1e-6


@settings(max_examples=100)
@given(people, st.randoms(use_true_random=False))
def test_a_refresh_that_changes_nothing_keeps_every_id_whatever_the_order(sets: Sets, random: object) -> None:
    different = [list(one) for one in dict.fromkeys(frozenset(one) for one in sets)]
    order = list(range(len(different)))
    random.shuffle(order)  # type: ignore[attr-defined]
    told = follow(different, [different[place] for place in order])
    assert told.kept.tolist() == order
    assert set(told.went_to.tolist()) <= {-1}


@settings(max_examples=60)
@given(people, people)
def test_communities_of_other_people_change_nothing(old: Sets, new: Sets) -> None:
    beside = [range(100, 110)]
    with_others = follow([*old, *beside], [*new, *beside])
    alone = follow(old, new).kept

    def sum_of(kept: np.ndarray) -> float:
        return worth(old, new, [(int(one), other) for other, one in enumerate(kept) if one >= 0])

    assert abs(sum_of(with_others.kept[:-1]) - sum_of(alone)) < 1e-6
    assert with_others.kept[-1] == len(old)
