"""Table `offer_results`: what became of each version of an offer, in all and by group of people.

The first row of a version is everybody, with the money; the others are groups of at least `shares.LEAST` people who got
it, with the share of them who used it: the audit of who is served by a rule that gives everybody the same. Only groups
count that a purchase does not make (not stages or worth: who uses an offer buys, and stands elsewhere after). Margin is
that of the ledger on the orders that used it; it is unknown while the price book knows none of their goods.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from lianyi.insight.ledger.accounts import GOODS, ORDER, REFUND
from lianyi.insight.offers.holders import STATES
from lianyi.insight.offers.shares import DIMENSIONS, LEAST, MOST, apart, wilson
from lianyi.insight.tables import Build, Column, Table

ALL = "all"
SERVED = {name: DIMENSIONS[name] for name in ("community", "city")}
USES = ("right", "late", "again", "passed_on", "unknown")
MONEY = pa.decimal128(18, 4)
SCHEMA = pa.schema([
    *((name, pa.string()) for name in ("offer", "dimension", "member")),
    ("issued", pa.int64()), *((name, pa.int64()) for name in STATES),
    *((name, pa.float64()) for name in ("share", "low", "high")), ("apart", pa.string()),
    ("orders", pa.int64()), *((f"used_{name}", pa.int64()) for name in USES),
    *((name, MONEY) for name in ("kept", "refunded", "off", "margin")), ("currency", pa.string()),
])  # fmt: skip
_COUNTS = ", ".join(f"count(*) FILTER (WHERE h.state = '{name}') AS {name}" for name in STATES)


def people(dimension: str) -> str:
    """One row = one version and group: how many got it, and how many of them are in each state."""
    if dimension == ALL:
        return f"""
        SELECT h.offer, '' AS member, count(*) AS issued, {_COUNTS} FROM offer_holders h GROUP BY h.offer
        ORDER BY h.offer
        """
    table, column = SERVED[dimension]
    return f"""
    SELECT offer, member, issued, {", ".join(STATES)} FROM (
        SELECT *, row_number() OVER (PARTITION BY offer ORDER BY issued DESC, member) AS place FROM (
            SELECT h.offer, CAST(g.{column} AS STRING) AS member, count(*) AS issued, {_COUNTS}
            FROM offer_holders h JOIN (
                SELECT DISTINCT person_id, {column} FROM "{table}" WHERE {column} IS NOT NULL
            ) AS g ON g.person_id = h.person_id
            GROUP BY h.offer, CAST(g.{column} AS STRING) HAVING count(*) >= {LEAST}
        ) AS s
    ) AS p WHERE place <= {MOST} ORDER BY offer, place
    """


def money() -> str:
    """One row = one version: orders that used it and how, what they brought, what it took off."""
    uses = ", ".join(f"count(*) FILTER (WHERE use = '{name}') AS used_{name}" for name in USES)
    sums = ", ".join(f"CAST(sum({name}) AS DECIMAL(18, 4)) AS {name}" for name in ("kept", "refunded", "off"))
    return (
        f"SELECT offer, count(*) AS orders, {uses}, {sums}, min(currency) AS currency FROM redemptions GROUP BY offer"
    )


def margins() -> str:
    """One row = one version: revenue less goods of the orders that used it; NULL where any of it is unknown."""
    known = f"count(*) FILTER (WHERE e.account = '{GOODS}') > 0 AND count(*) FILTER (WHERE e.brand_amount IS NULL) = 0"
    return f"""
    SELECT r.offer, CASE WHEN {known} THEN CAST(sum(e.brand_amount) AS DECIMAL(18, 4)) END AS margin
    FROM entries e JOIN redemptions r ON r.order_no = e.order_no
    WHERE e.account IN ('{ORDER}', '{REFUND}', '{GOODS}') GROUP BY r.offer
    """


def _build(build: Build) -> str:
    engine = build.engine
    everybody = {row["offer"]: row for row in engine.table(people(ALL)).to_pylist()}
    rows: list[dict[str, Any]] = []
    if everybody:
        used = {row["offer"]: row for row in engine.table(money()).to_pylist()}
        left = {row["offer"]: row["margin"] for row in engine.table(margins()).to_pylist()}
        for offer, row in everybody.items():
            none = dict.fromkeys(("orders", *(f"used_{name}" for name in USES)), 0)
            rows.append({**none, **_shared(ALL, row, None), **used.get(offer, {}), "margin": left.get(offer)})
        for dimension in SERVED:
            for row in engine.table(people(dimension)).to_pylist():
                whole = everybody[row["offer"]]
                rows.append(_shared(dimension, row, whole["redeemed"] / whole["issued"]))
    engine.register("offer_result_rows", pa.Table.from_pylist(rows, schema=SCHEMA))
    build.make("offer_result", "SELECT * FROM offer_result_rows")
    engine.drop("offer_result_rows")
    return "SELECT * FROM offer_result"


def _shared(dimension: str, row: dict[str, Any], everybody: float | None) -> dict[str, Any]:
    low, high = wilson(row["redeemed"], row["issued"])
    share = row["redeemed"] / row["issued"]
    return {**row, "dimension": dimension, "share": share, "low": low, "high": high,
            "apart": apart(low, high, everybody)}  # fmt: skip


_USED = {
    "right": ("used by who got it, in time", "领取者按时使用"), "late": ("used after its end", "过期后使用"),
    "again": ("of a coupon that was used before", "重复使用"),
    "passed_on": ("by people who never got it", "未发给此人却被使用"),
    "unknown": ("by buyers whom nobody knows", "买家未知"),
}  # fmt: skip
TABLE = Table(
    name="offer_results",
    en="One row = one version of an offer, in all or for one group: who got it, who used it, what that cost.",
    zh="每行 = 一个优惠版本（整体或一个人群）：发放、使用与成本。",
    inputs=("offer_holders", "redemptions", "entries", *dict.fromkeys(table for table, _column in SERVED.values())),
    rows_from=("offer_holders",),
    key=("offer", "dimension", "member"),
    order=("offer", "dimension", "member"),
    columns={
        "offer": Column(en="the version, as its events name it", zh="优惠版本（事件中的编号）"),
        "dimension": Column(en="all, community or city", zh="维度：整体、社群、城市"),
        "member": Column(en="the group; empty text: everybody", zh="人群；整体为空文本"),
        "issued": Column(en="who got it", zh="发放人数", unit="people"),
        "redeemed": Column(en="of these, who used it and kept what they bought", zh="使用且未全退者", unit="people"),
        "returned": Column(en="who used it and gave all back", zh="使用后全退的人数", unit="people"),
        "expired": Column(en="who let it pass", zh="过期未用人数", unit="people"),
        "open": Column(en="who may still use it", zh="尚可使用人数", unit="people"),
        "share": Column(en="redeemed ÷ issued", zh="使用率"),
        "low": Column(en="its 95 % range (Wilson), lower end", zh="使用率 95% 区间下限（Wilson）"),
        "high": Column(en="upper end", zh="上限"),
        "apart": Column(
            en="low, high: the range lies below four fifths or above five quarters of everybody's share",
            zh="low/high：区间低于整体的五分之四或高于四分之五",
        ),
        "orders": Column(en="orders that used it; empty for groups, as what follows", zh="使用的订单；人群为空，下同"),
        **{f"used_{name}": Column(en=en, zh=zh, unit="orders") for name, (en, zh) in _USED.items()},
        "kept": Column(en="what these orders brought, less refunds", zh="这些订单的净收入", unit="money"),
        "refunded": Column(en="what was given back of them", zh="退款", unit="money"),
        "off": Column(en="what the offer took off what was kept", zh="净收入部分的减免", unit="money"),
        "margin": Column(
            en="revenue less goods of these orders, in the brand's currency; empty: unknown",
            zh="这些订单的毛利（品牌币种）；未知为空",
            unit="money",
        ),
        "currency": Column(en="the offer's currency", zh="优惠币种"),
    },
    build=_build,
)  # fmt: skip
