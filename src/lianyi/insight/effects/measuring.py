"""From sums to estimates: all metrics and estimators of one experiment, with what to beware of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from lianyi.insight.effects.checks import Mismatch, holm, sample_ratio
from lianyi.insight.effects.compliance import bounded_complier_effect
from lianyi.insight.effects.estimates import Estimate, Floats
from lianyi.insight.effects.exposure import Apart
from lianyi.insight.effects.means import ClusterSums, Sums, clustered, cuped, difference, lift, ratio
from lianyi.insight.effects.words import COMMUNITY, CONTROL, MEANS, METRICS, PERSON, TREATMENT, Metric

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One experiment before it is measured. row: of outcomes.experiments."""

    row: Row

    @property
    def name(self) -> str:
        """kind/name."""
        return str(self.row["experiment"])

    @property
    def unit(self) -> str:
        """What was assigned: person or community."""
        return COMMUNITY if self.row["clusters_treated"] + self.row["clusters_control"] else PERSON

    @property
    def mismatch(self) -> Mismatch | None:
        """The check of sizes, of what was assigned; None where the share is not known."""
        share, row = self.row["share"], self.row
        if share is None or not 0 < share < 1:
            return None
        of = "clusters" if self.unit == COMMUNITY else "n"
        return sample_ratio([row[f"{of}_treated"], row[f"{of}_control"]], [share, 1 - share])

    @property
    def flags(self) -> tuple[str, ...]:
        """Words on the experiment as a whole."""
        found = self.mismatch
        running = self.row["ends"] < self.row["meant"]
        return (*(("sample_ratio",) if found is not None and found.found else ()), *(("running",) if running else ()))


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One row of `effects`. means: of treated and control."""

    experiment: str
    metric: Metric
    estimator: str
    main: bool
    estimate: Estimate
    means: tuple[float, float]
    p_holm: float = math.nan


def of_people(experiment: Experiment, arms: Sequence[Row]) -> Iterator[Measured]:
    """People assigned one by one: plain difference, CUPED, lift, where only some were reached CACE; the basket by the
    delta method."""
    by_arm = {row["arm"]: row for row in arms}
    partly = _partly_reached(by_arm)
    for metric in METRICS:
        treated, control = (arm_sums(by_arm.get(arm), metric) for arm in ("treatment", "control"))
        means = (_mean(treated, metric), _mean(control, metric))
        ways = {"experiment": experiment.name, "metric": metric, "means": means}
        if metric.below:
            found = ratio(treated, control)
            yield Measured(estimator="ratio", main=True, estimate=found, **ways)  # type: ignore[arg-type]
            continue
        adjusted = cuped(treated, control)
        yield Measured(estimator="difference", main=False, estimate=difference(treated, control), **ways)  # type: ignore[arg-type]
        yield Measured(estimator="cuped", main=True, estimate=adjusted, **ways)  # type: ignore[arg-type]
        yield Measured(estimator="lift", main=False, estimate=lift(treated, control), **ways)  # type: ignore[arg-type]
        if partly:
            sums = (_reached_sums(by_arm[arm], metric) for arm in (TREATMENT, CONTROL))
            yield Measured(estimator="cace", main=False, estimate=bounded_complier_effect(*sums), **ways)  # type: ignore[arg-type]


def _partly_reached(by_arm: Mapping[str, Row]) -> bool:
    """Whether anybody was reached at all, and not just everybody of one arm: else CACE is the plain difference."""
    if not {TREATMENT, CONTROL} <= set(by_arm):
        return False
    treated, control = by_arm[TREATMENT], by_arm[CONTROL]
    reached = treated["reached"] + control["reached"]
    return bool(reached > 0 and not (treated["reached"] == treated["n"] and control["reached"] == 0))


def _reached_sums(row: Row, metric: Metric) -> Sums:
    """y: the outcome, x: 1 = reached."""
    name, reached = metric.name, row["reached"]
    return Sums(n=row["n"], y=row[f"{name}_y"], yy=row[f"{name}_yy"], x=reached, xx=reached, xy=row[f"{name}_ry"])


def of_clusters(experiment: Experiment, clusters: pa.Table) -> Iterator[Measured]:
    """Whole communities assigned: difference over people with cluster-robust errors, plain and adjusted."""
    read = {name: clusters[name].to_numpy() for name in clusters.column_names if name not in {"experiment", "cluster"}}
    treated = clusters["arm"].to_numpy(zero_copy_only=False) == TREATMENT
    n = read["n"].astype(float)
    for metric in MEANS:
        sums = cluster_sums(read, treated, n, metric)
        means = tuple(float(sums.y[arm].sum() / n[arm].sum()) if arm.any() else math.nan for arm in (treated, ~treated))
        ways = {"experiment": experiment.name, "metric": metric, "means": means}
        yield Measured(estimator="clustered", main=False, estimate=clustered(sums), **ways)  # type: ignore[arg-type]
        adjusted = clustered(sums, adjusted=True)
        yield Measured(estimator="clustered_cuped", main=True, estimate=adjusted, **ways)  # type: ignore[arg-type]


def of_network(experiment: Experiment, metric: Metric, apart: Apart) -> Iterator[Measured]:
    """Direct, spill-over and total effect by the response to exposure."""
    for name in ("direct", "spill", "total"):
        yield Measured(
            experiment=experiment.name, metric=metric, estimator=name, main=False, estimate=getattr(apart, name),
            means=(math.nan, math.nan),
        )  # fmt: skip


def corrected(measured: Sequence[Measured], flags: tuple[str, ...]) -> list[Measured]:
    """With flags of the experiment, and p of the main estimates corrected for there being several metrics (Holm)."""
    mains = [one for one in measured if one.main]
    ps = dict(zip((one.metric.name for one in mains), holm([one.estimate.p for one in mains]), strict=True))
    return [
        replace(
            one, p_holm=float(ps[one.metric.name]) if one.main else math.nan,
            estimate=replace(one.estimate, flags=(*one.estimate.flags, *flags)),
        )
        for one in measured
    ]  # fmt: skip


def arm_sums(row: Row | None, metric: Metric) -> Sums:
    """The sums of one arm; of nobody where it has no row. A ratio is of the metric over what it is divided by."""
    if row is None:
        return Sums(n=0, y=0.0, yy=0.0)
    if metric.below:
        return Sums(
            n=row["n"], y=row[f"{metric.y}_y"], yy=row[f"{metric.y}_yy"], x=row[f"{metric.below}_y"],
            xx=row[f"{metric.below}_yy"], xy=row[f"{metric.name}_xy"],
        )  # fmt: skip
    parts = {part: row[f"{metric.name}_{part}"] for part in ("y", "yy", "x", "xx", "xy")}
    return Sums(n=row["n"], **parts)


def cluster_sums(read: Mapping[str, Floats], treated: Any, n: Floats, metric: Metric) -> ClusterSums:
    """The sums by cluster of one metric."""
    parts = {part: np.asarray(read[f"{metric.name}_{part}"], dtype=float) for part in ("y", "x", "xx", "xy")}
    return ClusterSums(treated=treated, n=n, **parts)


def _mean(arm: Sums, metric: Metric) -> float:
    if metric.below:
        return arm.y / arm.x if arm.x else math.nan
    return arm.mean
