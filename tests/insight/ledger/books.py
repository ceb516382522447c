"""The ledger of a small log: its tables built from events and, where a test gives them, arrivals and communities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from lianyi.insight.ledger import TABLES
from lianyi.insight.ledger.book import Book
from lianyi.insight.tables import EVENTS, Build
from lianyi.memory.duckdb import DuckDB
from lianyi.memory.events import Event, to_arrow
from lianyi.settings import Settings
from tests.insight.log import AS_OF, Row, keys_table

ARRIVALS = pa.schema(
    [("ripple_id", pa.string()), ("person_id", pa.string()), ("stone", pa.string()),
     ("at", pa.timestamp("us", "UTC")), ("generation", pa.int32()), ("parent_person_id", pa.string()),
     ("how", pa.string()), ("flags", pa.list_(pa.string())), ("newcomer", pa.bool_())]
)  # fmt: skip
MEMBERSHIPS = pa.schema(
    [("person_id", pa.string()), ("community_id", pa.string()), ("how", pa.string()), ("weight", pa.float64())]
)
REDEMPTIONS = pa.schema([
    ("order_no", pa.string()), ("currency", pa.string()), ("event_id", pa.string()), ("at", pa.timestamp("us", "UTC")),
    ("person_id", pa.string()), ("off", pa.decimal128(18, 4)),
])  # fmt: skip
EFFECTS = pa.schema([
    ("experiment", pa.string()), ("metric", pa.string()), ("main", pa.bool_()), ("estimate", pa.float64()),
    ("se", pa.float64()), ("n_treated", pa.int64()),
])  # fmt: skip
RIPPLES = pa.schema([("ripple_id", pa.string()), ("kind", pa.string()), ("name", pa.string())])


def ledger(
    events: Sequence[Event],
    *,
    book: Book | None = None,
    keys: Mapping[str, str] | None = None,
    arrivals: Sequence[Row] = (),
    memberships: Sequence[Row] = (),
    ripples: Sequence[Row] = (),
    as_of: datetime = AS_OF,
    ask: Mapping[str, str] | None = None,
) -> dict[str, list[Row]]:
    """Rows by table; ask: further queries over them, by name. `user:1` belongs to p1."""
    named = {key for event in events for key in (event.actor_key, event.target_key) if key}
    people = {key: "p" + key.split(":", 1)[1] for key in named} | dict(keys or {})
    parameters: dict[str, Any] = {"ledger": book} if book else {}
    with DuckDB(memory_mb=512, threads=1) as engine:
        engine.register(EVENTS, to_arrow(list(events), received_at=AS_OF))
        engine.register("keys", keys_table(people))
        engine.register("arrivals", pa.Table.from_pylist(list(arrivals), schema=ARRIVALS))
        engine.register("memberships", pa.Table.from_pylist(list(memberships), schema=MEMBERSHIPS))
        engine.register("people", pa.schema([("person_id", pa.string()), ("last_active", pa.date32())]).empty_table())
        engine.register("redemptions", REDEMPTIONS.empty_table())
        engine.register("effects", EFFECTS.empty_table())
        engine.register("ripples", pa.Table.from_pylist(list(ripples), schema=RIPPLES))
        found: dict[str, list[Row]] = {}
        for table in TABLES:
            build = Build(engine=engine, as_of=as_of, settings=Settings(memory_mb=512), parameters=parameters)
            built = table.build(build)
            parts = []
            for number, sql in enumerate([built] if isinstance(built, str) else built):
                engine.run(table.sorted(sql), into=f"part_{number}")
                parts.append(f"SELECT * FROM part_{number}")
            engine.run(" UNION ALL ".join(parts), into=table.name)
            build.clear()
            rows = engine.table(f"SELECT * FROM {table.name}")
            assert rows.column_names == list(table.columns), f"columns of {table.name} are described"
            assert rows.num_rows == len(rows.select(list(table.key)).group_by(list(table.key)).aggregate([]))
            found[table.name] = rows.to_pylist()
        for name, query in (ask or {}).items():
            found[name] = engine.table(query).to_pylist()
    return found
