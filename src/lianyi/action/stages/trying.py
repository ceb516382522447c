"""Whom other rules of stages would move: the furthest stage of people under the rules that hold and under others.

Of a log of up to MOST_EVENTS everybody is asked; of a longer one SAMPLE people whose ids follow a fixed one (ids are
hashes, so it is chance who they are, and they stay the same), whose events are found by key, and shares come with
Wilson's 95 % range (1927). What was found is kept in memory until the next refresh (an erasure ends in one); `warm`
finds it beforehand.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from threading import Lock, Thread
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

MOST_EVENTS = 100_000
SAMPLE = 300
FROM = "p5"  # ids are p + hex digits of a hash
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


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Events and keys of the people asked, and of which version of the table of people; stands until that changes."""

    version: str
    events: pa.Table
    keys: pa.Table


_KEPT: dict[str, Sample] = {}  # the sample of each workspace
_MAKING = Lock()


def long(ws: Workspace) -> bool:
    """Whether the log is too long to ask everybody within a request."""
    return ws.lake.rows() > MOST_EVENTS


def warm(ws: Workspace) -> None:
    """Find the sample in the background, so that it is there when rules are tried. Nothing to do for a short log, or
    where it is there already or tables are not built."""
    if long(ws) and "people" in ws.states() and _standing(ws) is None:
        Thread(target=sample, args=(ws,), name="stage-sample", daemon=True).start()


def _standing(ws: Workspace) -> Sample | None:
    found = _KEPT.get(str(ws.folder))
    return found if found is not None and found.version == ws.states()["people"].version else None


def sample(ws: Workspace) -> Sample:
    """The sample of a workspace; one caller finds it, others wait."""
    with _MAKING:
        found = _standing(ws)
        if found is None:
            found = _KEPT[str(ws.folder)] = _found(ws)
        return found


def _found(ws: Workspace) -> Sample:
    version, columns = ws.states()["people"].version, "SELECT person_id, keys FROM people WHERE person_id"
    rows = ws.rows(f"{columns} >= ? ORDER BY person_id LIMIT ?", [FROM, SAMPLE])
    rows += ws.rows(f"{columns} < ? ORDER BY person_id LIMIT ?", [FROM, SAMPLE - len(rows)])
    pairs = [(key, row["person_id"]) for row in rows for key in row["keys"]]
    keys = [key for key, _person in pairs]
    parts = [ws.look_up(EVENTS, keys, columns=_COLUMNS)]
    if "received" in ws.states():
        parts.append(ws.look_up("received", keys, columns=_COLUMNS))
    schema = pa.schema([pa.field(field.name, field.type) for field in parts[0].schema])
    events = pa.concat_tables([part.select(_COLUMNS).cast(schema) for part in parts])
    people = pa.array([person for _key, person in pairs], pa.string())
    whose = pa.table({"key": pa.array(keys, pa.string()), "person_id": people})
    return Sample(version=version, events=events, keys=whose)


def _register(ws: Workspace, engine: DuckDB) -> bool:
    """Make `events` and `keys` known, of everybody or of a sample; says which."""
    if not long(ws):
        engine.register(EVENTS, ws.lake.files())
        engine.register("keys", ws.store.files(ws.states()["keys"]))
        return False
    found = sample(ws)
    engine.register(EVENTS, found.events)
    engine.register("keys", found.keys)
    return True


def _lapsed(ws: Workspace, scope: Scope, old: int, new: int) -> dict[str, int]:
    """People who show no sign of life for so many days, by the silence that drops out before and after."""
    silent = f"{scope.today} - {scope.dialect.day_number('last_active')}"
    [row] = ws.rows(
        f"SELECT count(*) FILTER (WHERE {silent} >= {old:d}) AS before, "
        f"count(*) FILTER (WHERE {silent} >= {new:d}) AS after FROM people"
    )
    return {name: int(row[name]) for name in ("before", "after")}
