"""Which events are a happening (kinds, and a condition on the event's fields), as SQL over some files of the log."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from lianyi.action.journeys.document import Happening
from lianyi.errors import InputError
from lianyi.insight.conditions import parse
from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions.scan import Scan
from lianyi.insight.orders import ORDER_NO
from lianyi.insight.scope import Scope
from lianyi.memory.engine import literal
from lianyi.memory.events import FUTURE_SLACK
from lianyi.workspace import Workspace

_BY_NAME = re.compile(r"prop:([\w. -]{1,60})\Z")
# Facts of an event that texts may name: {{ order }}, {{ value }}, {{ title }} …
FACTS = ("order", "object", "title", "value", "currency", "category", "campaign", "channel", "group")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One event that is the happening: its id, time, who did it (a key, and the person where the tables know one), the
    key of a keyed entry, and its facts."""

    id: str
    at: datetime
    who: str
    person_id: str | None
    key: str
    facts: dict[str, Any]


def mark(part: msgspec.Struct) -> str:
    """A short name of a part of a document; equal parts have the same."""
    return hashlib.blake2b(msgspec.json.encode(part, order="sorted"), digest_size=16).hexdigest()


def selection(happening: Happening) -> s.Aggregate:
    """The happening as a figure of the condition language. BadRule shows what can't be read."""
    kinds = f"received {happening.event}" if happening.received else happening.event
    where = f", {happening.where}" if happening.where.strip() else ""
    tree = parse(f"any({kinds}{where})")
    if not isinstance(tree, s.Aggregate):
        raise InputError(f"{happening.where!r} is no condition on one event; write e.g. value >= 100")
    return tree


def key_sql(key: str) -> str:
    """SQL of what a keyed entry is told apart by. InputError says what may be written."""
    if key == "person":
        return "''"
    if key == "order":
        return ORDER_NO
    if found := _BY_NAME.match(key):
        name = found[1].replace('"', "")
        path = f'$."{name}"'
        return f"coalesce(CAST((e.props ->> {literal(path)}) AS VARCHAR), '')"
    raise InputError(f"key {key!r} is none of person, order, prop:NAME")


class _News(Scope):
    """The scope of some files of the log: also events by people whom the tables do not know yet are rows, and each row
    carries its event's id, key and facts."""

    key: str = "''"

    def done(self, *columns: str, where: str = "TRUE") -> str:
        """See Scope.done."""
        return self._rows("actor_key", columns, where)

    def received(self, *columns: str, where: str = "TRUE") -> str:
        """See Scope.received."""
        return self._rows("target_key", columns, where)

    def _rows(self, side: str, columns: Sequence[str], where: str) -> str:
        listed = "".join(f", {column}" for column in columns)
        facts = (
            f"{ORDER_NO} AS fact_order, e.object_key AS fact_object, (e.props ->> '$.title') AS fact_title, "
            "CAST(e.value AS VARCHAR) AS fact_value, e.currency AS fact_currency, e.category AS fact_category, "
            "e.campaign AS fact_campaign, e.channel AS fact_channel, e.group_key AS fact_group"
        )
        return (
            f"(SELECT k.person_id, e.id AS event_id, e.{side} AS who, {self.key} AS entry_key, {facts}{listed} "
            f"FROM {self.events} e LEFT JOIN keys k ON e.{side} = k.key "
            f"WHERE e.{side} IS NOT NULL AND {self.happened()} AND {where})"
        )


def query(
    workspace: Workspace, happening: Happening, *, now: datetime, events: str, key: str = "person", more: str = "TRUE"
) -> str:
    """SQL. One row = one event that is the happening: event_id, moment, who, person_id, entry_key and fact_*.

    events: the relation with the events (see `files`), more: a further condition on those columns.
    """
    settings = workspace.settings
    scope = _News(
        as_of=now + FUTURE_SLACK, timezone=settings.timezone, currency=settings.currency, events=events
    )  # fmt: skip
    object.__setattr__(scope, "key", key_sql(key))
    node = selection(happening)
    scan = Scan(scope, [node])
    facts = ", ".join(f"fact_{name}" for name in FACTS)
    return (
        f"SELECT event_id, moment, who, person_id, entry_key, {facts} "
        f"FROM ({scan.rows()}) AS happened WHERE ({scan.counts(node)}) AND ({more})"
    )


def files(paths: Sequence[str]) -> str:
    """SQL of a relation with the events of some files of the log."""
    listed = ", ".join(literal(path) for path in paths)
    return f"read_parquet([{listed}])"


def seen(
    workspace: Workspace, happening: Happening, *, now: datetime, events: str, key: str = "person", more: str = "TRUE",
    limit: int | None = None,
) -> Iterator[Seen]:  # fmt: skip
    """The events that are the happening, oldest first."""
    text = query(workspace, happening, now=now, events=events, key=key, more=more)
    cut = f" LIMIT {limit}" if limit else ""
    for row in workspace.sql(f"{text} ORDER BY moment, event_id{cut}").to_arrow_table().to_pylist():
        yield Seen(
            id=row["event_id"], at=row["moment"], who=row["who"], person_id=row["person_id"],
            key=(row["entry_key"] or "")[:200],
            facts={name: row[f"fact_{name}"] for name in FACTS if row[f"fact_{name}"] is not None},
        )  # fmt: skip


def event_data(one: Seen) -> dict[str, Any]:
    """The event as JSON can keep it."""
    data: dict[str, Any] = json.loads(msgspec.json.encode({"id": one.id, "key": one.key, "facts": one.facts}))
    return data


SLACK = timedelta(seconds=1)
