"""Whom other rules of stages would move: the furthest stage of people under the rules that hold and under others.

Of a log of up to MOST_EVENTS everybody is asked; of a longer one SAMPLE people by the smallest SHA-256 of their ids,
whose events are found by key, and shares come with Wilson's 95 % range (1927).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lianyi.insight.offers.shares import wilson
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS
from lianyi.insight.value.stages.furthest import furthest
from lianyi.insight.value.stages.reaching import NUMBERED
from lianyi.insight.value.stages.rules import Stages
from lianyi.memory.dialect import Dialect

if TYPE_CHECKING:
    from lianyi.memory.duckdb import DuckDB
    from lianyi.workspace import Workspace

MOST_EVENTS = 2_000_000
SAMPLE = 300
_COLUMNS = ["id", "at", "kind", "actor_key", "target_key"]


def tried(ws: Workspace, old: Stages, new: Stages, now: datetime) -> dict[str, Any]:
    """people: how many were asked; sample: whether that is a part of all; moved: how many would stand elsewhere, share
    with low and high; moves: from, to (None: no stage), people, most first; stages: of each stage of the new rules
    people before and after; lapsed: dropped out by the silence of each. NotFound while the tables are not built."""
    ws.needs("people")
    with ws.engine() as engine:
        sample = _register(ws, engine)
        scope = Scope(as_of=now, timezone=ws.settings.timezone, currency=ws.settings.currency,
                      dialect=Dialect(engine.dialect), keys=NUMBERED)  # fmt: skip
        before, after = (furthest(engine, scope, rules)["stage"].to_pylist() for rules in (old, new))
    pairs = Counter(zip(before, after, strict=True))
    asked, moved = len(before), sum(count for (one, other), count in pairs.items() if one != other)
    low, high = wilson(moved, asked) if asked else (0.0, 0.0)
    stood, stand = Counter(before), Counter(after)
    moves = sorted(((count, one, other) for (one, other), count in pairs.items() if one != other),
                   key=lambda row: (-row[0], row[1] or "", row[2] or ""))  # fmt: skip
    return {
        "people": asked, "sample": sample, "moved": moved, "share": moved / asked if asked else None,
        "low": low if sample else None, "high": high if sample else None,
        "moves": [{"from": one, "to": other, "people": count} for count, one, other in moves],
        "stages": [{"stage": name, "before": stood.get(name, 0), "after": stand.get(name, 0)} for name in new.names],
        "lapsed": _lapsed(ws, scope, old.silent, new.silent),
    }  # fmt: skip


def _register(ws: Workspace, engine: DuckDB) -> bool:
    """Make `events` and `keys` known, of everybody or of a sample; says which."""
    if ws.lake.rows() <= MOST_EVENTS:
        engine.register(EVENTS, ws.lake.files())
        engine.register("keys", ws.store.files(ws.states()["keys"]))
        return False
    ids = [row["person_id"] for row in ws.rows("SELECT person_id FROM people")]
    ids = sorted(sorted(ids, key=lambda one: hashlib.sha256(one.encode()).digest())[:SAMPLE])
    rows = ws.look_up("people", ids, columns=["person_id", "keys"]).to_pylist()
    pairs = [(key, row["person_id"]) for row in rows for key in row["keys"]]
    keys = [key for key, _person in pairs]
    parts = [ws.look_up(EVENTS, keys, columns=_COLUMNS)]
    if "received" in ws.states():
        parts.append(ws.look_up("received", keys, columns=_COLUMNS))
    schema = pa.schema([pa.field(field.name, field.type) for field in parts[0].schema])
    engine.register(EVENTS, pa.concat_tables([part.select(_COLUMNS).cast(schema) for part in parts]))
    people = [person for _key, person in pairs]
    engine.register(
        "keys", pa.table({"key": pa.array(keys, pa.string()), "person_id": pa.array(people, pa.string())})
    )  # fmt: skip
    return True


def _lapsed(ws: Workspace, scope: Scope, old: int, new: int) -> dict[str, int]:
    """People who show no sign of life for so many days, by the silence that drops out before and after."""
    silent = f"{scope.today} - {scope.dialect.day_number('last_active')}"
    [row] = ws.rows(
        f"SELECT count(*) FILTER (WHERE {silent} >= {old:d}) AS before, "
        f"count(*) FILTER (WHERE {silent} >= {new:d}) AS after FROM people"
    )
    return {name: int(row[name]) for name in ("before", "after")}
