"""Compiled conditions say of every person what an evaluator in plain Python says; evidence has the real numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions import text
from lianyi.insight.conditions.asking import Question
from lianyi.insight.conditions.phrases import CHINESE, ENGLISH
from lianyi.insight.scope import Scope
from lianyi.memory.duckdb import DuckDB
from lianyi.memory.events import Event, money, to_arrow
from tests.insight.conditions.evaluator import Around, Evaluator
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
        "consents": one((None, consents(random))),
    }


def consents(random: Random) -> list[Row]:
    """The last word on some purposes and channels."""
    spoken = random.sample([(purpose, channel) for purpose in ("a", "b") for channel in ("sms", "dog", "")], 3)
    return [
        {"purpose": purpose, "channel": channel, "granted": random.choice((True, False)), "since": AS_OF,
         "source": "test", "event": "e"}
        for purpose, channel in spoken
    ]  # fmt: skip


WORDS = ("dog", "母婴", "Dog", "x y", None)


def around(random: Random, people: list[str]) -> Around:
    """Any ties, memberships and arrivals of these people, and two audiences."""
    one = random.choice

    def moment() -> datetime:
        return AS_OF - timedelta(hours=random.randint(0, 24 * 6))

    def number(values: tuple[float | None, ...] = (0.5, 1.0, 2.0, 5.0)) -> float | None:
        return one(values)

    pairs = {tuple(random.sample(people, 2)) for _ in range(60)}
    ties = [
        {"person_id": person, "other_id": other, "band": one(WORDS), "trend": one(WORDS), "relation": one(WORDS),
         "strength": number(), "days": one((1, 2, 5)), "common": one((0, 1, 3)), "last_at": moment(),
         "first_at": moment()}
        for person, other in sorted(pairs)
    ]  # fmt: skip
    communities = {f"c{n}": {"name_en": one(WORDS), "name_zh": one(WORDS), "height": one((0, 1))} for n in range(4)}
    memberships = [
        {"person_id": person, "community_id": community, "role": one(WORDS), "weight": number(),
         "said": one((0, 1, 5)), "how": one(("dog", "behaviour", "母婴")), **communities[community]}
        for person in people for community in random.sample(sorted(communities), random.randint(0, 2))
    ]  # fmt: skip
    ripples = {f"r{n}": {"ripple_name": one(WORDS), "kind": one(WORDS), "depth": one((0, 2, 3))} for n in range(3)}
    arrivals: list[Row] = [
        {"person_id": person, "ripple_id": ripple, "category": one(WORDS), "incentive": one(WORDS), "at": moment(),
         "generation": one((0, 1, 3)), "brought": one((0, 1, 2)), "flags": one(([], [], ["bot"])),
         "newcomer": one((True, False)), "orders": one((0, 1)), "parent_person_id": one((None, *people[:4])),
         **ripples[ripple]}
        for person in people for ripple in random.sample(sorted(ripples), random.randint(0, 2))
    ]  # fmt: skip
    for row in arrivals:
        row["brought_buyers"] = sum(
            not other["flags"] and other["orders"] > 0
            and (other["ripple_id"], other["parent_person_id"]) == (row["ripple_id"], row["person_id"])
            for other in arrivals
        )  # fmt: skip
    audiences = {name: set(random.sample(people, 8)) for name in ("first", "second")}
    return Around(ties=ties, memberships=memberships, arrivals=arrivals, audiences=audiences)


def relations(case: Case) -> dict[str, pa.Table]:
    """The same as tables."""
    text, whole, moment = pa.string(), pa.int64(), pa.timestamp("us", "UTC")
    types = {"strength": pa.float64(), "weight": pa.float64(), "flags": pa.list_(text), "newcomer": pa.bool_(),
             **dict.fromkeys(("days", "common", "said", "height", "depth", "generation", "brought", "orders"), whole),
             **dict.fromkeys(("at", "last_at", "first_at"), moment)}  # fmt: skip

    def table(rows: Sequence[Mapping[str, Any]], *columns: str) -> pa.Table:
        schema = pa.schema([(column, types.get(column, text)) for column in columns])
        return pa.Table.from_pylist([{column: row[column] for column in columns} for row in rows], schema=schema)

    found = case.around
    communities = list({row["community_id"]: row for row in found.memberships}.values())
    ripples = [{**row, "name": row["ripple_name"]} for row in {r["ripple_id"]: r for r in found.arrivals}.values()]
    return {
        "person_ties": table(found.ties, "person_id", "other_id", "band", "trend", "relation", "strength", "days",
                             "common", "last_at", "first_at"),
        "memberships": table(found.memberships, "person_id", "community_id", "role", "weight", "said", "how"),
        "communities": table(communities, "community_id", "name_en", "name_zh", "height"),
        "arrivals": table(found.arrivals, "person_id", "ripple_id", "category", "incentive", "at", "generation",
                          "brought", "flags", "newcomer", "orders", "parent_person_id"),
        "ripples": table(ripples, "ripple_id", "name", "kind", "depth"),
    }  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A crowd with any profiles, as tables and as evaluators."""

    log: list[Event]
    keys: dict[str, str]
    people: list[Row]
    around: Around

    @classmethod
    def of(cls, seed: int) -> Case:
        log, keys = crowd(seed, people=25)
        names = sorted(set(keys.values()))
        people = [profile(Random(f"{seed} {person}"), person) for person in names]
        return cls(log, keys, people, around(Random(seed), names))

    def evaluators(self) -> Iterator[tuple[str, Evaluator]]:
        for row in self.people:
            done = [event for event in self.log if self.keys.get(event.actor_key or "") == row["person_id"]]
            received = [event for event in self.log if self.keys.get(event.target_key or "") == row["person_id"]]
            one = Evaluator(row, done, received, as_of=AS_OF, zone=ZONE, around=self.around)
            self.around.everybody[row["person_id"]] = one
        yield from self.around.everybody.items()


