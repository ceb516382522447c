"""Tables `clock_checks` and `clock_bins`: how purchase clocks would have done on the last part of the log.

The log is cut one horizon before now; the clock is learned on what lies before and foretells what came after. Beside it
stand what anybody could say without a model: "as last period" (people with as many orders in the last period do what
such people did the period before) and "by recency" (the same by days since the last order), and for the mean also the
plain repetition of last period's count.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build, Column, Table
from lianyi.insight.value.clocks import Doubles, Rows
from lianyi.insight.value.counting import gaps
from lianyi.insight.value.models import enough

LONGEST = 90  # days of the part that is foretold
SHARE = 4  # at most a quarter of the log
MOST = 20  # orders that are told apart
RECENCY_CLASSES = 10
ENOUGH = 200_000  # people who are scored

CHECKS = pa.schema([
    ("method", pa.string()), ("days", pa.int64()), ("people", pa.int64()),
    *((name, pa.float64()) for name in ("log_score", "crps", "brier", "mae", "rmse", "correlation", "total")),
])  # fmt: skip
BINS = pa.schema([
    ("bin", pa.int64()), ("days", pa.int64()), ("chance", pa.float64()), ("came", pa.float64()), ("people", pa.int64()),
])  # fmt: skip


def outcomes(scope: Scope, cut: int, days: int) -> str:
    """One row = one person with an order up to day `cut`: x, t_x, T then; orders in the period after (came), in the
    one before (lately); and the same as it stood a period earlier (then_…, NULL for who had not ordered yet)."""
    number = scope.dialect.day_number("day")

    def within(low: int, high: int) -> str:
        return f"count(*) FILTER (WHERE d > {low} AND d <= {high})"

    earlier = cut - days
    return f"""
    SELECT count(*) FILTER (WHERE d <= {cut}) - 1 AS repeats, max(d) FILTER (WHERE d <= {cut}) - min(d) AS last,
        {cut} - min(d) AS age, {within(cut, cut + days)} AS came, {within(earlier, cut)} AS lately,
        {cut} - max(d) FILTER (WHERE d <= {cut}) AS recency, {within(earlier - days, earlier)} AS then_lately,
        {earlier} - max(d) FILTER (WHERE d <= {earlier}) AS then_recency
    FROM (SELECT person_id, {number} AS d FROM order_days) AS n
    GROUP BY person_id HAVING min(d) <= {cut} ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
    """


def _span(build: Build, scope: Scope) -> int:
    """Days that are foretold; 0 where the log is too short."""
    number = scope.dialect.day_number("min(day)")
    first = build.engine.table(f"SELECT {number} AS day FROM order_days")["day"][0].as_py()
    return 0 if first is None else min(LONGEST, (scope.today - first) // SHARE)


def looked_back(build: Build) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of both tables; none where there is too little to learn from."""
    scope = Scope.of(build)
    days = _span(build, scope)
    if days < 7:
        return [], []
    cut = scope.today - days
    log_gaps = float(build.engine.table(gaps(scope, "order_days", until=cut))["log_gaps"][0].as_py())
    found = build.engine.table(outcomes(scope, cut, days))
    columns = {
        name: np.asarray(found[name].to_numpy(zero_copy_only=False), dtype=np.float64) for name in found.column_names
    }
    return judged(columns, days=days, log_gaps=log_gaps)


