"""Following the log: each landing is told once, whatever is compacted or forgotten in between."""

from __future__ import annotations

from pathlib import Path

from lianyi.memory.compaction import compact
from lianyi.memory.duckdb import DuckDB
from lianyi.memory.following import News, news
from lianyi.memory.lake import Lake
from tests.memory.test_lake import events, land


def told(found: News) -> list[str]:
    if not found.files:
        return []
    with DuckDB() as engine:
        engine.register("landed", list(found.files))
        return sorted(engine.table("SELECT id FROM landed")["id"].to_pylist())


def test_each_landing_is_told_once(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    land(lake, events(range(3)), ("a", 1))
    begin = news(lake, None)
    assert (begin.files, begin.complete) == ((), False)
    land(lake, events(range(5)), ("b", 1))
    land(lake, events([7]), ("c", 1))
    first = news(lake, begin.version)
    assert first.complete
    assert told(first) == ["t:3", "t:4", "t:7"]
    assert told(news(lake, first.version)) == []


def test_a_compaction_brings_no_news(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    begin = news(lake, None)
    land(lake, events(range(3)), ("a", 1))
    land(lake, events(range(3, 6)), ("b", 1))
    assert compact(lake, all_files=True) == 2
    assert told(news(lake, begin.version)) == [f"t:{n}" for n in range(6)]


def test_who_slept_too_long_is_told_so(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    begin = news(lake, None)
    land(lake, events(range(3)), ("a", 1))
    (tmp_path / "lake" / "_delta_log" / f"{lake.version():020d}.json").unlink()
    lost = news(lake, begin.version)
    assert (lost.complete, lost.files) == (False, ())
    assert lost.version == lake.version()


def test_files_that_are_gone_are_not_told(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    begin = news(lake, None)
    land(lake, events(range(3)), ("a", 1))
    Path(lake.files()[0]).unlink()
    assert not news(lake, begin.version).complete


def test_another_log_in_the_same_place_is_noticed(tmp_path: Path) -> None:
    assert not news(Lake(tmp_path), 99).complete
