"""Table `touch_stops`: after how many touches one more adds nothing, or less than it costs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from lianyi.insight.effects.touches.moments import MOST
from lianyi.insight.effects.touches.words import NUMBER, OF
from lianyi.insight.ledger.accounts import GOODS, MESSAGE, ORDER, REFUND
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build, Column, Table

SCHEMA = pa.schema(
    [("audience", pa.string()), ("member", pa.string()), ("counted", pa.string()), ("basis", pa.string()),
     ("until", pa.string()), ("threshold", pa.float64()), ("known", pa.int32()), ("best", pa.int32()),
     ("low", pa.int32()), ("high", pa.int32()), ("seven", pa.string())]
)  # fmt: skip


def worth(scope: Scope) -> str:
    """One row: messages that are paid for one by one and what they cost (an invoice stands for many, and names nobody),
    orders and what they left after refunds and the cost of goods, in the brand's currency; NULL where some amount is
    not known, as what is left while the price book knows no margin."""
    d = scope.dialect
    sold = ", ".join(d.text(name) for name in (ORDER, REFUND, GOODS))

    def whole(mine: str) -> str:
        missing = f"count(*) FILTER (WHERE {mine} AND brand_amount IS NULL)"
        return f"CASE WHEN {missing} = 0 THEN CAST(sum(brand_amount) FILTER (WHERE {mine}) AS DOUBLE) END"

    message = f"account = {d.text(MESSAGE)} AND person_id IS NOT NULL"
    margins = f"count(*) FILTER (WHERE account = {d.text(GOODS)}) > 0"
    return f"""
    SELECT count(*) FILTER (WHERE {message}) AS messages, {whole(message)} AS cost,
        count(DISTINCT CASE WHEN account = {d.text(ORDER)} THEN order_no END) AS orders,
        CASE WHEN {margins} THEN {whole(f"account IN ({sold})")} END AS left_over
    FROM entries
    """


def threshold(row: Mapping[str, Any]) -> float | None:
    """The orders that one message must bring to be worth its cost: cost of a message ÷ what an order leaves."""
    if not row["messages"] or not row["orders"] or row["cost"] is None or (row["left_over"] or 0) <= 0:
        return None
    return float(-row["cost"] / row["messages"] / (row["left_over"] / row["orders"]))


def build(build: Build) -> str:
    """The SQL of table `touch_stops`."""
    found = build.engine.table(
        f"SELECT * FROM touches WHERE axis = '{NUMBER}' AND step > 0 ORDER BY audience, member, counted, step"
    ).to_pylist()
    rows = []
    if found:
        pays = threshold(build.engine.table(worth(Scope.of(build))).to_pylist()[0])
        groups: dict[tuple[str, str, str], dict[int, dict[str, Any]]] = {}
        for row in found:
            groups.setdefault((row["audience"], row["member"], row["counted"]), {})[row["step"]] = row
        rows = [row for of, steps in groups.items() for row in _stops(of, steps, pays)]
    build.engine.register("touch_stop_rows", pa.Table.from_pylist(rows, schema=SCHEMA))
    build.made.append("touch_stop_rows")
    return "SELECT * FROM touch_stop_rows"


def _stops(
    of: tuple[str, str, str], steps: Mapping[int, dict[str, Any]], pays: float | None
) -> Iterator[dict[str, Any]]:
    from lianyi.insight.effects.touches.stopping import stop

    for basis in ("by_lot", "adjusted"):
        numbers = {name: [steps.get(k, {}).get(f"{basis}{name}") for k in range(1, MOST + 1)] for name in ("", "_se")}
        values, errors = ([math.nan if one is None else one for one in numbers[name]] for name in ("", "_se"))
        for until, least in (("nothing", 0.0), ("cost", pays)):
            if least is None:
                continue
            told = stop(values, errors, threshold=least)
            yield {"audience": of[0], "member": of[1], "counted": of[2], "basis": basis, "until": until,
                   "threshold": least, "known": told.known, "best": told.best, "low": told.low, "high": told.high,
                   "seven": told.seven}  # fmt: skip


TABLE = Table(
    name="touch_stops",
    en="One row = one audience, basis and threshold: after how many touches one more adds no more than that.",
    zh="每行 = 一类人、一种依据、一个门槛：第几次触达之后，再多一次的增量不超过该门槛。",
    inputs=("touches", "entries"),
    rows_from=("touches",),
    key=("audience", "member", "counted", "basis", "until"),
    order=("audience", "member", "counted", "basis", "until"),
    columns={
        **OF,
        "basis": Column(en="by_lot, or adjusted (observation only)", zh="by_lot 随机，adjusted 仅观察"),
        "until": Column(en="nothing: it adds nothing; cost: less than a message costs",
                        zh="nothing 不再有增量；cost 不抵消息成本"),
        "threshold": Column(en="orders a touch must add: 0, or cost of a message ÷ what an order leaves after refunds "
                            "and goods", zh="每次触达须带来的订单：0，或消息成本 ÷ 每单扣除退款与商品成本后的毛利"),
        "known": Column(en="of the first so many touches the effect is known", zh="已知前多少次的增量"),
        "best": Column(en="the number that fits best; empty: unknown", zh="最吻合的次数；空 = 未知"),
        "low": Column(en="lower end of the 95 % confidence set; empty: none fits, or unknown", zh="95% 置信集下端"),
        "high": Column(en="upper end; empty: no end is seen", zh="上端；空 = 未见尽头"),
        "seven": Column(en="is it seven? yes, no, maybe, unknown",
                        zh="是七次吗：yes 是、no 不是、maybe 可能、unknown 未知"),
    },
    build=build,
)  # fmt: skip
