"""Tables `experiments`, `effects`, `effect_looks`: what was tried, and what it truly brought."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lianyi.insight.effects import outcomes
from lianyi.insight.effects.estimates import Bools, Floats, Ints
from lianyi.insight.effects.words import COMMUNITY, MEANS, TREATMENT
from lianyi.insight.ranges import portions
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table

if TYPE_CHECKING:  # SciPy is loaded by who builds, not by who only asks what tables there are
    from lianyi.insight.effects.measuring import Experiment, Measured

# Direct and spill-over effect are told apart where so many people take part; of the newest experiments.
ENOUGH, NEWEST = 200, 30
NETWORKED = ("buyers", "orders", "revenue")
EXPERIMENTS_SCHEMA = pa.schema(
    [("experiment", pa.string()), ("kind", pa.string()), ("unit", pa.string()), ("share", pa.float64()),
     ("begins", pa.int64()), ("ends", pa.int64()), ("meant", pa.int64()), ("n_treated", pa.int64()),
     ("n_control", pa.int64()), ("clusters_treated", pa.int64()), ("clusters_control", pa.int64()),
     ("sample_ratio_p", pa.float64()), ("flags", pa.string())]
)  # fmt: skip
EFFECTS_SCHEMA = pa.schema(
    [("experiment", pa.string()), ("metric", pa.string()), ("estimator", pa.string()), ("main", pa.bool_()),
     ("estimate", pa.float64()), ("se", pa.float64()), ("low", pa.float64()), ("high", pa.float64()),
     ("unit", pa.string()), ("p", pa.float64()), ("p_holm", pa.float64()), ("mean_treated", pa.float64()),
     ("mean_control", pa.float64()), ("n_treated", pa.int64()), ("n_control", pa.int64()), ("df", pa.float64()),
     ("method", pa.string()), ("flags", pa.string())]
)  # fmt: skip


def rows(build: Build) -> Iterator[str]:
    """What each person of an experiment did: table `effect_people`, from which the other tables are reckoned."""
    for name, sql in outcomes.steps(Scope.of(build)).items():
        build.make(name, sql)
    counted = build.engine.table("SELECT place, count(*) AS n FROM effect_places GROUP BY place ORDER BY place")
    for places in portions(zip(counted["place"].to_pylist(), counted["n"].to_pylist(), strict=True)):
        yield outcomes.rows(places)


def _read(build: Build) -> list[Experiment]:
    from lianyi.insight.effects.measuring import Experiment

    listed = build.engine.table(outcomes.experiments()).to_pylist()
    return sorted((Experiment(row=row) for row in listed), key=lambda one: (-one.row["begins"], one.name))


def experiments(build: Build) -> str:
    """One row = one experiment."""
    d = Scope.of(build).dialect
    made = []
    for one in _read(build):
        mismatch = one.mismatch
        kept = {name: one.row[name] for name in EXPERIMENTS_SCHEMA.names if name in one.row}
        p = None if mismatch is None else mismatch.p
        made.append({**kept, "unit": one.unit, "sample_ratio_p": p, "flags": ",".join(one.flags)})
    build.engine.register("experiment_rows", pa.Table.from_pylist(made, schema=EXPERIMENTS_SCHEMA))
    build.made.append("experiment_rows")
    times = ", ".join(f"{d.moment(name)} AS {name}_at" for name in ("begins", "ends", "meant"))
    others = ", ".join(name for name in EXPERIMENTS_SCHEMA.names if name not in {"begins", "ends", "meant"})
    return f"SELECT {others}, {times} FROM experiment_rows"


def effects(build: Build) -> str:
    """One row = one experiment, metric and estimator."""
    from lianyi.insight.effects.measuring import corrected, of_clusters, of_people

    found: list[Measured] = []
    known = _read(build)
    wide = [one for one in known[:NEWEST] if one.row["n_treated"] + one.row["n_control"] >= ENOUGH]
    ties = _Ties.of(build, [one.name for one in wide]) if wide else None
    if known:
        arms = build.engine.table(outcomes.sums("arm")).to_pylist()
        clusters = build.engine.table(
            f"SELECT * FROM ({outcomes.sums('cluster, arm')}) AS c WHERE cluster IS NOT NULL "
            "ORDER BY experiment, cluster"
        )
    for one in known:
        build.say(one.name)
        if one.unit == COMMUNITY:
            measured = list(of_clusters(one, clusters.filter(pc.equal(clusters["experiment"], one.name))))
        else:
            measured = list(of_people(one, [row for row in arms if row["experiment"] == one.name]))
        if ties is not None and one in wide:
            measured += _networked(build, one, ties)
        found += corrected(measured, one.flags)
    build.engine.register("effect_estimates", pa.Table.from_pylist(list(_plain(build, found)), schema=EFFECTS_SCHEMA))
    build.made.append("effect_estimates")
    return "SELECT * FROM effect_estimates"


def _plain(build: Build, found: list[Measured]) -> Iterator[dict[str, Any]]:
    for one in found:
        estimate = one.estimate
        unit = build.settings.currency if one.metric.unit == "currency" else one.metric.unit
        if one.estimator == "lift":
            unit = "ratio"
        numbers = {
            "estimate": estimate.estimate, "se": estimate.se, "low": estimate.low, "high": estimate.high,
            "p": estimate.p, "p_holm": one.p_holm, "mean_treated": one.means[0], "mean_control": one.means[1],
            "df": estimate.df,
        }  # fmt: skip
        yield {
            "experiment": one.experiment, "metric": one.metric.name, "estimator": one.estimator, "main": one.main,
            "unit": unit, "n_treated": estimate.n_treated, "n_control": estimate.n_control, "method": estimate.method,
            "flags": ",".join(dict.fromkeys(estimate.flags)),
            **{name: value if math.isfinite(value) else None for name, value in numbers.items()},
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Ties:
    """Ties of all who take part in any of these experiments, who are numbered from 0. one, other: a tie's ends where
    both take part; whole: strength by person of all ties, whoever is at their other end."""

    one: Ints
    other: Ints
    strength: Floats
    whole: Floats

    @staticmethod
    def of(build: Build, experiments: Sequence[str]) -> _Ties:
        """Read once; each experiment looks up its people by number."""
        d, engine = Scope.of(build).dialect, build.engine
        among = ", ".join(d.text(name) for name in experiments)
        build.make(
            "effect_numbers",
            f"""SELECT person_id, row_number() OVER (ORDER BY person_id) - 1 AS n FROM (
                SELECT DISTINCT person_id FROM effect_people WHERE experiment IN ({among})
            ) AS p""",
        )
        found = engine.table(
            """SELECT a.n AS one, b.n AS other, CAST(t.strength AS DOUBLE) AS strength FROM person_ties AS t
            JOIN effect_numbers AS a ON a.person_id = t.person_id
            LEFT JOIN effect_numbers AS b ON b.person_id = t.other_id ORDER BY a.n, b.n, t.other_id"""
        )
        count = engine.table("SELECT count(*) AS n FROM effect_numbers")["n"][0].as_py()
        one, strength = found["one"].to_numpy(), found["strength"].to_numpy()
        inside = found["other"].is_valid().to_numpy()
        return _Ties(
            one=one[inside], other=pc.drop_null(found["other"]).to_numpy(), strength=strength[inside],
            whole=np.bincount(one, strength, count).astype(np.float64),
        )  # fmt: skip

    def share(self, of: Bools) -> Floats:
        """Strength-weighted share of each person's ties that is with these; 0 for those without ties."""
        found = np.bincount(self.one, self.strength * of[self.other], len(self.whole)).astype(np.float64)
        return np.divide(found, self.whole, out=np.zeros_like(found), where=self.whole > 0)


