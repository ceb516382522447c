"""Tables `daily` (by kind, source and channel) and `days` (the brand's day as a whole)."""

from __future__ import annotations

from lianyi.insight.activity import stock
from lianyi.insight.orders import order_lines, refunds
from lianyi.insight.scope import AT, Scope
from lianyi.insight.tables import EVENTS, Column, Table


def daily(scope: Scope) -> str:
    """One row = one day × kind × source × channel. Two steps, so that counting different people spills to disk."""
    return f"""
    SELECT {scope.date("day")} AS day, kind, source, channel, CAST(sum(events) AS BIGINT) AS events,
        count(person_id) AS people
    FROM (
        SELECT {scope.day(AT)} AS day, e.kind, e.source, e.channel, k.person_id, count(*) AS events
        FROM events e LEFT JOIN keys k ON e.actor_key = k.key
        WHERE {scope.happened()}
        GROUP BY 1, 2, 3, 4, 5
    ) AS p
    GROUP BY day, kind, source, channel
    """


def events_by_day() -> str:
    """One row = one day (number): events, whoever did them."""
    return "SELECT day_number AS day, CAST(sum(events) AS BIGINT) AS events FROM daily_numbers GROUP BY day_number"


def sales_by_day(scope: Scope) -> str:
    """One row = one day (number) and what was bought and given back on it, orders without a buyer included.

    An order counts on the day of its first line; money in the brand's currency on the day of its line or refund.
    """
    mine = f"currency = {scope.dialect.text(scope.currency)}"
    return f"""
    SELECT day, CAST(sum(orders) AS BIGINT) AS orders, count(DISTINCT buyer) AS buyers,
        CAST(sum(gross) AS DECIMAL(18, 4)) AS gross_sales, CAST(sum(back) AS DECIMAL(18, 4)) AS refunds
    FROM (
        SELECT {scope.day("first_at")} AS day, 1 AS orders, person_id AS buyer, 0 AS gross, 0 AS back
        FROM (
            SELECT order_no, min(moment) AS first_at, min(person_id) AS person_id FROM order_lines GROUP BY order_no
        ) AS o
        UNION ALL
        SELECT {scope.day("moment")} AS day, 0 AS orders, NULL AS buyer, value AS gross, 0 AS back
        FROM order_lines WHERE {mine}
        UNION ALL
        SELECT {scope.day("moment")} AS day, 0 AS orders, NULL AS buyer, 0 AS gross, value AS back
        FROM refunds WHERE {mine}
    ) AS s
    GROUP BY day
    """


def days(scope: Scope) -> str:
    """One row = one day from that of the first event to today."""
    numbers = scope.dialect.numbers("(SELECT min(day_number) FROM daily_numbers)", str(scope.today))
    return f"""
    WITH {stock.steps(scope)}, order_lines AS ({order_lines(scope)}), refunds AS ({refunds(scope)}),
    daily_numbers AS (SELECT {scope.dialect.day_number("day")} AS day_number, events FROM daily),
    all_days AS (SELECT {scope.dialect.explode(numbers)} AS day),
    events_by_day AS ({events_by_day()}), sales_by_day AS ({sales_by_day(scope)})
    SELECT {scope.date("a.day")} AS day, coalesce(e.events, 0) AS events, coalesce(t.active, 0) AS active,
        coalesce(t.newcomers, 0) AS newcomers, coalesce(t.returners, 0) AS returners,
        coalesce(t.newcomers + t.returners, 0) AS inflow, coalesce(t.evaporation, 0) AS evaporation,
        coalesce(t.stock, 0) AS stock, coalesce(s.orders, 0) AS orders,
        coalesce(s.buyers, 0) AS buyers, coalesce(s.gross_sales, 0) AS gross_sales, coalesce(s.refunds, 0) AS refunds,
        CAST(coalesce(s.gross_sales - s.refunds, 0) AS DECIMAL(18, 4)) AS net_sales
    FROM all_days AS a LEFT JOIN stock_by_day AS t ON t.day = a.day LEFT JOIN events_by_day AS e ON e.day = a.day
    LEFT JOIN sales_by_day AS s ON s.day = a.day
    """


DAILY = Table(
    name="daily",
    en="One row = one day × kind × source × channel: events and the people who did them.",
    zh="每行 = 一天 × 事件类型 × 来源 × 渠道：事件数与人数。",
    inputs=(EVENTS, "keys"),
    key=("day", "kind", "source", "channel"),
    order=("day", "kind", "source", "channel"),
    columns={
        "day": Column(en="the day in the brand's time zone", zh="日期（品牌时区）"),
        "kind": Column(en="what happened", zh="事件类型"),
        "source": Column(en="where it came from", zh="来源"),
        "channel": Column(en="the channel, empty where unknown", zh="渠道，未知为空"),
        "events": Column(en="events", zh="事件数"),
        "people": Column(en="different people who did them", zh="行为人数", unit="people"),
    },
    build=lambda build: daily(Scope.of(build)),
)

DAYS = Table(
    name="days",
    en="One row = one day, from that of the first event to today, none left out.",
    zh="每行 = 一天，从首个事件到今天，连续无缺。",
    inputs=(EVENTS, "keys", "person_days", "daily"),
    key=("day",),
    order=("day",),
    columns={
        "day": Column(en="the day in the brand's time zone", zh="日期（品牌时区）"),
        "events": Column(en="events of all kinds", zh="全部事件数"),
        "active": Column(en="people who showed life", zh="活跃人数", unit="people"),
        "newcomers": Column(en="people active for the first time", zh="首次活跃人数", unit="people"),
        "returners": Column(en="people active again after they had evaporated", zh="蒸发后回流人数", unit="people"),
        "inflow": Column(en="newcomers + returners", zh="流入 = 新增 + 回流", unit="people"),
        "evaporation": Column(
            en=f"people whose last activity became {stock.STOCK_DAYS} days old",
            zh=f"满 {stock.STOCK_DAYS} 天未活跃的人数",
            unit="people",
        ),
        "stock": Column(
            en=f"people active within {stock.STOCK_DAYS} days = stock of the day before + inflow − evaporation",
            zh=f"留量：{stock.STOCK_DAYS} 天内活跃的人数 = 前一日留量 + 流入 − 蒸发",
            unit="people",
        ),
        "orders": Column(en="orders paid, by the day of their first line", zh="支付订单数（按首行日期）"),
        "buyers": Column(en="different people with an order", zh="下单人数", unit="people"),
        "gross_sales": Column(
            en="paid for orders, in the brand's currency", zh="支付金额（品牌币种）", unit="currency"
        ),
        "refunds": Column(
            en="given back on this day, in the brand's currency", zh="当日退款（品牌币种）", unit="currency"
        ),
        "net_sales": Column(en="gross_sales − refunds", zh="净销售额 = 支付 − 退款", unit="currency"),
    },
    build=lambda build: days(Scope.of(build)),
)
