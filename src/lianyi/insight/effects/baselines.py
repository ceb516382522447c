"""Table `baselines`: how much people differ in a usual window, for planning: variance, what the time before explains,
and how alike the people of one community are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from lianyi.insight.communities.heights import COMMUNITY
from lianyi.insight.effects.outcomes import DAY_US
from lianyi.insight.orders import order_lines, refunds
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table

DAYS = (7, 14, 28, 56)
METRICS = ("buyers", "orders", "revenue")
SCHEMA = pa.schema(
    [("metric", pa.string()), ("days", pa.int32()), ("people", pa.int64()), ("mean", pa.float64()),
     ("variance", pa.float64()), ("explained", pa.float64()), ("icc", pa.float64()), ("communities", pa.int64()),
     ("cluster_mean", pa.float64()), ("cluster_cv", pa.float64())]
)  # fmt: skip


def build(build: Build) -> str:
    """Sums over those who bought; the others are known by their number."""
    scope = Scope.of(build)
    d, mine = scope.dialect, f"currency = {scope.dialect.text(scope.currency)}"
    build.make("order_lines", order_lines(scope))
    build.make("refunds", refunds(scope))
    build.make(
        "baseline_sales",
        f"""SELECT o.person_id, o.us, o.value - coalesce(b.value, 0) AS value FROM (
            SELECT order_no, min(person_id) AS person_id, {d.micros("min(moment)")} AS us,
                CAST(coalesce(sum(value) FILTER (WHERE {mine}), 0) AS DOUBLE) AS value
            FROM order_lines WHERE person_id IS NOT NULL GROUP BY order_no
        ) AS o LEFT JOIN (
            SELECT order_no, CAST(sum(value) AS DOUBLE) AS value FROM refunds WHERE {mine} GROUP BY order_no
        ) AS b ON b.order_no = o.order_no""",
    )
    build.make(
        "baseline_seats",
        f"""SELECT person_id, community_id FROM (
            SELECT person_id, community_id, row_number() OVER (
                PARTITION BY person_id ORDER BY weight DESC, community_id) AS place
            FROM community_people WHERE weight IS NOT NULL AND how = 'ties' AND height = {COMMUNITY}
        ) AS s WHERE place = 1""",
    )
    people = build.engine.table("SELECT count(*) AS n FROM people")["n"][0].as_py()
    sizes = build.engine.table("SELECT community_id, count(*) AS n FROM baseline_seats GROUP BY community_id")
    rows: list[dict[str, Any]] = []
    if people > 1:
        for days in DAYS:
            rows += _rows(build, scope, days, people, sizes)
    build.engine.register("baseline_rows", pa.Table.from_pylist(rows, schema=SCHEMA))
    build.made.append("baseline_rows")
    return "SELECT * FROM baseline_rows"


def _rows(build: Build, scope: Scope, days: int, people: int, sizes: pa.Table) -> Iterator[dict[str, Any]]:
    now = scope.dialect.micros(scope.dialect.time(scope.as_of))
    late = f"s.us >= {now} - {days * DAY_US}"
    columns = {
        "orders": (f"sum(CASE WHEN {late} THEN 1.0 ELSE 0 END)", f"sum(CASE WHEN {late} THEN 0 ELSE 1.0 END)"),
        "revenue": (f"sum(CASE WHEN {late} THEN s.value ELSE 0 END)", f"sum(CASE WHEN {late} THEN 0 ELSE s.value END)"),
    }
    did = f"""
    SELECT s.person_id, min(c.community_id) AS community_id, {
        ", ".join(
            f"CAST({y} AS DOUBLE) AS {name}, CAST({x} AS DOUBLE) AS before_{name}" for name, (y, x) in columns.items()
        )
    } FROM baseline_sales AS s LEFT JOIN baseline_seats AS c ON c.person_id = s.person_id
    WHERE s.us >= {now} - {2 * days * DAY_US} GROUP BY s.person_id
    """
    found = build.engine.table(did)
    values = {name: found[name].to_numpy().astype(float) for name in found.column_names if name[-2:] != "id"}
    values["buyers"] = (values["orders"] > 0).astype(float)
    values["before_buyers"] = (values["before_orders"] > 0).astype(float)
    place = {name: number for number, name in enumerate(sizes["community_id"].to_pylist())}
    seat = np.array([place.get(one, -1) for one in found["community_id"].to_pylist()], dtype=np.int64)
    n = sizes["n"].to_numpy().astype(float)
    for metric in METRICS:
        yield {"metric": metric, "days": days, "people": people, **_figures(values, metric, people, seat, n)}


def _figures(values: dict[str, Any], metric: str, people: int, seat: Any, n: Any) -> dict[str, Any]:
    from lianyi.insight.effects.power import intraclass_of

    y, x = values[metric], values[f"before_{metric}"]
    yy, xx = (float(one @ one) - float(one.sum()) ** 2 / people for one in (y, x))
    xy = float(x @ y) - float(x.sum()) * float(y.sum()) / people
    icc = math.nan
    if len(n) > 1:
        inside = seat >= 0
        sums = np.bincount(seat[inside], y[inside], len(n)).astype(np.float64)
        icc = intraclass_of(n, sums, float(y[inside] @ y[inside]))
    return {
        "mean": float(y.sum()) / people, "variance": yy / (people - 1),
        "explained": xy * xy / (xx * yy) if xx > 0 and yy > 0 else 0.0,
        "icc": icc if math.isfinite(icc) else None, "communities": len(n),
        "cluster_mean": float(n.mean()) if len(n) else None,
        "cluster_cv": float(n.std() / n.mean()) if len(n) else None,
    }  # fmt: skip


TABLE = Table(
    name="baselines",
    en="One row = one metric and length of window: how it lies among all people, for planning experiments.",
    zh="每行 = 一个指标 × 窗口天数：全部用户的分布情况，用于规划实验。",
    inputs=(EVENTS, "keys", "people", "community_people"),
    key=("metric", "days"),
    order=("metric", "days"),
    columns={
        "metric": Column(en="buyers, orders, revenue", zh="buyers 购买人数、orders 订单、revenue 净收入"),
        "days": Column(en="length of the window, up to as_of", zh="窗口天数（截至数据时间）", unit="days"),
        "people": Column(en="all people", zh="全部用户数", unit="people"),
        "mean": Column(en="mean a person", zh="人均"),
        "variance": Column(en="variance between people", zh="人际方差"),
        "explained": Column(en="share of it that the window before explains (R²)", zh="前一窗口可解释的比例（R²）"),
        "icc": Column(en="share of it between communities", zh="社群间方差占比（ICC）"),
        "communities": Column(en="communities", zh="社群数"),
        "cluster_mean": Column(en="people a community", zh="社群平均人数", unit="people"),
        "cluster_cv": Column(en="how unequal they are: deviation ÷ mean of sizes", zh="社群规模变异系数"),
    },
    build=build,
)
