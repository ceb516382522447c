"""Laws of the log: exactly once, whatever the splits, restarts and crashes."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable

from lianyi.memory.compaction import compact
from lianyi.memory.duckdb import DuckDB
from lianyi.memory.events import Event, to_arrow
from lianyi.memory.lake import Lake

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def events(ids: range | list[int], actor: str = "user:a") -> list[Event]:
    return [Event(id=f"t:{n}", at=NOW + timedelta(seconds=n), kind="view", source="t", actor_key=actor) for n in ids]


def land(lake: Lake, items: list[Event], transaction: tuple[str, int], **options: bool) -> int:
    with lake.landing(received_at=NOW, transaction=transaction) as landing:
        landing.add(to_arrow(items, received_at=NOW), **options)
    return landing.landed.new


def ids(lake: Lake) -> list[str]:
    with DuckDB() as engine:
        if not lake.files():
            return []
        engine.register("events", lake.files())
        return sorted(engine.table("SELECT id FROM events")["id"].to_pylist())


def test_the_same_events_land_once_also_after_a_restart(tmp_path: Path) -> None:
    assert land(Lake(tmp_path), events(range(100)), ("a", 1)) == 100
    assert land(Lake(tmp_path), events(range(50, 150)), ("b", 1)) == 50
    assert len(ids(Lake(tmp_path))) == 150 == len(set(ids(Lake(tmp_path))))


def test_a_transaction_lands_once(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    assert land(lake, events(range(10)), ("inbox", 7)) == 10
    assert land(lake, events(range(10, 20)), ("inbox", 7)) == 0
    assert land(lake, events(range(10, 20)), ("inbox", 8)) == 10


def test_an_exception_leaves_no_trace(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    land(lake, events(range(3)), ("a", 1))
    with pytest.raises(RuntimeError), lake.landing(received_at=NOW, transaction=("b", 1)) as landing:
        landing.add(to_arrow(events(range(10)), received_at=NOW))
        landing.finish()
        raise RuntimeError("power cut")
    assert len(ids(lake)) == 3
    assert len(list((tmp_path / "lake").glob("*.parquet"))) == 1
    assert land(lake, events(range(10)), ("b", 1)) == 7


def test_a_crash_between_commit_and_index_is_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake(tmp_path)

    def crash(*_args: object, **_kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("lianyi.memory.seen.SeenIds.save", crash)
        with pytest.raises(KeyboardInterrupt):
            land(lake, events(range(10)), ("a", 1))
    assert len(ids(lake)) == 10
    assert land(Lake(tmp_path), events(range(12)), ("b", 1)) == 2


def test_equal_rows_of_a_file_without_ids_are_numbered_and_adding_again_changes_nothing(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    rows = events([1, 2, 1, 1])
    with lake.landing(received_at=NOW, transaction=("a", 1)) as landing:
        landing.add(to_arrow(rows[:3], received_at=NOW), number_duplicates=True)
        landing.add(to_arrow(rows[3:], received_at=NOW), number_duplicates=True)
    assert ids(lake) == ["t:1", "t:1#2", "t:1#3", "t:2"]
    assert land(lake, rows, ("b", 1), number_duplicates=True) == 0


def test_compaction_keeps_every_event_and_sorts_by_person(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for n in range(10):
        land(lake, events(range(n * 10, n * 10 + 10), actor=f"user:{n % 3}"), ("a", n + 1))
    before = ids(lake)
    assert compact(lake) == 10
    assert len(lake.files()) == 1
    assert ids(lake) == before
    with DuckDB(ordered=True) as engine:
        engine.register("events", lake.files())
        actors = engine.table("SELECT actor_key FROM events")["actor_key"].to_pylist()
    assert actors == sorted(actors)
    assert land(Lake(tmp_path), events(range(100)), ("z", 1)) == 0


def test_numbers_of_equal_rows_do_not_depend_on_how_a_file_is_cut(tmp_path: Path) -> None:
    for cut, folder in ((1, tmp_path / "cut"), (2, tmp_path / "whole")):
        lake = Lake(folder)
        land(lake, events([1]), ("before", 1), number_duplicates=True)
        with lake.landing(received_at=NOW, transaction=("file", 1)) as landing:
            for part in (events([1, 1])[:cut], events([1, 1])[cut:]):
                landing.add(to_arrow(part, received_at=NOW), number_duplicates=True)
        assert ids(lake) == ["t:1", "t:1#2"]


def test_what_others_commit_is_seen_at_once_and_a_quiet_log_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    update = DeltaTable.update_incremental

    def looking(table: DeltaTable) -> None:
        looks.append(1)
        update(table)

    monkeypatch.setattr(DeltaTable, "update_incremental", looking)
    writer, reader = Lake(tmp_path), Lake(tmp_path)
    for number in range(1, 6):
        land(writer, events(range(10 * number, 10 * number + 10)), ("a", number))
        assert reader.rows() == 10 * number  # also where the clock of the file system has not moved since
    commits = tmp_path / "lake" / "_delta_log"
    os.utime(commits, (1_700_000_000, 1_700_000_000))  # quiet for long
    assert reader.version() == writer.version()
    looks.clear()
    assert [reader.rows() for _ in range(5)] == [50] * 5
    assert not looks
    land(writer, events(range(100, 110)), ("a", 6))
    assert reader.rows() == 60
