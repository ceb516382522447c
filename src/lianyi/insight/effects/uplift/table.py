"""Table `uplift`: whether there is anybody whom an experiment helps more than others, and how much more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build, Column, Table

# Of the newest experiments of people one by one that are large enough to learn from.
NEWEST, ENOUGH, ENOUGH_HELD, ENOUGH_BUYERS = 10, 2_000, 200, 100
MOST = 50_000  # more people teach no more that is worth the time
PARTS, DRAWS, FOLDS, SEED = 5, 100, 5, 20_260_601
FEATURES = ("before_orders", "before_revenue", "before_clicks", "before_kept", "before_buyers")
SCHEMA = pa.schema(
    [("experiment", pa.string()), ("part", pa.int32()), ("people", pa.int64()), ("score", pa.float64()),
     ("estimate", pa.float64()), ("se", pa.float64()), ("low", pa.float64()), ("high", pa.float64())]
)  # fmt: skip


def build(build: Build) -> str:
    """Learn on four fifths, score the fifth, five times; then measure the parts by score."""
    chosen = build.engine.table(
        f"""SELECT experiment, max(share) AS share FROM effect_people GROUP BY experiment
        HAVING max(cluster) IS NULL AND count(*) >= {ENOUGH} AND sum(buyers) >= {ENOUGH_BUYERS}
            AND count(*) FILTER (WHERE arm = 'control') >= {ENOUGH_HELD} AND min(share) = max(share)
            AND max(share) > 0 AND max(share) < 1
        ORDER BY max(begins) DESC, experiment LIMIT {NEWEST}"""
    ).to_pylist()
    rows: list[dict[str, Any]] = []
    for one in chosen:
        build.say(one["experiment"])
        rows += _of(build, one["experiment"], one["share"])
    build.engine.register("uplift_parts", pa.Table.from_pylist(rows, schema=SCHEMA))
    build.made.append("uplift_parts")
    return "SELECT * FROM uplift_parts"


def _of(build: Build, name: str, share: float) -> list[dict[str, Any]]:
    from lianyi.insight.effects.uplift.curves import by_part, interval, qini_per_person
    from lianyi.insight.effects.uplift.learners import Ways, cross_fitted, sample

    quoted = Scope.of(build).dialect.text(name)
    found = build.engine.table(
        f"SELECT arm, buyers, {', '.join(FEATURES)} FROM effect_people WHERE experiment = {quoted} "
        f"ORDER BY person_id LIMIT {MOST}"  # ids are hashes: the first are as good as drawn
    )
    y = found["buyers"].to_numpy().astype(float)
    treated = found["arm"].to_numpy(zero_copy_only=False) == "treatment"
    features = np.stack([found[column].to_numpy().astype(float) for column in FEATURES], axis=1)
    features[:, :3] = np.log1p(np.maximum(features[:, :3], 0))
    if min(int(treated.sum()), int((~treated).sum())) < ENOUGH_HELD // 2:
        return []
    dice = np.random.default_rng(SEED)
    people = sample(y, treated, features, chance=share)
    # The design says how likely each arm was, so the models of outcomes take away noise only; straight lines do it
    # nearly as well as trees (docs/methods/effects.md) at a cost that ten experiments of so many people can bear.
    score = cross_fitted(people, Ways(kind="dr", learner="ridge", folds=FOLDS), dice=dice)
    whole = interval(qini_per_person, y, score, treated, dice=dice, draws=DRAWS)
    rows = [(0, len(y), float(score.mean()), whole)]
    parts = by_part(y, score, treated, parts=PARTS)
    rows += [(place, estimate.n_treated + estimate.n_control, mean, estimate)
             for place, (mean, estimate) in enumerate(parts, start=1)]  # fmt: skip
    return [
        {"experiment": name, "part": part, "people": people, "score": mean,
         **{side: value if np.isfinite(value := getattr(estimate, side)) else None
            for side in ("estimate", "se", "low", "high")}}
        for part, people, mean, estimate in rows
    ]  # fmt: skip


TABLE = Table(
    name="uplift",
    en="One row = one experiment and fifth of its people by expected effect on buying (part 0: the order as a whole).",
    zh="每行 = 一个实验 × 按预期效果排序的五分之一人群（part 0：整个排序）。",
    rows_from=("effect_people",),
    inputs=("effect_people",),
    key=("experiment", "part"),
    order=("experiment", "part"),
    columns={
        "experiment": Column(en="kind/name, e.g. campaign/spring", zh="实验，如 campaign/spring"),
        "part": Column(en="1 = the best fifth … 5; 0 = the whole order", zh="1 = 最好的五分之一 … 5；0 = 整个排序"),
        "people": Column(en="people", zh="人数", unit="people"),
        "score": Column(en="expected effect on the share who buy, cross-fitted", zh="预期效果（交叉拟合）"),
        "estimate": Column(
            en="measured effect; of part 0 the Qini area a person: buyers gained over no order, on average",
            zh="实测效果；part 0 为人均 Qini 面积",
        ),
        "se": Column(en="standard error", zh="标准误"),
        "low": Column(en="lower bound, 95 %", zh="95% 区间下限"),
        "high": Column(en="upper bound, 95 %", zh="95% 区间上限"),
    },
    build=build,
)  # fmt: skip
