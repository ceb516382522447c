"""Table `stock_forecast`: inflow, evaporation and stock of the next weeks, with ranges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build, Column, Table

WIDEST = {"all": 1, "source": 20, "community": 100}  # parts that are forecast, the largest stock first
FIGURES = ("inflow", "evaporation", "stock")
SCHEMA = pa.schema([
    ("part", pa.string()), ("name", pa.string()), ("ahead", pa.int64()), ("monday", pa.int64()),
    *((f"{name}{side}", pa.float64()) for name in FIGURES for side in ("", "_low", "_high")),
    ("law", pa.string()), ("origins", pa.int64()),
])  # fmt: skip


def chosen(scope: Scope, part: str) -> str:
    """One row = one complete week of one of the largest parts of a kind that are old enough."""
    from lianyi.insight.value.retention.forecasting import LEAST

    text = scope.dialect.text(part)
    return f"""
    SELECT f.name, {scope.dialect.day_number("f.week")} AS week, f.inflow, f.evaporation, f.stock
    FROM stock_flow AS f JOIN (
        SELECT name FROM stock_flow WHERE part = {text} AND complete GROUP BY name HAVING count(*) >= {LEAST}
        ORDER BY max_by(stock, week) DESC, name LIMIT {WIDEST[part]}
    ) AS c ON c.name = f.name
    WHERE f.part = {text} AND f.complete ORDER BY f.name, f.week
    """


def forecast_rows(part: str, found: pa.Table) -> list[dict[str, Any]]:
    """Rows of the table from the weeks of one kind of parts."""
    if not len(found):
        return []
    from lianyi.insight.value.retention.forecasting import AHEAD, Series, paths

    names, start = np.unique(np.asarray(found["name"].to_pylist(), dtype=object), return_index=True)
    columns = {name: found[name].to_numpy().astype(np.float64) for name in (*FIGURES, "week")}
    ends = [*start[1:], len(found)]
    spans = list(zip(start, ends, strict=True))
    series = [Series(**{name: columns[name][low:high] for name in FIGURES}) for low, high in spans]
    rows = []
    for name, (_, high), path in zip(names, spans, paths(series), strict=True):
        last = int(columns["week"][high - 1])
        for week in range(AHEAD):
            row: dict[str, Any] = {
                "part": part, "name": name, "ahead": week + 1, "monday": last + 7 * (week + 1), "law": path.law,
                "origins": path.origins,
            }  # fmt: skip
            for place, figure in enumerate(FIGURES):
                sides = (("", path.middle), ("_low", path.low), ("_high", path.high))
                row |= {f"{figure}{side}": float(values[place, week]) for side, values in sides}
            rows.append(row)
    return rows


def build(build: Build) -> str:
    """The SQL of the table."""
    scope = Scope.of(build)
    rows = [row for part in WIDEST for row in forecast_rows(part, build.engine.table(chosen(scope, part)))]
    build.engine.register("stock_told_rows", pa.Table.from_pylist(rows, schema=SCHEMA))
    build.make("stock_told", "SELECT * FROM stock_told_rows")
    build.drop("stock_told_rows")
    figures = ", ".join(f"{name}{side}" for name in FIGURES for side in ("", "_low", "_high"))
    return f"SELECT part, name, ahead, {scope.date('monday')} AS week, {figures}, law, origins FROM stock_told"


def _columns() -> dict[str, Column]:
    said = {
        "inflow": ("people who come or come back in the week", "该周流入人数"),
        "evaporation": ("people who evaporate in the week", "该周蒸发人数"),
        "stock": ("people to keep at the week's end", "周末留量"),
    }
    made: dict[str, Column] = {}
    for name, (en, zh) in said.items():
        made |= {
            name: Column(en=en, zh=zh, unit="people"),
            f"{name}_low": Column(en="lower end of its 90 % range", zh="90% 区间下限", unit="people"),
            f"{name}_high": Column(en="upper end", zh="90% 区间上限", unit="people"),
        }
    return made


TABLE = Table(
    name="stock_forecast",
    en="One row = one coming week of all people, of a source or a community: inflow, evaporation, stock with ranges.",
    zh="每行 = 全体、某来源或某社群未来一周的流入、蒸发与留量预测（含区间）。",
    inputs=("stock_flow",),
    key=("part", "name", "ahead"),
    order=("part", "name", "ahead"),
    columns={
        "part": Column(en="all, source or community", zh="all 全体、source 来源、community 社群"),
        "name": Column(en="the source, or the community's id; empty for all", zh="来源或社群编号；全体为空"),
        "ahead": Column(en="weeks after the last complete one", zh="距最近完整周的周数", unit="weeks"),
        "week": Column(en="Monday of the week", zh="周一日期"),
        **_columns(),
        "law": Column(en="how it goes on: what held best in the past", zh="外推方法（历史上误差最小者）"),
        "origins": Column(en="past weeks from which it was tried", zh="回测起点数", unit="weeks"),
    },
    build=build,
)
