"""What a plan may do: how many, for how much, whom not, how many of which community, and with which incentives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lianyi.errors import InputError
from lianyi.insight.kernels import Doubles, Ints, Longs

NO_COMMUNITY = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Offers:
    """Ways to win people over; one row = one incentive to one person. A plan takes at most one per person.

    person: whom. cost: what it costs if taken. acceptance: chance that the person then starts at all.
    boost: the arcs that leave the person carry min(1, boost × probability) when this offer made them start; at least 1.
    All of shape (offers,).
    """

    person: Ints
    cost: Doubles
    acceptance: Doubles
    boost: Doubles

    def __len__(self) -> int:
        return len(self.person)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rules:
    """Limits of a plan. At least one of `people` and `budget` must be given.

    people: most seeds. budget: most money; needs cost per person or offers. cost: shape (nodes,), at least 0.
    forbidden: True for people who must not be asked, shape (nodes,). community: each person's, numbered from 0, -1 for
    none, shape (nodes,). most, least: seeds from a community at most, at least.
    """

    people: int | None = None
    budget: float | None = None
    cost: Doubles | None = None
    forbidden: NDArray[np.bool_] | None = None
    community: Ints | None = None
    most: Mapping[int, int] = field(default_factory=dict)
    least: Mapping[int, int] = field(default_factory=dict)
    offers: Offers | None = None


class Terms(NamedTuple):
    """Rules as kernels read them; one row = one item (an offer, or a person without offers)."""

    limit: int  # seeds that fit into people and budget
    budget: float  # inf when money does not matter; every cost is then 1
    several: bool  # items are offers: a person may have more than one
    surest: float  # the largest acceptance among allowed offers, 1 without offers
    cost: Doubles
    person: Ints
    community: Ints
    allowed: NDArray[np.bool_]
    most: Longs  # per community
    least: Longs
    reserve: (
        Doubles  # per community: money for the dearest 0, 1, 2 … of its cheapest `least` items, rows of `reserve_start`
    )
    reserve_start: Longs


def terms_of(rules: Rules, nodes: int) -> Terms:
    """Check the rules against a graph and number them. InputError names the rule that can't be kept."""
    _refuse_bad_limits(rules)
    person, cost = _items(rules, nodes)
    allowed = (
        np.ones(len(person), np.bool_) if rules.forbidden is None else ~_per_person(rules.forbidden, nodes)[person]
    )
    budget = np.inf if rules.budget is None else float(rules.budget)
    allowed = allowed & (cost <= budget) if rules.budget is not None else allowed
    community = np.full(len(person), NO_COMMUNITY, np.int32)
    if rules.community is not None:
        community = _per_person(rules.community, nodes).astype(np.int32)[person]
    most, least = _quotas(rules, community)
    choosable = int(np.count_nonzero(np.bincount(person[allowed], minlength=1)))
    limit = choosable if rules.people is None else min(rules.people, choosable)
    if limit == 0:
        raise InputError("nobody may be asked: all are forbidden or dearer than the budget. Widen the rules")
    reserve, reserve_start = _reserves(person, cost, community, allowed, least)
    terms = Terms(
        limit,
        budget,
        rules.offers is not None,
        _surest(rules, allowed),
        cost,
        person,
        community,
        allowed,
        most,
        least,
        reserve,
        reserve_start,
    )
    terms = terms._replace(limit=_affordable(terms))
    _refuse_unkeepable(terms)
    return terms


def _surest(rules: Rules, allowed: NDArray[np.bool_]) -> float:
    return 1.0 if rules.offers is None else float(rules.offers.acceptance[allowed].max())


def _affordable(terms: Terms) -> int:
    """How many seeds at most fit into people and budget together."""
    if np.isinf(terms.budget):
        return terms.limit
    cheapest = np.full(int(terms.person.max()) + 1, np.inf)
    np.minimum.at(cheapest, terms.person[terms.allowed], terms.cost[terms.allowed])
    paid = np.cumsum(np.sort(cheapest[np.isfinite(cheapest)]))
    return min(terms.limit, int(np.searchsorted(paid, terms.budget * (1 + 1e-12), side="right")))


