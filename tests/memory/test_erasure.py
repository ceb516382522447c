"""After an erasure the bytes of the person are in no file of the log."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from lianyi.memory.duckdb import DuckDB
from lianyi.memory.erasure import MARK, erase, patterns
from lianyi.memory.events import Event, to_arrow
from lianyi.memory.lake import Lake

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


EVENTS = [
    event(1, actor_key=PERSON[0], text="我的电话 13800138000"),
    event(2, actor_key="user:other", target_key=PERSON[0], kind="reply", text="好的,红豆"),
    event(3, actor_key="user:other", text="call 13800138000 or xiaohong.wang@example.cn"),
    event(4, actor_key="user:operator", target_key=PERSON[1], kind="tag", props={"tag": "VIP"}),
    event(5, actor_key=PERSON[1], target_key=PERSON[2], kind="alias"),
    event(6, actor_key="user:other", kind="invite", target_key=PERSON[3], props={"line": '"甲"邀请"红豆"加入了群聊'}),
    event(7, id="wechat:user:wang-88771/7", actor_key="user:third", parent_id="wechat:user:wang-88771/1"),
    event(8, actor_key="user:other", text="红豆沙很好喝"),
    event(9, actor_key="user:third", text="nothing here", props={"wang": 1}),
]


def everything(folder: Path) -> bytes:
    """The bytes of every file, those of Parquet files also unpacked."""
    parts = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        parts.append(path.read_bytes())
        if path.suffix == ".parquet":
            parts.append(repr(pq.read_table(path).to_pylist()).encode())
    return b"".join(parts)


def test_no_file_holds_the_person_any_more(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, EVENTS)
    assert b"8613800138000" in everything(tmp_path)
    done = erase(lake, keys=PERSON, names=["王小红", "红豆"])
    assert (done.removed, done.cleaned) == (3, 5)
    bytes_left = everything(tmp_path)
    for trace in (*PERSON, "13800138000", "xiaohong.wang", "wang-88771", "红豆", "王小红"):
        assert trace.encode() not in bytes_left, trace


def test_what_others_said_stays_without_the_person(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, EVENTS)
    erase(lake, keys=PERSON, names=["红豆"])
    with DuckDB() as engine:
        engine.register("events", lake.files())
        rows = {row["id"]: row for row in engine.table("SELECT * FROM events").to_pylist()}
    assert rows["t:2"]["target_key"] is None
    assert rows["t:2"]["text"] == f"好的,{MARK}"
    assert rows["t:3"]["text"] == f"call {MARK} or {MARK}"
    assert rows["t:9"]["text"] == "nothing here"
    assert sum(row["actor_key"] == "user:third" for row in rows.values()) == 2


def test_the_same_file_again_does_not_bring_the_person_back(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, EVENTS)
    erase(lake, keys=PERSON)
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
    ],
)
def test_names_are_found_as_whole_words(names: list[str], text: str, *, found: bool) -> None:
    assert bool(re.search(patterns(["user:1"], names), text)) is found
