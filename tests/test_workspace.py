"""Laws of the public library: what goes in as events comes out as people, and can be mended and erased."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import lianyi
from lianyi.errors import Busy, InputError, NotFound, NoWorkspace, SensitiveTag
from lianyi.memory.events import Event
from lianyi.workspace import Workspace

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANNA, BO, CAI = "user:anna-1001", "wecom:bo-2002", "openid:cai-3003"


def event(number: int, **fields: Any) -> Event:
    return Event(**{"id": f"t:{number}", "at": NOW - timedelta(days=number), "source": "t", **fields})


EVENTS = [
    event(
        1, kind="order", actor_key=ANNA, value=Decimal("99.90"), currency="CNY", object_key="item:tea", category="茶"
    ),
    event(2, kind="message", actor_key=ANNA, group_key="group:wecom/1", text="大家好"),
    event(3, kind="reply", actor_key=BO, target_key=ANNA, group_key="group:wecom/1", text="欢迎", parent_id="t:2"),
    event(4, kind="identify", actor_key=ANNA, props={"name": "安娜娜", "city": "杭州"}),
    event(5, kind="view", actor_key=CAI, object_key="page:/tea"),
    event(6, kind="order", actor_key=CAI, value=Decimal("10.05"), currency="CNY", object_key="item:cup"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The brand with its tables, built once; each test has a copy."""
    folder = tmp_path_factory.mktemp("made") / "brand"
    ws = lianyi.open(folder, create=True, clock=lambda: NOW)
    ws.record(EVENTS)
    ws.refresh()
    return folder


