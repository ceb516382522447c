"""Differences of means and of ratios between two arms, from sums: no row of a person is needed.

Every estimator here takes sums by arm (`Sums`) or by cluster (`ClusterSums`), which SQL makes of any number of people
in one pass. CUPED is the adjustment by a covariate from before the start (Deng et al. 2013, WSDM), fitted in each arm
for itself (Lin 2013, Annals of Applied Statistics 7), so that it never loses against the plain difference in large
samples.
Ratios (revenue an order, orders a buyer) go by the delta method with people or clusters as units (Deng et al. 2018,
KDD).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lianyi.errors import InputError
from lianyi.insight.effects.estimates import CONFIDENCE, Bools, Estimate, Floats, Ints, estimated, unknown
from lianyi.insight.effects.regression import fit_sums


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Sums over the people of one arm. y: the outcome; x: what it is adjusted or divided by (0 where there is none)."""

    n: int
    y: float
    yy: float
    x: float = 0.0
    xx: float = 0.0
    xy: float = 0.0

    @staticmethod
    def of(y: Floats, x: Floats | None = None) -> Sums:
        """The sums of rows."""
        if x is None:
            return Sums(n=len(y), y=float(y.sum()), yy=float(y @ y))
        return Sums(n=len(y), y=float(y.sum()), yy=float(y @ y), x=float(x.sum()), xx=float(x @ x), xy=float(x @ y))

    @property
    def mean(self) -> float:
        """Mean outcome, NaN of nobody."""
        return self.y / self.n if self.n else math.nan

    def variances(self) -> tuple[float, float, float]:
        """Unbiased variance of y and of x, and their covariance; never below 0. Of two people or more."""
        below = self.n - 1
        yy = max(self.yy - self.y * self.y / self.n, 0.0) / below
        xx = max(self.xx - self.x * self.x / self.n, 0.0) / below
        return yy, xx, (self.xy - self.x * self.y / self.n) / below


@dataclass(frozen=True, kw_only=True)
class ClusterSums:
    """Sums by cluster, arrays of one length. treated: the arm of the cluster. n: its people. y, x: sums of outcome and
    covariate; xx, xy: of products."""

    treated: Bools
    n: Floats
    y: Floats
    x: Floats
    xx: Floats
    xy: Floats

    @staticmethod
    def of(y: Floats, treated: Bools, cluster: Ints, x: Floats | None = None) -> ClusterSums:
        """The sums of rows; every cluster has one arm (InputError otherwise)."""
        _ids, place = np.unique(cluster, return_inverse=True)
        count = len(_ids)
        n = np.bincount(place, minlength=count).astype(float)
        arm = np.bincount(place, treated, count)
        if ((arm > 0) & (arm < n)).any():
            raise InputError("a cluster has people in both arms; compare people, or clusters that are whole")
        before = np.zeros(len(y)) if x is None else x

        def by(values: Floats) -> Floats:
            return np.bincount(place, values, count).astype(np.float64)

        return ClusterSums(
            treated=arm > 0, n=n, y=by(y), x=by(before), xx=by(before * before), xy=by(before * y)
        )  # fmt: skip


def difference(treated: Sums, control: Sums, *, confidence: float = CONFIDENCE) -> Estimate:
    """Treated less control, Welch's interval: unequal variances, Satterthwaite's degrees of freedom."""
    if min(treated.n, control.n) < 2:
        return unknown(treated=treated.n, control=control.n, method="difference", confidence=confidence)
    one, other = treated.variances()[0] / treated.n, control.variances()[0] / control.n
    return estimated(
        treated.mean - control.mean, math.sqrt(one + other), treated=treated.n, control=control.n,
        method="difference", df=_welch((one, other), (treated.n - 1, control.n - 1)), confidence=confidence,
    )  # fmt: skip


def cuped(treated: Sums, control: Sums, *, confidence: float = CONFIDENCE) -> Estimate:
    """Treated less control at the common mean of x, the slope fitted in each arm. Error: residual variance of each arm
    less two degrees of freedom, and the part that comes of not knowing the common mean of x beyond the sample is
    nought, since the people of the experiment are those the effect is about (Lin 2013)."""
    plain = difference(treated, control, confidence=confidence)
    if min(treated.n, control.n) < 4:
        return unknown(treated=treated.n, control=control.n, method="cuped", confidence=confidence)
    common = (treated.x + control.x) / (treated.n + control.n)
    at, parts = [], []
    for arm in (treated, control):
        yy, xx, xy = arm.variances()
        if xx <= 0:
            return _as(plain, "cuped")
        slope = xy / xx
        away = common - arm.x / arm.n
        rest = max(yy - slope * xy, 0.0) * (arm.n - 1) / (arm.n - 2)
        at.append(arm.mean + slope * away)
        parts.append(rest / arm.n * (1 + away * away * arm.n / ((arm.n - 1) * xx)))
    return estimated(
        at[0] - at[1], math.sqrt(sum(parts)), treated=treated.n, control=control.n, method="cuped",
        df=_welch(parts, (treated.n - 2, control.n - 2)), confidence=confidence,
    )  # fmt: skip


