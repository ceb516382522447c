"""A small log in memory: events as keywords, keys given by hand, tables built as a refresh builds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from lianyi.insight.tables import EVENTS, Build, catalogue
from lianyi.memory.duckdb import DuckDB
from lianyi.memory.events import Event, check, money, to_arrow
from lianyi.settings import Settings

AS_OF = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)  # noon in Shanghai
Row = dict[str, Any]


def at(text: str) -> datetime:
    """A local time of Shanghai: `2026-05-31 22:15`."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


class Log:
    """Events with ids of their own; `user:1` belongs to person p1 unless `keys` says otherwise."""

    def __init__(self, keys: Mapping[str, str] | None = None, **settings: Any) -> None:
        self.events: list[Event] = []
        self.known = dict(keys or {})
        self.settings = Settings(memory_mb=512, threads=1, **settings)

    def add(self, kind: str, actor: str | None = "user:1", when: datetime | str = AS_OF, **fields: Any) -> Event:
        """Append one event; `value` may be text, `currency` is CNY beside a value."""
        if "value" in fields:
            fields = {"currency": "CNY", **fields, "value": money(fields["value"])}
        event = Event(
            id=fields.pop("id", f"t:{len(self.events)}"),
            at=at(when) if isinstance(when, str) else when,
            kind=kind,
            source=fields.pop("source", "test"),
            actor_key=actor,
            target_key=fields.pop("target", None),
            **fields,
        )
        self.events.append(check(event, now=AS_OF))
        return event

    def keys(self) -> dict[str, str]:
        """Key -> person id."""
        named = {key for event in self.events for key in (event.actor_key, event.target_key) if key}
        return {key: self.known.get(key, "p" + key.split(":", 1)[1]) for key in sorted(named | set(self.known))}

    def build(
        self, *names: str, as_of: datetime = AS_OF, parameters: Mapping[str, Any] | None = None
    ) -> dict[str, list[Row]]:
        """The rows of these tables, in their order."""
        return build(self.events, self.keys(), names, settings=self.settings, as_of=as_of, parameters=parameters or {})

    def arrow(self, name: str) -> pa.Table:
        """One table as Arrow data."""
        with DuckDB(memory_mb=512, threads=1) as engine:
            make(engine, to_arrow(self.events, received_at=AS_OF), self.keys(), [name], self.settings, AS_OF, {})
            return engine.table(f"SELECT * FROM {name}")

    def person(self, person_id: str = "p1", **options: Any) -> Row:
        """One row of profiles."""
        rows = self.build("profiles", **options)["profiles"]
        return next(row for row in rows if row["person_id"] == person_id)


def build(
    events: Sequence[Event],
    keys: Mapping[str, str],
    names: Sequence[str],
    *,
    settings: Settings,
    as_of: datetime = AS_OF,
    parameters: Mapping[str, Any],
) -> dict[str, list[Row]]:
    """Build the named tables and what they read, from events and keys."""
    with DuckDB(memory_mb=settings.memory_mb, threads=1) as engine:
        log = to_arrow(list(events), received_at=AS_OF)
        made = make(engine, log, keys, names, settings, as_of, parameters)
        return {name: engine.table(f"SELECT * FROM {name}").to_pylist(maps_as_pydicts="strict") for name in made}


def make(
    engine: DuckDB,
    log: pa.Table,
    keys: Mapping[str, str],
    names: Sequence[str],
    settings: Settings,
    as_of: datetime,
    parameters: Mapping[str, Any],
) -> list[str]:
    """Register events and keys, build the tables in order, and hold each to its description."""
    tables = catalogue()
    engine.register(EVENTS, log)
    engine.register("keys", keys_table(keys))
    needed = _needed(names)
    for name in needed:
        table = tables[name]
        one = Build(engine=engine, as_of=as_of, settings=settings, parameters=parameters)
        built = table.build(one)
        parts = []
        for number, sql in enumerate([built] if isinstance(built, str) else built):
            engine.run(table.sorted(sql), into=f"{name}_part_{number}")
            parts.append(f"SELECT * FROM {name}_part_{number}")
        engine.run(" UNION ALL ".join(parts), into=name)
        one.clear()
        found = engine.table(f"SELECT * FROM {name}")
        assert found.column_names == list(table.columns), f"columns of {name} are described"
        assert found.num_rows == len(found.select(list(table.key)).group_by(list(table.key)).aggregate([])), name
    return needed


def keys_table(keys: Mapping[str, str]) -> pa.Table:
    """Key -> person id as the columns of `keys` that tables read."""
    return pa.table({"key": pa.array(keys, pa.string()), "person_id": pa.array(keys.values(), pa.string())})


def _needed(names: Sequence[str]) -> list[str]:
    tables = catalogue()
    wanted: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in {EVENTS, "keys"} and name not in wanted:
            wanted.add(name)
            todo += tables[name].inputs
    return [name for name in tables if name in wanted]