def judged(
    columns: dict[str, Doubles], *, days: int, log_gaps: float
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of both tables from the columns of `outcomes`."""
    from lianyi.insight.value.clocks import rows

    learnt = rows(columns["repeats"], columns["last"], columns["age"], log_gaps=log_gaps)
    if not enough(learnt):
        return [], []
    from lianyi.insight.value.fitting import candidates, likeliest
    from lianyi.insight.value.foretelling import chances, expectations
    from lianyi.insight.value.scoring import bins, scores

    columns = {name: values[:: -(-len(values) // ENOUGH)] for name, values in columns.items()}
    came = columns["came"]
    tried = candidates(learnt)
    best = likeliest(tried)
    people = Rows(repeats=columns["repeats"], last=columns["last"], age=columns["age"], people=np.ones(len(came)))
    made: dict[str, Any] = {}
    told = np.empty(0)
    for clock in dict.fromkeys((tried[0], best)):
        said = chances(clock, people, days, MOST)
        expected = expectations(clock, people, (days,))[:, 0]
        made[clock.name] = scores(said, came, mean=expected)
        told = 1 - said[:, 0]
    made |= _naive(columns)
    checks = [{"method": name, "days": days, **asdict(found)} for name, found in made.items()]
    parts = [
        {"bin": place + 1, "days": days, "chance": chance, "came": share, "people": count}
        for place, (chance, share, count) in enumerate(bins(told, (came > 0).astype(np.float64)))
    ]
    return checks, parts


def _naive(columns: dict[str, Doubles]) -> dict[str, Any]:
    """Scores of what needs no model."""
    from lianyi.insight.value.scoring import learned, scores

    known = ~np.isnan(columns["then_recency"])
    came, lately = columns["came"], columns["lately"]
    if not known.any():
        return {}
    edges = np.unique(np.quantile(columns["then_recency"][known], np.linspace(0, 1, RECENCY_CLASSES + 1)[1:-1]))

    def classes(values: Doubles) -> NDArray[np.int64]:
        return np.minimum(values, MOST).astype(np.int64)

    by_count = learned(classes(columns["then_lately"][known]), lately[known], classes(lately), MOST)
    recent = [np.searchsorted(edges, values) for values in (columns["then_recency"][known], columns["recency"])]
    by_recency = learned(recent[0], lately[known], recent[1], MOST)
    same = np.zeros((len(came), MOST + 1))
    same[np.arange(len(came)), classes(lately)] = 1.0
    return {
        "as last period": scores(by_count, came),
        "by recency": scores(by_recency, came),
        "same count again": scores(same, came, mean=lately),
    }


def _checks(build: Build) -> str:
    build.engine.register("clock_check_rows", pa.Table.from_pylist(looked_back(build)[0], schema=CHECKS))
    build.make("clock_checks_found", "SELECT * FROM clock_check_rows")
    build.drop("clock_check_rows")
    return "SELECT * FROM clock_checks_found"


def _bins(build: Build) -> str:
    build.engine.register("clock_bin_rows", pa.Table.from_pylist(looked_back(build)[1], schema=BINS))
    build.make("clock_bins_found", "SELECT * FROM clock_bin_rows")
    build.drop("clock_bin_rows")
    return "SELECT * FROM clock_bins_found"


CLOCK_CHECKS = Table(
    name="clock_checks",
    en="One row = one way to foretell orders, tried on the last part of the log; lower scores are better.",
    zh="每行 = 一种预测方法在最近一段日志上的回测；分数越低越好。",
    inputs=("order_days",),
    key=("method",),
    order=("log_score", "method"),
    columns={
        "method": Column(
            en="a clock, or one of the naive: as last period, by recency, same count again",
            zh="时钟模型，或朴素方法：as last period 同上期、by recency 按近度、same count again 照抄上期次数",
        ),
        "days": Column(en="days that were foretold", zh="预测天数", unit="days"),
        "people": Column(en="people scored", zh="评估人数", unit="people"),
        "log_score": Column(en="−log of the chance that was given to what came", zh="对数分数"),
        "crps": Column(en="continuous ranked probability score", zh="CRPS", unit="order days"),
        "brier": Column(en="Brier score of “orders at all”", zh="是否下单的 Brier 分数"),
        "mae": Column(en="mean absolute error of the mean", zh="平均绝对误差", unit="order days"),
        "rmse": Column(en="root of the mean squared error", zh="均方根误差", unit="order days"),
        "correlation": Column(en="of foretold and came", zh="预测与实际的相关"),
        "total": Column(en="order days foretold over those that came", zh="预测总数 ÷ 实际总数"),
    },
    build=_checks,
)

CLOCK_BINS = Table(
    name="clock_bins",
    en="One row = a tenth of the people by the chance that they were given: what was said, and to how many it came.",
    zh="每行 = 按预测概率分的十分之一人群：预测概率与实际下单占比。",
    inputs=("order_days",),
    key=("bin",),
    order=("bin",),
    columns={
        "bin": Column(en="1 = lowest chance", zh="组别：1 为概率最低"),
        "days": Column(en="days that were foretold", zh="预测天数", unit="days"),
        "chance": Column(en="mean chance of an order", zh="平均预测概率"),
        "came": Column(en="share of them who ordered", zh="实际下单占比"),
        "people": Column(en="people in it", zh="人数", unit="people"),
    },
    build=_bins,
)
