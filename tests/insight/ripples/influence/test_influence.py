"""Influence: reach equals brute force, what was seen is counted once, and volume alone lifts nobody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lianyi.insight.ripples.influence.reach import reaches
from lianyi.insight.ripples.influence.table import influence, topics
from lianyi.insight.ripples.spread import Simulator, from_arcs
from lianyi.insight.tables import Build
from lianyi.settings import Settings
from tests.insight.ripples.planning.crowds import Arc, engine_with, person

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ARRIVAL = pa.schema({
    "parent_person_id": pa.string(), "person_id": pa.string(), "at": pa.timestamp("us", tz="UTC"),
    "probability": pa.float64(), "flags": pa.list_(pa.string()), "revenue": pa.decimal128(18, 4),
})  # fmt: skip


def arrival(parent: str, who: str, days: float = 1.0, **facts: Any) -> dict[str, Any]:
    plain = {"probability": 1.0, "flags": [], "revenue": None}
    return {"parent_person_id": parent, "person_id": who, "at": NOW - timedelta(days=days), **plain, **facts}


def factors(*rows: tuple[str, str, str, float]) -> pa.Table:
    """Rows of `spread_factors`: kind, name, target, factor."""
    names = ("kind", "name", "target")
    text = {name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate(names)}
    return pa.table({
        **text, "source": pa.array([""] * len(rows), pa.string()),
        "factor": pa.array([row[3] for row in rows], pa.float64()),
        "low": pa.array([row[3] / 1.1 for row in rows], pa.float64()),
        "high": pa.array([row[3] * 1.1 for row in rows], pa.float64()),
        "prior": pa.array([4.0] * len(rows), pa.float64()), "arrivals": pa.array([1.0] * len(rows), pa.float64()),
    })  # fmt: skip


def built(
    people: list[dict[str, Any]],
    arcs: list[Arc],
    arrivals: list[dict[str, Any]],
    work: Any = influence,
    learned: pa.Table | None = None,
) -> Mapping[str, dict[str, Any]]:
    """Rows of the table by person (of topics: by topic and person)."""
    more = {
        "arrivals": pa.Table.from_pylist(arrivals, ARRIVAL),
        "spread_factors": factors() if learned is None else learned,
    }
    with engine_with(people, arcs, **more) as engine:
        build = Build(engine=engine, as_of=NOW, settings=Settings(threads=1, timezone="UTC"))
        [sql] = work(build)
        rows = engine.table(sql).to_pylist()
    return {row["person_id"] if work is influence else f"{row['topic']} {row['person_id']}": row for row in rows}


def test_everybodys_reach_agrees_with_letting_it_spread() -> None:
    dice = np.random.default_rng(5)
    source, target = dice.integers(0, 30, (2, 90))
    apart = source != target
    graph = from_arcs(30, source[apart], target[apart], dice.uniform(0.05, 0.6, int(apart.sum())))
    found, simulator = reaches(graph), Simulator(graph, seed=2)
    for one in range(30):
        spread = simulator.run(np.array([one]), 4000)
        wide = 3.5 * (spread.standard_error + found.error[one] / 1.96)
        assert abs(found.reach[one] - (spread.mean - 1)) <= wide + 1e-9


def test_worth_of_those_who_come_is_what_counts_where_it_is_given() -> None:
    graph = from_arcs(3, np.array([0, 0]), np.array([1, 2]), np.array([0.5, 1.0]))
    found = reaches(graph, worth=np.array([100.0, 10.0, 1.0]))
    assert found.reach[0] == pytest.approx(0.5 * 10 + 1, rel=0.05)
    assert found.reach[1] == found.reach[2] == 0


def test_whoever_floods_does_not_rise() -> None:
    """The spammer 'brought' a thousand times: the same two people, bots, rings, guesses and himself."""
    people = [person(f"p{number}") for number in range(8)]
    arcs = [("p0", "p1", 0.5), ("p0", "p2", 0.5), ("p0", "p3", 0.5), ("p7", "p5", 0.1)]
    honest = [arrival("p0", f"p{number}", days=number) for number in (1, 2, 3)]
    flood = [arrival("p7", who, days=day) for day in range(1, 20) for who in ("p5", "p6")]
    flood += [arrival("p7", f"pbot{number}", flags=["bot"]) for number in range(500)]
    flood += [arrival("p7", f"pring{number}", flags=["ring"]) for number in range(300)]
    flood += [arrival("p7", f"pguess{number}", probability=0.2) for number in range(200)]
    flood += [arrival("p7", "p7") for _ in range(50)]
    rows = built(people, arcs, honest + flood)
    assert rows["p0"]["place"] == 1
    assert rows["p7"]["reach"] == pytest.approx(0.1, abs=0.02)
    assert (rows["p7"]["brought_people"], rows["p7"]["brought_days"], rows["p7"]["rising"]) == (2, 1, False)
    assert (rows["p0"]["brought_people"], rows["p0"]["brought_days"]) == (3, 3)


def test_who_brings_more_than_before_is_rising() -> None:
    people = [person("pa"), person("pb")]
    steady = [arrival("pb", f"px{number}", days=2 + 9 * number) for number in range(12)]
    fresh = [arrival("pa", f"py{number}", days=3 + number) for number in range(4)] + [arrival("pa", "pz", days=60)]
    rows = built(people, [("pa", "pb", 0.1)], steady + fresh)
    assert (rows["pa"]["lately"], rows["pa"]["earlier"], rows["pa"]["rising"]) == (4, 1, True)
    assert rows["pb"]["rising"] is False
    assert rows["pa"]["brought_decayed"] == pytest.approx(
        sum(0.5 ** (days / 90) for days in (3, 4, 5, 6, 60)), rel=1e-6
    )


def test_influence_differs_by_topic() -> None:
    """p0 reaches people who care for tea, p1 people who don't."""
    people = [person(f"p{number}") for number in range(4)]
    learned = factors(("topic", "tea", "", 1.0), ("interest", "tea", "p2", 4.0), ("interest", "tea", "p3", 0.25))
    rows = built(people, [("p0", "p2", 0.2), ("p1", "p3", 0.2)], [], topics, learned)
    assert rows["tea p0"]["reach"] == pytest.approx(1 - 0.8**4, rel=0.05)
    assert rows["tea p1"]["reach"] == pytest.approx(1 - 0.8**0.25, rel=0.1)
    assert rows["tea p0"]["place"] == 1


def test_without_orders_money_is_unknown_and_not_zero() -> None:
    people = [person("pa", orders=0, net_spend=0), person("pb", orders=0, net_spend=0)]
    assert built(people, [("pa", "pb", 0.5)], [])["pa"]["revenue"] is None