def _networked(build: Build, one: Experiment, ties: _Ties) -> Iterator[Measured]:
    """Effects by the response to exposure, where anybody in the experiment is tied to anybody in it."""
    from lianyi.insight.effects.exposure import response
    from lianyi.insight.effects.measuring import of_network

    columns = ", ".join(f"p.{metric.y}, p.before_{metric.y}" for metric in MEANS if metric.name in NETWORKED)
    people = build.engine.table(
        f"SELECT i.n, p.arm, p.cluster, {columns} FROM effect_people AS p JOIN effect_numbers AS i "
        f"ON i.person_id = p.person_id WHERE p.experiment = {Scope.of(build).dialect.text(one.name)} ORDER BY i.n"
    )
    place, treated = people["n"].to_numpy(), people["arm"].to_numpy(zero_copy_only=False) == TREATMENT
    part = np.zeros((2, len(ties.whole)), dtype=bool)  # who is treated, who takes part
    part[0, place], part[1, place] = treated, True
    exposure, most = (ties.share(of)[place] for of in part)
    if float(np.ptp(exposure)) == 0:
        return
    cluster = None
    if one.unit == COMMUNITY:
        cluster = pc.fill_null(people["cluster"], "").combine_chunks().dictionary_encode().indices.to_numpy()
        cluster = cluster.astype(np.int64)
    for metric in MEANS:
        if metric.name in NETWORKED:
            y, before = (people[column].to_numpy().astype(float) for column in (metric.y, f"before_{metric.y}"))
            apart = response(y, treated, exposure, most=most, cluster=cluster, covariate=before)
            yield from of_network(one, metric, apart)