def _refuse_bad_limits(rules: Rules) -> None:
    if rules.people is None and rules.budget is None:
        raise InputError("a plan needs a limit: give people, budget or both")
    if rules.people is not None and rules.people < 1:
        raise InputError(f"people = {rules.people}; at least 1 must be asked")
    if rules.budget is not None and not 0 <= rules.budget < np.inf:
        raise InputError(f"budget = {rules.budget}; it must be a number of at least 0")
    if rules.budget is not None and rules.cost is None and rules.offers is None:
        raise InputError("a budget needs to know what people cost: give cost per person or offers")
    if rules.cost is not None and rules.offers is not None:
        raise InputError("cost per person and offers are both given; offers have their own cost, so leave out cost")
    if (rules.most or rules.least) and rules.community is None:
        raise InputError("quotas need each person's community: give community")


def _items(rules: Rules, nodes: int) -> tuple[Ints, Doubles]:
    if rules.offers is None:
        person = np.arange(nodes, dtype=np.int32)
        cost = np.ones(nodes) if rules.cost is None or rules.budget is None else _per_person(rules.cost, nodes)
    else:
        _refuse_bad_offers(rules.offers, nodes)
        person = rules.offers.person.astype(np.int32)
        cost = np.ones(len(person)) if rules.budget is None else rules.offers.cost
    bad = np.flatnonzero(~(cost >= 0))
    if bad.size:
        raise InputError(f"cost of item {bad[0]} = {cost[bad[0]]}; it must be at least 0")
    return person, np.asarray(cost, np.float64)


def _refuse_bad_offers(offers: Offers, nodes: int) -> None:
    shapes = {len(offers.person), len(offers.cost), len(offers.acceptance), len(offers.boost)}
    if len(shapes) != 1 or not len(offers):
        raise InputError(f"offers have columns of {sorted(shapes)} rows; all four need the same number, at least 1")
    checks = (
        ("person", (offers.person >= 0) & (offers.person < nodes), f"between 0 and {nodes - 1}"),
        ("acceptance", (offers.acceptance > 0) & (offers.acceptance <= 1), "above 0, at most 1"),
        ("boost", (offers.boost >= 1) & np.isfinite(offers.boost), "at least 1"),
    )
    for name, good, allowed in checks:
        if not good.all():
            row = int(np.flatnonzero(~good)[0])
            raise InputError(f"offer {row}: {name} = {getattr(offers, name)[row]}; it must be {allowed}")


def _per_person(values: NDArray[Any], nodes: int) -> NDArray[Any]:
    if values.shape != (nodes,):
        raise InputError(f"a rule per person has shape {values.shape}; there are {nodes} people")
    return values


def _quotas(rules: Rules, community: Ints) -> tuple[Longs, Longs]:
    size = max([int(community.max(initial=NO_COMMUNITY)), *rules.most, *rules.least], default=NO_COMMUNITY) + 1
    most = np.full(size, np.iinfo(np.int64).max)
    least = np.zeros(size, np.int64)
    for quota, name, array in ((rules.most, "most", most), (rules.least, "least", least)):
        for number, seeds in quota.items():
            if number < 0 or seeds < 0:
                raise InputError(f"quota {name}[{number}] = {seeds}; communities and seeds are counted from 0")
            array[number] = seeds
    for crossed in np.flatnonzero(least > most):
        raise InputError(f"community {crossed}: at least {least[crossed]}, but at most {most[crossed]} seeds")
    return most, least


def _reserves(
    person: Ints, cost: Doubles, community: Ints, allowed: NDArray[np.bool_], least: Longs
) -> tuple[Doubles, Longs]:
    start = np.zeros(len(least) + 1, np.int64)
    np.cumsum(least + 1, out=start[1:])
    reserve = np.zeros(start[-1])
    for number in np.flatnonzero(least):
        mine = np.flatnonzero(allowed & (community == number))
        mine = mine[np.argsort(cost[mine], kind="stable")]
        _, first = np.unique(person[mine], return_index=True)
        cheapest = np.sort(cost[mine[first]])[: least[number]]
        if len(cheapest) < least[number]:
            raise InputError(f"community {number}: at least {least[number]} seeds wanted, {len(cheapest)} may be asked")
        reserve[start[number] + 1 : start[number + 1]] = np.cumsum(cheapest[::-1])
    return reserve, start


def _refuse_unkeepable(terms: Terms) -> None:
    if terms.least.sum() > terms.limit:
        raise InputError(f"quotas want at least {terms.least.sum()} seeds; the plan may ask {terms.limit}")
    needed = terms.reserve[terms.reserve_start[1:] - 1].sum() if len(terms.least) else 0.0
    if needed > terms.budget:
        raise InputError(f"quotas cost at least {needed:g}; the budget is {terms.budget:g}")
