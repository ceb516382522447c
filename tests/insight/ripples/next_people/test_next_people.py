"""Who is next: counts and ranks against plain Python, chances that sum to one, patterns that are found."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.insight.ripples.next_people import learn_next
from lianyi.insight.ripples.next_people.counting import REACH, count
from lianyi.insight.ripples.next_people.scoring import BUCKETS, NAMES, WAYS, guess, step_bucket, walk

PEOPLE = 12
RIPPLES = st.lists(st.lists(st.integers(0, PEOPLE - 1), min_size=1, max_size=8, unique=True), min_size=1, max_size=8)


def laid(ripples: list[list[int]]) -> tuple[Any, Any]:
    start = np.concatenate([[0], np.cumsum([len(ripple) for ripple in ripples])]).astype(np.int64)
    return start, np.array([person for ripple in ripples for person in ripple], dtype=np.int32)


def even() -> Any:
    return np.full((len(BUCKETS), len(NAMES)), 1 / len(NAMES))


@settings(max_examples=50, deadline=None)
@given(RIPPLES)
def test_counts_are_those_of_plain_loops(ripples: list[list[int]]) -> None:
    start, person = laid(ripples)
    made = count(start, person, PEOPLE)
    wanted: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for ripple in ripples:
        for place, one in enumerate(ripple):
            for later, other in enumerate(ripple[place + 1 : place + 1 + REACH]):
                wanted[one][other] += (later + 1) ** -0.5
    for one in range(PEOPLE):
        row = slice(made.after.start[one], made.after.start[one + 1])
        found = dict(zip(made.after.other[row].tolist(), made.after.weight[row].tolist(), strict=True))
        scale = sum(wanted[one].values()) ** 0.5
        assert found == pytest.approx({other: weight / scale for other, weight in wanted[one].items()}, rel=1e-5)


@settings(max_examples=40, deadline=None)
@given(RIPPLES, RIPPLES)
def test_ranks_are_those_of_chances_sorted(past: list[list[int]], ripples: list[list[int]]) -> None:
    counts = count(*laid(past), PEOPLE)
    start, person = laid(ripples)
    given_, rank, before = walk(counts, start, person, even(), np.zeros(1), longest=200)
    step = 0
    for ripple in ripples:
        for place in range(1, len(ripple)):
            chance = guess(counts, np.array(ripple[:place], dtype=np.int32), even()[step_bucket(place)])
            assert chance.sum() == pytest.approx(1)
            assert chance[ripple[:place]].max() == 0
            target = chance[ripple[place]]
            close = np.isclose(chance, target, rtol=1e-9)
            assert 1 + (chance > target).sum() - close.sum() < rank[step] <= 1 + ((chance > target) | close).sum()
            assert before[step] == place
            assert (given_[step] <= 1 + 1e-9).all()
            step += 1
        step += 1  # the end
    assert step == len(rank)


def test_a_ripple_cut_at_the_longest_has_no_end() -> None:
    counts = count(*laid([[0, 1, 2, 3]]), PEOPLE)
    _, rank, _ = walk(counts, *laid([[0, 1, 2, 3, 4]]), even(), np.zeros(1), longest=3)
    assert len(rank) == 2


def test_who_always_follows_is_found_and_chances_are_honest() -> None:
    dice = np.random.default_rng(2)
    ripples = []
    for _ in range(400):
        leader = int(dice.integers(0, 6))
        follower = 6 + leader if dice.random() < 0.8 else int(dice.integers(12, 40))
        ripples.append([leader, follower])
    made = learn_next(*laid(ripples), 40)
    hits, promised = 0, 0.0
    for leader in range(6):
        who, chance = made.likely(np.array([leader]), top=1)
        hits += int(who[0] == 6 + leader)
        promised += float(chance[0]) / 6
    assert hits == 6
    assert 0.6 < promised < 0.85, "eight in ten, drawn a little towards the middle"


def test_ties_alone_help_where_people_never_met_in_a_ripple() -> None:
    dice = np.random.default_rng(3)
    friend = dice.permutation(100)
    order = dice.permutation(100)
    ripples = [[int(one), int(friend[one])] for one in order if one != friend[one]]
    made = learn_next(*laid(ripples[:60]), 100, ties=(np.arange(100), friend))
    right = [made.likely(np.array([one]), top=3)[0] for one, _ in ripples[60:]]
    assert np.mean([other in found for (_, other), found in zip(ripples[60:], right, strict=True)]) > 0.8


def test_every_way_has_a_name() -> None:
    assert len(NAMES) == len(set(NAMES)) == len(WAYS) + 3
