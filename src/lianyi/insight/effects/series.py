"""Table `effect_looks`: the effect so far, day by day, with intervals that hold at all looks together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lianyi.insight.effects.estimates import Bools, Floats, Ints
from lianyi.insight.effects.means import ClusterSums, Sums, clustered, difference
from lianyi.insight.effects.outcomes import DAY_US
from lianyi.insight.effects.sequential import looks
from lianyi.insight.effects.words import METRICS, TREATMENT

LOOKED_AT = tuple(metric for metric in METRICS if metric.looked_at)
SCHEMA = pa.schema(
    [("experiment", pa.string()), ("metric", pa.string()), ("day", pa.int32()), ("estimate", pa.float64()),
     ("se", pa.float64()), ("low", pa.float64()), ("high", pa.float64()), ("n", pa.int64())]
)  # fmt: skip
MOST_DAYS = 366
# The global control group runs for months; a look a week is enough once it is older than this.
DAILY = 60


def series(
    row: Mapping[str, Any], arms: Mapping[str, Mapping[str, Any]], grown: pa.Table, clusters: pa.Table
) -> Iterator[pa.Table]:
    """The looks of one experiment. grown: outcomes.increments of it; arms: sums by arm, for the expected error (from
    the time before, so that it is fixed before the start). clusters: cluster, arm, n of what was assigned as a whole.
    """
    last = math.ceil((row["ends"] - row["begins"]) / DAY_US)
    days = np.arange(1, min(last, MOST_DAYS) + 1)
    days = days[(days <= DAILY) | (days % 7 == 0)]
    if not len(days) or len(arms) < 2:
        return
    for metric in LOOKED_AT:
        planned = _planned(arms, metric.name)
        if clusters.num_rows:
            found = _of_clusters(grown, metric.name, days, clusters)
        else:
            found = _of_people(grown, metric.name, days, arms)
        estimate, se = (np.array(values) for values in zip(*found, strict=True))
        # Without a time before to go by, the first look that says anything stands in, drawn out to the end.
        known = np.flatnonzero(np.isfinite(se) & (se > 0))
        if not len(known):
            continue
        if not planned > 0:
            planned = float(se[known[0]] * math.sqrt(days[-1] / days[known[0]]))
        held = looks(estimate, se, clock="days", planned=planned)
        count = len(days)
        yield pa.table(
            {"experiment": [row["experiment"]] * count, "metric": [metric.name] * count, "day": days.astype(np.int32),
             "estimate": estimate, "se": se, "low": _finite(held.low), "high": _finite(held.high),
             "n": [row["n_treated"] + row["n_control"]] * count}
        ).cast(SCHEMA)  # fmt: skip


def _planned(arms: Mapping[str, Mapping[str, Any]], metric: str) -> float:
    parts = []
    for arm in arms.values():
        n = arm["n"]
        if n < 2:
            return math.nan
        parts.append(max(arm[f"{metric}_xx"] - arm[f"{metric}_x"] ** 2 / n, 0.0) / (n - 1) / n)
    return math.sqrt(sum(parts))


def _of_people(
    grown: pa.Table, metric: str, days: Ints, arms: Mapping[str, Mapping[str, Any]]
) -> list[tuple[float, float]]:
    gathered = {arm: _gathered(grown.filter(pc.equal(grown["arm"], arm)), metric, days) for arm in arms}
    found = []
    for place in range(len(days)):
        of = {arm: Sums(n=arms[arm]["n"], y=y[place], yy=yy[place]) for arm, (y, yy) in gathered.items()}
        one = difference(of["treatment"], of["control"])
        found.append((one.estimate, one.se))
    return found


def _gathered(grown: pa.Table, metric: str, days: Ints) -> tuple[Floats, Floats]:
    """Sums of cumulated outcomes and of their squares, by the end of each of these days."""
    age = grown["age"].to_numpy().astype(np.int64)
    ends = []
    for part in ("y", "yy"):
        by_day = np.bincount(age, grown[f"{metric}_{part}"].to_numpy().astype(float), int(days[-1]) + 1)
        ends.append(np.cumsum(by_day)[days - 1].astype(np.float64))
    return ends[0], ends[1]


def _of_clusters(grown: pa.Table, metric: str, days: Ints, clusters: pa.Table) -> list[tuple[float, float]]:
    places = {name: place for place, name in enumerate(clusters["cluster"].to_pylist())}
    n = clusters["n"].to_numpy().astype(float)
    treated: Bools = clusters["arm"].to_numpy(zero_copy_only=False) == TREATMENT
    place = np.array([places[name] for name in grown["cluster"].to_pylist()], dtype=np.int64)
    age, value = grown["age"].to_numpy().astype(np.int64), grown[f"{metric}_y"].to_numpy().astype(float)
    nothing = np.zeros(len(n))
    found = []
    for day in days:
        so_far = age < day
        y = np.bincount(place[so_far], value[so_far], len(n)).astype(np.float64)
        one = clustered(ClusterSums(treated=treated, n=n, y=y, x=nothing, xx=nothing, xy=nothing))
        found.append((one.estimate, one.se))
    return found


def _finite(bounds: Floats) -> pa.Array:
    return pa.array(np.where(np.isfinite(bounds), bounds, np.nan), from_pandas=True)
