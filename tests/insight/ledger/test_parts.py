"""Money within a ripple and within a campaign: parts sum to the entries, communities are compared within themselves."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from lianyi.insight.effects import communities
from lianyi.insight.effects.means import Sums, cuped
from lianyi.insight.ledger import parts
from lianyi.insight.tables import Build
from lianyi.memory.duckdb import DuckDB
from lianyi.settings import Settings
from tests.insight.log import AS_OF, Row

DAY = AS_OF.date()


def test_generations_sharers_and_communities_sum_to_their_entries() -> None:
    money = [  # account, campaign, ripple, generation, sharer, community, amount
        ("revenue.order", "spring", "r", 1, "p1", "c", "100"), ("revenue.refund", "spring", "r", 1, "p1", "c", "-30"),
        ("revenue.order", "spring", "r", 2, "p2", "d", "50"), ("cost.media", "spring", "r", 0, None, None, "-20"),
        ("cost.incentive", "spring", "r", 1, "p1", "c", "-5"), ("cost.message", "spring", "r", 0, None, "c", None),
    ]  # fmt: skip
    names = ("account", "campaign", "ripple", "generation", "sharer", "community", "brand_amount")
    entries = [dict(zip(names, row[:6], strict=False)) for row in money]
    amounts = pa.array([Decimal(row[6]) if row[6] else None for row in money], pa.decimal128(18, 4))
    table = pa.Table.from_pylist(entries).append_column("brand_amount", amounts)
    arrivals: list[Row] = [
        {"ripple_id": "r", "generation": 1, "parent_person_id": "p1", "person_id": name, "newcomer": True,
         "how": "link", "flags": []} for name in ("stays", "gone")
    ]  # fmt: skip
    schema = pa.schema([("ripple_id", pa.string()), ("generation", pa.int32()), ("parent_person_id", pa.string()),
                        ("person_id", pa.string()), ("newcomer", pa.bool_()), ("how", pa.string()),
                        ("flags", pa.list_(pa.string()))])  # fmt: skip
    with DuckDB(memory_mb=256, threads=1) as engine:
        engine.register("entries", table)
        engine.register("arrivals", pa.Table.from_pylist(arrivals, schema=schema))
        last = pa.array([DAY, DAY.replace(year=DAY.year - 1)])
        engine.register("people", pa.table({"person_id": ["stays", "gone"], "last_active": last}))
        build = Build(engine=engine, as_of=AS_OF, settings=Settings(memory_mb=256))
        made = parts.TABLE.build(build)
        assert isinstance(made, str)
        found = engine.table(made).to_pylist()
    assert set(found[0]) == set(parts.TABLE.columns)
    of = {(row["dimension"], row["part_of"], row["member"]): row for row in found}
    assert (of["generation", "r", "1"]["booked"], of["generation", "r", "1"]["spent"]) == (70, 5)
    assert (of["generation", "r", "1"]["came"], of["generation", "r", "1"]["stay"]) == (2, 1)
    assert (of["generation", "r", "0"]["spent"], of["generation", "r", "0"]["spent_unknown"]) == (20, 1)
    assert of["sharer", "r", "p2"]["booked"] == 50
    assert of["community", "spring", "c"]["booked"] == of["community", "", "c"]["booked"] == 70
    for dimension in ("generation", "sharer"):
        assert sum(row["booked"] for row in found if row["dimension"] == dimension) == 120


def test_a_community_is_compared_with_its_own_people() -> None:
    dice, rows = np.random.default_rng(1), []
    for number in range(400):
        arm = "treatment" if number % 4 else "control"
        rows.append({
            "experiment": "campaign/spring", "person_id": f"p{number}", "kind": "campaign", "arm": arm, "cluster": None,
            "begins": 1, "revenue": float(dice.gamma(2, 10)) + 5 * (arm == "treatment") * (number % 2),
            "before_revenue": float(dice.gamma(2, 10)),
        })  # fmt: skip
    homes = [{"person_id": f"p{number}", "community_id": f"c{number % 2}", "how": "ties", "weight": 0.5}
             for number in range(380)]  # fmt: skip
    table = pa.Table.from_pylist(rows)
    at = table.schema.get_field_index("cluster")
    with DuckDB(memory_mb=256, threads=1) as engine:
        engine.register("effect_people", table.set_column(at, "cluster", pa.nulls(400, pa.string())))
        engine.register("memberships", pa.Table.from_pylist(homes))
        build = Build(engine=engine, as_of=AS_OF, settings=Settings(memory_mb=256))
        made = communities.TABLE.build(build)
        assert isinstance(made, str)
        found = engine.table(made).to_pylist()
        build.clear()
    assert [row["community_id"] for row in found] == ["c0"], "all of c1 were treated: nobody to compare with"
    of = {arm: [row for number, row in enumerate(rows[:380]) if number % 2 == 0 and row["arm"] == arm]
          for arm in ("treatment", "control")}  # fmt: skip
    sums = {arm: Sums.of(*(np.array([row[name] for row in listed]) for name in ("revenue", "before_revenue")))
            for arm, listed in of.items()}  # fmt: skip
    hand = cuped(sums["treatment"], sums["control"])
    assert (found[0]["estimate"], found[0]["low"]) == pytest.approx((hand.estimate, hand.low))
