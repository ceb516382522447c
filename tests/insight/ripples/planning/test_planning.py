"""Laws of plans on small crowds, where the best choice and its reach are known in closed form."""

from __future__ import annotations

import datetime as dt
import json
import math
import random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.errors import InputError, NotFound
from lianyi.insight.ripples.planning import Incentive, Request, SeedPlan
from lianyi.insight.ripples.planning.network import number_people, read_network
from tests.insight.ripples.planning.crowds import engine_with, person, planned, stars


def ids(plan: SeedPlan) -> list[str]:
    return [seed.person_id for seed in plan.seeds]


def memberships(**of: str) -> pa.Table:
    return pa.table({"person_id": list(of), "community_id": list(of.values()), "weight": [1.0] * len(of)})


def test_the_hubs_of_the_largest_stars_are_asked_first() -> None:
    plan = planned(*stars(10, 30, 20, 5), people=2)
    assert ids(plan) == ["ph1", "ph2"]
    assert plan.forecast.reach == pytest.approx(2 + 0.5 * 50, rel=0.03)
    assert plan.forecast.people == pytest.approx(2 + 0.5 * 50, rel=0.03)
    assert plan.curve.reach[1] == pytest.approx(16, rel=0.04)


def test_bounds_of_the_chances_become_bounds_of_the_reach() -> None:
    forecast = planned(*stars(40, chance=0.3), people=1).forecast
    assert forecast.low == pytest.approx(1 + 40 * 0.15, rel=0.05)
    assert forecast.high == pytest.approx(1 + 40 * 0.6, rel=0.05)
    assert forecast.people_low < 13 < forecast.people_high  # single ripples: binomial around 13


def test_simple_rivals_are_shown_under_the_same_rules() -> None:
    """Degree is led astray by many arcs that hardly ever work."""
    people, arcs = stars(10, 30)
    arcs = [(a, b, 0.9 if a == "ph0" else 0.01) for a, b, _ in arcs]
    plan = planned(people, arcs, people=1)
    assert ids(plan) == ["ph0"]
    assert plan.rivals["degree"].reach[-1] == pytest.approx(1 + 30 * 0.01, rel=0.2)
    assert set(plan.rivals) == {"degree", "pagerank", "random"}


def test_everybody_who_may_not_be_asked_is_left_out_and_counted() -> None:
    refused = [{"purpose": "marketing", "channel": "sms", "granted": False}]
    people, arcs = stars(30, 25, 22, 20, 18, 16, 14, 3)
    facts: dict[str, dict[str, Any]] = {
        "ph0": {}, "ph1": {"tags": ["employee"]}, "ph2": {"counts": {"complained": 1}}, "ph3": {"consents": refused},
        "ph4": {"last_active": dt.date(2025, 1, 1)}, "ph5": {"orders": 0}, "ph6": {"counts": {"unfollow": 1}},
    }  # fmt: skip
    people = [person(row["person_id"], **facts.get(row["person_id"], {})) for row in people]
    plan = planned(people, arcs, people=1, sources=("customers",), forbidden=("ph0",))
    assert ids(plan) == ["ph7"]
    assert plan.left_out == {"forbidden": 1, "staff": 1, "source": 1, "complained": 2, "refused": 1, "away": 1}
    assert plan.asked_of == len(people) - 7


def test_consent_for_a_purpose_can_be_demanded() -> None:
    granted = [{"purpose": "referral", "channel": "wecom", "granted": True}]
    people, arcs = stars(9, 5)
    people = [person(row["person_id"], consents=granted if row["person_id"] == "ph1" else None) for row in people]
    assert ids(planned(people, arcs, people=3, consent="referral")) == ["ph1"]


def test_those_left_out_still_pass_things_on() -> None:
    people, arcs = [person("pa"), person("pb", tags=["staff"]), person("pc")], [("pa", "pb", 1.0), ("pb", "pc", 1.0)]
    plan = planned(people, arcs, people=1)
    assert ids(plan) == ["pa"]
    assert plan.forecast.people == 3


def test_quotas_of_communities_are_kept() -> None:
    people, arcs = stars(30, 28, 6)
    circles = {"memberships": memberships(ph0="c1", ph1="c1", ph2="c2")}
    assert ids(planned(people, arcs, circles, people=2, most_each=1)) == ["ph0", "ph2"]
    assert set(ids(planned(people, arcs, circles, people=2, least={"c2": 1}))) == {"ph0", "ph2"}
    with pytest.raises(InputError, match="no community 'c9'"):
        planned(people, arcs, circles, people=2, least={"c9": 1})


