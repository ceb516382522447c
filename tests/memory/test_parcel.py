"""Events wait as JSON or as columns; nobody can tell the difference by what lands, is refused or is erased."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.errors import BadEvent
from lianyi.memory.checking import plainly_right
from lianyi.memory.draining import Drained, land
from lianyi.memory.events import EARLIEST, Event, check, to_arrow
from lianyi.memory.inbox import FILE_NAME, Inbox
from lianyi.memory.lake import Lake
from lianyi.memory.parcel import COLUMNS, COLUMNS_FROM, Parcel, is_columns, joined, json_in, table_in
from lianyi.memory.traces import Traces

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
FEW, MANY = 3, COLUMNS_FROM + 3


def event(number: int, **more: Any) -> Event:
    more = {"actor_key": f"user:u{number}", "kind": "view", **more}
    return Event(id=f"site:{number}", at=NOW - timedelta(hours=1), source="site", **more)


def packed(events: list[Event]) -> bytes:
    parcel = Parcel()
    parcel.add(events)
    return parcel.packed().body


def events_in(body: bytes) -> list[Event]:
    return msgspec.json.decode(json_in(table_in(body)) if is_columns(body) else body, type=list[Event])


def rows(lake: Lake) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for file in lake.files() for row in pq.read_table(file).to_pylist()}


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(0, 1500), max_size=6))
def test_a_parcel_is_its_events_in_their_order_however_they_come(sizes: list[int]) -> None:
    parcel = Parcel()
    events: list[Event] = []
    for size in sizes:
        some = [event(len(events) + n, props={"n": n, "a": [1.5, None, "好"]}) for n in range(size)]
        parcel.add(some)
        events += some
    body = parcel.packed()
    assert parcel.events == body.events == len(events)
    assert is_columns(body.body) == (len(events) >= COLUMNS_FROM)
    assert events_in(body.body) == events


@pytest.mark.parametrize("size", [FEW, MANY])
def test_bodies_of_one_kind_are_joined_in_their_order(size: int) -> None:
    parts = [[event(size * part + n) for n in range(size)] for part in range(3)]
    assert events_in(joined([packed(part) for part in parts])) == [event for part in parts for event in part]


@pytest.mark.parametrize("size", [FEW, MANY])
def test_every_field_comes_out_of_the_log_as_it_went_in(inbox: Inbox, lake: Lake, size: int) -> None:
    full = Event(
        id="site:full", at=NOW - timedelta(microseconds=1), kind="order", source="site", actor_key="user:1",
        target_key="user:2", group_key="group:3", object_key="item:4", parent_id="site:5", campaign="spring",
        channel="web", category="Tea > Oolong", value=Decimal("12.34565"), currency="CNY", text="好茶 🍵",
        props={"b": 1, "a": [None, 2.5], "big": 2**63 + 1},
    )  # fmt: skip
    inbox.put_now([full, *(event(number) for number in range(size))], received_at=NOW)
    assert land(inbox, lake, NOW + timedelta(hours=1)) == Drained(new=size + 1)
    row = rows(lake)["site:full"]
    assert row == to_arrow([full], received_at=NOW).to_pylist()[0]
    assert row["props"] == '{"a":[null,2.5],"b":1,"big":9223372036854775809}'
    assert rows(lake)["site:0"]["received_at"] == NOW


def test_few_and_many_land_together(inbox: Inbox, lake: Lake) -> None:
    parts = [(0, FEW), (FEW, MANY), (FEW + MANY, FEW), (0, FEW), (FEW, MANY)]
    for minute, (first, size) in enumerate(parts):
        inbox.put_now([event(first + n) for n in range(size)], received_at=NOW + timedelta(minutes=minute))
    assert land(inbox, lake, NOW) == Drained(new=2 * FEW + MANY, duplicate=FEW + MANY)
    found = rows(lake)
    assert found["site:0"]["received_at"] == NOW
    assert found[f"site:{FEW}"]["received_at"] == NOW + timedelta(minutes=1)
    assert inbox.backlog() == 0


@pytest.mark.parametrize("size", [FEW, MANY])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"actor_key": "no namespace"}, "actor_key: 'no namespace' has no namespace"),
        ({"id": "x" * 600}, "id: has 600 characters"),
        ({"at": NOW + timedelta(days=3)}, "at: 2026-05-04"),
        ({"at": datetime(2026, 5, 1)}, "at: 2026-05-01T00:00:00 has no time zone"),  # noqa: DTZ001
        ({"value": Decimal(1)}, "currency: is missing"),
        ({"value": Decimal("NaN"), "currency": "CNY"}, "value: NaN is out of range"),
        ({"props": {"a": "x" * 120_000}}, "props: is 120,008 characters"),
    ],
)
def test_what_breaks_the_rules_is_kept_aside_and_blocks_nothing(
    inbox: Inbox, lake: Lake, size: int, change: dict[str, Any], reason: str
) -> None:
    bad = msgspec.structs.replace(event(size), **change)
    inbox.put_now([*(event(number) for number in range(size)), bad], received_at=NOW)
    assert land(inbox, lake, NOW) == Drained(new=size, rejected=1)
    (file,) = (lake.folder / "rejects").glob("inbox-*.jsonl")
    line = json.loads(file.read_text(encoding="utf-8"))
    assert line["reason"].startswith(reason)
    assert line["event"]["id"] == bad.id


@pytest.mark.parametrize("cut", [-3, -9, 30])
def test_columns_that_are_cut_off_are_kept_aside_as_a_whole(inbox: Inbox, lake: Lake, cut: int) -> None:
    inbox.put_now([event(number) for number in range(MANY)], received_at=NOW)
    with sqlite3.connect(inbox.path) as connection:
        connection.execute("UPDATE parcel SET body = ?", (next(inbox.take(10)).body[:cut],))
    connection.close()
    inbox.put_now([event(MANY)], received_at=NOW)
    assert land(inbox, lake, NOW) == Drained(new=1, rejected=1)
    assert inbox.backlog() == 0


@pytest.mark.parametrize("size", [FEW, MANY])
def test_an_erasure_finds_the_person_in_either_form(inbox: Inbox, lake: Lake, size: int) -> None:
    ann = "email:ann@example.org"
    told = event(
        1, kind="reply", target_key=ann, text="write to ann@example.org please", props={"cc": "ann@example.org"}
    )
    inbox.put_now([event(0, actor_key=ann), told, *(event(2 + n) for n in range(size))], received_at=NOW)
    inbox.put_now([event(1000 + n) for n in range(size)], received_at=NOW)
    untouched = list(inbox.take(10))[1].body
    assert inbox.purge(Traces(keys=frozenset({ann}))) == 1
    assert inbox.backlog() == 2 * size + 1
    for portion in inbox.take(10):
        assert all("ann@example" not in str(event) for event in events_in(portion.body))
    assert list(inbox.take(10))[1].body == untouched
    land(inbox, lake, NOW)
    found = rows(lake)
    assert (found["site:1"]["target_key"], found["site:1"]["text"]) == (None, "write to [erased] please")
    assert found["site:1"]["props"] == '{"cc":"[erased]"}'
    assert len(found) == 2 * size + 1


def test_an_inbox_of_the_first_layout_is_landed_and_its_sequence_goes_on(tmp_path: Path, lake: Lake) -> None:
    inbox = Inbox(tmp_path / "inbox")
    inbox.put_now([event(1)], received_at=NOW)
    land(inbox, lake, NOW)
    inbox.put_now([event(1), event(2)], received_at=NOW)
    inbox.close()
    with sqlite3.connect(tmp_path / "inbox" / FILE_NAME) as connection:  # as the version before left it
        connection.execute("ALTER TABLE parcel RENAME TO batch")
        connection.execute("UPDATE state SET value = 1 WHERE name = 'layout'")
    connection.close()
    again = Inbox(tmp_path / "inbox")
    again.put_now([event(3)], received_at=NOW)
    assert [portion.sequence for portion in again.take(10)] == [2, 3]
    assert land(again, lake, NOW) == Drained(new=2, duplicate=1)
    again.close()


TEXTS = st.sampled_from(
    ["user:1", "no namespace", "", "x:" + "y" * 511, "好:" + "茶" * 300, "a:\x00", "view", "Bad kind"]
)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "id": TEXTS, "kind": TEXTS, "source": TEXTS, "actor_key": TEXTS | st.none(), "target_key": TEXTS | st.none(),
        "group_key": TEXTS, "object_key": TEXTS, "parent_id": TEXTS, "campaign": TEXTS, "channel": TEXTS,
        "category": TEXTS, "text": TEXTS | st.just("x" * 100_001), "value": st.sampled_from([Decimal("1.5"), None]),
        "currency": st.sampled_from(["CNY", "yuan", "", None]),
        "at": st.sampled_from([EARLIEST, EARLIEST - timedelta(1), NOW + timedelta(1), NOW + timedelta(2)]),
    },
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(changes=st.lists(CHANGES, max_size=2))
def test_what_is_right_at_a_glance_passes_each_check(changes: list[dict[str, Any]]) -> None:
    events = [event(0), *(msgspec.structs.replace(event(1), **change) for change in changes)]
    table = to_arrow(events, received_at=NOW).select(COLUMNS.names)
    if plainly_right(table, now=NOW):
        for each in events:
            check(each, now=NOW)
    else:
        # It may doubt what is right, but only where a text is longer in bytes than it is in characters.
        wide = any("茶" in value for change in changes for value in change.values() if isinstance(value, str))
        assert wide or any(_breaks(each) for each in events)


def _breaks(each: Event) -> bool:
    try:
        check(each, now=NOW)
    except BadEvent:
        return True
    return False


@pytest.mark.parametrize("name", ["id", "at", "kind", "source"])
def test_a_required_field_that_is_missing_is_not_right(name: str) -> None:
    table = to_arrow([event(1)], received_at=NOW).select(COLUMNS.names)
    place = COLUMNS.get_field_index(name)
    missing = COLUMNS.field(place).with_nullable(nullable=True)
    assert plainly_right(table, now=NOW)
    assert not plainly_right(table.set_column(place, missing, pa.nulls(1, missing.type)), now=NOW)
