"""Greedy coverage is the exact greedy one, keeps the rules, and its bound is never below the true optimum."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.errors import InputError
from lianyi.insight.ripples.spread import Offers, Rules, Sets, coverage
from lianyi.insight.ripples.spread.rules import Terms, terms_of

PEOPLE = 8
QUIET = settings(max_examples=60, deadline=None)
memberships = st.lists(st.sets(st.integers(0, PEOPLE - 1), max_size=5), min_size=1, max_size=25)


def as_sets(rows: list[set[int]]) -> Sets:
    start = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return Sets(start=start, members=np.array([item for row in rows for item in sorted(row)], np.int32))


def cover(rows: list[set[int]], terms: Terms) -> coverage.Cover:
    counts = np.zeros(len(terms.person), np.int32)
    sets = as_sets(rows)
    coverage.count_members(sets.members, counts)
    return coverage.cover(sets, counts, terms)


def met(rows: list[set[int]], items: tuple[int, ...]) -> int:
    return sum(bool(row & set(items)) for row in rows)


def is_greedy(rows: list[set[int]], cover_: coverage.Cover) -> bool:
    """Each item gains as much as any could at its turn (ties may fall either way)."""
    for place, gain in enumerate(cover_.gains):
        before = tuple(cover_.items[:place])
        if gain != max(met(rows, (*before, item)) for item in range(PEOPLE)) - met(rows, before):
            return False
    return True


@QUIET
@given(memberships, st.integers(1, 4))
def test_number_of_people(rows: list[set[int]], seeds: int) -> None:
    found = cover(rows, terms_of(Rules(people=seeds), PEOPLE))
    assert is_greedy(rows, found)
    assert found.met == met(rows, tuple(found.items))
    assert [met(rows, (item,)) for item in found.items] == list(found.alone)
    best = max(met(rows, chosen) for chosen in combinations(range(PEOPLE), seeds))
    assert found.met <= best <= found.most + 1e-9
    assert found.met >= (1 - 1 / np.e) * best


@QUIET
@given(memberships, st.integers(1, 5))
def test_a_narrow_pool_widens_until_the_choice_is_greedy(rows: list[set[int]], seeds: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coverage, "_WIDTH", 1)
        patch.setattr(coverage, "_WIDEST_START", 2)
        found = cover(rows, terms_of(Rules(people=seeds), PEOPLE))
    assert is_greedy(rows, found)
    assert max(met(rows, chosen) for chosen in combinations(range(PEOPLE), seeds)) <= found.most + 1e-9


@QUIET
@given(
    memberships,
    st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, 5.0]), min_size=PEOPLE, max_size=PEOPLE),
    st.sampled_from([1.0, 2.5, 6.0]),
    st.lists(st.integers(-1, 2), min_size=PEOPLE, max_size=PEOPLE),
    st.sets(st.integers(0, PEOPLE - 1), max_size=3),
)
def test_budget_quotas_and_forbidden_people(
    rows: list[set[int]], cost: list[float], budget: float, community: list[int], forbidden: set[int]
) -> None:
    money = np.array(cost)
    rules = Rules(
        people=4,
        budget=budget,
        cost=money,
        forbidden=np.isin(np.arange(PEOPLE), list(forbidden)),
        community=np.array(community, np.int32),
        most={0: 1, 1: 2},
        least={2: 1},
    )

    def allowed(chosen: tuple[int, ...]) -> bool:
        seats = [sum(community[person] == number for person in chosen) for number in range(3)]
        return (
            money[list(chosen)].sum() <= budget + 1e-9
            and not forbidden & set(chosen)
            and seats[0] <= 1
            and seats[1] <= 2
            and seats[2] >= 1
        )

    choices = [c for size in range(5) for c in combinations(range(PEOPLE), size) if allowed(c)]
    if not choices:
        with pytest.raises(InputError):
            terms_of(rules, PEOPLE)
        return
    found = cover(rows, terms_of(rules, PEOPLE))
    assert allowed(tuple(found.items.tolist()))
    assert max(met(rows, chosen) for chosen in choices) <= found.most + 1e-6


@QUIET
@given(memberships, st.lists(st.sampled_from([0.5, 1.0, 2.0, 4.0]), min_size=PEOPLE, max_size=PEOPLE))
def test_budget_alone_keeps_its_promise(rows: list[set[int]], cost: list[float]) -> None:
    money = np.array(cost)
    found = cover(rows, terms_of(Rules(budget=4.0, cost=money), PEOPLE))
    choices = [c for size in range(PEOPLE + 1) for c in combinations(range(PEOPLE), size) if money[list(c)].sum() <= 4]
    best = max(met(rows, chosen) for chosen in choices)
    assert money[found.items].sum() <= 4.0
    assert (1 - 1 / np.sqrt(np.e)) * best - 1e-9 <= found.met <= best <= found.most + 1e-9


@QUIET
@given(memberships, st.lists(st.sampled_from([1.0, 2.0, 3.0]), min_size=PEOPLE, max_size=PEOPLE))
def test_at_most_one_offer_per_person(rows: list[set[int]], cost: list[float]) -> None:
    person = np.array([0, 0, 1, 1, 1, 2, 3, 3], np.int32)
    offers = Offers(person=person, cost=np.array(cost), acceptance=np.ones(8), boost=np.ones(8))
    found = cover(rows, terms_of(Rules(people=3, budget=5.0, offers=offers), 4))
    assert len(set(person[found.items])) == len(found.items) <= 3
    money = np.array(cost)
    choices = [
        c
        for size in range(4)
        for c in combinations(range(8), size)
        if len(set(person[list(c)])) == size and money[list(c)].sum() <= 5
    ]
    assert money[found.items].sum() <= 5.0
    assert max(met(rows, chosen) for chosen in choices) <= found.most + 1e-9


def test_people_outside_the_pool_count_with_their_cap_in_the_bounds() -> None:
    plain = terms_of(Rules(people=4), PEOPLE)
    top, nobody = np.array([5, 1, 3]), np.full(3, -1, np.int32)
    assert coverage._most_by_count(top, nobody, plain, 2) == 5 + 3 + 2 + 2
    assert coverage._most_by_count(top, nobody, plain, 0) == 5 + 1 + 3
    rate, first = np.array([5.0, 1.0, 1.5]), np.array([5.0, 1.5, 1.5])
    assert coverage._most_by_money(top, rate, first, 2.0, 0.0) == 5 + 1.5
    assert coverage._most_by_money(top, rate, first, 4.0, 1.2) == pytest.approx(5 + 3 + 1.2)
    assert coverage._most_by_money(top, rate, first, 9.0, 0.0) == 5 + 3 + 1


def test_least_quota_is_kept_even_by_people_nobody_would_choose() -> None:
    rules = Rules(people=2, community=np.array([0] * 7 + [1], np.int32), least={1: 1})
    found = cover([{0}, {0, 1}, {1}, {2}], terms_of(rules, PEOPLE))
    assert 7 in found.items
    assert len(found.items) == 2


def one_offer(*, person: int, boost: float) -> Offers:
    ones = np.ones(1)
    return Offers(person=np.array([person], np.int32), cost=ones, acceptance=ones, boost=np.array([boost]))


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (Rules(), "give people, budget or both"),
        (Rules(people=0), "people = 0"),
        (Rules(budget=-1.0, cost=np.ones(8)), "budget = -1.0"),
        (Rules(budget=1.0), "what people cost"),
        (Rules(budget=1.0, cost=np.ones(3)), "there are 8 people"),
        (Rules(budget=1.0, cost=-np.ones(8)), "cost of item 0 = -1.0"),
        (Rules(budget=1.0, cost=np.full(8, 2.0)), "nobody may be asked"),
        (Rules(people=1, most={0: 1}), "give community"),
        (Rules(people=1, community=np.zeros(8, np.int32), least={0: 2}), "at least 2 seeds; the plan may ask 1"),
        (Rules(people=3, community=np.zeros(8, np.int32), least={0: 2}, most={0: 1}), "at least 2, but at most 1"),
        (Rules(people=3, community=np.zeros(8, np.int32), least={4: 1}), "community 4: at least 1 seeds wanted, 0 may"),
        (
            Rules(people=9, budget=1.5, cost=np.ones(8), community=np.zeros(8, np.int32), least={0: 2}),
            "at least 2 seeds; the plan may ask 1",
        ),
        (
            Rules(people=1, offers=one_offer(person=9, boost=1.0)),
            "offer 0: person = 9",
        ),
        (
            Rules(people=1, offers=one_offer(person=1, boost=0.0)),
            "offer 0: boost = 0.0",
        ),
    ],
)  # fmt: skip
def test_rules_that_cannot_be_kept_are_refused(rules: Rules, message: str) -> None:
    with pytest.raises(InputError, match=message):
        terms_of(rules, PEOPLE)