def test_people_of_one_community_can_be_the_goal() -> None:
    people, arcs = stars(30, 6)
    mine = {row["person_id"]: "c2" if row["person_id"].startswith(("ph1", "pl1")) else "c1" for row in people}
    plan = planned(people, arcs, {"memberships": memberships(**mine)}, people=1, goal="community", community="c2")
    assert ids(plan) == ["ph1"]
    assert plan.forecast.reach == pytest.approx(1 + 6 * 0.5, rel=0.05)


def test_revenue_counts_what_people_are_worth() -> None:
    """Six rich leaves are worth more than thirty poor ones; worth = share of buyers × (spend + 2·mean)/(orders + 2)."""
    people, arcs = stars(30, 6)
    rich = {row["person_id"] for row in people if row["person_id"].startswith("pl1")}
    rows = [person(row["person_id"], orders=20, net_spend=9000 if row["person_id"] in rich else 1) for row in people]
    rows[0] |= {"brought": 30, "brought_buyers": 9}
    plan = planned(rows, arcs, people=1, goal="revenue")
    assert ids(plan) == ["ph1"]
    mean = (6 * 9000 + 32) / (38 * 20)
    worth = (9 + 1) / (30 + 20) * (((9000 + 2 * mean) / 22) * 6 * 0.5 + (1 + 2 * mean) / 22)
    assert plan.forecast.reach == pytest.approx(worth, rel=0.05)


@settings(max_examples=15, deadline=None)
@given(st.integers(5, 120), st.integers(0, 5))
def test_a_budget_is_never_passed_and_nobody_gets_two_incentives(budget: int, seed: int) -> None:
    people, arcs = stars(12, 9, 7, 5, 3)
    incentives = (
        Incentive(name="coupon", cost=5, acceptance=0.4),
        Incentive(name="gift", cost=25, acceptance=0.9, boost=1.5),
    )
    plan = planned(people, arcs, budget=budget, seed=seed, incentives=incentives)
    assert sum(seed.cost for seed in plan.seeds) == pytest.approx(plan.cost)
    assert plan.cost <= budget
    assert len(set(ids(plan))) == len(plan.seeds)
    assert {seed.cost for seed in plan.seeds} <= {5, 25}


def test_an_incentive_is_forecast_with_acceptance_and_boost() -> None:
    plan = planned(*stars(40, chance=0.3), people=1, incentives=(Incentive(name="gift", acceptance=0.5, boost=2.0),))
    assert plan.seeds[0].incentive == "gift"
    assert plan.forecast.people == pytest.approx(0.5 * (1 + 40 * 0.6), rel=0.1)


def test_costs_depend_on_where_people_come_from() -> None:
    people = [person("pa", tags=["kol"]), person("pb", tags=["staff"]), person("pc"), person("pd", orders=0)]
    plan = planned(
        people, [("pa", "pb", 0.1)], people=4, budget=1000.0, sources=("customers", "kols", "employees", "others"),
        costs={"kols": 200, "employees": 1, "customers": 20, "others": 3},
    )  # fmt: skip
    assert {seed.person_id: (seed.source, seed.cost) for seed in plan.seeds} == {
        "pa": ("kols", 200), "pb": ("employees", 1), "pc": ("customers", 20), "pd": ("others", 3),
    }  # fmt: skip


def test_a_robust_plan_says_what_it_is_sure_of() -> None:
    plan = planned(*stars(30, 10), people=1, robust=True)
    assert ids(plan) == ["ph0"]
    assert plan.forecast.robust is not None
    assert 0.1 < plan.forecast.robust < 1 / 2  # a quarter of the arcs' range lies between the bounds: 8.5 of 31


def test_reach_by_the_horizon_is_less_than_in_the_end() -> None:
    chain = [person(f"p{number}") for number in range(6)]
    arcs = [(f"p{number}", f"p{number + 1}", 1.0) for number in range(5)]
    early, late = (planned(chain, arcs, people=1, horizon=days).forecast.in_time for days in (0.5, 365))
    assert early is not None
    assert late == 6
    assert 1 <= early < 5


def test_ties_stand_in_until_probabilities_are_learned_and_the_plan_says_so() -> None:
    people, arcs = stars(20, 8)
    ties = pa.table({
        "person_a": [arc[0] for arc in arcs], "person_b": [arc[1] for arc in arcs], "strength": [0.8] * len(arcs),
    })  # fmt: skip
    plan = planned(people, [], {"ties": ties}, "ties", people=1)
    assert ids(plan) == ["ph0"]
    assert plan.basis == "ties"
    assert "0.1 × its strength" in plan.notes[0][0]
    assert plan.forecast.people == pytest.approx(1 + 20 * 0.08, rel=0.15)


