"""Tables `clock_models` (how often people buy, of all goods and of a category) and `spend_models`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build, Column, Table
from lianyi.insight.value.clocks import Clock, Rows
from lianyi.insight.value.counting import ALL, OTHERS, counted, distinct, gaps, rows_of
from lianyi.insight.value.spend import Spend

# Fewer people or repeat purchases than these say nothing that would hold.
LEAST_PEOPLE, LEAST_REPEATS = 30, 20
# A category has a clock of its own from these on.
OWN_PEOPLE, OWN_REPEATS = 200, 100
MOST_CATEGORIES = 60

SCHEMA = pa.schema([
    ("category", pa.string()), ("model", pa.string()), ("chosen", pa.bool_()), ("regularity", pa.int64()),
    ("at_first", pa.bool_()), ("r", pa.float64()), ("alpha", pa.float64()), ("a", pa.float64()), ("b", pa.float64()),
    ("covariance", pa.list_(pa.float64())), ("log_likelihood", pa.float64()), ("people", pa.int64()),
    ("repeats", pa.int64()),
])  # fmt: skip
SPEND_SCHEMA = pa.schema([
    ("currency", pa.string()), ("p", pa.float64()), ("q", pa.float64()), ("v", pa.float64()),
    ("correlation", pa.float64()), ("people", pa.int64()),
])  # fmt: skip


def enough(data: Rows) -> bool:
    """Whether a clock can be learned from these rows."""
    return bool(data.people.sum() >= LEAST_PEOPLE and data.people @ data.repeats >= LEAST_REPEATS)


def clock_rows(category: str, data: Rows) -> list[dict[str, Any]]:
    """All clocks that were tried, as rows of the table; none where there is too little to learn from."""
    if not enough(data):
        return []
    from lianyi.insight.value.fitting import candidates, likeliest

    tried = candidates(data)
    best = likeliest(tried)
    return [
        {
            "category": category, "model": clock.name, "chosen": clock is best, "regularity": clock.regularity,
            "at_first": clock.at_first, "r": clock.r, "alpha": clock.alpha, "a": clock.a, "b": clock.b,
            "covariance": clock.covariance.reshape(-1).tolist(), "log_likelihood": clock.log_likelihood,
            "people": clock.people, "repeats": clock.repeats,
        }
        for clock in tried
    ]  # fmt: skip


def clock_of(row: Mapping[str, Any]) -> Clock:
    """The clock of a row of the table."""
    return Clock(
        r=row["r"], alpha=row["alpha"], a=row["a"], b=row["b"], regularity=row["regularity"],
        at_first=row["at_first"], covariance=np.array(row["covariance"]).reshape(4, 4),
        log_likelihood=row["log_likelihood"], people=row["people"], repeats=row["repeats"],
    )  # fmt: skip


def chosen_clocks(build: Build) -> dict[str, Clock]:
    """category -> its clock, of those that were learned."""
    rows = build.engine.table("SELECT * FROM clock_models WHERE chosen").to_pylist()
    return {row["category"]: clock_of(row) for row in rows}


def _clock_models(build: Build) -> str:
    scope = Scope.of(build)
    build.make("clock_people", counted(scope, "order_days"))
    whole = rows_of(build.engine.table(distinct("clock_people")), _log_gaps(build, gaps(scope, "order_days")))
    build.drop("clock_people")
    rows = clock_rows(ALL, whole)
    build.make("category_people", counted(scope, "category_days", by="category"))
    found = build.engine.table(distinct("category_people", by="category"))
    build.drop("category_people")
    logs = build.engine.table(gaps(scope, "category_days", by="category"))
    log_gaps = dict(zip(logs["category"].to_pylist(), logs["log_gaps"].to_pylist(), strict=True))
    own = _own_categories(found)
    for category in own:
        build.say(category)
        rows += clock_rows(category, rows_of(found.filter(pc.equal(found["category"], category)), log_gaps[category]))
    others = found.filter(pc.invert(pc.is_in(found["category"], pa.array(own, pa.string()))))
    rest = sum(value for category, value in log_gaps.items() if category not in own)
    rows += clock_rows(OTHERS, rows_of(others, rest))
    build.engine.register("clock_model_rows", pa.Table.from_pylist(rows, schema=SCHEMA))
    build.make("clock_models_found", "SELECT * FROM clock_model_rows")
    build.drop("clock_model_rows")
    return """
    SELECT category, model, chosen, regularity, at_first, r, alpha, a, b, covariance, log_likelihood, people, repeats,
        regularity * alpha / r AS gap_days, a / (a + b) AS leaving
    FROM clock_models_found
    """


def _log_gaps(build: Build, sql: str) -> float:
    return float(build.engine.table(sql)["log_gaps"][0].as_py())


def _own_categories(found: pa.Table) -> list[str]:
    """Categories with enough people and repeats for a clock of their own, the largest ones."""
    weighted = found.append_column("again", pc.multiply(found["repeats"], found["people"]))
    sums = weighted.group_by("category").aggregate([("people", "sum"), ("again", "sum")])
    large = [
        (row["people_sum"], row["category"])
        for row in sums.to_pylist()
        if row["people_sum"] >= OWN_PEOPLE and row["again_sum"] >= OWN_REPEATS
    ]
    return [category for _, category in sorted(large, key=lambda item: (-item[0], item[1]))[:MOST_CATEGORIES]]


def spend_model(build: Build) -> Spend | None:
    """The spend model as the table has it."""
    rows = build.engine.table("SELECT * FROM spend_models").to_pylist()
    if not rows:
        return None
    return Spend(**{name: rows[0][name] for name in ("p", "q", "v", "correlation", "people")})


def _spend_models(build: Build) -> str:
    scope = Scope.of(build)
    build.make("spenders", counted(scope, "order_days"))
    found = build.engine.table("SELECT paid, CAST(each AS DOUBLE) AS each FROM spenders WHERE paid > 0 ORDER BY 1, 2")
    build.drop("spenders")
    rows = []
    if len(found) >= LEAST_PEOPLE and pc.sum(found["paid"]).as_py() >= len(found) + LEAST_REPEATS:
        from lianyi.insight.value.spend import fit

        model = fit(found["paid"].to_numpy().astype(np.float64), found["each"].to_numpy())
        rows = [{"currency": scope.currency, "p": model.p, "q": model.q, "v": model.v,
                 "correlation": model.correlation, "people": len(found)}]  # fmt: skip
    build.engine.register("spend_model_rows", pa.Table.from_pylist(rows, schema=SPEND_SCHEMA))
    build.make("spend_models_found", "SELECT * FROM spend_model_rows")
    build.drop("spend_model_rows")
    mean = "CASE WHEN q > 1 THEN p * v / (q - 1) END"
    return f"SELECT currency, p, q, v, correlation, people, {mean} AS order_value FROM spend_models_found"


CLOCK_MODELS = Table(
    name="clock_models",
    en="One row = one purchase clock that was tried, on all orders or on those of a category.",
    zh="每行 = 一个尝试过的购买时钟模型（全部订单或某类目）。",
    inputs=("order_days", "category_days"),
    key=("category", "model"),
    order=("category", "model"),
    columns={
        "category": Column(
            en="the category; empty = all orders, * = all categories too small for a clock of their own",
            zh="类目；空 = 全部订单，* = 数据不足的类目合并",
        ),
        "model": Column(en="BG/NBD, MBG/NBD, or MBG/CNBD-k for people who buy in a rhythm", zh="模型"),
        "chosen": Column(en="the likeliest one, which the other tables use", zh="是否为所选（似然最大）"),
        "regularity": Column(en="k: 1 = no rhythm, more = ever more regular gaps", zh="规律性 k：1 为无规律"),
        "at_first": Column(en="people may leave after their first order already", zh="首单后即可能流失"),
        "r": Column(en="shape of the rates", zh="速率分布形状 r"),
        "alpha": Column(en="scale of the rates", zh="速率分布尺度 α", unit="days"),
        "a": Column(en="first parameter of the chance to leave", zh="流失概率分布 a"),
        "b": Column(en="second parameter of it", zh="流失概率分布 b"),
        "covariance": Column(en="covariance of the logarithms of r, α, a, b, row by row", zh="对数参数协方差（按行）"),
        "log_likelihood": Column(en="how likely the orders are under it, gaps included", zh="对数似然（含间隔）"),
        "people": Column(en="people (or people × categories) it was learned on", zh="学习所用人数", unit="people"),
        "repeats": Column(en="order days after the first ones", zh="复购天数合计"),
        "gap_days": Column(en="days between orders at the mean rate", zh="平均速率下的购买间隔", unit="days"),
        "leaving": Column(en="mean chance to leave at an order", zh="每次购买后流失的平均概率"),
    },
    build=_clock_models,
)

SPEND_MODELS = Table(
    name="spend_models",
    en="One row = the model of what an order day is worth (Gamma-Gamma), in the brand's currency.",
    zh="每行 = 品牌币种下的单次消费模型（Gamma-Gamma）。",
    inputs=("order_days",),
    key=("currency",),
    order=("currency",),
    columns={
        "currency": Column(en="the brand's currency", zh="品牌币种"),
        "p": Column(en="shape of a person's order days", zh="个人单次消费形状 p"),
        "q": Column(en="shape of the differences between people", zh="人群差异形状 q"),
        "v": Column(en="scale of them", zh="人群差异尺度 v", unit="currency"),
        "correlation": Column(
            en="of the logarithms of number and mean of paid days; the model takes it to be 0",
            zh="购买次数与均值（对数）的相关；模型假定为 0",
        ),
        "people": Column(en="people with a paid order day", zh="有付费下单日的人数", unit="people"),
        "order_value": Column(
            en="mean worth of an order day; empty where the model has none", zh="下单日平均金额；无均值时为空",
            unit="currency",
        ),
    },
    build=_spend_models,
)  # fmt: skip
