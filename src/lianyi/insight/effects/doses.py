"""Table `effect_doses`: of experiments that spend different amounts on people, what each step of the amount brought.

Who was assigned with a `dose` (what was spent on one person, in the brand's currency) is compared with those of the
dose below; people held out have the dose 0. The difference of two neighbouring doses, an effect a person with Welch's
interval, ÷ the difference of the doses is the revenue of one more unit of money there: marginal, not average. Doses are
assigned by chance as arms are, so nothing about the shape of the response is assumed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

import pyarrow as pa

from lianyi.insight.effects.words import CONTROL
from lianyi.insight.tables import Build, Column, Table

SCHEMA = pa.schema(
    [("experiment", pa.string()), ("dose", pa.float64()), ("people", pa.int64()), ("mean", pa.float64()),
     ("below", pa.float64()), *((f"{name}{side}", pa.float64()) for name in ("more", "marginal")
                                for side in ("", "_low", "_high"))]
)  # fmt: skip


def levels() -> str:
    """One row = one dose of one experiment whose people were assigned one by one: n, sums of revenue."""
    dose = f"CASE WHEN arm = '{CONTROL}' THEN 0 ELSE dose END"
    return f"""
    SELECT experiment, {dose} AS dose, count(*) AS n, sum(revenue) AS y, sum(revenue * revenue) AS yy
    FROM effect_people WHERE cluster IS NULL AND (dose IS NOT NULL OR arm = '{CONTROL}')
    GROUP BY experiment, {dose} ORDER BY experiment, {dose}
    """


def steps(rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows of the table of one experiment, from its levels; none where there is no second dose."""
    from lianyi.insight.effects.means import Sums, difference

    if sum(row["dose"] > 0 for row in rows) < 2:
        return
    sums = [Sums(n=row["n"], y=row["y"], yy=row["yy"]) for row in rows]
    first: dict[str, Any] = dict.fromkeys(SCHEMA.names)
    yield {**first, **_level(rows[0])}
    for (below, row), (lower, higher) in zip(pairwise(rows), pairwise(sums), strict=True):
        found, step = difference(higher, lower), row["dose"] - below["dose"]
        ends = {"": found.estimate, "_low": found.low, "_high": found.high}
        known = {side: end if math.isfinite(end) else None for side, end in ends.items()}
        yield {
            **_level(row), "below": below["dose"], **{f"more{side}": end for side, end in known.items()},
            **{f"marginal{side}": None if end is None else end / step for side, end in known.items()},
        }  # fmt: skip


def _level(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"experiment": row["experiment"], "dose": row["dose"], "people": row["n"], "mean": row["y"] / row["n"]}


def build(build: Build) -> str:
    """The SQL of the table."""
    found = build.engine.table(levels()).to_pylist()
    rows = [row for _name, mine in groupby(found, lambda row: str(row["experiment"])) for row in steps(list(mine))]
    build.engine.register("effect_dose_rows", pa.Table.from_pylist(rows, schema=SCHEMA))
    build.made.append("effect_dose_rows")
    return "SELECT * FROM effect_dose_rows"


TABLE = Table(
    name="effect_doses",
    en="One row = one amount spent on a person in one experiment: what the step from the amount below brought.",
    zh="每行 = 一个实验中的一档人均花费：比低一档多带来多少。",
    rows_from=("effect_people",),
    inputs=("effect_people",),
    key=("experiment", "dose"),
    order=("experiment", "dose"),
    columns={
        "experiment": Column(en="kind/name, e.g. trial/coupon", zh="实验，如 trial/coupon"),
        "dose": Column(en="spent on one person; 0 = held out", zh="人均花费；0 = 对照组", unit="currency"),
        "people": Column(en="people assigned to it", zh="分到该档的人数", unit="people"),
        "mean": Column(en="net revenue a person in the window", zh="窗口内人均净收入", unit="currency"),
        "below": Column(en="the dose below; empty: there is none", zh="低一档的花费；空 = 无", unit="currency"),
        "more": Column(
            en="net revenue a person more than at the dose below", zh="比低一档人均多带来的净收入", unit="currency"
        ),
        "more_low": Column(en="lower bound, 95 %", zh="95% 区间下限", unit="currency"),
        "more_high": Column(en="upper bound, 95 %", zh="95% 区间上限", unit="currency"),
        "marginal": Column(en="the same for one more unit of money", zh="每多花一元多带来的净收入"),
        "marginal_low": Column(en="lower bound, 95 %", zh="95% 区间下限"),
        "marginal_high": Column(en="upper bound, 95 %", zh="95% 区间上限"),
    },
    build=build,
)
