"""Table `effect_communities`: what a campaign, or everything at once, brought in each community by itself.

People of one community who were treated against those of the same community who were held out, adjusted by the time
before (`means.cuped`). A community that was assigned as a whole has nobody to be compared with: it is not here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from lianyi.insight.effects.words import CAMPAIGN, GLOBAL
from lianyi.insight.tables import Build, Column, Table

# With fewer in an arm the money of one buyer is the whole effect.
ENOUGH, NEWEST = 30, 30
SCHEMA = pa.schema(
    [("experiment", pa.string()), ("community_id", pa.string()), ("estimate", pa.float64()), ("low", pa.float64()),
     ("high", pa.float64()), ("n_treated", pa.int64()), ("n_control", pa.int64())]
)  # fmt: skip


def sums() -> str:
    """One row = one experiment, community and arm: sums of revenue in the window and before. Each person is in the
    community where they belong most firmly, as in the ledger."""
    return f"""
    SELECT p.experiment, h.community_id, p.arm, count(*) AS n, sum(p.revenue) AS y, sum(p.revenue * p.revenue) AS yy,
        sum(p.before_revenue) AS x, sum(p.before_revenue * p.before_revenue) AS xx,
        sum(p.before_revenue * p.revenue) AS xy
    FROM effect_people AS p JOIN (
        SELECT experiment FROM effect_people WHERE kind IN ('{CAMPAIGN}', '{GLOBAL}') GROUP BY experiment
        HAVING max(cluster) IS NULL ORDER BY max(begins) DESC, experiment LIMIT {NEWEST}
    ) AS e ON e.experiment = p.experiment
    JOIN (
        SELECT person_id, community_id, row_number() OVER (
            PARTITION BY person_id ORDER BY CASE WHEN how = 'behaviour' THEN 1 ELSE 0 END, weight DESC, community_id
        ) AS place
        FROM memberships
    ) AS h ON h.person_id = p.person_id AND h.place = 1
    GROUP BY p.experiment, h.community_id, p.arm HAVING count(*) >= {ENOUGH}
    ORDER BY p.experiment, h.community_id
    """


def _build(build: Build) -> str:
    there = build.engine.table("SELECT 1 AS n FROM effect_people LIMIT 1").num_rows
    rows = list(_estimates(build.engine.table(sums()).to_pylist())) if there else []
    build.engine.register("effect_community_rows", pa.Table.from_pylist(rows, schema=SCHEMA))
    build.made.append("effect_community_rows")
    return "SELECT * FROM effect_community_rows"


def _estimates(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    from lianyi.insight.effects.means import Sums, cuped

    arms: dict[tuple[str, str], dict[str, Sums]] = {}
    for row in rows:
        of = {name: row[name] for name in ("n", "y", "yy", "x", "xx", "xy")}
        arms.setdefault((row["experiment"], row["community_id"]), {})[row["arm"]] = Sums(**of)
    for (experiment, community), found in arms.items():
        if len(found) == 2:
            one = cuped(found["treatment"], found["control"])
            if math.isfinite(one.estimate) and math.isfinite(one.low):
                yield {"experiment": experiment, "community_id": community, "estimate": one.estimate, "low": one.low,
                       "high": one.high, "n_treated": one.n_treated, "n_control": one.n_control}  # fmt: skip


TABLE = Table(
    name="effect_communities",
    en="One row = one experiment and community: revenue a person, treated less control within the community.",
    zh="每行 = 一个实验 × 社群：社群内实验组与对照组的人均收入差。",
    rows_from=("effect_people",),
    inputs=("effect_people", "memberships"),
    key=("experiment", "community_id"),
    order=("experiment", "community_id"),
    columns={
        "experiment": Column(en="kind/name, e.g. campaign/spring", zh="实验，如 campaign/spring"),
        "community_id": Column(en="the community", zh="社群"),
        "estimate": Column(en="effect on revenue a person", zh="人均收入效果", unit="currency"),
        "low": Column(en="lower bound, 95 %", zh="95% 区间下限", unit="currency"),
        "high": Column(en="upper bound, 95 %", zh="95% 区间上限", unit="currency"),
        "n_treated": Column(en="its people who were to be treated", zh="社群内实验组人数", unit="people"),
        "n_control": Column(en="its people who were held out", zh="社群内对照组人数", unit="people"),
    },
    build=_build,
)
