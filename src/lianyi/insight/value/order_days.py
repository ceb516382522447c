"""Tables `order_days` and `category_days`: on which days a person ordered, and what these orders were worth in the end.

Several orders of one day are one purchase: the models of this room count days, as their authors do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lianyi.insight.orders import order_lines, refunds
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table

PAID_EVENTS = "paid_events"


def paid_events() -> str:
    """One row = one order or refund event, with what is read of it here."""
    return """
    SELECT id, "at", kind, actor_key, target_key, object_key, parent_id, category, value, currency,
        CASE WHEN kind = 'refund' THEN props END AS props
    FROM events WHERE kind IN ('order', 'refund')
    """


def order_days(scope: Scope) -> str:
    """One row = one person × local day with an order: how many, and paid less refunded in the brand's currency."""
    mine = f"currency = {scope.dialect.text(scope.currency)}"
    return f"""
    WITH refunds AS ({refunds(scope)})
    SELECT person_id, {scope.date("day")} AS day, count(*) AS orders, CAST(sum(net) AS DECIMAL(18, 4)) AS spend,
        CAST(sum(unnamed) AS DECIMAL(18, 4)) AS unnamed
    FROM (
        SELECT o.person_id, {scope.day("o.moment")} AS day, o.gross - coalesce(r.back, 0) AS net, o.unnamed
        FROM (
            SELECT person_id, order_no, min(moment) AS moment, sum(value) FILTER (WHERE {mine}) AS gross,
                sum(value) FILTER (WHERE {mine} AND coalesce(category, '') = '') AS unnamed
            FROM order_lines WHERE person_id IS NOT NULL GROUP BY person_id, order_no
        ) AS o LEFT JOIN (
            SELECT order_no, sum(value) AS back FROM refunds WHERE {mine} GROUP BY order_no
        ) AS r ON r.order_no = o.order_no
    ) AS n
    GROUP BY person_id, day
    """


def category_days(scope: Scope) -> str:
    """One row = one person × category × local day with an order of it, and what was paid for it then."""
    mine = f"currency = {scope.dialect.text(scope.currency)}"
    return f"""
    SELECT person_id, category, {scope.date("day")} AS day, count(DISTINCT order_no) AS orders,
        CAST(sum(value) FILTER (WHERE {mine}) AS DECIMAL(18, 4)) AS spend
    FROM (
        SELECT person_id, category, order_no, value, currency, {scope.day("moment")} AS day FROM order_lines
        WHERE person_id IS NOT NULL AND category IS NOT NULL AND category <> ''
    ) AS c
    GROUP BY person_id, category, day
    """


def _built(rows: Callable[[Scope], str]) -> Callable[[Build], str]:
    def build(build: Build) -> str:
        scope = Scope.of(build)
        build.make(PAID_EVENTS, paid_events())
        scope = replace(scope, events=PAID_EVENTS)
        build.make("order_lines", order_lines(scope))
        return rows(scope)

    return build


ORDER_DAYS = Table(
    name="order_days",
    en="One row = one person on one day (in the brand's zone) on which they ordered.",
    zh="每行 = 一个人在一天内（品牌时区）下过单。",
    inputs=(EVENTS, "keys"),
    key=("person_id", "day"),
    order=("person_id", "day"),
    columns={
        "person_id": Column(en="the person", zh="用户"),
        "day": Column(en="the day in the brand's time zone", zh="日期（品牌时区）"),
        "orders": Column(en="orders of the day", zh="当日订单数"),
        "spend": Column(
            en="paid for them less what was given back so far, in the brand's currency; empty where unknown",
            zh="支付减去至今退款（品牌币种）；未知为空",
            unit="currency",
        ),
        "unnamed": Column(
            en="of what was paid, before refunds: for goods without a category; empty where nothing was",
            zh="其中无类目商品的支付额（未减退款）；没有则为空",
            unit="currency",
        ),
    },
    build=_built(order_days),
)

CATEGORY_DAYS = Table(
    name="category_days",
    en="One row = one person, one category, one day on which they ordered of it.",
    zh="每行 = 一个人在一天内购买过某类目。",
    inputs=(EVENTS, "keys"),
    key=("person_id", "category", "day"),
    order=("person_id", "category", "day"),
    columns={
        "person_id": Column(en="the person", zh="用户"),
        "category": Column(en="the category as the shop writes it", zh="类目（店铺原文）"),
        "day": Column(en="the day in the brand's time zone", zh="日期（品牌时区）"),
        "orders": Column(en="orders of the day with it", zh="当日含该类目的订单数"),
        "spend": Column(
            en="paid for goods of it, before refunds, in the brand's currency; empty where unknown",
            zh="该类目支付额（品牌币种，未减退款）；未知为空",
            unit="currency",
        ),
    },
    build=_built(category_days),
)