@pytest.fixture
def ws(made: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(made, tmp_path / "brand")
    return lianyi.open(tmp_path / "brand", clock=lambda: NOW)


def test_there_is_a_clear_word_where_nothing_is(tmp_path: Path) -> None:
    with pytest.raises(NoWorkspace, match="make one with"):
        lianyi.open(tmp_path)
    (tmp_path / "something").touch()
    with pytest.raises(InputError, match="not an empty folder"):
        Workspace.create(tmp_path)


def test_events_become_people(ws: Workspace) -> None:
    people = {row["person_id"]: row for row in ws.table("people").to_arrow_table().to_pylist()}
    assert len(people) == 3
    anna = ws.person(ANNA)
    assert anna.profile["net_spend"] == Decimal("99.90")
    assert anna.attributes["city"] == "杭州"
    assert ws.person(anna.person_id).key_names == (ANNA,)


def test_tables_speak_for_one_moment_and_know_when_they_are_old(ws: Workspace) -> None:
    assert {state.as_of for state in ws.states().values()} == {NOW}
    assert set(ws.states()) == set(ws.tables())
    assert not ws.stale()
    ws.record([event(7, kind="view", actor_key=BO)])
    assert ws.stale()


def test_the_timeline_shows_what_a_person_did_and_received(ws: Workspace) -> None:
    rows = ws.timeline(ANNA)
    assert [(row["id"], row["role"]) for row in rows] == [
        ("t:1", "actor"), ("t:2", "actor"), ("t:3", "target"), ("t:4", "actor"),
    ]  # fmt: skip
    assert [row["id"] for row in ws.timeline(ANNA, limit=2)] == ["t:1", "t:2"]
    assert [row["id"] for row in ws.timeline(ANNA, before=rows[1]["at"])] == ["t:3", "t:4"]
    assert [row["id"] for row in ws.timeline(ANNA, kinds=["reply"])] == ["t:3"]


def test_pages_of_a_timeline_miss_nothing_that_happened_at_one_moment(ws: Workspace) -> None:
    ws.record(
        [Event(id=f"same:{n}", at=NOW - timedelta(hours=1), kind="view", source="t", actor_key=BO) for n in range(7)]
    )
    ws.refresh()
    got: list[str] = []
    page = ws.timeline(BO, limit=3)
    while page:
        got += [row["id"] for row in page]
        page = ws.timeline(BO, limit=3, before=page[-1]["at"], before_id=page[-1]["id"])
    assert got == [f"same:{n}" for n in range(7)] + ["t:3"]


def test_an_erasure_knows_what_came_since_the_refresh(ws: Workspace) -> None:
    ws.clock = lambda: NOW + timedelta(minutes=1)
    ws.record([
        Event(id="late:1", at=NOW, kind="alias", source="t", actor_key=ANNA, target_key="email:anna@late.cn",
              props={"verified": True}),
        Event(id="late:2", at=NOW, kind="order", source="t", actor_key="email:anna@late.cn", value=Decimal(1),
              currency="CNY"),
    ])  # fmt: skip
    ws.inbox.put_now(
        [Event(id="late:3", at=NOW, kind="view", source="t", actor_key="email:anna@late.cn")], received_at=NOW
    )
    ws.erase(ANNA)
    assert b"anna@late.cn" not in everything(ws.folder)


def test_an_erasure_waits_for_no_refresh_but_says_so_before_it_does_anything(ws: Workspace) -> None:
    rows = ws.lake.rows()
    with lianyi.open(ws.folder).refreshing(), pytest.raises(Busy):
        ws.erase(ANNA)
    assert ws.lake.rows() == rows
    ws.erase(ANNA)
    assert b"anna-1001" not in everything(ws.folder)


def test_the_timeline_shows_events_that_came_after_the_refresh(ws: Workspace) -> None:
    ws.clock = lambda: NOW + timedelta(minutes=5)
    ws.record([Event(id="t:new", at=NOW, kind="reaction", source="t", actor_key=BO, target_key=ANNA)])
    assert ws.timeline(ANNA)[0]["id"] == "t:new"


def test_a_manual_tag_shows_at_once_and_can_be_taken_back(ws: Workspace) -> None:
    ws.clock = lambda: NOW + timedelta(minutes=1)
    ws.tag(ANNA, " 种子  用户 ", by="user:op", why="met her")
    assert [(tag["tag"], tag["source"]) for tag in ws.person(ANNA).tags if tag["source"] == "manual"] == [
        ("种子 用户", "manual")
    ]
    ws.refresh()
    assert "种子 用户" in {tag["tag"] for tag in ws.person(ANNA).tags}
    ws.clock = lambda: NOW + timedelta(minutes=2)
    ws.untag(ANNA, "种子 用户", by="user:op")
    assert "种子 用户" not in {tag["tag"] for tag in ws.person(ANNA).tags}
    ws.refresh()
    assert "种子 用户" not in {tag["tag"] for tag in ws.person(ANNA).tags}


def test_a_sensitive_tag_is_refused(ws: Workspace) -> None:
    with pytest.raises(SensitiveTag):
        ws.tag(ANNA, "糖尿病患者")


def test_a_merge_makes_one_person_and_unmerge_takes_it_back(ws: Workspace) -> None:
    before = {key: ws.person(key).person_id for key in (ANNA, CAI)}
    ws.merge(ANNA, CAI, by="user:op")
    ws.refresh()
    merged = ws.person(ANNA)
    assert merged.person_id == ws.person(CAI).person_id
    assert merged.profile["net_spend"] == Decimal("109.95")
    assert all(ws.person(old).person_id == merged.person_id for old in before.values())
    with pytest.raises(InputError, match="one person already"):
        ws.merge(ANNA, CAI)
    ws.clock = lambda: NOW + timedelta(minutes=1)
    assert sorted(ws.unmerge(merged.person_id)) == [[CAI], [ANNA]]
    ws.refresh()
    assert {key: ws.person(key).person_id for key in (ANNA, CAI)} == before


def test_an_unmerge_of_one_key_is_refused(ws: Workspace) -> None:
    with pytest.raises(InputError, match="one key only"):
        ws.unmerge(BO)


@pytest.mark.parametrize(
    ("act", "error", "says"),
    [
        (lambda ws: ws.person("email:nobody@x.cn"), NotFound, "nobody is known"),
        (lambda ws: ws.person("13800138000"), InputError, "namespace:value"),
        (lambda ws: ws.table("peple"), NotFound, "there are events"),
        (lambda ws: ws.select("people", where="nonsense > 1"), InputError, "columns of people"),
        (lambda ws: ws.refresh("peple"), NotFound, "no table 'peple'"),
        (lambda ws: ws.note(ANNA, "  "), InputError, "empty"),
    ],
)
def test_mistakes_are_named(
    ws: Workspace, act: Callable[[Workspace], object], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        act(ws)


def everything(folder: Path) -> bytes:
    """The bytes of every file, those of Parquet files also unpacked."""
    parts = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        parts.append(path.read_bytes())
        if path.suffix == ".parquet":
            parts.append(repr(pq.read_table(path).to_pylist()).encode())
    return b"".join(parts)


def test_after_an_erasure_no_file_of_the_workspace_names_the_person(ws: Workspace) -> None:
    (ws.folder / "rejects").mkdir(exist_ok=True)
    (ws.folder / "rejects" / "1.csv").write_text(
        f"who,_reason\n{ANNA},bad date\nuser:other,bad date\n", encoding="utf-8"
    )
    person_id = ws.person(ANNA).person_id
    assert "安娜娜".encode() in everything(ws.folder)
    certificate = ws.erase(ANNA)
    assert certificate.log.removed == 3
    assert certificate.rejects == 1
    left = everything(ws.folder)
    for trace in (ANNA, "anna-1001", "安娜娜", person_id):
        assert trace.encode() not in left, trace
    assert b"user:other" in left
    assert ws.table("people").to_arrow_table().num_rows == 2
    with pytest.raises(NotFound):
        ws.person(ANNA)
    assert ws.record(EVENTS).new == 0


def test_the_last_person_can_be_erased(tmp_path: Path) -> None:
    alone = lianyi.open(tmp_path / "alone", create=True, clock=lambda: NOW)
    alone.record(EVENTS[:1])
    alone.refresh()
    alone.erase(ANNA)
    assert alone.lake.rows() == 0
    assert ANNA.encode() not in everything(alone.folder)


def test_export_holds_every_event(ws: Workspace) -> None:
    held = ws.export(ANNA)
    assert {row["id"] for row in held["events"]} == {"t:1", "t:2", "t:3", "t:4"}
    assert held["keys"][0]["key"] == ANNA


def test_only_one_refresh_at_a_time(ws: Workspace) -> None:
    with ws.refreshing(), pytest.raises(Busy, match="a refresh is running"):
        lianyi.open(ws.folder).refresh()


def test_many_threads_read_one_consistent_version(ws: Workspace) -> None:
    wrong: list[object] = []

    def read() -> None:
        for _ in range(15):
            people = ws.sql("SELECT count(*) AS n FROM people").to_arrow_table()["n"][0].as_py()
            if people != 3:
                wrong.append(people)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        ws.refresh()
    for thread in threads:
        thread.join()
    assert not wrong
