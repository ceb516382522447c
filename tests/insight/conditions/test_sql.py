"""Compiled conditions say of every person what an evaluator in plain Python says; evidence has the real numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any

import pyarrow as pa
import pytest
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
from tests.insight.conditions.trees import conditions, figures
from tests.insight.crowd import crowd
from tests.insight.log import AS_OF, Log, Row, keys_table

ZONE = "America/New_York"
SCOPE = Scope(as_of=AS_OF, timezone=ZONE, currency="CNY")


@cache
def schema() -> pa.Schema:
    """The types of profiles."""
    sample = Log(timezone=ZONE)
    sample.add("view")
    return sample.arrow("profiles").schema


def profile(random: Random, person: str) -> Row:
    """Any person; what conditions do not read is empty."""
    one = random.choice
    moment = AS_OF - timedelta(hours=random.randint(0, 24 * 30))
    known = {word: one(("母婴", "Dog food", "5")) for word in ("dog", "母婴", 'say "hi"') if random.random() < 0.5}
    return {
        "person_id": person,
        "orders": one((0, 1, 2, 5)),
        "net_spend": money(one(("0", "3", "12.25", "-1"))),
        "days_active": one((0, 1, 3)),
        "recency_days": one((None, 0, 12)),
        "cycle_days": one((None, 3.0, 12.25)),
        "age": one((None, 5, 40)),
        "last_order": one((None, moment)),
        "first_seen": moment,
        "last_active": one((None, moment.date())),
        "city": one((None, "dog", "Dog food", "母婴")),
        "consumption_level": one(("none", "dog")),
        "top_category": one((None, "母婴")),
        "attributes": json.dumps(known, ensure_ascii=False),
        "channels": one(([], ["dog", "x y"])),
    }


@dataclass(frozen=True)
class Case:
    """A crowd with any profiles, as tables and as evaluators."""

    log: list[Event]
    keys: dict[str, str]
    people: list[Row]

    @classmethod
    def of(cls, seed: int) -> Case:
        log, keys = crowd(seed, people=25)
        return cls(log, keys, [profile(Random(f"{seed} {person}"), person) for person in sorted(set(keys.values()))])

    def evaluators(self) -> Iterator[tuple[str, Evaluator]]:
        for row in self.people:
            done = [event for event in self.log if self.keys.get(event.actor_key or "") == row["person_id"]]
            received = [event for event in self.log if self.keys.get(event.target_key or "") == row["person_id"]]
            yield row["person_id"], Evaluator(row, done, received, as_of=AS_OF, zone=ZONE)


def compiled(case: Case, trees: list[s.Node], compile_one: Callable[[Compiler, s.Node], str]) -> dict[str, list[Any]]:
    """person -> what each tree compiles to, by SQL."""
    asked = Figures(scope=SCOPE)
    compiler = Compiler(scope=SCOPE, figures=asked)
    truths = ", ".join(f"{compile_one(compiler, tree)} AS t{number}" for number, tree in enumerate(trees))
    families = asked.families()
    with DuckDB(memory_mb=512, threads=1) as engine:
        engine.register("events", to_arrow(case.log, received_at=AS_OF))
        engine.register("keys", keys_table(case.keys))
        engine.register("profiles", pa.Table.from_pylist(case.people, schema=schema()))
        for name, sql in families.items():
            engine.run(sql, into=name)
        read = "".join(
            f", coalesce({name}, 0) AS {name}" if zero else f", {name}" for name, zero in asked.names.items()
        )
        joins = " ".join(f"LEFT JOIN {name} ON {name}.person_id = p.person_id" for name in families)
        facts = f"SELECT p.*{read} FROM profiles AS p {joins}"
        rows = engine.table(f"SELECT person_id, {truths} FROM ({facts}) AS f").to_pylist()
    return {row.pop("person_id"): list(row.values()) for row in rows}


PATIENT = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
cases = st.integers(0, 10_000).map(Case.of)


@PATIENT
@given(cases, st.lists(conditions, min_size=20, max_size=20))
def test_conditions_agree_with_plain_python(case: Case, trees: list[s.Node]) -> None:
    made = compiled(case, trees, Compiler.truth)
    for person, evaluator in case.evaluators():
        for tree, found in zip(trees, made[person], strict=True):
            assert found == evaluator.truth(tree), f"{person}: {text(tree)}"


@PATIENT
@given(cases, st.lists(figures, min_size=30, max_size=30))
def test_figures_agree_with_plain_python(case: Case, trees: list[s.Node]) -> None:
    made = compiled(case, trees, Compiler.value)
    for person, evaluator in case.evaluators():
        for tree, found in zip(trees, made[person], strict=True):
            truth = evaluator.value(tree)
            near = pytest.approx(truth) if isinstance(truth, float) else truth
            assert found == near, f"{person}: {text(tree)}"
