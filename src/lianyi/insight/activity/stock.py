"""Inflow − evaporation = stock (流量 − 蒸发量 = 留量): how many people there are to keep, by day and by week.

A person is in stock on a day when they showed life on it or on one of the STOCK_DAYS − 1 days before. Coming into
stock is inflow, as newcomer or returner; going out of it is evaporation, on the first day out. So on every day
stock = stock of the day before + inflow − evaporation, and stock is exactly the number of people active within
STOCK_DAYS days; both are tested.
"""

from __future__ import annotations

from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build, Column, Table
from lianyi.insight.zone import week_of

STOCK_DAYS = 30


def active_days(scope: Scope) -> str:
    """One row = one day of activity of one person, with the days of activity before and after it (numbers)."""
    number = scope.dialect.day_number("day")
    return f"""
    SELECT day, lag(day) OVER (PARTITION BY person_id ORDER BY day) AS earlier,
        lead(day) OVER (PARTITION BY person_id ORDER BY day) AS later
    FROM (SELECT person_id, {number} AS day FROM person_days) AS p
    """


def flows(scope: Scope) -> str:
    """One row = one day (number) on which somebody was active, came into stock or left it, and how many."""
    return f"""
    SELECT day, CAST(sum(active) AS BIGINT) AS active, CAST(sum(newcomer) AS BIGINT) AS newcomers,
        CAST(sum(returner) AS BIGINT) AS returners, CAST(sum(leaver) AS BIGINT) AS evaporation
    FROM (
        SELECT day, 1 AS active, CASE WHEN earlier IS NULL THEN 1 ELSE 0 END AS newcomer,
            CASE WHEN day - earlier > {STOCK_DAYS} THEN 1 ELSE 0 END AS returner, 0 AS leaver
        FROM active_days
        UNION ALL
        SELECT day + {STOCK_DAYS} AS day, 0 AS active, 0 AS newcomer, 0 AS returner, 1 AS leaver
        FROM active_days WHERE later IS NULL OR later - day > {STOCK_DAYS}
    ) AS f
    WHERE day <= {scope.today}
    GROUP BY day
    """


def calendar(scope: Scope) -> str:
    """One row = one day (number) from the first event to today, none left out."""
    d = scope.dialect
    first = "(SELECT min(day) FROM flows)"
    return f"SELECT {d.explode(d.numbers(first, str(scope.today)))} AS day"


def stock_by_day(scope: Scope) -> str:
    """One row = one day: active people, inflow, evaporation, and the stock at its end."""
    return f"""
    SELECT c.day, coalesce(f.active, 0) AS active, coalesce(f.newcomers, 0) AS newcomers,
        coalesce(f.returners, 0) AS returners, coalesce(f.evaporation, 0) AS evaporation,
        CAST(sum(coalesce(f.newcomers + f.returners - f.evaporation, 0)) OVER (ORDER BY c.day) AS BIGINT) AS stock
    FROM calendar AS c LEFT JOIN flows AS f ON f.day = c.day
    WHERE c.day <= {scope.today}
    """


def steps(scope: Scope) -> str:
    """The steps up to `stock_by_day` as the head of a WITH."""
    return (
        f"active_days AS ({active_days(scope)}), flows AS ({flows(scope)}), calendar AS ({calendar(scope)}), "
        f"stock_by_day AS ({stock_by_day(scope)})"
    )


def stock(scope: Scope) -> str:
    """One row = one week from Monday, the running one included."""
    week = week_of("day")
    return f"""
    WITH {steps(scope)}
    SELECT {scope.date("week")} AS week, max(day) = week + 6 AS complete,
        CAST(sum(newcomers) AS BIGINT) AS newcomers, CAST(sum(returners) AS BIGINT) AS returners,
        CAST(sum(newcomers + returners) AS BIGINT) AS inflow, CAST(sum(evaporation) AS BIGINT) AS evaporation,
        max_by(stock, day) AS stock
    FROM (SELECT *, {week} AS week FROM stock_by_day) AS w
    GROUP BY week
    """


def build(build: Build) -> str:
    """The SQL of the table."""
    return stock(Scope.of(build))


STOCK = Table(
    name="stock",
    en="One row = one week (from Monday): who came, who evaporated, how many there are to keep.",
    zh="每行 = 一周（周一起）：流入、蒸发与留量。",
    inputs=("person_days",),
    key=("week",),
    order=("week",),
    columns={
        "week": Column(en="Monday of the week", zh="周一日期"),
        "complete": Column(en="false for the running week", zh="该周是否已结束"),
        "newcomers": Column(en="people active for the first time", zh="首次活跃人数", unit="people"),
        "returners": Column(en="people active again after they had evaporated", zh="蒸发后回流人数", unit="people"),
        "inflow": Column(en="newcomers + returners", zh="流入 = 新增 + 回流", unit="people"),
        "evaporation": Column(
            en=f"people whose last activity became {STOCK_DAYS} days old",
            zh=f"满 {STOCK_DAYS} 天未活跃的人数",
            unit="people",
        ),
        "stock": Column(
            en=f"people active within {STOCK_DAYS} days at the week's end = last week's stock + inflow − evaporation",
            zh=f"周末留量：{STOCK_DAYS} 天内活跃的人数 = 上周留量 + 流入 − 蒸发",
            unit="people",
        ),
    },
    build=build,
)