def effect_looks(build: Build) -> str:
    """One row = one experiment, metric and day of the window."""
    from lianyi.insight.effects.series import SCHEMA, series

    scope = Scope.of(build)
    known = _read(build)
    parts = [SCHEMA.empty_table()]
    if known:
        for name, sql in outcomes.sales(scope, "SELECT person_id FROM effect_people WHERE buyers = 1").items():
            build.make(name, sql)
        grown = build.engine.table(outcomes.increments())
        sizes = build.engine.table(
            "SELECT experiment, cluster, arm, count(*) AS n FROM effect_people WHERE cluster IS NOT NULL "
            "GROUP BY experiment, cluster, arm ORDER BY experiment, cluster, arm"
        )
        arms: dict[str, dict[str, Mapping[str, Any]]] = {}
        for row in build.engine.table(outcomes.sums("arm")).to_pylist():
            arms.setdefault(row["experiment"], {})[row["arm"]] = row
        for one in known:
            mine, clusters = (table.filter(pc.equal(table["experiment"], one.name)) for table in (grown, sizes))
            parts += series(one.row, arms[one.name], mine, clusters)
    build.engine.register("effect_look_rows", pa.concat_tables(parts))
    build.made.append("effect_look_rows")
    return "SELECT * FROM effect_look_rows"


EXPERIMENT = Column(en="kind/name, e.g. campaign/spring", zh="实验，如 campaign/spring")
METRIC = Column(
    en="buyers, orders, revenue (less refunds), kept (active in the second half of the window), clicks, basket",
    zh="buyers 购买人数、orders 订单、revenue 净收入、kept 窗口后半段仍活跃、clicks 点击、basket 单均净收入",
)

TIMES = (("", " in the window", "（窗口内）"), ("before_", " in the time before", "（之前）"))

PEOPLE_TABLE = Table(
    name="effect_people",
    en="One row = one person in one experiment: what they did in its window, and in as long a time before.",
    zh="每行 = 一个人在一个实验中：统计窗口内的行为，以及之前同样长时间内的行为。",
    rows_from=("assignments",),
    inputs=(EVENTS, "keys", "assignments", "person_days"),
    key=("experiment", "person_id"),
    order=("experiment", "person_id"),
    columns={
        "experiment": EXPERIMENT,
        "person_id": Column(en="the person", zh="用户"),
        "kind": Column(en="campaign, journey, global or trial", zh="活动、旅程、全局对照组或自定义试验"),
        "arm": Column(en="treatment or control", zh="treatment 实验组、control 对照组"),
        "cluster": Column(en="the community that was assigned as a whole", zh="整体分配的社群"),
        "share": Column(en="probability of treatment", zh="进入实验组的概率"),
        "dose": Column(
            en="what was spent on the person, where that differs", zh="人均花费（各档不同时）", unit="currency"
        ),
        "begins": Column(en="start of the window", zh="窗口开始", unit="µs since 1970"),
        "ends": Column(
            en="its end, or the as-of time where that is earlier", zh="窗口结束（或数据截止时间）", unit="µs since 1970"
        ),
        "whole": Column(en="how long the window is meant to be", zh="窗口应有长度", unit="µs"),
        **{
            f"{side}{name}": Column(en=f"{en}{when_en}", zh=f"{zh}{when_zh}", unit=unit)
            for name, en, zh, unit in (
                ("orders", "orders", "订单数", "orders"),
                ("revenue", "paid less refunds", "净收入", "currency"),
                ("clicks", "clicks", "点击数", "clicks"),
                ("kept", "1 = active in the second half", "1 = 后半段活跃", ""),
            )
            for side, when_en, when_zh in (
                ("", " in the window", "（窗口内）"),
                ("before_", " in the time before", "（之前）"),
            )
        },
        "buyers": Column(en="1 = bought in the window", zh="1 = 窗口内有购买"),
        "before_buyers": Column(en="1 = bought in the time before", zh="1 = 之前有购买"),
        "reached": Column(
            en="1 = a message of the campaign went to them in the window", zh="1 = 窗口内活动消息已发给此人"
        ),
    },
    build=rows,
)

