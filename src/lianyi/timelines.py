"""What a person did and what was done to them, found by key: the log and table `received`."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from lianyi.insight.tables import EVENTS
from lianyi.memory.events import FIELD_NAMES

if TYPE_CHECKING:
    from lianyi.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """All events of one person. events: columns as in the log, and role: actor (did it) or target (it was done to
    them)."""

    events: pa.Table

    def newest(
        self,
        *,
        limit: int,
        before: datetime | None = None,
        before_id: str | None = None,
        kinds: Sequence[str] = (),
    ) -> list[dict[str, Any]]:
        """The newest events, those of one moment by id; props read. before, before_id, kinds: see persons.timeline."""
        found = self.events
        if before is not None:
            at = pc.field("at")
            earlier = at < before
            same = (at == before) & (pc.field("id") > (before_id or ""))
            found = found.filter(earlier if before_id is None else earlier | same)
        if kinds:
            found = found.filter(pc.field("kind").isin(list(kinds)))
        rows = found.sort_by([("at", "descending"), ("id", "ascending")]).slice(0, limit).to_pylist()
        return [{**row, "props": json.loads(row["props"]) if row["props"] else {}} for row in rows]


def read(ws: Workspace, keys: Collection[str]) -> Timeline:
    """The events of the person with these keys. The log is sorted by actor, so what others did to the person comes
    from table `received`, and from what arrived after it was made."""
    mine = _alike(ws.look_up(EVENTS, keys), "actor")
    if "received" not in ws.states():
        return Timeline(events=pa.concat_tables([mine, _asked(ws, EVENTS, keys, None)]))
    table = _alike(ws.look_up("received", keys), "target")
    table = table.filter(~pc.field("actor_key").isin(list(keys)) | pc.field("actor_key").is_null())
    later = _asked(ws, "late_events", keys, ws.states()["received"].as_of)
    later = later.filter(pc.invert(pc.is_in(later["id"], table["id"].combine_chunks())))
    return Timeline(events=pa.concat_tables([mine, table, later]))


def _asked(ws: Workspace, relation: str, keys: Collection[str], since: datetime | None) -> pa.Table:
    """What others did to the person, where it must be looked for: in the whole relation, or received after `since`."""
    marks = ", ".join("?" for _ in keys)
    late, values = (" AND e.received_at > ?", [since]) if since is not None else ("", [])
    found = ws.sql(
        f"SELECT * FROM {relation} e WHERE e.target_key IN ({marks}) "
        f"AND (e.actor_key IS NULL OR e.actor_key NOT IN ({marks})){late}",
        [*keys, *keys, *values],
    )
    return _alike(found.to_arrow_table(), "target")


def _alike(rows: pa.Table, role: str) -> pa.Table:
    """The columns of the log in its order, with the role. Engine and files differ in what may be NULL."""
    chosen = rows.select(list(FIELD_NAMES))
    schema = pa.schema([pa.field(field.name, field.type) for field in chosen.schema])
    return chosen.cast(schema).append_column("role", pa.array([role] * len(chosen), pa.string()))
