"""The inbox keeps what it acknowledged, moves it into the log exactly once, and forgets people when told to."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lianyi.errors import InboxFailed, InboxFull, WorkspaceError
from lianyi.memory.draining import Drained, land
from lianyi.memory.events import Event
from lianyi.memory.inbox import Inbox, Limits
from lianyi.memory.lake import Lake
from lianyi.memory.traces import Traces

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def event(number: int, **more: Any) -> Event:
    more = {"actor_key": f"user:u{number}", "kind": "view", **more}
    return Event(id=f"site:{number}", at=NOW - timedelta(hours=1), source="site", **more)


def rows(lake: Lake) -> list[dict[str, Any]]:
    found = [row for file in lake.files() for row in pq.read_table(file).to_pylist()]
    return sorted(found, key=lambda row: str(row["id"]))


def ids(lake: Lake) -> list[str]:
    return [row["id"] for row in rows(lake)]


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


class TestQueue:
    def test_an_event_comes_out_of_the_log_as_it_went_in(self, inbox: Inbox, lake: Lake) -> None:
        from decimal import Decimal

        given = event(
            1, kind="order", value=Decimal("12.3456"), currency="CNY", text="好茶 🍵", props={"b": 1, "a": [None, 2.5]}
        )
        inbox.put_now([given], received_at=NOW)
        assert inbox.backlog() == 1
        assert land(inbox, lake, NOW) == Drained(new=1)
        (row,) = rows(lake)
        assert row["value"] == Decimal("12.3456")
        assert (row["at"], row["received_at"]) == (given.at, NOW)
        assert (row["text"], row["props"]) == ("好茶 🍵", '{"a":[null,2.5],"b":1}')
        assert inbox.backlog() == 0

    def test_nothing_to_put_and_nothing_to_land_is_fine(self, inbox: Inbox, lake: Lake) -> None:
        inbox.put_now([], received_at=NOW)
        assert land(inbox, lake, NOW) == Drained()
        assert lake.files() == []

    def test_many_callers_share_a_commit(self, inbox: Inbox) -> None:
        async def put_all() -> None:
            await asyncio.gather(*(inbox.put([event(n)], received_at=NOW) for n in range(500)))

        asyncio.run(put_all())
        with sqlite3.connect(inbox.path) as connection:
            (groups,) = connection.execute("SELECT count(*) FROM parcel").fetchone()
        connection.close()
        assert inbox.backlog() == 500
        assert groups < 250

    def test_threads_and_inboxes_of_one_file_may_put_at_once(self, inbox: Inbox, lake: Lake) -> None:
        def put(first: int) -> None:
            other = Inbox(inbox.folder)
            for number in range(first, first + 20):
                other.put_now([event(number)], received_at=NOW)
            other.close()

        threads = [threading.Thread(target=put, args=(100 * n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert land(inbox, lake, NOW) == Drained(new=80)

    def test_landing_in_portions_keeps_the_order_and_loses_nothing(self, inbox: Inbox, lake: Lake) -> None:
        for number in range(50):
            inbox.put_now([event(number)], received_at=NOW)
        portions = []
        while (done := land(inbox, lake, NOW, events=7)).events:
            portions.append(done.new)
        assert portions == [7] * 7 + [1]
        assert len(ids(lake)) == 50

    def test_totals_are_kept(self, inbox: Inbox, lake: Lake) -> None:
        inbox.put_now([event(1), event(2), event(1)], received_at=NOW)
        land(inbox, lake, NOW)
        done = inbox.done()
        assert (done.landed, done.duplicates, done.rejected, done.landed_at) == (2, 1, 0, NOW)

    def test_it_can_be_used_again_after_close(self, inbox: Inbox) -> None:
        inbox.put_now([event(1)], received_at=NOW)
        inbox.close()
        inbox.put_now([event(2)], received_at=NOW)
        assert inbox.backlog() == 2


class TestCrash:
    def test_a_crash_between_landing_and_forgetting_does_not_land_twice(
        self, inbox: Inbox, lake: Lake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inbox.put_now([event(1), event(2)], received_at=NOW)
        with monkeypatch.context() as crash:
            crash.setattr(Inbox, "forget", _die)
            with pytest.raises(KeyboardInterrupt):
                land(inbox, lake, NOW)
        assert inbox.backlog() == 2
        inbox.put_now([event(3)], received_at=NOW)
        assert land(inbox, lake, NOW) == Drained(new=1)
        assert ids(lake) == ["site:1", "site:2", "site:3"]
        assert inbox.backlog() == 0

    def test_a_crash_before_the_commit_leaves_everything_waiting(
        self, inbox: Inbox, lake: Lake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inbox.put_now([event(1)], received_at=NOW)
        with monkeypatch.context() as crash:
            crash.setattr(Lake, "commit", _die)
            with pytest.raises(KeyboardInterrupt):
                land(inbox, lake, NOW)
        assert ids(lake) == []
        assert land(inbox, lake, NOW) == Drained(new=1)

    def test_an_inbox_put_back_from_a_backup_still_lands_what_is_new(self, inbox: Inbox, lake: Lake) -> None:
        inbox.put_now([event(1)], received_at=NOW)
        backup = inbox.path.parent / "backup"
        with sqlite3.connect(inbox.path) as source, sqlite3.connect(backup) as target:
            source.backup(target)
        source.close()
        target.close()
        for number in range(2, 9):
            inbox.put_now([event(number)], received_at=NOW)
        land(inbox, lake, NOW)
        inbox.close()
        for ending in ("", "-wal", "-shm"):
            Path(f"{inbox.path}{ending}").unlink(missing_ok=True)
        backup.rename(inbox.path)
        restored = Inbox(inbox.folder)
        restored.put_now([event(9)], received_at=NOW)
        assert land(restored, lake, NOW) == Drained(new=1, duplicate=1)
        restored.close()

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        steps=st.lists(
            st.one_of(
                st.lists(st.integers(0, 12), min_size=1, max_size=4),
                st.sampled_from(["land", "crash before commit", "crash before forget"]),
            ),
            max_size=10,
        )
    )
    def test_every_acknowledged_event_is_in_the_log_exactly_once(
        self, tmp_path_factory: pytest.TempPathFactory, steps: list[list[int] | str]
    ) -> None:
        folder = tmp_path_factory.mktemp("steps")
        inbox, lake = Inbox(folder / "inbox"), Lake(folder)
        acknowledged: set[str] = set()
        for step in steps:
            if isinstance(step, list):
                inbox.put_now([event(number) for number in step], received_at=NOW)
                acknowledged |= {f"site:{number}" for number in step}
            else:
                _land_with(step, inbox, lake)
        land(inbox, lake, NOW)
        inbox.close()
        assert ids(lake) == sorted(acknowledged)


def _die(*_args: Any, **_more: Any) -> None:
    raise KeyboardInterrupt


def _land_with(step: str, inbox: Inbox, lake: Lake) -> None:
    where = {"crash before commit": (Lake, "commit"), "crash before forget": (Inbox, "forget")}.get(step)
    with pytest.MonkeyPatch.context() as crash:
        if where:
            crash.setattr(*where, _die)
        try:
            land(inbox, lake, NOW)
        except KeyboardInterrupt:
            assert where


class TestRejects:
    def test_an_event_that_breaks_the_rules_is_kept_aside_and_blocks_nothing(self, inbox: Inbox, lake: Lake) -> None:
        bad = event(2, actor_key="no namespace")
        inbox.put_now([event(1), bad, event(3)], received_at=NOW)
        assert land(inbox, lake, NOW) == Drained(new=2, rejected=1)
        (file,) = (lake.folder / "rejects").glob("inbox-*.jsonl")
        line = json.loads(file.read_text(encoding="utf-8"))
        assert line["reason"].startswith("actor_key: 'no namespace' has no namespace")
        assert line["event"]["id"] == "site:2"

    def test_a_row_that_is_no_json_is_kept_aside_as_a_whole(self, inbox: Inbox, lake: Lake) -> None:
        inbox.put_now([event(1)], received_at=NOW)
        with sqlite3.connect(inbox.path) as connection:
            connection.execute("UPDATE parcel SET body = ?", (b'[{"id": \xff',))
        connection.close()
        inbox.put_now([event(2)], received_at=NOW)
        assert land(inbox, lake, NOW) == Drained(new=1, rejected=1)
        assert inbox.backlog() == 0

    def test_props_that_are_too_large_are_kept_aside(self, inbox: Inbox, lake: Lake) -> None:
        inbox.put_now([event(1, props={"a": "x" * 120_000}), event(2)], received_at=NOW)
        assert land(inbox, lake, NOW) == Drained(new=1, rejected=1)


class TestBackPressure:
    def test_a_backlog_that_is_too_big_refuses_and_recovers(self, tmp_path: Path, lake: Lake) -> None:
        inbox = Inbox(tmp_path / "inbox", limits=Limits(backlog=1000))
        inbox.put_now([event(1, text="x" * 2000)], received_at=NOW)
        _look_again(inbox)
        with pytest.raises(InboxFull, match="wait to be landed, 1,000 are allowed"):
            inbox.put_now([event(2)], received_at=NOW)
        with pytest.raises(InboxFull):  # at once, from what was seen a moment ago
            inbox.put_now([event(2)], received_at=NOW)
        land(inbox, lake, NOW)
        _look_again(inbox)
        inbox.put_now([event(3)], received_at=NOW)
        land(inbox, lake, NOW)
        inbox.close()
        assert ids(lake) == ["site:1", "site:3"]

    def test_a_disk_that_is_nearly_full_refuses(self, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path / "inbox", limits=Limits(free=10**18))
        with pytest.raises(InboxFull, match="bytes are free"):
            inbox.put_now([event(1)], received_at=NOW)
        inbox.close()
        assert inbox.backlog() == 0

    def test_memory_is_bounded_while_the_disk_is_slow(self, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path / "inbox", limits=Limits(memory=100))
        with pytest.raises(InboxFull, match="too slow"):
            inbox.put_now([event(1, text="x" * 200)], received_at=NOW)
        inbox.put_now([], received_at=NOW)
        inbox.close()

    def test_a_full_file_system_keeps_what_was_acknowledged(self, inbox: Inbox, lake: Lake) -> None:
        inbox.put_now([event(1)], received_at=NOW)
        _pragma(inbox, "max_page_count = 20")  # SQLite's own "disk full"
        with pytest.raises(InboxFull, match="disk is full"):
            inbox.put_now([event(2, text="x" * 90_000)], received_at=NOW)
        inbox.put_now([event(3)], received_at=NOW)
        land(inbox, lake, NOW)
        assert ids(lake) == ["site:1", "site:3"]

    def test_a_read_only_file_says_so_and_recovers(self, inbox: Inbox, lake: Lake) -> None:
        inbox.put_now([event(1)], received_at=NOW)
        _pragma(inbox, "query_only = ON")
        with pytest.raises(InboxFailed, match="readonly"):
            inbox.put_now([event(2)], received_at=NOW)
        inbox.put_now([event(2)], received_at=NOW)  # the handle was opened anew
        land(inbox, lake, NOW)
        assert ids(lake) == ["site:1", "site:2"]

    def test_one_failure_is_told_to_every_caller_of_the_group(self, inbox: Inbox) -> None:
        inbox.put_now([event(0)], received_at=NOW)
        _pragma(inbox, "query_only = ON")

        async def put_all() -> list[BaseException | None]:
            puts = [inbox.put([event(n)], received_at=NOW) for n in range(10)]
            return await asyncio.gather(*puts, return_exceptions=True)

        results = asyncio.run(put_all())
        failed = sum(isinstance(result, InboxFailed) for result in results)
        assert failed >= 1
        assert inbox.backlog() == 1 + 10 - failed

    def test_an_inbox_of_another_version_is_not_touched(self, inbox: Inbox) -> None:
        with sqlite3.connect(inbox.path) as connection:
            connection.execute("UPDATE state SET value = 99 WHERE name = 'layout'")
        connection.close()
        with pytest.raises(WorkspaceError, match="layout 99"):
            Inbox(inbox.folder)


def _look_again(inbox: Inbox) -> None:
    """Disk and backlog are looked at once a second; do not wait for it."""
    inbox._commit._looked = 0.0


def _pragma(inbox: Inbox, text: str) -> None:
    """Set a pragma on the writer's own connection, as an administrator's disk would."""
    connection = inbox._commit.writer._connection
    assert connection is not None
    connection.execute(f"PRAGMA {text}").fetchall()


def traces(key: str, *, names: Collection[str] = (), rooms: Collection[str] = ()) -> Traces:
    return Traces(keys=frozenset({key}), names=frozenset(names), rooms=frozenset(rooms))


class TestErasure:
    def test_purge_removes_the_person_and_cleans_what_others_said(self, inbox: Inbox, lake: Lake) -> None:
        inbox.put_now(
            [
                event(1, actor_key="email:ann@example.org", text="my secret"),
                event(2, kind="tag", target_key="email:ann@example.org", actor_key=None, props={"tag": "vip"}),
                event(3, kind="reply", target_key="email:ann@example.org", text="write to ann@example.org please"),
                event(4, group_key="group:x/1", props={"who": ["Ann Smith", {"ann@example.org": 1}]}),
                event(5, text="nobody"),
            ],
            received_at=NOW,
        )
        assert inbox.purge(traces("email:ann@example.org", names={"Ann Smith"}, rooms={"group:x/1"})) == 2
        assert b"ann@example" not in bytes_of(inbox.folder)
        assert b"my secret" not in bytes_of(inbox.folder)
        land(inbox, lake, NOW)
        reply, other, untouched = rows(lake)
        assert (reply["target_key"], reply["text"]) == (None, "write to [erased] please")
        assert json.loads(other["props"]) == {"who": ["[erased]", {"[erased]": 1}]}
        assert untouched["text"] == "nobody"

    def test_ids_that_name_the_person_are_replaced_alike(self, inbox: Inbox, lake: Lake) -> None:
        inbox.put_now(
            [
                Event(id="site:ann@example.org/1", at=NOW, kind="view", source="site", actor_key="user:b"),
                Event(id="site:2", at=NOW, kind="reply", source="site", parent_id="site:ann@example.org/1"),
            ],
            received_at=NOW,
        )
        assert inbox.purge(traces("email:ann@example.org")) == 0
        land(inbox, lake, NOW)
        first, second = rows(lake)
        assert first["id"].startswith("erased:")
        assert second["parent_id"] == first["id"]

    def test_no_byte_of_landed_events_is_left_in_the_inbox(self, inbox: Inbox, lake: Lake) -> None:
        for number in range(30):
            inbox.put_now([event(number, text=f"whisper {number} " * 50)], received_at=NOW)
        land(inbox, lake, NOW)
        assert b"whisper" not in bytes_of(inbox.folder)

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        sizes=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 9_000)), min_size=1, max_size=12),
        land_first=st.booleans(),
    )
    def test_whatever_was_put_no_byte_of_the_person_is_left(
        self, tmp_path_factory: pytest.TempPathFactory, sizes: list[tuple[int, int]], *, land_first: bool
    ) -> None:
        folder = tmp_path_factory.mktemp("erase")
        inbox, lake = Inbox(folder / "inbox"), Lake(folder)
        for number, (person, size) in enumerate(sizes):
            inbox.put_now(
                [event(number, actor_key=f"user:person-{person}", text=f"person-{person} " * (size // 9))],
                received_at=NOW,
            )
            if land_first and number == len(sizes) // 2:
                land(inbox, lake, NOW)
        inbox.purge(traces("user:person-1"))
        left = bytes_of(inbox.folder)
        inbox.close()
        assert b"person-1" not in left

    def test_purge_leaves_an_inbox_without_the_person_alone(self, inbox: Inbox) -> None:
        inbox.put_now([event(1)], received_at=NOW)
        before = next(inbox.take(10)).body
        assert inbox.purge(traces("user:somebody-else")) == 0
        assert next(inbox.take(10)).body == before
