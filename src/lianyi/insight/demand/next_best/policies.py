"""Table `policy_worth`: what other ways of choosing would have brought, from choices that were drawn by chance.

Choices: campaigns and journeys with people held out, one person at a time (message or nothing; chance and outcome stand
in `effect_people`), and arms of journey splits (the `sent` event carries the options, the one taken and its chance).
Policies: each option for everybody; a message only for those who bought, were active, or were quiet lately; the option
that did best for each of these three kinds in the other half of the people. Estimators: see `offpolicy`; rewards are
orders and revenue less refunds in the window of the experiment, of arms within DAYS days from the day of sending.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from lianyi.insight.demand.next_best.cells import Cells, always, best, followed, worth
from lianyi.insight.demand.next_best.offpolicy import Worth
from lianyi.insight.demand.next_best.uplift import DAYS, HALF, LATELY, LEAST
from lianyi.insight.scope import MOMENT, Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table, of_kinds

MESSAGE, NOTHING = "message", "nothing"
EXPERIMENT, SPLIT = "experiment", "split"
METRICS = ("orders", "revenue")
SCHEMA = pa.schema(
    [("choice", pa.string()), ("drawn_by", pa.string()), ("policy", pa.string()), ("metric", pa.string()),
     ("method", pa.string()), ("value", pa.float64()), ("se", pa.float64()), ("low", pa.float64()),
     ("high", pa.float64()), ("decisions", pa.int64()), ("effective", pa.float64()), ("largest", pa.float64())]
)  # fmt: skip
_SUMS = ", ".join(f"sum({metric}) AS {metric}, sum({metric} * {metric}) AS {metric}_squares" for metric in METRICS)


def experiments() -> str:
    """One row = one cell of an experiment of people one by one whose windows are over."""
    return f"""
    SELECT experiment AS choice, lately, option, chance, half, count(*) AS n, {_SUMS} FROM (
        SELECT experiment, orders, revenue, CASE WHEN md5(person_id) < '8' THEN 0 ELSE 1 END AS half,
            CASE WHEN before_buyers > 0 THEN 'bought' WHEN before_kept > 0 THEN 'active' ELSE 'quiet' END AS lately,
            CASE WHEN arm = 'treatment' THEN '{MESSAGE}' ELSE '{NOTHING}' END AS option,
            CASE WHEN arm = 'treatment' THEN share ELSE 1 - share END AS chance
        FROM effect_people WHERE cluster IS NULL AND ends - begins >= whole AND share > 0 AND share < 1
    ) AS p GROUP BY experiment, lately, option, chance, half
    """


def sent(scope: Scope) -> str:
    """One row = one message whose arm was drawn, DAYS days ago or earlier: of a person and split the first."""
    d = scope.dialect
    said = {name: d.json_text("props", name) for name in ("choice", "chosen", "propensity")}
    messages = scope.received("e.props", MOMENT, where="e.kind = 'sent' AND contains(e.props, '\"propensity\":')")
    return f"""
    SELECT person_id, choice, min_by(chosen, moment) AS option, min_by(chance, moment) AS chance,
        {scope.day("min(moment)")} AS day
    FROM (
        SELECT person_id, moment, {said["choice"]} AS choice, {said["chosen"]} AS chosen,
            CAST({said["propensity"]} AS DOUBLE) AS chance
        FROM {messages} AS m
    ) AS s WHERE choice IS NOT NULL AND chance > 0 AND chance <= 1
    GROUP BY person_id, choice HAVING {scope.day("min(moment)")} + {DAYS} <= {scope.today}
    """


def splits(scope: Scope) -> str:
    """One row = one cell of the arms of a split. Reads `policy_sent`."""
    day = scope.dialect.day_number("o.day")
    active = scope.dialect.day_number("a.day")
    return f"""
    SELECT choice, lately, option, chance, half, count(*) AS n, {_SUMS} FROM (
        SELECT s.choice, s.option, s.chance, CASE WHEN md5(s.person_id) < '8' THEN 0 ELSE 1 END AS half,
            CASE WHEN coalesce(b.before_orders, 0) > 0 THEN 'bought' WHEN k.person_id IS NOT NULL THEN 'active'
                ELSE 'quiet' END AS lately,
            CAST(coalesce(b.orders, 0) AS DOUBLE) AS orders, CAST(coalesce(b.revenue, 0) AS DOUBLE) AS revenue
        FROM policy_sent AS s
        LEFT JOIN (
            SELECT s.person_id, s.choice, sum(CASE WHEN {day} >= s.day THEN o.orders END) AS orders,
                sum(CASE WHEN {day} >= s.day THEN o.spend END) AS revenue,
                sum(CASE WHEN {day} < s.day THEN o.orders END) AS before_orders
            FROM policy_sent AS s JOIN order_days AS o ON o.person_id = s.person_id
                AND {day} >= s.day - {DAYS} AND {day} < s.day + {DAYS} GROUP BY s.person_id, s.choice
        ) AS b ON b.person_id = s.person_id AND b.choice = s.choice
        LEFT JOIN (
            SELECT DISTINCT s.person_id, s.choice FROM policy_sent AS s JOIN person_days AS a
                ON a.person_id = s.person_id AND {active} >= s.day - {HALF} AND {active} < s.day
        ) AS k ON k.person_id = s.person_id AND k.choice = s.choice
    ) AS p GROUP BY choice, lately, option, chance, half
    """


def cells_of(rows: Sequence[Mapping[str, Any]], options: Sequence[str], metric: str) -> Cells:
    """Cells of one choice and metric."""
    column = {name: np.array([row[name] for row in rows], dtype=np.float64)
              for name in ("half", "chance", "n", metric, f"{metric}_squares")}  # fmt: skip
    return Cells(
        kind=np.array([LATELY.index(row["lately"]) for row in rows]),
        option=np.array([options.index(row["option"]) for row in rows]),
        half=column["half"].astype(np.int64), chance=column["chance"], n=column["n"], total=column[metric],
        squares=column[f"{metric}_squares"], kinds=len(LATELY), options=len(options),
    )  # fmt: skip


def judged(rows: Sequence[Mapping[str, Any]], metric: str) -> Iterator[tuple[str, Worth]]:
    """(policy, worth) of one choice; nothing where an option has too few people to say anything."""
    options = sorted({row["option"] for row in rows})
    people = {option: sum(row["n"] for row in rows if row["option"] == option) for option in options}
    if len(options) < 2 or min(people.values()) < LEAST:
        return
    cells = cells_of(rows, options, metric)
    yield "followed", followed(cells)
    policies = {f"always {option}": always(cells, [at] * len(LATELY)) for at, option in enumerate(options)}
    if options == [MESSAGE, NOTHING]:
        for number, lately in enumerate(LATELY):
            policies[f"only {lately}"] = always(cells, [int(kind != number) for kind in range(len(LATELY))])
    policies["best for each"] = best(cells)
    for name, policy in policies.items():
        for one in worth(cells, policy):
            yield name, one


def build(build: Build) -> str:
    """Cells by SQL, then estimates."""
    scope = Scope.of(build)
    found: list[dict[str, Any]] = []
    build.make("policy_sent", sent(scope))
    sources = [(EXPERIMENT, experiments())]
    if build.engine.table("SELECT count(*) AS n FROM policy_sent")["n"][0].as_py():
        sources.append((SPLIT, splits(scope)))
    for drawn_by, sql in sources:
        by_choice: dict[str, list[dict[str, Any]]] = {}
        for row in build.engine.table(f"SELECT * FROM ({sql}) AS c ORDER BY choice, lately, option, half").to_pylist():
            by_choice.setdefault(row["choice"], []).append(row)
        for choice, rows in by_choice.items():
            found += [_row(choice, drawn_by, policy, metric, one, rows)
                      for metric in METRICS for policy, one in judged(rows, metric)]  # fmt: skip
    build.engine.register("policy_rows", pa.Table.from_pylist(found, schema=SCHEMA))
    build.made.append("policy_rows")
    return "SELECT * FROM policy_rows"


def _row(
    choice: str, drawn_by: str, policy: str, metric: str, one: Worth, rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    return {
        "choice": choice, "drawn_by": drawn_by, "policy": policy, "metric": metric, "method": one.method,
        "value": one.value, "se": one.error, "low": one.low, "high": one.high,
        "decisions": sum(row["n"] for row in rows), "effective": one.effective, "largest": one.largest,
    }  # fmt: skip


TABLE = Table(
    name="policy_worth",
    en="One row = one choice that was drawn by chance × policy × metric × estimator: what the policy would bring.",
    zh="每行 = 一个随机抽取的选择 × 策略 × 指标 × 估计方法：若按该策略会带来多少。",
    rows_from=("effect_people", *of_kinds("sent")),
    inputs=(EVENTS, "keys", "effect_people", "order_days", "person_days"),
    key=("choice", "drawn_by", "policy", "metric", "method"),
    order=("choice", "drawn_by", "policy", "metric", "method"),
    columns={
        "choice": Column(en="the experiment, or journey/name/step of a split", zh="实验，或旅程分流步骤"),
        "drawn_by": Column(en="experiment (message or nothing) or split (arms)", zh="experiment 实验、split 分流"),
        "policy": Column(
            en="followed: as it was drawn; always …: one option for everybody; only …: a message for those who bought "
            "lately, were active, were quiet; best for each: what did best for each kind in the other half of people",
            zh="followed 实际；always … 一律；only … 仅某类人；best for each 各类人用另一半人中最好的选项",
        ),
        "metric": Column(en="orders or revenue (less refunds)", zh="orders 订单、revenue 净收入"),
        "method": Column(en="ips, snips, dr; mean of what was followed", zh="估计方法；mean 为实际均值"),
        "value": Column(en="per decision within the window", zh="每次决策在窗口内的结果"),
        "se": Column(en="standard error", zh="标准误"),
        "low": Column(en="lower bound, 95 %", zh="95% 区间下限"),
        "high": Column(en="upper bound, 95 %", zh="95% 区间上限"),
        "decisions": Column(en="decisions that were drawn", zh="抽取的决策数"),
        "effective": Column(en="how many of them the estimate rests on, (Σw)²/Σw²", zh="有效决策数"),
        "largest": Column(en="the largest weight; one decision then sways it", zh="最大权重"),
    },
    build=build,
)
