"""Table `person_days`: on which days, and at which hours, a person showed life."""

from __future__ import annotations

from lianyi.insight.scope import MOMENT, Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table
from lianyi.insight.zone import day_of, hour_of


def person_days(scope: Scope) -> str:
    """One row = one person on one local day with at least one active event."""
    local = f"SELECT person_id, {scope.local('moment')} AS local FROM {scope.done(MOMENT, where=scope.alive)}"
    d = scope.dialect
    return f"""
    SELECT person_id, {d.date("day")} AS day, CAST(count(*) AS BIGINT) AS events,
        bit_or({d.power_of_two("hour")}) AS hours
    FROM (SELECT person_id, {day_of(d, "local")} AS day, {hour_of(d, "local")} AS hour FROM ({local}) AS a) AS b
    GROUP BY person_id, day
    """


def build(build: Build) -> str:
    """The SQL of the table."""
    return person_days(Scope.of(build))


TABLE = Table(
    name="person_days",
    en="One row = one person on one day (in the brand's zone) on which they did something.",
    zh="每行 = 一个人在一天内（品牌时区）有活跃行为。",
    inputs=(EVENTS, "keys"),
    key=("person_id", "day"),
    order=("person_id", "day"),
    columns={
        "person_id": Column(en="the person", zh="用户"),
        "day": Column(en="the day in the brand's time zone", zh="日期（品牌时区）"),
        "events": Column(en="active events of the person on this day", zh="当日活跃事件数"),
        "hours": Column(
            en="hours of activity as bits: bit 0 = 00:00–00:59 … bit 23 = 23:00–23:59",
            zh="活跃时段位图：第 0 位 = 0 点 … 第 23 位 = 23 点",
        ),
    },
    build=build,
)
