"""Table `forecasts`: told once, never changed, scored when the time has come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from lianyi.insight.ripples.forecasting.table import FORECASTS
from lianyi.insight.tables import Build
from lianyi.memory.duckdb import DuckDB
from lianyi.memory.events import to_arrow
from tests.insight.log import AS_OF, Log, make

LATER = timedelta(days=31)


def _log() -> Log:
    """One ripple: a share three hours before AS_OF, one who came soon, three who came later."""
    log = Log()
    log.add("share", "user:1", AS_OF - timedelta(hours=3), id="t:s", object_key="item:1")
    for number, minutes in enumerate((150, 40, 20, -600), 2):
        log.add("view", f"user:{number}", AS_OF - timedelta(days=5))
        if minutes > 0:
            log.add("arrive", f"user:{number}", AS_OF - timedelta(minutes=minutes), parent_id="t:s", target="user:1")
    return log


def _rows(log: Log, as_of: Any, previous: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    with DuckDB(memory_mb=512, threads=1) as engine:
        make(engine, to_arrow(log.events, received_at=AS_OF), log.keys(), ["arrivals"], log.settings, as_of, {})
        name = None
        if previous is not None:
            import pyarrow as pa

            engine.register("before_rows", pa.Table.from_pylist(previous))
            engine.run("SELECT * FROM before_rows", into="before")
            name = "before"
        build = Build(engine=engine, as_of=as_of, settings=log.settings, previous=name)
        sql = FORECASTS.build(build)
        assert isinstance(sql, str)
        rows: list[dict[str, Any]] = engine.table(f"SELECT * FROM ({sql}) AS t ORDER BY ripple_id, point").to_pylist()
        build.clear()
    return rows


def test_a_running_ripple_is_forecast_from_what_was_there_at_each_point() -> None:
    rows = {row["point"]: row for row in _rows(_log(), AS_OF)}
    assert set(rows) == {"30 min", "1 h"}, "it is three hours old and has four people"
    assert (rows["30 min"]["seen"], rows["1 h"]["seen"]) == (2, 2)
    for row in rows.values():
        assert (row["kind"], row["final"], row["error"], row["covered"]) == ("live", None, None, None)
        assert row["law"].startswith("shipped")
        assert row["low"] <= row["middle"] + 1 <= row["high"] + 2
        assert row["due_at"] == AS_OF - timedelta(hours=3) + timedelta(days=30)


def test_what_was_told_stays_and_is_scored_when_its_time_has_come() -> None:
    log = _log()
    first = _rows(log, AS_OF)
    told = [{**row, "middle": 8.0, "low": 5.0, "high": 20.0} for row in first]
    soon = _rows(log, AS_OF + timedelta(hours=1), told)
    assert [row for row in soon if row["point"] in {"30 min", "1 h"}] == sorted(told, key=lambda row: row["point"])
    later = {row["point"]: row for row in _rows(log, AS_OF + LATER, told)}
    for point in ("30 min", "1 h"):
        row = later[point]
        assert (row["middle"], row["low"], row["made_at"], row["kind"]) == (8.0, 5.0, AS_OF, "live")
        assert (row["final"], row["error"], row["covered"]) == (4, -1.0, False)


def test_no_ripples_no_forecasts() -> None:
    log = Log()
    log.add("view")
    assert _rows(log, AS_OF) == []
