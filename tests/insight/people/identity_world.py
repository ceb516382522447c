"""Small worlds of keys and links for the tests of identity resolution, and the tables that come of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pyarrow as pa

from lianyi.insight.people.identity import TABLES
from lianyi.insight.tables import Build, in_order
from lianyi.memory.duckdb import DuckDB
from lianyi.memory.events import Event, check, to_arrow
from lianyi.settings import Settings

START = datetime(2026, 1, 1, tzinfo=UTC)
AS_OF = datetime(2026, 6, 1, tzinfo=UTC)


def at(day: float) -> datetime:
    """A moment: days after START."""
    return START + timedelta(days=day)


def alias(a: str, b: str, day: float = 0, *, verified: bool = False, number: str = "") -> Event:
    """An alias event; its id is made of its content, so that equal calls are one event."""
    return Event(
        id=f"alias/{a}/{b}/{day}/{verified}{number}", at=at(day), kind="alias", source="test",
        actor_key=a, target_key=b, props={"verified": verified, "how": "test"},
    )  # fmt: skip


def merge(a: str, b: str, day: float) -> Event:
    return Event(
        id=f"merge/{a}/{b}/{day}", at=at(day), kind="merge", source="console", actor_key=a, target_key=b,
        props={"by": "op", "why": "known"},
    )  # fmt: skip


def unmerge(day: float, *parts: Sequence[str]) -> Event:
    return Event(
        id=f"unmerge/{day}/{parts}", at=at(day), kind="unmerge", source="console", actor_key=parts[0][0],
        props={"by": "op", "parts": [list(part) for part in parts]},
    )  # fmt: skip


def seen(key: str, day: float = 0) -> Event:
    return Event(id=f"view/{key}/{day}", at=at(day), kind="view", source="test", actor_key=key)


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """The tables as lists of rows."""

    keys: list[dict[str, Any]]
    links: list[dict[str, Any]]
    suggestions: list[dict[str, Any]]

    @property
    def person(self) -> Mapping[str, str]:
        """Key -> person id."""
        return {row["key"]: row["person_id"] for row in self.keys}

    @property
    def people(self) -> set[frozenset[str]]:
        """The keys of each person."""
        result: dict[str, set[str]] = {}
        for row in self.keys:
            result.setdefault(row["person_id"], set()).add(row["key"])
        return {frozenset(keys) for keys in result.values()}

    @property
    def shared(self) -> set[str]:
        return {row["key"] for row in self.keys if row["shared"]}

    def link(self, a: str, b: str) -> dict[str, Any]:
        (row,) = (row for row in self.links if {row["key_a"], row["key_b"]} == {a, b} and row["rule"] != "unmerge")
        return row


@cache
def _engine() -> DuckDB:
    return DuckDB(memory_mb=1024, threads=1)


def resolve(events: Iterable[Event], *, parts: int = 1, suggest: bool = False) -> Resolved:
    """The identity tables over the events; `parts` registers the log as that many record batches."""
    rows = list(events)
    for event in rows:
        check(event, now=AS_OF)
    log = to_arrow(rows, received_at=AS_OF)
    batches = log.to_batches(max_chunksize=-(-len(rows) // parts) or 1)
    return resolve_log(pa.Table.from_batches(batches, schema=log.schema), suggest=suggest)


def resolve_log(log: pa.Table, *, suggest: bool) -> Resolved:
    """The identity tables over a log; without `suggest` those that tell who is who."""
    engine = _engine()
    engine.register("events", log)
    result: dict[str, list[dict[str, Any]]] = {"merge_suggestions": []}
    for name, table in in_order(TABLES).items():
        if name == "merge_suggestions" and not suggest:
            continue
        build = Build(engine=engine, as_of=AS_OF, settings=Settings())
        engine.run(f"{table.build(build)} ORDER BY {', '.join(table.order)}", into=name)
        build.clear()
        rows = engine.table(name)
        assert rows.column_names == list(table.columns)
        result[name] = rows.to_pylist()
        keys = [tuple(row[column] for column in table.key) for row in result[name]]
        assert len(set(keys)) == len(keys)
    return Resolved(keys=result["keys"], links=result["identity_links"], suggestions=result["merge_suggestions"])
