"""Tables `leaving_rates`, `leaving`, `leaving_checks`: who will be silent for 30 days, from what such people did.

Nobody gives notice here, so leaving is silence. At each of three moments (30, 60, 90 days ago) everybody was in a cell:
days of silence × active days of the last 90 × time since they came. Of each cell it is counted how many showed life
within the 30 days after. That is a discrete-time hazard without a form (life table). Small cells lean on the rate of
their days of silence, that one on the rate of all (Beta priors); ranges are those of the posterior.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from lianyi.insight.activity.stock import STOCK_DAYS
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build, Column, Table

LOOKED = 90  # days that count as "of late"
CUTS = (1, 2, 3)  # so many times STOCK_DAYS ago
SILENT = (0, 1, 3, 7, 14, 21, 30, 45, 60, 90, 180)  # upper borders of the classes of silence, in days
ACTIVE = (0, 1, 2, 4, 8, 16)  # of the classes of active days
TENURE = (30, 90)  # of the classes of days since they came
PRIOR = 10.0  # people by whom a cell leans on its neighbours
LEVELS = (0.05, 0.95)
# A chance to show life below which one is called so.
STATES = (("gone", 0.05), ("leaving", 0.3), ("cooling", 0.7))
STAYING = "active"


def standings(scope: Scope) -> str:
    """One row = one person: for each moment (0 = now) day of the last activity, active days of late; and for past
    moments whether life was shown within the 30 days after."""
    number = scope.dialect.day_number("day")
    parts = []
    for cut in (0, *CUTS):
        at = scope.today - cut * STOCK_DAYS
        parts.append(f"{at} - max(d) FILTER (WHERE d <= {at}) AS silent{cut}")
        parts.append(f"count(*) FILTER (WHERE d <= {at} AND d > {at - LOOKED}) AS active{cut}")
        parts.append(f"{at} - min(d) AS tenure{cut}")
        if cut:
            after = f"d > {at} AND d <= {at + STOCK_DAYS}"
            parts.append(f"CASE WHEN count(*) FILTER (WHERE {after}) > 0 THEN 1 ELSE 0 END AS back{cut}")
    return f"""
    SELECT person_id, {", ".join(parts)}
    FROM (SELECT person_id, {number} AS d FROM person_days) AS p WHERE d <= {scope.today} GROUP BY person_id
    """


def _class(value: str, borders: tuple[int, ...]) -> str:
    branches = " ".join(f"WHEN {value} <= {border} THEN {place}" for place, border in enumerate(borders))
    return f"CASE {branches} ELSE {len(borders)} END"


def _cell(cut: int) -> str:
    """SQL: the three classes of a person at a moment."""
    return (
        f"{_class(f'silent{cut}', SILENT)} AS silence, {_class(f'active{cut}', ACTIVE)} AS activity, "
        f"{_class(f'tenure{cut}', TENURE)} AS tenure"
    )


def counts(cuts: tuple[int, ...]) -> str:
    """One row = one cell: how many stood in it at these moments, how many showed life after."""
    parts = " UNION ALL ".join(
        f"SELECT {_cell(cut)}, back{cut} AS back FROM standings WHERE silent{cut} IS NOT NULL" for cut in cuts
    )
    return f"""
    SELECT silence, activity, tenure, count(*) AS people, CAST(sum(back) AS BIGINT) AS back
    FROM ({parts}) AS c GROUP BY silence, activity, tenure ORDER BY silence, activity, tenure
    """


SCHEMA = pa.schema([
    ("silence", pa.int64()), ("activity", pa.int64()), ("tenure", pa.int64()), ("people", pa.int64()),
    ("back", pa.int64()), ("chance", pa.float64()), ("low", pa.float64()), ("high", pa.float64()),
])  # fmt: skip


def rated(found: pa.Table) -> pa.Table:
    """The cells with their chance and its 90 % range."""
    if not len(found):
        return SCHEMA.empty_table()
    from scipy.special import betaincinv

    people, back = (found[name].to_numpy().astype(np.float64) for name in ("people", "back"))
    silence = found["silence"].to_numpy()
    everybody = (back.sum() + 1) / (people.sum() + 2)
    sums = np.bincount(silence, people), np.bincount(silence, back)
    by_silence = (sums[1] + PRIOR * everybody) / (sums[0] + PRIOR)
    yes = back + PRIOR * by_silence[silence]
    no = people - back + PRIOR * (1 - by_silence[silence])
    made: dict[str, Any] = {name: found[name].cast(pa.int64()) for name in SCHEMA.names[:5]}
    made |= {"chance": yes / (yes + no)}
    made |= {name: betaincinv(yes, no, level) for name, level in zip(("low", "high"), LEVELS, strict=True)}
    return pa.table(made, schema=SCHEMA)


def _make(build: Build, name: str, rows: pa.Table) -> None:
    build.engine.register(f"{name}_rows", rows)
    build.make(name, f"SELECT * FROM {name}_rows")
    build.drop(f"{name}_rows")


def _rates(build: Build) -> str:
    build.make("standings", standings(Scope.of(build)))
    _make(build, "leaving_cells", rated(build.engine.table(counts(CUTS))))
    build.drop("standings")
    return """
    SELECT silence, activity, tenure, people, back, chance, low, high FROM leaving_cells
    """


def _leaving(build: Build) -> str:
    scope = Scope.of(build)
    build.make("standings", standings(scope))
    states = " ".join(f"WHEN chance < {share} THEN '{name}'" for name, share in STATES)
    return f"""
    SELECT s.person_id, {scope.date(f"{scope.today} - s.silent")} AS last_active, s.silent AS silent_days,
        s.active AS active_days, s.tenure_days, r.chance, r.low, r.high, coalesce(r.people, 0) AS alike,
        CASE WHEN r.chance IS NULL THEN NULL {states} ELSE '{STAYING}' END AS state
    FROM (
        SELECT person_id, silent0 AS silent, active0 AS active, tenure0 AS tenure_days, {_cell(0)} FROM standings
    ) AS s
    LEFT JOIN leaving_rates AS r ON r.silence = s.silence AND r.activity = s.activity AND r.tenure = s.tenure
    """


METHODS = ("life table", "silent 30 days", "all alike")
CHECKED = pa.schema([
    ("method", pa.string()), ("days", pa.int64()), ("people", pa.int64()), ("log_score", pa.float64()),
    ("brier", pa.float64()), ("foretold", pa.float64()), ("came", pa.float64()),
])  # fmt: skip


def checked(learnt: pa.Table, came: pa.Table) -> list[dict[str, Any]]:
    """Scores of chances learned at earlier moments for the last one; of each method one row."""
    if not len(learnt) or not len(came):
        return []
    keys = [tuple(row) for row in zip(*(came[name].to_pylist() for name in SCHEMA.names[:3]), strict=True)]
    people, back = (came[name].to_numpy().astype(np.float64) for name in ("people", "back"))
    rate = float(sum(learnt["back"].to_pylist())) / float(sum(learnt["people"].to_pylist()))
    cells = rated(learnt).to_pylist()
    cell = {tuple(row[name] for name in SCHEMA.names[:3]): row["chance"] for row in cells}
    border = SILENT.index(STOCK_DAYS)
    rule = {}
    for late in (False, True):
        mine = [row for row in cells if (row["silence"] > border) == late]
        rule[late] = (sum(row["back"] for row in mine) + rate) / (sum(row["people"] for row in mine) + 1)
    told = {
        "life table": [cell.get(key, rate) for key in keys],
        "silent 30 days": [rule[key[0] > border] for key in keys],
        "all alike": [rate] * len(keys),
    }
    rows = []
    for method in METHODS:
        chance = np.clip(np.array(told[method]), 1e-6, 1 - 1e-6)
        total = people.sum()
        rows.append({
            "method": method, "days": STOCK_DAYS, "people": int(total),
            "log_score": float(-(back @ np.log(chance) + (people - back) @ np.log(1 - chance)) / total),
            "brier": float((back @ (1 - chance) ** 2 + (people - back) @ chance**2) / total),
            "foretold": float(people @ chance / total), "came": float(back.sum() / total),
        })  # fmt: skip
    return rows


def _checks(build: Build) -> str:
    build.make("standings", standings(Scope.of(build)))
    learnt, came = (build.engine.table(counts(cuts)) for cuts in (CUTS[1:], CUTS[:1]))
    _make(build, "leaving_checks_found", pa.Table.from_pylist(checked(learnt, came), schema=CHECKED))
    build.drop("standings")
    return "SELECT * FROM leaving_checks_found"


_CELL = {
    "silence": Column(en=f"class of days of silence, up to {', '.join(map(str, SILENT))}, more", zh="沉默天数档"),
    "activity": Column(en=f"class of active days of the last {LOOKED}, up to {', '.join(map(str, ACTIVE))}, more",
                       zh=f"近 {LOOKED} 天活跃天数档"),
    "tenure": Column(en=f"class of days since they came, up to {', '.join(map(str, TENURE))}, more", zh="加入时长档"),
}  # fmt: skip
_CHANCE = {
    "chance": Column(en=f"chance to show life within {STOCK_DAYS} days", zh=f"未来 {STOCK_DAYS} 天内活跃的概率"),
    "low": Column(en="lower end of its 90 % range", zh="90% 区间下限"),
    "high": Column(en="upper end", zh="90% 区间上限"),
}

RATES = Table(
    name="leaving_rates",
    en="One row = one kind of standing (silence × activity × tenure): how many of such people showed life again.",
    zh="每行 = 一种状态（沉默 × 活跃 × 时长）：其中多少人随后又活跃。",
    inputs=("person_days",),
    key=("silence", "activity", "tenure"),
    order=("silence", "activity", "tenure"),
    columns={
        **_CELL,
        "people": Column(en="people who stood so, at three moments", zh="三个时点合计人数", unit="people"),
        "back": Column(en=f"of them active within {STOCK_DAYS} days", zh=f"其中 {STOCK_DAYS} 天内活跃", unit="people"),
        **_CHANCE,
    },
    build=_rates,
)

LEAVING = Table(
    name="leaving",
    en=f"One row = one person who was ever active: the chance that they show life within {STOCK_DAYS} days.",
    zh=f"每行 = 一个曾活跃的人：未来 {STOCK_DAYS} 天内仍会活跃的概率。",
    inputs=("person_days", "leaving_rates"),
    key=("person_id",),
    order=("person_id",),
    columns={
        "person_id": Column(en="the person", zh="用户"),
        "last_active": Column(en="last active day", zh="最近活跃日"),
        "silent_days": Column(en="days since then", zh="沉默天数", unit="days"),
        "active_days": Column(en=f"active days of the last {LOOKED}", zh=f"近 {LOOKED} 天活跃天数", unit="days"),
        "tenure_days": Column(en="days since they came", zh="加入天数", unit="days"),
        **_CHANCE,
        "alike": Column(en="people who stood alike and from whom that is known", zh="依据的同类人数", unit="people"),
        "state": Column(
            en="gone (chance below 5 %), leaving (30 %), cooling (70 %), active; empty where unknown",
            zh="gone 已离开（<5%）、leaving 正在离开（<30%）、cooling 降温（<70%）、active；未知为空",
        ),
    },
    build=_leaving,
)

CHECKS = Table(
    name="leaving_checks",
    en=f"One row = one way to say who is leaving, learned before and tried on the last {STOCK_DAYS} days.",
    zh=f"每行 = 一种判断流失的方法：以更早数据学习，在最近 {STOCK_DAYS} 天上检验。",
    inputs=("person_days",),
    key=("method",),
    order=("log_score", "method"),
    columns={
        "method": Column(
            en="life table, or without it: silent 30 days (rates of who was and who was not), all alike",
            zh="life table 生命表；朴素方法：silent 30 days 按是否沉默 30 天、all alike 全体同率",
        ),
        "days": Column(en="days that were foretold", zh="预测天数", unit="days"),
        "people": Column(en="people scored", zh="评估人数", unit="people"),
        "log_score": Column(
            en="−log of the chance that was given to what came; lower is better", zh="对数分数，越低越好"
        ),
        "brier": Column(en="Brier score; lower is better", zh="Brier 分数，越低越好"),
        "foretold": Column(en="share foretold to show life", zh="预测活跃占比"),
        "came": Column(en="share that did", zh="实际活跃占比"),
    },
    build=_checks,
)
