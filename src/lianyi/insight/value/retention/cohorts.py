"""Table `cohorts`: of the people of one month, how many were active and bought in each month after (triangle)."""

from __future__ import annotations

from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build, Column, Table


def cohorts(scope: Scope) -> str:
    """One row = one month of coming × number of months after it × source ('' = all)."""
    month = "(extract(year FROM {0}) * 12 + extract(month FROM {0}) - 1)"
    came, seen = month.format("o.day"), month.format("a.day")
    # the last day of the month lies at or before today
    now = f"(SELECT {month.format('today')} FROM (SELECT {scope.date(str(scope.today))} AS today) AS t)"
    every = scope.dialect.explode(scope.dialect.numbers("s.came", f"CAST({now} AS BIGINT)"))
    return f"""
    WITH acts AS (
        SELECT person_id, day, 1 AS active, 0 AS ordered, 0 AS spend FROM person_days
        UNION ALL SELECT person_id, day, 0 AS active, 1 AS ordered, coalesce(spend, 0) AS spend FROM order_days
    ), months AS (
        SELECT o.person_id, o.source, CAST({came} AS BIGINT) AS came, CAST({seen} AS BIGINT) AS seen,
            max(a.active) AS active, max(a.ordered) AS ordered, sum(a.spend) AS spend
        FROM acts AS a JOIN origins AS o ON o.person_id = a.person_id
        GROUP BY o.person_id, o.source, {came}, {seen}
    ), sizes AS (
        SELECT source, came, count(*) AS people FROM (
            SELECT source, CAST({came} AS BIGINT) AS came FROM origins AS o
            UNION ALL SELECT '' AS source, CAST({came} AS BIGINT) AS came FROM origins AS o
        ) AS s GROUP BY source, came
    ), grid AS (
        SELECT s.source, s.came, s.people, {every} AS seen
        FROM sizes AS s
    ), found AS (
        SELECT source, came, seen, sum(active) AS active, sum(ordered) AS buyers, sum(spend) AS spend FROM (
            SELECT source, came, seen, active, ordered, spend FROM months
            UNION ALL SELECT '' AS source, came, seen, active, ordered, spend FROM months
        ) AS m GROUP BY source, came, seen
    )
    SELECT {_first_day("g.came")} AS cohort, g.source, g.seen - g.came AS months, g.people,
        CAST(coalesce(f.active, 0) AS BIGINT) AS active, CAST(coalesce(f.buyers, 0) AS BIGINT) AS buyers,
        CAST(coalesce(f.spend, 0) AS DECIMAL(18, 4)) AS spend, g.seen < {now} AS complete
    FROM grid AS g LEFT JOIN found AS f ON f.source = g.source AND f.came = g.came AND f.seen = g.seen
    """


def _first_day(month: str) -> str:
    """SQL: the first day of a month's number."""
    return (
        f"CAST(concat(CAST(floor({month} / 12) AS BIGINT), '-', "
        f"lpad(CAST({month} % 12 + 1 AS STRING), 2, '0'), '-01') AS DATE)"
    )


def build(build: Build) -> str:
    """The SQL of the table."""
    return cohorts(Scope.of(build))


TABLE = Table(
    name="cohorts",
    en="One row = people who came in one month (all, or by one source), seen so many months later.",
    zh="每行 = 某月到来的人群（全部或某来源）在若干月之后的表现。",
    inputs=("origins", "person_days", "order_days"),
    key=("source", "cohort", "months"),
    order=("source", "cohort", "months"),
    columns={
        "cohort": Column(en="first day of the month in which they came", zh="到来月份（首日）"),
        "source": Column(en="where they came first; empty = all", zh="首次来源；空 = 全部"),
        "months": Column(en="months after it; 0 = the month itself", zh="之后第几个月；0 为当月", unit="months"),
        "people": Column(en="people who came", zh="人数", unit="people"),
        "active": Column(en="of them active in that month", zh="当月活跃人数", unit="people"),
        "buyers": Column(en="of them with an order in that month", zh="当月下单人数", unit="people"),
        "spend": Column(
            en="what these orders were worth, net, in the brand's currency", zh="当月订单净额（品牌币种）",
            unit="currency",
        ),
        "complete": Column(en="false for the running month", zh="该月是否已结束"),
    },
    build=build,
)  # fmt: skip