def question(case: Case, engine: DuckDB, among: str = "") -> Question:
    """The case as relations of an engine, ready to be asked."""
    engine.register("events", to_arrow(case.log, received_at=AS_OF))
    engine.register("keys", keys_table(case.keys))
    engine.register("profiles", pa.Table.from_pylist(case.people, schema=schema()))
    for name, table in relations(case).items():
        engine.register(name, table)

    def listed(name: str) -> str:
        return f"person_id IN ({', '.join(repr(one) for one in sorted(case.around.audiences[name]))})"

    scope = replace(SCOPE, among=among)
    return Question(scope=scope, tag_sql=lambda _tag: "FALSE", audience_sql=listed, people="profiles")


def compiled(case: Case, trees: list[s.Node], how: str, among: str = "") -> dict[str, list[Any]]:
    """person -> what each tree compiles to: its truth, or its value."""
    with DuckDB(memory_mb=512, threads=1) as engine:
        asked = question(case, engine, among)
        rows = engine.table(getattr(asked, how)(trees)).to_pylist()
    return {row.pop("person_id"): list(row.values()) for row in rows}


PATIENT = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
cases = st.integers(0, 10_000).map(Case.of)


@PATIENT
@given(cases, st.lists(conditions, min_size=6, max_size=6))
def test_conditions_agree_with_plain_python(case: Case, trees: list[s.Node]) -> None:
    made = compiled(case, trees, "tested")
    for person, evaluator in case.evaluators():
        for tree, found in zip(trees, made[person], strict=True):
            assert found == evaluator.truth(tree), f"{person}: {text(tree)}"


@PATIENT
@given(cases, st.lists(figures, min_size=8, max_size=8))
def test_figures_agree_with_plain_python(case: Case, trees: list[s.Node]) -> None:
    made = compiled(case, trees, "valued")
    for person, evaluator in case.evaluators():
        for tree, found in zip(trees, made[person], strict=True):
            truth = evaluator.value(tree)
            near = pytest.approx(truth) if isinstance(truth, float) else truth
            assert found == near, f"{person}: {text(tree)}"


@PATIENT
@given(cases, st.lists(conditions, min_size=3, max_size=3))
def test_whoever_is_asked_alone_is_told_the_same(case: Case, trees: list[s.Node]) -> None:
    everybody = compiled(case, trees, "tested")
    chosen = sorted(everybody)[::3]
    some = compiled(case, trees, "tested", f"SELECT unnest({chosen})")
    assert some == {person: everybody[person] for person in chosen}


@PATIENT
@given(cases, st.lists(conditions, min_size=3, max_size=3))
def test_every_condition_has_its_reasons_in_both_languages(case: Case, trees: list[s.Node]) -> None:
    with DuckDB(memory_mb=512, threads=1) as engine:
        asked = question(case, engine)
        for tree in trees:
            looks = any(
                not isinstance(part, s.Truth | s.Number | s.Text | s.Not | s.And | s.Or) for part in s.walk(tree)
            )
            for phrases in (ENGLISH, CHINESE):
                rows = engine.table(asked.reasons(tree, phrases)).to_pylist()
                assert len(rows) == len(case.people)
                one = case.around.everybody or dict(case.evaluators())
                for row in rows:
                    if looks and not isinstance(tree, s.Or | s.Compare) and one[row["person_id"]].truth(tree):
                        assert row["why"] or any(isinstance(part, s.Or) for part in s.walk(tree)), text(tree)
