"""Tables of spreading, from the events of a simulated brand as they are seen, against its truth."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lianyi import world
from lianyi.insight.tables import EVENTS, Build, catalogue
from lianyi.memory.duckdb import DuckDB
from lianyi.settings import Settings
from tests.insight.log import AS_OF, Log

TABLES = ("identity_links", "keys", "arrivals", "ties", "spread_factors", "spread", "spread_checks")


@cache
def brand() -> tuple[dict[str, Any], world.Truth]:
    """The tables as data frames, and the truth."""
    made = world.generate(world.WorldSettings(people=1200, seed=5, start=date(2025, 1, 1), days=300))
    events = pa.concat_tables(list(made.events()))
    as_of = pc.max(events["at"]).as_py() + timedelta(minutes=1)
    tables, found = catalogue(), {}
    with DuckDB(memory_mb=1024, threads=2) as engine:
        engine.register(EVENTS, events)
        for name in TABLES:
            build = Build(engine=engine, as_of=as_of, settings=Settings(), parameters={"tags": []})
            parts = tables[name].build(build)
            parts = [parts] if isinstance(parts, str) else list(parts)
            engine.run(" UNION ALL ".join(f"SELECT * FROM ({part}) AS t" for part in parts), into=name)
            build.clear()
            if name.startswith("spread") or name == "keys":
                assert engine.table(name).column_names == list(tables[name].columns) or name == "keys"
                found[name] = engine.table(name).to_pandas()
    return found, made.truth()


def test_every_direction_stands_once_with_a_chance_in_its_range() -> None:
    spread = brand()[0]["spread"]
    assert not spread.duplicated(["source", "target"]).any()
    assert (spread["source"] != spread["target"]).all()
    assert (spread["low"] <= spread["probability"]).all()
    assert (spread["probability"] <= spread["high"]).all()
    assert spread["probability"].between(0, 1).all()
    assert spread["arrivals"].sum() > 20


def test_factors_stand_once_and_the_incentive_none_is_the_measure() -> None:
    factors = brand()[0]["spread_factors"]
    assert not factors.duplicated(["kind", "name", "source", "target"]).any()
    incentive = factors[factors["kind"] == "incentive"].set_index("name")["factor"]
    assert incentive["none"] == 1.0
    strength = factors[factors["kind"] == "strength"].sort_values("name")
    assert len(strength) in {12, 13}


def test_chances_on_true_ties_are_about_as_large_as_they_truly_are() -> None:
    found, truth = brand()
    own = truth.keys.to_pandas()
    own = own[own["kind"] == "own"].drop_duplicates("key")
    person = found["keys"].merge(own, on="key").drop_duplicates("person_id").set_index("person_id")["person"]
    spread = found["spread"].assign(a=found["spread"]["source"].map(person), b=found["spread"]["target"].map(person))
    topics = truth.interests["topic"].unique().to_pylist()
    true = np.mean([truth.spread_probabilities(topic, "none")["probability"].to_numpy() for topic in topics], axis=0)
    arcs = truth.spread_probabilities(topics[0], "none").to_pandas().assign(true=true)
    both = spread.merge(arcs[["source", "target", "true"]], left_on=["a", "b"], right_on=["source", "target"])
    assert len(both) > 1000
    assert both["probability"].mean() == pytest.approx(both["true"].mean(), rel=0.4)
    order = np.argsort(both["probability"].to_numpy())
    low, high = (both["true"].to_numpy()[part].mean() for part in (order[: len(order) // 4], order[-len(order) // 4 :]))
    assert high > 1.7 * low


def test_later_ripples_are_compared_with_what_was_promised() -> None:
    checks = brand()[0]["spread_checks"]
    assert checks["part"].tolist() == list(range(1, 11))
    assert checks["promised"].is_monotonic_increasing
    assert checks["promised"].sum() == pytest.approx(checks["came"].sum(), rel=0.6)
    assert checks["came"].iloc[5:].sum() > checks["came"].iloc[:5].sum()


def test_without_ripples_everybody_has_the_chance_that_is_usual() -> None:
    log = Log()
    for number in range(6):
        log.add("message", "user:1", AS_OF - timedelta(days=number), id=f"t:m{number}", group_key="room:1")
        log.add("reply", "user:2", AS_OF - timedelta(days=number), parent_id=f"t:m{number}", target="user:1")
    built = log.build("spread", "spread_checks")
    assert {(row["source"], row["target"]) for row in built["spread"]} == {("p1", "p2"), ("p2", "p1")}
    for row in built["spread"]:
        assert row["probability"] == pytest.approx(1 / 33, rel=0.2)
        assert row["low"] < row["probability"] / 2
        assert row["high"] > row["probability"] * 2
    assert built["spread_checks"] == []
