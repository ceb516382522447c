"""A brand with as many people as a test wants, each with an e-mail address, made without a refresh."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from lianyi.workspace import Workspace
from tests.doors.tables import put_table

AGREED = {"purpose": "marketing", "channel": "email", "granted": True, "source": "form", "event": "e"}
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


def key_of(number: int) -> str:
    return f"email:person{number}@tea.test"


def id_of(number: int) -> str:
    return "p" + hashlib.md5(key_of(number).encode(), usedforsecurity=False).hexdigest()[:16]


def put_people(ws: Workspace, count: int, *, changes: Mapping[int, Mapping[str, Any]] | None = None) -> list[str]:
    """Make table `people` hold so many people who agreed to marketing by e-mail; returns their ids. changes: columns
    of some of them."""
    schema = ws.table("people").to_arrow_table().schema
    rows = []
    for number in range(count):
        row: dict[str, Any] = {
            "person_id": id_of(number), "name": f"Person {number}", "language": "en", "keys": [key_of(number)],
            "consents": [{**AGREED, "since": LONG_AGO}], "attributes": "{}", "orders": 0,
        }  # fmt: skip
        rows.append({**row, **(changes or {}).get(number, {})})
    rows.sort(key=lambda row: row["person_id"])
    put_table(ws, "people", pa.Table.from_pylist(rows, schema=schema))
    return [id_of(number) for number in range(count)]


def consents(*said: tuple[str, str, bool, datetime]) -> list[dict[str, Any]]:
    """The column `consents`: purpose, channel, granted, since."""
    return [
        {"purpose": purpose, "channel": channel, "granted": granted, "since": since, "source": "form", "event": "e"}
        for purpose, channel, granted, since in said
    ]


def noon(days: int = 0) -> datetime:
    """Noon in Shanghai, where no quiet hours are."""
    return datetime(2026, 5, 4, 4, tzinfo=UTC) + timedelta(days=days)


def landed(ws: Workspace) -> Sequence[Mapping[str, Any]]:
    """What our contacts have told the log so far."""
    from lianyi.memory.draining import land

    now = datetime.now(UTC)
    while land(ws.inbox, ws.lake, now).events:
        pass
    rows: list[dict[str, Any]] = (
        ws.sql("SELECT * FROM events WHERE source = 'lianyi' ORDER BY id").to_arrow_table().to_pylist()
    )
    return rows