def test_topic_incentive_and_interest_multiply_the_rates() -> None:
    """A chance p is 1 − exp(−rate); factors multiply the rate, those of a receiver only theirs."""
    rows = [
        ("topic", "tea", "", 2.0), ("incentive", "gift", "", 1.5), ("interest", "tea", "pl0_0", 20.0),
        ("care", "unknown", "", 1.0), ("care", "none", "", 0.5), ("care", ">= 0.5", "", 3.0),
    ]  # fmt: skip
    factors = pa.table(
        {name: [row[place] for row in rows] for place, name in enumerate(("kind", "name", "target", "factor"))}
        | {"source": [""] * len(rows)}
        | {"low": [row[3] / 1.01 for row in rows], "high": [row[3] * 1.01 for row in rows], "prior": [4.0] * len(rows)}
    )
    people, arcs = stars(40, chance=0.1)
    people = [
        person(row["person_id"], categories=[{"category": "tea", "share": 0.6}] if row["person_id"] == "pl0_1" else [])
        for row in people
    ]
    rate = -math.log(0.9)
    plan = planned(people, arcs, {"spread_factors": factors}, people=1, topic="tea", incentive="gift")
    plain, keen, caring = (1 - math.exp(-rate * times) for times in (3.0, 60.0, 9.0))
    assert plan.forecast.people == pytest.approx(1 + 38 * plain + keen + caring, rel=0.04)
    other = planned(people, arcs, {"spread_factors": factors}, people=1, topic="rugs", incentive="none")
    assert other.forecast.people == pytest.approx(1 + 40 * 0.1, rel=0.1)
    assert [note[0] for note in other.notes if "rugs" in note[0]]


def test_the_order_of_rows_changes_nothing() -> None:
    people, arcs = stars(12, 9, 7, chance=0.2)
    arcs += [(f"pl0_{number}", f"pl1_{number}", 0.3) for number in range(9)]
    mixed = random.Random(3).sample(arcs, len(arcs))
    assert planned(people, arcs, people=3) == planned(people[::-1], mixed, people=3)


def test_reasons_count_what_the_tables_hold() -> None:
    people, arcs = stars(6, 4, chance=0.05)
    arcs = [(a, b, 0.9 if b in {"pl0_0", "pl0_1", "pl0_2"} else chance) for a, b, chance in arcs]
    rows = [person(row["person_id"], orders=0 if row["person_id"] == "pl0_1" else 2) for row in people]
    circles = {"memberships": memberships(pl0_0="c1", pl0_1="c2", pl0_2="c1")}
    seed = planned(rows, arcs, circles, people=1).seeds[0]
    assert seed.person_id == "ph0"
    assert seed.why_en.startswith("tied strongly to 3 people in 2 communities, 2 of whom bought; reaches 3.")
    assert seed.why_zh.startswith("与 3 人关系紧密，分布在 2 个社群，其中 2 人买过；单独可触达 3.")


def test_a_plan_keeps_its_value_through_json() -> None:
    plan = planned(*stars(6, 4), people=2, incentives=(Incentive(name="gift", cost=2.0),), horizon=3.0)
    assert SeedPlan.from_data(json.loads(json.dumps(plan.to_data()))) == plan


@pytest.mark.parametrize(
    ("request_data", "says"),
    [
        ({}, "needs a limit"),
        ({"people": 0}, "people = 0"),
        ({"people": "many"}, "people"),
        ({"people": 3, "sources": ["aliens"]}, "there are customers"),
        ({"people": 3, "goal": "fame"}, "goal"),
        ({"people": 3, "goal": "community"}, "needs the community"),
        ({"budget": 5.0}, "what people cost"),
        ({"people": 3, "wishes": 1}, "no 'wishes'"),
        ({"people": 3, "horizon": 0}, "horizon = 0"),
        ({"people": 3, "incentives": [{"cost": 3}]}, "name"),
        ({"people": 3, "incentives": [{"name": "a"}, {"name": "a"}]}, "name of its own"),
    ],
)
def test_requests_that_cannot_be_meant_are_refused(request_data: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        Request.from_data(request_data)


def test_without_ties_or_when_nobody_is_left_it_says_what_to_do() -> None:
    with pytest.raises(InputError, match="nobody may be asked"):
        planned([person("pa", tags=["staff"])], [], people=1)
    with pytest.raises(InputError, match="nobody has the id 'pz'"):
        planned([person("pa")], [], people=1, forbidden=("pz",))
    with engine_with([person("pa")], []) as engine, pytest.raises(NotFound, match="lianyi refresh"):
        number_people(engine)
        read_network(engine, frozenset({"people"}))