def ratio(treated: Sums, control: Sums, *, confidence: float = CONFIDENCE) -> Estimate:
    """Difference of Σy ÷ Σx of the arms, e.g. revenue an order; errors by the delta method with people as units."""
    value, parts = [], []
    for arm in (treated, control):
        if arm.n < 2 or arm.x <= 0:
            return unknown(treated=treated.n, control=control.n, method="ratio", confidence=confidence)
        yy, xx, xy = arm.variances()
        share = arm.y / arm.x
        value.append(share)
        parts.append(max(yy - 2 * share * xy + share * share * xx, 0.0) / arm.n / (arm.x / arm.n) ** 2)
    return estimated(
        value[0] - value[1], math.sqrt(sum(parts)), treated=treated.n, control=control.n, method="ratio",
        df=_welch(parts, (treated.n - 1, control.n - 1)), confidence=confidence,
    )  # fmt: skip


def lift(treated: Sums, control: Sums, *, confidence: float = CONFIDENCE) -> Estimate:
    """Relative effect: mean of treated ÷ mean of control - 1, by the delta method on its logarithm (the interval is
    not symmetric). Unknown where a mean is not above 0."""
    ways = {"treated": treated.n, "control": control.n, "method": "lift", "confidence": confidence}
    if min(treated.n, control.n) < 2 or min(treated.mean, control.mean) <= 0:
        return unknown(treated=treated.n, control=control.n, method="lift", confidence=confidence)
    log = math.log(treated.mean / control.mean)
    parts = [arm.variances()[0] / arm.n / arm.mean**2 for arm in (treated, control)]
    inner = estimated(log, math.sqrt(sum(parts)), df=_welch(parts, (treated.n - 1, control.n - 1)), **ways)  # type: ignore[arg-type]
    times = math.exp(log)
    return Estimate(
        estimate=times - 1, se=times * inner.se, low=math.exp(inner.low) - 1, high=math.exp(inner.high) - 1,
        n_treated=treated.n, n_control=control.n, method="lift", df=inner.df, confidence=confidence,
    )  # fmt: skip


def clustered(sums: ClusterSums, *, adjusted: bool = False, confidence: float = CONFIDENCE) -> Estimate:
    """Difference of means over people where whole clusters were assigned; CR2 errors and their degrees of freedom.

    adjusted: with the covariate, centred at its mean, in both arms (CUPED for clusters)."""
    one, other = int(sums.n[sums.treated].sum()), int(sums.n[~sums.treated].sum())
    method = "clustered_cuped" if adjusted else "clustered"
    sides = (int(sums.treated.sum()), int((~sums.treated).sum()))
    if min(sides) < 2 + adjusted:
        return unknown(treated=one, control=other, method=method, confidence=confidence)
    arm, n = sums.treated.astype(float), sums.n
    columns = [n, arm * n]
    if adjusted:
        mean = sums.x.sum() / n.sum()
        x = sums.x - mean * n
        xx = sums.xx - 2 * mean * sums.x + mean * mean * n
        xy = sums.xy - mean * sums.y
        if xx.sum() <= 1e-12:
            return clustered(sums, confidence=confidence)
        gram = _symmetric([[n, arm * n, x], [arm * n, arm * n, arm * x], [x, arm * x, xx]])
        moment = np.stack([sums.y, arm * sums.y, xy], axis=1)
    else:
        gram = _symmetric([columns, [arm * n, arm * n]])
        moment = np.stack([sums.y, arm * sums.y], axis=1)
    found = fit_sums(gram, moment)
    value, se, df = found.contrast(np.eye(gram.shape[1])[1])
    flags = ("few_clusters",) if df < FEW else ()
    return estimated(value, se, treated=one, control=other, method=method, df=df, confidence=confidence, flags=flags)


# Under so many degrees of freedom intervals lean on the outcome being near normal by cluster.
FEW = 10.0


def _symmetric(rows: Sequence[Sequence[Floats]]) -> Floats:
    return np.stack([np.stack(list(row), axis=1) for row in rows], axis=1)


def _as(plain: Estimate, method: str) -> Estimate:
    return replace(plain, method=method, flags=(*plain.flags, "no_covariate"))


def _welch(parts: Sequence[float], freedom: Sequence[int]) -> float:
    whole = sum(parts)
    if whole <= 0:
        return float(min(freedom))
    return 1 / sum((part / whole) ** 2 / df for part, df in zip(parts, freedom, strict=True))
