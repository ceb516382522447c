"""Table `stock_flow`: inflow − evaporation = stock by week, of all, by source and by community (see activity.stock).

A person counts for the source of their first act, and for each community that they belong to now (by ties or
declaration): a community's past is that of today's members.
"""

from __future__ import annotations

from lianyi.insight.activity.stock import STOCK_DAYS
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build, Column, Table
from lianyi.insight.zone import week_of

LEAST = 20  # people of a community that is told apart


def spans(scope: Scope) -> str:
    """One row = one day of activity of one person, with the days of activity before and after it (numbers)."""
    return f"""
    SELECT person_id, day, lag(day) OVER (PARTITION BY person_id ORDER BY day) AS earlier,
        lead(day) OVER (PARTITION BY person_id ORDER BY day) AS later
    FROM (SELECT person_id, {scope.dialect.day_number("day")} AS day FROM person_days) AS n WHERE day <= {scope.today}
    """


def moves(scope: Scope) -> str:
    """One row = one person coming into stock or going out of it: week (number of its Monday)."""
    return f"""
    SELECT person_id, {week_of("at_day")} AS week, newcomer, returner, leaver FROM (
        SELECT person_id, day AS at_day, CASE WHEN earlier IS NULL THEN 1 ELSE 0 END AS newcomer,
            CASE WHEN earlier IS NOT NULL THEN 1 ELSE 0 END AS returner, 0 AS leaver
        FROM flow_spans WHERE earlier IS NULL OR day - earlier > {STOCK_DAYS}
        UNION ALL
        SELECT person_id, day + {STOCK_DAYS} AS at_day, 0 AS newcomer, 0 AS returner, 1 AS leaver
        FROM flow_spans WHERE later IS NULL OR later - day > {STOCK_DAYS}
    ) AS m WHERE at_day <= {scope.today}
    """


def parts() -> str:
    """One row = one person × what they are counted under."""
    return f"""
    SELECT person_id, 'all' AS part, '' AS name FROM origins
    UNION ALL SELECT person_id, 'source' AS part, source AS name FROM origins
    UNION ALL SELECT m.person_id, 'community' AS part, m.community_id AS name FROM (
        SELECT DISTINCT person_id, community_id FROM memberships WHERE how <> 'behaviour'
    ) AS m JOIN (
        SELECT community_id FROM memberships WHERE how <> 'behaviour' GROUP BY community_id
        HAVING count(DISTINCT person_id) >= {LEAST}
    ) AS c ON c.community_id = m.community_id
    """


def stock_flow(scope: Scope) -> str:
    """One row = one part × week from its first to the running one."""
    d = scope.dialect
    this_week = week_of(str(scope.today))
    weeks = d.numbers(d.quotient("first_week", 7), d.quotient(this_week, 7))
    return f"""
    WITH flows AS (
        SELECT p.part, p.name, m.week, CAST(sum(newcomer) AS BIGINT) AS newcomers,
            CAST(sum(returner) AS BIGINT) AS returners, CAST(sum(leaver) AS BIGINT) AS evaporation
        FROM flow_moves AS m JOIN flow_parts AS p ON p.person_id = m.person_id GROUP BY p.part, p.name, m.week
    ), grid AS (
        SELECT part, name, (first_week % 7) + 7 * {d.explode(weeks)} AS week
        FROM (SELECT part, name, min(week) AS first_week FROM flows GROUP BY part, name) AS f
    )
    SELECT g.part, g.name, {scope.date("g.week")} AS week, g.week + 6 <= {scope.today} AS complete,
        coalesce(f.newcomers, 0) AS newcomers, coalesce(f.returners, 0) AS returners,
        coalesce(f.newcomers + f.returners, 0) AS inflow, coalesce(f.evaporation, 0) AS evaporation,
        CAST(sum(coalesce(f.newcomers + f.returners - f.evaporation, 0))
            OVER (PARTITION BY g.part, g.name ORDER BY g.week) AS BIGINT) AS stock
    FROM grid AS g LEFT JOIN flows AS f ON f.part = g.part AND f.name = g.name AND f.week = g.week
    """


def build(build: Build) -> str:
    """The SQL of the table."""
    scope = Scope.of(build)
    build.make("flow_spans", spans(scope))
    build.make("flow_moves", moves(scope))
    build.drop("flow_spans")
    build.make("flow_parts", parts())
    return stock_flow(scope)


TABLE = Table(
    name="stock_flow",
    en="One row = one week (from Monday) of all people, of those of a source, or of a community: inflow and stock.",
    zh="每行 = 全体、某来源或某社群的一周（周一起）：流入、蒸发与留量。",
    inputs=("person_days", "origins", "memberships"),
    key=("part", "name", "week"),
    order=("part", "name", "week"),
    columns={
        "part": Column(en="all, source or community", zh="all 全体、source 来源、community 社群"),
        "name": Column(en="the source, or the community's id; empty for all", zh="来源或社群编号；全体为空"),
        "week": Column(en="Monday of the week", zh="周一日期"),
        "complete": Column(en="false for the running week", zh="该周是否已结束"),
        "newcomers": Column(en="people active for the first time", zh="首次活跃人数", unit="people"),
        "returners": Column(en="people active again after they had evaporated", zh="蒸发后回流人数", unit="people"),
        "inflow": Column(en="newcomers + returners", zh="流入 = 新增 + 回流", unit="people"),
        "evaporation": Column(
            en=f"people whose last activity became {STOCK_DAYS} days old", zh=f"满 {STOCK_DAYS} 天未活跃的人数",
            unit="people",
        ),
        "stock": Column(
            en="at the week's end = last week's stock + inflow − evaporation", zh="周末留量 = 上周留量 + 流入 − 蒸发",
            unit="people",
        ),
    },
    build=build,
)  # fmt: skip
