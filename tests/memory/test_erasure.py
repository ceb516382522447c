"""After an erasure the bytes of the person are in no file of the log."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianyi.memory.duckdb import DuckDB
from lianyi.memory.erasure import erase, rooms_of
from lianyi.memory.events import Event, to_arrow
from lianyi.memory.lake import Lake
from lianyi.memory.traces import MARK, Traces

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PERSON = ("user:wang-88771", "phone:8613800138000", "email:xiaohong.wang@example.cn", "name:group/红豆")


def event(number: int, **fields: object) -> Event:
    base = {"id": f"t:{number}", "at": NOW + timedelta(minutes=number), "kind": "message", "source": "t"}
    return Event(**{**base, **fields})  # type: ignore[arg-type]


def lake_with(folder: Path, events: list[Event]) -> Lake:
    lake = Lake(folder)
    half = len(events) // 2
    for number, part in enumerate((events[:half], events[half:]), 1):
        with lake.landing(received_at=NOW, transaction=("t", number)) as landing:
            landing.add(to_arrow(part, received_at=NOW))
    return lake


ROOM = "group:wecom/9"
EVENTS = [
    event(1, actor_key=PERSON[0], text="我的电话 13800138000", group_key=ROOM),
    event(2, actor_key="user:other", target_key=PERSON[0], kind="reply", text="好的,红豆"),
    event(3, actor_key="user:other", text="call 138-0013 8000 or XiaoHong.Wang@example.cn, +86 13800138000"),
    event(4, actor_key="user:operator", target_key=PERSON[1], kind="tag", props={"tag": "VIP"}),
    event(5, actor_key=PERSON[1], target_key=PERSON[2], kind="alias"),
    event(6, actor_key="user:other", kind="invite", target_key=PERSON[3], props={"line": '"甲"邀请"红豆"加入了群聊'}),
    event(7, id="wechat:user:wang-88771/7", actor_key="user:third", parent_id="wechat:user:wang-88771/1"),
    event(8, actor_key="user:other", text="红豆说得对", group_key=ROOM),
    event(9, actor_key="user:third", text="红豆沙很好喝", category="红豆", props={"sku": 17003, "phone": 13800138000}),
]
TRACES = Traces(keys=frozenset(PERSON), names=frozenset(["王小红", "红豆"]), rooms=frozenset([ROOM]), salt="pepper")


def everything(folder: Path) -> bytes:
    """The bytes of every file, those of Parquet files also unpacked."""
    parts = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        parts.append(path.read_bytes())
        if path.suffix == ".parquet":
            parts.append(repr(pq.read_table(path).to_pylist()).encode())
    return b"".join(parts)


def left(lake: Lake) -> dict[str, dict[str, Any]]:
    with DuckDB() as engine:
        engine.register("events", lake.files())
        return {row["id"]: row for row in engine.table("SELECT * FROM events").to_pylist()}


def test_no_file_holds_the_person_any_more(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, EVENTS)
    assert b"8613800138000" in everything(tmp_path)
    assert rooms_of(lake, PERSON) == {ROOM}
    done = erase(lake, TRACES)
    assert (done.removed, done.cleaned) == (3, 6)
    bytes_left = everything(tmp_path)
    for trace in (*PERSON, "13800138000", "138-0013", "xiaohong.wang", "XiaoHong", "wang-88771", "王小红"):
        assert trace.encode() not in bytes_left, trace


def test_what_others_said_stays_without_the_person(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, EVENTS)
    erase(lake, TRACES)
    rows = left(lake)
    assert rows["t:2"]["target_key"] is None
    assert rows["t:2"]["text"] == f"好的,{MARK}"
    assert rows["t:3"]["text"] == f"call {MARK} or {MARK}, {MARK}"
    assert rows["t:8"]["text"] == f"{MARK}说得对"
    assert sum(row["actor_key"] == "user:third" for row in rows.values()) == 2


def test_a_name_elsewhere_is_an_everyday_word(tmp_path: Path) -> None:
    """Names are chosen by people: one who is called like goods, a category or a source must not spoil the log."""
    lake = lake_with(tmp_path, EVENTS)
    erase(lake, TRACES)
    row = left(lake)["t:9"]
    assert (row["text"], row["category"], row["source"]) == ("红豆沙很好喝", "红豆", "t")
    assert json.loads(row["props"]) == {"sku": 17003, "phone": MARK}


def test_a_short_number_of_an_own_namespace_spares_everything_else(tmp_path: Path) -> None:
    events = [
        event(1, actor_key="user:17003"),
        event(2, actor_key="user:b", object_key="item:17003", props={"sku": 17003, "n": [17003, "17003"]}),
        event(3, actor_key="user:b", text="17003", props={"friend": "user:17003"}),
    ]
    lake = lake_with(tmp_path, events)
    erase(lake, Traces(keys=frozenset(["user:17003"])))
    rows = left(lake)
    assert rows["t:2"]["object_key"] == "item:17003"
    assert json.loads(rows["t:2"]["props"]) == {"sku": 17003, "n": [17003, "17003"]}
    assert (rows["t:3"]["text"], json.loads(rows["t:3"]["props"])) == ("17003", {"friend": MARK})


def test_replaced_ids_can_not_be_guessed_and_still_refer(tmp_path: Path) -> None:
    events = [
        event(1, actor_key=PERSON[1]),
        event(2, id="shop:13800138000/5", actor_key="user:b"),
        event(3, actor_key="user:c", parent_id="shop:13800138000/5"),
    ]
    lake = lake_with(tmp_path, events)
    erase(lake, Traces(keys=frozenset([PERSON[1]]), salt="pepper"))
    replaced = next(name for name in left(lake) if name.startswith("erased:"))
    assert left(lake)["t:3"]["parent_id"] == replaced
    assert hashlib.md5(b"shop:13800138000/5").hexdigest() not in replaced


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=12)
    | st.sampled_from([*PERSON, "13800138000", 13800138000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=6), json_values, max_size=4), st.text(max_size=30))
def test_props_stay_json_and_hold_no_trace(props: dict[str, Any], text: str) -> None:
    before = {"actor_key": "user:b", "text": text, "props": json.dumps(props, ensure_ascii=False)}
    after = TRACES.cleaned(before)
    assert isinstance(json.loads(after["props"]), dict)
    assert not any(trace in after["props"] for trace in (*PERSON, "13800138000"))
    assert TRACES.cleaned(after) == after


def test_the_same_file_again_does_not_bring_the_person_back(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, EVENTS)
    erase(lake, TRACES)
    with lake.landing(received_at=NOW, transaction=("again", 1)) as landing:
        landing.add(to_arrow(EVENTS, received_at=NOW))
    assert landing.landed.new == 0


@pytest.mark.parametrize(
    ("names", "text", "found"),
    [
        (["Ann Lee"], "Ann Leeds", False),
        (["Ann Lee"], "ask Ann Lee.", True),
        (["Bo"], "Bo", False),
        (["小红"], "问小红吧", True),
        (["Alice"], "客户Alice你好", True),
    ],
)
def test_names_are_found_as_whole_words(names: list[str], text: str, *, found: bool) -> None:
    assert Traces(keys=frozenset(["user:1"]), names=frozenset(names)).found_in(text) is found
