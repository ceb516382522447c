"""Compiled conditions say of every person what an evaluator in plain Python says; evidence has the real numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions import text
from lianyi.insight.conditions.figures import Figures
from lianyi.insight.conditions.sql import Compiler
from lianyi.insight.scope import Scope
from lianyi.memory.duckdb import DuckDB
from lianyi.memory.events import Event, money, to_arrow
from tests.insight.conditions.evaluator import Evaluator
from tests.insight.conditions.trees import conditions
from tests.insight.log import AS_OF, Log, Row, keys_table

ZONE = "America/New_York"
SCOPE = Scope(as_of=AS_OF, timezone=ZONE, currency="CNY")
WHO = ("user:1", "user:2", "anon:1", None)
KEYS = {"user:1": "pa", "user:2": "pb", "anon:1": "pa"}
SAYINGS = ("my Dog", "dogs", "敏感肌怎么办", "母婴", 'say "hi" now', "a\\b", "it's x y", None)


@st.composite
def events(draw: Callable[..., Any], number: int) -> Event:
    def one(*values: Any) -> Any:
        return draw(st.sampled_from(values))

    kind = one("order", "message", "view", "reply", "cart", "sent", "identify", "own_kind")
    paid = kind in {"order", "cart"}
    props = {
        "quantity": one(1, 2, 5),
        "price": one(1, 12.25, 3),
        "title": one("母婴", "Dog food"),
        "dog": one("母婴", "x y"),
    }
    return Event(
        id=f"e{number}", at=AS_OF - timedelta(hours=draw(st.integers(-30, 60 * 24))), kind=kind, source="t",
        actor_key=one(*WHO), target_key=one(*WHO), group_key=one("母婴", "dog", None),
        object_key=one("母婴", "dog", None),
        parent_id=one("o1", "o2", None), channel=one("dog", "x y", None), category=one("母婴", "dog", "a\\b", None),
        value=money(one("3", "5", "12.25", "0.5")) if paid else None, currency=one("CNY", "USD") if paid else None,
        text=one(*SAYINGS),
        props=one(props, props, {"dog": 5}, None) if kind != "identify" else {"city": one("母婴", "dog")},
    )  # fmt: skip


@st.composite
def logs(draw: Callable[..., Any]) -> list[Event]:
    return [draw(events(number)) for number in range(draw(st.integers(1, 40)))]


@cache
def schema() -> pa.Schema:
    """The types of profiles."""
    sample = Log(KEYS, timezone=ZONE)
    sample.add("view")
    return sample.arrow("profiles").schema


@st.composite
def profiles(draw: Callable[..., Any]) -> list[Row]:
    """Any two people; what conditions do not read is empty."""

    def one(*values: Any) -> Any:
        return draw(st.sampled_from(values))

    def row(person: str) -> Row:
        moment = AS_OF - timedelta(hours=draw(st.integers(0, 24 * 30)))
        known = {word: one("母婴", "Dog food", "5") for word in ("dog", "母婴", 'say "hi"') if one(True, False)}
        return {
            "person_id": person, "orders": one(0, 1, 2, 5), "net_spend": money(one("0", "3", "12.25", "-1")),
            "days_active": one(0, 1, 3), "recency_days": one(None, 0, 12), "cycle_days": one(None, 3.0, 12.25),
            "age": one(None, 5, 40), "last_order": one(None, moment), "first_seen": moment,
            "last_active": one(None, moment.date()), "city": one(None, "dog", "Dog food", "母婴"),
            "consumption_level": one("none", "dog"), "top_category": one(None, "母婴"),
            "attributes": json.dumps(known, ensure_ascii=False), "channels": one([], ["dog", "x y"]),
        }  # fmt: skip

    return [row("pa"), row("pb")]


def compiled(log: list[Event], people: list[Row], trees: list[s.Node]) -> dict[str, list[bool]]:
    """person -> truth of each tree, by SQL."""
    figures = Figures(scope=SCOPE)
    compiler = Compiler(scope=SCOPE, figures=figures)
    truths = ", ".join(f"{compiler.truth(tree)} AS t{number}" for number, tree in enumerate(trees))
    families = figures.families()
    with DuckDB(memory_mb=512, threads=1) as engine:
        engine.register("events", to_arrow(log, received_at=AS_OF))
        engine.register("keys", keys_table(KEYS))
        engine.register("profiles", pa.Table.from_pylist(people, schema=schema()))
        for name, sql in families.items():
            engine.run(sql, into=name)
        read = "".join(
            f", coalesce({name}, 0) AS {name}" if zero else f", {name}" for name, zero in figures.names.items()
        )
        joins = " ".join(f"LEFT JOIN {name} ON {name}.person_id = p.person_id" for name in families)
        facts = f"SELECT p.*{read} FROM profiles AS p {joins}"
        rows = engine.table(f"SELECT person_id, {truths} FROM ({facts}) AS f").to_pylist()
    return {row.pop("person_id"): list(row.values()) for row in rows}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(logs(), profiles(), st.lists(conditions, min_size=20, max_size=20))
def test_sql_agrees_with_plain_python(log: list[Event], people: list[Row], trees: list[s.Node]) -> None:
    made = compiled(log, people, trees)
    for row in people:
        person = row["person_id"]
        done = [event for event in log if KEYS.get(event.actor_key or "") == person]
        received = [event for event in log if KEYS.get(event.target_key or "") == person]
        evaluator = Evaluator(row, done, received, as_of=AS_OF, zone=ZONE)
        for tree, found in zip(trees, made[person], strict=True):
            assert found == evaluator.truth(tree), f"{person}: {text(tree)}"
