"""Local time in SQL is what Python's zone database says, at any moment and around every change of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from lianyi.insight.scope import Scope
from lianyi.insight.zone import EPOCH, day_of, hour_of, offsets, week_of, weekday_of
from lianyi.memory.dialect import DUCKDB
from lianyi.memory.duckdb import DuckDB

ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata",
         "Africa/Casablanca",         "Pacific/Apia", "Pacific/Kiritimati", "America/St_Johns", "UTC")  # fmt: skip


@pytest.mark.parametrize("zone", ZONES)
def test_day_hour_and_weekday_agree_with_python(zone: str) -> None:
    changes = [moment for moment, _ in offsets(zone, 2027)]
    moments = [
        change + timedelta(seconds=step)
        for change in changes
        for step in (-1, 0, 1, 3599, 86_399)
        if change + timedelta(seconds=step) >= EPOCH
    ]
    moments += [EPOCH + timedelta(hours=7 * number, microseconds=number) for number in range(0, 70_000, 7)]
    scope = Scope(as_of=datetime(2026, 6, 1, tzinfo=UTC), timezone=zone, currency="CNY")
    local = scope.local("moment")
    day, hour = day_of(DUCKDB, local), hour_of(DUCKDB, local)
    with DuckDB(memory_mb=256, threads=1) as engine:
        engine.register("moments", pa.table({"moment": pa.array(moments, pa.timestamp("us", tz="UTC"))}))
        found = engine.table(
            f"SELECT {scope.date(day)} AS day, {hour} AS hour, {weekday_of(day)} AS weekday, "
            f"{scope.date(week_of(day))} AS week FROM moments"
        )
    for moment, row in zip(moments, found.to_pylist(), strict=True):
        there = moment.astimezone(ZoneInfo(zone))
        monday = there.date() - timedelta(days=there.weekday())
        assert row == {"day": there.date(), "hour": there.hour, "weekday": there.isoweekday(), "week": monday}, moment


def test_a_zone_without_changes_is_one_number() -> None:
    assert len(offsets("Asia/Kolkata", 2027)) == 1
    assert len(offsets("Asia/Shanghai", 2027)) == 13  # summer time of 1986 to 1991