EXPERIMENTS_TABLE = Table(
    name="experiments",
    en="One row = one experiment: who was assigned, by what, from when until when, and whether its arms are as meant.",
    zh="每行 = 一个实验：分配方式、人数、起止时间，以及分组比例是否正常。",
    rows_from=("effect_people",),
    inputs=("effect_people",),
    key=("experiment",),
    order=("experiment",),
    columns={
        "experiment": EXPERIMENT,
        "kind": Column(en="campaign, journey, global or trial", zh="活动、旅程、全局对照组或自定义试验"),
        "unit": Column(en="what was assigned: person or community", zh="分配单位：person 个人、community 社群"),
        "share": Column(en="probability of treatment", zh="进入实验组的概率"),
        "n_treated": Column(en="people to be treated", zh="实验组人数", unit="people"),
        "n_control": Column(en="people held out", zh="对照组人数", unit="people"),
        "clusters_treated": Column(en="communities to be treated", zh="实验组社群数"),
        "clusters_control": Column(en="communities held out", zh="对照组社群数"),
        "sample_ratio_p": Column(en="p of sizes at least so odd", zh="分组比例检验 p 值"),
        "flags": Column(en="sample_ratio, running", zh="sample_ratio 比例异常、running 进行中"),
        "begins_at": Column(en="first start of a window", zh="最早开始"),
        "ends_at": Column(en="last end of a window, or the as-of time", zh="最晚结束（或数据截止时间）"),
        "meant_at": Column(en="when the last window is meant to end", zh="应结束时间"),
    },
    build=experiments,
)

EFFECTS_TABLE = Table(
    name="effects",
    en="One row = one experiment, metric and estimator: treated less control per person, with its interval.",
    zh="每行 = 一个实验 × 指标 × 估计方法：人均效果（实验组减对照组）及其区间。",
    rows_from=("effect_people",),
    inputs=("effect_people", "person_ties"),
    key=("experiment", "metric", "estimator"),
    order=("experiment", "metric", "estimator"),
    columns={
        "experiment": EXPERIMENT,
        "metric": METRIC,
        "estimator": Column(
            en="difference, cuped, lift, ratio, clustered, clustered_cuped; direct, spill, total: by ties; cace: on "
            "those reached because they were assigned",
            zh="cace 因分组而触达者的效果、difference 差值、cuped 前期校正、lift 相对提升、ratio 比率、"
            "clustered 按社群、clustered_cuped 按社群并校正；direct 直接、spill 溢出、total 总效果（按关系）",
        ),
        "main": Column(en="the one to go by", zh="主要估计"),
        "estimate": Column(en="effect a person", zh="人均效果", unit="unit"),
        "se": Column(en="standard error", zh="标准误", unit="unit"),
        "low": Column(en="lower bound, 95 %", zh="95% 区间下限", unit="unit"),
        "high": Column(en="upper bound, 95 %", zh="95% 区间上限", unit="unit"),
        "unit": Column(en="share, orders, clicks, a currency; ratio for a lift", zh="单位"),
        "p": Column(en="two-sided p against no effect", zh="双侧 p 值"),
        "p_holm": Column(en="the same, corrected for several metrics (Holm)", zh="多指标校正后的 p 值（Holm）"),
        "mean_treated": Column(en="mean of the treated", zh="实验组均值", unit="unit"),
        "mean_control": Column(en="mean of the control", zh="对照组均值", unit="unit"),
        "n_treated": Column(en="people to be treated", zh="实验组人数", unit="people"),
        "n_control": Column(en="people held out", zh="对照组人数", unit="people"),
        "df": Column(en="degrees of freedom, empty: normal", zh="自由度，空为正态"),
        "method": Column(en="how it was made", zh="方法"),
        "flags": Column(en="what to beware of", zh="注意事项"),
    },
    build=effects,
)

LOOKS_TABLE = Table(
    name="effect_looks",
    en="One row = one experiment, metric and day: the effect so far; its interval holds at all looks together.",
    zh="每行 = 一个实验 × 指标 × 天：截至当日的效果，区间对所有查看时点同时成立。",
    rows_from=("effect_people",),
    inputs=(EVENTS, "keys", "effect_people"),
    key=("experiment", "metric", "day"),
    order=("experiment", "metric", "day"),
    columns={
        "experiment": EXPERIMENT,
        "metric": METRIC,
        "day": Column(en="days since a person was assigned", zh="分组后第几天", unit="days"),
        "estimate": Column(en="effect a person so far", zh="截至当日的人均效果", unit="unit"),
        "se": Column(en="standard error", zh="标准误", unit="unit"),
        "low": Column(en="lower bound at all looks, 95 %", zh="同时区间下限（95%）", unit="unit"),
        "high": Column(en="upper bound at all looks, 95 %", zh="同时区间上限（95%）", unit="unit"),
        "n": Column(en="people", zh="人数", unit="people"),
    },
    build=effect_looks,
)
TABLES: tuple[Table, ...] = (PEOPLE_TABLE, EXPERIMENTS_TABLE, EFFECTS_TABLE, LOOKS_TABLE)
