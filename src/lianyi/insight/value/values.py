"""Table `values`: what a person's orders are worth, and what those to come will be, with a range.

Worth is revenue less refunds, and says so (`basis`); beside it stands what the goods leave of it (margin), where the
price book knows that (see margins). Money to come is not discounted: a year is short beside what is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from lianyi.insight.ranges import ranges, within
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build, Column, Table
from lianyi.insight.value import margins
from lianyi.insight.value.clocks import Clock
from lianyi.insight.value.counting import ALL, counted, distinct, rows_of
from lianyi.insight.value.models import chosen_clocks, spend_model
from lianyi.insight.value.spend import Spend

HORIZONS = (90, 365)  # days ahead
# Shares of those with a value, the largest first, that fall into the bands.
BANDS = (("top", 0.05), ("high", 0.2), ("mid", 0.5))
LAST_BAND = "low"


def _schema(horizons: tuple[int, ...]) -> pa.Schema:
    return pa.schema([
        *((name, pa.int64()) for name in ("repeats", "last", "age", "paid")),
        *((f"{name}_{span}", pa.float64()) for span in horizons for name in ("orders", "low", "high")),
    ])  # fmt: skip


def worth(clock: Clock, spend: Spend, found: pa.Table, horizons: tuple[int, ...] = HORIZONS) -> pa.Table:
    """One row = one (x, t_x, T, paid days): order days to come, and the range of their worth in units of v + what was
    paid so far."""
    from lianyi.insight.value.foretelling import expectations, worth_ranges

    data, paid = rows_of(found), found["paid"].to_numpy().astype(np.float64)
    expected = expectations(clock, data, horizons)
    low, high = np.zeros((2, len(paid), len(horizons)))
    worth_ranges(
        data.repeats, data.last, data.age, paid, clock.points(), clock.regularity, int(clock.at_first),
        np.array(horizons, dtype=np.float64), spend.p, spend.q, low, high,
    )  # fmt: skip
    columns = {name: found[name].cast(pa.int64()) for name in ("repeats", "last", "age", "paid")}
    for place, span in enumerate(horizons):
        columns |= {
            f"orders_{span}": expected[:, place], f"low_{span}": low[:, place], f"high_{span}": high[:, place]
        }  # fmt: skip
    return pa.table(columns, schema=_schema(horizons))


def _values(build: Build) -> Iterator[str]:
    scope = Scope.of(build)
    build.make("value_people", counted(scope, "order_days"))
    build.make("value_spent", "SELECT person_id, sum(spend) AS spent FROM order_days GROUP BY person_id")
    clock, spend = chosen_clocks(build).get(ALL), spend_model(build)
    rows = _schema(HORIZONS).empty_table()
    if clock is not None and spend is not None:
        rows = worth(clock, spend, build.engine.table(distinct("value_people", also="paid")))
    build.engine.register("value_worth_rows", rows)
    build.make("value_worth", "SELECT * FROM value_worth_rows")
    build.drop("value_worth_rows")
    p, q, v = (spend.p, spend.q, spend.v) if spend else (1.0, 0.0, 0.0)
    left = margins.make(build, scope)
    build.make("value_all", _all(p, q, v, left))
    build.drop("value_people", "value_worth", "value_spent", *([margins.MIX] if left else []))
    people = build.engine.table("SELECT count(*) AS people FROM value_all")["people"][0].as_py()
    yield from (_shown(scope, borders, left) for borders in ranges(people))


def _all(p: float, q: float, v: float, left: margins.Credibility | None) -> str:
    """One row = one person who ever ordered, with money in floating point. Where nothing of theirs was ever paid for
    in the brand's currency, their value is not known; nor is the part that the goods leave of it, where the price book
    lacks a category of theirs."""
    scale, shape = f"({v!r} + c.paid * c.each)", f"({p!r} * c.paid + {q!r} - 1)"
    each = f"CASE WHEN c.paid > 0 AND {shape} > 0 THEN {p!r} * {scale} / {shape} END"
    money = ", ".join(
        f"w.orders_{span} * order_value AS value_{span}, w.low_{span} * scale AS low_{span}, "
        f"w.high_{span} * scale AS high_{span}"
        for span in HORIZONS
    )
    return f"""
    SELECT c.person_id, s.spent, CASE WHEN w.age IS NOT NULL THEN c.order_value END AS order_value, {money},
        percent_rank() OVER (ORDER BY coalesce(w.orders_365 * c.order_value, -1) DESC) AS place,
        {margins.parts(left, "m")}
    FROM (
        SELECT c.*, {each} AS order_value, CASE WHEN c.paid > 0 THEN {scale} END AS scale
        FROM (SELECT *, CAST(each AS DOUBLE) AS each_one FROM value_people) AS c
    ) AS c JOIN value_spent AS s ON s.person_id = c.person_id
    LEFT JOIN value_worth AS w
        ON w.repeats = c.repeats AND w.last = c.last AND w.age = c.age AND w.paid = c.paid
    {f"LEFT JOIN {margins.MIX} AS m ON m.person_id = c.person_id" if left else ""}
    """.replace("c.each)", "c.each_one)")


def _shown(scope: Scope, borders: tuple[str, str], left: margins.Credibility | None) -> str:
    def money(name: str, sql: str = "") -> str:
        return f"CAST({sql or name} AS DECIMAL(18, 4)) AS {name}"

    band = " ".join(f"WHEN place < {share} THEN '{name}'" for name, share in BANDS)
    figures = ", ".join(money(f"{name}_{span}") for span in HORIZONS for name in ("value", "low", "high"))
    kept = ", ".join(money(name, sql) for span in HORIZONS for name, sql in margins.left(left, span).items())
    return f"""
    SELECT person_id, {money("spent")}, {money("order_value")}, {figures},
        CASE WHEN value_365 IS NULL THEN NULL {band} ELSE '{LAST_BAND}' END AS band,
        {scope.dialect.text(scope.currency)} AS currency, 'revenue' AS basis,
        part AS margin, part_from AS margin_from, {kept}
    FROM value_all WHERE {within("person_id", borders)}
    """


def _columns() -> dict[str, Column]:
    made: dict[str, Column] = {}
    for span in HORIZONS:
        made |= {
            f"value_{span}": Column(
                en=f"what their orders of the next {span} days are expected to bring; empty where unknown",
                zh=f"未来 {span} 天订单的期望金额；未知为空",
                unit="currency",
            ),
            f"low_{span}": Column(
                en="lower end of the range that holds what will happen with 90 %", zh="实际结果的 90% 区间下限",
                unit="currency",
            ),
            f"high_{span}": Column(en="upper end", zh="90% 区间上限", unit="currency"),
        }  # fmt: skip
    return made


def _left() -> dict[str, Column]:
    made: dict[str, Column] = {}
    for span in HORIZONS:
        made |= {
            f"margin_{span}": Column(
                en=f"value_{span} × margin: what their orders leave when the goods are paid; empty where unknown",
                zh=f"预期毛利 = value_{span} × margin；未知为空", unit="currency",
            ),
            f"margin_low_{span}": Column(
                en="lower end of its 90 % range: that of the worth and that of the part", zh="毛利 90% 区间下限",
                unit="currency",
            ),
            f"margin_high_{span}": Column(en="upper end", zh="毛利 90% 区间上限", unit="currency"),
        }  # fmt: skip
    return made


VALUES = Table(
    name="values",
    en="One row = one person who ever ordered: what they spent, and what they are worth in the time to come.",
    zh="每行 = 一个下过单的人：已消费多少，未来价值多少。",
    inputs=("order_days", "category_days", "clock_models", "spend_models"),
    parameters=("ledger",),
    key=("person_id",),
    order=("person_id",),
    columns={
        "person_id": Column(en="the person", zh="用户"),
        "spent": Column(
            en="paid less refunded up to now; empty where unknown", zh="至今净消费；未知为空", unit="currency"
        ),
        "order_value": Column(
            en="what a further order day of theirs is worth on average", zh="后续每个下单日的期望金额", unit="currency"
        ),
        **_columns(),
        "band": Column(
            en="top 5 %, high to 20 %, mid to 50 %, low: by value_365 among all with an order",
            zh="按未来一年价值分层：top 前 5%、high 至 20%、mid 至 50%、low",
        ),
        "currency": Column(en="the brand's currency", zh="品牌币种"),
        "basis": Column(en="what value_…, low_…, high_… are: revenue less refunds", zh="value_… 等的口径：净收入"),
        "margin": Column(
            en="part of it that is left when the goods are paid, by the categories they buy, drawn to the brand's; "
            "empty: the price book lacks a category of theirs",
            zh="毛利率：按其购买的类目，向品牌整体收缩；空：价目表缺少其购买的类目",
        ),
        "margin_from": Column(
            en="category: all that they bought has a line of its own in the price book; brand: all by the line `*`; "
            "mixed: both",
            zh="毛利率来源：category 均有类目毛利；brand 均按全品牌（*）；mixed 两者都有",
        ),
        **_left(),
    },
    build=_values,
)
