"""Tables `purchase_clocks` and `category_clocks`: who still buys, how much is to come, when the next order is due."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lianyi.insight.ranges import ranges, within
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build, Column, Table
from lianyi.insight.value.clocks import Clock
from lianyi.insight.value.counting import ALL, OTHERS, counted, distinct, rows_of
from lianyi.insight.value.models import chosen_clocks

HORIZONS = (30, 90, 180, 365)  # days ahead; as in foretelling, which brings the compiler of kernels
CATEGORY_HORIZONS = (30, 90)


def _schema(horizons: tuple[int, ...]) -> pa.Schema:
    figures = [f"{name}_{span}" for span in horizons for name in ("expected", "low", "high", "chance")]
    numbers = ("p_alive", "p_alive_low", "p_alive_high", *figures, "early", "middle", "late")
    return pa.schema([
        ("model", pa.string()), ("repeats", pa.int64()), ("last", pa.int64()), ("age", pa.int64()),
        *((name, pa.float64()) for name in numbers),
    ])  # fmt: skip


def foretold(clock: Clock, found: pa.Table, horizons: tuple[int, ...]) -> pa.Table:
    """What a clock says of each row of `distinct`: a table of the schema."""
    from lianyi.insight.value.foretelling import foretell

    made = foretell(clock, rows_of(found), horizons)
    columns: dict[str, Any] = {"model": pa.repeat(pa.scalar(clock.name), len(found))}
    columns |= {name: found[name].cast(pa.int64()) for name in ("repeats", "last", "age")}
    columns |= {"p_alive": made.alive, "p_alive_low": made.alive_low, "p_alive_high": made.alive_high}
    for place, span in enumerate(horizons):
        figures = {"expected": made.expected, "low": made.low, "high": made.high, "chance": made.any}
        columns |= {f"{name}_{span}": values[:, place] for name, values in figures.items()}
    columns |= {
        name: pa.array(made.next[:, place], mask=np.isnan(made.next[:, place]))
        for place, name in enumerate(("early", "middle", "late"))
    }
    return pa.table(columns, schema=_schema(horizons))


def _figures(scope: Scope, horizons: tuple[int, ...]) -> str:
    """SQL: the columns that both tables have."""
    figures = ", ".join(
        f"f.expected_{span}, CAST(f.low_{span} AS BIGINT) AS low_{span}, CAST(f.high_{span} AS BIGINT) AS high_{span}, "
        f"f.chance_{span}"
        for span in horizons
    )
    dates = ", ".join(
        f"CASE WHEN f.{name} IS NOT NULL THEN "
        f"{scope.date(f'{scope.today} + CAST(round(f.{name}) AS BIGINT)')} END AS next_{name}"
        for name in ("early", "middle", "late")
    )
    return f"f.p_alive, f.p_alive_low, f.p_alive_high, {figures}, {dates}, f.model"


def _purchase_clocks(build: Build) -> Iterator[str]:
    scope = Scope.of(build)
    build.make("clock_people", counted(scope, "order_days"))
    clock = chosen_clocks(build).get(ALL)
    rows = _schema(HORIZONS).empty_table()
    if clock is not None:
        rows = foretold(clock, build.engine.table(distinct("clock_people")), HORIZONS)
    build.engine.register("clock_told_rows", rows)
    build.make("clock_told", "SELECT * FROM clock_told_rows")
    build.drop("clock_told_rows")
    people = build.engine.table("SELECT count(*) AS people FROM clock_people")["people"][0].as_py()
    for borders in ranges(people):
        yield f"""
        SELECT p.person_id, p.repeats + 1 AS order_days, {scope.date(f"{scope.today} - p.age + p.last")} AS last_day,
            {_figures(scope, HORIZONS)}
        FROM clock_people AS p
        LEFT JOIN clock_told AS f ON f.repeats = p.repeats AND f.last = p.last AND f.age = p.age
        WHERE {within("p.person_id", borders)}
        """


def _category_clocks(build: Build) -> Iterator[str]:
    scope = Scope.of(build)
    build.make("clock_people", counted(scope, "category_days", by="category"))
    clocks = chosen_clocks(build)
    found = build.engine.table(distinct("clock_people", by="category"))
    parts = [_category_part(category, found, clocks) for category in clocks if category != ALL]
    empty = _schema(CATEGORY_HORIZONS).empty_table().append_column("category", pa.array([], pa.string()))
    build.engine.register("clock_told_rows", pa.concat_tables([empty, *parts]))
    build.make("clock_told", "SELECT * FROM clock_told_rows")
    build.drop("clock_told_rows")
    people = build.engine.table("SELECT count(*) AS people FROM clock_people")["people"][0].as_py()
    for borders in ranges(people):
        yield f"""
        SELECT p.person_id, p.category, p.repeats + 1 AS order_days,
            {scope.date(f"{scope.today} - p.age + p.last")} AS last_day, {_figures(scope, CATEGORY_HORIZONS)}
        FROM clock_people AS p LEFT JOIN clock_told AS f
            ON f.category = p.category AND f.repeats = p.repeats AND f.last = p.last AND f.age = p.age
        WHERE {within("p.person_id", borders)}
        """


def _category_part(category: str, found: pa.Table, clocks: dict[str, Clock]) -> pa.Table:
    """What the clock of a category (or the common one) says of its rows."""
    mine = pc.equal(found["category"], category)
    if category == OTHERS:
        mine = pc.invert(pc.is_in(found["category"], pa.array(list(clocks), pa.string())))
    part = found.filter(mine)
    return foretold(clocks[category], part, CATEGORY_HORIZONS).append_column("category", part["category"])


def _columns(horizons: tuple[int, ...]) -> dict[str, Column]:
    made = {
        "p_alive": Column(
            en="chance that the person is still a buyer; empty where there is too little to learn from",
            zh="仍是购买者的概率；数据不足为空",
        ),
        "p_alive_low": Column(en="lower end of its 90 % range (parameters)", zh="90% 区间下限（参数不确定性）"),
        "p_alive_high": Column(en="upper end", zh="90% 区间上限"),
    }
    for span in horizons:
        made |= {
            f"expected_{span}": Column(
                en=f"order days to expect within {span} days", zh=f"未来 {span} 天的期望下单天数", unit="order days"
            ),
            f"low_{span}": Column(
                en="lower end of the range that holds what will happen with 90 %", zh="实际结果的 90% 区间下限"
            ),
            f"high_{span}": Column(en="upper end", zh="90% 区间上限"),
            f"chance_{span}": Column(
                en=f"chance of an order within {span} days", zh=f"未来 {span} 天内下单的概率"
            ),
        }  # fmt: skip
    return made | {
        "next_early": Column(
            en="if still a buyer: the next order comes with 10 % by this day; empty when later than three years",
            zh="若仍是购买者：10% 可能在此日前再次下单；超过三年为空",
        ),
        "next_middle": Column(en="the same with 50 %", zh="同上，50%"),
        "next_late": Column(en="the same with 90 %", zh="同上，90%"),
        "model": Column(en="the clock behind it, see clock_models", zh="所用模型，见 clock_models"),
    }


PURCHASE_CLOCKS = Table(
    name="purchase_clocks",
    en="One row = one person who ever ordered: still a buyer?, how many orders to expect, when the next one.",
    zh="每行 = 一个下过单的人：是否仍购买、预计下单次数、下次何时。",
    inputs=("order_days", "clock_models"),
    key=("person_id",),
    order=("person_id",),
    columns={
        "person_id": Column(en="the person", zh="用户"),
        "order_days": Column(en="days with an order so far", zh="已有下单天数"),
        "last_day": Column(en="day of the last order", zh="最近下单日"),
        **_columns(HORIZONS),
    },
    build=_purchase_clocks,
)

CATEGORY_CLOCKS = Table(
    name="category_clocks",
    en="One row = one person × category they ever bought: still buying it?, when is it due again.",
    zh="每行 = 一个人与其买过的一个类目：是否仍购买、何时再需要。",
    rows_from=("category_days",),
    inputs=("category_days", "clock_models"),
    key=("person_id", "category"),
    order=("person_id", "category"),
    columns={
        "person_id": Column(en="the person", zh="用户"),
        "category": Column(en="the category", zh="类目"),
        "order_days": Column(en="days with an order of it so far", zh="已购天数"),
        "last_day": Column(en="day of the last one", zh="最近购买日"),
        **_columns(CATEGORY_HORIZONS),
    },
    build=_category_clocks,
)
