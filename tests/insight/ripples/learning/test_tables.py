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
from lianyi.insight.ripples.planning.network import number_people, read_network
from lianyi.insight.ripples.spread import Rules, Simulator, choose, from_arcs
from lianyi.insight.tables import EVENTS, Build, catalogue
from lianyi.memory.duckdb import DuckDB
from lianyi.settings import Settings
from tests.insight.log import AS_OF, Log

pytestmark = pytest.mark.slow
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
            if name.startswith("spread") or name in {"keys", "ties"}:
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
    contact = factors[factors["kind"] == "contact"].set_index("name")["factor"]
    assert contact["talk >= 0.1 a day"] > 3 * contact["follow"], "who talks brings more than who only follows"
    assert len(factors[factors["kind"] == "unseen"]) == len(factors[factors["kind"] == "open"])


def _matched() -> Any:
    """`spread` beside the truth: mean chance over topics, 0 for pairs that are not tied and for who has left."""
    found, truth = brand()
    own = truth.keys.to_pandas()
    own = own[own["kind"] == "own"].drop_duplicates("key")
    person = found["keys"].merge(own, on="key").drop_duplicates("person_id").set_index("person_id")["person"]
    spread = found["spread"].assign(a=found["spread"]["source"].map(person), b=found["spread"]["target"].map(person))
    often = truth.cascades["topic"].value_counts().to_pylist()
    total = sum(row["counts"] for row in often)
    arcs = truth.spread_probabilities(str(often[0]["values"]), "none").to_pandas()
    arcs["true"] = sum(
        row["counts"] / total * truth.spread_probabilities(str(row["values"]), "none")["probability"].to_numpy()
        for row in often if row["counts"]
    )  # fmt: skip
    both = spread.merge(
        arcs[["source", "target", "true"]], left_on=["a", "b"], right_on=["source", "target"], how="left"
    )
    there = truth.people["left"].is_null().to_numpy()
    both = both.dropna(subset=["a", "b"])
    return both.assign(tied_truly=both["true"].notna(), true=both["true"].fillna(0) * there[both["b"].astype(int)])


def test_ranges_hold_what_is_true_also_where_there_is_no_tie_at_all() -> None:
    """Half of the pairs that the log shows are no true tie; their chance is 0, and nobody says which they are."""
    both = _matched()
    assert both["tied_truly"].mean() < 0.6
    held = (both["low"] <= both["true"]) & (both["true"] <= both["high"])
    assert 0.8 < held.mean() < 0.98
    assert held[both["tied_truly"]].mean() > 0.7


def test_chances_are_nearer_to_the_truth_than_one_for_all_and_than_strength_alone() -> None:
    """Against the truth, not against what came: of arrivals that have a chance of 2 % nearly all variance is luck."""
    both = _matched()
    error = ((both["probability"] - both["true"]) ** 2).mean()
    assert error < 0.85 * both["true"].var()
    ties = brand()[0]["ties"].set_index(["person_a", "person_b"])["strength"]
    pair = [tuple(sorted(ends)) for ends in zip(both["source_x"], both["target_x"], strict=True)]
    strength = ties.reindex(pair).fillna(ties.mean()).to_numpy()
    parts = np.searchsorted(np.quantile(strength, np.linspace(0, 1, 21)[1:-1]), strength)
    mean = both["true"].groupby(parts).transform("mean")  # the best that strength alone could say, told the truth
    assert error < ((mean - both["true"]) ** 2).mean()
    assert both["probability"].mean() == pytest.approx(both["true"].mean(), rel=0.35)


def test_chances_on_true_ties_are_in_the_order_of_the_truth() -> None:
    both = _matched()
    both = both[both["tied_truly"]]
    assert len(both) > 1000
    order = np.argsort(both["probability"].to_numpy())
    low, high = (both["true"].to_numpy()[part].mean() for part in (order[: len(order) // 4], order[-len(order) // 4 :]))
    assert high > 1.7 * low


def test_whom_learned_chances_choose_reach_most_of_what_the_truth_would_and_more_than_simple_rankings() -> None:
    """The planner's share, in short: reach by the true chances of the mean topic, none to or from who has left."""
    found, truth = brand()
    count, both = truth.people.num_rows, _matched()
    number = {
        **dict(zip(both["source_x"], both["a"], strict=True)),
        **dict(zip(both["target_x"], both["b"], strict=True)),
    }
    with DuckDB(memory_mb=256, threads=1) as engine:
        for name in ("spread", "spread_factors"):
            engine.register(name, pa.Table.from_pandas(found[name], preserve_index=False))
        engine.register("people", pa.table({"person_id": sorted(set(found["keys"]["person_id"]))}))
        number_people(engine)
        network = read_network(engine, frozenset({"spread", "spread_factors"}))
    ids = np.array([number.get(person, -1) for person in network.people.to_pylist()], dtype=np.int64)
    source, target, chance = _true_chances(truth)
    graph, allowed = from_arcs(count, source, target, chance), np.zeros(count, np.bool_)
    allowed[ids[ids >= 0]] = True
    simulator, people = Simulator(graph, seed=1, threads=1), 15
    best = choose(graph, Rules(people=people, forbidden=~allowed), epsilon=0.02, seed=1, threads=1).people
    rules = Rules(people=people, forbidden=ids < 0)
    chosen = choose(network.graph, rules, epsilon=0.02, seed=1, threads=1).people
    degree = np.bincount(both["a"].astype(int)[both["tied"]], minlength=count)
    asked: dict[str, Any] = {"best": best, "plan": np.unique(ids[chosen]), "degree": np.argsort(-degree)[:people]}
    reach = {name: simulator.run(mine.astype(np.int32), 2000).mean for name, mine in asked.items()}
    assert reach["plan"] > 0.7 * reach["best"]
    assert reach["plan"] > 1.1 * reach["degree"]
    promised = Simulator(network.graph, seed=1, threads=1).run(chosen, 2000).mean
    assert promised == pytest.approx(reach["plan"], rel=0.4)


def _true_chances(truth: world.Truth) -> tuple[Any, Any, Any]:
    """Ends and chance per arc, in the mean of topics as often as cascades had them; 0 from and to who has left."""
    often = truth.cascades["topic"].value_counts().to_pylist()
    total = sum(row["counts"] for row in often)
    arcs = [(row["counts"] / total, truth.spread_probabilities(str(row["values"]), "none")) for row in often]
    source, target = (arcs[0][1][name].to_numpy() for name in ("source", "target"))
    there = truth.people["left"].is_null().to_numpy()
    chance = sum(share * table["probability"].to_numpy() for share, table in arcs)
    return source, target, chance * (there[source] & there[target])


def test_later_ripples_are_compared_with_what_was_promised() -> None:
    checks = brand()[0]["spread_checks"]
    assert checks["part"].tolist() == list(range(11)), "0: all who came by ties that nobody saw"
    unseen, checks = checks.iloc[0], checks.iloc[1:]
    assert unseen["promised"] == pytest.approx(unseen["came"], rel=0.5)
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


def test_people_who_came_though_nobody_is_tied_are_learned_from() -> None:
    """A new brand's first events: links that were opened."""
    log = Log()
    for number in range(40):
        log.add("arrive", f"anon:{number}", AS_OF - timedelta(days=number), id=f"t:a{number}", campaign="spring")
    built = log.build("spread_factors", "spread", "spread_checks")
    assert built["spread"] == []
    assert len([row for row in built["spread_factors"] if row["kind"] == "unseen"]) == 40
